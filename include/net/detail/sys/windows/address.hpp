// Addresses of sockets, and what listens on one. Internal.
#ifndef NET_DETAIL_SYS_WINDOWS_ADDRESS_HPP
#define NET_DETAIL_SYS_WINDOWS_ADDRESS_HPP

#include <cstdint>
#include <string>
#include <string_view>

#include <net/detail/sys/windows/calls.hpp>
#include <net/detail/text/endpoint.hpp>

#if defined(_WIN32)

namespace net::inline NET_ABI::detail::os {

/// The system's form of an address.
struct SystemAddress {
  union {
    win::Ip4 v4;
    win::Ip6 v6;
    unsigned char bytes[128];
  };
  int size = sizeof bytes;

  SystemAddress() noexcept : bytes{} {}
  explicit SystemAddress(const Endpoint& from) noexcept;

  ::sockaddr* get() noexcept { return win::as<::sockaddr>(&bytes[0]); }
  const ::sockaddr* get() const noexcept { return win::as<const ::sockaddr>(&bytes[0]); }

  Endpoint endpoint() const noexcept;
};

NET_API Endpoint local_end(NativeHandle fd) noexcept;
NET_API Endpoint remote_end(NativeHandle fd) noexcept;

/// A socket that has no other end yet (S22.9).
NET_API bool unconnected(NativeHandle fd) noexcept;

/// The number that a zone is: names of interfaces are none on this system, as in Node. 0 if it is no number.
NET_API std::uint32_t interface_index(std::string_view zone) noexcept;
NET_API std::string interface_name(std::uint32_t index);

NET_API int bind_to(NativeHandle fd, const Endpoint& at) noexcept;

/// 0: connected; -EINPROGRESS: wait for writable; else a negated errno.
NET_API int connect_to(NativeHandle fd, Endpoint to) noexcept;

/// A listening TCP socket, or a negated errno.
NET_API NativeHandle listen_on(const Endpoint& at, const ListenFlags& flags) noexcept;

}  // namespace net::inline NET_ABI::detail::os

#endif  // _WIN32

#include <net/detail/sys/windows/address.ipp>

#endif
