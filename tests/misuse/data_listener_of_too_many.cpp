// A listener with more arguments than its event.
// first: a listener takes the arguments of its event
// expect: a listener takes the arguments of its event
// expect: net::Chunk
#include <net.hpp>

void use();
void use() {
  const net::Socket socket;
#if defined(MISUSE)
  socket.on<"data">([](net::Socket&, net::Chunk, int) {});
#else
  socket.on<"data">([](net::Socket&, net::Chunk) {});
#endif
}
