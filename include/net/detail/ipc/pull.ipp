// A channel that tasks receive from: it is read while one waits. Internal.
#ifndef NET_DETAIL_IPC_PULL_IPP
#define NET_DETAIL_IPC_PULL_IPP

#include <net/detail/ipc/state.hpp>

#if NET_BODIES

#include <utility>

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

/// Nobody has it, and nobody will: closed as a connection that is not accepted.
inline void close_unwanted(const ReceivedHandle& handle) noexcept {
  if (handle.socket()) Access::state(*handle.socket()).destroy_always();
  if (!handle.server()) return;
  ServerState& server = Access::state(*handle.server());
  undo_or_give_up(server, [&] { server.close(); });
}

/// Whether there is something to be taken: a message, or the end.
NET_API bool IpcState::prepare_to_receive() {
  if (receiver) throw_error(make_error(Errc::ERR_INVALID_STATE, "A task waits for a message of this channel already"));
  pulled = true;
  return !received.empty() || ended || over;
}

NET_API void IpcState::wait_to_receive(WaitingTask& its_wait, std::coroutine_handle<> task) {
  receiver.note(its_wait, loop, task);
  if (!loop->inert()) update_watch();
}

NET_API std::optional<IpcMessage> IpcState::take_received() {
  if (received.empty()) {
    if (ended_with) throw_error(*ended_with);
    return std::nullopt;
  }
  std::optional<IpcMessage> taken(received.pop_front());
  received_bytes -= cost_of(*taken);
  return taken;
}

NET_API bool IpcState::is_wanted() const noexcept {
  return !pulled || receiver || disconnecting || broken || listeners.has(ipc_message);
}

/// Also what says whether something that was sent has arrived, or whether it can be sent.
NET_API bool IpcState::reads() const noexcept {
  if (is_wanted()) return true;
  const bool is_owed = !awaiting.empty() || (Machine::ticket_size != 0 && other_process == 0);
  return is_owed && received_bytes < max_message;
}

/// A wait is over, one way or the other. In the middle of what has come the next one may follow at once.
NET_API void IpcState::look_who_reads() noexcept {
  if (!pulled || parsing > 0 || !is_open() || !loop || loop->inert() || loop->leaving()) return;
  undo_or_give_up(*this, [this] { update_watch(); });
}

/// For a task, unless listeners alone are there for it.
NET_API void IpcState::hold_message(std::string_view bytes, const ReceivedHandle& handle) {
  if (!pulled || (!receiver && listeners.has(ipc_message))) return;
  CallOnThrow unwanted([&] { close_unwanted(handle); });
  received.push({std::string(bytes), handle});
  unwanted.passed = true;
  if (handle.socket()) Access::state(*handle.socket()).given_to_task();
  received_bytes += cost_of(received[received.size() - 1]);
}

NET_API void IpcState::wake_receiver() {
  if (receiver && (!received.empty() || ended)) receiver.resume();
}

/// Somebody listens who was not there when these came.
NET_API void IpcState::emit_received() {
  CallOnThrow again([this] {
    if (loop) undo_or_give_up(*this, [this] { tick(step_of<&IpcState::emit_received>); });
  });
  while (!received.empty() && listeners.has(ipc_message)) {
    const IpcMessage message = received.pop_front();
    received_bytes -= cost_of(message);
    emit_event<ipc_message>(std::string_view(message.bytes), message.handle);
  }
  again.passed = true;
}

NET_API void IpcState::listener_added(unsigned event) {
  if (event != ipc_message || !pulled || !is_open() || loop->inert()) return;
  if (!received.empty()) tick(step_of<&IpcState::emit_received>);
  update_watch();
}

NET_API void IpcState::all_listeners_go(unsigned event) {
  if ((event == ipc_message || event == all_events) && pulled) tick(step_of<&IpcState::look_who_reads>);
}

NET_API void IpcState::drop_received() noexcept {
  received_bytes = 0;
  while (!received.empty()) close_unwanted(received.pop_front().handle);
}

/// The loop keeps an open channel, but not one that nobody reads and that has nothing to send: that is its users'
/// alone.
NET_API void IpcState::let_go_unless(bool in_use) noexcept {
  if (!pulled || !is_open() || in_use == kept_by_loop || loop->inert() || loop->leaving()) return;
  kept_by_loop = in_use;
  in_use ? retain() : release();
}

NET_API void IpcState::last_owner_gone() noexcept {
  if (!is_open() || !loop || loop->inert() || loop->leaving()) {
    delete this;
    return;
  }
  const Ref<Handle> alive(this);
  close(no_error());
}

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif
#endif
