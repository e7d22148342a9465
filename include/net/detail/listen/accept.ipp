// Connections that arrive at a server. Internal.
#ifndef NET_DETAIL_LISTEN_ACCEPT_IPP
#define NET_DETAIL_LISTEN_ACCEPT_IPP

#include <net/detail/listen/state.hpp>

#if NET_BODIES

#include <net/detail/connect/lookup.hpp>

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

NET_API void ServerState::connection_gone(Handle& handle) {
  auto& self = static_cast<ServerState&>(handle);
  --self.connections;
  if (self.elsewhere) [[unlikely]]
    self.space_changed();
  self.close_if_drained();
}

/// Accepts one connection per wake-up: asking for another one costs more than being woken again.
NET_API void ServerState::accept_one() {
  Machine::Channel channel;
  const int failed = acceptor.accept(channel);
  if (failed == 0) return accepted(channel);
  if (!means_nobody(failed)) cannot_accept(-failed);
}

/// What the poller would report again at once is left alone for a while (S32.1, S32.2), and emitted once; other
/// failures are of one client.
NET_RARE void ServerState::cannot_accept(int number) {
  const bool no_memory = short_of_memory(-number);
  const bool lasting = number == EMFILE || number == ENFILE || number == EBADF || number == EINVAL ||
                       number == ENOTSOCK || number == EOPNOTSUPP;
  if (no_memory || lasting) {
    no_memory ? retry.after(10) : retry.when_descriptor_freed();
    loop->poller().watch(acceptor, 0);
    if (no_memory || shortage_emitted) return;
    shortage_emitted = true;
  }
  emit_error(system_failure(number, "accept"));
}

/// The listening descriptor is watched again only when it is of use.
NET_RARE void ServerState::accept_again() {
  if (!acceptor.is_open()) return;
  const Ref<ServerState> alive(this);
  Machine::Channel channel;
  const int failed = acceptor.accept(channel);
  if (failed < 0 && !means_nobody(failed)) return cannot_accept(-failed);
  if (loop->poller().watch(acceptor, readable) < 0) {
    retry.when_descriptor_freed();
  } else {
    retry.forget_delay();
  }
  if (failed == 0) return accepted(channel);
  look_at_shortage();
}

/// The next shortage is emitted again when there is a reserve once more; until then it is still the same one.
NET_API void ServerState::look_at_shortage() noexcept { shortage_emitted = !acceptor.has_reserve(); }

/// Whether the block list turns it away. A client that is gone cannot be asked for, and is not let through (S21.6).
NET_API bool ServerState::blocks(const Machine::Channel& channel) const {
  if (!options.blockList) return false;
  const Endpoint remote = channel.remote_end();
  return remote ? (options.blockList->check)(SocketAddress(remote.ip)) : static_cast<bool>(acceptor.local_end());
}

NET_API void ServerState::accepted(Machine::Channel& channel, std::string_view received) {
  if (shortage_emitted) [[unlikely]]
    look_at_shortage();
  const Ref<SocketState> socket(new SocketState(*loop));
  SocketState& state = *socket;
  state.channel.take_over(channel);
  if (max_connections && connections >= *max_connections) return drop(state.channel);
  if (blocks(state.channel)) return;
  state.phase.move_to(Phase::open);
  state.is_path = ipc;
  state.settings.allow_half_open = options.allowHalfOpen;
  state.read_mark = state.write_mark = options.highWaterMark;
  state.settings.no_delay = options.noDelay;
  if (options.noDelay && !inherits_no_delay && !state.is_path) state.channel.set_no_delay(true);
  if (options.keepAlive) {
    const int seconds = keep_alive_seconds();
    state.settings.keep_alive = true;
    if (seconds != 0) state.ensure_cold().keep_alive_seconds = seconds;
    if (!state.is_path) state.channel.set_keep_alive(true, seconds);
  }
  state.expect_close();
  if (!received.empty()) [[unlikely]]
    state.buffer_bytes(std::string(received));
  state.retain_for_loop();
  state.server = Ref<Handle>(this);
  state.of_server = true;
  ++connections;
  or_give_up(state, [&] {
    if (options.pauseOnConnect) {
      state.flow_state = Flow::paused;
      loop->poller().hold(state.channel);
    } else {
      state.prime_read();  // reading starts before the event; nothing is emitted before the listener returns (S9.16)
    }
    emit_event<server_connection>(state);
  });
  if (!state.read_interest || !loop) return;
  loop->read_speculatively(socket, [](Handle& self) { return static_cast<SocketState&>(self).speculative_read(); });
}

/// One that somebody else has accepted for it, and what it has received since.
NET_API void ServerState::take(NativeHandle connection, std::string_view received) {
  Machine::Channel channel;
  (void)channel.adopt_connected(connection);
  accepted(channel, received);
}

NET_RARE void ServerState::drop(Machine::Channel& channel) {
  const Endpoint local = channel.local_end(), remote = channel.remote_end();
  emit_event<server_drop>(DropInfo{endpoint_text(local), local.port, local.ip.family, endpoint_text(remote),
                                   remote.port, remote.ip.family});
}

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif
#endif
