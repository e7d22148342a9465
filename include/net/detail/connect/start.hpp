// The way from a socket to its connection. Internal.
#ifndef NET_DETAIL_CONNECT_START_HPP
#define NET_DETAIL_CONNECT_START_HPP

#include <net/detail/stream/state.hpp>
#include <net/options.hpp>

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

/// Socket::connect: throws what is wrong with the options or with the socket, and begins.
NET_API void start_connecting(SocketState& state, const ConnectOptions& options);

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif
