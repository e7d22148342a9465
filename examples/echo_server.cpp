// Sends everything back: echo_server [port] [host]. Talk to it with `nc 127.0.0.1 8000`.
#include <cstdio>
#include <cstdlib>

#include <net.hpp>

int main(int argc, char** argv) {
  const int port = argc > 1 ? std::atoi(argv[1]) : 8000;
  const char* const host = argc > 2 ? argv[2] : "127.0.0.1";

  const auto server = net::createServer([](const net::Socket& client) {
    // False: the client reads more slowly than it sends. Stop listening to it until it has caught up.
    client.on<"data">([](const net::Socket& self, net::Chunk chunk) {
      if (!self.write(chunk)) self.pause();
    });
    client.on<"drain">([](const net::Socket& self) { self.resume(); });
    // With nobody to hear it, a client that breaks off would end net::run() with an exception.
    client.on<"error">([](const net::Error& error) { std::fprintf(stderr, "%s\n", error.what()); });
  });

  server.on<"error">([](const net::Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    std::exit(1);
  });
  server.listen(port, host, [](const net::Server& self) {
    std::printf("listening on %s\n", self.address()->toString().c_str());
    std::fflush(stdout);
  });
  net::run();
}
