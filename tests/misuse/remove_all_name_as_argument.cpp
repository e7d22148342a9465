// The name as an argument, as in Node.
// first: write the name of the event before the parenthesis
#include <net.hpp>

void use();
void use() {
  const net::Socket socket;
#if defined(MISUSE)
  socket.removeAllListeners("data");
#else
  socket.removeAllListeners<"data">();
#endif
}
