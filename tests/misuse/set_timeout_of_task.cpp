// A task where a callback belongs.
// first: a callback is something to call: [] { ... }; net::spawn runs a task, and co_await net::sleep(100) waits
// expect: net::spawn runs a task
#include <net.hpp>

net::Task<> work();
net::Task<> work() { co_await net::sleep(1); }

void later();
void later() {
#if defined(MISUSE)
  net::setTimeout(work(), 100);
#else
  net::setTimeout([] { net::spawn(work()); }, 100);
#endif
}
