// Addresses in the system's form. Internal.
#ifndef NET_DETAIL_SYS_POSIX_SYSTEM_ADDRESS_HPP
#define NET_DETAIL_SYS_POSIX_SYSTEM_ADDRESS_HPP

#include <cstddef>
#include <cstring>
#include <string_view>

#include <net/detail/io/native_handle.hpp>
#include <net/detail/sys/posix/headers.hpp>
#include <net/detail/text/endpoint.hpp>

#if !defined(_WIN32)

namespace net::inline NET_ABI::detail::os {

/// The system's form of an address of any kind.
struct SystemAddress {
  union {
    sockaddr any;
    sockaddr_in v4;
    sockaddr_in6 v6;
    sockaddr_un local;
    sockaddr_storage storage;
  };
  socklen_t size = sizeof(sockaddr_storage);

  SystemAddress() noexcept { std::memset(&storage, 0, sizeof storage); }

  explicit SystemAddress(const Endpoint& from) noexcept;

  /// False if the path does not fit (S23.5) or holds a NUL that is not its first byte (S23.7).
  bool set_path(std::string_view path) noexcept;

  Endpoint endpoint() const noexcept;
};

NET_API int bind_to(NativeHandle fd, const SystemAddress& address) noexcept;

/// 0: connected; -EINPROGRESS: wait for writable; else a negated errno.
NET_API int connect_to(NativeHandle fd, const SystemAddress& address) noexcept;

}  // namespace net::inline NET_ABI::detail::os

#endif  // !_WIN32

#endif
