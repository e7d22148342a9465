// Is this text an IP address? Nothing is resolved, nothing is allocated.
#ifndef NET_IP_HPP
#define NET_IP_HPP

#include <concepts>
#include <cstdint>
#include <string_view>

#include <net/detail/text/ip_grammar.hpp>

namespace net::inline NET_ABI {

/// The family of an address; `unspecified` where none is known, or where it is that of the address.
enum class Family : std::uint8_t { unspecified = 0, IPv4 = 4, IPv6 = 6 };

/// "IPv4", "IPv6", or "" for anything else.
constexpr std::string_view to_string(Family family) noexcept {
  return family == Family::IPv4 ? "IPv4" : family == Family::IPv6 ? "IPv6" : std::string_view{};
}

/// Its name, on whatever takes text.
template <class Stream, std::same_as<Family> F>
auto operator<<(Stream& to, F family) -> decltype(to << to_string(family)) {
  return to << to_string(family);
}

/// True for four decimal numbers from 0 to 255 joined by dots, without leading zeros (S4.2).
constexpr bool isIPv4(std::string_view text) noexcept {
  const char* const end = text.data() + text.size();
  std::uint32_t value = 0;
  return detail::read_ipv4(text.data(), end, value) == end && !text.empty();
}

/// True for an IPv6 address, with or without a zone such as "%eth0" (S4.3 to S4.5).
constexpr bool isIPv6(std::string_view text) noexcept {
  const char* const end = text.data() + text.size();
  detail::Ipv6Groups groups;
  const char* const stop = detail::read_ipv6(text.data(), end, groups);
  return stop && (stop == end || detail::is_zone(stop, end));
}

/// 4 or 6 if the text is an address of that family, else 0 (S4.1).
constexpr int isIP(std::string_view text) noexcept {
  // The first dot or colon decides the family; neither is ever further away than this.
  const std::size_t near_start = text.size() < 5 ? text.size() : 5;
  for (std::size_t i = 0; i < near_start; ++i) {
    if (text[i] == '.') return isIPv4(text) ? 4 : 0;
    if (text[i] == ':') return isIPv6(text) ? 6 : 0;
  }
  return 0;
}

}  // namespace net::inline NET_ABI

#endif
