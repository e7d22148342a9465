// A length behind the data.
// first: what ends a wait stands in braces
#include <net.hpp>

net::Task<> use(net::Socket socket);
net::Task<> use(net::Socket socket) {
  (void)socket;
#if defined(MISUSE)
  char data[4] = {};
  co_await net::write(socket, data, 4);
#else
  char data[4] = {};
  co_await net::write(socket, std::string_view(data, 4));
#endif
  co_return;
}
