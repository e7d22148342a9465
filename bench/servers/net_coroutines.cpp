// This library with coroutines.
#include <net.hpp>

#include "common.hpp"

namespace {

// Each ends with its client, how ever that goes: an Error that left the task would leave run() too.

net::Task<> echo(net::Socket socket) try {
  net::Reader reader(socket);
  while (auto chunk = co_await reader.next()) co_await net::write(socket, *chunk);
} catch (const net::Error&) {}

net::Task<> sink(net::Socket socket) try {
  net::Reader reader(socket);
  while (auto chunk = co_await reader.next()) {}
} catch (const net::Error&) {}

net::Task<> burst(net::Socket socket) try {
  net::Reader reader(socket);
  while (auto chunk = co_await reader.next()) {
    const std::string_view answer = chunk->view().substr(0, message_size);
    for (int i = 0; i < burst_answers; ++i) co_await net::write(socket, answer);
  }
} catch (const net::Error&) {}

net::Task<> close(net::Socket socket) {
  socket.destroy();
  co_return;
}

net::Task<> session(Job job, net::Socket socket) {
  switch (job) {
    case Job::sink: return sink(std::move(socket));
    case Job::burst: return burst(std::move(socket));
    case Job::close: return close(std::move(socket));
    default: return echo(std::move(socket));
  }
}

}  // namespace

int main(int argc, char** argv) {
  const Job job = job_from(argc, argv);
  net::Server server = net::createServer({.noDelay = true}, [job](net::Socket socket) {
    socket.on<"error">([] {});
    net::spawn(session(job, std::move(socket)));
  });
  server.listen({.port = 0, .host = "127.0.0.1"}, [](const net::Server& self) { announce(self.address()->port); });
  net::run();
}
