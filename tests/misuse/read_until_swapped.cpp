// The limit before the delimiter.
// first: the delimiter comes first
#include <net.hpp>

net::Task<> use(net::Socket socket);
net::Task<> use(net::Socket socket) {
  (void)socket;
#if defined(MISUSE)
  net::Reader reader(socket);
  co_await reader.readUntil(100, "\n");
#else
  net::Reader reader(socket);
  co_await reader.readUntil("\n", 100);
#endif
  co_return;
}
