// Views that are gone when all are there.
// first: what this event gives is gone by then
#include <net.hpp>

net::Task<> use(net::Socket socket);
net::Task<> use(net::Socket socket) {
  (void)socket;
#if defined(MISUSE)
  co_await net::all(net::once<"data">(socket), net::sleep(1));
#else
  net::Reader reader(socket);
  co_await net::all(reader.next(), net::sleep(1));
#endif
  co_return;
}
