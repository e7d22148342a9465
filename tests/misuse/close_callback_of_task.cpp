// A callback of close() that returns a task.
// first: this callback returns a task, which nobody would run: hand the task to net::spawn inside of it
// expect: hand the task to net::spawn inside of it
#include <net.hpp>

void later(net::Server& server);
void later(net::Server& server) {
#if defined(MISUSE)
  server.close([]() -> net::Task<> { co_return; });
#else
  server.close([] { net::spawn([]() -> net::Task<> { co_return; }); });
#endif
}
