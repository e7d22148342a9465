// What waits to be sent: in flight, buffered, before the connection, and when it fails. Internal.
#ifndef NET_DETAIL_STREAM_SEND_IPP
#define NET_DETAIL_STREAM_SEND_IPP

#include <net/detail/base/exchange.hpp>
#include <net/detail/stream/state.hpp>

#if NET_BODIES

#include <cstddef>
#include <cstring>
#include <utility>

#include <net/detail/stream/steps.hpp>

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

// ── in flight ──────────────────────────────────────────────────────────────

/// The kernel has space again.
NET_API void SocketState::send_in_flight() {
  if (loop->inert()) return;  // a listener forked: what is in flight is the parent's to send (S31.1)
  for (int sends = 32; sends > 0; --sends) {
    IoSlice slices[max_slices];
    const std::size_t count = backlog->in_flight.slices(slices, max_slices);
    if (count == 0) return in_flight_taken();
    const std::ptrdiff_t sent = channel.write(slices, count);
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

NET_API void SocketState::in_flight_taken() {
  touch();
  request.move_to(WriteRequest::none);
  write_length -= detail::exchange(backlog->in_flight_length, 0);
  // the callbacks of this request are called now, before those of the next one
  std::size_t count = 0;
  for (const WriteNode* node = backlog->in_flight.first(); node; node = node->next) ++count;
  backlog->in_flight.move_to(backlog->done);
  if (!backlog->buffered.empty()) send_buffered();
  if (!writing()) update_watch();
  if (shutting_down && !writing()) {
    loop->pending().push({Ref<Handle>(this), job_of<&SocketState::shutdown_now>});
  }
  after_write(count);
}

/// All that was buffered becomes the next request.
NET_API void SocketState::send_buffered() {
  if (corked || destroyed() || !backlog || backlog->buffered.empty()) return;
  if (loop->inert()) return;
  if (loop->batched_by(*this)) {
    loop->flush_batch();  // it is older; what the kernel does not take of it is in flight, and this stays behind it
    if (writing() || errored()) return;
  }
  const std::size_t size = write_length - backlog->in_flight_length;
  std::size_t count = 0;
  bool callbacks = false;
  for (const WriteNode* node = backlog->buffered.first(); node; node = node->next)
    ++count, callbacks = callbacks || node->callback;
  backlog->buffered.move_to(backlog->in_flight);
  backlog->in_flight_length = size;
  if (connecting()) return wait_for_connect();
  if (!has_handle()) return write_failed_later(make_error(Errc::ERR_SOCKET_CLOSED), {});
  request.move_to(WriteRequest::in_flight);
  bytes_sent += size;
  touch();
  for (;;) {
    IoSlice slices[max_slices];
    const std::size_t slice_count = backlog->in_flight.slices(slices, max_slices);
    if (slice_count == 0) break;
    const std::ptrdiff_t sent = channel.write(slices, slice_count);
    if (means_later(sent)) return update_watch();
    if (sent < 0) return write_failed_later(system_failure(static_cast<int>(-sent), "write"), {});
    backlog->in_flight.consume(static_cast<std::size_t>(sent));
  }
  // taken at once: called on a tick
  request.move_to(WriteRequest::none);
  write_length -= detail::exchange(backlog->in_flight_length, 0);
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

NET_API void SocketState::uncork() {
  if (!corked) return;
  corked = --cold->corks > 0;
  if (!writing()) send_buffered();
}

NET_API void SocketState::uncork_all() {
  if (!corked) return;
  cold->corks = 1;
  uncork();
}

// ── before the connection ──────────────────────────────────────────────────

/// The first write waits for 'connect', in its place among the listeners (S15.12, S15.13).
NET_API void SocketState::wait_for_connect() {
  once_inside(own_write_closed, on_close, [](SocketState& self) {
    if (self.request == WriteRequest::awaits_connection)
      self.write_failed(make_error(Errc::ERR_SOCKET_CLOSED_BEFORE_CONNECTION));
  });
  CallOnThrow undo([this] { drop_own(own_write_closed); });
  once_inside(own_write, on_connect, [](SocketState& self) {
    self.drop_own(own_write_closed);
    if (self.request == WriteRequest::awaits_connection) self.send_pending_connect();
  });
  undo.passed = true;
  request.move_to(WriteRequest::awaits_connection);
}

NET_API void SocketState::send_pending_connect() {
  request.move_to(WriteRequest::in_flight);
  if (!channel.is_open()) return write_failed(make_error(Errc::ERR_SOCKET_CLOSED));
  bytes_sent += backlog->in_flight_length;
  touch();
  send_in_flight();
  if (writing()) update_watch();
}

// ── failure ────────────────────────────────────────────────────────────────

/// Forgets the request that was under way.
NET_RARE void SocketState::drop_request(const Error& error) {
  request.move_to(WriteRequest::none);
  if (backlog) write_length -= detail::exchange(backlog->in_flight_length, 0);
  failed_with(error);
}

/// Known inside write(): emitted on the next tick. What needs memory comes first: a write() that throws is none.
NET_RARE void SocketState::write_failed_later(const Error& error, WriteCallback callback) {
  (void)ensure_cold();
  WriteQueue& failed = ensure_backlog().in_flight;
  loop->ticks().reserve(1);
  Callback emission = SocketTickWith<&SocketState::write_failed, Error>{Owing<SocketState>(*this), error, generation};
  WriteNode* node = WriteNode::copy(nullptr, 0);
  node->callback = std::move(callback);
  failed.push(node);
  drop_request(error);
  loop->ticks().push(std::move(emission));
  update_watch();
}

/// The callbacks of what was in flight, of what waited behind it, of end(); then 'error' (S15.19, S15.20).
NET_RARE void SocketState::write_failed(const Error& error) {
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
NET_API void SocketState::fail_buffered() {
  if (writing()) return;
  OnThrow again{*this, tick_step_of<&SocketState::fail_buffered>};
  while (again.same && backlog && !backlog->buffered.empty()) {
    WriteNode* node = backlog->buffered.first();
    const WriteCallback callback = std::move(node->callback);
    write_length -= node->size;
    backlog->buffered.pop();
    if (callback) callback(error_or(Errc::ERR_STREAM_DESTROYED));
  }
  if (again.same) call_finish_callbacks(errored() ? cold->errored : end_after_destroy());
  again.passed = true;
}

NET_API void SocketState::call_finish_callbacks(const Error& error) {
  const SameConnection same(*this);
  while (same && cold && !cold->finish_callbacks.empty()) {
    const WriteCallback callback = cold->finish_callbacks.pop_front();
    callback(error);
  }
}

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif
#endif
