// The writing half of a socket: from write() to the kernel, 'drain' and 'finish'. Internal.
#ifndef NET_DETAIL_STREAM_WRITE_HPP
#define NET_DETAIL_STREAM_WRITE_HPP

#include <cstddef>
#include <cstring>
#include <utility>

#include <net/detail/stream/state.hpp>

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

// ── one write ──────────────────────────────────────────────────────────────

/// The common case of a small write: gathered, to leave when the listener has returned. Null: it is another case.
/// Nothing in here needs a stack frame.
[[gnu::noinline]] inline char* SocketState::gather(const char* data, std::size_t size) noexcept {
  if (!open() || timed || size - 1 >= LoopCore::cork_room / 2 || write_mark <= LoopCore::cork_room) return nullptr;
  char* const room = loop->cork_if_free(*this, &flush_corked, size);
  if (!room) return nullptr;
  bytes_sent += size;
  return static_cast<char*>(std::memcpy(room, data, size));
}

/// Takes all the bytes, always; the result only advises (S15.4). `make_node` keeps them if they have to wait:
/// it is given how many of them the kernel has taken already.
template <class MakeNode>
bool SocketState::write(const char* data, std::size_t size, WriteCallback callback, MakeNode&& make_node) {
  if (ending || destroyed) return refuse_write(callback);
  if (loop->inert()) return false;  // the connection is the parent's (S31.1)
  const bool waits = writing || corked || errored || connecting || !has_handle;
  if (!waits && size <= LoopCore::cork_room / 2 && write_mark > LoopCore::cork_room && loop->inside()) {
    WriteQueue told;
    if (callback || need_drain) prepare_to_tell(told, callback);
    char* room = size > 0 ? loop->cork_for(*this, &flush_corked, size) : nullptr;
    if (room || size == 0) {
      if (room) std::memcpy(room, data, size);
      bytes_sent += size;
      touch();
      if (!told.empty()) ++backlog->cork_callbacks;
      if (!told.empty() || need_drain) tell_written(told);
      return true;
    }
    if (!told.empty()) callback = std::move(told.first()->callback);
  }
  if (writing || corked || errored) {
    WriteQueue& behind = back().buffered;
    WriteNode* node = make_node(std::size_t{0});
    node->callback = std::move(callback);
    behind.push(node);
    write_length += size;
  } else if (connecting) {
    (void)back();
    WriteQueue first;
    first.push(make_node(std::size_t{0}));
    wait_for_connect();
    first.first()->callback = std::move(callback);
    first.move_to(backlog->in_flight);
    backlog->in_flight_length = size;
    write_length += size;
  } else if (!has_handle) {
    write_failed_later(coded(Errc::ERR_SOCKET_CLOSED), std::move(callback));
  } else {
    std::size_t taken = 0;
    touch();
    WriteQueue told;
    if (callback || need_drain) prepare_to_tell(told, callback);
    // if there is no memory for the rest of what the kernel took a part of, nothing can be right any more
    struct Half {
      SocketState& self;
      const std::size_t& taken;
      bool corked;
      bool passed = false;
      ~Half() {
        if (!passed && (taken > 0 || corked)) self.give_up();
      }
    } half{*this, taken, loop->corked_by(*this)};
    if (!send_now(data, size, taken)) {
      bytes_sent += size;
      write_failed_later(cold->errored, told.empty() ? WriteCallback() : std::move(told.first()->callback));
    } else if (taken == size && !writing) {
      bytes_sent += size;
      if (!told.empty() || need_drain) tell_written(told);
    } else {
      (void)back();
      WriteNode* node = make_node(taken);
      if (!told.empty()) node->callback = std::move(told.first()->callback);
      bytes_sent += size;
      // behind what is left of the cork, if anything is
      backlog->in_flight.push(node);
      backlog->in_flight_length += size;
      write_length += size;
      writing = true;
      update_watch();
    }
    half.passed = true;
  }
  const bool room = write_length < write_mark || write_length == 0;
  if (!room) need_drain = true;
  return room && !errored && !destroyed;
}

