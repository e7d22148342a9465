// What a task waits for is another function.
// first: what a task waits for is net::once
#include <net.hpp>

void use();
void use() {
  const net::Socket socket;
#if defined(MISUSE)
  socket.once<"data">();
#else
  socket.once<"data">([] {});
#endif
}
