#include <net/detail/stream/connection.hpp>

#include <doctest/doctest.h>

#include <net/detail/stream/state.hpp>

#include <string>

using namespace net::detail;

TEST_CASE("S14.11: received bytes are taken in order, however they were cut, and what is put back comes first") {
  ReadBuffer buffer;
  buffer.push("abc");
  buffer.push("defg");
  std::string taken;
  buffer.take(4, taken);
  CHECK(taken == "abcd");
  CHECK(buffer.length == 3);
  buffer.push_front("cd");
  CHECK(buffer.length == 5);
  taken.clear();
  buffer.take(5, taken);
  CHECK(taken == "cdefg");
  CHECK(buffer.length == 0);
  CHECK(buffer.pieces.empty());
}

TEST_CASE("a fresh connection has done nothing, and nothing of it is over") {
  const Connection fresh;
  CHECK((fresh.write_length == 0 && fresh.bytes_read == 0 && fresh.bytes_sent == 0));
  CHECK_FALSE((fresh.reading || fresh.close_ticked || fresh.had_error || fresh.of_server));
}
