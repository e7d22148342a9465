// The host before the port.
// first: the port comes first
#include <net.hpp>

net::Task<> use(net::Socket socket);
net::Task<> use(net::Socket socket) {
  (void)socket;
#if defined(MISUSE)
  co_await net::connected("127.0.0.1", 80);
#else
  co_await net::connected(80, "127.0.0.1");
#endif
  co_return;
}
