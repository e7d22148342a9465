// Arguments behind the task.
// first: call it, net::spawn(f(socket))
#include <net.hpp>

void use(net::Socket socket);
void use(net::Socket socket) {
  (void)socket;
#if defined(MISUSE)
  const auto f = [](net::Socket) -> net::Task<> { co_return; };
  net::spawn(f, socket);
#else
  const auto f = [](net::Socket) -> net::Task<> { co_return; };
  net::spawn(f(socket));
#endif
}
