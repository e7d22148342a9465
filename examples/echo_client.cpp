// Says something to an echo server and prints the answer: echo_client [port] [host] [text]
#include <cstdio>
#include <cstdlib>

#include <net.hpp>

int main(int argc, char** argv) {
  const int port = argc > 1 ? std::atoi(argv[1]) : 8000;
  const char* const host = argc > 2 ? argv[2] : "127.0.0.1";
  const char* const text = argc > 3 ? argv[3] : "Hello, net!\n";
  int status = 0;

  const auto socket = net::connect(port, host);
  socket.on<"connect">(
      [](const net::Socket& self) { std::fprintf(stderr, "connected to %s\n", self.remoteAddress().c_str()); });
  socket.on<"data">([](net::Chunk chunk) { std::fwrite(chunk.data(), 1, chunk.size(), stdout); });
  socket.on<"error">([&status](const net::Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    status = 1;
  });

  // There is no need to wait for 'connect': it is sent as soon as that is possible, and then our side is
  // closed. The server sends it back and closes its side too, which leaves net::run() with nothing to do.
  socket.end(text);
  net::run();
  return status;
}
