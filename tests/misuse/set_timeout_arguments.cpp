// Arguments behind the time.
// first: a lambda captures what it needs
#include <net.hpp>

void use(net::Socket socket);
void use(net::Socket socket) {
  (void)socket;
#if defined(MISUSE)
  net::setTimeout([](int) {}, 100, 5);
#else
  net::setTimeout([n = 5] { (void)n; }, 100);
#endif
}
