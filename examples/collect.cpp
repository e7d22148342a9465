// Joins what a client sends and prints it when the client has ended: collect [port] [host].
// Try `echo hello | nc -N 127.0.0.1 8000`.
#include <cstdio>
#include <cstdlib>
#include <string>

#include <net.hpp>

constexpr std::size_t limit = 64 << 20;

int main(int argc, char** argv) {
  const int port = argc > 1 ? std::atoi(argv[1]) : 8000;
  const char* const host = argc > 2 ? argv[2] : "127.0.0.1";

  const auto server = net::createServer([](const net::Socket& client) {
    // A chunk is a view that ends with the listener, and its borders mean nothing: append it, or lose it.
    client.on<"data">([](const net::Socket& self, net::Chunk chunk) {
      std::string& text = self.data<std::string>();  // made on first use, and gone with the socket
      if (text.size() + chunk.size() > limit) {
        self.destroy(net::Error("more than 64 MiB from " + self.remoteAddress()));
      } else {
        text.append(chunk);
      }
    });
    client.on<"end">([](const net::Socket& self) {
      const std::string& text = self.data<std::string>();
      std::fwrite(text.data(), 1, text.size(), stdout), std::fflush(stdout);
    });
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
