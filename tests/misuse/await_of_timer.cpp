// A timer that is awaited.
// first: a timer is nothing to wait for: co_await net::sleep(100)
// expect: co_await net::sleep(100)
#include <net.hpp>

net::Task<> nap();
net::Task<> nap() {
#if defined(MISUSE)
  co_await net::setTimeout([] {}, 100);
#else
  co_await net::sleep(100);
#endif
}
