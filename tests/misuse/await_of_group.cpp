// A group that is awaited itself.
// first: a group is nothing to wait for: co_await group.join()
// expect: co_await group.join()
#include <net.hpp>

net::Task<> together();
net::Task<> together() {
  net::TaskGroup group;
#if defined(MISUSE)
  co_await group;
#else
  co_await group.join();
#endif
}
