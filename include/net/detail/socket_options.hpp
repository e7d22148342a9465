// The idle timeout of a socket, and the options that it hands to the system. Internal.
#ifndef NET_DETAIL_SOCKET_OPTIONS_HPP
#define NET_DETAIL_SOCKET_OPTIONS_HPP

#include <utility>

#include <net/detail/socket_state.hpp>

namespace net::detail::inline NET_MACHINE {

/// S18.1: 'timeout' after so long without activity; 0 switches it off. Activity only notes the time: the timer,
/// when it fires, looks whether it is due.
inline void SocketState::set_timeout(double ms) {
  ColdState& kept = more();
  kept.idle_length = ms;
  idle_over = false;
  timed = ms != 0;
  if (!timed) {
    if (kept.idle_timer) loop->stop_timer(*kept.idle_timer);
    return;
  }
  if (!kept.idle_timer) {
    kept.idle_timer = Ref<TimerState>(new TimerState(*loop));
    kept.idle_timer->wanted = false;
    kept.idle_timer->callback = [this] { idle_check(); };
  }
  loop->update_time();
  last_activity = loop->now();
  loop->start_timer(*kept.idle_timer, idle_ms(), last_activity);
}

/// Above 2^31-1 counts as that, below 1 as 1 (S18.8).
inline std::uint64_t SocketState::idle_ms() const noexcept {
  const double ms = *cold->idle_length;
  return ms > 2147483647.0 ? 2147483647u : ms < 1 ? 1u : static_cast<std::uint64_t>(ms);
}

inline void SocketState::idle_check() {
  const Ref<SocketState> alive(this);
  if (destroyed) return;
  // a peer that takes a large write slowly is not idle (S18.5)
  if (writing && std::exchange(cold->write_progress, false)) last_activity = loop->now();
  if (loop->now() < last_activity + idle_ms()) return loop->start_timer(*cold->idle_timer, idle_ms(), last_activity);
  idle_over = true;  // the next activity starts it again (S18.4)
  tell_timeout();
}

[[gnu::noinline]] inline void SocketState::note_activity() {
  last_activity = loop->now();
  if (idle_over) wake_idle();
}

inline void SocketState::wake_idle() {
  idle_over = false;
  if (!destroyed) loop->start_timer(*cold->idle_timer, idle_ms(), last_activity);
}

/// For good: another connection begins without it, unless setTimeout() is called again.
inline void SocketState::stop_idle() noexcept {
  timed = idle_over = false;
  if (loop && cold && cold->idle_timer) loop->stop_timer(*cold->idle_timer);
}

/// What was asked for before there was a connection.
inline void SocketState::apply_options() {
  if (is_path || !channel.is_open()) return;
  if (no_delay) channel.set_no_delay(true);
  if (keep_alive) channel.set_keep_alive(true, cold ? cold->keep_alive_seconds : 0);
  if (cold && cold->type_of_service >= 0) {
    if (const int failed = channel.set_type_of_service(cold->type_of_service); failed < 0) {
      tell_error(system_failure(-failed, "setTypeOfService"));
    }
  }
}

}  // namespace net::detail::inline NET_MACHINE

#endif
