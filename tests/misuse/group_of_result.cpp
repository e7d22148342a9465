// A task with a result in a group.
// first: nobody gets the result
#include <net.hpp>

net::Task<> use(net::Socket socket);
net::Task<> use(net::Socket socket) {
  (void)socket;
#if defined(MISUSE)
  const auto f = []() -> net::Task<int> { co_return 1; };
  net::TaskGroup group;
  group.spawn(f());
#else
  const auto f = []() -> net::Task<int> { co_return 1; };
  const int n = co_await f();
  (void)n;
#endif
  co_return;
}
