// Descriptors that come and go, and what the loop keeps of a socket. Internal.
#ifndef NET_DETAIL_STREAM_ADOPT_IPP
#define NET_DETAIL_STREAM_ADOPT_IPP

#include <net/detail/base/exchange.hpp>
#include <net/detail/stream/state.hpp>

#if NET_BODIES

#include <cerrno>
#include <string>
#include <string_view>
#include <utility>

#include <net/detail/loop/retry.hpp>

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

/// Takes the open descriptor out of the loop, or into another channel of it. The socket is closed then, without events.
NET_API NativeHandle SocketState::release_descriptor(Machine::Channel* into) {
  if (!channel.is_open() || phase != Phase::open) return no_handle;
  if (loop->batched_by(*this)) loop->flush_batch();
  if (writing() || write_length > 0) {
    throw_error(make_error(Errc::ERR_INVALID_STATE, "The socket still has bytes to send: release it after 'drain'"));
  }
  loop->closing().reserve(1);
  leave_writes_behind();
  keep_unread();
  if (!into) keep_unread(channel.unread());
  loop->next_close({Ref<Handle>(this), close_released});
  ++owed;
  ++generation;  // ticks that are on the way emit nothing
  released = close_ticked = true;
  loop->poller().drop(channel);
  if (into) into->take_over(channel);
  const NativeHandle fd = channel.release();
  phase.move_to(Phase::closed);
  read_interest = shutting_down = false;
  stop_idle();
  recount();
  if (cold) cold->abort_watch = {};
  leave_server();
  return fd;
}

/// There is no 'close' for those who know; tasks that wait for what will not come any more are told.
NET_API void SocketState::close_released(Handle& handle) {
  auto& self = static_cast<SocketState&>(handle);
  struct Settle {
    SocketState& socket;
    ~Settle() {
      socket.release_from_loop();
      socket.settle();
    }
  } const settle{self};
  if (!self.released) return;  // it is connected anew
  const bool had_error = false;
  const EventAt<SocketEvents, on_close>::type::Given args(had_error);
  self.listeners.each_own(on_close, [&](ListenerRecord& record) { record.operations->call(record, &self, args.at); });
}

/// What was taken from the kernel and not emitted yet is nowhere else: it stays here, as what is buffered does.
NET_API void SocketState::keep_unread() {
  for (Undelivered* each = loop->undelivered(); each; each = each->outer) {
    if (each->whose != this) continue;
    keep_unread(each->bytes);
    each->bytes = {};
  }
  if (!cold) return;
  keep_unread(cold->unread);
  cold->unread.clear();
}

NET_API void SocketState::keep_unread(std::string_view bytes) {
  if (bytes.empty()) return;
  bytes_read += bytes.size();
  std::string text = decodes ? cold->decode(bytes, Decode::piece) : std::string(bytes);
  if (!text.empty()) buffer_bytes(std::move(text));
}

/// S22.1: a descriptor that is connected; it is read at once.
NET_API void SocketState::adopt_descriptor(NativeHandle fd, bool reads, bool writes) {
  expect_close();
  is_path = !channel.adopt_connected(fd);
  if (!channel.is_open()) throw_error(system_failure(ENOMEM, "open"));  // it stays whose it was
  loop->poller().hold(channel);
  phase.move_to(Phase::open);
  retain_for_loop();
  if (!reads) read_end.move_to(ReadEnd::end_emitted);
  if (!writes) write_end.move_to(WriteEnd::finished);
  if (reads) read_zero();
  recount();
}

/// As if it had not been adopted.
NET_RARE void SocketState::give_descriptor_back() noexcept {
  if (!channel.is_open()) return;
  loop->poller().drop(channel);
  (void)channel.release();
  phase.move_to(Phase::closed);
  read_interest = false;
  recount();
  release_from_loop();
}

/// The loop's own reference: taken when there is something to keep, given back after 'close'.
NET_API void SocketState::retain_for_loop() noexcept {
  if (kept_by_loop) return;
  kept_by_loop = true;
  retain();
}

NET_API void SocketState::release_from_loop() noexcept {
  if (has_handle() || !kept_by_loop) return;
  kept_by_loop = false;
  release();
}

/// What was accepted is given to the kernel, as far as it takes it now; needs no memory, and emits nothing.
NET_API void SocketState::hand_over() noexcept {
  if (!channel.is_open() || connecting() || errored() || loop->inert()) return;
  if (backlog && !in_order_sent(backlog->in_flight)) return;
  if (loop->batched_by(*this)) {
    const IoSlice batched{loop->batch_data(), loop->batch_size()};
    const std::ptrdiff_t sent = channel.write(&batched, 1);
    if (sent > 0) loop->shorten_batch(static_cast<std::size_t>(sent));
    if (loop->batched_by(*this)) return;
  }
  if (backlog && !corked) (void)in_order_sent(backlog->buffered);
}

/// Whether the kernel has taken all of it.
NET_API bool SocketState::in_order_sent(WriteQueue& queue) noexcept {
  for (;;) {
    IoSlice slices[max_slices];
    const std::size_t count = queue.slices(slices, max_slices);
    if (count == 0) return true;
    const std::ptrdiff_t sent = channel.write(slices, count);
    if (sent <= 0) return false;
    queue.consume(static_cast<std::size_t>(sent));
  }
}

/// The loop is going: everything is closed, and nothing is emitted.
NET_API void SocketState::abandon() {
  do {
    hand_over();
    if (connecting()) stop_connecting();
    if (channel.is_open()) {
      loop->poller().drop(channel);
      channel.close();
    }
    if (!closed()) phase.move_to(Phase::closed);
    request.move_to(WriteRequest::none);
    read_interest = false;
    drop_captures();
    if (!kept_by_loop) return;
    kept_by_loop = false;
    release();
  } while (has_handle());  // what died has connected it again
}

/// All in which the user may have put something: what dies there may do anything.
NET_API void SocketState::drop_captures() noexcept {
  if (cold) {
    cold->idle_timer = {};
    cold->finish_callbacks.clear();
    cold->abort_watch = {};
    if (cold->pipes) cold->pipes->operations->clear(*cold->pipes);
    users_buffer = false;
    cold->onread.clear();
    cold->user_data.clear();
  }
  delete detail::exchange(backlog, nullptr);
  server = {};
  listeners.clear();
}

NET_API SocketState::~SocketState() {
  if (channel.is_open() && loop) loop->poller().drop(channel);
  stop_connecting();
  stop_idle();
  count_bytes();
  if (close_expected && loop) loop->closing().expect_no_more();
  expect_no_removal();
  delete buffer;
  delete backlog;
  delete cold;
}

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif
#endif
