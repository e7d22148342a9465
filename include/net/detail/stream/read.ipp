// The reading half of a socket: from the kernel to 'data', 'readable' and 'end'. Internal.
#ifndef NET_DETAIL_STREAM_READ_IPP
#define NET_DETAIL_STREAM_READ_IPP

#include <net/detail/stream/state.hpp>

#if NET_BODIES

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

/// One 'data' carries at most this much (S14.4), however much one read brought.
inline constexpr std::size_t max_chunk = 65536;

// ── from the kernel ────────────────────────────────────────────────────────

NET_API void SocketState::watch_readable() {
  if (read_interest || !channel.is_open()) return;
  read_interest = true;
  update_watch();
  if (cold && !cold->unread.empty()) {
    loop->next_pending({Ref<Handle>(this), job_of<&SocketState::deliver_unread>});
  }
}

NET_API void SocketState::unwatch_readable() {
  if (!read_interest) return;
  read_interest = false;
  update_watch();
}

[[gnu::noinline]] NET_API void SocketState::read() {
  if (!can_read_fast() || buffer || (cold && !cold->unread.empty())) return read_slow(false);
  char* const into = loop->receive_buffer();
  const std::ptrdiff_t got = channel.try_read(into, LoopCore::receive_capacity);
  if (got > 0 && static_cast<std::size_t>(got) <= max_chunk) [[likely]] {
    bytes_read += static_cast<std::size_t>(got);
    need_readable = reading = true;  // what the next read would note
    if (listeners.has(on_data)) emit<on_data>(std::string_view(into, static_cast<std::size_t>(got)));
    if ((ended || buffer) && !destroyed && !has_space()) [[unlikely]] {
      reading = false;  // what the listener put back filled it up
      unwatch_readable();
    }
    return;
  }
  read_loop(into, got, false);
}

/// Whether an accepted connection's first message, or its end, is there already; then it is emitted.
NET_API bool SocketState::speculative_read() {
  if (!read_interest) return false;
  read();
  return bytes_read != 0 || !read_interest;
}

[[gnu::noinline]] NET_API void SocketState::read_slow(bool to_the_end) {
  if (!read_interest) return;
  if (users_buffer) return read_onread(to_the_end);
  if (cold && !cold->unread.empty()) return deliver_unread();
  char* const into = loop->receive_buffer();
  read_loop(into, channel.try_read(into, LoopCore::receive_capacity), to_the_end);
}

/// Bounded: no socket may starve the rest.
[[gnu::noinline]] NET_API void SocketState::read_loop(char* into, std::ptrdiff_t got, bool to_the_end) {
  for (int reads = 8; got > 0; got = channel.try_read(into, LoopCore::receive_capacity)) {
    deliver({into, static_cast<std::size_t>(got)});
    if (!read_interest || --reads == 0) return;
    // when the connection is over the end stands behind this, and one more read is less than one more turn
    if (static_cast<std::size_t>(got) < LoopCore::receive_capacity && !to_the_end) return;
    loop->flush_batch();
    loop->drain_ticks();  // S2.2: before the next 'data'
    if (!read_interest) return;
  }
  if (got != would_block) short_of_memory(got) ? wait_for_memory() : on_read_end(got);
}

/// The kernel will give no more: the end of the stream, or an error.
NET_API void SocketState::on_read_end(std::ptrdiff_t got) {
  if (got == 0 && ends_quietly()) return end_quietly();
  touch();
  unwatch_readable();
  if (got < 0) return fail(system_failure(static_cast<int>(-got), "read"));
  if (end_emitted) return;
  push_end();
  read_zero();
}

