#include <net/ip.hpp>

#include <doctest/doctest.h>

#include <cstddef>
#include <string>
#include <string_view>

namespace {

using net::isIP;
using namespace std::string_view_literals;

TEST_CASE("S4.1: isIP gives the family, of nothing but the bare address") {
  static_assert(isIP("127.0.0.1") == 4);
  static_assert(isIP("::1") == 6);
  static_assert(isIP("localhost") == 0);
  static_assert(isIP("") == 0);
  static_assert(isIP(std::string_view{}) == 0);
  static_assert(isIP(" 1.2.3.4") == 0 && isIP("1.2.3.4 ") == 0 && isIP("1.2.3.4\n") == 0);
  static_assert(isIP("[::1]") == 0 && isIP("::1/128") == 0 && isIP("1.2.3.4/24") == 0 && isIP("1.2.3.4:80") == 0);
  constexpr std::string_view none;
  static_assert(noexcept(isIP(none)) && noexcept(net::isIPv4(none)) && noexcept(net::isIPv6(none)));
}

TEST_CASE("S4.1: isIPv4 and isIPv6 agree with isIP") {
  static_assert(net::isIPv4("1.2.3.4") && !net::isIPv6("1.2.3.4"));
  static_assert(net::isIPv6("1::4") && !net::isIPv4("1::4"));
  static_assert(!net::isIPv4("::ffff:1.2.3.4") && net::isIPv6("::ffff:1.2.3.4"));
  static_assert(!net::isIPv4({}) && !net::isIPv6({}));
}

TEST_CASE("S4.2: IPv4 is four decimal numbers up to 255") {
  static_assert(isIP("0.0.0.0") == 4 && isIP("255.255.255.255") == 4 && isIP("249.199.99.9") == 4);
  static_assert(isIP("1.2.3.256") == 0 && isIP("1.2.3.300") == 0 && isIP("1.2.3.1000") == 0 && isIP("256.1.1.1") == 0);
  static_assert(isIP("127.1") == 0 && isIP("1.2.3") == 0 && isIP("1.2.3.") == 0 && isIP("1.2.3.4.5") == 0);
  static_assert(isIP("1.2.3.4.") == 0 && isIP(".1.2.3.4") == 0 && isIP("1..3.4") == 0 && isIP("1234") == 0);
  static_assert(isIP("0x7f.0.0.1") == 0 && isIP("1.2.3.a") == 0 && isIP("-1.2.3.4") == 0 && isIP("+1.2.3.4") == 0);
}

TEST_CASE("S4.2: a number has no leading zeros, but may be zero") {
  static_assert(isIP("127.000.000.001") == 0 && isIP("01.2.3.4") == 0 && isIP("1.2.3.04") == 0 &&
                isIP("1.00.3.4") == 0);
  static_assert(isIP("10.0.200.0") == 4);
}

TEST_CASE("S4.3: eight groups of one to four hexadecimal digits in either case") {
  static_assert(isIP("1:2:3:4:5:6:7:8") == 6 && isIP("ABCD:EF01:2345:6789:abcd:ef01:2345:6789") == 6);
  static_assert(isIP("1:2:3:4:5:6:7") == 0 && isIP("1:2:3:4:5:6:7:8:9") == 0 && isIP("1:2:3:4:5:6:7:8:") == 0);
  static_assert(isIP("::00001") == 0 && isIP("12345::") == 0 && isIP("::g") == 0 && isIP("1:2:3:4:5:6:7:g") == 0);
}

TEST_CASE("S4.3: two colons stand for one or more groups") {
  static_assert(isIP("::") == 6 && isIP("1::") == 6 && isIP("::8") == 6 && isIP("1::8") == 6);
  static_assert(isIP("1:2:3:4:5:6:7::") == 6 && isIP("::2:3:4:5:6:7:8") == 6 && isIP("1:2:3::5:6:7:8") == 6);
  static_assert(isIP("1:2:3:4:5:6:7:8::") == 0 && isIP("::1:2:3:4:5:6:7:8") == 0 && isIP("1:2:3:4::5:6:7:8") == 0);
}

TEST_CASE("S4.3: there is one pair of colons at most, and no lone colon at an end") {
  static_assert(isIP("1::2::3") == 0 && isIP("::1::") == 0 && isIP(":::") == 0 && isIP("1:::2") == 0 &&
                isIP("::::") == 0);
  static_assert(isIP(":1") == 0 && isIP("1:") == 0 && isIP(":") == 0 && isIP(":1:2:3:4:5:6:7") == 0);
  static_assert(isIP("1::2:") == 0 && isIP("1:2:3:4:5:6:7:") == 0 && isIP("::1:") == 0);
}

TEST_CASE("S4.4: the last two groups may be an IPv4 address") {
  static_assert(isIP("::ffff:1.2.3.4") == 6 && isIP("::1.2.3.4") == 6 && isIP("1:2:3:4:5:6:1.2.3.4") == 6);
  static_assert(isIP("1::5:11.22.33.44") == 6 && isIP("1:2:3:4:5::1.2.3.4") == 6 && isIP("::2:3:4:5:6:1.2.3.4") == 6);
  static_assert(isIP("1.2.3.4::") == 0 && isIP("::1.2.3.4:5") == 0 && isIP("::1.2.3.4::") == 0);
  static_assert(isIP("1:2:3:4:5:6:7:1.2.3.4") == 0 && isIP("1:2:3:4:5:6::1.2.3.4") == 0 &&
                isIP("1:2:3:4:5:1.2.3.4") == 0);
  static_assert(isIP("::01.2.3.4") == 0 && isIP("::1.2.3.256") == 0 && isIP("::1.2.3") == 0 && isIP("::a.2.3.4") == 0);
  static_assert(isIP("1:2:3:4:5:6:7:8:1.2.3.4") == 0);
}

TEST_CASE("S4.5: a zone follows an IPv6 address") {
  static_assert(isIP("fe80::1%eth0") == 6 && isIP("fe80::1%1") == 6 && isIP("::1%lo") == 6 && isIP("::%0") == 6);
  static_assert(isIP("::ffff:1.2.3.4%lo") == 6 && isIP("fe80::1%eth0.0") == 6 && isIP("fe80::1%a-b.c:d") == 6);
  static_assert(isIP("1:2:3:4:5:6:7:8%Z") == 6);
  static_assert(isIP("fe80::1%") == 0 && isIP("fe80::1%eth_0") == 0 && isIP("fe80::1%eth0@1") == 0);
  static_assert(isIP("fe80::1%a%b") == 0 && isIP("fe80::1%a b") == 0 && isIP("1.2.3.4%lo") == 0 && isIP("%lo") == 0);
}

TEST_CASE("S4.1: embedded NULs, bytes over 127 and very long texts are no addresses") {
  static_assert(isIP("1.2.3.4\0"sv) == 0 && isIP("1.2.\0.4"sv) == 0 && isIP("::1\0"sv) == 0 && isIP("\0::1"sv) == 0);
  static_assert(isIP("::1%lo\0"sv) == 0 && isIP("1.2.3.\xb2") == 0 && isIP("::\xe9") == 0 && isIP("::1%\xc3\xa9") == 0);
  constexpr std::size_t megabyte = 1 << 20;
  for (const char c : "0159afg:.% \xff"sv) {
    CAPTURE(c);
    CHECK(isIP(std::string(megabyte, c)) == 0);
    CHECK(isIP("1.2.3.4" + std::string(megabyte, c)) == 0);
    CHECK(isIP("::1" + std::string(megabyte, c)) == 0);
  }
}

TEST_CASE("S4.5: no address is longer than 45 characters without its zone") {
  constexpr std::string_view longest = "1234:1234:1234:1234:1234:1234:255.255.255.255";
  static_assert(longest.size() == 45 && isIP(longest) == 6);
  CHECK(isIP(std::string(longest) + "%" + std::string(1000, 'z')) == 6);
}

TEST_CASE("to_string names a family as server.address() does") {
  static_assert(net::to_string(net::Family::IPv4) == "IPv4");
  static_assert(net::to_string(net::Family::IPv6) == "IPv6");
  static_assert(net::to_string(net::Family::unspecified).empty());
  static_assert(net::to_string(static_cast<net::Family>(9)).empty());
}

}  // namespace
