#include <net.hpp>

int main() {
  net::Server server = net::createServer([](const net::Socket& socket) {
    socket.on<"error">([] {});
    socket.on<"data">([](const net::Socket& self, net::Chunk chunk) { self.write(chunk); });
  });
  server.listen(7000, "127.0.0.1");
  net::run();
}
