// The result of a job without co_await.
// first: write co_await before it
#include <net.hpp>

net::Task<> use(net::Job<int> job);
net::Task<> use(net::Job<int> job) {
#if defined(MISUSE)
  const int answer = job;
  (void)answer;
  co_return;
#else
  const int answer = co_await job;
  (void)answer;
#endif
}
