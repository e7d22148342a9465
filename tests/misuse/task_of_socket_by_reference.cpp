// A task that takes its socket by reference.
// first: take it by value
// expect: this parameter of a task is gone when the task goes on
#include <net.hpp>

#if defined(MISUSE)
using Parameter = const net::Socket&;
#else
using Parameter = net::Socket;
#endif

net::Task<> serve(Parameter client);
net::Task<> serve(Parameter client) {
  co_await net::sleep(1);
  client.end();
}
