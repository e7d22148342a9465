// From the kernel into the stream. Internal.
#ifndef NET_DETAIL_STREAM_READ_IPP
#define NET_DETAIL_STREAM_READ_IPP

#include <net/detail/base/exchange.hpp>
#include <net/detail/stream/state.hpp>

#if NET_BODIES

#include <cstddef>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <net/detail/stream/steps.hpp>

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

/// One 'data' carries at most this much (S14.4), however much one read brought.
inline constexpr std::size_t max_chunk = 65536;

// ── from the kernel ────────────────────────────────────────────────────────

NET_API void SocketState::watch_readable() {
  if (read_interest || !channel.is_open() || destroyed()) return;
  read_interest = true;
  update_watch();
  if (cold && !cold->unread.empty()) {
    loop->pending().push({Ref<Handle>(this), job_of<&SocketState::deliver_unread>});
  }
}

NET_API void SocketState::unwatch_readable() {
  if (!read_interest) return;
  read_interest = false;
  update_watch();
}

NET_GNU(noinline) NET_API void SocketState::read() {
  if (!can_read_fast() || buffer || (cold && !cold->unread.empty())) return read_slow(false);
  const ReadResult got = channel.read(loop->receive_buffer(), LoopCore::receive_capacity);
  if (got.size > 0 && static_cast<std::size_t>(got.size) <= max_chunk) [[likely]] {
    bytes_read += static_cast<std::size_t>(got.size);
    need_readable = reading = true;  // what the next read would note
    if (listeners.has(on_data)) emit_event<on_data>(got.view());
    if ((ended() || buffer) && !destroyed() && !has_space()) [[unlikely]] {
      reading = false;  // what the listener put back filled it up
      unwatch_readable();
    }
    return;
  }
  read_loop(got, false);
}

/// Whether an accepted connection's first message, or its end, is there already; then it is emitted.
NET_API bool SocketState::speculative_read() {
  if (!read_interest) return false;
  read();
  return bytes_read != 0 || !read_interest;
}

NET_GNU(noinline) NET_API void SocketState::read_slow(bool to_the_end) {
  if (!read_interest) return;
  if (users_buffer) return cold->onread->read(*this, to_the_end);
  if (cold && !cold->unread.empty()) return deliver_unread();
  read_loop(channel.read(loop->receive_buffer(), LoopCore::receive_capacity), to_the_end);
}

/// Bounded: no socket may starve the rest.
NET_GNU(noinline) NET_API void SocketState::read_loop(ReadResult got, bool to_the_end) {
  for (int reads = 8; got.size > 0; got = channel.read(loop->receive_buffer(), LoopCore::receive_capacity)) {
    deliver(got.view());
    if (!read_interest || --reads == 0) return;
    // when the connection is over the end stands behind this, and one more read is less than one more turn
    if (static_cast<std::size_t>(got.size) < LoopCore::receive_capacity && !to_the_end) return;
    loop->flush_batch();
    loop->drain_ticks();  // S2.2: before the next 'data'
    if (!read_interest) return;
  }
  on_no_bytes(got.size);
}

/// There is nothing now, the kernel is out of memory, or this is the end.
NET_API void SocketState::on_no_bytes(std::ptrdiff_t got) {
  if (got != would_block) short_of_memory(got) ? wait_for_memory() : on_read_end(got);
}

/// The kernel will give no more: the end of the stream, or an error.
NET_API void SocketState::on_read_end(std::ptrdiff_t got) {
  if (got == 0 && ends_quietly()) return end_quietly();
  touch();
  unwatch_readable();
  if (got < 0) return fail(system_failure(static_cast<int>(-got), "read"));
  if (end_emitted()) return;
  push_end();
  read_zero();
}

