// How a socket ends: end(), destroy(), reset, 'close', and beginning anew. Internal.
#ifndef NET_DETAIL_STREAM_CLOSE_IPP
#define NET_DETAIL_STREAM_CLOSE_IPP

#include <net/detail/stream/state.hpp>

#if NET_BODIES

#include <string>
#include <utility>

#include <net/detail/loop/retry.hpp>

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

// ── end() ──────────────────────────────────────────────────────────────────

/// end(), after its data was written; `refused` says that this write was, and `why`.
NET_API void SocketState::end(WriteCallback callback, bool refused, const Error& why) {
  if (corked) {
    cold->corks = 1;
    uncork();
  }
  if (!refused && !errored && !ending && !callback) [[likely]] {  // the common case needs no error
    ending = true;
    maybe_finish();
    return;
  }
  Error error = why;
  if (!refused) {
    if (!errored && !ending) {
      ending = true;
      maybe_finish();
    } else if (finished) {
      refused = true;
      error = make_error(Errc::ERR_STREAM_ALREADY_FINISHED);
    } else if (destroyed) {
      refused = true;
      error = make_error(Errc::ERR_STREAM_DESTROYED, "Cannot call end after a stream was destroyed");
    } else if (errored) {
      refused = true;
      error = cold->errored;
    }
    // the first end() after a destroy() would never be called back
    if (destroyed && !refused) {
      refused = true;
      error = error_or(Errc::ERR_STREAM_DESTROYED, "Cannot call end after a stream was destroyed");
    }
  }
  if (!callback || !loop) return;
  if (refused) {
    loop->next_tick([error, callback = std::move(callback)] { callback(error); });
  } else {
    ensure_cold().finish_callbacks.push(std::move(callback));
  }
}

NET_API bool SocketState::needs_finish() const noexcept {
  return ending && !destroyed && write_length == 0 && !errored && !finished && !writing;
}

NET_API void SocketState::maybe_finish() {
  if (!ending || final_called || !needs_finish()) return;
  final_called = true;
  call_final();
}

/// Everything was written: the other side learns of it, once there is one.
NET_API void SocketState::call_final() {
  if (connecting) {
    once_inside(own_end, on_connect, step_of<&SocketState::call_final>);
    return;
  }
  if (!has_handle) return final_done();
  if (shutting_down) return;
  shutting_down = true;
  recount();
  loop->next_pending({Ref<Handle>(this), job_of<&SocketState::shutdown_now>});
}

NET_API void SocketState::shutdown_now() {
  if (!shutting_down) return;
  if (loop->batched_by(*this)) loop->flush_batch();
  if (writing) return;  // part of the batch is still on its way: again when it is gone
  shutting_down = false;
  recount();
  if (destroyed) return;
  // when the other side has ended too, close() follows at once and says the same with one call less
  if (!end_emitted) {
    const int failed = channel.shutdown_write();
    if (failed < 0 && failed != -ENOTCONN) return fail(system_failure(-failed, "shutdown"));  // S16.16
  } else if (!listeners.has(on_prefinish) && !listeners.has(on_finish) && !(cold && !cold->finish_callbacks.empty()) &&
             needs_finish()) {
    // nobody listens on the ticks between here and there
    prefinished = finished = close_ticked = true;
    return destroy(no_error());
  }
  final_done();
}

NET_API void SocketState::final_done() {
  if (!needs_finish()) return;
  prefinished = true;
  OnThrow again{*this, tick_step_of<&SocketState::finish>};
  emit<on_prefinish>();
  again.passed = true;
  if (again.same) tick(step_of<&SocketState::finish>);
}

NET_API void SocketState::finish() {
  const SameConnection same(*this);
  if (!finished) {
    finished = true;
    OnThrow again{*this, tick_step_of<&SocketState::finish>};
    call_finish_callbacks(no_error());
    emit<on_finish>();
    again.passed = true;
  }
  if (same && (end_emitted || unreadable)) destroy(no_error());
}

// ── destroy() ──────────────────────────────────────────────────────────────