/// S25: into the user's memory, one callback a read.
NET_API void SocketState::read_onread(bool to_the_end) {
  for (int reads = 32; reads > 0 && read_interest; --reads) {
    const std::span<std::byte> into = cold->onread_buffer;
    if (into.empty()) return on_read_end(-ENOBUFS);  // reading nothing would look like the end
    const std::ptrdiff_t got = channel.try_read(into.data(), into.size());
    if (got <= 0) {
      if (got != would_block) short_of_memory(got) ? wait_for_memory() : on_read_end(got);
      return;
    }
    touch();
    bytes_read += static_cast<std::uint64_t>(got);
    const SameConnection same(*this);
    const bool more_wanted = cold->onread.callback(static_cast<std::size_t>(got), into);
    if (!same) return;
    next_onread_buffer();
    if (!more_wanted) unwatch_readable();
    if (static_cast<std::size_t>(got) < into.size() && !to_the_end) return;
    loop->flush_batch();
    loop->drain_ticks();
  }
}

/// S25.4: no buffer at all leaves the one before; an empty one is one.
NET_API void SocketState::next_onread_buffer() {
  if (!cold->onread.allocate) return;
  const std::span<std::byte> given = cold->onread.allocate();
  if (given.data()) cold->onread_buffer = given;
}

/// Emits what one read brought, in pieces; between two of them ticks run (S2.2). What cannot be emitted, because a
/// listener paused or threw, is kept as if it were still in the kernel.
NET_API void SocketState::deliver(std::string_view bytes) {
  struct Rest {
    SocketState& self;
    std::string_view bytes;
    SameConnection same{self};
    ~Rest() {
      if (bytes.empty() || self.destroyed || !same) return;
      self.ensure_cold().unread.insert(0, bytes);
      if (!self.read_interest) return;
      self.read_interest = false;  // so that starting again delivers it from the loop
      self.watch_readable();
    }
  } rest{*this, bytes};
  for (;;) {
    const std::string_view piece = rest.bytes.substr(0, max_chunk);
    rest.bytes.remove_prefix(piece.size());
    bytes_read += piece.size();
    touch();
    if (!push(piece) && !destroyed) unwatch_readable();
    if (rest.bytes.empty()) return;
    loop->flush_batch();
    loop->drain_ticks();
    if (!read_interest || destroyed || !rest.same) return;
  }
}

NET_API void SocketState::deliver_unread() {
  if (!read_interest || destroyed || !cold) return;
  const std::string unread = std::exchange(cold->unread, {});
  if (!unread.empty()) deliver(unread);
}

/// What a read from the kernel brings into the stream; false: no more for now.
NET_API bool SocketState::push(std::string_view bytes) {
  if (destroyed) return false;
  reading = false;
  std::string text;
  if (decodes) {
    text = cold->decode(bytes, false);
    bytes = text;
  }
  if (bytes.empty()) {
    maybe_read_more();
  } else if (flow_state == Flow::flowing && !buffer && (data_listening || !by_buffer)) {
    need_readable = reading = true;  // what the next read would note
    if (listeners.has(on_data)) emit<on_data>(bytes);
    if (buffer && !has_space()) reading = false;  // what the listener put back filled it up
  } else {
    buffer_bytes(decodes ? std::move(text) : std::string(bytes));
    if (need_readable) emit_readable();
    maybe_read_more();
  }
  return has_space();
}

NET_API void SocketState::buffer_bytes(std::string&& bytes) {
  if (!buffer) buffer = new ReadBuffer;
  buffer->push(std::move(bytes));
}

NET_API void SocketState::push_end() {
  reading = false;
  if (ended) return;
  if (decodes) {
    std::string rest = cold->decode({}, true);
    if (!rest.empty()) buffer_bytes(std::move(rest));
  }
  ended = true;
  need_readable = false;
  readable_emitted = true;
  emit_readable_now();
}

// ── to the listeners ───────────────────────────────────────────────────────

