// The reading half of a socket: from the kernel to 'data', 'readable' and 'end'. Internal.
#ifndef NET_DETAIL_STREAM_READ_HPP
#define NET_DETAIL_STREAM_READ_HPP

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <net/detail/stream/state.hpp>

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

/// One 'data' carries at most this much (S14.4), however much one read brought.
inline constexpr std::size_t most_at_once = 65536;

// ── from the kernel ────────────────────────────────────────────────────────

inline void SocketState::start_reading() {
  if (kernel_reading || !channel.is_open()) return;
  kernel_reading = true;
  update_watch();
  if (cold && !cold->unread.empty()) {
    loop->next_pending({Ref<Handle>(this), [](Handle& self) { static_cast<SocketState&>(self).deliver_unread(); }});
  }
}

inline void SocketState::stop_reading() {
  if (!kernel_reading) return;
  kernel_reading = false;
  update_watch();
}

[[gnu::noinline]] inline void SocketState::read_from_kernel() {
  if (!plain() || buffer || (cold && !cold->unread.empty())) return read_with_care(false);
  char* const room = loop->receive_buffer();
  const std::ptrdiff_t got = channel.try_read(room, LoopCore::receive_room);
  if (got > 0 && static_cast<std::size_t>(got) <= most_at_once) [[likely]] {
    bytes_read += static_cast<std::size_t>(got);
    need_readable = reading = true;  // what the next read would note
    if (listeners.has(on_data)) tell_data(std::string_view(room, static_cast<std::size_t>(got)));
    if ((ended || buffer) && !destroyed && !has_room()) [[unlikely]] {
      reading = false;  // what the listener put back filled it up
      stop_reading();
    }
    return;
  }
  read_on(room, got, false);
}

/// Whether an accepted connection's first message, or its end, is there already; then it is told.
inline bool SocketState::brought_something() {
  if (!kernel_reading) return false;
  read_from_kernel();
  return bytes_read != 0 || !kernel_reading;
}

[[gnu::noinline]] inline void SocketState::read_with_care(bool to_the_end) {
  if (!kernel_reading) return;
  if (users_buffer) return read_into_users(to_the_end);
  if (cold && !cold->unread.empty()) return deliver_unread();
  char* const room = loop->receive_buffer();
  read_on(room, channel.try_read(room, LoopCore::receive_room), to_the_end);
}

/// Bounded: no socket may starve the rest.
[[gnu::noinline]] inline void SocketState::read_on(char* room, std::ptrdiff_t got, bool to_the_end) {
  for (int reads = 8; got > 0; got = channel.try_read(room, LoopCore::receive_room)) {
    deliver({room, static_cast<std::size_t>(got)});
    if (!kernel_reading || --reads == 0) return;
    // when the connection is over the end stands behind this, and one more read is less than one more turn
    if (static_cast<std::size_t>(got) < LoopCore::receive_room && !to_the_end) return;
    loop->flush_cork();
    loop->drain_ticks();  // S2.2: before the next 'data'
    if (!kernel_reading) return;
  }
  if (got != would_block) short_of_memory(got) ? wait_for_memory() : read_over(got);
}

/// The kernel will give no more: the end of the stream, or an error.
inline void SocketState::read_over(std::ptrdiff_t got) {
  if (got == 0 && ends_quietly()) return end_quietly();
  touch();
  stop_reading();
  if (got < 0) return fail(system_failure(static_cast<int>(-got), "read"));
  if (end_told) return;
  push_end();
  read_nothing();
}

/// S25: into the user's memory, one callback a read.
inline void SocketState::read_into_users(bool to_the_end) {
  for (int reads = 32; reads > 0 && kernel_reading; --reads) {
    const std::span<std::byte> room = cold->onread_buffer;
    if (room.empty()) return read_over(-ENOBUFS);  // reading nothing would look like the end
    const std::ptrdiff_t got = channel.try_read(room.data(), room.size());
    if (got <= 0) {
      if (got != would_block) short_of_memory(got) ? wait_for_memory() : read_over(got);
      return;
    }
    touch();
    bytes_read += static_cast<std::uint64_t>(got);
    const SameConnection same(*this);
    const bool more_wanted = cold->onread.callback(static_cast<std::size_t>(got), room);
    if (!same) return;
    next_users_buffer();
    if (!more_wanted) stop_reading();
    if (static_cast<std::size_t>(got) < room.size() && !to_the_end) return;
    loop->flush_cork();
    loop->drain_ticks();
  }
}

/// S25.4: no buffer at all leaves the one before; an empty one is one.
inline void SocketState::next_users_buffer() {
  if (!cold->onread.allocate) return;
  const std::span<std::byte> given = cold->onread.allocate();
  if (given.data()) cold->onread_buffer = given;
}

/// Tells what one read brought, in pieces; between two of them ticks run (S2.2). What cannot be told, because a
/// listener paused or threw, is kept as if it were still in the kernel.
inline void SocketState::deliver(std::string_view bytes) {
  struct Rest {
    SocketState& self;
    std::string_view bytes;
    SameConnection same{self};
    ~Rest() {
      if (bytes.empty() || self.destroyed || !same) return;
      self.more().unread.insert(0, bytes);
      if (!self.kernel_reading) return;
      self.kernel_reading = false;  // so that starting tells it from the loop
      self.start_reading();
    }
  } rest{*this, bytes};
  for (;;) {
    const std::string_view piece = rest.bytes.substr(0, most_at_once);
    rest.bytes.remove_prefix(piece.size());
    bytes_read += piece.size();
    touch();
    if (!push(piece) && !destroyed) stop_reading();
    if (rest.bytes.empty()) return;
    loop->flush_cork();
    loop->drain_ticks();
    if (!kernel_reading || destroyed || !rest.same) return;
  }
}

