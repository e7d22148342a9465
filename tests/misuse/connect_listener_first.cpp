// A listener that is not the last.
// first: the listener comes last
#include <net.hpp>

void use(net::Socket socket);
void use(net::Socket socket) {
  (void)socket;
#if defined(MISUSE)
  net::connect([] {}, 80);
#else
  net::connect(80, [] {});
#endif
}
