// A task with a name that is not moved.
// first: a task that has a name is moved
#include <net.hpp>

void use(net::Socket socket);
void use(net::Socket socket) {
  (void)socket;
#if defined(MISUSE)
  net::Task<> task;
  net::spawn(task);
#else
  net::Task<> task;
  net::spawn(std::move(task));
#endif
}
