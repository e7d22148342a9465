// A time where options are meant.
// first: what ends a wait stands in braces
#include <net.hpp>

net::Task<> use(net::Socket socket);
net::Task<> use(net::Socket socket) {
#if defined(MISUSE)
  co_await net::once<"end">(socket, 5);
#else
  co_await net::once<"end">(socket, {.timeout = 5});
#endif
}
