// A listener of a signal that returns a task.
// first: this callback returns a task, which nobody would run: hand the task to net::spawn inside of it
// expect: hand the task to net::spawn inside of it
#include <net.hpp>

void later(net::Loop& loop);
void later(net::Loop& loop) {
#if defined(MISUSE)
  loop.onSignal(15, []() -> net::Task<> { co_return; });
#else
  loop.onSignal(15, [] { net::spawn([]() -> net::Task<> { co_return; }); });
#endif
}
