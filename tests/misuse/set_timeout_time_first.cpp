// The time before the callback.
// first: the callback comes first
#include <net.hpp>

void use();
void use() {
#if defined(MISUSE)
  net::setTimeout(100, [] {});
#else
  net::setTimeout([] {}, 100);
#endif
}
