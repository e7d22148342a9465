// A task for a thread of the pool.
// first: a task runs on its loop, not on a thread of the pool
// expect: spawn it, and await exec() in it
#include <net.hpp>

void later(net::WorkerPool& pool);
void later(net::WorkerPool& pool) {
#if defined(MISUSE)
  pool.exec([]() -> net::Task<> { co_return; });
#else
  pool.exec([] { return 1; }).then([](int) {});
#endif
}
