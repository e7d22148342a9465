// Memory to read into.
// first: read takes the number of bytes
#include <net.hpp>

net::Task<> use(net::Socket socket);
net::Task<> use(net::Socket socket) {
  (void)socket;
#if defined(MISUSE)
  char memory[16];
  net::Reader reader(socket);
  co_await reader.read(memory, 16);
#else
  net::Reader reader(socket);
  co_await reader.read(16);
#endif
  co_return;
}
