// A callback of a worker's send() that returns a task.
// first: this callback returns a task, which nobody would run: hand the task to net::spawn inside of it
// expect: hand the task to net::spawn inside of it
#include <net.hpp>
#include <net/cluster.hpp>

void send(net::Worker& worker);
void send(net::Worker& worker) {
#if defined(MISUSE)
  worker.send("text", [](const net::Error&) -> net::Task<> { co_return; });
#else
  worker.send("text", [](const net::Error&) { net::spawn([]() -> net::Task<> { co_return; }); });
#endif
}
