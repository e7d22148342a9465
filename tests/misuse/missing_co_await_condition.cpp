// A wait without co_await, where a condition stands.
// first: write co_await before it
#include <net.hpp>

net::Task<> use(net::Socket socket);
net::Task<> use(net::Socket socket) {
#if defined(MISUSE)
  net::Reader reader(socket);
  while (auto line = reader.readLine(100)) socket.write("x");
  co_return;
#else
  net::Reader reader(socket);
  while (auto line = co_await reader.readLine(100)) socket.write("x");
#endif
}
