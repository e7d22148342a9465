// The program of a user who got the library in one way or another: two files of it include the header.
#include <net.hpp>

#include <cstdio>

net::Server closing_server(bool& connected);

int main() {
  std::printf("net.hpp %d.%d.%d\n", NET_VERSION_MAJOR, NET_VERSION_MINOR, NET_VERSION_PATCH);
  bool connected = false;
  const net::Server server = closing_server(connected);
  server.listen(0, "127.0.0.1",
                [&] { net::connect(server.address()->port, "127.0.0.1").on<"close">([&] { server.close(); }); });
  net::run();
  return connected ? 0 : 1;
}