/// Sends what is corked and then these bytes, in one call. False: the connection is broken, `cold->errored` says
/// how. What is left of the cork is in flight then; `taken` counts only the new bytes.
inline bool SocketState::send_now(const char* data, std::size_t size, std::size_t& taken) {
  const std::size_t gathered = loop->corked_by(*this) ? loop->cork_size() : 0;
  if (gathered + size == 0) return true;
  const Slice slices[2] = {{loop->cork_data(), gathered}, {data, size}};
  std::ptrdiff_t sent = channel.try_write(gathered > 0 ? slices : slices + 1, gathered > 0 && size > 0 ? 2 : 1);
  const bool broken = sent < 0 && !means_later(sent);
  if (broken) {
    errored = true;
    more().errored = system_failure(static_cast<int>(-sent), "write");
  }
  if (gathered > 0) cork_sent(gathered, sent);
  const std::size_t done = sent < 0 ? 0 : static_cast<std::size_t>(sent);
  taken = done < gathered ? 0 : done - gathered;
  return !broken;
}

/// What the kernel did not take of the cork is in flight from now on, unless the connection is broken.
inline void SocketState::cork_sent(std::size_t gathered, std::ptrdiff_t sent) {
  const std::size_t done = sent < 0 ? 0 : static_cast<std::size_t>(sent);
  if (done < gathered) {
    const std::size_t left = gathered - done;
    WriteQueue& rest = back().in_flight;
    rest.push(WriteNode::copy(loop->cork_data() + done, left));
    backlog->in_flight_length += left;
    write_length += left;
    writing = sent >= 0 || means_later(sent);
    // those who were to be told on a tick wait for the rest
    backlog->done.move_last_to(backlog->in_flight, backlog->cork_callbacks);
  }
  if (backlog) backlog->cork_callbacks = 0;
  loop->forget_cork();
}

/// The listener that gathered small writes has returned, or another socket wants the room.
inline void SocketState::flush_corked(Handle& handle) {
  auto& self = static_cast<SocketState&>(handle);
  LoopCore& loop = *self.loop;
  if (!self.channel.is_open()) return loop.forget_cork();
  const Slice all{loop.cork_data(), loop.cork_size()};
  const std::ptrdiff_t sent = self.channel.try_write(&all, 1);
  if (sent == static_cast<std::ptrdiff_t>(loop.cork_size())) [[likely]] {
    if (self.backlog) self.backlog->cork_callbacks = 0;
    return loop.forget_cork();
  }
  self.cork_left(loop.cork_size(), sent);
}

/// The kernel did not take all of it, or nothing at all any more.
[[gnu::cold]] inline void SocketState::cork_left(std::size_t gathered, std::ptrdiff_t sent) {
  const bool broken = sent < 0 && !means_later(sent);
  if (broken) {
    errored = true;
    more().errored = system_failure(static_cast<int>(-sent), "write");
  }
  or_give_up(*this, [&] {
    cork_sent(gathered, sent);
    if (broken) {
      tick([](SocketState& self) { self.write_failed(self.cold->errored); });
    } else {
      update_watch();
    }
  });
}

/// What telling of a write needs, before anything is written.
inline void SocketState::prepare_to_tell(WriteQueue& told, WriteCallback& callback) {
  loop->ticks().reserve(1);
  if (!callback) return;
  (void)back();
  told.push(WriteNode::copy(nullptr, 0));
  told.first()->callback = std::move(callback);
}

/// The kernel took the whole write at once: 'drain' if it is owed, and the callback, on a tick.
inline void SocketState::tell_written(WriteQueue& told) {
  if (told.empty()) {
    if (write_length == 0 && !drain_ticking) {
      drain_ticking = true;
      tick([](SocketState& self) { self.after_write(0); });
    }
    return;
  }
  told.move_to(backlog->done);
  drain_ticking = true;
  tick([](SocketState& self) { self.after_write(1); });
}

/// 'drain', if it is owed, and then the callbacks of `count` writes.
inline void SocketState::after_write(const std::size_t& last) {
  std::size_t count = last;
  drain_ticking = false;
  if (loop->corked_by(*this)) loop->flush_cork();
  // an exception in 'drain' or in a callback does not swallow what comes behind it
  OnThrowWith again{*this, count, +[](SocketState& self, const std::size_t& left) {
                      self.tick_with<&SocketState::after_write>(left);
                    }};
  if (need_drain && !ending && !destroyed && write_length == 0) {
    need_drain = false;
    tell_drain();
  }
  while (count > 0 && again.same && backlog && !backlog->done.empty()) {
    --count;
    const WriteCallback callback = std::move(backlog->done.first()->callback);
    backlog->done.pop();
    if (callback) callback(no_error());
  }
  again.passed = true;
  if (!again.same) return;
  if (destroyed) fail_buffered();
  maybe_finish();
}

