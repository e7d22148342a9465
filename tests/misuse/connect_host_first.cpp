// The host before the port.
// first: the port comes first
#include <net.hpp>

void use(net::Socket socket);
void use(net::Socket socket) {
  (void)socket;
#if defined(MISUSE)
  socket.connect("127.0.0.1", 80);
#else
  socket.connect(80, "127.0.0.1");
#endif
}
