// A callback that gives a task away by reference.
// first: this callback returns a task, which nobody would run: hand the task to net::spawn inside of it
// expect: hand the task to net::spawn inside of it
#include <net.hpp>

void later(net::Socket& socket, net::Task<>& task);
void later(net::Socket& socket, net::Task<>& task) {
#if defined(MISUSE)
  socket.write("text", [&]() -> net::Task<>&& { return std::move(task); });
#else
  socket.write("text", [&] { net::spawn(std::move(task)); });
#endif
}
