// A listener with other arguments than its event: the message names the event's.
// first: a listener takes the arguments of its event
// expect: a listener takes the arguments of its event
// expect: net::Chunk
#include <net.hpp>

void use();
void use() {
  const net::Socket socket;
#if defined(MISUSE)
  socket.on<"data">([](int) {});
#else
  socket.on<"data">([](net::Chunk) {});
#endif
}
