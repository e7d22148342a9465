// A callback without the error.
// first: the callback takes (const net::Error&, std::size_t)
#include <net.hpp>

void use(net::Socket socket);
void use(net::Socket socket) {
  (void)socket;
#if defined(MISUSE)
  net::Server().getConnections([](std::size_t) {});
#else
  net::Server().getConnections([](const net::Error&, std::size_t) {});
#endif
}
