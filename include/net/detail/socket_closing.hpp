// How a socket ends: end(), destroy(), reset, 'close', and beginning anew. Internal.
#ifndef NET_DETAIL_SOCKET_CLOSING_HPP
#define NET_DETAIL_SOCKET_CLOSING_HPP

#include <string>
#include <utility>

#include <net/detail/socket_state.hpp>

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

// ── end() ──────────────────────────────────────────────────────────────────

/// end(), after its data was written; `refused` says that this write was, and `why`.
inline void SocketState::end(WriteCallback callback, bool refused, const Error& why) {
  if (corked > 0) {
    corked = 1;
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
      error = coded(Errc::ERR_STREAM_ALREADY_FINISHED);
    } else if (destroyed) {
      refused = true;
      error = coded(Errc::ERR_STREAM_DESTROYED, "Cannot call end after a stream was destroyed");
    } else if (errored) {
      refused = true;
      error = cold->errored;
    }
    // the first end() after a destroy() would never be told
    if (destroyed && !refused) {
      refused = true;
      error = error_or(Errc::ERR_STREAM_DESTROYED, "Cannot call end after a stream was destroyed");
    }
  }
  if (!callback || !loop) return;
  if (refused) {
    loop->next_tick([error, callback = std::move(callback)] { callback(error); });
  } else {
    more().finish_callbacks.push(std::move(callback));
  }
}

inline bool SocketState::needs_finish() const noexcept {
  return ending && !destroyed && write_length == 0 && !errored && !finished && !writing;
}

inline void SocketState::maybe_finish() {
  if (!ending || final_called || !needs_finish()) return;
  final_called = true;
  call_final();
}

/// Everything was written: the other side is told, once there is one.
inline void SocketState::call_final() {
  if (connecting) {
    once_inside(on_connect, [this, asked = round] {
      if (round == asked) call_final();
    });
    return;
  }
  if (!has_handle) return final_done();
  if (shutting_down) return;
  shutting_down = true;
  recount();
  loop->next_pending({Ref<Handle>(this), [](Handle& self) { static_cast<SocketState&>(self).shutdown_now(); }});
}

inline void SocketState::shutdown_now() {
  if (!shutting_down) return;
  if (loop->corked_by(*this)) loop->flush_cork();
  if (writing) return;  // part of the cork is still on its way: again when it is gone
  shutting_down = false;
  recount();
  if (destroyed) return;
  // when the other side has ended too, close() follows at once and says the same with one call less
  if (!end_told) {
    const int failed = channel.shutdown_write();
    if (failed < 0 && failed != -ENOTCONN) return fail(system_failure(-failed, "shutdown"));  // S16.16
  } else if (!listeners.has(on_prefinish) && !listeners.has(on_finish) && !(cold && !cold->finish_callbacks.empty()) &&
             needs_finish()) {
    // nobody would be told on the ticks between here and there
    prefinished = finished = close_ticked = true;
    return destroy(no_error());
  }
  final_done();
}

inline void SocketState::final_done() {
  if (!needs_finish()) return;
  prefinished = true;
  OnThrow again{*this, [](SocketState& self) { self.tick([](SocketState& socket) { socket.finish(); }); }};
  tell_prefinish();
  again.passed = true;
  tick([](SocketState& self) { self.finish(); });
}

inline void SocketState::finish() {
  if (!finished) {
    finished = true;
    OnThrow again{*this, [](SocketState& self) { self.tick([](SocketState& socket) { socket.finish(); }); }};
    tell_finish_callbacks(no_error());
    tell_finish();
    again.passed = true;
  }
  if (end_told || unreadable) destroy(no_error());
}

// ── destroy() ──────────────────────────────────────────────────────────────

inline void SocketState::destroy(const Error& error) {
  if (destroyed || !loop) return;
  const Ref<SocketState> alive(this);
  if ((backlog && !backlog->buffered.empty()) || (cold && !cold->finish_callbacks.empty())) {
    tick([](SocketState& self) { self.fail_buffered(); });
  }
  const bool failing = static_cast<bool>(error);
  if (failing && !errored) {
    errored = true;
    more().errored = error;
  }
  destroyed = true;
  if (connecting) stop_connecting();
  connecting = false;
  stop_idle();
  if (has_handle) {
    close_handle(failing);
    tick_error(error);
  } else {
    tick_error(error);
    tick([](SocketState& self) { self.emit_close(); });
  }
  if (server) server->operations->child_gone(*server);
}

