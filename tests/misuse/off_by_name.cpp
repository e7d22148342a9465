// A listener is taken off by what added it.
// first: off() takes what addListener
#include <net.hpp>

void use();
void use() {
  const net::Socket socket;
#if defined(MISUSE)
  socket.off<"data">();
#else
  socket.removeAllListeners<"data">();
#endif
}
