// An address as bytes, and the way from text to bytes and back. Internal.
#ifndef NET_DETAIL_TEXT_IP_ADDRESS_HPP
#define NET_DETAIL_TEXT_IP_ADDRESS_HPP

#include <compare>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <net/detail/text/ip_grammar.hpp>
#include <net/error.hpp>
#include <net/ip.hpp>

namespace net::inline NET_ABI::detail {

/// The bytes of an address in network order: the first 4 or all 16, the rest zero. `unspecified`: no address.
struct IpAddress {
  Family family = Family::unspecified;
  std::uint8_t bytes[16] = {};

  constexpr std::size_t size() const noexcept { return family == Family::IPv4 ? 4 : family == Family::IPv6 ? 16 : 0; }
  constexpr unsigned group(int i) const noexcept { return static_cast<unsigned>(bytes[2 * i] << 8 | bytes[2 * i + 1]); }
  constexpr explicit operator bool() const noexcept { return family != Family::unspecified; }

  friend constexpr bool operator==(const IpAddress&, const IpAddress&) noexcept = default;
  friend constexpr auto operator<=>(const IpAddress&, const IpAddress&) noexcept = default;
};

/// `value` is in host order.
constexpr IpAddress ipv4_address(std::uint32_t value) noexcept {
  IpAddress ip{.family = Family::IPv4};
  for (int i = 0; i < 4; ++i) ip.bytes[i] = static_cast<std::uint8_t>(value >> (24 - 8 * i));
  return ip;
}

/// Puts zeros where the "::" stood. The groups are complete.
constexpr IpAddress ipv6_address(const Ipv6Groups& groups) noexcept {
  IpAddress ip{.family = Family::IPv6};
  const int zeros = 8 - groups.count;
  for (int i = 0; i < groups.count; ++i) {
    const int at = groups.gap >= 0 && i >= groups.gap ? i + zeros : i;
    ip.bytes[2 * at] = static_cast<std::uint8_t>(groups.value[i] >> 8);
    ip.bytes[2 * at + 1] = static_cast<std::uint8_t>(groups.value[i]);
  }
  return ip;
}

/// A zone is let through whatever its name is (S5.6), but a byte that no text holds makes it no address.
constexpr bool is_any_zone(const char* p, const char* end) noexcept {
  if (*p != '%') return false;
  for (; p != end; ++p) {
    if (*p == '\0' || static_cast<unsigned char>(*p) > 127) return false;
  }
  return true;
}

/// The family of a text that is one of the two.
constexpr Family family_of(std::string_view text) noexcept {
  return text.find(':') == std::string_view::npos ? Family::IPv4 : Family::IPv6;
}

/// S5.5, S5.6: a strict literal of the family, or of either if `unspecified`. No address if it is none.
constexpr IpAddress parse_ip(std::string_view text, Family family = Family::unspecified) noexcept {
  if (text.empty()) return {};
  if (family == Family::unspecified) family = family_of(text);
  const char* const end = text.data() + text.size();
  if (family == Family::IPv4) {
    std::uint32_t value = 0;
    return read_ipv4(text.data(), end, value) == end ? ipv4_address(value) : IpAddress{};
  }
  Ipv6Groups groups;
  const char* const stop = family == Family::IPv6 ? read_ipv6(text.data(), end, groups) : nullptr;
  return stop && (stop == end || is_any_zone(stop, end)) ? ipv6_address(groups) : IpAddress{};
}

/// What follows the "%": "eth0" of "fe80::1%eth0"; "" without one.
constexpr std::string_view zone_of(std::string_view text) noexcept {
  const std::size_t at = text.find('%');
  return at == std::string_view::npos ? std::string_view{} : text.substr(at + 1);
}

/// An address or an address with a port, as text in place.
class IpText {
 public:
  constexpr void push(char c) noexcept { text_[size_++] = c; }
  constexpr void push_number(unsigned number, unsigned base) noexcept {
    if (number >= base) push_number(number / base, base);
    push("0123456789abcdef"[number % base]);
  }
  constexpr std::string_view view() const noexcept { return {text_, size_}; }

 private:
  char text_[64] = {};
  std::size_t size_ = 0;
};

/// The zeros that are written "::": the longest run of at least two groups, the first of equals.
struct ZeroRun {
  int start = -1, length = 1;

  constexpr explicit ZeroRun(const IpAddress& ip) noexcept {
    for (int i = 0; i < 8; ++i) {
      int j = i;
      while (j < 8 && ip.group(j) == 0) ++j;
      if (j - i > length) {
        start = i;
        length = j - i;
      }
      if (j > i) i = j;
    }
  }
};

constexpr void write_dotted(IpText& out, const std::uint8_t* bytes) noexcept {
  for (int i = 0; i < 4; ++i) {
    if (i > 0) out.push('.');
    out.push_number(bytes[i], 10);
  }
}

/// S5.7, S5.8: the normalised text of an address.
constexpr void write_ip(IpText& out, const IpAddress& ip) noexcept {
  if (ip.family == Family::IPv4) return write_dotted(out, ip.bytes);
  const ZeroRun run(ip);
  const bool dotted = run.start == 0 && (run.length == 6 || (run.length == 5 && ip.group(5) == 0xffff));
  for (int i = 0; i < 8; ++i) {
    if (i == run.start) {
      out.push(':');
      i += run.length;
      if (i == 8) return out.push(':');
    }
    if (i > 0) out.push(':');
    if (dotted && i == 6) return write_dotted(out, ip.bytes + 12);
    out.push_number(ip.group(i), 16);
  }
}

/// "" for no address.
NET_API std::string to_text(const IpAddress& ip);

/// Whether the address is good on one interface only: fe80::/10.
constexpr bool is_link_local(const IpAddress& ip) noexcept {
  return ip.family == Family::IPv6 && ip.bytes[0] == 0xfe && (ip.bytes[1] & 0xc0) == 0x80;
}

[[noreturn]] NET_API void throw_bad_family(Family family);

/// S5.2: a family has to be one of the two, or `unspecified`.
constexpr void require_family(Family family) {
  if (family != Family::unspecified && to_string(family).empty()) throw_bad_family(family);
}

/// The same as `parse_ip`; throws the errors of S5.2 and S5.5.
constexpr IpAddress require_ip(std::string_view text, Family family) {
  require_family(family);
  const IpAddress ip = parse_ip(text, family);
  if (!ip) throw_error(make_error(Errc::ERR_INVALID_ADDRESS));
  return ip;
}

}  // namespace net::inline NET_ABI::detail

#include <net/detail/text/ip_address.ipp>

#endif
