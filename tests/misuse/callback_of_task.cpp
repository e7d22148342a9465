// A callback that returns a task, which nobody would run.
// first: this callback returns a task, which nobody would run: hand the task to net::spawn inside of it
// expect: hand the task to net::spawn inside of it
#include <net.hpp>

void later();
void later() {
#if defined(MISUSE)
  net::setTimeout([]() -> net::Task<> { co_return; }, 1);
#else
  net::setTimeout([] { net::spawn([]() -> net::Task<> { co_return; }); }, 1);
#endif
}
