// Answers all HTTP requests alike: http_hello [port] [host]. Try `curl -s http://127.0.0.1:8000`.
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <system_error>

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

// Whether no more requests are read after this one.
bool is_last(std::string_view head) {
  if (has(head, "content-length", "") || has(head, "transfer-encoding", "")) return true;  // its body is not read
  const bool old = head.substr(0, head.find("\r\n")).ends_with("HTTP/1.0");
  return old ? !has(head, "connection", "keep-alive") : has(head, "connection", "close");
}

net::Task<> serve(net::Socket client) {
  try {
    net::Reader reader(client);
    while (const auto head = co_await reader.readUntil("\r\n\r\n", longest_head, {.timeout = 10'000})) {
      const bool last = is_last(*head);
      const std::string answer = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 13\r\nConnection: "s +
                                 (last ? "close" : "keep-alive") + "\r\n\r\n" +
                                 (head->starts_with("HEAD ") ? "" : "Hello, HTTP!\n");
      co_await net::write(client, answer, {.timeout = 10'000});
      if (last) break;
    }
    client.end();
  } catch (const net::Error& error) {
    if (error.code() == std::errc::message_size) {
      client.end("HTTP/1.1 431 Request Header Fields Too Large\r\n\r\n");
    } else {
      client.destroy();  // it broke off, or is too slow
    }
  }
}

int main(int argc, char** argv) {
  const auto server = net::createServer(serve);
  server.listen(argc > 1 ? std::atoi(argv[1]) : 8000, argc > 2 ? argv[2] : "127.0.0.1", [](const net::Server& self) {
    std::printf("listening on %s\n", self.address()->toString().c_str()), std::fflush(stdout);
  });
  net::run();
}
