// Numbers of other sizes than a byte.
// first: data is text, or a range of char
#include <net.hpp>

void use();
void use() {
  const net::Socket socket;
#if defined(MISUSE)
  socket.write(std::vector<int>{1, 2});
#else
  socket.write(std::vector<char>{1, 2});
#endif
}
