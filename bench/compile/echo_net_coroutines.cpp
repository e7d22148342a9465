#include <net.hpp>

net::Task<> echo(net::Socket socket) {
  net::Reader reader(socket);
  while (auto chunk = co_await reader.next()) co_await net::write(socket, *chunk);
}

int main() {
  net::Server server = net::createServer([](net::Socket socket) {
    socket.on<"error">([] {});
    net::spawn(echo(std::move(socket)));
  });
  server.listen(7000, "127.0.0.1");
  net::run();
}
