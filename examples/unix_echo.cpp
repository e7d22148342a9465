// An echo server at a path: unix_echo /tmp/echo.sock. Talk to it with `nc -U /tmp/echo.sock`.
#include <cstdio>
#include <cstdlib>

#include <net.hpp>

int main(int argc, char** argv) {
  const char* const path = argc > 1 ? argv[1] : "/tmp/echo.sock";

  const auto server = net::createServer([](const net::Socket& client) {
    client.pipe(client);  // waits by itself for a client that reads slowly
    client.on<"error">([](const net::Error& error) { std::fprintf(stderr, "%s\n", error.what()); });
  });

  server.on<"error">([](const net::Error& error) {
    std::fprintf(stderr, "%s\n", error.what());  // the path exists: another server's, or one left behind
    std::exit(1);
  });
  server.listen(path, [](const net::Server& self) {
    std::printf("listening on %s\n", self.address()->path.c_str());
    std::fflush(stdout);
  });
  net::run();
}
