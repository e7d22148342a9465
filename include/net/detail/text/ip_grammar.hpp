// The grammar of address literals, character by character: the one place that knows it. Internal.
#ifndef NET_DETAIL_TEXT_IP_GRAMMAR_HPP
#define NET_DETAIL_TEXT_IP_GRAMMAR_HPP

#include <cstddef>
#include <cstdint>

#include <net/detail/base/abi.hpp>

// The readers take the text between two pointers and give back where the address ends, or null if none starts
// there. What may follow (nothing, a zone, a bracket) is the caller's business.
namespace net::inline NET_ABI::detail {

inline constexpr unsigned not_a_digit = 255;

struct HexTable {
  std::uint8_t value[256];

  constexpr HexTable() noexcept : value() {
    for (std::uint8_t& entry : value) entry = not_a_digit;
    for (unsigned i = 0; i < 10; ++i) value['0' + i] = static_cast<std::uint8_t>(i);
    for (unsigned i = 0; i < 6; ++i) value['a' + i] = value['A' + i] = static_cast<std::uint8_t>(10 + i);
  }
};

inline constexpr HexTable hex_table;

/// The value of a hexadecimal digit, `not_a_digit` for every other byte.
constexpr unsigned hex_digit(char c) noexcept { return hex_table.value[static_cast<unsigned char>(c)]; }
/// The value of a decimal digit, above 9 for every other byte.
constexpr unsigned decimal_digit(char c) noexcept { return static_cast<unsigned char>(c) - static_cast<unsigned>('0'); }

/// S4.2: four decimal numbers without leading zeros. `value` is in host order.
constexpr const char* read_ipv4(const char* p, const char* end, std::uint32_t& value) noexcept {
  std::uint32_t bytes = 0;
  for (int part = 1;; ++part) {
    if (p == end) return nullptr;
    unsigned number = decimal_digit(*p);
    if (number > 9) return nullptr;
    ++p;
    if (p != end && decimal_digit(*p) <= 9) {
      if (number == 0) return nullptr;
      number = number * 10 + decimal_digit(*p);
      ++p;
      if (p != end && decimal_digit(*p) <= 9) {
        number = number * 10 + decimal_digit(*p);
        if (number > 255) return nullptr;
        ++p;
      }
    }
    bytes = bytes << 8 | number;
    if (part == 4) break;
    if (p == end || *p != '.') return nullptr;
    ++p;
  }
  value = bytes;
  return p;
}

/// The groups of an IPv6 address as written; `gap` is how many stand before the "::", -1 without one.
struct Ipv6Groups {
  std::uint16_t value[8];
  int count = 0;
  int gap = -1;

  constexpr void push(unsigned group) noexcept { value[count++] = static_cast<std::uint16_t>(group); }
  /// The "::" stands for at least one group.
  constexpr bool complete() const noexcept { return gap < 0 ? count == 8 : count < 8; }
};

/// S4.4: the last two groups written as an IPv4 address.
constexpr const char* read_dotted_tail(const char* p, const char* end, Ipv6Groups& groups) noexcept {
  if (groups.count > 6) return nullptr;
  std::uint32_t tail = 0;
  p = read_ipv4(p, end, tail);
  if (!p) return nullptr;
  groups.push(tail >> 16);
  groups.push(tail & 0xffff);
  return groups.complete() ? p : nullptr;
}

/// S4.3: groups of one to four hexadecimal digits, at most one "::".
constexpr const char* read_ipv6(const char* p, const char* end, Ipv6Groups& groups) noexcept {
  if (end - p < 2) return nullptr;
  if (*p == ':') {
    if (p[1] != ':') return nullptr;
    groups.gap = 0;
    p += 2;
    if (p == end || hex_digit(*p) == not_a_digit) return p;
  }
  for (;;) {
    const char* const start = p;
    if (p == end) return nullptr;
    unsigned group = hex_digit(*p);
    if (group == not_a_digit) return nullptr;
    ++p;
    for (int i = 1; i < 4 && p != end; ++i, ++p) {
      const unsigned digit = hex_digit(*p);
      if (digit == not_a_digit) break;
      group = group << 4 | digit;
    }
    if (p != end && *p == '.') return read_dotted_tail(start, end, groups);
    groups.push(group);
    if (p == end || *p != ':') return groups.complete() ? p : nullptr;
    if (groups.count == 8) return nullptr;
    ++p;
    if (p != end && *p == ':') {
      if (groups.gap >= 0) return nullptr;
      groups.gap = groups.count;
      ++p;
      if (p == end || hex_digit(*p) == not_a_digit) return p;
    }
  }
}

constexpr bool is_zone_character(char c) noexcept {
  return decimal_digit(c) <= 9 || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '.' || c == ':';
}

/// S4.5: "%" and a zone, and nothing more.
constexpr bool is_zone(const char* p, const char* end) noexcept {
  if (end - p < 2 || *p != '%') return false;
  for (++p; p != end; ++p) {
    if (!is_zone_character(*p)) return false;
  }
  return true;
}

}  // namespace net::inline NET_ABI::detail

#endif
