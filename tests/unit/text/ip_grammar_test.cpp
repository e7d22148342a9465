#include <net/detail/text/ip_grammar.hpp>

#include <doctest/doctest.h>

#include <string_view>

using namespace net::detail;
using namespace std::string_view_literals;

namespace {

/// How many characters of the text are an address; -1 if none begins there.
constexpr std::ptrdiff_t ipv4_length(std::string_view text) {
  std::uint32_t value = 0;
  const char* const end = read_ipv4(text.data(), text.data() + text.size(), value);
  return end ? end - text.data() : -1;
}
constexpr std::uint32_t ipv4_value(std::string_view text) {
  std::uint32_t value = 0;
  (void)read_ipv4(text.data(), text.data() + text.size(), value);
  return value;
}
constexpr std::ptrdiff_t ipv6_length(std::string_view text) {
  Ipv6Groups groups;
  const char* const end = read_ipv6(text.data(), text.data() + text.size(), groups);
  return end ? end - text.data() : -1;
}
constexpr Ipv6Groups ipv6_groups(std::string_view text) {
  Ipv6Groups groups{};
  (void)read_ipv6(text.data(), text.data() + text.size(), groups);
  return groups;
}
constexpr bool zone(std::string_view text) { return is_zone(text.data(), text.data() + text.size()); }

constexpr bool digits_are_what_they_are() {
  for (int byte = 0; byte < 256; ++byte) {
    const char c = static_cast<char>(byte);
    const std::size_t at = "0123456789abcdefABCDEF"sv.find(c);
    const unsigned expected = at == std::string_view::npos ? not_a_digit : static_cast<unsigned>(at < 16 ? at : at - 6);
    if (hex_digit(c) != expected) return false;
    if ((decimal_digit(c) <= 9) != (expected <= 9)) return false;
  }
  return true;
}

}  // namespace

TEST_CASE("every byte is a digit of its value, or none") { static_assert(digits_are_what_they_are()); }

TEST_CASE("S4.2: an IPv4 address ends where its fourth number ends; what follows is left to the caller") {
  static_assert(ipv4_length("1.2.3.4") == 7 && ipv4_length("1.2.3.4.5") == 7 && ipv4_length("1.2.3.4%x") == 7);
  static_assert(ipv4_length("1.2.3.4567") == -1 && ipv4_length("1.2.3.25]") == 8 && ipv4_length("1.2.3.0:1") == 7);
  static_assert(ipv4_length("1.2.3.00") == -1 && ipv4_length("1.2.3.256") == -1);
  static_assert(ipv4_length("") == -1 && ipv4_length("1.2.3.") == -1 && ipv4_length("1.2.3") == -1);
  static_assert(ipv4_value("1.2.3.4") == 0x01020304 && ipv4_value("255.255.255.255") == 0xffffffff);
  static_assert(ipv4_value("1.2.3.x") == 0, "no value without an address");
}

TEST_CASE("S4.3: the groups of an IPv6 address are noted as written, and where the two colons stand") {
  static_assert(ipv6_groups("1:2:3:4:5:6:7:8").count == 8 && ipv6_groups("1:2:3:4:5:6:7:8").gap == -1);
  static_assert(ipv6_groups("::").count == 0 && ipv6_groups("::").gap == 0);
  static_assert(ipv6_groups("1::").count == 1 && ipv6_groups("1::").gap == 1);
  static_assert(ipv6_groups("a:b::c").count == 3 && ipv6_groups("a:b::c").gap == 2 &&
                ipv6_groups("a:b::FffF").value[2] == 0xffff);
  static_assert(ipv6_groups("::1.2.3.4").count == 2 && ipv6_groups("::1.2.3.4").value[0] == 0x0102 &&
                ipv6_groups("::1.2.3.4").value[1] == 0x0304);
}

TEST_CASE("S4.3, S4.4: an IPv6 address ends before what can be no part of it") {
  static_assert(ipv6_length("::") == 2 && ipv6_length("::]") == 2 && ipv6_length("::%eth0") == 2 &&
                ipv6_length("1::]:80") == 3);
  static_assert(ipv6_length("::1/64") == 3 && ipv6_length("1:2:3:4:5:6:7:8]") == 15);
  static_assert(ipv6_length("1:2:3:4:5:6:7:8:9") == -1 && ipv6_length("1:2:3") == -1 && ipv6_length("1::2::3") == -1);
  static_assert(ipv6_length(":1") == -1 && ipv6_length(":") == -1 && ipv6_length("") == -1 && ipv6_length("1:") == -1);
  static_assert(ipv6_length("12345::") == -1 && ipv6_length("::12345") == 6);
  static_assert(ipv6_length("1:2:3:4:5:6:1.2.3.4") == 19 && ipv6_length("1:2:3:4:5:1.2.3.4") == -1);
  static_assert(ipv6_length("1:2:3:4:5:6:7:1.2.3.4") == -1 && ipv6_length("::1.2.3.4:5") == 9 &&
                ipv6_length("::1.2.3") == -1);
  static_assert(ipv6_length("1:2:3:4:5:6:7::") == 15 && ipv6_length("1:2:3:4:5:6:7:8::") == -1);
  static_assert(ipv6_length("::256.1.1.1") == -1 && ipv6_length("::01.1.1.1") == -1);
}

TEST_CASE("S4.5: a zone is a percent sign and at least one letter, digit, '-', '.' or ':', to the end") {
  static_assert(zone("%eth0") && zone("%1") && zone("%a-b.c:d") && zone("%Z"));
  static_assert(!zone("%") && !zone("") && !zone("eth0") && !zone("%eth0 ") && !zone("%a%b") && !zone("%a/64") &&
                !zone("%_"));
  static_assert(!zone("%a\0"sv) && !zone("%\xC3\xA9"));
}
