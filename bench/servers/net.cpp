// This library with callbacks, in the words that servers/node.js says in JavaScript.
#include <net.hpp>

#include "common.hpp"

namespace {

void echo(const net::Socket& socket) {
  socket.on<"data">([](const net::Socket& self, net::Chunk chunk) {
    if (self.write(chunk)) return;
    self.pause();
    self.once<"drain">([](const net::Socket& drained) { drained.resume(); });
  });
}

void sink(const net::Socket& socket) {
  socket.on<"data">([](net::Chunk) {});
}

void burst(const net::Socket& socket) {
  socket.on<"data">([](const net::Socket& self, net::Chunk chunk) {
    const std::string_view answer = chunk.view().substr(0, message_size);
    for (int i = 0; i < burst_answers; ++i) self.write(answer);
  });
}

void serve(Job job, const net::Socket& socket) {
  switch (job) {
    case Job::echo: return echo(socket);
    case Job::sink: return sink(socket);
    case Job::burst: return burst(socket);
    case Job::close: socket.destroy(); return;
    case Job::pipe: socket.pipe(socket); return;
  }
}

}  // namespace

int main(int argc, char** argv) {
  const Job job = job_from(argc, argv);
  net::Server server = net::createServer({.noDelay = true}, [job](const net::Socket& socket) {
    socket.on<"error">([] {});
    serve(job, socket);
  });
  server.listen({.port = 0, .host = "127.0.0.1"}, [](const net::Server& self) { announce(self.address()->port); });
  net::run();
}
