#include <net/detail/cluster/wire.hpp>

#include <doctest/doctest.h>

#include <string>

using namespace net::detail;

TEST_CASE("what is said is heard: numbers, texts, and the rest") {
  Spoken said(Say::listen);
  said.number(-7).text("a text").text("").number(std::int64_t{1} << 60).rest("and more");
  Heard words(said.bytes());
  CHECK(words.what() == Say::listen);
  CHECK(words.number() == -7);
  CHECK(words.text() == "a text");
  CHECK(words.text().empty());
  CHECK(words.number() == std::int64_t{1} << 60);
  CHECK(words.rest() == "and more");
}

TEST_CASE("what is missing, or longer than it can be, reads as nothing") {
  Heard nothing("");
  CHECK(nothing.what() == Say{});
  CHECK(nothing.number() == 0);
  CHECK(nothing.text().empty());
  const std::string longer = Spoken(Say::message).number(1000).rest("short").bytes();
  Heard words(longer);
  (void)words.what();
  CHECK(words.text().empty());
  const std::string negative = Spoken(Say::message).number(-1).rest("short").bytes();
  Heard others(negative);
  (void)others.what();
  CHECK(others.text().empty());
}
