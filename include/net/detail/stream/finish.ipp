// How the writing side of a socket ends: end(), the shutdown, 'finish'. Internal.
#ifndef NET_DETAIL_STREAM_FINISH_IPP
#define NET_DETAIL_STREAM_FINISH_IPP

#include <net/detail/stream/state.hpp>

#if NET_BODIES

#include <string>
#include <utility>

#include <net/detail/loop/retry.hpp>
#include <net/detail/stream/steps.hpp>

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

// ── end() ──────────────────────────────────────────────────────────────────

/// end(), after its data was written; `refused` says that this write was, and `why`.
NET_API void SocketState::end(WriteCallback callback, bool refused, const Error& why) {
  if (corked) {
    cold->corks = 1;
    uncork();
  }
  if (!refused && !errored() && !ending() && !callback) [[likely]] {  // the common case needs no error
    write_end.move_to(WriteEnd::ending);
    maybe_finish();
    if (was_left) [[unlikely]]
      linger();
    return;
  }
  Error error = why;
  if (!refused) {
    if (!errored() && !ending()) {
      write_end.move_to(WriteEnd::ending);
      maybe_finish();
      if (was_left) linger();
    } else if (finished()) {
      refused = true;
      error = make_error(Errc::ERR_STREAM_ALREADY_FINISHED);
    } else if (destroyed()) {
      refused = true;
      error = make_error(Errc::ERR_STREAM_DESTROYED, "Cannot call end after a stream was destroyed");
    } else if (errored()) {
      refused = true;
      error = cold->errored;
    }
    // the first end() after a destroy() would never be called back
    if (destroyed() && !refused) {
      refused = true;
      error = error_or(Errc::ERR_STREAM_DESTROYED, "Cannot call end after a stream was destroyed");
    }
  }
  if (!callback || !loop) return;
  if (refused) {
    tick_callback([error, call = std::move(callback)](SocketState&) { call(error); });
  } else {
    ensure_cold().finish_callbacks.push(std::move(callback));
  }
}

NET_API bool SocketState::needs_finish() const noexcept {
  return ending() && !finished() && !destroyed() && write_length == 0 && !errored() && !writing();
}

NET_API void SocketState::maybe_finish() {
  if (write_end != WriteEnd::ending || !needs_finish()) return;
  write_end.move_to(WriteEnd::final_called);
  call_final();
}

/// Everything was written: the other side learns of it, once there is one.
NET_API void SocketState::call_final() {
  if (connecting()) {
    once_inside(own_end, on_connect, step_of<&SocketState::call_final>);
    return;
  }
  if (!has_handle()) return final_done();
  if (shutting_down) return;
  shutting_down = true;
  recount();
  loop->next_pending({Ref<Handle>(this), job_of<&SocketState::shutdown_now>});
}

NET_API void SocketState::shutdown_now() {
  if (!shutting_down) return;
  if (loop->batched_by(*this)) loop->flush_batch();
  if (writing()) return;  // part of the batch is still on its way: again when it is gone
  shutting_down = false;
  recount();
  if (destroyed()) return;
  // when the other side has ended too, close() follows at once and says the same with one call less
  if (!end_emitted()) {
    const int failed = channel.shutdown_write();
    if (failed < 0 && failed != -ENOTCONN) return fail(system_failure(-failed, "shutdown"));  // S16.16
  } else if (!listeners.has(on_prefinish) && !listeners.has(on_finish) && !(cold && !cold->finish_callbacks.empty()) &&
             needs_finish()) {
    // nobody listens on the ticks between here and there
    write_end.move_to(WriteEnd::finished);
    close_ticked = true;
    return destroy(no_error());
  }
  final_done();
}

NET_API void SocketState::final_done() {
  if (!needs_finish()) return;
  write_end.move_to(WriteEnd::prefinished);
  OnThrow again{*this, tick_step_of<&SocketState::finish>};
  emit_event<on_prefinish>();
  again.passed = true;
  if (again.same) tick(step_of<&SocketState::finish>);
}

NET_API void SocketState::finish() {
  const SameConnection same(*this);
  if (!finished()) {
    write_end.move_to(WriteEnd::finished);
    OnThrow again{*this, tick_step_of<&SocketState::finish>};
    call_finish_callbacks(no_error());
    emit_event<on_finish>();
    again.passed = true;
  }
  if (same && end_emitted()) destroy(no_error());
}

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif
#endif
