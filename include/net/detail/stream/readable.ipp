// From the buffer to the listeners: 'data', 'readable' and 'end'. Internal.
#ifndef NET_DETAIL_STREAM_READABLE_IPP
#define NET_DETAIL_STREAM_READABLE_IPP

#include <net/detail/base/exchange.hpp>
#include <net/detail/stream/state.hpp>

#if NET_BODIES

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include <net/detail/stream/steps.hpp>

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

// ── to the listeners ───────────────────────────────────────────────────────

/// A read of more than the mark raises it, as in Node: to the next power of two.
inline void raise_read_mark(SocketState& self, std::size_t n) noexcept {
  if (n <= self.read_mark) return;
  std::size_t power = 1;
  while (power < n && power < std::size_t{1} << 30) power <<= 1;
  self.read_mark = power;
}

/// How much of what is buffered a read takes: Node's howMuchToRead.
inline std::size_t amount_to_take(const SocketState& self, std::size_t n, bool all) noexcept {
  const std::size_t there = self.read_length();
  if (there == 0 || (!all && n == 0)) return 0;
  if (!all) return n <= there ? n : self.ended() ? there : 0;
  if (self.flow_state != Flow::flowing || self.released) return there;
  return self.buffer->pieces.first().size();
}

/// Takes one piece out of the buffer: `n` bytes, or, if `all` and not flowing, everything. False: nothing to give.
NET_API bool SocketState::read_piece(std::size_t n, bool all, std::string& piece, bool silently) {
  if (!all) raise_read_mark(*this, n);
  if (all || n != 0) readable_emitted = false;
  const std::size_t length = read_length();
  if (!all && n == 0 && need_readable && ((read_mark != 0 ? length >= read_mark : length > 0) || ended())) {
    length == 0 && ended() ? end_readable() : emit_readable();
    return false;
  }
  const std::size_t take = amount_to_take(*this, n, all);
  if (take == 0 && ended()) {
    if (length == 0) end_readable();
    return false;
  }
  bool more_wanted = need_readable || length == 0 || length - take < read_mark;
  if (ended() || reading || destroyed() || errored()) more_wanted = false;
  if (more_wanted) {
    reading = true;
    never_read = false;
    if (length == 0) need_readable = true;
    request_read();
  }
  if (take == 0) {
    need_readable = length <= read_mark;
  } else {
    buffer->take(take, piece);
  }
  if (read_length() == 0) {
    if (buffer) delete detail::exchange(buffer, nullptr);
    if (!ended()) need_readable = true;
    if ((all || n != take) && ended()) end_readable();
  }
  if (take == 0) return false;
  if (!close_ticked && !silently) emit_event<on_data>(std::string_view(piece));
  return true;
}

NET_API void SocketState::read_zero() {
  std::string nothing;
  (void)read_piece(0, false, nothing);
}

/// What read_zero() does on a socket that has never been read from.
NET_API void SocketState::prime_read() {
  need_readable = reading = true;
  never_read = false;
  request_read();
}

NET_API void SocketState::flow() {
  if (flow_state != Flow::flowing || released) return;
  if (!buffer && !ended() && reading) {  // there is nothing, and what comes will be emitted
    readable_emitted = false;
    need_readable = true;
    return;
  }
  // a listener that throws does not hold up the rest
  OnThrow again{*this, [](SocketState& self) { self.tick_always(step_of<&SocketState::flow>); }};
  std::string piece;
  // S14.18: nothing after destroy(): what is left is taken without a word
  while (flow_state == Flow::flowing && read_piece(0, true, piece, destroyed())) {}
  again.passed = true;
}

NET_API void SocketState::emit_readable() {
  need_readable = false;
  if (readable_emitted) return;
  readable_emitted = true;
  tick_always(step_of<&SocketState::emit_readable_now>);
}

NET_API void SocketState::emit_readable_now() {
  if (!destroyed() && !errored() && (read_length() > 0 || ended())) {
    emit_event<on_readable>();
    readable_emitted = false;
  }
  need_readable = flow_state != Flow::flowing && !ended() && read_length() <= read_mark;
  flow();
}

/// Reads on, on a tick, until the high-water mark is reached.
NET_API void SocketState::maybe_read_more() {
  if (reading_more) return;
  reading_more = true;
  tick_always([](SocketState& self) {
    if (!self.reading && !self.ended() &&
        (self.read_length() < self.read_mark || (self.flow_state == Flow::flowing && self.read_length() == 0))) {
      self.read_zero();
    }
    self.reading_more = false;
  });
}

/// The other side has ended, and nobody listens to what follows from it.
NET_API bool SocketState::ends_quietly() const noexcept {
  constexpr unsigned followed_by[] = {on_end, on_readable, on_prefinish, on_finish};
  for (const unsigned event : followed_by) {
    if (listeners.has(event)) return false;
  }
  return can_read_fast() && can_write_fast() && !buffer && !end_emitted() && !settings.allow_half_open &&
         !removed_end_listener;
}

/// Where 'end' and the ticks around it would lead, in one step (S16.8).
NET_API void SocketState::end_quietly() {
  read_interest = reading = need_readable = false;
  read_end.move_to(ReadEnd::end_emitted);
  ended_by_other = true;
  write_end.move_to(WriteEnd::final_called);
  call_final();
}

NET_API void SocketState::end_readable() {
  if (end_emitted() || end_waits()) return;
  tick(step_of<&SocketState::end_readable_now>);
}

NET_API void SocketState::end_readable_now() {
  if (errored() || close_ticked || end_emitted() || end_waits() || read_length() > 0) return;
  read_end.move_to(ReadEnd::end_emitted);
  if (!settings.allow_half_open && !removed_end_listener) ended_by_other = true;
  OnThrow again{*this, step_of<&SocketState::after_end>};
  emit_event<on_end>();
  again.passed = true;
  if (again.same) after_end();
}

/// S16.6, S16.11: the own end follows, on a tick; or everything is over.
NET_API void SocketState::after_end() {
  const bool still_writable = !destroyed() && !errored() && !ending();
  if (still_writable && !settings.allow_half_open) {
    tick([](SocketState& self) {
      if (!self.destroyed() && !self.errored() && !self.ending()) self.end({});
    });
  } else if (finished()) {
    destroy(no_error());
  }
}

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif
#endif