/// 'error' on a tick; what follows it may come from a read() of what is left.
inline void SocketState::tick_error(const Error& error) {
  if (error) {
    tick_with(error, [](SocketState& self, const Error& why) { self.emit_error(why); });
  } else if (!close_ticked) {
    tick([](SocketState& self) { self.close_ticked = true; });
  }
}

inline void SocketState::emit_error(const Error& error) {
  close_ticked = true;
  if (error_told) return;  // at most one between two connects (S3.19)
  error_told = true;
  tell_error(error);
}

/// Closes the descriptor now; 'close' comes in the close phase (S17.2).
inline void SocketState::close_handle(bool failing) {
  had_error = failing;
  if (channel.is_open()) {
    if (loop->corked_by(*this)) loop->flush_cork();
    if (resetting && !loop->inert()) channel.reset_on_close();
    loop->poller().drop(channel);
    channel.close();
  }
  has_handle = kernel_reading = shutting_down = false;
  closing = true;
  recount();
  loop->next_close({Ref<Handle>(this), [](Handle& self) { static_cast<SocketState&>(self).close_now(); }});
}

/// The close phase: a write that was in flight learns that it was cancelled, and then 'close' (S17.6).
inline void SocketState::close_now() {
  if (writing && !wait_connect) {
    // whatever its callbacks throw, 'close' comes
    OnThrow again{*this, [](SocketState& self) {
                    self.loop->next_close(
                        {Ref<Handle>(&self), [](Handle& handle) { static_cast<SocketState&>(handle).emit_close(); }});
                  }};
    write_failed(system_failure(ECANCELED, "write"));
    again.passed = true;
  }
  recount();
  // attempts of a race that destroy() stopped are told of (S13.13)
  while (cold && !cold->cancelled.empty()) {
    OnThrow again{*this, [](SocketState& self) {
                    self.loop->next_close(
                        {Ref<Handle>(&self), [](Handle& handle) { static_cast<SocketState&>(handle).close_now(); }});
                  }};
    cold->tell_cancelled(*this);
    loop->drain_ticks();  // this was a callback of its own (S2.2)
    again.passed = true;
  }
  emit_close();
}

/// 'close' is the last event; then the listeners go, and with them every cycle, unless the socket is used again.
inline void SocketState::emit_close() {
  struct Drop {
    SocketState& self;
    Ref<SocketState> alive;
    ~Drop() {
      if (self.cold && self.cold->abort_hook && !self.has_handle && !self.connecting) {
        std::exchange(self.cold->abort_hook, {})->detach();
      }
      self.let_go();
      if (self.destroyed && !self.reusable) self.drop_listeners();
    }
  } const drop{*this, Ref<SocketState>(this)};
  closing = false;
  close_told = true;
  OnThrow again{
      *this, [](SocketState& self) {
        // a write that waited for the connection learns of the end in its place among these listeners
        if (!self.wait_connect) return;
        self.tick([](SocketState& socket) { socket.write_failed(coded(Errc::ERR_SOCKET_CLOSED_BEFORE_CONNECTION)); });
      }};
  tell_close(had_error);
  again.passed = true;
}

inline void SocketState::drop_listeners() noexcept {
  listeners.clear();
  if (cold) cold->pipes.source_closed();
}

/// S20: destroyed as soon as the signal aborts; forgotten after 'close'.
inline void SocketState::watch_signal(const AbortSignal& signal) {
  if (!signal) return;
  if (signal.aborted()) return destroy(abort_failure(signal.state()->reason));
  Ref<AbortHook>& hook = more().abort_hook;
  hook = Ref<AbortHook>(new AbortHook(*loop));
  hook->callback = [this](const Error& reason) { destroy(abort_failure(reason)); };
  if (signal.state()->attach(*hook)) return;
  hook = {};
  destroy(abort_failure(signal.state()->reason));
}

