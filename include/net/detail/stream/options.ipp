// What a socket is made with, its idle timeout, and the options of its descriptor. Internal.
#ifndef NET_DETAIL_STREAM_OPTIONS_IPP
#define NET_DETAIL_STREAM_OPTIONS_IPP

#include <net/detail/base/exchange.hpp>
#include <net/detail/stream/state.hpp>

#if NET_BODIES

#include <string>

#include <net/detail/base/on_throw.hpp>
#include <net/detail/connect/checks.hpp>
#include <net/duration.hpp>
#include <net/error.hpp>

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

NET_API void SocketState::set_up(const SocketOptions& options) {
  settings.allow_half_open = options.allowHalfOpen;
  settings.reusable = options.reusable;
  read_mark = write_mark = options.highWaterMark;
  if (options.onread.callback && (options.onread.buffer.data() || options.onread.allocate)) {
    users_buffer = true;
    ensure_cold().onread.make(OnReading{options.onread, options.onread.buffer,
                                        [](SocketState& self, bool to_the_end) { self.read_onread(to_the_end); }});
  }
  // whatever throws leaves the descriptor to whoever has it
  CallOnThrow kept([this] { give_descriptor_back(); });
  if (options.fd != -1) {
    require_stream(options.fd);
    // whose it is already would find it closed (S22.2)
    if (loop->poller().has(options.fd)) throw_error(system_failure(EEXIST, "open"));
    // one that blocks would stop the loop
    if (const int failed = Machine::prepare(options.fd); failed < 0) throw_error(system_failure(-failed, "open"));
    if (users_buffer) next_onread_buffer();  // S25.4
    adopt_descriptor(options.fd, options.readable, options.writable);
  }
  watch_signal(options.signal);
  kept.passed = true;
}

NET_API void require_timeout(Duration idle, double longest) {
  const double ms = idle.milliseconds();
  if (!(ms >= 0 && ms <= longest)) throw_error(out_of_range("msecs", "a non-negative finite number", number_text(ms)));
}

/// S18.1: 'timeout' after so long without activity; 0 switches it off. Activity only notes the time: the timer,
/// when it fires, looks whether it is due.
NET_API void SocketState::set_timeout(double ms) {
  ColdState& kept = ensure_cold();
  kept.idle_length = ms;
  idle_over = false;
  note_timed();
  if (ms == 0) {
    if (kept.idle_timer) loop->stop_timer(*kept.idle_timer);
    return;
  }
  if (!kept.idle_timer) kept.idle_timer = TimerState::of(*this, job_of<&SocketState::idle_check>);
  loop->update_time();
  cold->last_activity = loop->now();
  loop->start_timer(*kept.idle_timer, idle_ms(), cold->last_activity);
}

/// Whether reads and writes are noted: for the idle time, and for how long a socket lingers.
NET_API void SocketState::note_timed() noexcept { timed = cold && (cold->idle_length > 0 || cold->linger_timer); }

/// Above 2^31-1 counts as that, below 1 as 1 (S18.8).
NET_API std::uint64_t SocketState::idle_ms() const noexcept {
  const double ms = cold->idle_length;
  return ms > 2147483647.0 ? 2147483647u : ms < 1 ? 1u : static_cast<std::uint64_t>(ms);
}

NET_API void SocketState::idle_check() {
  if (destroyed()) return;
  // a peer that takes a large write slowly is not idle (S18.5)
  if (writing() && detail::exchange(cold->write_progress, false)) cold->last_activity = loop->now();
  if (loop->now() < cold->last_activity + idle_ms())
    return loop->start_timer(*cold->idle_timer, idle_ms(), cold->last_activity);
  idle_over = true;  // the next activity starts it again (S18.4)
  emit_event<on_timeout>();
}

NET_GNU(noinline) NET_API void SocketState::note_activity() {
  cold->last_activity = loop->now();
  if (idle_over) wake_idle();
  if (cold->linger_timer && bytes_read > cold->lingers_until && !destroyed()) destroy(no_error());
}

NET_API void SocketState::wake_idle() {
  idle_over = false;
  if (!destroyed()) loop->start_timer(*cold->idle_timer, idle_ms(), cold->last_activity);
}

/// For good: another connection begins without it, unless setTimeout() is called again.
NET_API void SocketState::stop_idle() noexcept {
  if (loop && cold && cold->idle_timer) loop->stop_timer(*cold->idle_timer);
  stop_lingering();
  timed = idle_over = false;
}

// ── options of the descriptor ──────────────────────────────────────────────

NET_API void SocketState::set_no_delay(bool on) {
  if (settings.no_delay != on && has_tcp()) channel.set_no_delay(on);
  settings.no_delay = on;
}

/// Whole seconds (S18.13); only a change is passed to the system.
NET_API void SocketState::set_keep_alive(bool on, Duration delay) {
  const int seconds = whole_seconds(delay);
  const bool changed = settings.keep_alive != on || (on && (cold ? cold->keep_alive_seconds : 0) != seconds);
  settings.keep_alive = on;
  if (on && (seconds != 0 || cold)) ensure_cold().keep_alive_seconds = seconds;
  if (changed && has_tcp()) channel.set_keep_alive(on, seconds);
}

NET_API void SocketState::set_type_of_service(int value) {
  if (value < 0 || value > 255) throw_error(out_of_range("tos", ">= 0 && <= 255", std::to_string(value)));
  ensure_cold().type_of_service = value;
  if (!has_tcp()) return;
  if (const int failed = channel.set_type_of_service(value); failed < 0)
    throw_error(system_failure(-failed, "setTypeOfService"));
}

NET_API int SocketState::get_type_of_service() const {
  if (!has_tcp()) return cold && cold->type_of_service > 0 ? cold->type_of_service : 0;
  const int value = channel.get_type_of_service();
  if (value < 0) throw_error(system_failure(-value, "getTypeOfService"));
  return value;
}

/// What was asked for before there was a connection.
NET_API void SocketState::apply_options() {
  if (is_path || !channel.is_open()) return;
  if (settings.no_delay) channel.set_no_delay(true);
  if (settings.keep_alive) channel.set_keep_alive(true, cold ? cold->keep_alive_seconds : 0);
  if (cold && cold->type_of_service >= 0) {
    if (const int failed = channel.set_type_of_service(cold->type_of_service); failed < 0) {
      emit_error_event(system_failure(-failed, "setTypeOfService"));
    }
  }
}

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif
#endif
