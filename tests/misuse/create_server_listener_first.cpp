// Options behind the listener.
// first: the options come first
#include <net.hpp>

void use(net::Socket socket);
void use(net::Socket socket) {
  (void)socket;
#if defined(MISUSE)
  net::createServer([](net::Socket) {}, {.allowHalfOpen = true});
#else
  net::createServer({.allowHalfOpen = true}, [](net::Socket) {});
#endif
}
