// Tasks with names that are not moved.
// first: a task with a name is moved
#include <net.hpp>

net::Task<> use(net::Socket socket);
net::Task<> use(net::Socket socket) {
  (void)socket;
#if defined(MISUSE)
  net::Task<> first, second;
  co_await net::all(first, second);
#else
  net::Task<> first, second;
  co_await net::all(std::move(first), std::move(second));
#endif
  co_return;
}
