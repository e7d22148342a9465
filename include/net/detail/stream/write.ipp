// One write of a socket: into the write batch, to the kernel, or behind what waits. Internal.
#ifndef NET_DETAIL_STREAM_WRITE_IPP
#define NET_DETAIL_STREAM_WRITE_IPP

#include <net/detail/stream/state.hpp>

#if NET_BODIES

#include <cstddef>
#include <cstring>
#include <utility>

#include <net/detail/base/on_throw.hpp>
#include <net/detail/stream/steps.hpp>

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

// ── one write ──────────────────────────────────────────────────────────────

/// The common case of a small write: batched, to leave when the listener has returned. Null: it is another case.
/// Nothing in here needs a stack frame.
NET_GNU(noinline) NET_API char* SocketState::batch(const char* data, std::size_t size) noexcept {
  if (!can_write_fast() || timed || size - 1 >= LoopCore::batch_capacity / 2 || write_mark <= LoopCore::batch_capacity)
    return nullptr;
  char* const place = loop->batch_if_free(*this, &flush_batched, size);
  if (!place) return nullptr;
  bytes_sent += size;
  note_answer();
  return static_cast<char*>(std::memcpy(place, data, size));
}

/// One write, and the ways that it can go.
struct OneWrite {
  SocketState& socket;
  const WriteSource& source;
  WriteCallback& callback;

  std::size_t size() const noexcept { return source.bytes.size(); }
  bool has_to_wait() const { return socket.writing() || socket.corked || socket.errored(); }

  /// Into the write batch. False: it does not fit there.
  bool batch() {
    LoopCore& loop = *socket.loop;
    if (size() > LoopCore::batch_capacity / 2 || socket.write_mark <= LoopCore::batch_capacity || !loop.inside())
      return false;
    WriteQueue to_call;
    if (callback || socket.need_drain) socket.prepare_to_emit(to_call, callback);
    if (size() > 0) {
      char* const place = loop.batch_for(socket, &SocketState::flush_batched, size());
      if (!place) {
        if (!to_call.empty()) callback = std::move(to_call.first()->callback);
        return false;
      }
      std::memcpy(place, source.bytes.data(), size());
    }
    socket.bytes_sent += size();
    socket.touch();
    if (!to_call.empty()) ++socket.backlog->batch_callbacks;
    if (!to_call.empty() || socket.need_drain) socket.emit_written(to_call);
    return true;
  }

  /// Behind what waits.
  void wait_behind() {
    WriteQueue& behind = socket.ensure_backlog().buffered;
    WriteNode* const node = source.node(0);
    node->callback = std::move(callback);
    behind.push(node);
    socket.write_length += size();
  }

  /// First of what waits for the connection.
  void wait_for_connect() {
    (void)socket.ensure_backlog();
    WriteQueue first;
    first.push(source.node(0));
    socket.wait_for_connect();
    first.first()->callback = std::move(callback);
    first.move_to(socket.backlog->in_flight);
    socket.backlog->in_flight_length = size();
    socket.write_length += size();
  }

  /// To the kernel; what it does not take is in flight.
  void send() {
    std::size_t taken = 0;
    socket.touch();
    WriteQueue to_call;
    if (callback || socket.need_drain) socket.prepare_to_emit(to_call, callback);
    // if there is no memory for the rest of what the kernel took a part of, nothing can be right any more
    struct Half {
      SocketState& self;
      const std::size_t& taken;
      bool corked;
      bool passed = false;
      ~Half() {
        if (!passed && (taken > 0 || corked)) self.give_up();
      }
    } half{socket, taken, socket.loop->batched_by(socket)};
    const bool sent = socket.send_now(source.bytes.data(), size(), taken);
    if (sent && (taken < size() || socket.writing())) {
      leave_in_flight(taken, to_call);
    } else {
      socket.bytes_sent += size();
      if (!sent)
        socket.write_failed_later(socket.cold->errored, to_call.empty() ? WriteCallback() : taken_from(to_call));
      else if (!to_call.empty() || socket.need_drain)
        socket.emit_written(to_call);
    }
    half.passed = true;
  }

