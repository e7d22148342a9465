#include "greeter.hpp"

net::Server greeter(net::Loop& loop) {
  return net::createServer(loop, {}, [](net::Socket socket) { socket.end("hello"); });
}
