// A slow handler that keeps the order: serial [port] answers each piece with "A", and 100 ms later with "A done".
// In a 'data' listener the second piece would overtake the first; a task takes the next one when it is ready.
#include <cstdio>
#include <cstdlib>
#include <string>

#include <net.hpp>

static net::Task<> serve(net::Socket client) {
  try {
    net::Reader reader(client);
    while (auto chunk = co_await reader.next()) {
      const std::string name = chunk->toString();
      co_await net::write(client, name + "\n");
      co_await net::sleep(100);  // meanwhile the client is paused, and other clients are served
      co_await net::write(client, name + " done\n");
    }
    client.end();
  } catch (const net::Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
  }
}

int main(int argc, char** argv) {
  const auto server = net::createServer({.allowHalfOpen = true}, serve);  // who has ended still gets its answers
  server.on<"error">([](const net::Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    std::exit(1);
  });
  server.listen(argc > 1 ? std::atoi(argv[1]) : 8000, "127.0.0.1", [](const net::Server& self) {
    std::printf("listening on %s\n", self.address()->toString().c_str());
    std::fflush(stdout);
  });
  net::run();
}
