// Computes without standing still: fibonacci [port] answers each line, a number up to 50, on a thread of a pool.
// Try `nc 127.0.0.1 8000` twice: 45 in one takes seconds, and the other one is answered meanwhile.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

#include <net.hpp>

static std::uint64_t fibonacci(int n) {
  return n < 2 ? static_cast<std::uint64_t>(n) : fibonacci(n - 1) + fibonacci(n - 2);
}

static net::Task<> serve(net::Socket client, net::WorkerPool& pool) {
  try {
    net::Reader reader(client);
    while (auto line = co_await reader.readLine(20)) {
      const int n = std::atoi(line->c_str());
      if (n < 0 || n > 50) {
        co_await net::write(client, "a number from 0 to 50, please\n");
        continue;
      }
      const std::uint64_t result = co_await pool.exec(fibonacci, n);
      co_await net::write(client, "fibonacci(" + std::to_string(n) + ") = " + std::to_string(result) + "\n");
    }
    client.end();
  } catch (const net::Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    client.destroy();
  }
}

int main(int argc, char** argv) {
  net::WorkerPool pool(4);
  // Who has ended still gets its answers.
  const auto server =
      net::createServer({.allowHalfOpen = true}, [&pool](net::Socket client) { return serve(client, pool); });
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
