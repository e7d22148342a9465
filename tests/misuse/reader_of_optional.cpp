// A reader of what may be no socket.
// first: one that is optional is *socket
#include <net.hpp>

net::Task<> use(net::Socket socket);
net::Task<> use(net::Socket socket) {
  (void)socket;
#if defined(MISUSE)
  std::optional<net::Socket> client(socket);
  net::Reader reader(client);
#else
  std::optional<net::Socket> client(socket);
  net::Reader reader(*client);
#endif
  co_return;
}
