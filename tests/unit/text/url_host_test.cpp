#include <net/detail/text/url_host.hpp>

#include <doctest/doctest.h>

#include <string_view>

using namespace net::detail;

namespace {

/// The address that a host is, with what is left of it; no address: -1.
constexpr std::int64_t host(std::string_view text, std::size_t left = 0) {
  std::uint32_t value = 0;
  const char* const end = text.data() + text.size();
  const char* const stop = read_url_ipv4(text.data(), end, value);
  return stop && static_cast<std::size_t>(end - stop) == left ? std::int64_t{value} : -1;
}
constexpr int port(std::string_view text) { return read_url_port(text.data(), text.data() + text.size()); }

}  // namespace

TEST_CASE("S5.13: a number of a host is decimal, octal behind 0, hexadecimal behind 0x; 0x alone is 0") {
  static_assert(host("10") == 10 && host("010") == 8 && host("0x10") == 16 && host("0XfF") == 255);
  static_assert(host("0") == 0 && host("00") == 0 && host("0x") == 0 && host("0x.0x") == 0);
  static_assert(host("08") == -1 && host("019") == -1 && host("0xg") == -1);
  static_assert(host("00000000000000000000000000000000000000377") == 255);
}

TEST_CASE("S5.13: the last number fills the bytes that are left, and may be no greater than they hold") {
  static_assert(host("1.2.3.4") == 0x01020304 && host("1.2.3") == 0x01020003 && host("1.2") == 0x01000002);
  static_assert(host("4294967295") == 0xffffffff && host("4294967296") == -1);
  static_assert(host("1.16777215") == 0x01ffffff && host("1.16777216") == -1);
  static_assert(host("1.2.65535") == 0x0102ffff && host("1.2.65536") == -1);
  static_assert(host("1.2.3.255") == 0x010203ff && host("1.2.3.256") == -1 && host("256.1") == -1);
  static_assert(host("99999999999999999999999999999999") == -1, "too big stays too big");
  static_assert(host("0xffffffffffffffffffff0000000a") == -1);
}

TEST_CASE("S5.13: one dot may follow, and nothing else but a port") {
  static_assert(host("1.2.3.4.") == 0x01020304 && host("1.") == 1 && host("1.2.3.4.:80", 3) == 0x01020304);
  static_assert(host("1.2.3.4..") == -1 && host("1..2") == -1 && host(".1") == -1 && host("") == -1);
  static_assert(host("1.2.3.4.5") == -1 && host("a") == -1 && host("-1") == -1 && host("1.x") == -1);
  static_assert(host("1:80", 3) == 1);
}

TEST_CASE("S5.12, S5.15: a port is decimal digits up to 65535 behind a colon, or nothing at all") {
  static_assert(port("") == 0 && port(":") == 0 && port(":0") == 0 && port(":80") == 80 && port(":65535") == 65535);
  static_assert(port(":65536") == -1 && port(":0000000000000000080") == 80 && port(":99999999999999999999") == -1);
  static_assert(port("80") == -1 && port(":8a") == -1 && port(":-1") == -1 && port(": 1") == -1 && port(":1 ") == -1);
  CHECK(port("::") == -1);
}
