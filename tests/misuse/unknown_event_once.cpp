// The same for the other ways to listen.
// first: no event of that name; it has: data end close error
// expect: connectionAttempt
// expect: drain
// expect: timeout
#include <net.hpp>

void use();
void use() {
  const net::Socket socket;
#if defined(MISUSE)
  socket.once<"connected">([] {});
#else
  socket.once<"connect">([] {});
#endif
}
