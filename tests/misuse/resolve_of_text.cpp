// Another value than the promise is for.
// first: resolve takes the value
#include <net.hpp>

void use(net::Socket socket);
void use(net::Socket socket) {
  (void)socket;
#if defined(MISUSE)
  net::Promise<int>().resolve("1");
#else
  net::Promise<int>().resolve(1);
#endif
}
