// spawn of what is no task.
// first: spawn takes a Task<>, or what returns one
#include <net.hpp>

void use();
void use() {
#if defined(MISUSE)
  net::spawn([] {});
#else
  net::spawn([]() -> net::Task<> { co_return; });
#endif
}
