// What gives the memory for reading is a task.
// first: this callback returns a task, which nobody would run: hand the task to net::spawn inside of it
// expect: hand the task to net::spawn inside of it
#include <net.hpp>

void read_into(std::span<std::byte> memory);
void read_into(std::span<std::byte> memory) {
  net::SocketOptions options;
#if defined(MISUSE)
  options.onread.allocate = [memory]() -> net::Task<std::span<std::byte>> { co_return memory; };
#else
  options.onread.allocate = [memory] { return memory; };
#endif
}
