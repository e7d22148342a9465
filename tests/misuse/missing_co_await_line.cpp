// A wait without co_await.
// first: write co_await before it
#include <net.hpp>

net::Task<> use(net::Socket socket);
net::Task<> use(net::Socket socket) {
#if defined(MISUSE)
  net::Reader reader(socket);
  const std::optional<std::string> line = reader.readLine(100);
  co_return;
#else
  net::Reader reader(socket);
  const std::optional<std::string> line = co_await reader.readLine(100);
#endif
}
