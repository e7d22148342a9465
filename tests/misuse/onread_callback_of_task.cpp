// A callback of onread that returns a task: it says whether to go on, at once.
// first: this callback returns a task, which nobody would run: hand the task to net::spawn inside of it
// expect: hand the task to net::spawn inside of it
#include <net.hpp>

void read_into(std::span<std::byte> memory);
void read_into(std::span<std::byte> memory) {
#if defined(MISUSE)
  net::connect({.port = 1,
                .onread = {.buffer = memory,
                           .callback = [](std::size_t, std::span<std::byte>) -> net::Task<bool> { co_return true; }}});
#else
  net::connect({.port = 1, .onread = {.buffer = memory, .callback = [](std::size_t, std::span<std::byte>) {
                                        net::spawn([]() -> net::Task<> { co_return; });
                                        return true;
                                      }}});
#endif
}
