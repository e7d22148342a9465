// The bodies of socket.hpp. Internal.
#ifndef NET_SOCKET_IPP
#define NET_SOCKET_IPP

#include <net/socket.hpp>

#if NET_BODIES

namespace net::inline NET_ABI::inline NET_MACHINE {

NET_API std::optional<AddressInfo> Socket::address() const {
  const detail::Endpoint end = local();
  if (!end) return std::nullopt;
  return AddressInfo{detail::os::endpoint_text(end), end.ip.family, end.port, {}};
}

NET_API std::optional<std::string> Socket::take(std::size_t n, bool all) const {
  std::string piece;
  if (state_->users_buffer && state_->has_handle && !state_->connecting && !state_->ended)
    state_->watch_readable();  // S25.5
  if (!state_->loop || !state_->read_piece(n, all, piece)) return std::nullopt;
  return piece;
}

}  // namespace net::inline NET_ABI::inline NET_MACHINE

#endif
#endif
