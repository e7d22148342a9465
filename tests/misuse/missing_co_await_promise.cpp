// The wait for a promise without co_await.
// first: write co_await before it
#include <net.hpp>

net::Task<> use(net::Promise<int> promise);
net::Task<> use(net::Promise<int> promise) {
#if defined(MISUSE)
  const int answer = promise.wait();
  (void)answer;
  co_return;
#else
  const int answer = co_await promise.wait();
  (void)answer;
#endif
}
