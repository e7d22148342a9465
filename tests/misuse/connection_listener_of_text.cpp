// A wrong listener of a server.
// first: a listener takes the arguments of its event
// expect: a listener takes the arguments of its event
// expect: ::Socket
#include <net.hpp>

void use();
void use() {
  const net::Server server;
#if defined(MISUSE)
  server.on<"connection">([](std::string_view) {});
#else
  server.on<"connection">([](net::Socket) {});
#endif
}
