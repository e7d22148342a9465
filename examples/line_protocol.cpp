// A small store with a protocol of lines: line_protocol [port], then `nc 127.0.0.1 8000` and
// "set NAME VALUE", "get NAME" or "quit". A line over 1,024 bytes gets an error, and its sender is closed.
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>
#include <string_view>

#include <net.hpp>

using Store = std::map<std::string, std::string, std::less<>>;

static std::string answer(Store& store, std::string_view line) {
  const auto word = [&line] {
    const std::string_view first = line.substr(0, line.find(' '));
    line.remove_prefix(first.size() < line.size() ? first.size() + 1 : first.size());
    return first;
  };
  const std::string_view command = word();
  const std::string_view name = word();
  if (command == "set" && !name.empty()) {
    store.insert_or_assign(std::string(name), std::string(line));
    return "ok\n";
  }
  if (command == "get") {
    const auto found = store.find(name);
    return found == store.end() ? "none\n" : "= " + found->second + "\n";
  }
  return "error: set NAME VALUE, get NAME or quit\n";
}

static net::Task<> serve(net::Socket client, Store& store) {
  try {
    net::Reader reader(client);
    while (auto line = co_await reader.readLine(1024)) {
      if (*line == "quit") break;
      co_await net::write(client, answer(store, *line));
    }
    client.end();
  } catch (const net::Error& error) {
    client.end(std::string("error: ") + error.what() + "\n");
  }
}

int main(int argc, char** argv) {
  Store store;
  const auto server = net::createServer([&store](net::Socket client) { return serve(client, store); });
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
