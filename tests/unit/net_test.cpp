#include <net.hpp>

#include <doctest/doctest.h>

#include <string>

TEST_CASE("one header has all of it: a loop, a server, a client, and a version") {
  static_assert(NET_VERSION_MAJOR >= 0 && NET_VERSION_MINOR >= 0 && NET_VERSION_PATCH >= 0);
  net::Loop loop;
  const net::Server server(loop);
  server.on<"connection">([&](const net::Socket& socket) {
    socket.end("hello");
    server.close();
  });
  server.listen(0, "127.0.0.1");
  std::string heard;
  server.on<"listening">([&] {
    net::connect(loop, server.address()->port, "127.0.0.1").on<"data">([&](net::Chunk chunk) { heard += chunk; });
  });
  loop.run();
  CHECK(heard == "hello");
}
