// This library on two loops: `one` (for comparison), `share` (both listen on one port, reusePort) or `hand` (one accepts and
// hands every second connection to the other). It echoes, after so many microseconds of work for each message.
#include <ctime>
#include <future>
#include <string>
#include <thread>

#include <net.hpp>

#include "common.hpp"

namespace {

long long now_ns() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return now.tv_sec * 1'000'000'000LL + now.tv_nsec;
}

void serve(const net::Socket& socket, int work_us) {
  socket.on<"error">([] {});
  socket.on<"data">([work_us](const net::Socket& self, net::Chunk chunk) {
    for (const long long end = now_ns() + work_us * 1000LL; work_us > 0 && now_ns() < end;) {}
    self.write(chunk);
  });
}

net::Server listening(int port, int work_us) {
  auto server = net::createServer({.noDelay = true}, [work_us](const net::Socket& socket) { serve(socket, work_us); });
  server.listen({.port = port, .host = "127.0.0.1", .reusePort = true});
  return server;
}

/// A loop on a thread of its own, for ever; `begin` runs on it first.
template <class Begin>
net::Loop& other_loop(Begin begin) {
  std::promise<net::Loop*> started;
  auto loop = started.get_future();
  std::thread([&started, begin] {
    net::Loop mine;
    mine.setInterval([] {}, 3'600'000);
    begin();
    mine.nextTick([&] { started.set_value(&mine); });
    mine.run();
  }).detach();
  return *loop.get();
}

}  // namespace

int main(int argc, char** argv) {
  const std::string how = argc > 1 ? argv[1] : "one";
  const int work_us = argc > 2 ? std::atoi(argv[2]) : 0;
  if (how == "hand") {
    net::Loop& other = other_loop([] {});
    const auto acceptor = net::createServer(
        {.noDelay = true, .pauseOnConnect = true}, [&, mine = false](const net::Socket& client) mutable {
          mine = !mine;
          if (mine) {
            serve(client, work_us);
            client.resume();
          } else {
            other.post([fd = client.release(), work_us] { serve(net::Socket({.fd = fd}), work_us); });
          }
        });
    acceptor.listen({.port = 0, .host = "127.0.0.1"}, [](const net::Server& self) { announce(self.address()->port); });
    net::run();
  }
  const auto first = listening(0, work_us);
  first.on<"listening">([&](const net::Server& self) {
    const int port = self.address()->port;
    if (how == "share") {
      other_loop([port, work_us] { static const net::Server second = listening(port, work_us); });
    }
    announce(port);
  });
  net::run();
}
