// An event of sockets, asked of a server.
// expect: listening
// expect: drop
#include <net.hpp>

void use();
void use() {
  const net::Server server;
#if defined(MISUSE)
  server.on<"data">([] {});
#else
  server.on<"connection">([] {});
#endif
}
