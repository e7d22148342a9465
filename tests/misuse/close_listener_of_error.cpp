// 'close' has no error.
// first: a listener takes the arguments of its event
#include <net.hpp>

void use();
void use() {
  const net::Socket socket;
#if defined(MISUSE)
  socket.on<"close">([](const net::Error&) {});
#else
  socket.on<"close">([](bool) {});
#endif
}