 private:
  static WriteCallback taken_from(WriteQueue& to_call) { return std::move(to_call.first()->callback); }

  /// Behind what is left of the batch, if anything is.
  void leave_in_flight(std::size_t taken, WriteQueue& to_call) {
    (void)socket.ensure_backlog();
    WriteNode* const node = source.node(taken);
    if (!to_call.empty()) node->callback = taken_from(to_call);
    socket.bytes_sent += size();
    socket.backlog->in_flight.push(node);
    socket.backlog->in_flight_length += size();
    socket.write_length += size();
    socket.request.move_to(WriteRequest::in_flight);
    socket.update_watch();
  }
};

/// Takes all the bytes, always; the result only advises (S15.4).
NET_API bool SocketState::write(const WriteSource& source, WriteCallback callback) {
  if (ending() || destroyed()) return refuse_write(callback);
  if (loop->inert()) return false;  // the connection is the parent's (S31.1)
  note_answer();
  OneWrite one{*this, source, callback};
  if (!one.has_to_wait() && phase == Phase::open && one.batch()) return true;
  if (one.has_to_wait()) {  // perhaps since the batch before it went
    one.wait_behind();
  } else if (connecting()) {
    one.wait_for_connect();
  } else if (!has_handle()) {
    write_failed_later(make_error(Errc::ERR_SOCKET_CLOSED), std::move(callback));
  } else {
    one.send();
  }
  const bool has_space = write_length < write_mark || write_length == 0;
  if (!has_space) need_drain = true;
  return has_space && !errored() && !destroyed();
}

/// Sends what is batched and then these bytes, in one call. False: the connection is broken, `cold->errored` says
/// how. What is left of the batch is in flight then; `taken` counts only the new bytes.
NET_API bool SocketState::send_now(const char* data, std::size_t size, std::size_t& taken) {
  const std::size_t batched = loop->batched_by(*this) ? loop->batch_size() : 0;
  if (batched + size == 0) return true;
  const IoSlice slices[2] = {{loop->batch_data(), batched}, {data, size}};
  std::ptrdiff_t sent = channel.write(batched > 0 ? slices : slices + 1, batched > 0 && size > 0 ? 2 : 1);
  const bool broken = sent < 0 && !means_later(sent);
  if (broken) failed_with(system_failure(static_cast<int>(-sent), "write"));
  if (batched > 0) batch_sent(batched, sent);
  const std::size_t done = sent < 0 ? 0 : static_cast<std::size_t>(sent);
  taken = done < batched ? 0 : done - batched;
  return !broken;
}

/// What the kernel did not take of the batch is in flight from now on, unless the connection is broken.
NET_API void SocketState::batch_sent(std::size_t batched, std::ptrdiff_t sent) {
  const std::size_t done = sent < 0 ? 0 : static_cast<std::size_t>(sent);
  if (done < batched) {
    const std::size_t left = batched - done;
    WriteQueue& rest = ensure_backlog().in_flight;
    rest.push(WriteNode::copy(loop->batch_data() + done, left));
    backlog->in_flight_length += left;
    write_length += left;
    request.move_to(sent >= 0 || means_later(sent) ? WriteRequest::in_flight : WriteRequest::none);
    // those who were to be called on a tick wait for the rest
    backlog->done.move_last_to(backlog->in_flight, backlog->batch_callbacks);
  }
  if (backlog) backlog->batch_callbacks = 0;
  loop->forget_batch();
}

