// A destination of a pipe whose end() is a task.
// first: this callback returns a task, which nobody would run: hand the task to net::spawn inside of it
// expect: hand the task to net::spawn inside of it
#include <net.hpp>

struct Destination {
  bool write(std::string_view) { return true; }
#if defined(MISUSE)
  net::Task<> end() { co_return; }
#else
  void end() {
    net::spawn([]() -> net::Task<> { co_return; });
  }
#endif
  template <net::fixed_string, class F>
  int addListener(F) {
    return 0;
  }
  void off(int) {}
  template <net::fixed_string>
  std::size_t listenerCount() {
    return 0;
  }
  bool writableNeedDrain() { return false; }
};

void send(net::Socket& socket);
void send(net::Socket& socket) { socket.pipe(Destination{}); }
