// The bodies of address.hpp. Internal.
#ifndef NET_DETAIL_SYS_POSIX_ADDRESS_IPP
#define NET_DETAIL_SYS_POSIX_ADDRESS_IPP

#include <net/detail/sys/posix/address.hpp>

#if NET_BODIES

#include <net/detail/sys/posix/calls.hpp>
#include <net/detail/sys/posix/headers.hpp>
#include <net/detail/sys/posix/system_address.hpp>

#if !defined(_WIN32)

namespace net::inline NET_ABI::detail::os {

NET_API SystemAddress::SystemAddress(const Endpoint& from) noexcept : SystemAddress() {
  if (from.ip.family == Family::IPv6) {
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(from.port);
    v6.sin6_scope_id = from.scope;
    std::memcpy(&v6.sin6_addr, from.ip.bytes, 16);
    size = sizeof v6;
  } else {
    v4.sin_family = AF_INET;
    v4.sin_port = htons(from.port);
    std::memcpy(&v4.sin_addr, from.ip.bytes, 4);
    size = sizeof v4;
  }
}

NET_API bool SystemAddress::set_path(std::string_view path) noexcept {
  const bool abstract = !path.empty() && path[0] == '\0';
  if (path.empty() || path.size() > sizeof local.sun_path) return false;
#if !defined(__linux__)
  if (abstract) return false;
#endif
  if (!abstract && path.find('\0') != std::string_view::npos) return false;
  local.sun_family = AF_UNIX;
  std::memcpy(local.sun_path, path.data(), path.size());
  const std::size_t end = abstract || path.size() == sizeof local.sun_path ? path.size() : path.size() + 1;
  size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + end);
  return true;
}

NET_API Endpoint SystemAddress::endpoint() const noexcept {
  Endpoint to;
  if (any.sa_family == AF_INET6) {
    to.ip.family = Family::IPv6;
    to.port = ntohs(v6.sin6_port);
    to.scope = v6.sin6_scope_id;
    std::memcpy(to.ip.bytes, &v6.sin6_addr, 16);
  } else if (any.sa_family == AF_INET) {
    to.ip.family = Family::IPv4;
    to.port = ntohs(v4.sin_port);
    std::memcpy(to.ip.bytes, &v4.sin_addr, 4);
  }
  return to;
}

NET_API Endpoint local_end(NativeHandle fd) noexcept {
  SystemAddress name;
  return ::getsockname(fd, &name.any, &name.size) == 0 ? name.endpoint() : Endpoint{};
}

NET_API Endpoint remote_end(NativeHandle fd) noexcept {
  SystemAddress name;
  return ::getpeername(fd, &name.any, &name.size) == 0 ? name.endpoint() : Endpoint{};
}

NET_API bool unconnected(NativeHandle fd) noexcept {
  SystemAddress name;
  return ::getpeername(fd, &name.any, &name.size) != 0 && errno == ENOTCONN;
}

NET_API std::uint32_t interface_index(std::string_view zone) noexcept {
  std::uint32_t number = 0;
  bool decimal = !zone.empty() && zone.size() < 10;
  for (const char c : zone) {
    decimal = decimal && c >= '0' && c <= '9';
    number = number * 10 + static_cast<std::uint32_t>(c - '0');
  }
  if (decimal) return number;
  char name[IF_NAMESIZE] = {};
  if (zone.empty() || zone.size() >= sizeof name) return 0;
  std::memcpy(name, zone.data(), zone.size());
  return ::if_nametoindex(name);
}

NET_API std::string interface_name(std::uint32_t index) {
  char name[IF_NAMESIZE] = {};
  return ::if_indextoname(index, name) ? name : std::to_string(index);
}

NET_API int bind_to(NativeHandle fd, const SystemAddress& address) noexcept {
  return ::bind(fd, &address.any, address.size) == 0 ? 0 : -errno;
}

NET_API int connect_to(NativeHandle fd, const SystemAddress& address) noexcept {
  if (::connect(fd, &address.any, address.size) == 0) return 0;
  // an interrupted connect goes on by itself
  return errno == EINTR ? -EINPROGRESS : -errno;
}

NET_API int listen_on(const Endpoint& at, const ListenFlags& flags) noexcept {
  const int fd = open_socket(at.ip.family == Family::IPv6 ? AF_INET6 : AF_INET);
  if (fd < 0) return fd;
  int failed = set_flag(fd, SOL_SOCKET, SO_REUSEADDR, 1);
  if (failed == 0 && at.ip.family == Family::IPv6) failed = set_flag(fd, IPPROTO_IPV6, IPV6_V6ONLY, flags.ipv6_only);
  if (failed == 0 && flags.reuse_port) {
#if defined(SO_REUSEPORT_LB)
    failed = set_flag(fd, SOL_SOCKET, SO_REUSEPORT_LB, 1);
#elif (defined(__linux__) || defined(__DragonFly__)) && defined(SO_REUSEPORT)
    failed = set_flag(fd, SOL_SOCKET, SO_REUSEPORT, 1);
#else  // the others have the option, but it shares the connections out to the last one
    failed = -ENOTSUP;
#endif
  }
  if (failed == 0) failed = bind_to(fd, SystemAddress(at));
  if (failed == 0 && ::listen(fd, flags.backlog) != 0) failed = -errno;
  if (failed == 0) return fd;
  close_descriptor(fd);
  return failed;
}

NET_API void remove_path(std::string_view path) noexcept {
  if (path.empty() || path[0] == '\0') return;
  char name[sizeof(sockaddr_un::sun_path) + 1] = {};
  if (path.size() >= sizeof name) return;
  std::memcpy(name, path.data(), path.size());
  ::unlink(name);
}

NET_API int listen_on_path(std::string_view path, const PathMode& mode, int backlog, bool* mode_failed) noexcept {
  SystemAddress address;
  if (!address.set_path(path)) return -EINVAL;
  const int fd = open_socket(AF_UNIX);
  if (fd < 0) return fd;
  int failed = bind_to(fd, address);
  const bool bound = failed == 0;
  if (failed == -ENOENT) failed = -EACCES;
  if (bound && (mode.readable_all || mode.writable_all) && path[0] != '\0') {
    const mode_t bits =
        (mode.readable_all ? S_IRUSR | S_IRGRP | S_IROTH : 0u) | (mode.writable_all ? S_IWUSR | S_IWGRP | S_IWOTH : 0u);
    char name[sizeof(sockaddr_un::sun_path) + 1] = {};
    std::memcpy(name, path.data(), path.size());
    if (::chmod(name, bits) != 0) failed = -errno;
    if (mode_failed) *mode_failed = failed != 0;
  }
  if (failed == 0 && ::listen(fd, backlog) != 0) failed = -errno;
  if (failed == 0) return fd;
  close_descriptor(fd);
  if (bound) remove_path(path);
  return failed;
}

NET_API int listen_on_descriptor(NativeHandle fd, int backlog) noexcept {
  const DescriptorKind kind = kind_of(fd);
  if (kind != DescriptorKind::tcp && kind != DescriptorKind::local) return -EINVAL;
  if (const int failed = prepare(fd); failed < 0) return failed;
  int listens = 0;
  socklen_t size = sizeof listens;
  if (backlog == 0 && ::getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) == 0) return listens ? 0 : -EINVAL;
  return ::listen(fd, backlog == 0 ? 511 : backlog) == 0 ? 0 : -errno;
}

}  // namespace net::inline NET_ABI::detail::os

#endif  // !_WIN32

#endif
#endif
