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

/// Space for what an end() needs, before its data is written: one that throws has done nothing.
NET_API void SocketState::expect_end(const WriteCallback& callback) {
  if (!loop) return;
  if (callback) ensure_cold().finish_callbacks.reserve(1);
  loop->ticks().reserve(2);
  loop->pending().reserve(1);
}

/// end(), after its data was written.
NET_API void SocketState::end(WriteCallback callback) {
  expect_end(callback);
  uncork_all();
  Callback refused;
  if (callback && loop && (ending() || destroyed() || errored())) {
    if (const Error why = end_refusal()) refused = call_later(why, std::move(callback));
  }
  if (!errored() && !ending()) {
    write_end.move_to(WriteEnd::ending);
    maybe_finish();
    if (reader_note == ReaderNote::left) [[unlikely]]
      linger();
  }
  if (refused) {
    loop->ticks().push(std::move(refused));
  } else if (callback && loop) {
    cold->finish_callbacks.push(std::move(callback));
  }
}

/// The end(data) of what takes no data any more (S16.8).
NET_API void SocketState::refuse_end(WriteCallback callback) {
  const Error why = refusal(false);
  if (!callback || !loop) return fail(why), uncork_all();
  Callback later = call_later(why, std::move(callback));
  loop->ticks().reserve(5);  // with what a destroy() takes
  fail(why);
  uncork_all();
  loop->ticks().push(std::move(later));
}

/// What the callback of an end() gets that does not come with 'finish'.
NET_API Error SocketState::end_refusal() const {
  if (finished()) return make_error(Errc::ERR_STREAM_ALREADY_FINISHED);
  if (destroyed()) return end_after_destroy();
  return errored() ? cold->errored : no_error();
}

NET_API bool SocketState::needs_finish() const noexcept {
  return ending() && !finished() && !destroyed() && write_length == 0 && !errored() && !writing();
}

NET_API void SocketState::maybe_finish() {
  if (write_end != WriteEnd::ending || !needs_finish()) return;
  const bool later = connecting();
  if (later) once_inside(own_end, on_connect, step_of<&SocketState::call_final>);
  write_end.move_to(WriteEnd::final_called);
  if (!later) call_final();
}

/// Everything was written, and the other side learns of it, if there is one.
NET_API void SocketState::call_final() {
  if (!has_handle()) return final_done();
  if (shutting_down) return;
  loop->pending().push({Ref<Handle>(this), job_of<&SocketState::shutdown_now>});
  shutting_down = true;
  recount();
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
  Place<Callback> place(loop->ticks());
  write_end.move_to(WriteEnd::prefinished);
  OnThrow again{*this, tick_step_of<&SocketState::finish>};
  emit_event<on_prefinish>();
  again.passed = true;
  if (again.same) {
    place.push(CurrentStep<SocketState>{Owing<SocketState>(*this), step_of<&SocketState::finish>, generation});
  }
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
