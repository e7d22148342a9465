// A wait without co_await.
// first: write co_await before it
#include <net.hpp>

net::Task<> use(net::Socket socket);
net::Task<> use(net::Socket socket) {
#if defined(MISUSE)
  socket = net::connected(8000);
  co_return;
#else
  socket = co_await net::connected(8000);
#endif
}
