#include <net/detail/sys/endpoint_text.hpp>

#include <doctest/doctest.h>

using namespace net::detail;

TEST_CASE("S11.17: only a link-local address shows its interface, by name, or by number if nobody knows it") {
  if (Machine::interface_index("lo") != 0) {
    CHECK(endpoint_text(parse_endpoint("fe80::1%lo", 0)) == "fe80::1%lo");
  }
  CHECK(endpoint_text(parse_endpoint("fe80::1%999999", 0)) == "fe80::1%999999");
  CHECK(endpoint_text(parse_endpoint("::1%999999", 0)) == "::1");
  CHECK(endpoint_text(parse_endpoint("fe80::1", 0)) == "fe80::1");
}

TEST_CASE("a text that is no address is no endpoint") {
  CHECK(parse_endpoint("::1", 80).port == 80);
  CHECK(parse_endpoint("fe80::1%7", 80).scope == 7);
  CHECK_FALSE(parse_endpoint("127.1", 80));
  CHECK_FALSE(parse_endpoint("", 80));
}