// ── in flight ──────────────────────────────────────────────────────────────

/// The kernel has room again.
inline void SocketState::send_in_flight() {
  if (loop->inert()) return;  // a listener forked: what is in flight is the parent's to send (S31.1)
  for (int sends = 32; sends > 0; --sends) {
    Slice slices[64];
    const std::size_t count = backlog->in_flight.gather(slices, 64);
    if (count == 0) return in_flight_taken();
    const std::ptrdiff_t sent = channel.try_write(slices, count);
    if (sent == would_block) return;
    if (short_of_memory(sent)) return wait_for_memory();
    if (sent < 0) return write_failed(system_failure(static_cast<int>(-sent), "write"));
    backlog->in_flight.consume(static_cast<std::size_t>(sent));
    if (cold) cold->write_progress = true;
    std::size_t offered = 0;
    for (std::size_t i = 0; i < count; ++i) offered += slices[i].size;
    if (static_cast<std::size_t>(sent) < offered) return;
  }
}

inline void SocketState::in_flight_taken() {
  touch();
  writing = false;
  write_length -= std::exchange(backlog->in_flight_length, 0);
  // the callbacks of this request are told now, before those of the next one
  std::size_t count = 0;
  for (const WriteNode* node = backlog->in_flight.first(); node; node = node->next) ++count;
  backlog->in_flight.move_to(backlog->done);
  if (!backlog->buffered.empty()) send_buffered();
  if (!writing) update_watch();
  if (shutting_down && !writing) {
    loop->next_pending({Ref<Handle>(this), [](Handle& self) { static_cast<SocketState&>(self).shutdown_now(); }});
  }
  after_write(count);
}

/// All that was buffered becomes the next request.
inline void SocketState::send_buffered() {
  if (corked || buffer_processing || destroyed || !backlog || backlog->buffered.empty()) return;
  if (loop->inert()) return;
  if (loop->corked_by(*this)) {
    loop->flush_cork();  // it is older; what the kernel does not take of it is in flight, and this stays behind it
    if (writing || errored) return;
  }
  buffer_processing = true;
  const std::size_t size = write_length - backlog->in_flight_length;
  std::size_t count = 0;
  bool callbacks = false;
  for (const WriteNode* node = backlog->buffered.first(); node; node = node->next)
    ++count, callbacks = callbacks || node->callback;
  backlog->buffered.move_to(backlog->in_flight);
  backlog->in_flight_length = size;
  buffer_processing = false;
  if (connecting) return wait_for_connect();
  if (!has_handle) return write_failed_later(coded(Errc::ERR_SOCKET_CLOSED), {});
  writing = true;
  bytes_sent += size;
  touch();
  for (;;) {
    Slice slices[64];
    const std::size_t slice_count = backlog->in_flight.gather(slices, 64);
    if (slice_count == 0) break;
    const std::ptrdiff_t sent = channel.try_write(slices, slice_count);
    if (means_later(sent)) return update_watch();
    if (sent < 0) return write_failed_later(system_failure(static_cast<int>(-sent), "write"), {});
    backlog->in_flight.consume(static_cast<std::size_t>(sent));
  }
  // taken at once: told on a tick
  writing = false;
  write_length -= std::exchange(backlog->in_flight_length, 0);
  if (callbacks || (need_drain && write_length == 0 && !drain_ticking)) {
    backlog->in_flight.move_to(backlog->done);
    drain_ticking = true;
    tick_with<&SocketState::after_write>(count);
  } else {
    // not by way of `done`, where those of an earlier request may still wait
    while (count-- > 0) backlog->in_flight.pop();
    maybe_finish();
  }
}

inline void SocketState::uncork() {
  if (!corked) return;
  corked = --cold->corks > 0;
  if (!writing) send_buffered();
}

