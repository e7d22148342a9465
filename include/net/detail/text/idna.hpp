// Host names that are not ASCII, in the form in which resolvers know them: "bücher.test" is "xn--bcher-kva.test".
// Internal. The system's own AI_IDN reads names in the charset of the process's locale, which nobody has to set.
#ifndef NET_DETAIL_TEXT_IDNA_HPP
#define NET_DETAIL_TEXT_IDNA_HPP

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <net/detail/base/vec.hpp>

namespace net::inline NET_ABI::detail {

/// One character of UTF-8, from `at` on; a number that is no character if it is not well-formed.
constexpr std::uint32_t next_character(std::string_view text, std::size_t& at) noexcept {
  constexpr std::uint32_t bad = 0xffffffff;
  const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
  const std::uint32_t first = byte(at);
  if (first < 0x80) return ++at, first;
  const std::size_t more = first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : 1;
  if (first < 0xc2 || first > 0xf4) return bad;
  std::uint32_t character = first & (0x3fu >> more);
  for (std::size_t i = 1; i <= more; ++i) {
    if ((byte(at + i) & 0xc0) != 0x80) return bad;
    character = character << 6 | (byte(at + i) & 0x3f);
  }
  const bool too_long = (more == 2 && character < 0x800) || (more == 3 && character < 0x10000);
  if (too_long || character > 0x10ffff || (character >= 0xd800 && character < 0xe000)) return bad;
  at += more + 1;
  return character;
}

/// Small letters, and the plain forms of full-width ones and of dots: what UTS #46 maps names to, as far as capital
/// letters of Latin, Greek, Cyrillic and Armenian go.
constexpr std::uint32_t mapped_character(std::uint32_t c) noexcept {
  if (c == 0x3002 || c == 0xff0e || c == 0xff61) return '.';
  if (c >= 0xff01 && c <= 0xff5e) c -= 0xfee0;
  if (c < 0x80) return c >= 'A' && c <= 'Z' ? c + 32 : c;
  if (c >= 0xc0 && c <= 0xde && c != 0xd7) return c + 32;
  if (c == 0x178) return 0xff;
  if (c == 0x1e9e) return 0xdf;
  const auto within = [c](std::uint32_t from, std::uint32_t to) { return c >= from && c <= to; };
  const bool even_is_capital = within(0x100, 0x12f) || within(0x132, 0x137) || within(0x14a, 0x177) ||
                               within(0x1de, 0x1ef) || within(0x1f8, 0x21f) || within(0x222, 0x233) ||
                               within(0x460, 0x481) || within(0x48a, 0x4bf) || within(0x4d0, 0x52f) ||
                               within(0x1e00, 0x1e95) || within(0x1ea0, 0x1eff);
  if (even_is_capital) return c | 1;
  const bool odd_is_capital =
      within(0x139, 0x148) || within(0x179, 0x17e) || within(0x1cd, 0x1dc) || within(0x4c1, 0x4ce);
  if (odd_is_capital) return (c + 1) & ~1u;
  if (c == 0x386) return 0x3ac;
  if (within(0x388, 0x38a)) return c + 37;
  if (c == 0x38c) return 0x3cc;
  if (within(0x38e, 0x38f)) return c + 63;
  if (within(0x391, 0x3ab)) return c + 32;
  if (within(0x400, 0x40f)) return c + 80;
  if (within(0x410, 0x42f)) return c + 32;
  if (within(0x531, 0x556)) return c + 48;
  return c;
}

/// What stands between characters and is no part of a name.
constexpr bool ignored_character(std::uint32_t c) noexcept {
  return c == 0xad || c == 0x200b || c == 0x2060 || c == 0xfeff || (c >= 0xfe00 && c <= 0xfe0f);
}

/// What would have to be composed with its neighbours first: without the tables for that it is refused.
constexpr bool needs_composing(std::uint32_t c) noexcept {
  return c == 0x130 || (c >= 0x300 && c <= 0x36f) || (c >= 0x1100 && c <= 0x11ff);
}

/// RFC 3492: a label as letters, digits and hyphens; all its ASCII characters first.
inline void append_punycode(const Vec<char32_t>& label, std::string& to) {
  constexpr std::uint32_t base = 36, min = 1, max = 26, skew = 38, damp = 700;
  std::uint32_t basic = 0;
  for (const char32_t c : label) {
    if (c < 0x80) to += static_cast<char>(c), ++basic;
  }
  std::uint32_t handled = basic;
  if (basic > 0) to += '-';
  std::uint32_t n = 128, delta = 0, bias = 72;
  const auto size = static_cast<std::uint32_t>(label.size());
  while (handled < size) {
    std::uint32_t next = 0xffffffff;
    for (const char32_t c : label) {
      if (c >= n && c < next) next = c;
    }
    delta += (next - n) * (handled + 1);
    n = next;
    for (const char32_t c : label) {
      if (c < n) ++delta;
      if (c != n) continue;
      std::uint32_t q = delta;
      for (std::uint32_t k = base;; k += base) {
        const std::uint32_t t = k <= bias ? min : k >= bias + max ? max : k - bias;
        const std::uint32_t digit = q < t ? q : t + (q - t) % (base - t);
        to += static_cast<char>(digit < 26 ? 'a' + digit : '0' + (digit - 26));
        if (q < t) break;
        q = (q - t) / (base - t);
      }
      delta = handled == basic ? delta / damp : delta / 2;
      ++handled;
      delta += delta / handled;
      std::uint32_t k = 0;
      for (; delta > (base - min) * max / 2; k += base) delta /= base - min;
      bias = k + (base - min + 1) * delta / (delta + skew);
      delta = 0;
    }
    ++delta;
    ++n;
  }
}

/// The name as resolvers know it; a name of ASCII stays as it is. False: it is no UTF-8, or longer than any name, or
/// in a form that only whole tables of Unicode could normalise.
inline bool to_ascii_host(std::string_view host, std::string& ascii) {
  bool is_ascii = true;
  for (const char c : host) is_ascii = is_ascii && static_cast<unsigned char>(c) < 0x80;
  if (is_ascii) {
    ascii = host;
    return true;
  }
  if (host.size() > 1024) return false;
  ascii.clear();
  Vec<char32_t> label;
  bool foreign = false;
  const auto end_of_label = [&] {
    if (foreign) {
      ascii.append("xn--");
      append_punycode(label, ascii);
    } else {
      for (const char32_t c : label) ascii += static_cast<char>(c);
    }
    label.clear();
    foreign = false;
  };
  for (std::size_t at = 0; at < host.size();) {
    const std::uint32_t c = mapped_character(next_character(host, at));
    if (c > 0x10ffff || needs_composing(c)) return false;
    if (ignored_character(c)) continue;
    if (c == '.') {
      end_of_label();
      ascii += '.';
    } else {
      label.push(static_cast<char32_t>(c));
      foreign = foreign || c >= 0x80;
    }
  }
  end_of_label();
  return true;
}

}  // namespace net::inline NET_ABI::detail

#endif