NET_API void SocketState::destroy(const Error& error) {
  if (destroyed || !loop) return;
  const Ref<SocketState> alive(this);
  // what needs memory comes first: a destroy() that fails has done nothing
  loop->ticks().reserve(4);
  if (!close_expected) loop->closing().reserve(1);
  Callback emit;
  if (error) {
    if (!errored) (void)ensure_cold();
    emit = emit_later(error);
  }
  if ((backlog && !backlog->buffered.empty()) || (cold && !cold->finish_callbacks.empty())) {
    tick(step_of<&SocketState::fail_buffered>);
  }
  const bool failing = static_cast<bool>(error);
  if (failing && !errored) {
    errored = true;
    ensure_cold().errored = error;
  }
  destroyed = true;
  ++owed;  // until 'close' was emitted
  if (connecting) stop_connecting();
  connecting = false;
  if (cold) stop_idle();
  if (has_handle) {
    close_handle(failing);
    tick_error(emit);
  } else {
    tick_error(emit);
    loop->next_tick([self = Ref<SocketState>(this), asked = generation] { self->emit_close(self->generation == asked); });
  }
  leave_server();
}

/// One connection less, and only once for each (S9.17).
NET_API void SocketState::leave_server() {
  if (!of_server) return;
  of_server = false;
  server->operations->child_gone(*server);
}

/// 'error' on a tick; what follows it may come from a read() of what is left.
NET_API void SocketState::tick_error(Callback& emit) {
  if (emit) return loop->next_tick(std::move(emit));
  if (close_ticked) return;
  if (!ended && !buffer) {  // there is nothing that could be emitted until then
    close_ticked = true;
  } else {
    tick([](SocketState& self) { self.close_ticked = true; });
  }
}

[[gnu::cold]] NET_API Callback SocketState::emit_later(const Error& error) {
  return [self = Owing<SocketState>(*this), error, asked = generation] { self->emit_error(error, self->generation == asked); };
}

/// It is emitted even if there is a new connection already, which it is no error of.
NET_API void SocketState::emit_error(const Error& error, bool current) {
  if (current) {
    close_ticked = true;
    if (error_emitted) return;  // at most one between two connects (S3.19)
    error_emitted = true;
  }
  emit_error_event(error);
}

/// Closes the descriptor now; 'close' comes in the close phase (S17.2).
NET_API void SocketState::close_handle(bool failing) {
  had_error = failing;
  if (channel.is_open()) {
    if (loop->batched_by(*this)) flush_last();
    if (resetting && !loop->inert()) channel.reset_on_close();
    loop->poller().drop(channel);
    channel.close();
    Retry::descriptor_freed();
  }
  has_handle = read_interest = shutting_down = false;
  closing = true;
  recount();
  close_later(job_of<&SocketState::close_now>);
}

/// What the system does not take of it is lost, and needs no memory.
NET_API void SocketState::flush_last() noexcept {
#if defined(__cpp_exceptions)
  try {
    loop->flush_batch();
  } catch (...) {
    loop->forget_batch();
  }
#else
  loop->flush_batch();
#endif
}

/// For destructors: without the memory for more it is closed without a word.
NET_API void SocketState::destroy_always() noexcept {
  undo_or_give_up(*this, [this] { destroy(no_error()); });
}

/// From now on its 'close' needs no memory.
NET_API void SocketState::expect_close() {
  if (close_expected) return;
  loop->closing().expect();
  close_expected = true;
}
NET_API void SocketState::close_later(void (*step)(Handle&)) {
  if (close_expected) {
    close_expected = false;
    loop->closing().push_expected({Ref<Handle>(this), step});
  } else {
    loop->next_close({Ref<Handle>(this), step});
  }
}

