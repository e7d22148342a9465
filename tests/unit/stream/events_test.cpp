#include <net/detail/stream/events.hpp>

#include <doctest/doctest.h>

#include <string_view>

using namespace net::detail;

TEST_CASE("a socket has Node's events, each once, and a number for each") {
  constexpr std::string_view names[] = {"close",
                                        "connect",
                                        "connectionAttempt",
                                        "connectionAttemptFailed",
                                        "connectionAttemptTimeout",
                                        "data",
                                        "drain",
                                        "end",
                                        "error",
                                        "lookup",
                                        "ready",
                                        "timeout",
                                        "finish",
                                        "prefinish",
                                        "pause",
                                        "resume",
                                        "readable",
                                        "pipe",
                                        "unpipe"};
  unsigned found = 0;
  for (const std::string_view name : names) {
    const unsigned index = SocketEvents::index_of(name);
    REQUIRE_MESSAGE(index < std::size(names), name);
    CHECK_MESSAGE((found & 1u << index) == 0, name);
    found |= 1u << index;
  }
  CHECK(found == (1u << std::size(names)) - 1);
  CHECK(SocketEvents::index_of("secureConnect") == std::size(names));
  static_assert(on_data == SocketEvents::index<"data"> && on_close == SocketEvents::index<"close">);
}
