// Stops cleanly: graceful [port] [seconds] answers each line, a number, when so many milliseconds are over. At SIGINT
// or SIGTERM it accepts no more, closes who waits for nothing, and lets the others have their answers, at most so long;
// a second signal closes them at once.
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include <net.hpp>

static net::Task<> serve(net::Socket client) {
  try {
    net::Reader reader(client);
    while (const auto line = co_await reader.readLine(10)) {
      std::printf("working\n"), std::fflush(stdout);
      co_await net::sleep(std::atoi(line->c_str()));
      co_await net::write(client, "done\n");
    }
    client.end();
  } catch (const net::Error& error) {
    std::printf("%s\n", error.what()), std::fflush(stdout);
  }
}

int main(int argc, char** argv) {
  const int limit = argc > 2 ? std::atoi(argv[2]) : 10;
  const auto server = net::createServer({.allowHalfOpen = true}, serve);  // who has ended still gets its answers
  net::Loop& loop = net::Loop::current();
  const auto stop = [&, stopping = false]() mutable {
    if (std::exchange(stopping, true)) return server.closeAllConnections();
    std::printf("stopping, %zu connected\n", server.connections().size()), std::fflush(stdout);
    net::stopGracefully(server, {.timeout = 1000 * limit});
  };
  loop.onSignal(SIGINT, stop);
  loop.onSignal(SIGTERM, stop);
  server.on<"close">([&loop] {  // all clients are gone
    std::printf("stopped\n");
    loop.stop();  // what still works for one that was closed goes with the loop
  });
  server.listen(argc > 1 ? std::atoi(argv[1]) : 8000, "127.0.0.1", [](const net::Server& self) {
    std::printf("listening on %s\n", self.address()->toString().c_str()), std::fflush(stdout);
  });
  loop.run();
}
