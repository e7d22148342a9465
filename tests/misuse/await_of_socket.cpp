// A socket where a wait is meant.
// first: this is nothing to wait for
#include <net.hpp>

net::Task<> use(net::Socket socket);
net::Task<> use(net::Socket socket) {
  (void)socket;
#if defined(MISUSE)
  co_await socket.end();
#else
  socket.end();
  co_await net::once<"finish">(socket);
#endif
  co_return;
}
