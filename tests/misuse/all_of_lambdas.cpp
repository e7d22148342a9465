// Lambdas that are not called.
// first: all, race and any take tasks and waits
#include <net.hpp>

net::Task<> use(net::Socket socket);
net::Task<> use(net::Socket socket) {
  (void)socket;
#if defined(MISUSE)
  const auto f = []() -> net::Task<> { co_return; };
  co_await net::all(f, f);
#else
  const auto f = []() -> net::Task<> { co_return; };
  co_await net::all(f(), f());
#endif
  co_return;
}
