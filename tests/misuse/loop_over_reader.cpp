// A loop over a reader.
// first: while (auto chunk = co_await reader.next())
#include <net.hpp>

net::Task<> use(net::Socket socket);
net::Task<> use(net::Socket socket) {
  (void)socket;
#if defined(MISUSE)
  net::Reader reader(socket);
  for (const auto chunk : reader) (void)chunk;
#else
  net::Reader reader(socket);
  while (const auto chunk = co_await reader.next()) (void)chunk;
#endif
  co_return;
}
