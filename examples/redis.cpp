// A store that Redis's clients know how to talk to: redis [port], then `redis-cli -p 8000 incr visits` or
// `redis-benchmark -p 8000 -t set,get -P 16`. It knows PING and ECHO, and SET, GET, DEL and INCR of one key.
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>
#include <vector>

#include <net.hpp>

static std::string answer(std::vector<std::string> words) {
  static std::map<std::string, std::string> store;
  const auto bulk = [](const std::string& text) { return "$" + std::to_string(text.size()) + "\r\n" + text + "\r\n"; };
  for (char& c : words[0]) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
  const std::string command = words[0] + "/" + std::to_string(words.size() - 1);
  if (command == "PING/0") return "+PONG\r\n";
  if (command == "ECHO/1") return bulk(words[1]);
  if (command == "SET/2") return store[words[1]] = words[2], "+OK\r\n";
  if (command == "DEL/1") return ":" + std::to_string(store.erase(words[1])) + "\r\n";
  if (command == "GET/1") return store.contains(words[1]) ? bulk(store[words[1]]) : "$-1\r\n";
  if (command != "INCR/1") return "-ERR unknown command\r\n";
  std::string& value = store.try_emplace(words[1], "0").first->second;
  const long long number = std::atoll(value.substr(0, 18).c_str());
  if (std::to_string(number) != value) return "-ERR value is not an integer or out of range\r\n";
  return ":" + (value = std::to_string(number + 1)) + "\r\n";
}

/// "*3" or "$5"; a wrong one is more than there can be, or throws.
static std::size_t size_in(const std::string& line) { return static_cast<std::size_t>(std::stoull(line.substr(1))); }

static net::Task<> serve(net::Socket client) try {
  net::Reader reader(client);
  while (const auto line = co_await reader.readLine(4)) {  // "*3", or a word alone
    std::vector<std::string> words(line->starts_with('*') ? size_in(*line) : 0);
    for (std::string& word : words) {
      word.resize(size_in((co_await reader.readLine(7)).value()));
      word = (co_await reader.read(word.size())).value();
      co_await reader.readUntil("\r\n", 0);
    }
    if (words.empty()) words.push_back(*line);
    if (!line->empty()) co_await net::write(client, answer(words));
  }
} catch (const std::exception&) {  // a reset, too much, or no protocol
  client.end("-ERR Protocol error\r\n");
}

int main(int argc, char** argv) {
  net::createServer(serve).listen(argc > 1 ? std::atoi(argv[1]) : 8000, "127.0.0.1", [](const net::Server& self) {
    std::printf("listening on %s\n", self.address()->toString().c_str()), std::fflush(stdout);
  });
  net::run();
}
