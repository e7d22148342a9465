// A time behind the limit.
// first: what ends a wait stands in braces
#include <net.hpp>

net::Task<> use(net::Socket socket);
net::Task<> use(net::Socket socket) {
  (void)socket;
#if defined(MISUSE)
  net::Reader reader(socket);
  co_await reader.readLine(100, 5000);
#else
  net::Reader reader(socket);
  co_await reader.readLine(100, {.timeout = 5000});
#endif
  co_return;
}