/// S25: into the user's memory, one callback a read.
NET_API void SocketState::read_onread(bool to_the_end) {
  for (int reads = 32; reads > 0 && read_interest; --reads) {
    const std::span<std::byte> into = cold->onread->buffer;
    if (into.empty()) return on_read_end(-ENOBUFS);  // reading nothing would look like the end
    const ReadResult lent = channel.read(reinterpret_cast<char*>(into.data()), into.size());
    const std::ptrdiff_t got = lent.size;
    if (got <= 0) return on_no_bytes(got);
    if (lent.bytes != reinterpret_cast<char*>(into.data())) {
      std::memcpy(into.data(), lent.bytes, static_cast<std::size_t>(got));  // the channel's own buffer
    }
    touch();
    bytes_read += static_cast<std::uint64_t>(got);
    const SameConnection same(*this);
    const bool more_wanted = cold->onread->asked.callback(static_cast<std::size_t>(got), into);
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
  if (!cold->onread || !cold->onread->asked.allocate) return;
  const std::span<std::byte> given = cold->onread->asked.allocate();
  if (given.data() && cold->onread) cold->onread->buffer = given;
}

/// Emits what one read brought, in pieces; between two of them ticks run (S2.2). What cannot be emitted, because a
/// listener paused or threw, is kept as if it were still in the kernel; without memory for it the socket is given up.
NET_API void SocketState::deliver(std::string_view all) {
  if (all.size() <= max_chunk) return deliver_piece(all);
  struct Rest : Undelivered {
    SocketState& self;
    LoopCore& loop;
    SameConnection same{self};
    Rest(SocketState& socket, std::string_view all)
        : Undelivered{&socket, all, socket.loop->undelivered()}, self(socket), loop(*socket.loop) {
      loop.undelivered() = this;
    }
    Rest(const Rest&) = delete;
    Rest& operator=(const Rest&) = delete;
    ~Rest() {
      loop.undelivered() = outer;
      if (!bytes.empty()) undo_or_give_up(self, [this] { keep(); });
    }
    void keep() {
      const std::string_view left = detail::exchange(bytes, {});
      if (self.destroyed() || !same) return;
      self.ensure_cold().unread.insert(0, left);
      if (!self.read_interest) return;
      self.read_interest = false;  // so that starting again delivers it from the loop
      self.watch_readable();
    }
  } rest(*this, all);
  for (;;) {
    const std::string_view piece = rest.bytes.substr(0, max_chunk);
    rest.bytes.remove_prefix(piece.size());
    deliver_piece(piece);
    if (rest.bytes.empty()) return;
    loop->flush_batch();
    loop->drain_ticks();
    if (!read_interest || destroyed() || !rest.same) return rest.keep();
  }
}

NET_API void SocketState::deliver_piece(std::string_view piece) {
  bytes_read += piece.size();
  touch();
  if (!push(piece) && !destroyed()) unwatch_readable();
}

NET_API void SocketState::deliver_unread() {
  if (!read_interest || destroyed() || !cold) return;
  const std::string unread = detail::exchange(cold->unread, {});
  if (!unread.empty()) deliver(unread);
}

/// What a read from the kernel brings into the stream; false: no more for now.
NET_API bool SocketState::push(std::string_view bytes) {
  if (destroyed()) return false;
  reading = false;
  std::string text;
  if (decodes) {
    text = cold->decode(bytes, Decode::piece);
    bytes = text;
  }
  if (bytes.empty()) {
    maybe_read_more();
  } else if (flow_state == Flow::flowing && !buffer && (data_listening || !by_buffer)) {
    need_readable = reading = true;  // what the next read would note
    if (listeners.has(on_data)) emit_event<on_data>(bytes);
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
  if (ended()) return;
  if (decodes) {
    std::string rest = cold->decode({}, Decode::end);
    if (!rest.empty()) buffer_bytes(std::move(rest));
  }
  read_end.move_to(ReadEnd::eof_read);
  need_readable = false;
  readable_emitted = true;
  emit_readable_now();
}

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif
#endif
