// Several results at once without co_await.
// first: write co_await before it: auto [a, b] = co_await net::all(first(), second())
#include <net.hpp>

net::Task<int> give();
net::Task<> use();
net::Task<> use() {
#if defined(MISUSE)
  auto [one, two] = net::all(give(), give());
  co_return;
#else
  auto [one, two] = co_await net::all(give(), give());
  (void)one;
  (void)two;
#endif
}
