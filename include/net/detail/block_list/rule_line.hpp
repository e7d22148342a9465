// Reads back what BlockList::rules() writes. Internal.
#ifndef NET_DETAIL_BLOCK_LIST_RULE_LINE_HPP
#define NET_DETAIL_BLOCK_LIST_RULE_LINE_HPP

#include <cstddef>
#include <string_view>

#include <net/detail/block_list/rules.hpp>
#include <net/detail/text/ip_grammar.hpp>

namespace net::inline NET_ABI::detail {

/// The parts of a rule's text, if it is one. They have the shape of addresses, but need not be any.
struct RuleLine {
  constexpr explicit operator bool() const noexcept { return family != Family::unspecified; }

  RuleKind kind = RuleKind::address;
  Family family = Family::unspecified;
  std::string_view first, last;
  int prefix = 0;
};

/// Four numbers of one to three digits, joined by dots.
constexpr bool has_ipv4_shape(std::string_view text) noexcept {
  int digits = 0, dots = 0;
  for (const char c : text) {
    if (c == '.') {
      if (digits == 0) return false;
      ++dots;
      digits = 0;
    } else if (decimal_digit(c) > 9 || ++digits > 3) {
      return false;
    }
  }
  return dots == 3 && digits > 0;
}

constexpr bool has_ipv6_shape(std::string_view text) noexcept {
  for (const char c : text) {
    if (c != ':' && c != '.' && hex_digit(c) == not_a_digit) return false;
  }
  return !text.empty();
}

constexpr bool has_shape(std::string_view text, Family family) noexcept {
  return family == Family::IPv4 ? has_ipv4_shape(text) : has_ipv6_shape(text);
}

/// The ends of a range may be of two families (S6.3).
constexpr Family end_family(const RuleLine& line) noexcept {
  if (line.last.find(':') != std::string_view::npos) return Family::IPv6;
  return has_ipv4_shape(line.last) ? Family::IPv4 : line.family;
}

constexpr bool read_prefix(std::string_view text, Family family, int& prefix) noexcept {
  if (text.empty() || text.size() > (family == Family::IPv4 ? 2U : 3U)) return false;
  for (const char c : text) {
    if (decimal_digit(c) > 9) return false;
    prefix = prefix * 10 + static_cast<int>(decimal_digit(c));
  }
  return true;
}

/// Nothing if the line is not a rule (S6.11).
constexpr RuleLine read_rule_line(std::string_view text) noexcept {
  const auto take = [&text](std::string_view word) {
    if (!text.starts_with(word)) return false;
    text.remove_prefix(word.size());
    return true;
  };
  const auto cut_at = [&text](char separator) {
    const std::size_t at = text.find(separator);
    const std::string_view rest = at == std::string_view::npos ? std::string_view{} : text.substr(at + 1);
    text = text.substr(0, at);
    return rest;
  };
  RuleLine line;
  if (take("Range: ")) {
    line.kind = RuleKind::range;
  } else if (take("Subnet: ")) {
    line.kind = RuleKind::subnet;
  } else if (!take("Address: ")) {
    return {};
  }
  line.family = take("IPv4 ") ? Family::IPv4 : take("IPv6 ") ? Family::IPv6 : Family::unspecified;
  if (line.family == Family::unspecified) return {};
  if (line.kind == RuleKind::range) {
    line.last = cut_at('-');
    if (!has_shape(line.last, end_family(line))) return {};
  }
  if (line.kind == RuleKind::subnet && !read_prefix(cut_at('/'), line.family, line.prefix)) return {};
  line.first = text;
  if (!has_shape(line.first, line.family)) return {};
  return line;
}

}  // namespace net::inline NET_ABI::detail

#endif
