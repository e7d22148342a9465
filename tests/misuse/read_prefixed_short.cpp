// A length prefix without the order of its bytes.
// first: readPrefixed takes
#include <net.hpp>

net::Task<> use(net::Socket socket);
net::Task<> use(net::Socket socket) {
  (void)socket;
#if defined(MISUSE)
  net::Reader reader(socket);
  co_await reader.readPrefixed(4, 1000);
#else
  net::Reader reader(socket);
  co_await reader.readPrefixed(4, net::Endian::big, 1000);
#endif
  co_return;
}
