// A line without a limit.
// first: readLine takes a limit
#include <net.hpp>

net::Task<> use(net::Socket socket);
net::Task<> use(net::Socket socket) {
#if defined(MISUSE)
  net::Reader reader(socket);
  co_await reader.readLine();
#else
  net::Reader reader(socket);
  co_await reader.readLine(4096);
#endif
}
