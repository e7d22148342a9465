// An address as arguments.
// first: write net::SocketAddress({.address
#include <net.hpp>

void use(net::Socket socket);
void use(net::Socket socket) {
  (void)socket;
#if defined(MISUSE)
  const net::SocketAddress address("::1", 80);
#else
  const net::SocketAddress address({.address = "::1", .port = 80});
#endif
}
