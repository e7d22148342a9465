#include <greeter.hpp>
#include <string>

int main() {
  net::Loop loop;
  std::string heard;
  const net::Server server = greeter(loop);
  server.listen(0, "127.0.0.1", [&] {
    net::connect(loop, server.address()->port, "127.0.0.1").on<"data">([&](net::Chunk chunk) {
      heard += chunk;
      server.close();
    });
  });
  loop.run();
  return heard == "hello" ? 0 : 1;
}
