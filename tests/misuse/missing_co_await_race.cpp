// The first of several results without co_await.
// first: write co_await before it
#include <net.hpp>

net::Task<int> give();
net::Task<> use();
net::Task<> use() {
#if defined(MISUSE)
  const int first = net::race(give(), give());
  (void)first;
  co_return;
#else
  const int first = co_await net::race(give(), give());
  (void)first;
#endif
}
