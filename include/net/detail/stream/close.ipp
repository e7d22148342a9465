// How a socket closes: destroy(), reset, 'error' and 'close'. Internal.
#ifndef NET_DETAIL_STREAM_CLOSE_IPP
#define NET_DETAIL_STREAM_CLOSE_IPP

#include <net/detail/stream/state.hpp>

#if NET_BODIES

#include <string>
#include <utility>

#include <net/detail/base/on_throw.hpp>
#include <net/detail/loop/retry.hpp>
#include <net/detail/stream/steps.hpp>

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

// ── destroy() ──────────────────────────────────────────────────────────────

NET_API void SocketState::destroy(const Error& error) {
  if (destroyed() || !loop) {
    if (released && !unwanted && error) ensure_cold().unwanted = error;
    unwanted = released;
    return;
  }
  const Ref<SocketState> alive(this);
  // what needs memory comes first: a destroy() that fails has done nothing
  loop->ticks().reserve(4);
  if (!close_expected) loop->closing().reserve(1);
  Callback emission;
  if (error) {
    if (!errored()) (void)ensure_cold();
    emission = emit_later(error);
  }
  if (owes_callbacks()) {
    tick(step_of<&SocketState::fail_buffered>);
  }
  const bool failing = static_cast<bool>(error);
  if (failing) failed_with(error);
  ++owed;  // until 'close' was emitted
  if (connecting()) stop_connecting();
  phase.move_to(has_handle() ? Phase::closing : Phase::discarded);
  if (cold) stop_idle();
  if (phase == Phase::closing) {
    close_handle(failing);
    tick_error(emission);
  } else {
    tick_error(emission);
    tick_callback([asked = generation](SocketState& self) { self.emit_close(self.generation == asked, nullptr); });
  }
  leave_server();
}

/// The first error is the one that it failed with.
NET_RARE void SocketState::failed_with(const Error& error) {
  if (errored()) return;
  ensure_cold().errored = error;
  failure.move_to(Failure::pending);
}

/// One connection less, and only once for each (S9.17).
NET_API void SocketState::leave_server() {
  if (!of_server) return;
  of_server = false;
  server->operations->child_gone(*server);
}

/// 'error' on a tick. Without one, what silences 'data' and 'end' is set: on a tick too, if a read() may still give
/// what is left.
NET_API void SocketState::tick_error(Callback& emission) {
  if (emission) return loop->ticks().push(std::move(emission));
  if (close_ticked) return;
  if (!ended() && !buffer) {  // there is nothing that could be emitted until then
    close_ticked = true;
  } else {
    tick([](SocketState& self) { self.close_ticked = true; });
  }
}

NET_RARE Callback SocketState::emit_later(const Error& error) {
  return Tick{Owing<SocketState>(*this),
              [error, asked = generation](SocketState& self) { self.emit_error(error, self.generation == asked); }};
}

/// It is emitted even if there is a new connection already, whose error it is not.
NET_API void SocketState::emit_error(const Error& error, bool current) {
  if (current) {
    close_ticked = true;
    if (failure == Failure::emitted) return;
    failure.move_to(Failure::emitted);
  }
  emit_error_event(error);
}

/// Closes the descriptor now; 'close' comes in the close phase (S17.2).
NET_API void SocketState::close_handle(bool failing) {
  had_error = failing;
  if (channel.is_open()) {
    if (loop->batched_by(*this)) flush_last();
    if (resetting && !loop->inert()) channel.reset_on_close();
  }
  close_channel();
  close_later(job_of<&SocketState::close_now>);
}

/// The descriptor goes, if there is one; what is left is to emit 'close'.
NET_API void SocketState::close_channel() noexcept {
  if (channel.is_open()) close_watched(loop, channel);
  read_interest = shutting_down = false;
  recount();
}

/// What the system does not take of it is lost, and needs no memory.
NET_API void SocketState::flush_last() noexcept {
#if defined(__cpp_exceptions)
  try {
    loop->flush_batch();
  } catch (...) {
    loop->forget_batch();
  }
#else
  loop->flush_batch();
#endif
}

/// For destructors: without the memory for more it is closed without a word.
NET_API void SocketState::destroy_always() noexcept {
  undo_or_give_up(*this, [this] { destroy(no_error()); });
}

/// From now on its 'close' needs no memory.
NET_API void SocketState::expect_close() {
  if (close_expected) return;
  loop->closing().expect();
  close_expected = true;
}
NET_API void SocketState::close_later(void (*step)(Handle&)) {
  if (close_expected) {
    close_expected = false;
    loop->closing().push_expected({Ref<Handle>(this), step});
  } else {
    loop->next_close({Ref<Handle>(this), step});
  }
}

