// A store that Redis's clients know how to talk to: redis [port], then `redis-cli -p 8000 incr visits` or
// `redis-benchmark -p 8000 -t set,get -P 16`. It knows PING and ECHO, and SET, GET, DEL and INCR of one key.
#include <charconv>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <net.hpp>

using Words = std::vector<std::string>;

static std::optional<long> number(std::string_view text, long least, long most) {
  long value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool right = error == std::errc() && end == text.data() + text.size() && value >= least && value <= most;
  return right ? std::optional(value) : std::nullopt;
}

/// "*2", "$3", "GET", "$1", "x", a line each; or one word alone. Throws if it is something else, or breaks off.
static net::Task<Words> next_command(net::Reader& reader) {
  const auto line = co_await reader.readLine(100);
  if (!line) co_return Words();
  if (!line->starts_with('*')) co_return Words{*line};
  Words words;
  long left = 1 << 20;  // bytes for all words
  for (long count = number(line->substr(1), 1, 1000).value(); count > 0; --count) {
    co_await reader.readUntil("$", 0);  // with nothing before it
    const long size = number((co_await reader.readLine(20)).value(), 0, left).value();
    words.push_back((co_await reader.read(static_cast<std::size_t>(size))).value());
    co_await reader.readUntil("\r\n", 0);
    left -= size;
  }
  co_return words;
}

static std::string bulk(const std::string& text) { return "$" + std::to_string(text.size()) + "\r\n" + text + "\r\n"; }

static std::string answer(std::map<std::string, std::string>& store, Words words) {
  for (char& c : words[0]) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
  const std::string command = words[0] + "/" + std::to_string(words.size() - 1);
  if (command == "/0") return "";  // an empty line
  if (command == "PING/0") return "+PONG\r\n";
  if (command == "ECHO/1") return bulk(words[1]);
  if (command == "SET/2") return store[words[1]] = words[2], "+OK\r\n";
  if (command == "DEL/1") return ":" + std::to_string(store.erase(words[1])) + "\r\n";
  const auto at = words.size() == 2 ? store.find(words[1]) : store.end();
  if (command == "GET/1") return at == store.end() ? "$-1\r\n" : bulk(at->second);
  if (command != "INCR/1") return "-ERR unknown command\r\n";
  const auto before = number(at == store.end() ? "0" : at->second, LONG_MIN, LONG_MAX - 1);
  if (!before) return "-ERR value is not an integer or out of range\r\n";
  return ":" + (store[words[1]] = std::to_string(*before + 1)) + "\r\n";
}

int main(int argc, char** argv) {
  std::map<std::string, std::string> store;
  const auto server = net::createServer([&store](net::Socket client) -> net::Task<> {
    try {
      net::Reader reader(client);
      for (Words words; !(words = co_await next_command(reader)).empty();) {
        co_await net::write(client, answer(store, std::move(words)));
      }
    } catch (const std::exception&) {  // a reset, too much, or no protocol
      client.end("-ERR Protocol error\r\n");
    }
  });
  server.listen(argc > 1 ? std::atoi(argv[1]) : 8000, "127.0.0.1", [](const net::Server& self) {
    std::printf("listening on %s\n", self.address()->toString().c_str()), std::fflush(stdout);
  });
  net::run();
}
