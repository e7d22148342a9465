// The bodies of channel.hpp. Internal.
#ifndef NET_DETAIL_SYS_POSIX_CHANNEL_IPP
#define NET_DETAIL_SYS_POSIX_CHANNEL_IPP

#include <net/detail/sys/posix/channel.hpp>

#if NET_BODIES

#include <cerrno>

#include <net/detail/sys/posix/calls.hpp>
#include <net/detail/sys/posix/headers.hpp>
#include <net/detail/sys/posix/system_address.hpp>

#if !defined(_WIN32)

namespace net::inline NET_ABI::detail {

NET_API int fd_channel::open(Family family) noexcept {
  return set(os::open_socket(family == Family::IPv6 ? AF_INET6 : AF_INET));
}

NET_API int fd_channel::bind(const Endpoint& to) noexcept {
  if (const int failed = os::set_flag(fd, SOL_SOCKET, SO_REUSEADDR, 1); failed < 0) return failed;
  return os::bind_to(fd, os::SystemAddress(to));
}

NET_API int fd_channel::start_connect(const Endpoint& to) noexcept { return os::connect_to(fd, os::SystemAddress(to)); }

NET_API int fd_channel::start_connect_path(std::string_view path) noexcept {
  os::SystemAddress address;
  if (!address.set_path(path)) return -EINVAL;
  if (!is_open()) {
    if (const int failed = set(os::open_socket(AF_UNIX)); failed < 0) return failed;
  }
  return os::connect_to(fd, address);
}

NET_API std::ptrdiff_t fd_channel::write(const IoSlice* slices, std::size_t count) noexcept {
  if (not_socket_) return os::write_slices(fd, slices, count);
  return count == 1 ? os::send_one(fd, slices->data, slices->size) : os::send_slices(fd, slices, count);
}

NET_API int fd_channel::set(int descriptor, bool not_socket) noexcept {
  if (descriptor < 0) return descriptor;
  fd = descriptor;
  if constexpr (os::poller_takes_errors) failure = 0;
  not_socket_ = not_socket;
  return 0;
}

}  // namespace net::inline NET_ABI::detail

#endif  // !_WIN32

#endif
#endif
