// What becomes of a socket whose reader has gone before its end (S34.5). Internal.
#ifndef NET_DETAIL_STREAM_LEAVE_IPP
#define NET_DETAIL_STREAM_LEAVE_IPP

#include <net/detail/base/exchange.hpp>
#include <net/detail/stream/state.hpp>

#if NET_BODIES

#include <string>
#include <string_view>

#include <net/detail/stream/steps.hpp>

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

/// So much is thrown away of what the other side still sends.
inline constexpr std::uint64_t max_lingering_bytes = 16 << 20;

/// Whether one is there.
constexpr bool says_reader(ReaderNote note) noexcept { return note != ReaderNote::none && note != ReaderNote::left; }

/// A reader that no task waits for keeps the socket paused, and may hold what came before: a pipe beside it would stand
/// still.
NET_API void SocketState::require_no_idle_reader() const {
  if (reader_note != ReaderNote::idle && reader_note != ReaderNote::holds_bytes) return;
  if (destroyed() || end_emitted()) return;
  throw_error(make_error(Errc::ERR_INVALID_STATE,
                         "A net::Reader that no task waits for keeps this socket paused: it has to go before pipe()"));
}

/// A reader begins: what has to be done when it goes needs no memory then.
NET_API void SocketState::expect_to_be_left(double lingering_ms) {
  if (loop) loop->closing().expect();
  if (lingering_ms >= 0) ensure_cold().lingering_ms = lingering_ms;
  taken_over();
  reader_note.move_to(ReaderNote::idle);
}

/// The reader has gone, and what it held is the stream's again. Its destructor calls this, so no listener is called
/// here. Until the end of this turn another reader, a listener or pipe() may take over.
NET_API void SocketState::leave(std::string_view held, bool before_end) noexcept {
  reader_note.move_to(ReaderNote::none);
  given_to_task();
  if (!before_end || destroyed() || !loop || loop->inert()) {
    if (loop) loop->closing().expect_no_more();
    return;
  }
  if (users_buffer && !connecting()) undo_or_give_up(*this, [this] { unwatch_readable(); });
  flow_state = asked_flow = Flow::paused;
  reader_note.move_to(ReaderNote::left);
  loop->closing().push_expected({Ref<Handle>(this), job_of<&SocketState::look_after>});
  if (held.empty() || listeners.has(on_data)) return;  // whoever else listened had it already
  undo_or_give_up(*this, [&] {
    if (!buffer) buffer = new ReadBuffer;
    buffer->push_front(held);
  });
}

/// Somebody reads it.
NET_API void SocketState::taken_over() noexcept {
  if (reader_note != ReaderNote::left) return;
  reader_note.move_to(ReaderNote::none);
  if (phase == Phase::open) retain_for_loop();
}

NET_API void SocketState::look_after() {
  if (reader_note != ReaderNote::left) return;
  if (destroyed() || end_emitted() || connecting()) {
    reader_note.move_to(ReaderNote::none);
  } else if (data_listening || readable_listening || (cold && cold->pipes && !cold->pipes->empty())) {
    if (data_listening) resume();
    taken_over();
  } else if (ending()) {
    or_give_up(*this, [this] { linger(); });
  } else {
    if (ended()) read_zero();  // what waited behind the reader's bytes
    if (kept_by_loop) {
      kept_by_loop = false;  // whoever has a handle may still use it
      release();
    }
  }
}

/// This side has ended: what the other one still sends is thrown away until it ends too, so that no reset overtakes
/// what was written.
NET_API void SocketState::linger() {
  taken_over();
  stop_lingering();
  ColdState& kept = ensure_cold();
  kept.lingers_until = bytes_read + max_lingering_bytes;
  kept.linger_timer = TimerState::of(*this, [](Handle& self) { static_cast<SocketState&>(self).destroy(no_error()); });
  const double ms = kept.lingering_ms;
  loop->start_timer(*kept.linger_timer, ms < 1 ? 1 : static_cast<std::uint64_t>(ms), loop->now());
  note_timed();
  resume();
}

/// The loop keeps a timer that runs, whoever has forgotten it.
NET_API void SocketState::stop_lingering() noexcept {
  if (!loop || !cold || !cold->linger_timer) return;
  loop->stop_timer(*detail::exchange(cold->linger_timer, {}));
  note_timed();
}

/// A task waits for 'close', and a reader that nobody asks would keep the other side's end away from it. So the reader
/// takes what still comes, for whoever asks it after all, in the same time as above. Until this side has ended, the
/// task may have to answer what came, and 'end' would come too early: if the reader holds nothing, the end is looked
/// for.
NET_API void SocketState::close_is_awaited() {
  if (!says_reader(reader_note) || destroyed()) return;
  if (ending()) {
    reader_note.move_to(ReaderNote::runs_on);
    linger();
  } else {
    tick_always(step_of<&SocketState::look_for_end>);  // the reader may be giving its task something just now
  }
}

/// Up to the next bytes, which the reader holds.
NET_API void SocketState::look_for_end() {
  if (reader_note == ReaderNote::idle && !destroyed() && !ending()) resume();
}

/// The same for a task that waits for 'end', which has no time for it.
NET_API void SocketState::end_is_awaited() {
  if (!says_reader(reader_note) || destroyed() || end_emitted()) return;
  reader_note.move_to(ReaderNote::runs_on);
  resume();
}

NET_API void SocketState::reader_is_asked(bool holds_part) noexcept {
  if (reader_note == ReaderNote::runs_on) [[unlikely]]
    stop_lingering();
  reader_note.move_to(holds_part ? ReaderNote::holds_part : ReaderNote::asked);
}

/// Nobody has it any more. If a reader left it open, it is closed first.
NET_API void SocketState::last_owner_gone() noexcept {
  if (reader_note != ReaderNote::left || destroyed() || !loop || loop->leaving() || loop->inert()) {
    delete this;
    return;
  }
  const Ref<Handle> alive(this);
  taken_over();
  destroy_always();
}

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif
#endif
