// The name of an event as an argument of the wait.
// first: write the name of the event before the parenthesis
#include <net.hpp>

net::Task<> use(net::Socket socket);
net::Task<> use(net::Socket socket) {
  (void)socket;
#if defined(MISUSE)
  co_await net::once(socket, "drain");
#else
  co_await net::once<"drain">(socket);
#endif
  co_return;
}
