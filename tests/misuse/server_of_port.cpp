// A port given to the constructor.
// first: a server is made without a port
#include <net.hpp>

void use();
void use() {
#if defined(MISUSE)
  const net::Server server(8000);
#else
  const net::Server server;
  server.listen(8000);
#endif
}