/// S32.5: there was no memory for something that had to be done. It is closed, and of its events only 'close' is left;
/// the exception says why.
[[gnu::cold]] NET_API void SocketState::give_up() noexcept {
  if (!loop || closing || close_emitted) return;
  const Ref<SocketState> alive(this);
  const bool was_destroyed = destroyed;
  if (!was_destroyed) ++owed;  // until 'close' was emitted
  destroyed = true;
  if (connecting) stop_connecting();
  connecting = false;
  stop_idle();
  had_error = true;
  if (loop->batched_by(*this)) loop->forget_batch();
  if (channel.is_open()) {
    loop->poller().drop(channel);
    channel.close();
    Retry::descriptor_freed();
  }
  has_handle = read_interest = shutting_down = false;
  closing = true;
  recount();
  if (close_expected) close_later(job_of<&SocketState::close_now>);
  leave_server();
}

/// The close phase: a write that was in flight learns that it was cancelled, and then 'close' (S17.6).
NET_API void SocketState::close_now() {
  if (writing || cold) emit_cancelled();
  closing = false;
  emit_close(true);
}

NET_API void SocketState::emit_cancelled() {
  // whatever the callbacks and listeners in here throw, 'close' comes
  OnThrow again{*this, [](SocketState& self) {
                  self.loop->next_close(
                      {Ref<Handle>(&self), job_of<&SocketState::close_now>});
                }};
  if (writing && !wait_connect) write_failed(system_failure(ECANCELED, "write"));
  recount();
  // attempts of a race that destroy() stopped are emitted (S13.13)
  while (cold && !cold->cancelled.empty()) {
    cold->emit_cancelled(*this);
    loop->drain_ticks();  // this was a callback of its own (S2.2)
  }
  again.passed = true;
}

/// 'close' is the last event, unless its listeners ask for more. `current`: there is no new connection already.
NET_API void SocketState::emit_close(bool current) {
  struct Emitted {
    SocketState& self;
    Ref<SocketState> alive;
    ~Emitted() {
      self.release_from_loop();
      self.settle();
    }
  } const emitted{*this, Ref<SocketState>(this)};
  if (cold && cold->abort_hook) std::exchange(cold->abort_hook, {})->detach();
  if (!current) return void(emit<on_close>(false));
  close_emitted = true;
  if (!wait_connect) return void(emit<on_close>(had_error));
  OnThrow again{
      *this, [](SocketState& self) {
        // a write that waited for the connection learns of the end in its place among these listeners
        if (!self.wait_connect) return;
        self.tick([](SocketState& socket) { socket.write_failed(make_error(Errc::ERR_SOCKET_CLOSED_BEFORE_CONNECTION)); });
      }};
  emit<on_close>(had_error);
  again.passed = true;
}

NET_API void SocketState::drop_listeners() noexcept {
  listeners.clear();
  data_listening = false;
  if (cold) cold->pipes.source_closed();
}

/// S20: destroyed as soon as the signal aborts; forgotten after 'close'.
NET_API void SocketState::watch_signal(const AbortSignal& signal) {
  if (!signal) return;
  if (signal.aborted()) return destroy(abort_failure(signal.state()->reason));
  Ref<AbortHook>& hook = ensure_cold().abort_hook;
  hook = Ref<AbortHook>(new AbortHook(*loop));
  hook->callback = [this](const Error& reason) {
    const Ref<Handle> alive(this);
    or_give_up(*this, [&] { destroy(abort_failure(reason)); });
  };
  if (signal.state()->attach(*hook)) return;
  hook = {};
  destroy(abort_failure(signal.state()->reason));
}

/// Takes the descriptor out of the loop, open. The socket is closed then, without a word.
NET_API NativeHandle SocketState::release_descriptor() {
  if (!channel.is_open() || connecting) return no_handle;
  if (loop->batched_by(*this)) loop->flush_batch();
  if (writing || write_length > 0) {
    throw_error(make_error(Errc::ERR_INVALID_STATE, "The socket still has bytes to send: release it after 'drain'"));
  }
  leave_writes_behind();
  loop->next_close({Ref<Handle>(this), [](Handle& handle) {
                      auto& self = static_cast<SocketState&>(handle);
                      self.release_from_loop();
                      self.settle();
                    }});
  ++owed;
  ++generation;  // ticks that are on the way emit nothing
  loop->poller().drop(channel);
  const NativeHandle fd = channel.release();
  read_interest = false;
  destroyed = close_emitted = true;
  has_handle = shutting_down = false;
  stop_idle();
  recount();
  if (cold && cold->abort_hook) std::exchange(cold->abort_hook, {})->detach();
  leave_server();
  return fd;
}

