// The bodies of address.hpp. Internal.
#ifndef NET_DETAIL_SYS_WINDOWS_ADDRESS_IPP
#define NET_DETAIL_SYS_WINDOWS_ADDRESS_IPP

#include <net/detail/sys/windows/address.hpp>

#if NET_BODIES

#include <cerrno>
#include <cstring>

#include <net/detail/sys/windows/errors.hpp>

#if defined(_WIN32)

namespace net::inline NET_ABI::detail::os {

/// From one order of bytes to the other, whichever is the machine's.
constexpr std::uint16_t network_order(std::uint16_t port) noexcept {
  return static_cast<std::uint16_t>(port << 8 | port >> 8);
}

NET_API SystemAddress::SystemAddress(const Endpoint& from) noexcept : SystemAddress() {
  if (from.ip.family == Family::IPv6) {
    win::Ip6 six{};
    six.family = win::family_ip6;
    six.port = network_order(from.port);
    six.scope = from.scope;
    std::memcpy(six.address, from.ip.bytes, 16);
    std::memcpy(bytes, &six, sizeof six);
    size = sizeof six;
  } else {
    win::Ip4 four{};
    four.family = win::family_ip4;
    four.port = network_order(from.port);
    std::memcpy(four.address, from.ip.bytes, 4);
    std::memcpy(bytes, &four, sizeof four);
    size = sizeof four;
  }
}

NET_API Endpoint SystemAddress::endpoint() const noexcept {
  win::Ip6 six;
  std::memcpy(&six, bytes, sizeof six);
  Endpoint to;
  if (six.family == win::family_ip6) {
    to.ip.family = Family::IPv6;
    to.port = network_order(six.port);
    to.scope = six.scope;
    std::memcpy(to.ip.bytes, six.address, 16);
  } else if (six.family == win::family_ip4) {
    win::Ip4 four;
    std::memcpy(&four, bytes, sizeof four);
    to.ip.family = Family::IPv4;
    to.port = network_order(four.port);
    std::memcpy(to.ip.bytes, four.address, 4);
  }
  return to;
}

NET_API Endpoint local_end(NativeHandle fd) noexcept {
  SystemAddress name;
  return win::getsockname(socket_of(fd), name.get(), &name.size) == 0 ? name.endpoint() : Endpoint{};
}

NET_API Endpoint remote_end(NativeHandle fd) noexcept {
  SystemAddress name;
  return win::getpeername(socket_of(fd), name.get(), &name.size) == 0 ? name.endpoint() : Endpoint{};
}

NET_API bool unconnected(NativeHandle fd) noexcept {
  SystemAddress name;
  return win::getpeername(socket_of(fd), name.get(), &name.size) != 0 && last_socket_error() == -ENOTCONN;
}

NET_API std::uint32_t interface_index(std::string_view zone) noexcept {
  std::uint32_t number = 0;
  if (zone.empty() || zone.size() >= 10) return 0;
  for (const char c : zone) {
    if (c < '0' || c > '9') return 0;
    number = number * 10 + static_cast<std::uint32_t>(c - '0');
  }
  return number;
}

NET_API std::string interface_name(std::uint32_t index) { return std::to_string(index); }

NET_API int bind_to(NativeHandle fd, const Endpoint& at) noexcept {
  const SystemAddress address(at);
  return win::bind(socket_of(fd), address.get(), address.size) == 0 ? 0 : last_socket_error();
}

NET_API int connect_to(NativeHandle fd, Endpoint to) noexcept {
  // elsewhere the address of all is this machine; here it is none
  bool any = true, loopback = false;
  const int length = to.ip.family == Family::IPv6 ? 16 : 4;
  for (int i = 0; i < length; ++i) any = any && to.ip.bytes[i] == 0;
  if (any) {
    if (length == 4) to.ip.bytes[0] = 127;
    to.ip.bytes[length - 1] = 1;
  }
  loopback = length == 4 ? to.ip.bytes[0] == 127 : any;
  if (loopback) {
    // a port where nobody listens is refused at once, and not after two seconds of asking again
    const struct {
      std::uint16_t round_trip_ms;
      unsigned char tries;
    } once{0xffff, 0xfe};
    win::Word size = 0;
    win::WSAIoctl(socket_of(fd), win::control_initial_rtt, const_cast<void*>(static_cast<const void*>(&once)),
                  sizeof once, nullptr, 0, &size, nullptr, nullptr);
  }
  const SystemAddress address(to);
  if (win::connect(socket_of(fd), address.get(), address.size) == 0) return 0;
  const int failed = last_socket_error();
  return failed == -EAGAIN ? -EINPROGRESS : failed;
}

/// No SO_REUSEADDR: here it would let another program steal the port, and a port is free again at once without it.
NET_API NativeHandle listen_on(const Endpoint& at, const ListenFlags& flags) noexcept {
  if (flags.reuse_port) return -ENOTSUP;
  const NativeHandle fd = open_socket(at.ip.family);
  if (fd < 0) return fd;
  int failed = 0;
  if (at.ip.family == Family::IPv6) failed = set_flag(fd, win::level_ip6, win::option_only_ip6, flags.ipv6_only);
  if (failed == 0) failed = bind_to(fd, at);
  if (failed == 0 && win::listen(socket_of(fd), flags.backlog) != 0) failed = last_socket_error();
  if (failed == 0) return fd;
  close_socket(fd);
  return failed;
}

}  // namespace net::inline NET_ABI::detail::os

#endif  // _WIN32
#endif
#endif
