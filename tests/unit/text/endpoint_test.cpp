#include <net/detail/text/endpoint.hpp>

#include <doctest/doctest.h>

#include <type_traits>

using namespace net::detail;

TEST_CASE("an end of a connection is one if it has an address, whatever the port is") {
  CHECK_FALSE(Endpoint{});
  CHECK_FALSE(Endpoint{.ip = {}, .port = 80});
  CHECK(Endpoint{.ip = ipv4_address(0)});
  CHECK(Endpoint{.ip = parse_ip("::"), .scope = 2});
  static_assert(!std::is_convertible_v<Endpoint, bool>, "it is asked, never counted");
}

TEST_CASE("what moves through the layers is plain bytes: copied without a word, made without an allocation") {
  static_assert(std::is_trivially_copyable_v<Endpoint> && std::is_trivially_copyable_v<IoSlice>);
  static_assert(std::is_trivially_copyable_v<ListenFlags> && std::is_trivially_copyable_v<PathMode>);
  static_assert(std::is_aggregate_v<Endpoint> && std::is_aggregate_v<IoSlice> && sizeof(Endpoint) <= 28);
  constexpr IoSlice nothing;
  static_assert(nothing.data == nullptr && nothing.size == 0);
}

TEST_CASE(
    "S9.24, S23.10: without a word a server has a backlog of 511, both families, its port alone, and a "
    "private path") {
  constexpr ListenFlags flags;
  static_assert(flags.backlog == 511 && !flags.ipv6_only && !flags.reuse_port);
  constexpr PathMode mode;
  static_assert(!mode.readable_all && !mode.writable_all);
}
