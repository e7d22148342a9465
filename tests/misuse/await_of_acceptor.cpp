// An acceptor that is awaited itself.
// first: an acceptor is nothing to wait for: co_await acceptor.next()
// expect: co_await acceptor.next()
#include <net.hpp>

net::Task<> accept(net::Server server);
net::Task<> accept(net::Server server) {
  net::Acceptor acceptor(server);
#if defined(MISUSE)
  const auto client = co_await acceptor;
#else
  const auto client = co_await acceptor.next();
  if (client) client->end();
#endif
}
