// One of two programs that talk, each built for its own system: `talk server` prints its port, and echoes; `talk client
// PORT CLIENTS BYTES` sends each client's bytes, and fails unless all of them come back, and the end after them.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <net.hpp>
#include <string>
#include <string_view>

namespace {

/// The byte at a place of what a client sends.
char byte_at(std::size_t place) { return static_cast<char>(place * 2654435761u >> 13); }

struct Talker {
  std::size_t sent = 0, heard = 0;
  bool same = true, ended = false;
};

void serve(net::Loop& loop) {
  const net::Server server(loop);
  server.on<"connection">([server](const net::Socket& socket) {
    socket.pipe(socket);
    socket.on<"error">([server](const net::Error&) { server.close(); });
    // who resets instead of ending has heard enough
    socket.once<"data">([server](net::Chunk chunk) {
      if (chunk.view() == "enough") server.close();
    });
  });
  server.on<"listening">([server] {
    std::printf("%d\n", server.address()->port);
    std::fflush(stdout);
  });
  server.listen(0, "127.0.0.1");
  loop.run();
}

void talk(const net::Socket& socket, std::size_t bytes) {
  const auto talker = std::make_shared<Talker>();
  const auto send = [socket, talker, bytes] {
    for (std::string block; talker->sent < bytes;) {
      block.clear();
      while (block.size() < 65521 && talker->sent + block.size() < bytes) block += byte_at(talker->sent + block.size());
      talker->sent += block.size();
      if (!socket.write(block)) return;
    }
    socket.end();
  };
  socket.on<"connect">(send);
  socket.on<"drain">(send);
  socket.on<"data">([talker](net::Chunk chunk) {
    for (const char each : chunk.view()) talker->same = talker->same && each == byte_at(talker->heard++);
  });
  socket.on<"end">([talker] { talker->ended = true; });
  socket.on<"error">([](const net::Error& error) { std::printf("%s\n", error.what()); });
  socket.on<"close">([talker, bytes] {
    if (talker->same && talker->ended && talker->heard == bytes) return;
    std::printf("%zu of %zu bytes, %s, %s\n", talker->heard, bytes, talker->same ? "the same" : "others",
                talker->ended ? "ended" : "not ended");
    std::exit(1);
  });
}

}  // namespace

int main(int count, char** arguments) {
  net::Loop loop;
  if (count == 2) {
    serve(loop);
  } else if (count == 5) {
    const int port = std::atoi(arguments[2]);
    const auto began = std::chrono::steady_clock::now();
    for (int clients = std::atoi(arguments[3]); clients > 0; --clients) {
      const net::Socket socket(loop);
      talk(socket, static_cast<std::size_t>(std::atoll(arguments[4])));
      socket.connect(port, "127.0.0.1");
    }
    loop.run();
    const net::Socket last(loop);
    last.on<"error">([](const net::Error& error) { std::printf("%s\n", error.what()); });
    last.on<"data">([last](net::Chunk) { last.resetAndDestroy(); });
    last.connect(port, "127.0.0.1", [last] { last.write("enough"); });
    loop.run();
    const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - began);
    std::printf("%s clients, %s bytes each way: %d ms\n", arguments[3], arguments[4], static_cast<int>(took.count()));
  }
}
