// An event of sockets, asked of a server.
// first: no event of that name; it has: close connection
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
