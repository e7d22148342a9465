// A reader where a wait is meant.
// first: a reader is asked
#include <net.hpp>

net::Task<> use(net::Socket socket);
net::Task<> use(net::Socket socket) {
  (void)socket;
#if defined(MISUSE)
  net::Reader reader(socket);
  co_await reader;
#else
  net::Reader reader(socket);
  co_await reader.next();
#endif
  co_return;
}
