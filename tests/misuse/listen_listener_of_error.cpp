// The listener of listen() gets no error.
// first: this listener takes nothing, or the emitter; an error comes by on
#include <net.hpp>

void use(net::Server server);
void use(net::Server server) {
  (void)server;
#if defined(MISUSE)
  server.listen(80, "127.0.0.1", [](const net::Error& error) { (void)error; });
#else
  server.listen(80, "127.0.0.1", [](const net::Server& self) { (void)self; });
#endif
}
