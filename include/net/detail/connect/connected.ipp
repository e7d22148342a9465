// What becomes of a socket when its connection is there, or is not wanted any more. Internal.
#ifndef NET_DETAIL_CONNECT_CONNECTED_IPP
#define NET_DETAIL_CONNECT_CONNECTED_IPP

#include <net/detail/stream/state.hpp>

#if NET_BODIES

#include <net/detail/stream/steps.hpp>

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

/// S12.15: one callback, so that ticks queued in 'connect' run after 'ready'.
NET_API void SocketState::connected() {
  phase.move_to(Phase::open);
  stop_connecting();
  touch();
  apply_options();
  OnThrow again{*this, tick_step_of<&SocketState::catch_up_connected>};
  emit_event<on_connect>();
  if (again.same) start_if_asked();
  if (again.same) emit_event<on_ready_event>();
  again.passed = true;
  if (again.same) read_after_connect();
}

NET_API void SocketState::start_if_asked() {
  if (!read_when_connected) return;
  read_when_connected = false;
  if (!destroyed()) watch_readable();
}

/// A listener of 'connect' threw: what was to happen behind it happens now.
NET_API void SocketState::catch_up_connected() {
  start_if_asked();
  read_after_connect();
  // a callback of what is sent now may throw too
  OnThrow again{*this, tick_step_of<&SocketState::catch_up_connected>};
  if (request == WriteRequest::awaits_connection) send_pending_connect();
  if (again.same && resetting) reset_and_destroy();
  if (again.same && write_end == WriteEnd::final_called && !shutting_down && !destroyed()) call_final();
  again.passed = true;
}

NET_API void SocketState::read_after_connect() {
  if (destroyed()) {
    if (!is_paused()) need_readable = true;  // as Node's read(0) leaves it, for a connection that may follow
    return;
  }
  is_paused() ? void(loop->poller().hold(channel)) : read_zero();
  update_watch();
}

NET_API void SocketState::stop_connecting() noexcept {
  if (cold && cold->connecting) cold->connecting->stop(*this);
}

/// Asked of the system once, since it does not know any more after a reset.
NET_API Endpoint SocketState::remote() {
  if (connecting()) return {};
  if (cold && cold->remote_known) return cold->remote;
  if (!channel.is_open() || is_path) return {};
  const Endpoint end = channel.remote_end();
  if (end) {
    ensure_cold().remote = end;
    cold->remote_known = true;
  }
  return end;
}

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif
#endif
