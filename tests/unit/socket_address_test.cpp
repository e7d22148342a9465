#include <net/socket_address.hpp>

#include <doctest/doctest.h>

#include <compare>
#include <cstddef>
#include <optional>
#include <ostream>
#include <sstream>
#include <string>
#include <string_view>
#include <type_traits>
#include <unordered_set>

#include "tests/support/error_of.hpp"

namespace {

using net::Errc;
using net::Family;
using net::SocketAddress;
using net::SocketAddressOptions;
using namespace std::string_view_literals;

/// The error that making the address throws; no error if it doesn't.
net::Error failure(const SocketAddressOptions& options) {
  return tests::error_of([&] { const SocketAddress address(options); });
}

std::string text_of(std::string_view address) { return SocketAddress({.address = address}).address(); }

/// What parse() makes of a text, as text; "" for nothing.
std::string parsed(std::string_view text) {
  const std::optional<SocketAddress> address = SocketAddress::parse(text);
  return address ? address->toString() : "";
}

static_assert(sizeof(SocketAddress) <= 32);
static_assert(std::is_trivially_copyable_v<SocketAddress>);

TEST_CASE("S5.1: without options it is 127.0.0.1 with port 0") {
  constexpr SocketAddress address;
  static_assert(address.family() == Family::IPv4 && address.port() == 0 && address.flowlabel() == 0);
  static_assert(address == SocketAddress(SocketAddressOptions{}));
  CHECK(address.address() == "127.0.0.1");
}

TEST_CASE("S5.1: the default address of IPv6 is ::") {
  constexpr SocketAddress address({.family = Family::IPv6, .port = 80});
  CHECK(address.address() == "::");
  static_assert(address.port() == 80);
}

TEST_CASE("S5.1: a value is made while compiling") {
  constexpr SocketAddress address(
      {.address = "2001:db8::1", .family = Family::IPv6, .flowlabel = 0xfffff, .port = 65535});
  static_assert(address.family() == Family::IPv6 && address.port() == 65535 && address.flowlabel() == 0xfffff);
  static_assert(address.bytes().size() == 16 && address.bytes()[0] == 0x20 && address.bytes()[15] == 1);
  static_assert(SocketAddress().bytes().size() == 4 && SocketAddress().bytes()[0] == 127);
}

TEST_CASE("the family is the address's if it is left out") {
  static_assert(SocketAddress({.address = "::1"}).family() == Family::IPv6);
  static_assert(SocketAddress({.address = "10.0.0.1"}).family() == Family::IPv4);
  static_assert(SocketAddress({.address = "::ffff:10.0.0.1"}).family() == Family::IPv6);
}

TEST_CASE("S5.2: a family that is none throws") {
  const net::Error error = failure({.address = "bad", .family = static_cast<Family>(5), .port = -1});
  CHECK(error.code() == Errc::ERR_INVALID_ARG_VALUE);
  CHECK(error.kind() == "TypeError");
  CHECK(error.what() == "The property 'options.family' is invalid. Received 5"sv);
}

TEST_CASE("S5.3: a port is 0 to 65535") {
  for (const int port : {-1, 65536, 1 << 30}) {
    const net::Error error = failure({.address = "bad", .flowlabel = 1U << 31, .port = port});
    CHECK(error.code() == Errc::ERR_SOCKET_BAD_PORT);
    CHECK(error.kind() == "RangeError");
    CHECK(error.what() ==
          "options.port should be >= 0 and < 65536. Received type number (" + std::to_string(port) + ").");
  }
  CHECK(SocketAddress({.port = 65535}).port() == 65535);
}

TEST_CASE("S5.4: a flow label has 20 bits") {
  CHECK(SocketAddress({.address = "::1", .flowlabel = 0xfffff}).flowlabel() == 0xfffff);
  for (const std::uint32_t flowlabel : {0x100000U, 0xffffffffU}) {
    const net::Error error = failure({.address = "::bad::", .flowlabel = flowlabel});
    CHECK(error.code() == Errc::ERR_OUT_OF_RANGE);
    CHECK(error.what() ==
          "The value of \"options.flowlabel\" is out of range. It must be >= 0 && <= 1048575. Received " +
              std::to_string(flowlabel));
  }
}

TEST_CASE("S5.4: IPv4 has no flow label") {
  CHECK(SocketAddress({.address = "1.2.3.4", .flowlabel = 0xfffff}).flowlabel() == 0);
  CHECK_FALSE(failure({.address = "1.2.3.4", .flowlabel = 0x100000}));
}

TEST_CASE("S5.5: an address is a strict literal of its family") {
  const auto bad = [](std::string_view address, Family family) {
    const net::Error error = failure({.address = address, .family = family});
    return error.code() == Errc::ERR_INVALID_ADDRESS && error.what() == "Invalid socket address"sv;
  };
  for (const std::string_view text : {""sv, " "sv, " 1.2.3.4"sv, "1.2.3.4 "sv, "127.1"sv, "01.2.3.4"sv, "1.2.3.256"sv,
                                      "[::1]"sv, "localhost"sv, "1.2.3.4%lo"sv, "1.2.3.4\0"sv, "::1\0"sv, "::1%a\0b"sv,
                                      "::1%\xc3\xa9"sv, "%lo"sv, "1::2::3"sv, "::1:2:3:4:5:6:7:8"sv, "1.2.3.4:80"sv}) {
    CAPTURE(text);
    CHECK(bad(text, Family::IPv4));
    CHECK(bad(text, Family::IPv6));
    CHECK(bad(text, Family::unspecified));
  }
  CHECK(bad("::1", Family::IPv4));
  CHECK(bad("1.2.3.4", Family::IPv6));
  for (const char c : "1f:.%"sv) CHECK(bad(std::string(1 << 20, c), Family::unspecified));
}

TEST_CASE("S5.6: a zone is dropped, whatever it names") {
  for (const std::string_view text :
       {"fe80::1%eth0", "fe80::1%no such interface", "fe80::1%eth_0", "fe80::1%", "fe80::1%a%b"}) {
    CAPTURE(text);
    CHECK(text_of(text) == "fe80::1");
  }
}

TEST_CASE("S5.7: an address reads back in its normal form") {
  CHECK(text_of("255.0.10.9") == "255.0.10.9");
  CHECK(text_of("2001:0DB8:0000:0000:0000:0000:0000:00A0") == "2001:db8::a0");
  CHECK(text_of("1:0:0:2:0:0:0:3") == "1:0:0:2::3");
  CHECK(text_of("1:0:0:2:3:0:0:4") == "1::2:3:0:0:4");
  CHECK(text_of("1:0:2:0:3:0:4:0") == "1:0:2:0:3:0:4:0");
  CHECK(text_of("1:2:3:4:5:6:7::") == "1:2:3:4:5:6:7:0");
  CHECK(text_of("1:2:3:4:5:6::") == "1:2:3:4:5:6::");
  CHECK(text_of("0:0:3:4:5:6:7:8") == "::3:4:5:6:7:8");
  CHECK(text_of("0:2:3:4:5:6:7:8") == "0:2:3:4:5:6:7:8");
  CHECK(text_of("0:0:0:0:0:0:0:0") == "::");
  CHECK(text_of("8000::") == "8000::");
}

TEST_CASE("S5.8: IPv4-mapped and IPv4-compatible addresses end dotted") {
  CHECK(text_of("::ffff:102:304") == "::ffff:1.2.3.4");
  CHECK(text_of("::ffff:0:0") == "::ffff:0.0.0.0");
  CHECK(text_of("::102:304") == "::1.2.3.4");
  CHECK(text_of("::1:2") == "::0.1.0.2");
  CHECK(text_of("::1:0") == "::0.1.0.0");
  CHECK(text_of("::2") == "::2");
  CHECK(text_of("::0.0.255.255") == "::ffff");
  CHECK(text_of("64:ff9b::1.2.3.4") == "64:ff9b::102:304");
  CHECK(text_of("::ffff:0:1.2.3.4") == "::ffff:0:102:304");
  CHECK(text_of("::fffe:1.2.3.4") == "::fffe:102:304");
}

TEST_CASE("S5.9, S5.10: JSON names the family in lower case") {
  CHECK(SocketAddress({.address = "1.1.1.2"}).toJSON() ==
        R"({"address":"1.1.1.2","port":0,"family":"ipv4","flowlabel":0})");
  CHECK(SocketAddress({.address = "::1", .flowlabel = 3, .port = 80}).toJSON() ==
        R"({"address":"::1","port":80,"family":"ipv6","flowlabel":3})");
}

TEST_CASE("S5.12: parse reads an address with or without a port") {
  static_assert(SocketAddress::parse("1.2.3.4:443") == SocketAddress({.address = "1.2.3.4", .port = 443}));
  static_assert(SocketAddress::parse("[::1]:443") == SocketAddress({.address = "::1", .port = 443}));
  static_assert(noexcept(SocketAddress::parse(std::string_view())));
  CHECK(parsed("1.2.3.4") == "1.2.3.4:0");
  CHECK(parsed("1.2.3.4:") == "1.2.3.4:0");
  CHECK(parsed("[2001:DB8::]") == "[2001:db8::]:0");
  CHECK(parsed("[::1]:") == "[::1]:0");
  CHECK(parsed("[::ffff:1.2.3.4]:65535") == "[::ffff:1.2.3.4]:65535");
  CHECK(parsed("[1:2:3:4:5:6:7::]:1") == "[1:2:3:4:5:6:7:0]:1");
}

TEST_CASE("S5.13: parse reads IPv4 as a URL does") {
  CHECK(parsed("256") == "0.0.1.0:0");
  CHECK(parsed("192.168.257:1") == "192.168.1.1:1");
  CHECK(parsed("999999999:12") == "59.154.201.255:12");
  CHECK(parsed("0xffffffff") == "255.255.255.255:0");
  CHECK(parsed("0177.0.0.1") == "127.0.0.1:0");
  CHECK(parsed("1.2") == "1.0.0.2:0");
  CHECK(parsed("0x.0x.0") == "0.0.0.0:0");
  CHECK(parsed("0XfF.0x1.2.3") == "255.1.2.3:0");
  CHECK(parsed("1.2.3.4.:5") == "1.2.3.4:5");
  CHECK(parsed("1.") == "0.0.0.1:0");
  CHECK(parsed("1.65536") == "1.1.0.0:0");
  CHECK(parsed("1.65535.1") == "");
  CHECK(parsed("1.16777215") == "1.255.255.255:0");
  CHECK(parsed("1.16777216") == "");
  CHECK(parsed("1.2.65535") == "1.2.255.255:0");
  CHECK(parsed("1.2.65536") == "");
  CHECK(parsed("4294967295") == "255.255.255.255:0");
  CHECK(parsed("00000000000000000000000000000000000001") == "0.0.0.1:0");
}

TEST_CASE("S5.14: parse gives nothing for anything else") {
  for (const std::string_view text : {""sv,
                                      "localhost"sv,
                                      "abc.123"sv,
                                      "259.1.1.1"sv,
                                      "1.2.3.256"sv,
                                      "1.256.3"sv,
                                      "4294967296"sv,
                                      "18446744073709551617"sv,
                                      "1.2.3.4.5"sv,
                                      "1.2.3.08"sv,
                                      "09"sv,
                                      "::1"sv,
                                      "12:12:12"sv,
                                      "[1.2.3.4]"sv,
                                      "[fe80::1%lo]"sv,
                                      "[::1%251]"sv,
                                      "1.2.3.4:65536"sv,
                                      "1.2.3.4:-1"sv,
                                      "1.2.3.4:+1"sv,
                                      "1.2.3.4:8x"sv,
                                      "1.2.3.4:1:2"sv,
                                      " 1.2.3.4"sv,
                                      "[::1]80"sv,
                                      "[::1"sv,
                                      "[]"sv,
                                      "["sv,
                                      "::1]"sv,
                                      "[::1]]"sv,
                                      "[::1]:65536"sv,
                                      "[::1]:80:"sv,
                                      ":80"sv,
                                      "."sv,
                                      ".1"sv,
                                      "1..2"sv,
                                      "1.2.3.4.."sv,
                                      "0xg"sv,
                                      "x"sv,
                                      "1.2.3.4\0"sv,
                                      "1.2.3.4:8\0"sv,
                                      "[::1]\0"sv,
                                      "\0"sv,
                                      "1.2.3.\xb2"sv,
                                      "[::\xff]"sv,
                                      "-1"sv,
                                      "1a"sv,
                                      "[::1.2.3.04]"sv,
                                      "1.2.3.4:99999999999"sv}) {
    CAPTURE(text);
    CHECK_FALSE(SocketAddress::parse(text));
  }
  CHECK_FALSE(SocketAddress::parse({}));
  for (const char c : "19af:.[]x"sv) CHECK_FALSE(SocketAddress::parse(std::string(1 << 20, c)));
  CHECK_FALSE(SocketAddress::parse("1.2.3.4:" + std::string(1 << 20, '9')));
}

TEST_CASE("S5.15: a port may have leading zeros, and port 80 is 80") {
  CHECK(parsed("1.2.3.4:0080") == "1.2.3.4:80");
  CHECK(parsed("[::1]:80") == "[::1]:80");
  CHECK(parsed("1.2.3.4:" + std::string(1000, '0') + "7") == "1.2.3.4:7");
}

TEST_CASE("toString is what parse reads") {
  for (const SocketAddress& address :
       {SocketAddress(), SocketAddress({.address = "255.255.255.255", .port = 65535}),
        SocketAddress({.address = "1234:1234:1234:1234:1234:1234:1234:1234", .port = 65535}),
        SocketAddress({.address = "::ffff:255.255.255.255", .port = 1}),
        SocketAddress({.address = "::", .port = 80})}) {
    CHECK(SocketAddress::parse(address.toString()) == address);
  }
  CHECK(SocketAddress().toString() == "127.0.0.1:0");
  CHECK(SocketAddress({.address = "::1", .port = 80}).toString() == "[::1]:80");
}

TEST_CASE("addresses compare by family, bytes, port and flow label") {
  constexpr SocketAddress address({.address = "::1", .flowlabel = 2, .port = 3});
  static_assert(address == SocketAddress({.address = "0::1", .flowlabel = 2, .port = 3}));
  static_assert(address != SocketAddress({.address = "::1", .flowlabel = 2, .port = 4}));
  static_assert(address != SocketAddress({.address = "::1", .flowlabel = 3, .port = 3}));
  static_assert(SocketAddress({.address = "9.9.9.9"}) < SocketAddress({.address = "10.0.0.0"}));
  static_assert(SocketAddress({.address = "255.9.9.9"}) < SocketAddress({.address = "::"}));
  static_assert(SocketAddress({.port = 1}) < SocketAddress({.port = 2}));
  static_assert(SocketAddress({.address = "1.2.3.4"}) != SocketAddress({.address = "::ffff:1.2.3.4"}));
}

TEST_CASE("addresses can be keys of a hash table") {
  std::unordered_set<SocketAddress> set;
  for (int port = 0; port < 1000; ++port) {
    set.insert(SocketAddress({.address = "10.0.0.1", .port = port}));
    set.insert(SocketAddress({.address = "::1", .port = port}));
    set.insert(SocketAddress({.address = "::1", .port = port}));
  }
  CHECK(set.size() == 2000);
  CHECK(set.contains(SocketAddress({.address = "0:0::1", .port = 7})));
  std::unordered_set<std::size_t> hashes;
  for (const SocketAddress& address : set) hashes.insert(std::hash<SocketAddress>{}(address));
  CHECK(hashes.size() > 1990);
}

TEST_CASE("S12.5: the zone of a host is there for the socket") {
  static_assert(net::detail::zone_of("fe80::1%eth0") == "eth0");
  static_assert(net::detail::zone_of("fe80::1").empty() && net::detail::zone_of("fe80::1%").empty());
}

TEST_CASE("no address has no text") { CHECK(net::detail::to_text({}).empty()); }

}  // namespace

TEST_CASE("an address and its family are written to a stream as their texts") {
  std::ostringstream to;
  to << *net::SocketAddress::parse("[::1]:80") << " " << net::Family::IPv6;
  CHECK(to.str() == "[::1]:80 IPv6");
}
