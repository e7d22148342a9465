// The listener of connect() gets no error.
// first: this listener takes nothing, or the emitter; an error comes by on
#include <net.hpp>

void use();
void use() {
#if defined(MISUSE)
  net::connect(80, "127.0.0.1", [](const net::Error& error) { (void)error; });
#else
  net::connect(80, "127.0.0.1", [](const net::Socket& self) { (void)self; });
#endif
}
