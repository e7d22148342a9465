// An IP address with a port: a value.
#ifndef NET_SOCKET_ADDRESS_HPP
#define NET_SOCKET_ADDRESS_HPP

#include <compare>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

#include <net/detail/base/cast.hpp>
#include <net/detail/text/ip_address.hpp>
#include <net/detail/text/url_host.hpp>
#include <net/error.hpp>
#include <net/ip.hpp>

namespace net::inline NET_ABI {

/// What a SocketAddress is made of: `net::SocketAddress({.address = "::1", .port = 80})`.
struct SocketAddressOptions {
  /// An IP literal. Left out: 127.0.0.1, or :: for IPv6. A text that is empty was not left out, and is no
  /// address.
  std::string_view address = {};
  /// Taken from `address` if left out; IPv4 if that is left out too.
  Family family = Family::unspecified;
  /// 0 to 0xfffff; ignored for IPv4.
  std::uint32_t flowlabel = 0;
  /// 0 to 65535.
  int port = 0;
};

namespace detail {

[[noreturn]] NET_API void throw_bad_flowlabel(std::uint32_t flowlabel);

}  // namespace detail

/// An address, a port and, for IPv6, a flow label. Addresses compare by family, bytes, port and flow label:
/// 127.0.0.1 and ::ffff:127.0.0.1 are different values.
class SocketAddress {
 public:
  /// 127.0.0.1, port 0.
  constexpr SocketAddress() noexcept : SocketAddress(detail::ipv4_address(0x7f000001)) {}

  /// Throws `ERR_INVALID_ARG_VALUE` (family), `ERR_SOCKET_BAD_PORT`, `ERR_OUT_OF_RANGE` (flow label) or
  /// `ERR_INVALID_ADDRESS`, in this order (S5.1 to S5.5). A zone, "%eth0", is dropped (S5.6).
  constexpr explicit SocketAddress(const SocketAddressOptions& options) {
    const bool left_out = options.address.data() == nullptr;
    detail::require_family(options.family);
    const Family family = options.family != Family::unspecified ? options.family : detail::family_of(options.address);
    if (options.port < 0 || options.port > 65535) detail::throw_error(detail::bad_port("options.port", options.port));
    if (family == Family::IPv6 && options.flowlabel > 0xfffff) detail::throw_bad_flowlabel(options.flowlabel);
    const std::string_view any = family == Family::IPv4 ? "127.0.0.1" : "::";
    ip_ = detail::require_ip(left_out ? any : options.address, family);
    port_ = static_cast<std::uint16_t>(options.port);
    if (family == Family::IPv6) flowlabel_ = options.flowlabel;
  }

  /// Refused: the address and the port as arguments.
  template <std::convertible_to<std::string_view> Text, class... Port>
  constexpr explicit SocketAddress(const Text&, const Port&...) {
    constexpr bool braces = std::is_void_v<Text>;
    static_assert(braces,
                  "write net::SocketAddress({.address = \"::1\", .port = 80}), or *net::SocketAddress::parse(text)");
  }

  /// From the bytes of an address; what sockets use.
  constexpr explicit SocketAddress(const detail::IpAddress& ip, std::uint16_t port = 0,
                                   std::uint32_t flowlabel = 0) noexcept
      : ip_(ip), port_(port), flowlabel_(flowlabel) {}

  /// Reads `1.2.3.4`, `1.2.3.4:80`, `[::1]` or `[::1]:80`; IPv4 in all the ways a URL may write it, so
  /// `0x7f.1` is 127.0.0.1 (S5.12 to S5.15). Nothing if the text is anything else. A flow label is not part
  /// of the text.
  static constexpr std::optional<SocketAddress> parse(std::string_view text) noexcept {
    const char* p = text.data();
    const char* const end = p + text.size();
    detail::IpAddress ip;
    if (p != end && *p == '[') {
      detail::Ipv6Groups groups;
      p = detail::read_ipv6(p + 1, end, groups);
      if (!p || p == end || *p != ']') return std::nullopt;
      ++p;
      ip = detail::ipv6_address(groups);
    } else {
      std::uint32_t value = 0;
      p = detail::read_url_ipv4(p, end, value);
      if (!p) return std::nullopt;
      ip = detail::ipv4_address(value);
    }
    const int port = detail::read_url_port(p, end);
    if (port < 0) return std::nullopt;
    return SocketAddress(ip, static_cast<std::uint16_t>(port));
  }

  /// The address in its one normal form: lower case, no leading zeros, the longest zeros as "::" (S5.7,
  /// S5.8).
  std::string address() const { return detail::to_text(ip_); }
  constexpr Family family() const noexcept { return ip_.family; }  ///< IPv4 or IPv6
  constexpr std::uint16_t port() const noexcept { return port_; }  ///< 0 to 65535
  /// 0 for IPv4.
  constexpr std::uint32_t flowlabel() const noexcept { return flowlabel_; }
  /// The 4 or 16 bytes of the address in network order, valid as long as this object.
  constexpr std::span<const std::uint8_t> bytes() const noexcept { return {ip_.bytes, ip_.size()}; }
  /// The same with its family, as the rest of the library takes it.
  constexpr const detail::IpAddress& ip() const noexcept { return ip_; }

  /// "127.0.0.1:80", "[::1]:80"; `parse()` reads it back.
  std::string toString() const;

  /// {"address":"::1","port":80,"family":"ipv6","flowlabel":0} (S5.10).
  std::string toJSON() const;

  /// By family, then bytes, port and flow label.
  friend constexpr bool operator==(const SocketAddress&, const SocketAddress&) noexcept = default;
  friend constexpr auto operator<=>(const SocketAddress&, const SocketAddress&) noexcept = default;

 private:
  detail::IpAddress ip_;
  std::uint16_t port_ = 0;
  std::uint32_t flowlabel_ = 0;
};

/// As `toString()` has it, on whatever takes text.
template <class Stream, std::same_as<SocketAddress> Address>
auto operator<<(Stream& to, const Address& address) -> decltype(to << address.toString()) {
  return to << address.toString();
}

namespace detail {

/// The value as Node's errors show it: on one line if it fits.
NET_API std::string inspect(const SocketAddress& address);

}  // namespace detail
}  // namespace net::inline NET_ABI

/// All of the value counts, as in `==`. Not the same from one version to the next.
template <>
struct std::hash<net::SocketAddress> {
  constexpr std::size_t operator()(const net::SocketAddress& address) const noexcept {
    std::uint64_t mix =
        std::uint64_t{address.flowlabel()} << 32 | std::uint64_t{address.port()} << 8 | address.bytes().size();
    for (const std::uint8_t each : address.bytes()) mix = (mix ^ each) * 0x100000001b3;
    return net::detail::cast<std::size_t>(mix ^ mix >> 32);
  }
};

#include <net/socket_address.ipp>

#endif
