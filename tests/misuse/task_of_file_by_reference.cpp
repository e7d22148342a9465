// A task that takes a handle that is no socket by reference.
// first: take it by value
// expect: this parameter of a task is gone when the task goes on
#include <net.hpp>

#if defined(MISUSE)
using Parameter = const net::FileWriter&;
#else
using Parameter = net::FileWriter;
#endif

net::Task<> close(Parameter file);
net::Task<> close(Parameter file) {
  co_await net::sleep(1);
  file.end();
}