// ── before the connection ──────────────────────────────────────────────────

/// The first write waits for 'connect', in its place among the listeners (S15.12, S15.13).
inline void SocketState::wait_for_connect() {
  once_inside(own_write_closed, on_close, [](SocketState& self) {
    if (self.wait_connect) self.write_failed(coded(Errc::ERR_SOCKET_CLOSED_BEFORE_CONNECTION));
  });
  struct Undo {
    SocketState& self;
    bool passed = false;
    ~Undo() {
      if (!passed) self.drop_own(own_write_closed);
    }
  } undo{*this};
  once_inside(own_write, on_connect, [](SocketState& self) {
    self.drop_own(own_write_closed);
    if (self.wait_connect) self.send_pending_connect();
  });
  undo.passed = true;
  writing = wait_connect = true;
}

inline void SocketState::send_pending_connect() {
  wait_connect = false;
  if (!channel.is_open()) return write_failed(coded(Errc::ERR_SOCKET_CLOSED));
  bytes_sent += backlog->in_flight_length;
  touch();
  send_in_flight();
  if (writing) update_watch();
}

// ── failure ────────────────────────────────────────────────────────────────

/// The request that was under way is none any more.
inline void SocketState::drop_request(const Error& error) {
  writing = wait_connect = false;
  if (backlog) write_length -= std::exchange(backlog->in_flight_length, 0);
  if (errored) return;
  errored = true;
  more().errored = error;
}

/// Known inside write(): told on the next tick.
inline void SocketState::write_failed_later(const Error& error, WriteCallback callback) {
  WriteQueue& failed = back().in_flight;
  WriteNode* node = WriteNode::copy(nullptr, 0);
  node->callback = std::move(callback);
  failed.push(node);
  drop_request(error);
  update_watch();
  tick_with<&SocketState::write_failed>(error);
}

/// The callbacks of what was in flight, of what waited behind it, of end(); then 'error' (S15.19, S15.20).
inline void SocketState::write_failed(const Error& error) {
  drop_request(error);
  OnThrowWith again{*this, error,
                    +[](SocketState& self, const Error& why) { self.tick_with<&SocketState::write_failed>(why); }};
  while (again.same && backlog && !backlog->in_flight.empty()) {
    const WriteCallback callback = std::move(backlog->in_flight.first()->callback);
    backlog->in_flight.pop();
    if (callback) callback(error);
  }
  if (again.same) fail_buffered();
  again.passed = true;
  if (!again.same) return;
  fail(error);
  update_watch();
}

/// Everything that can no longer be sent learns of it; also what waits for the end.
inline void SocketState::fail_buffered() {
  if (writing) return;
  OnThrow again{*this, [](SocketState& self) { self.tick([](SocketState& socket) { socket.fail_buffered(); }); }};
  while (again.same && backlog && !backlog->buffered.empty()) {
    WriteNode* node = backlog->buffered.first();
    const WriteCallback callback = std::move(node->callback);
    write_length -= node->size;
    backlog->buffered.pop();
    if (callback) callback(error_or(Errc::ERR_STREAM_DESTROYED, "Cannot call write after a stream was destroyed"));
  }
  if (again.same)
    tell_finish_callbacks(error_or(Errc::ERR_STREAM_DESTROYED, "Cannot call end after a stream was destroyed"));
  again.passed = true;
}

inline void SocketState::tell_finish_callbacks(const Error& error) {
  const SameConnection same(*this);
  while (same && cold && !cold->finish_callbacks.empty()) {
    const WriteCallback callback = cold->finish_callbacks.take();
    callback(error);
  }
}

/// S15.15-S15.17, S16.8: what a write in a wrong state gets; the write of an end(data) is never told who ended (S16.5).
inline Error SocketState::refusal(bool tells_who) const {
  if (!ending) return coded(Errc::ERR_STREAM_DESTROYED);
  return tells_who && ended_by_other ? ended_by_other_party() : coded(Errc::ERR_STREAM_WRITE_AFTER_END);
}

inline bool SocketState::refuse_write(WriteCallback& callback) {
  const Error error = refusal(true);
  if (callback && loop) {
    loop->next_tick([error, call = std::move(callback)] { call(error); });
  }
  fail(error);
  return false;
}

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif
