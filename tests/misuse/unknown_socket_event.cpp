// An event that no socket has: the message names those that it has.
// first: no event of that name; it has: data end close error
// expect: connectionAttempt
// expect: drain
// expect: timeout
#include <net.hpp>

void use();
void use() {
  const net::Socket socket;
#if defined(MISUSE)
  socket.on<"dat">([] {});
#else
  socket.on<"data">([] {});
#endif
}