inline void SocketState::deliver_unread() {
  if (!kernel_reading || destroyed || !cold) return;
  const std::string unread = std::exchange(cold->unread, {});
  if (!unread.empty()) deliver(unread);
}

/// What a read from the kernel brings into the stream; false: no more for now.
inline bool SocketState::push(std::string_view bytes) {
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
    if (listeners.has(on_data)) tell_data(bytes);
    if (buffer && !has_room()) reading = false;  // what the listener put back filled it up
  } else {
    buffer_bytes(decodes ? std::move(text) : std::string(bytes));
    if (need_readable) emit_readable();
    maybe_read_more();
  }
  return has_room();
}

inline void SocketState::buffer_bytes(std::string&& bytes) {
  if (!buffer) buffer = new ReadBuffer;
  buffer->push(std::move(bytes));
}

inline void SocketState::push_end() {
  reading = false;
  if (ended) return;
  if (decodes) {
    std::string rest = cold->decode({}, true);
    if (!rest.empty()) buffer_bytes(std::move(rest));
  }
  ended = true;
  need_readable = false;
  readable_told = true;
  emit_readable_now();
}

// ── to the listeners ───────────────────────────────────────────────────────

/// Takes one piece out of the buffer: `n` bytes, or, if `all` and not flowing, everything. False: nothing to give.
inline bool SocketState::read_piece(std::size_t n, bool all, std::string& piece, bool silently) {
  if (!all && n > read_mark) {
    std::size_t power = 1;
    while (power < n && power < std::size_t{1} << 30) power <<= 1;
    read_mark = power;
  }
  if (all || n != 0) readable_told = false;
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
    read_start();
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
  if (!close_ticked && !silently) tell_data(std::string_view(piece));
  return true;
}

inline void SocketState::read_nothing() {
  std::string nothing;
  (void)read_piece(0, false, nothing);
}

/// What read_nothing() does on a socket that has never been read from.
inline void SocketState::first_read() {
  need_readable = reading = true;
  never_read = false;
  read_start();
}

inline void SocketState::flow() {
  if (flow_state != Flow::flowing) return;
  if (!buffer && !ended && reading) {  // there is nothing, and what comes will be told
    readable_told = false;
    need_readable = true;
    return;
  }
  // a listener that throws does not keep the rest from being told
  OnThrow again{*this, [](SocketState& self) { self.tick_always([](SocketState& socket) { socket.flow(); }); }};
  std::string piece;
  // S14.18: nothing after destroy(): what is left is taken without a word
  while (flow_state == Flow::flowing && read_piece(0, true, piece, destroyed)) {}
  again.passed = true;
}

inline void SocketState::emit_readable() {
  need_readable = false;
  if (readable_told) return;
  readable_told = true;
  tick_always([](SocketState& self) { self.emit_readable_now(); });
}

inline void SocketState::emit_readable_now() {
  if (!destroyed && !errored && (read_length() > 0 || ended)) {
    tell_readable();
    readable_told = false;
  }
  need_readable = flow_state != Flow::flowing && !ended && read_length() <= read_mark;
  flow();
}

/// Reads on, on a tick, until the high-water mark is reached.
inline void SocketState::maybe_read_more() {
  if (reading_more) return;
  reading_more = true;
  tick_always([](SocketState& self) {
    if (!self.reading && !self.ended &&
        (self.read_length() < self.read_mark || (self.flow_state == Flow::flowing && self.read_length() == 0))) {
      self.read_nothing();
    }
    self.reading_more = false;
  });
}

/// The other side has ended, and nobody listens to what follows from it.
inline bool SocketState::ends_quietly() const noexcept {
  constexpr unsigned told[] = {on_end, on_readable, on_prefinish, on_finish};
  for (const unsigned event : told) {
    if (listeners.has(event)) return false;
  }
  return plain() && open() && !buffer && !end_told && !allow_half_open && !removed_end_listener;
}

/// Where 'end' and the ticks around it would lead, in one step (S16.8).
inline void SocketState::end_quietly() {
  kernel_reading = reading = need_readable = false;
  ended = end_told = ended_by_other = true;
  ending = final_called = true;
  call_final();
}

inline void SocketState::end_readable() {
  if (end_told) return;
  ended = true;
  tick([](SocketState& self) { self.end_readable_now(); });
}

inline void SocketState::end_readable_now() {
  if (errored || close_ticked || end_told || read_length() > 0) return;
  end_told = true;
  if (!allow_half_open && !removed_end_listener) ended_by_other = true;
  OnThrow again{*this, [](SocketState& self) { self.after_end(); }};
  tell_end();
  again.passed = true;
  if (again.same) after_end();
}

/// S16.6, S16.11: the own end follows, on a tick; or everything is over.
inline void SocketState::after_end() {
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
