// A continuation of a job that returns a task.
// first: this callback returns a task, which nobody would run: hand the task to net::spawn inside of it
// expect: hand the task to net::spawn inside of it
#include <net.hpp>

void later(net::Job<int>& job);
void later(net::Job<int>& job) {
#if defined(MISUSE)
  job.then([](int) -> net::Task<> { co_return; });
#else
  job.then([](int) { net::spawn([]() -> net::Task<> { co_return; }); });
#endif
}
