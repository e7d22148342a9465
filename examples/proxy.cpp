// A TCP proxy: proxy 8080 127.0.0.1 8000 passes every connection on. However much goes through, it holds only what
// the slower side has not taken yet.
#include <cstdio>
#include <cstdlib>

#include <net.hpp>

// When one side breaks off, the other one learns of it.
static void join(const net::Socket& from, const net::Socket& to) {
  from.pipe(to);
  from.on<"error">([](const net::Error& error) { std::fprintf(stderr, "%s\n", error.what()); });
  from.on<"close">([to](bool had_error) {
    if (had_error) to.destroy();
  });
}

int main(int argc, char** argv) {
  if (argc < 4) {
    std::fprintf(stderr, "usage: proxy PORT TARGET_HOST TARGET_PORT\n");
    return 2;
  }
  const char* const host = argv[2];
  const int port = std::atoi(argv[3]);

  // A side that has ended may still be answered: both stay open until the other one has ended too.
  const auto proxy = net::createServer({.allowHalfOpen = true}, [=](const net::Socket& client) {
    const auto target = net::connect({.port = port, .host = host, .allowHalfOpen = true});
    join(client, target);
    join(target, client);
  });

  proxy.on<"error">([](const net::Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    std::exit(1);
  });
  proxy.listen(std::atoi(argv[1]), "127.0.0.1", [](const net::Server& self) {
    std::printf("listening on %s\n", self.address()->toString().c_str());
    std::fflush(stdout);
  });
  net::run();
}
