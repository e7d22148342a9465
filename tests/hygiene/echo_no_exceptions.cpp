// A server and a client in one program, without exceptions and RTTI: 0 if the message came back. With an
// argument it makes a call that Node throws for, which must print the message and abort.
#include <net.hpp>

#include <cstdio>
#include <string>

int main(int count, char**) {
  std::string received;
  const net::Server server = net::createServer(
      [](net::Socket socket) { socket.on<"data">([](net::Socket& from, net::Chunk chunk) { from.write(chunk); }); });
  if (count > 1) server.listen(65536);
  server.listen(0, "127.0.0.1", [&] {
    const net::Socket client = net::connect(server.address()->port, "127.0.0.1");
    client.write("hello");
    client.on<"data">([&](net::Socket& from, net::Chunk chunk) {
      received.append(chunk.view());
      if (received.size() == 5) from.end();
    });
    client.on<"close">([&] { server.close(); });
  });
  net::run();
  if (received != "hello") std::fprintf(stderr, "received \"%s\"\n", received.c_str());
  return received == "hello" ? 0 : 1;
}
