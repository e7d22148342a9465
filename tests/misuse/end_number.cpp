// Neither bytes nor a callback.
// first: data is text or a range of bytes
#include <net.hpp>

void use();
void use() {
  const net::Socket socket;
#if defined(MISUSE)
  socket.end(42);
#else
  socket.end("42");
#endif
}
