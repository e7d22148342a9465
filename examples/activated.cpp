// A server that systemd (or systemd-socket-activate) listens for: the listening socket comes as descriptor 3. It ends
// when its clients have gone for a while; the next one starts it again, and nobody is refused in between.
#include <cstdio>
#include <cstdlib>
#include <string>

#include <net.hpp>

int main() {
  const char* const count = std::getenv("LISTEN_FDS");
  if (!count || std::string(count) != "1") {
    std::fprintf(stderr, "start me by socket activation, with one socket\n");
    return 2;
  }

  const auto server = net::createServer();
  const auto idle = net::setTimeout([server] { server.close(); }, std::chrono::seconds(5));
  server.on<"connection">([idle](const net::Socket& client) {
    idle.refresh();
    client.pipe(client);
    client.on<"error">([](const net::Error& error) { std::fprintf(stderr, "%s\n", error.what()); });
  });
  server.on<"error">([](const net::Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    std::exit(1);
  });
  server.listen({.fd = 3}, [](const net::Server& self) {
    std::printf("listening on %s\n", self.address()->toString().c_str());
    std::fflush(stdout);
  });
  net::run();
}