/// S22.1: a descriptor that is connected; it is read at once.
NET_API void SocketState::adopt_descriptor(NativeHandle fd, bool reads, bool writes) {
  is_path = !channel.adopt_connected(fd);
  expect_close();
  has_handle = true;
  retain_for_loop();
  if (!reads) unreadable = ended = end_emitted = true;
  if (!writes) ending = final_called = prefinished = finished = true;
  if (reads) read_zero();
  recount();
}

/// The loop's own reference: taken when there is something to keep, given back after 'close'.
NET_API void SocketState::retain_for_loop() noexcept {
  if (kept_by_loop) return;
  kept_by_loop = true;
  retain();
}

NET_API void SocketState::release_from_loop() noexcept {
  if (connecting || has_handle || !kept_by_loop) return;
  kept_by_loop = false;
  release();
}

NET_API void SocketState::destroy_soon() {
  const bool still_writable = !destroyed && !errored && !ending;
  if (still_writable) end({}, false, no_error());
  if (finished) {
    destroy(no_error());
  } else {
    once_inside(own_finish, on_finish, [](SocketState& self) { self.destroy(no_error()); });
  }
}

NET_API void SocketState::reset_and_destroy() {
  if (destroyed || !loop) return;
  if (is_path && has_handle) throw_error(make_error(Errc::ERR_INVALID_HANDLE_TYPE));  // S17.15
  if (connecting) {
    resetting = true;
    once_inside(own_reset, on_connect, step_of<&SocketState::reset_and_destroy>);
  } else if (has_handle) {
    resetting = true;
    destroy(no_error());
  } else {
    destroy(make_error(Errc::ERR_SOCKET_CLOSED));
  }
}

/// S12.21: a new connection finds everything as it was made, but what is named here and what is no part of a connection.
NET_API void SocketState::undestroy() {
  leave_writes_behind();
  for (unsigned which = 0; which < own_count; ++which) {
    if (which != own_read) drop_own(static_cast<OwnListener>(which));
  }
  static_cast<Connection&>(*this) = Connection();
  static_cast<ReadGate&>(*this) = {
      .flow_state = flow_state, .users_buffer = users_buffer, .decodes = decodes, .timed = timed,
      .by_buffer = by_buffer};
  static_cast<WriteGate&>(*this) = {.corked = corked};
  if (cold) static_cast<ColdConnection&>(*cold) = ColdConnection();
  ++generation;
}

/// Writes and ends that were not called back when their connection made way for another one. They hear it on a tick, and do
/// nothing to the new one, unless they were made for it: before the first connect() (S15.14).
struct LeftWrites {
  std::size_t owners = 0;
  Ref<SocketState> socket;
  Backlog* backlog = nullptr;
  Queue<WriteCallback> ends;
  Error in_flight, buffered, ended;
  bool finishes = false;
  bool fails = false;
  std::uint64_t generation = 0;  // of the connection that follows

  ~LeftWrites() { delete backlog; }
  void retain() noexcept { ++owners; }
  void release() noexcept {
    if (--owners == 0) delete this;
  }

  static void settle(LeftWrites& self) {
    struct Again {
      LeftWrites& self;
      bool passed = false;
      ~Again() {
        if (!passed) self.soon();
      }
    } again{self};
    if (self.backlog) {
      call_all(self.backlog->done, no_error());
      call_all(self.backlog->in_flight, self.in_flight);
      call_all(self.backlog->buffered, self.buffered);
    }
    while (!self.ends.empty()) {
      const WriteCallback callback = self.ends.pop_front();
      callback(self.ended);
    }
    SocketState& socket = *self.socket;
    if (std::exchange(self.finishes, false)) socket.emit<on_finish>();
    again.passed = true;
    if (self.fails && socket.generation == self.generation) socket.fail(self.in_flight);
  }
  void soon() {
    if (LoopCore* const loop = socket->loop) loop->next_tick(Step<LeftWrites>{Ref<LeftWrites>(this), settle});
  }

