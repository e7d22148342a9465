// A signal where options are meant.
// first: what ends a wait stands in braces
#include <net.hpp>

net::Task<> use(net::Socket socket);
net::Task<> use(net::Socket socket) {
  (void)socket;
#if defined(MISUSE)
  net::AbortSignal signal;
  co_await net::sleep(100, signal);
#else
  net::AbortSignal signal;
  co_await net::sleep(100, {.signal = signal});
#endif
  co_return;
}
