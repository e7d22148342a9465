// A wait in a group.
// first: spawn takes a Task<>
#include <net.hpp>

net::Task<> use(net::Socket socket);
net::Task<> use(net::Socket socket) {
  (void)socket;
#if defined(MISUSE)
  net::TaskGroup group;
  group.spawn(net::sleep(1));
#else
  net::TaskGroup group;
  group.spawn([]() -> net::Task<> { co_await net::sleep(1); });
#endif
  co_return;
}
