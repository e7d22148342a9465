// A lookup that is a task.
// first: this callback returns a task, which nobody would run: hand the task to net::spawn inside of it
// expect: hand the task to net::spawn inside of it
#include <net.hpp>

void ask();
void ask() {
#if defined(MISUSE)
  net::connect(
      {.port = 1,
       .lookup = [](std::string_view, const net::LookupOptions&, net::LookupCallback) -> net::Task<> { co_return; }});
#else
  net::connect({.port = 1, .lookup = [](std::string_view, const net::LookupOptions&, net::LookupCallback answer) {
                  net::spawn([answer]() -> net::Task<> {
                    co_await net::sleep(1);
                    answer(net::Error("nobody of that name"), {});
                  });
                }});
#endif
}
