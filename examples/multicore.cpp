// Many cores, one loop a thread: multicore [port] [threads]. All listen on one port (`reusePort`, Linux), and the
// kernel spreads the clients over them. Each client gets the name of its thread, and gets back what it sends.
// Where there is no reusePort, one loop accepts for the others: see handover_threads.cpp.
#include <cstdio>
#include <cstdlib>
#include <latch>
#include <string>
#include <thread>
#include <vector>

#include <net.hpp>

/// A server on this thread's loop.
static net::Server serve_on(int port, int thread) {
  auto server = net::createServer([thread](const net::Socket& client) {
    client.write("thread " + std::to_string(thread) + "\n");
    client.on<"error">([](const net::Error& error) { std::fprintf(stderr, "%s\n", error.what()); });
    client.pipe(client);
  });
  server.on<"error">([](const net::Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    std::_Exit(1);
  });
  server.listen({.port = port, .host = "127.0.0.1", .reusePort = true});
  return server;
}

int main(int argc, char** argv) {
  const int asked = argc > 1 ? std::atoi(argv[1]) : 8000;
  const int count = argc > 2 ? std::atoi(argv[2]) : static_cast<int>(std::thread::hardware_concurrency());
  std::vector<std::thread> threads;
  std::latch others(count - 1);

  // The others take the port that the first one got: it may be any.
  const auto first = serve_on(asked, 0);
  first.on<"listening">([&](const net::Server& self) {
    const int port = self.address()->port;
    for (int thread = 1; thread < count; ++thread) {
      threads.emplace_back([port, thread, &others] {
        net::Loop loop;
        serve_on(port, thread).on<"listening">([&others] { others.count_down(); });
        loop.run();
      });
    }
    others.wait();
    std::printf("listening on %s\n", self.address()->toString().c_str());
    std::fflush(stdout);
  });
  net::run();
  for (std::thread& thread : threads) thread.join();
}
