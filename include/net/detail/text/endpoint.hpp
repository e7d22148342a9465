// Where a connection begins or ends, as plain numbers. Internal; knows no system.
#ifndef NET_DETAIL_TEXT_ENDPOINT_HPP
#define NET_DETAIL_TEXT_ENDPOINT_HPP

#include <cstddef>
#include <cstdint>
#include <string>

#include <net/detail/text/ip_address.hpp>

namespace net::inline NET_ABI::detail {

/// An IP address and a port; `scope` is the number of the interface of a link-local IPv6 address.
struct Endpoint {
  IpAddress ip;
  std::uint16_t port = 0;
  std::uint32_t scope = 0;

  explicit operator bool() const noexcept { return static_cast<bool>(ip); }
};

/// Bytes that wait to be sent, somewhere in memory.
struct IoSlice {
  const char* data = nullptr;
  std::size_t size = 0;
};

/// One call sends no more slices than these; the caller sends the rest with further calls.
inline constexpr std::size_t max_slices = 64;

/// How a listening descriptor is made.
struct ListenFlags {
  bool ipv6_only = false;
  bool reuse_port = false;
  int backlog = 511;
};

/// Who may use a path that is listened on (S23.10).
struct PathMode {
  bool readable_all = false;
  bool writable_all = false;
};

}  // namespace net::inline NET_ABI::detail

#endif
