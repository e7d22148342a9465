// A path where a stream is meant.
// first: pipe() takes a net::Writable
#include <net.hpp>

void use(net::Socket socket);
void use(net::Socket socket) {
  (void)socket;
#if defined(MISUSE)
  socket.pipe("file");
#else
  socket.pipe(net::FileWriter("file"));
#endif
}
