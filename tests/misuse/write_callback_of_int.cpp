// What a write calls back with.
// first: a callback takes (const net::Error&) or nothing
#include <net.hpp>

void use();
void use() {
  const net::Socket socket;
#if defined(MISUSE)
  socket.write("x", [](std::string) {});
#else
  socket.write("x", [](const net::Error&) {});
#endif
}
