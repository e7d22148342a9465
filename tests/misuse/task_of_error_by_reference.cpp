// A listener that is a task and takes its error by reference.
// first: take it by value
// expect: this parameter of a task is gone when the task goes on
#include <net.hpp>

#if defined(MISUSE)
using Parameter = const net::Error&;
#else
using Parameter = net::Error;
#endif

void use(net::Socket socket);
void use(net::Socket socket) {
  socket.on<"error">([](Parameter error) -> net::Task<> {
    co_await net::sleep(1);
    (void)error.name();
  });
}