 private:
  static void call_all(WriteQueue& queue, const Error& error) {
    while (!queue.empty()) {
      const WriteCallback callback = std::move(queue.first()->callback);
      queue.pop();
      if (callback) callback(error);
    }
  }
};

NET_API void SocketState::leave_writes_behind() {
  const bool flying = backlog && !backlog->in_flight.empty();
  const bool waits = flying || (backlog && (!backlog->done.empty() || !backlog->buffered.empty())) ||
                     (cold && !cold->finish_callbacks.empty()) || (prefinished && !finished);
  if (waits) {
    const Ref<LeftWrites> left(new LeftWrites);
    left->socket = Ref<SocketState>(this);
    left->backlog = std::exchange(backlog, nullptr);
    if (cold) left->ends.swap(cold->finish_callbacks);
    if (flying) {
      left->in_flight = wait_connect ? make_error(Errc::ERR_SOCKET_CLOSED_BEFORE_CONNECTION)
                                     : error_or(Errc::ERR_SOCKET_CLOSED, "Socket is closed");
      left->buffered = left->ended = left->in_flight;
    } else {
      left->buffered = error_or(Errc::ERR_STREAM_DESTROYED, "Cannot call write after a stream was destroyed");
      left->ended = prefinished && !errored
                        ? no_error()
                        : error_or(Errc::ERR_STREAM_DESTROYED, "Cannot call end after a stream was destroyed");
    }
    left->finishes = prefinished && !finished && !channel.is_open();
    left->fails = flying && !destroyed;
    left->generation = generation + 1;
    left->soon();
  }
  delete std::exchange(backlog, nullptr);
}

/// What was accepted is given to the kernel, as far as it takes it now; needs no memory, and emits nothing.
NET_API void SocketState::hand_over() noexcept {
  if (!channel.is_open() || connecting || errored || loop->inert()) return;
  if (backlog && !in_order_sent(backlog->in_flight)) return;
  if (loop->batched_by(*this)) {
    const IoSlice batched{loop->batch_data(), loop->batch_size()};
    const std::ptrdiff_t sent = channel.try_write(&batched, 1);
    if (sent > 0) loop->shorten_batch(static_cast<std::size_t>(sent));
    if (loop->batched_by(*this)) return;
  }
  if (backlog && !corked) (void)in_order_sent(backlog->buffered);
}

/// Whether the kernel has taken all of it.
NET_API bool SocketState::in_order_sent(WriteQueue& queue) noexcept {
  for (;;) {
    IoSlice slices[64];
    const std::size_t count = queue.slices(slices, 64);
    if (count == 0) return true;
    const std::ptrdiff_t sent = channel.try_write(slices, count);
    if (sent <= 0) return false;
    queue.consume(static_cast<std::size_t>(sent));
  }
}

/// The loop is going: everything is closed, and nothing is emitted.
NET_API void SocketState::abandon() {
  hand_over();
  if (connecting) stop_connecting();
  if (channel.is_open()) {
    loop->poller().drop(channel);
    channel.close();
  }
  destroyed = true;
  has_handle = connecting = writing = read_interest = false;
  if (cold) {
    cold->idle_timer = {};
    cold->finish_callbacks.clear();
    cold->abort_hook = {};
    cold->pipes.clear();
    cold->onread = {};
  }
  delete std::exchange(backlog, nullptr);
  server = {};
  listeners.clear();
  if (!kept_by_loop) return;
  kept_by_loop = false;
  release();
}

NET_API SocketState::~SocketState() {
  if (channel.is_open() && loop) loop->poller().drop(channel);
  stop_connecting();
  stop_idle();
  if (cold && cold->abort_hook) cold->abort_hook->detach();
  if (close_expected && loop) loop->closing().expect_no_more();
  delete buffer;
  delete backlog;
  delete cold;
}

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif
#endif
