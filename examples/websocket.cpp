// A WebSocket server (RFC 6455) that sends every message back: websocket [port]. Try in a browser's console:
// `s = new WebSocket("ws://127.0.0.1:8000"); s.onmessage = (e) => console.log(e.data)`, then `s.send("Hello!")`.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <utility>

#include <net.hpp>

#include "sha1.hpp"

constexpr unsigned op_text = 1, op_close = 8, op_ping = 9, op_pong = 10;

static std::string frame(unsigned opcode, const std::string& payload) {
  const int bytes = payload.size() < 126 ? 0 : payload.size() < 1 << 16 ? 2 : 8;
  const std::size_t size = bytes == 0 ? payload.size() : bytes == 2 ? 126 : 127;
  return big_endian(0x80 | opcode, 1) + big_endian(size, 1) + big_endian(payload.size(), bytes) + payload;
}

static int closing_code(const std::string& payload) {
  if (payload.size() < 2) return payload.empty() ? 1000 : 1002;
  const int code = (payload[0] & 0xFF) << 8 | (payload[1] & 0xFF);
  const bool known = code >= 1000 && code < 5000 && (code < 1004 || code > 1006) && (code < 1015 || code > 2999);
  return known ? code : 1002;
}

/// Sends messages back until the client closes, or does something wrong: gives the code that says so.
static net::Task<int> echo(net::Socket client, net::Reader& reader) {
  std::string message;  // what has come of it
  unsigned kind = 0;
  while (true) {
    const unsigned head = (co_await reader.readUint16()).value();
    const unsigned opcode = head >> 8 & 0xF;
    std::uint64_t size = head & 0x7F;
    if ((head & 0x7080) != 0x80 || !(0x707 >> opcode & 1)) co_return 1002;  // not masked, or not known
    if (opcode >= op_close && (head < 0x8000 || size > 125)) co_return 1002;
    if (size >= 126)
      size = size == 126 ? (co_await reader.readUint16()).value() : (co_await reader.readUint64()).value();
    if (size > (1 << 20) - message.size()) co_return 1009;
    const std::string mask = (co_await reader.read(4)).value();
    std::string payload = (co_await reader.read(static_cast<std::size_t>(size))).value();
    for (std::size_t i = 0; i < payload.size(); ++i) payload[i] = static_cast<char>(payload[i] ^ mask[i % 4]);
    if (opcode == op_close) co_return closing_code(payload);
    if (opcode == op_ping) co_await net::write(client, frame(op_pong, payload));
    if (opcode > op_close) continue;
    if ((opcode == 0) != (kind != 0)) co_return 1002;  // goes on with nothing, or begins in the middle
    kind |= opcode, message += payload;
    if (head < 0x8000) continue;
    if (kind == op_text && net::Chunk(message).toString() != message) co_return 1007;
    co_await net::write(client, frame(std::exchange(kind, 0), std::exchange(message, {})));
  }
}

static net::Task<> serve(net::Socket client) {
  try {
    net::Reader reader(client);
    const std::string head = (co_await reader.readUntil("\r\n\r\n", 8192, {.timeout = 10'000})).value();
    std::string lower = head;  // the name of a field may be written in any case
    for (char& each : lower) each = each >= 'A' && each <= 'Z' ? static_cast<char>(each + 32) : each;
    const std::size_t at = lower.find("\r\nsec-websocket-key:");
    if (at == lower.npos || !head.starts_with("GET ")) co_return void(client.end("HTTP/1.1 400 Bad Request\r\n\r\n"));
    const auto key = head.substr(head.find_first_not_of(' ', at + 20), 24) + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    client.write("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n");
    client.write("Sec-WebSocket-Accept: " + net::Chunk(sha1(key)).toString(net::Encoding::base64) + "\r\n\r\n");
    client.end(frame(op_close, big_endian(static_cast<std::uint64_t>(co_await echo(client, reader)), 2)));
  } catch (const std::exception&) {
    client.destroy();  // it has broken off, or does not say what it wants
  }
}

int main(int argc, char** argv) {
  const auto server = net::createServer(serve);
  server.listen(argc > 1 ? std::atoi(argv[1]) : 8000, "127.0.0.1", [](const net::Server& self) {
    std::printf("listening on %s\n", self.address()->toString().c_str()), std::fflush(stdout);
  });
  net::run();
}