/// Takes one piece out of the buffer: `n` bytes, or, if `all` and not flowing, everything. False: nothing to give.
NET_API bool SocketState::read_piece(std::size_t n, bool all, std::string& piece, bool silently) {
  if (!all && n > read_mark) {
    std::size_t power = 1;
    while (power < n && power < std::size_t{1} << 30) power <<= 1;
    read_mark = power;
  }
  if (all || n != 0) readable_emitted = false;
  const std::size_t length = read_length();
  if (!all && n == 0 && need_readable && ((read_mark != 0 ? length >= read_mark : length > 0) || ended)) {
    length == 0 && ended ? end_readable() : emit_readable();
    return false;
  }
  const auto how_much = [&]() -> std::size_t {
    const std::size_t there = read_length();
    if (there == 0 || (!all && n == 0)) return 0;
    if (all) {
      if (flow_state != Flow::flowing) return there;
      return buffer->pieces.first().size();
    }
    return n <= there ? n : ended ? there : 0;
  };
  const std::size_t take = how_much();
  if (take == 0 && ended) {
    if (length == 0) end_readable();
    return false;
  }
  bool more_wanted = need_readable || length == 0 || length - take < read_mark;
  if (ended || reading || destroyed || errored) more_wanted = false;
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
    if (buffer) delete std::exchange(buffer, nullptr);
    if (!ended) need_readable = true;
    if ((all || n != take) && ended) end_readable();
  }
  if (take == 0) return false;
  if (!close_ticked && !silently) emit<on_data>(std::string_view(piece));
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
  if (flow_state != Flow::flowing) return;
  if (!buffer && !ended && reading) {  // there is nothing, and what comes will be emitted
    readable_emitted = false;
    need_readable = true;
    return;
  }
  // a listener that throws does not hold up the rest
  OnThrow again{*this, [](SocketState& self) { self.tick_always(step_of<&SocketState::flow>); }};
  std::string piece;
  // S14.18: nothing after destroy(): what is left is taken without a word
  while (flow_state == Flow::flowing && read_piece(0, true, piece, destroyed)) {}
  again.passed = true;
}

NET_API void SocketState::emit_readable() {
  need_readable = false;
  if (readable_emitted) return;
  readable_emitted = true;
  tick_always(step_of<&SocketState::emit_readable_now>);
}

NET_API void SocketState::emit_readable_now() {
  if (!destroyed && !errored && (read_length() > 0 || ended)) {
    emit<on_readable>();
    readable_emitted = false;
  }
  need_readable = flow_state != Flow::flowing && !ended && read_length() <= read_mark;
  flow();
}

/// Reads on, on a tick, until the high-water mark is reached.
NET_API void SocketState::maybe_read_more() {
  if (reading_more) return;
  reading_more = true;
  tick_always([](SocketState& self) {
    if (!self.reading && !self.ended &&
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
  return can_read_fast() && can_write_fast() && !buffer && !end_emitted && !allow_half_open && !removed_end_listener;
}

/// Where 'end' and the ticks around it would lead, in one step (S16.8).
NET_API void SocketState::end_quietly() {
  read_interest = reading = need_readable = false;
  ended = end_emitted = ended_by_other = true;
  ending = final_called = true;
  call_final();
}

NET_API void SocketState::end_readable() {
  if (end_emitted) return;
  ended = true;
  tick(step_of<&SocketState::end_readable_now>);
}

NET_API void SocketState::end_readable_now() {
  if (errored || close_ticked || end_emitted || read_length() > 0) return;
  end_emitted = true;
  if (!allow_half_open && !removed_end_listener) ended_by_other = true;
  OnThrow again{*this, step_of<&SocketState::after_end>};
  emit<on_end>();
  again.passed = true;
  if (again.same) after_end();
}

/// S16.6, S16.11: the own end follows, on a tick; or everything is over.
NET_API void SocketState::after_end() {
  const bool still_writable = !destroyed && !errored && !ending;
  if (still_writable && !allow_half_open) {
    tick([](SocketState& self) {
      if (!self.destroyed && !self.errored && !self.ending) self.end({}, false, no_error());
    });
  } else if (finished) {
    destroy(no_error());
  }
}

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif
#endif
