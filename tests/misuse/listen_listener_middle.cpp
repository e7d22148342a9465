// A listener that is not the last.
// first: the listener comes last
#include <net.hpp>

void use(net::Socket socket);
void use(net::Socket socket) {
  (void)socket;
#if defined(MISUSE)
  net::Server().listen(8000, [] {}, "127.0.0.1");
#else
  net::Server().listen(8000, "127.0.0.1", [] {});
#endif
}
