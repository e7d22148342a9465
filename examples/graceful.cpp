// Stops cleanly: graceful [port] [seconds]. At SIGINT or SIGTERM it accepts no more, lets its clients finish, at
// most so long, and closes those that are left; a second signal closes them at once.
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include <net.hpp>

int main(int argc, char** argv) {
  const int limit = argc > 2 ? std::atoi(argv[2]) : 10;
  net::Loop& loop = net::Loop::current();
  std::vector<net::Socket> clients;

  const auto server = net::createServer([&clients](const net::Socket& client) {
    clients.push_back(client);
    client.pipe(client);
    client.on<"error">([](const net::Error& error) { std::fprintf(stderr, "%s\n", error.what()); });
    client.on<"close">([&clients](const net::Socket& self) { std::erase(clients, self); });
  });

  const auto close_all = [&clients] {
    std::printf("closing %zu\n", clients.size());
    for (const net::Socket& client : clients) client.destroy();
  };
  const auto stop = [&, stopping = false]() mutable {
    if (stopping) return close_all();
    stopping = true;
    server.close([] { std::printf("stopped\n"); });
    std::printf("stopping, %zu to finish\n", clients.size());
    std::fflush(stdout);
    loop.setTimeout(close_all, 1000 * limit).unref();  // if all finish earlier, nobody waits for it
  };
  // A signal does not keep the loop alive: when the server and its clients are gone, run() returns.
  loop.onSignal(SIGINT, stop);
  loop.onSignal(SIGTERM, stop);

  server.on<"error">([](const net::Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    std::exit(1);
  });
  server.listen(argc > 1 ? std::atoi(argv[1]) : 8000, "127.0.0.1", [](const net::Server& self) {
    std::printf("listening on %s\n", self.address()->toString().c_str());
    std::fflush(stdout);
  });
  loop.run();
}
