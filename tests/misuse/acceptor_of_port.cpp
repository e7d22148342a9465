// An acceptor of a port.
// first: an acceptor takes a net::Server
#include <net.hpp>

void use(net::Socket socket);
void use(net::Socket socket) {
  (void)socket;
#if defined(MISUSE)
  net::Acceptor acceptor(8000);
#else
  net::Server server;
  server.listen(8000);
  net::Acceptor acceptor(server);
#endif
}