/// The listener that batched small writes has returned, or another socket wants the space.
NET_API void SocketState::flush_batched(Handle& handle) {
  auto& self = static_cast<SocketState&>(handle);
  LoopCore& loop = *self.loop;
  if (!self.channel.is_open()) return loop.forget_batch();
  const IoSlice all{loop.batch_data(), loop.batch_size()};
  const std::ptrdiff_t sent = self.channel.write(&all, 1);
  if (sent == static_cast<std::ptrdiff_t>(loop.batch_size())) [[likely]] {
    if (self.backlog) self.backlog->batch_callbacks = 0;
    return loop.forget_batch();
  }
  self.batch_left(loop.batch_size(), sent);
}

/// The kernel did not take all of it, or nothing at all any more.
NET_RARE void SocketState::batch_left(std::size_t batched, std::ptrdiff_t sent) {
  or_give_up(*this, [&] {
    batch_sent(batched, sent);
    if (sent >= 0 || means_later(sent)) return update_watch();
    const Error error = system_failure(static_cast<int>(-sent), "write");
    failed_with(error);
    tick_with<&SocketState::write_failed>(error);
  });
}

/// What the callback of a write needs, before anything is written.
NET_API void SocketState::prepare_to_emit(WriteQueue& to_call, WriteCallback& callback) {
  loop->ticks().reserve(1);
  if (!callback) return;
  (void)ensure_backlog();
  to_call.push(WriteNode::copy(nullptr, 0));
  to_call.first()->callback = std::move(callback);
}

/// The kernel took the whole write at once: 'drain' if it is owed, and the callback, on a tick.
NET_API void SocketState::emit_written(WriteQueue& to_call) {
  if (to_call.empty()) {
    if (write_length == 0 && !drain_ticking) {
      drain_ticking = true;
      tick([](SocketState& self) { self.after_write(0); });
    }
    return;
  }
  to_call.move_to(backlog->done);
  drain_ticking = true;
  tick([](SocketState& self) { self.after_write(1); });
}

/// 'drain', if it is owed, and then the callbacks of `count` writes.
NET_API void SocketState::after_write(const std::size_t& last) {
  std::size_t count = last;
  drain_ticking = false;
  if (loop->batched_by(*this)) loop->flush_batch();
  // an exception in 'drain' or in a callback does not swallow what comes behind it
  OnThrowWith again{*this, count, +[](SocketState& self, const std::size_t& left) {
                      self.tick_with<&SocketState::after_write>(left);
                    }};
  if (need_drain && !ending() && !destroyed() && write_length == 0) {
    need_drain = false;
    emit_event<on_drain>();
  }
  while (count > 0 && again.same && backlog && !backlog->done.empty()) {
    --count;
    const WriteCallback callback = std::move(backlog->done.first()->callback);
    backlog->done.pop();
    if (callback) callback(no_error());
  }
  again.passed = true;
  if (!again.same) return;
  if (destroyed()) fail_buffered();
  maybe_finish();
}

/// S15.15-S15.17, S16.8: what a write in a wrong state gets; the write of an end(data) does not say who ended (S16.5).
NET_RARE Error SocketState::refusal(bool names_other) const {
  if (!ending()) return make_error(Errc::ERR_STREAM_DESTROYED);
  return names_other && ended_by_other ? ended_by_other_party() : make_error(Errc::ERR_STREAM_WRITE_AFTER_END);
}

/// The callback comes before 'error'. If there is no memory for that one, neither comes.
NET_RARE bool SocketState::refuse_write(WriteCallback& callback) {
  const Error error = refusal(true);
  if (!callback || !loop) return fail(error), false;
  loop->ticks().push(call_later(error, std::move(callback)));
  CallOnThrow undo([this] { loop->ticks().take_back(); });
  fail(error);
  undo.passed = true;
  return false;
}

/// A callback on the next tick, whatever becomes of the connection.
NET_RARE Callback SocketState::call_later(const Error& error, WriteCallback callback) {
  return Tick{Ref<SocketState>(this), [error, call = std::move(callback)](SocketState&) { call(error); }};
}

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif
#endif
