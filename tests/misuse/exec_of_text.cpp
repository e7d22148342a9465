// What cannot be called.
// first: exec takes what can be called
#include <net.hpp>

void use(net::Socket socket);
void use(net::Socket socket) {
  (void)socket;
#if defined(MISUSE)
  net::WorkerPool pool;
  pool.exec("worker.js");
#else
  net::WorkerPool pool;
  pool.exec([] { return 1; });
#endif
}
