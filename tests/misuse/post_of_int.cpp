// A callback with an argument.
// first: a callback takes no arguments
#include <net.hpp>

void use(net::Socket socket);
void use(net::Socket socket) {
  (void)socket;
#if defined(MISUSE)
  net::Loop::current().post([](int) {});
#else
  net::Loop::current().post([] {});
#endif
}
