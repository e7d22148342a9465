// One half of a program whose other half is two_files_b.cpp: this one includes the single header.
#include <net.hpp>

std::string said_by_b();
const std::error_category* category_of_b();

int main() {
  const net::Error error(net::Errc::ERR_SOCKET_CLOSED);
  if (error.what() != said_by_b()) return 1;
  // An inline function's static object must be one and the same in both files.
  if (&net::error_category() != category_of_b()) return 2;
  bool connected = false;
  const net::Server server = net::createServer([&](net::Socket socket) {
    connected = true;
    socket.end();
  });
  server.listen(0, "127.0.0.1",
                [&] { net::connect(server.address()->port, "127.0.0.1").on<"close">([&] { server.close(); }); });
  net::run();
  if (!connected) return 3;
  return 0;
}
