// The bodies of loop.hpp. Internal.
#ifndef NET_LOOP_IPP
#define NET_LOOP_IPP

#include <net/loop.hpp>

#if NET_BODIES

#include <net/detail/base/exchange.hpp>

namespace net::inline NET_ABI::inline NET_MACHINE {

NET_API const Timer& Timer::refresh() const {
  if (state_ && state_->loop && !state_->cleared) {
    state_->loop->update_time();
    state_->loop->start_timer(*state_, state_->length, state_->loop->now());
  }
  return *this;
}

NET_API void Timer::close() const {
  if (!state_ || !state_->loop) return;
  state_->cleared = true;
  state_->loop->stop_timer(*state_);
  state_->callback.reset();
}

NET_API Stopper Loop::stopper() const { return Stopper(mailbox()); }

NET_API Loop& Loop::current() {
  if (!detail::LoopCore::current()) {
    static detail::Atomic<int> taken{0};
    if (taken.exchange(1) != 0) detail::throw_error(detail::make_error(Errc::ERR_NO_LOOP));
    struct GiveBack {
      bool made = false;
      ~GiveBack() {
        if (!made) taken.store(0);
      }
    } give_back;
    // in storage of its own: exit() in another thread must not take it away from the one that runs it (S31.6)
    alignas(Loop) static unsigned char storage[sizeof(Loop)];
    process_default_ = ::new (static_cast<void*>(storage)) Loop;
    give_back.made = true;
  }
  return static_cast<Loop&>(*detail::LoopCore::current());
}

/// Once for the process: when it ends on a thread that has loops, nothing that they have accepted is lost, and the
/// default one is destroyed, unless the end was asked for from one of its own callbacks.
NET_API void Loop::at_exit() {
  static struct AtExit {
    ~AtExit() {
      LoopCore::at_exit();
      Loop* const loop = process_default_;
      for (const LoopCore* mine = LoopCore::current(); mine; mine = mine->older()) {
        if (mine != loop) continue;
        if (!loop->running()) detail::exchange(process_default_, nullptr)->~Loop();
        return;
      }
    }
  } the_end;
  (void)the_end;
}

NET_API void run() { Loop::current().run(); }

NET_API void clearTimeout(const Timer& timer) { timer.close(); }

NET_API void clearInterval(const Timer& timer) { timer.close(); }

NET_API void clearImmediate(const Immediate& immediate) { immediate.close(); }

NET_API const Timer& Timer::set_ref(bool on) const {
  if (state_ && state_->loop) state_->loop->set_timer_ref(*state_, on);
  return *this;
}

NET_API void Immediate::close() const {
  if (state_ && state_->loop) state_->loop->clear_immediate(*state_);
}

NET_API const Immediate& Immediate::set_ref(bool on) const {
  if (state_ && state_->loop && state_->pending) state_->loop->set_immediate_ref(*state_, on);
  return *this;
}

NET_API void Signal::close() const {
  if (state_ && state_->loop) state_->close();
}

NET_API const Signal& Signal::set_ref(bool on) const {
  if (state_ && state_->loop) state_->set_ref(on);
  return *this;
}

NET_API bool Loop::runOnce(std::optional<Duration> wait) {
  if (!wait) return run_once(-1);
  const double ms = wait->milliseconds();
  return run_once(ms >= 2147483647.0 ? -1 : ms > 0 ? static_cast<int>(ms) : 0);
}

NET_API LoopMetrics Loop::metrics(bool times) {
  if (times) measure_times();
  const detail::LoopCounts counted = counts();
  LoopMetrics shown;
  shown.turns = counted.turns;
  shown.events = counted.events;
  shown.bytesRead = counted.bytes_in;
  shown.bytesWritten = counted.bytes_out;
  shown.sockets = counted.sockets;
  shown.servers = counted.servers;
  shown.timers = counted.timers;
  shown.eventsWaiting = counted.events_waiting;
  shown.longestTurn = std::chrono::nanoseconds(counted.longest_turn);
  shown.idleTime = std::chrono::nanoseconds(counted.idle);
  return shown;
}

NET_API std::chrono::milliseconds Loop::now() const { return std::chrono::milliseconds(LoopCore::now()); }

NET_API std::optional<Duration> Loop::nextTimeout() const {
  const int ms = timeout_ms();
  return ms < 0 ? std::nullopt : std::optional<Duration>(ms);
}

}  // namespace net::inline NET_ABI::inline NET_MACHINE

#endif
#endif
