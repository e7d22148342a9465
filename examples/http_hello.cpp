// Answers all HTTP requests alike: http_hello [port] [host]. Try `curl -s http://127.0.0.1:8000`.
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include <net.hpp>

using namespace std::string_literals;

constexpr std::size_t longest_head = 16 << 10;

// Whether a head has such a field, in any case: has(head, "connection", "close").
bool has(std::string_view head, std::string_view field, std::string_view value) {
  std::string lower(head);
  for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  const std::size_t at = lower.find("\r\n"s + std::string(field) + ":");
  if (at == std::string::npos) return false;
  return lower.substr(at, lower.find("\r\n", at + 2) - at).find(value) != std::string::npos;
}

// One request, given without its empty line. False: this client gets no more answers.
bool answer(const net::Socket& client, std::string_view head) {
  const bool old = head.substr(0, head.find("\r\n")).ends_with("HTTP/1.0");
  const bool has_body = has(head, "content-length", "") || has(head, "transfer-encoding", "");  // is not read
  const bool asks = old ? has(head, "connection", "keep-alive") : !has(head, "connection", "close");
  const bool stays = asks && !has_body;
  client.write("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 13\r\nConnection: "s +
               (stays ? "keep-alive" : "close") + "\r\n\r\n" + (head.starts_with("HEAD ") ? "" : "Hello, HTTP!\n"));
  if (!stays) client.end();
  return stays;
}

int main(int argc, char** argv) {
  const int port = argc > 1 ? std::atoi(argv[1]) : 8000;
  const auto server = net::createServer([](const net::Socket& client) {
    // A chunk may hold half a request or many of them: what is not answered yet is kept.
    client.on<"data">([kept = ""s](const net::Socket& self, net::Chunk chunk) mutable {
      if (self.writableEnded()) return;
      kept.append(chunk);
      std::size_t from = 0;
      for (std::size_t to; (to = kept.find("\r\n\r\n", from)) != kept.npos; from = to + 4) {
        if (!answer(self, std::string_view(kept).substr(from, to - from))) return;
      }
      kept.erase(0, from);
      if (kept.size() > longest_head) self.end("HTTP/1.1 431 Request Header Fields Too Large\r\n\r\n");
      if (self.writableNeedDrain()) self.pause();  // it asks faster than it reads
    });
    client.on<"drain">([](const net::Socket& self) { self.resume(); });
    client.setTimeout(10'000, [](const net::Socket& self) { self.destroy(); });
    client.on<"error">([] {});  // a client that breaks off: 'close' follows
  });
  server.listen(port, argc > 2 ? argv[2] : "127.0.0.1", [](const net::Server& self) {
    std::printf("listening on %s\n", self.address()->toString().c_str()), std::fflush(stdout);
  });
  net::run();
}