/// Takes the descriptor out of the loop, open. The socket is closed then, without a word.
inline NativeHandle SocketState::release_descriptor() {
  if (!channel.is_open() || connecting) return os::no_descriptor;
  if (loop->corked_by(*this)) loop->flush_cork();
  if (writing || write_length > 0) {
    raise(coded(Errc::ERR_INVALID_STATE, "The socket still has bytes to send: release it after 'drain'"));
  }
  loop->poller().drop(channel);
  const NativeHandle fd = channel.release();
  kernel_reading = false;
  destroyed = close_told = true;
  has_handle = shutting_down = false;
  stop_idle();
  recount();
  if (server) server->operations->child_gone(*server);
  loop->next_close({Ref<Handle>(this), [](Handle& handle) {
                      auto& self = static_cast<SocketState&>(handle);
                      self.let_go();
                      if (self.destroyed && !self.reusable) self.drop_listeners();
                    }});
  return fd;
}

/// S22.1: a descriptor that is connected; it is read at once.
inline void SocketState::adopt_descriptor(NativeHandle fd, bool reads, bool writes) {
  is_path = !channel.adopt_connected(fd);
  has_handle = true;
  hold();
  if (!reads) unreadable = ended = end_told = true;
  if (!writes) ending = final_called = prefinished = finished = true;
  if (reads) read_nothing();
  recount();
}

/// The loop's own reference: taken when there is something to keep, given back after 'close'.
inline void SocketState::hold() noexcept {
  if (holds_self) return;
  holds_self = true;
  retain();
}

inline void SocketState::let_go() noexcept {
  if (connecting || has_handle || !holds_self) return;
  holds_self = false;
  release();
}

inline void SocketState::destroy_soon() {
  const bool still_writable = !destroyed && !errored && !ending;
  if (still_writable) end({}, false, no_error());
  if (finished) {
    destroy(no_error());
  } else {
    once_inside(on_finish, [this] { destroy(no_error()); });
  }
}

inline void SocketState::reset_and_destroy() {
  if (destroyed || !loop) return;
  if (is_path && has_handle) raise(coded(Errc::ERR_INVALID_HANDLE_TYPE));  // S17.15
  if (connecting) {
    resetting = true;
    once_inside(on_connect, [this, asked = round] {
      if (round == asked) reset_and_destroy();
    });
  } else if (has_handle) {
    resetting = true;
    destroy(no_error());
  } else {
    destroy(coded(Errc::ERR_SOCKET_CLOSED));
  }
}

/// S12.21: what a new connection finds.
inline void SocketState::undestroy() {
  destroyed = errored = error_told = close_ticked = close_told = had_error = resetting = errors_heard = false;
  reading = ended = end_told = false;
  ending = final_called = prefinished = finished = ended_by_other = false;
  bytes_read = bytes_sent = 0;
  if (cold) {
    cold->errored = Error();
    cold->remote_known = false;
    cold->unread.clear();
  }
}

/// What was accepted is given to the kernel, as far as it takes it now; needs no memory, and tells nobody.
inline void SocketState::hand_over() noexcept {
  if (!channel.is_open() || connecting || errored || loop->inert()) return;
  if (backlog && !in_order_sent(backlog->in_flight)) return;
  if (loop->corked_by(*this)) {
    const Slice gathered{loop->cork_data(), loop->cork_size()};
    const std::ptrdiff_t sent = channel.try_write(&gathered, 1);
    if (sent > 0) loop->shorten_cork(static_cast<std::size_t>(sent));
    if (loop->corked_by(*this)) return;
  }
  if (backlog && corked == 0) (void)in_order_sent(backlog->buffered);
}

/// Whether the kernel has taken all of it.
inline bool SocketState::in_order_sent(WriteQueue& queue) noexcept {
  for (;;) {
    Slice slices[64];
    const std::size_t count = queue.gather(slices, 64);
    if (count == 0) return true;
    const std::ptrdiff_t sent = channel.try_write(slices, count);
    if (sent <= 0) return false;
    queue.consume(static_cast<std::size_t>(sent));
  }
}

/// The loop is going: everything is closed, and nobody is told.
inline void SocketState::abandon() {
  hand_over();
  if (connecting) stop_connecting();
  if (channel.is_open()) {
    loop->poller().drop(channel);
    channel.close();
  }
  destroyed = true;
  has_handle = connecting = writing = kernel_reading = false;
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
  if (!holds_self) return;
  holds_self = false;
  release();
}

inline SocketState::~SocketState() {
  if (channel.is_open() && loop) loop->poller().drop(channel);
  stop_connecting();
  stop_idle();
  if (cold && cold->abort_hook) cold->abort_hook->detach();
  delete buffer;
  delete backlog;
  delete cold;
}

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif
