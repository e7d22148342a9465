// An error is the library's: a listener gets it const.
// first: a listener takes the arguments of its event
// expect: a listener takes the arguments of its event
// expect: net::Error
#include <net.hpp>

void use();
void use() {
  const net::Socket socket;
#if defined(MISUSE)
  socket.on<"error">([](net::Error&) {});
#else
  socket.on<"error">([](const net::Error&) {});
#endif
}
