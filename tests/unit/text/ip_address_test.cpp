#include <net/detail/text/ip_address.hpp>

#include <doctest/doctest.h>

#include <string>
#include <string_view>

using namespace net::detail;
using namespace std::string_view_literals;
using net::Family;

namespace {

constexpr bool first_byte_first() {
  const IpAddress ip = ipv4_address(0x7f000001);
  return ip.bytes[0] == 127 && ip.bytes[3] == 1 && ip.bytes[4] == 0 && ip.size() == 4;
}
constexpr bool zeros_stand_where_the_colons_stood() {
  const IpAddress ip = parse_ip("1:2::7:8");
  return ip.group(0) == 1 && ip.group(1) == 2 && ip.group(2) == 0 && ip.group(5) == 0 && ip.group(6) == 7 &&
         ip.group(7) == 8;
}

std::string round_trip(std::string_view text) { return to_text(parse_ip(text)); }

}  // namespace

TEST_CASE("an address is its bytes in network order; without a family it is none") {
  static_assert(first_byte_first() && zeros_stand_where_the_colons_stood());
  static_assert(!IpAddress{} && IpAddress{}.size() == 0);
  static_assert(ipv4_address(0) && parse_ip("::").size() == 16);
  CHECK(to_text(IpAddress{}).empty());
}

TEST_CASE("addresses are ordered by family, then by their bytes") {
  static_assert(parse_ip("9.0.0.0") < parse_ip("10.0.0.0") && parse_ip("10.0.0.255") < parse_ip("10.0.1.0"));
  static_assert(parse_ip("255.255.255.255") < parse_ip("::"));
  static_assert(parse_ip("::1") < parse_ip("::1:0") && parse_ip("1::") == parse_ip("1:0:0:0:0:0:0:0"));
  static_assert(parse_ip("::ffff:1.2.3.4") != parse_ip("1.2.3.4"));
}

TEST_CASE("S5.5, S5.6: a text is an address of one family, its own if none is named; a zone is passed over") {
  static_assert(parse_ip("1.2.3.4").family == Family::IPv4 && parse_ip("::1").family == Family::IPv6);
  static_assert(!parse_ip("1.2.3.4", Family::IPv6) && !parse_ip("::1", Family::IPv4));
  static_assert(!parse_ip("") && !parse_ip("1.2.3.4 ") && !parse_ip("1.2.3.4%eth0") && !parse_ip("::1]") &&
                !parse_ip("127.1"));
  static_assert(parse_ip("fe80::1%eth0") == parse_ip("fe80::1") && parse_ip("fe80::1%") == parse_ip("fe80::1"));
  static_assert(parse_ip("::%any_thing at all") == parse_ip("::"));
  static_assert(!parse_ip("::%\0"sv) && !parse_ip("::%\xC3\xA9"));
  static_assert(zone_of("fe80::1%eth0") == "eth0" && zone_of("fe80::1").empty() && zone_of("fe80::1%").empty());
  static_assert(family_of("::") == Family::IPv6 && family_of("no address") == Family::IPv4);
}

TEST_CASE(
    "S5.7, S5.8: an address is written in its normal form: short groups, the longest run of zeros, dots "
    "where they belong") {
  CHECK(round_trip("2001:0DB8:0000:0000:0000:0000:0000:0001") == "2001:db8::1");
  CHECK(round_trip("0:0:1:0:0:0:1:0") == "0:0:1::1:0");
  CHECK_MESSAGE(round_trip("1:0:0:2:0:0:3:4") == "1::2:0:0:3:4", "the first of equals");
  CHECK_MESSAGE(round_trip("1:2:3:0:5:6:7:8") == "1:2:3:0:5:6:7:8", "one zero is no run");
  CHECK(round_trip("0:0:0:0:0:0:0:0") == "::");
  CHECK(round_trip("1:0:0:0:0:0:0:0") == "1::");
  CHECK(round_trip("1:2:3:4:5:6:0:0") == "1:2:3:4:5:6::");
  CHECK(round_trip("::ffff:102:304") == "::ffff:1.2.3.4");
  CHECK(round_trip("::102:304") == "::1.2.3.4");
  CHECK_MESSAGE(round_trip("::304") == "::304", "seven zeros are more than a compatible address has");
  CHECK_MESSAGE(round_trip("::fffe:102:304") == "::fffe:102:304", "neither mapped nor compatible");
  CHECK(round_trip("1::ffff:102:304") == "1::ffff:102:304");
  CHECK(round_trip("255.0.10.1") == "255.0.10.1");
}

TEST_CASE("what is written reads back as the same address, whichever groups are zero") {
  for (unsigned zeros = 0; zeros < 256; ++zeros) {
    IpAddress ip{.family = Family::IPv6};
    for (unsigned i = 0; i < 8; ++i) {
      if ((zeros >> i & 1) != 0) continue;
      ip.bytes[2 * i] = 0xab;
      ip.bytes[2 * i + 1] = static_cast<std::uint8_t>(i);
    }
    CAPTURE(to_text(ip));
    CHECK(parse_ip(to_text(ip)) == ip);
  }
}

TEST_CASE("S5.2, S5.5: a family that is none, and a text that is no address, are thrown in Node's words") {
  const auto error_of = [](std::string_view text, Family family) {
    try {
      (void)require_ip(text, family);
    } catch (const net::Error& error) {
      return error;
    }
    return net::Error();
  };
  CHECK(error_of("1.2.3", Family::IPv4).name() == "ERR_INVALID_ADDRESS");
  CHECK(error_of("::1", Family::IPv4).what() == "Invalid socket address"sv);
  CHECK(error_of("1.2.3.4", static_cast<Family>(5)).what() == "The property 'options.family' is invalid. Received 5"sv);
  CHECK_FALSE(error_of("1.2.3.4", Family::unspecified));
}
