// A wait without co_await, of which the value is taken.
// first: write co_await before it
#include <net.hpp>

net::Task<> use(net::Socket socket);
net::Task<> use(net::Socket socket) {
  (void)socket;
#if defined(MISUSE)
  net::Reader reader(socket);
  socket.write(*reader.readLine(100));
#else
  net::Reader reader(socket);
  socket.write(*(co_await reader.readLine(100)));
#endif
  co_return;
}