/// S32.5: there was no memory for something that had to be done. It is closed, and of its events only 'close' is left;
/// the exception says why.
NET_RARE void SocketState::give_up() noexcept {
  if (!loop || destroyed()) return;
  const Ref<SocketState> alive(this);
  ++owed;  // until 'close' was emitted
  if (connecting()) stop_connecting();
  phase.move_to(Phase::closing);
  stop_idle();
  had_error = true;
  if (loop->batched_by(*this)) loop->forget_batch();
  close_channel();
  if (close_expected) close_later(job_of<&SocketState::close_now>);
  leave_server();
}

/// The close phase: a write that was in flight learns that it was cancelled, and then 'close' (S17.6).
NET_API void SocketState::close_now() {
  if (!writing() && !cold) return emit_close(true, nullptr);
  Place<Job> rest(loop->closing());  // from which this step has just come
  emit_cancelled(rest);
  emit_close(true, &rest);
}

NET_RARE void SocketState::emit_cancelled(Place<Job>& rest) {
  // whatever the callbacks and listeners in here throw, 'close' comes, with or without memory
  AgainOnThrow again(*this, job_of<&SocketState::close_now>, rest);
  // usually what was in flight; also callbacks that a tick was to call for which there was no memory
  const bool waits = request != WriteRequest::awaits_connection && backlog && !backlog->in_flight.empty();
  if (request == WriteRequest::in_flight || waits) write_failed(system_failure(ECANCELED, "write"));
  if (owes_callbacks()) fail_buffered();
  recount();
  // attempts of a race that destroy() stopped are emitted (S13.13)
  while (cold && !cold->cancelled.empty()) {
    cold->emit_cancelled(*this);
    loop->drain_ticks();  // this was a callback of its own (S2.2)
  }
  again.passed = true;
}

/// 'close' is the last event, unless its listeners ask for more. `current`: there is no new connection already. `rest`:
/// for what is left when a listener throws.
NET_API void SocketState::emit_close(bool current, Place<Job>* rest) {
  struct Emitted {
    SocketState& self;
    Ref<SocketState> alive;
    ~Emitted() {
      self.release_from_loop();
      self.settle();
    }
  } const emitted{*this, Ref<SocketState>(this)};
  if (cold) cold->abort_watch = {};
  if (!current) return void(emit_event<on_close>(false));
  phase.move_to(Phase::closed);
  if (request != WriteRequest::awaits_connection || !rest) return void(emit_event<on_close>(had_error));
  // a write that waited for the connection learns of the end in its place among these listeners
  CallOnThrow again([this, rest, same = SameConnection(*this)] {
    if (!same || request != WriteRequest::awaits_connection) return;
    ++owed;
    rest->push({Ref<Handle>(this), job_of<&SocketState::never_connected>});
  });
  emit_event<on_close>(had_error);
  again.passed = true;
}

NET_RARE void SocketState::never_connected() {
  const Owing<SocketState> last(*this);
  --owed;
  // unless it connects again: then the new connection has its own
  if (!closed() || request != WriteRequest::awaits_connection) return;
  write_failed(make_error(Errc::ERR_SOCKET_CLOSED_BEFORE_CONNECTION));
}

NET_API void SocketState::drop_listeners() noexcept {
  if (listeners_dropped) return;
  listeners_dropped = true;
  listeners.clear();
  expect_no_removal();
  data_listening = false;
  if (cold && cold->pipes) cold->pipes->operations->source_closed(*cold->pipes);
}

/// S20: destroyed as soon as the signal aborts; forgotten after 'close'.
NET_API void SocketState::watch_signal(const AbortSignal& signal) {
  if (!signal) return;
  AbortState& state = Access::state(signal);
  ensure_cold().abort_watch = state.attach(*loop, {[](void* who, const Error& reason) {
                                                     auto& self = *static_cast<SocketState*>(who);
                                                     const Ref<Handle> alive(&self);
                                                     or_give_up(self, [&] { self.destroy(abort_failure(reason)); });
                                                   },
                                                   this});
  if (!cold->abort_watch) destroy(abort_failure(state.reason));
}

NET_API void SocketState::destroy_soon() {
  if (finished()) return destroy(no_error());
  once_inside(own_finish, on_finish, [](SocketState& self) { self.destroy(no_error()); });
  if (!destroyed() && !errored() && !ending()) end({});
}

NET_API void SocketState::reset_and_destroy() {
  if (destroyed() || !loop) return;
  if (is_path && has_handle()) throw_error(make_error(Errc::ERR_INVALID_HANDLE_TYPE));  // S17.15
  if (connecting()) {
    resetting = true;
    once_inside(own_reset, on_connect, step_of<&SocketState::reset_and_destroy>);
  } else if (has_handle()) {
    resetting = true;
    destroy(no_error());
  } else {
    destroy(make_error(Errc::ERR_SOCKET_CLOSED));
  }
}

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif
#endif
