// How a URL writes an IPv4 host and a port, for SocketAddress::parse. Internal.
#ifndef NET_DETAIL_TEXT_URL_HOST_HPP
#define NET_DETAIL_TEXT_URL_HOST_HPP

#include <cstdint>

#include <net/detail/text/ip_grammar.hpp>

namespace net::inline NET_ABI::detail {

/// One number of a host: decimal, octal after "0", hexadecimal after "0x". Saturates at 2^32: too big is too
/// big.
constexpr const char* read_url_number(const char* p, const char* end, std::uint64_t& value) noexcept {
  if (p == end || decimal_digit(*p) > 9) return nullptr;
  unsigned base = 10;
  if (*p == '0') {
    base = 8;
    ++p;
    if (p != end && (*p == 'x' || *p == 'X')) {
      base = 16;
      ++p;
    }
  }
  value = 0;
  for (; p != end; ++p) {
    const unsigned digit = hex_digit(*p);
    if (digit >= base) return digit == not_a_digit || digit > 9 ? p : nullptr;
    value = value * base + digit;
    if (value >> 32) value = std::uint64_t{1} << 32;
  }
  return p;
}

/// S5.13: one to four numbers; the last one fills the bytes that remain; one dot may follow.
constexpr const char* read_url_ipv4(const char* p, const char* end, std::uint32_t& value) noexcept {
  std::uint64_t address = 0;
  for (int part = 0; part < 4; ++part) {
    std::uint64_t number = 0;
    p = read_url_number(p, end, number);
    if (!p) return nullptr;
    const bool dot = p != end && *p == '.';
    if (dot) ++p;
    if (!dot || p == end || *p == ':') {
      if (number >> (8 * (4 - part))) return nullptr;
      value = static_cast<std::uint32_t>(address | number);
      return p;
    }
    if (number > 255) return nullptr;
    address |= number << (24 - 8 * part);
  }
  return nullptr;
}

/// S5.12, S5.15: nothing, or a colon and decimal digits up to 65535, to the end of the text. -1 if it is
/// neither.
constexpr int read_url_port(const char* p, const char* end) noexcept {
  if (p == end) return 0;
  if (*p != ':') return -1;
  unsigned port = 0;
  for (++p; p != end; ++p) {
    if (decimal_digit(*p) > 9) return -1;
    port = port * 10 + decimal_digit(*p);
    if (port > 65535) return -1;
  }
  return static_cast<int>(port);
}

}  // namespace net::inline NET_ABI::detail

#endif
