// A race for a limit of time.
// first: a limit of time stands in the wait
#include <net.hpp>

net::Task<> use(net::Socket socket);
net::Task<> use(net::Socket socket) {
  (void)socket;
#if defined(MISUSE)
  net::Reader reader(socket);
  co_await net::race(reader.readLine(10), net::sleep(100));
#else
  net::Reader reader(socket);
  co_await reader.readLine(10, {.timeout = 100});
#endif
  co_return;
}
