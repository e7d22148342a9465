// The bodies of start.hpp. Internal.
#ifndef NET_DETAIL_CONNECT_START_IPP
#define NET_DETAIL_CONNECT_START_IPP

#include <net/detail/connect/start.hpp>

#if NET_BODIES

#include <net/detail/connect/connector.hpp>

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

NET_API void start_connecting(SocketState& state, const ConnectOptions& options) {
  require_connectable(options);
  if (!state.loop) throw_error(make_error(Errc::ERR_NO_LOOP, "The loop of this socket is gone"));
  // a wrapped descriptor of IPC that has no other end yet (S22.9)
  const bool wrapped = state.is_path && !state.connecting() && !options.path.empty() && state.channel.is_unconnected();
  if (!wrapped && state.has_handle()) {
    throw_error(address_failure(state.connecting() ? EALREADY : EISCONN, "connect", options.host, options.port));
  }
  if (state.phase == Phase::closing)
    throw_error(make_error(Errc::ERR_SOCKET_CLOSED, "Socket is closing: connect again from 'close' on"));
  const Ref<ConnectAttempts> attempts = Connector{state}.prepare(options);
  if (!wrapped) {
    if (state.users_buffer) state.next_onread_buffer();
    state.undestroy();
  }
  if (options.noDelay) state.settings.no_delay = true;
  if (options.keepAlive) state.set_keep_alive(true, options.keepAliveInitialDelay);
  Connector{state}.start(attempts, options);
}

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif
#endif
