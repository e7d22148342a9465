// Calls over a path: `rpc /tmp/rpc.sock` serves, `rpc /tmp/rpc.sock stressed live` calls it with each word, all at once.
// A message is a number and a length, four bytes each, and a text. The answer has the same number, and may come whenever.
#include <cstdint>
#include <cstdio>
#include <exception>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <net.hpp>

static std::string message(std::uint64_t number, const std::string& text) {
  std::string bytes;
  for (int shift = 56; shift >= 0; shift -= 8) bytes += static_cast<char>((number << 32 | text.size()) >> shift);
  return bytes + text;
}

static net::Task<> serve(net::Socket client) {
  try {
    net::Reader reader(client);
    net::TaskGroup calls;  // when the client breaks off they end where they are
    while (const auto number = co_await reader.readUint32()) {
      const auto text = (co_await reader.readPrefixed(4, net::Endian::big, 1 << 16)).value();
      if (calls.size() == 100) co_await calls.join();  // enough for one client
      calls.spawn([=]() -> net::Task<> {
        co_await net::sleep(static_cast<int>(text.size() % 10) * 10);  // as if somebody else had to be asked
        co_await net::write(client, message(*number, std::string(text.rbegin(), text.rend())));
      });
    }
    co_await calls.join();
    client.end();
  } catch (const std::exception&) {
    client.destroy();
  }
}

struct Server {
  net::Socket socket;
  std::map<std::uint32_t, net::Promise<std::string>> asked = {};

  net::Task<std::string> call(std::string text) {
    const auto [at, added] = asked.try_emplace(static_cast<std::uint32_t>(asked.size()));
    co_await net::write(socket, message(at->first, text));
    co_return co_await at->second.wait({.timeout = 10'000});
  }
  net::Task<> hear() {
    net::Reader reader(socket);
    while (const auto number = co_await reader.readUint32()) {
      const auto text = (co_await reader.readPrefixed(4, net::Endian::big, 1 << 16)).value();
      if (const auto at = asked.find(*number); at != asked.end()) at->second.resolve(text);
    }
    throw net::Error("the server has gone");
  }
};

static net::Task<> call_all(Server& server, std::vector<std::string> words) {
  std::vector<net::Task<std::string>> calls;
  for (const std::string& word : words) calls.push_back(server.call(word));
  const std::vector<std::string> answers = co_await net::all(std::move(calls));
  for (const std::string& answer : answers) std::printf("%s\n", answer.c_str());
}

static net::Task<> call(std::string path, std::vector<std::string> words) {
  const net::Socket socket = co_await net::connected(path);
  Server server{socket};
  co_await net::race(call_all(server, std::move(words)), server.hear());
  socket.end();
}

int main(int argc, char** argv) try {
  const auto server = net::createServer({.allowHalfOpen = true}, serve);  // who has ended still gets its answers
  if (argc == 2) server.listen(argv[1], [] { std::printf("listening\n"), std::fflush(stdout); });
  if (argc > 2) net::spawn(call(argv[1], {argv + 2, argv + argc}));
  net::run();
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
