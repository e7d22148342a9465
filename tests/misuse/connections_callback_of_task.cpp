// A callback of getConnections() that returns a task.
// first: this callback returns a task, which nobody would run: hand the task to net::spawn inside of it
// expect: hand the task to net::spawn inside of it
#include <net.hpp>

void later(net::Server& server);
void later(net::Server& server) {
#if defined(MISUSE)
  server.getConnections([](const net::Error&, std::size_t) -> net::Task<> { co_return; });
#else
  server.getConnections([](const net::Error&, std::size_t) {});
#endif
}
