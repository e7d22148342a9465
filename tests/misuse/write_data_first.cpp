// The data before the socket.
// first: the socket comes first
#include <net.hpp>

net::Task<> use(net::Socket socket);
net::Task<> use(net::Socket socket) {
  (void)socket;
#if defined(MISUSE)
  co_await net::write("x", socket);
#else
  co_await net::write(socket, "x");
#endif
  co_return;
}
