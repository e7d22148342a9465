// A number is not its text.
// first: data is text, or a range of char
#include <net.hpp>

void use();
void use() {
  const net::Socket socket;
#if defined(MISUSE)
  socket.write(42);
#else
  socket.write("42");
#endif
}
