#include <net.hpp>

net::Server closing_server(bool& connected) {
  return net::createServer([&connected](net::Socket socket) {
    connected = true;
    socket.end();
  });
}
