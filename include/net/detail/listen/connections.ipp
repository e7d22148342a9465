// The connections of a server: which there are, and how they are closed. Internal.
#ifndef NET_DETAIL_LISTEN_CONNECTIONS_IPP
#define NET_DETAIL_LISTEN_CONNECTIONS_IPP

#include <net/detail/listen/state.hpp>

#if NET_BODIES

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

/// They are among the loop's handles, so that nobody pays for a list of them.
NET_API Vec<Ref<SocketState>> ServerState::open_connections() const {
  Vec<Ref<SocketState>> newest_first, all;
  if (!loop) return all;
  newest_first.reserve(connections);
  for (Handle* each = loop->handles(); each; each = each->next) {
    if (each->operations != &SocketState::table) continue;
    auto& socket = static_cast<SocketState&>(*each);
    if (socket.of_server && socket.server.get() == this) newest_first.push(Ref<SocketState>(&socket));
  }
  all.reserve(newest_first.size());
  for (std::size_t i = newest_first.size(); i > 0; --i) all.push(std::move(newest_first[i - 1]));
  return all;
}

NET_API void ServerState::destroy_connections() {
  for (const Ref<SocketState>& socket : open_connections()) socket->destroy(no_error());
}

/// The time counts from when somebody first asked while the connection was quiet.
NET_API void ServerState::close_quiet_connections(std::uint32_t ms) {
  const auto now = static_cast<std::uint32_t>(loop->now());
  for (const Ref<SocketState>& socket : open_connections()) {
    if (socket->is_idle() && now - socket->idle_since(now) >= ms) socket->destroy_soon();
  }
}

NET_API void ServerState::close_idle_connections(Duration idle) {
  require_timeout(idle);
  if (!loop) return;
  const double ms = idle.milliseconds();
  const std::uint32_t whole = ms < 1 ? 0 : ms < 4e9 ? static_cast<std::uint32_t>(ms) : 4000000000u;
  close_quiet_connections(whole);
  if (whole == 0) return;
  const Ref<TimerState> again(new TimerState(*loop));
  again->refd = false;
  again->callback = [self = Ref<ServerState>(this), whole] {
    if (self->loop) self->close_quiet_connections(whole);
  };
  loop->start_timer(*again, whole, loop->now());
}

/// A write that comes too late for one that was ended is not the end of the program.
NET_API void ServerState::end_idle_connections() {
  for (const Ref<SocketState>& socket : open_connections()) {
    if (socket->ending() || !socket->is_idle()) continue;
    socket->errors_heard = true;
    socket->end({});
  }
}

/// Nobody tells when a connection has answered: it is looked at often, but only while the server stops.
NET_API void ServerState::stop_gracefully(Duration timeout) {
  require_timeout(timeout);
  if (!loop) return;
  close();
  end_idle_connections();
  constexpr std::uint64_t often = 10;  // ms
  const Ref<TimerState> look(new TimerState(*loop));
  look->refd = false;
  look->repeats = true;
  const double ends = static_cast<double>(loop->now()) + timeout.milliseconds();
  look->callback = [self = Ref<ServerState>(this), timer = look.get(), ends] {
    const bool over = self->connections == 0 || self->acceptor.is_open();
    const bool late = static_cast<double>(timer->loop->now()) >= ends;
    if (over || late) timer->cleared = true;
    if (over) return;
    late ? self->destroy_connections() : self->end_idle_connections();
  };
  loop->start_timer(*look, often, loop->now());
}

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif
#endif
