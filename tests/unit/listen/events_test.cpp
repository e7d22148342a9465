#include <net/detail/listen/events.hpp>

#include <doctest/doctest.h>

#include <string_view>

using namespace net::detail;

TEST_CASE("a server has Node's events, each once, and a number for each") {
  unsigned found = 0;
  for (const std::string_view name : {"close", "connection", "error", "listening", "drop"}) {
    const unsigned index = ServerEvents::index_of(name);
    REQUIRE_MESSAGE(index < 5, name);
    found |= 1u << index;
  }
  CHECK(found == 0b11111);
  CHECK(ServerEvents::index_of("request") == 5);
  static_assert(server_drop == ServerEvents::index<"drop"> && server_close == ServerEvents::index<"close">);
}
