#include <net/detail/stream/connection.hpp>

#include <doctest/doctest.h>

#include <string>

using net::detail::Connection;
using net::detail::ReadBuffer;

TEST_CASE("received bytes are taken in any sizes, over the borders of the pieces in which they came") {
  ReadBuffer buffer;
  for (const char* piece : {"ab", "cdef", "g"}) buffer.push(piece);
  CHECK(buffer.length == 7);
  std::string taken;
  buffer.take(1, taken);
  CHECK(taken == "a");
  buffer.take(3, taken);
  CHECK(taken == "bcd");
  buffer.take(3, taken);
  CHECK(taken == "efg");
  CHECK(buffer.length == 0);
  CHECK(buffer.pieces.empty());
}

TEST_CASE("S14.11: what is put back is a piece of its own, in front") {
  ReadBuffer buffer;
  buffer.push("world");
  std::string taken;
  buffer.take(2, taken);
  buffer.push_front("wo");
  CHECK(buffer.pieces.first().size() == 2);
  buffer.take(5, taken);
  CHECK(taken == "world");
}

TEST_CASE("S12.21: a new connection has nothing of an old one") {
  Connection connection;
  connection.bytes_read = 5;
  connection.destroyed = connection.close_emitted = connection.finished = true;
  connection = Connection();
  CHECK(connection.bytes_read == 0);
  CHECK(!connection.destroyed);
  CHECK(!connection.close_emitted);
  CHECK(!connection.finished);
}
