// A listener that returns a task, and takes by reference what its argument has to be converted to.
// first: take it by value: this parameter of a task refers to what an argument was converted to for the call alone
// expect: take it by value
#include <net.hpp>

void listen(net::Socket& socket, std::string& text);
void listen(net::Socket& socket, std::string& text) {
#if defined(MISUSE)
  socket.on<"data">([&text](const std::string_view& bytes) -> net::Task<> {
#else
  socket.on<"data">([&text](std::string_view bytes) -> net::Task<> {
#endif
    co_await net::sleep(1);
    text += bytes;
  });
}
