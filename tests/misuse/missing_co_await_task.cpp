// A task without co_await.
// first: write co_await before it
#include <net.hpp>

net::Task<> use(net::Socket socket);
net::Task<> use(net::Socket socket) {
  (void)socket;
#if defined(MISUSE)
  const auto size = []() -> net::Task<int> { co_return 1; };
  const int n = size();
  (void)n;
#else
  const auto size = []() -> net::Task<int> { co_return 1; };
  const int n = co_await size();
  (void)n;
#endif
  co_return;
}
