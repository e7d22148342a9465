// The program of a user who got the library in one way or another.
#include <net.hpp>

#include <cstdio>
#include <string_view>

int main() {
  const net::Error error(net::Errc::ERR_SOCKET_CLOSED);
  std::printf("net.hpp %d.%d: %s\n", NET_VERSION_MAJOR, NET_VERSION_MINOR, error.what());
  return error.name() == std::string_view("ERR_SOCKET_CLOSED") ? 0 : 1;
}
