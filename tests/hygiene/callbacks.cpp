// Callbacks of all sizes: compilers that optimise look into how they are kept and moved.
#include <csignal>
#include <cstdlib>
#include <net.hpp>
#include <string>

namespace {

net::Task<> serve(net::Socket client) {
  net::Reader reader(client);
  while (const auto line = co_await reader.readLine(100, {.timeout = 1000})) co_await net::write(client, *line);
  client.end();
}

}  // namespace

int main() {
  int calls = 0;
  const std::string text(100, 'x');
  char letter = 'x';
  net::Loop::current().onSignal(SIGTERM, [] { std::exit(0); });
  net::setTimeout([&calls] { ++calls; }, 1);
  net::setTimeout([letter, &calls] { calls += letter; }, 1);
  net::setTimeout([text, &calls] { calls += text[0]; });
  net::nextTick([] {});
  net::setImmediate([] {});
  const auto server = net::createServer([](net::Socket client) {
    client.on<"data">([client](net::Chunk chunk) { client.write(chunk); });
    client.on<"error">([](const net::Error&) {});
    client.write("x", [] {});
    net::spawn(serve(client));
  });
  server.listen(0, [server] { server.close(); });
  server.getConnections([](const net::Error&, std::size_t) {});
  net::run();
  return calls == 0 ? 1 : 0;
}
