// The same for the questions about listeners.
// first: no event of that name; it has: close connection
// expect: listening
// expect: drop
#include <net.hpp>

void use();
void use() {
  const net::Server server;
#if defined(MISUSE)
  (void)server.listenerCount<"closed">();
#else
  (void)server.listenerCount<"close">();
#endif
}
