// Many cores, one acceptor: handover_threads [port] [threads] accepts on one loop and hands the connections round to
// the loops of other threads. Each client gets the name of its thread, and gets back what it sends.
#include <cstdio>
#include <cstdlib>
#include <future>
#include <string>
#include <thread>
#include <vector>

#include <net.hpp>

static void serve(const net::Socket& client, std::size_t thread) {
  client.write("thread " + std::to_string(thread) + "\n");
  client.on<"error">([](const net::Error& error) { std::fprintf(stderr, "%s\n", error.what()); });
  client.pipe(client);
}

/// Runs a loop on a thread of its own, for ever.
static net::Loop& start_loop() {
  std::promise<net::Loop*> started;
  auto loop = started.get_future();
  std::thread([&started] {
    net::Loop mine;
    mine.setInterval([] {}, 3'600'000);  // keeps it running while it has no connection
    started.set_value(&mine);
    mine.run();
  }).detach();
  return *loop.get();
}

int main(int argc, char** argv) {
  const int port = argc > 1 ? std::atoi(argv[1]) : 8000;
  const unsigned count = argc > 2 ? static_cast<unsigned>(std::atoi(argv[2])) : std::thread::hardware_concurrency();
  std::vector<net::Loop*> loops;
  while (loops.size() < count) loops.push_back(&start_loop());

  // Paused, so that nothing is read here. The descriptor becomes a socket of the other loop on the other thread.
  const auto acceptor =
      net::createServer({.pauseOnConnect = true}, [&, turn = std::size_t{0}](const net::Socket& client) mutable {
        const std::size_t thread = turn++ % loops.size();
        loops[thread]->post([fd = client.release(), thread] { serve(net::Socket({.fd = fd}), thread); });
      });
  acceptor.on<"error">([](const net::Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    std::_Exit(1);
  });
  acceptor.listen(port, "127.0.0.1", [](const net::Server& self) {
    std::printf("listening on %s\n", self.address()->toString().c_str());
    std::fflush(stdout);
  });
  net::run();
}
