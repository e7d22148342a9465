#include <net/detail/ipc/events.hpp>

#include <doctest/doctest.h>

#include <net.hpp>

TEST_CASE("S33.1: a received handle is nothing, a socket or a server") {
  net::Loop loop;
  const net::ReceivedHandle none, socket{net::Socket(loop)}, server{net::Server(loop)};
  CHECK_FALSE(none);
  CHECK_FALSE(none.socket());
  CHECK_FALSE(none.server());
  CHECK(socket);
  CHECK(socket.socket());
  CHECK_FALSE(socket.server());
  CHECK(server);
  CHECK(server.server());
  CHECK_FALSE(server.socket());
}
