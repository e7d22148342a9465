#include <net/detail/block_list/rule_line.hpp>

#include <doctest/doctest.h>

#include <string_view>

using namespace net::detail;
using net::Family;

namespace {

constexpr bool is(std::string_view text, RuleKind kind, Family family, std::string_view first,
                  std::string_view last = {}, int prefix = 0) {
  const RuleLine line = read_rule_line(text);
  return line && line.kind == kind && line.family == family && line.first == first && line.last == last &&
         line.prefix == prefix;
}
constexpr bool none(std::string_view text) { return !read_rule_line(text); }

constexpr Family v4 = Family::IPv4, v6 = Family::IPv6;

}  // namespace

TEST_CASE("S6.11: a rule is its kind, its family, and its addresses") {
  static_assert(is("Address: IPv4 1.2.3.4", RuleKind::address, v4, "1.2.3.4"));
  static_assert(is("Address: IPv6 ::1", RuleKind::address, v6, "::1"));
  static_assert(is("Range: IPv4 10.0.0.1-10.0.0.10", RuleKind::range, v4, "10.0.0.1", "10.0.0.10"));
  static_assert(is("Range: IPv6 ::1-::f", RuleKind::range, v6, "::1", "::f"));
  static_assert(is("Subnet: IPv4 10.0.0.0/8", RuleKind::subnet, v4, "10.0.0.0", "", 8));
  static_assert(is("Subnet: IPv6 8592:757c:efae:4e45::/64", RuleKind::subnet, v6, "8592:757c:efae:4e45::", "", 64));
  static_assert(is("Subnet: IPv6 ::/0", RuleKind::subnet, v6, "::", "", 0));
}

TEST_CASE("S6.3, S6.11: the ends of a range may be of two families, the first one's is named") {
  static_assert(is("Range: IPv4 1.1.1.1-::ffff:1.1.1.9", RuleKind::range, v4, "1.1.1.1", "::ffff:1.1.1.9"));
  static_assert(is("Range: IPv6 ::1-1.1.1.9", RuleKind::range, v6, "::1", "1.1.1.9"));
  static_assert(end_family(read_rule_line("Range: IPv4 1.1.1.1-::2")) == v6);
  static_assert(end_family(read_rule_line("Range: IPv6 ::1-1.1.1.9")) == v4);
  static_assert(end_family(read_rule_line("Range: IPv4 1.1.1.1-1.1.1.9")) == v4);
}

TEST_CASE(
    "S6.11: only the shape of an address is asked for: what is none with that shape is found later, and "
    "thrown") {
  static_assert(is("Address: IPv4 999.0.0.01", RuleKind::address, v4, "999.0.0.01"));
  static_assert(is("Address: IPv6 1::2::3", RuleKind::address, v6, "1::2::3"));
  static_assert(is("Address: IPv6 abc", RuleKind::address, v6, "abc"));
  static_assert(is("Subnet: IPv4 1.2.3.4/99", RuleKind::subnet, v4, "1.2.3.4", "", 99));
  static_assert(is("Subnet: IPv6 ::/999", RuleKind::subnet, v6, "::", "", 999));
}

TEST_CASE("S6.11: any other text is no rule") {
  static_assert(none("") && none("Address") && none("Address: ") && none("Address: IPv4") && none("Address: IPv4 "));
  static_assert(none("address: IPv4 1.2.3.4") && none("Address:IPv4 1.2.3.4") && none(" Address: IPv4 1.2.3.4"));
  static_assert(none("Address: ipv4 1.2.3.4") && none("Address: IPv5 1.2.3.4") && none("Address: IPv4  1.2.3.4"));
  static_assert(none("Address: IPv4 1.2.3.4 ") && none("Address: IPv4 1.2.3") && none("Address: IPv4 1.2.3.4.5"));
  static_assert(none("Address: IPv4 1..3.4") && none("Address: IPv4 1.2.3.4444") && none("Address: IPv4 .1.2.3"));
  static_assert(none("Address: IPv4 ::1") && none("Address: IPv6 ::1%eth0") && none("Address: IPv6 ::g"));
  static_assert(none("Range: IPv4 1.1.1.1") && none("Range: IPv4 1.1.1.1-") && none("Range: IPv4 -1.1.1.1"));
  static_assert(none("Range: IPv4 1.1.1.1-1.1.1.2-1.1.1.3") && none("Range: IPv4 1.1.1.1 - 1.1.1.2"));
  static_assert(none("Subnet: IPv4 1.2.3.4") && none("Subnet: IPv4 1.2.3.4/") && none("Subnet: IPv4 1.2.3.4/100"));
  static_assert(none("Subnet: IPv4 1.2.3.4/-1") && none("Subnet: IPv4 1.2.3.4/8x") && none("Subnet: IPv6 ::/1000"));
  static_assert(none("Subnet: IPv4 /8") && none("Subnet: IPv4 1.2.3.4/8/8"));
}
