#include <net/detail/block_list/rules.hpp>

#include <doctest/doctest.h>

#include <string_view>

using namespace net::detail;
using net::Family;

namespace {

constexpr IpAddress at(std::string_view text) { return parse_ip(text); }
constexpr BlockRule address(std::string_view ip) { return {RuleKind::address, 0, at(ip)}; }
constexpr BlockRule range(std::string_view first, std::string_view last) {
  return {RuleKind::range, 0, at(first), at(last)};
}
constexpr BlockRule subnet(std::string_view ip, std::uint8_t prefix) { return {RuleKind::subnet, prefix, at(ip)}; }

}  // namespace

TEST_CASE("S6.6: as a number an IPv4 address is the mapped one") {
  static_assert(wide(at("1.2.3.4")) == wide(at("::ffff:1.2.3.4")) && wide(at("1.2.3.4")).low == 0xffff01020304);
  static_assert(wide(at("1:2:3:4:5:6:7:8")) == Wide{0x0001000200030004, 0x0005000600070008});
  static_assert(is_mapped(wide(at("0.0.0.0"))) && is_mapped(last_mapped) && !is_mapped(wide(at("::1.2.3.4"))));
  static_assert(!is_mapped(Wide{1, 0xffff00000000}) && !is_mapped(Wide{0, 0x1000000000000}));
  static_assert(ipv4_part(wide(at("1.2.3.4"))) == 0x01020304);
  static_assert(later({1, 0}, {0, 9}) == Wide{1, 0} && earlier({1, 0}, {0, 9}) == Wide{0, 9});
}

TEST_CASE("S6.3: ends are out of order only if they can be compared: of one family, or both mapped") {
  static_assert(in_order(at("1.1.1.1"), at("1.1.1.1")) && in_order(at("1.1.1.1"), at("2.0.0.0")));
  static_assert(!in_order(at("2.0.0.0"), at("1.1.1.1")) && !in_order(at("::2"), at("::1")));
  static_assert(!in_order(at("2.0.0.0"), at("::ffff:1.1.1.1")) && in_order(at("1.1.1.1"), at("::ffff:1.1.1.2")));
  static_assert(in_order(at("1.1.1.1"), at("::1")) && in_order(at("ffff::"), at("1.1.1.1")));
}

TEST_CASE("S6.9: a rule is written with its kind, its family and its normal addresses") {
  CHECK(rule_text(address("1.1.1.1")) == "Address: IPv4 1.1.1.1");
  CHECK(rule_text(address("0:0::1")) == "Address: IPv6 ::1");
  CHECK(rule_text(range("10.0.0.1", "10.0.0.10")) == "Range: IPv4 10.0.0.1-10.0.0.10");
  CHECK(rule_text(range("1.1.1.1", "::ffff:1.1.1.9")) == "Range: IPv4 1.1.1.1-::ffff:1.1.1.9");
  CHECK(rule_text(subnet("8592:757c:efae:4e45::", 64)) == "Subnet: IPv6 8592:757c:efae:4e45::/64");
}

TEST_CASE("S6.5: no address matches nothing, not even a subnet of everything") {
  BlockRules rules;
  CHECK_FALSE(rules.matches(at("1.2.3.4")));
  rules.add(subnet("::", 0));
  CHECK_FALSE(rules.matches({}));
  CHECK(rules.matches(at("::")));
  CHECK_MESSAGE(rules.matches(at("1.2.3.4")), "all of IPv4 is within it, mapped");
}

TEST_CASE("S6.4, S6.6: a subnet's host bits do not count, and one that holds mapped addresses holds IPv4's") {
  BlockRules rules;
  rules.add(subnet("10.1.2.3", 8));
  CHECK(rules.matches(at("10.255.255.255")));
  CHECK(rules.matches(at("::ffff:10.0.0.0")));
  CHECK_FALSE(rules.matches(at("11.0.0.0")));
  CHECK_FALSE(rules.matches(at("9.255.255.255")));
  rules.add(subnet("::ffff:20.0.0.0", 104));
  CHECK(rules.matches(at("20.1.1.1")));
  CHECK_FALSE(rules.matches(at("21.1.1.1")));
  rules.add(subnet("2001:db8::1", 32));
  CHECK(rules.matches(at("2001:db8:ffff:ffff:ffff:ffff:ffff:ffff")));
  CHECK_FALSE(rules.matches(at("2001:db9::")));
  rules.add(subnet("2001:db9::1", 128));
  CHECK(rules.matches(at("2001:db9::1")));
  CHECK_FALSE(rules.matches(at("2001:db9::2")));
}

TEST_CASE(
    "S6.3, S6.6: a range with ends of two families is IPv6's, and never one of an IPv4 address written as "
    "such") {
  BlockRules rules;
  rules.add(range("1.1.1.1", "::ffff:1.1.1.9"));
  CHECK_MESSAGE(rules.matches(at("1.1.1.5")), "both ends are mapped: that is an IPv4 range");
  rules.add(range("5.5.5.5", "::1:0:0:0"));
  CHECK_FALSE(rules.matches(at("5.5.5.6")));
  CHECK(rules.matches(at("::ffff:5.5.5.6")));
  CHECK_FALSE(rules.matches(at("::ffff:5.5.5.4")));
}

TEST_CASE("S6.9: the rules are kept as they were added, oldest first, whatever they match") {
  BlockRules rules;
  for (int i = 0; i < 100; ++i) rules.add({RuleKind::address, 0, ipv4_address(static_cast<std::uint32_t>(i % 10))});
  const auto kept = rules.rules();
  REQUIRE(kept.size() == 100);
  for (std::size_t i = 0; i < 100; ++i) CHECK(kept[i].first == ipv4_address(static_cast<std::uint32_t>(i % 10)));
}
