// The program of a user who imports the module.
#include <coroutine>
#include <cstdio>
#include <string>
#include <system_error>

import net;

net::Task<> answer(net::Socket socket) {
  net::Reader reader(socket);
  while (const auto line = co_await reader.readLine(100)) co_await net::write(socket, *line + "!\n");
  socket.end();
}

int main() {
  std::string heard;
  bool refused = false;
  const net::Server server = net::createServer([&](net::Socket socket) { net::spawn(answer(socket)); });
  server.listen(0, "127.0.0.1", [&] {
    const net::Socket client = net::connect(server.address()->port, "127.0.0.1");
    client.on<"data">([&](net::Chunk chunk) { heard += chunk.view(); });
    client.on<"close">([&] { server.close(); });
    client.end("hello\n");
  });
  try {
    net::SocketAddress({.address = "nowhere"});
  } catch (const net::Error& error) {
    refused = error.code() == net::Errc::ERR_INVALID_ADDRESS;
  }
  net::BlockList list;
  list.addSubnet("10.0.0.0", 8);
  net::setTimeout([] {}, 1);
  net::run();
  std::printf("%s", heard.c_str());
  return heard == "hello!\n" && refused && list.check("10.1.2.3") && net::isIPv6("::1") ? 0 : 1;
}
