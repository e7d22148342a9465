// A callback of end() that returns a task.
// first: this callback returns a task, which nobody would run: hand the task to net::spawn inside of it
// expect: hand the task to net::spawn inside of it
#include <net.hpp>

void later(net::Socket& socket);
void later(net::Socket& socket) {
#if defined(MISUSE)
  socket.end("bye", []() -> net::Task<> { co_return; });
#else
  socket.end("bye", [] { net::spawn([]() -> net::Task<> { co_return; }); });
#endif
}
