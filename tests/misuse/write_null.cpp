// Nothing as data.
// first: data is text, or a range of
#include <net.hpp>

void use();
void use() {
  const net::Socket socket;
#if defined(MISUSE)
  socket.write(nullptr);
#else
  socket.write("");
#endif
}
