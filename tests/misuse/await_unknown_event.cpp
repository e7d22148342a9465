// A wait for an event that there is not.
// first: there is no event of that name
#include <net.hpp>

net::Task<> use(net::Socket socket);
net::Task<> use(net::Socket socket) {
  (void)socket;
#if defined(MISUSE)
  co_await net::once<"dat">(socket);
#else
  co_await net::once<"data">(socket);
#endif
  co_return;
}
