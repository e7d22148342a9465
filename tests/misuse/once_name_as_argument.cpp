// The name as an argument, as in Node.
// first: write the name of the event before the parenthesis
#include <net.hpp>

void use();
void use() {
  const net::Socket socket;
#if defined(MISUSE)
  socket.once("data", [](net::Chunk) {});
#else
  socket.once<"data">([](net::Chunk) {});
#endif
}
