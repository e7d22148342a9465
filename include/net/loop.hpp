// The loop of a thread, its timers and its ticks: Node's event loop as an object.
#ifndef NET_LOOP_HPP
#define NET_LOOP_HPP

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <new>
#include <optional>
#include <type_traits>
#include <utility>

#include <net/detail/base/identity.hpp>
#include <net/detail/events/event.hpp>
#include <net/detail/loop/core.hpp>
#include <net/detail/loop/signals.hpp>
#include <net/duration.hpp>
#include <net/error.hpp>

namespace net::inline NET_ABI::detail {

/// For the arguments in the order of other languages: the compiler says which one is right.
template <class F, class Result>
Result callback_comes_first() {
  constexpr bool first = !std::is_same_v<F, F>;
  static_assert(first, "the callback comes first: setTimeout([] { ... }, 100)");
  return {};
}

}  // namespace net::inline NET_ABI::detail

namespace net::inline NET_ABI::inline NET_MACHINE {

class Loop;
class Stopper;

/// What a loop has done since it was made, and what it holds (S36.2).
struct LoopMetrics {
  std::uint64_t turns = 0;
  std::uint64_t events = 0;                ///< that the system reported
  std::uint64_t bytesRead = 0;             ///< by all its sockets
  std::uint64_t bytesWritten = 0;          ///< handed to the system
  std::size_t sockets = 0;                 ///< that are connecting or open
  std::size_t servers = 0;                 ///< that listen
  std::size_t timers = 0;                  ///< that wait
  std::uint64_t eventsWaiting = 0;         ///< those that had come before the loop looked; measured, like what follows
  std::chrono::nanoseconds longestTurn{};  ///< from a wait to the next one
  std::chrono::nanoseconds idleTime{};     ///< spent waiting
};

/// A timer made by `setTimeout` or `setInterval`. A handle: copies are the same timer. Dropping all of them
/// does not stop it.
class Timer : public detail::Identity<Timer> {
 public:
  /// No timer: what is called on it has no effect.
  Timer() noexcept = default;
  explicit Timer(detail::Ref<detail::TimerState> state) noexcept : state_(std::move(state)) {}

  /// Keeps the loop alive until it has fired, as it does at first (S2.8).
  const Timer& ref() const { return set_ref(true); }
  /// Lets the loop end although the timer waits.
  const Timer& unref() const { return set_ref(false); }
  /// Whether `ref()` was the last of the two, as it is at first.
  bool hasRef() const { return state_ && state_->refd; }
  /// Starts again with the same length, also after it has fired (S2.7): so a timer keeps its callback as long as there
  /// is a handle of it. No effect once closed.
  const Timer& refresh() const;
  /// Stops it for good, and drops the callback; harmless if it has fired or was closed. A callback that holds a handle
  /// of its own timer, and is not to stay until the loop goes, closes it.
  void close() const;

  /// Refused: a timer is no wait.
  template <class Unused = void>
  detail::NoWait operator co_await() const {
    constexpr bool is_wait = !std::is_void_v<Unused>;
    static_assert(is_wait, "a timer is nothing to wait for: co_await net::sleep(100)");
    return {};
  }

 private:
  friend struct detail::Access;

  const Timer& set_ref(bool on) const;

  detail::Ref<detail::TimerState> state_;
};

/// A callback for the check phase, made by `setImmediate`. A handle like Timer.
class Immediate : public detail::Identity<Immediate> {
 public:
  /// No immediate: what is called on it has no effect.
  Immediate() noexcept = default;
  explicit Immediate(detail::Ref<detail::ImmediateState> state) noexcept : state_(std::move(state)) {}

  /// Keeps the loop alive until it has run, as it does at first.
  const Immediate& ref() const { return set_ref(true); }
  /// An immediate that alone is left does not keep the loop alive, and then never runs (S2.8).
  const Immediate& unref() const { return set_ref(false); }
  /// Whether it keeps the loop alive.
  bool hasRef() const { return state_ && state_->refd; }
  /// Takes it back, if it has not run.
  void close() const;

 private:
  friend struct detail::Access;

  const Immediate& set_ref(bool on) const;

  detail::Ref<detail::ImmediateState> state_;
};

/// A listener of a signal of the process, made by `onSignal`. A handle like Timer: dropping it does not close it.
class Signal : public detail::Identity<Signal> {
 public:
  /// No listener: what is called on it has no effect.
  Signal() noexcept = default;
  explicit Signal(detail::Ref<detail::SignalState> state) noexcept : state_(std::move(state)) {}

  /// Keeps the loop alive until it is closed; at first it does not, as in Node.
  const Signal& ref() const { return set_ref(true); }
  /// Lets the loop end although it listens.
  const Signal& unref() const { return set_ref(false); }
  /// Whether it keeps the loop alive.
  bool hasRef() const { return state_ && state_->refd; }
  /// Listens no more. When the last one of a signal is closed, what the signal did before is back.
  void close() const;

 private:
  friend struct detail::Access;

  const Signal& set_ref(bool on) const;

  detail::Ref<detail::SignalState> state_;
};

/// The event loop of one thread. A loop and its handles belong to the thread that made it; `post` and `stop`
/// are what other threads may call. The first thread that asks for `current()` has a default loop; every
/// other one makes its own, which is its current one until it is destroyed. Destroying a loop closes what is
/// open, without events; handles that outlive it are closed and harmless.
///
/// One turn (S2.1): what is pending, the poll, posted callbacks, immediates, what closes, timers that are due. After
/// every callback its ticks run (S2.2).
class Loop : private detail::LoopCore {
 public:
  /// Becomes this thread's loop. Throws the system's error if it has no descriptors or memory left for it.
  Loop() {
    at_exit();
    enter_thread();
  }
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  /// This thread's loop. Throws `ERR_NO_LOOP` if it has none and the default one belongs to another thread.
  static Loop& current();

  /// Turns until nothing ref'd is left (S2.9) or `stop()`. An exception from a listener, and an 'error' that
  /// nobody listens to, leave it; then everything is consistent and it can be called again (S2.13).
  void run() { LoopCore::run(); }
  /// One turn that waits at most that long, or for ever, for something to happen. False once nothing ref'd is left, or
  /// for a `stop()`, which it uses up: `while (loop.runOnce()) {}` ends when `run()` would.
  bool runOnce(std::optional<Duration> wait = {});
  /// Makes `run()` return after the present turn, and `runOnce()` give false. Any thread; the loop may end, and be
  /// destroyed, for this very reason while it is called. It is used up by the call that returns for it, not by an
  /// exception that leaves it (S31.9).
  void stop() { LoopCore::stop(); }
  /// What stops this loop from any thread, also when nobody knows whether it still exists.
  Stopper stopper() const;
  /// In the child of a `fork()`, on a loop of the parent: makes it work in this process (S31.2). It has a poller of its
  /// own then; what is open is watched again, and both processes have the same connections; timers, ticks and
  /// immediates stay; lookups under way are asked again; signals are listened to again. Jobs of a WorkerPool that had
  /// begun fail with `ERR_ABORTED`, those that waited for a thread run in both processes, and results that were on
  /// their way come in both. A FileReader or FileWriter that a thread was opening, reading or writing, or was asked to,
  /// fails with `ERR_ABORTED`, and goes on in the parent alone. Throws the system's error if there are no descriptors.
  /// No effect on any other loop. The `fork()` waits for lookups that are under way, at most 200 ms: the child's would
  /// wait for their locks for ever.
  void afterFork() { after_fork(); }
  /// Runs the callback on the loop, in a later phase. Any thread, as long as the loop exists.
  template <class F>
  void post(F&& callback) {
    if constexpr (detail::require_callback<F>()) mailbox().post(std::forward<F>(callback));
  }
  /// Runs the callback when the present one has returned, before the loop does anything else.
  template <class F>
  void nextTick(F&& callback) {
    if constexpr (detail::require_callback<F>()) ticks().push(std::forward<F>(callback));
  }
  /// Runs what `nextTick` queued, and sends what was batched, without a poll: for those who call into the library from
  /// another loop (S2.2). Inside a callback of this loop it does nothing: they run when that has returned.
  void runTicks() { run_ticks(); }
  /// Calls back once, not earlier than after that time; less than 1 ms, or more than 2^31-1, counts as 1 (S2.6).
  template <class F>
  Timer setTimeout(F&& callback, Duration after = 1) {
    return start(std::forward<F>(callback), after, false);
  }
  /// Calls back again and again until `close()`; each time is counted from the start of the callback (S2.7).
  template <class F>
  Timer setInterval(F&& callback, Duration every = 1) {
    return start(std::forward<F>(callback), every, true);
  }
  /// Refused: the time behind the callback.
  template <std::convertible_to<Duration> Time, class F>
  Timer setTimeout(Time&&, F&&) {
    return detail::callback_comes_first<F, Timer>();
  }
  template <std::convertible_to<Duration> Time, class F>
  Timer setInterval(Time&&, F&&) {
    return detail::callback_comes_first<F, Timer>();
  }
  /// Calls back in the next check phase, after the poll (S2.5).
  template <class F>
  Immediate setImmediate(F&& callback) {
    detail::Ref<detail::ImmediateState> state(new detail::ImmediateState(*this));
    if constexpr (detail::require_callback<F>()) state->callback = std::forward<F>(callback);
    next_immediate(state);
    return Immediate(std::move(state));
  }
  /// Calls back on the loop when the process gets the signal: `callback()` or `callback(int signo)`; <csignal> has the
  /// numbers. Several loops, and several listeners, may have the same one; what arrives several times before the loop
  /// looks is emitted once. It does not keep the loop alive, unless `ref()` says so. Throws the system's error for a
  /// number that cannot be listened to (EINVAL), as Node does.
  template <class F>
  Signal onSignal(int signo, F&& callback) {
    detail::Ref<detail::SignalState> state(new detail::SignalState(*this, signo));
    if constexpr (std::is_invocable_v<std::decay_t<F>&, int>) {
      state->callback = std::forward<F>(callback);
    } else {
      state->callback = [call = std::decay_t<F>(std::forward<F>(callback))](int) mutable { detail::call_back(call); };
    }
    const int failed = state->open();
    if (failed < 0) detail::throw_error(detail::system_failure(-failed, "uv_signal_start"));
    return Signal(std::move(state));
  }
  /// The loop's clock in milliseconds, read once a turn.
  std::chrono::milliseconds now() const;
  /// Whether anything ref'd is left.
  bool alive() const { return LoopCore::alive(); }

  /// To live inside another loop: watch this for reading, wake up by `nextTimeout()`, and call `runOnce(0)`.
  /// -1 with the poll(2) poller and on Windows, where no descriptor stands for all: call `runOnce(0)` now and then.
  NativeHandle backendHandle() const { return poller().native(); }
  /// How long until the loop has something to do by itself; empty: only when the handle is readable.
  std::optional<Duration> nextTimeout() const;

  /// What the loop has done (S36.2). `metrics(true)` begins to measure times too, which costs two looks at the clock
  /// and a system call a turn; from then on all calls give them.
  LoopMetrics metrics(bool times);
  LoopMetrics metrics() const { return const_cast<Loop*>(this)->metrics(false); }

 private:
  friend struct detail::Access;

  detail::LoopCore& core() noexcept { return *this; }

  template <class F>
  Timer start(F&& callback, Duration length, bool repeats) {
    detail::Ref<detail::TimerState> state(new detail::TimerState(*this));
    if constexpr (detail::require_callback<F>()) state->callback = std::forward<F>(callback);
    state->repeats = repeats;
    update_time();
    start_timer(*state, detail::timer_ms(length), LoopCore::now());
    return Timer(std::move(state));
  }

  static void at_exit();

  static inline Loop* process_default_ = nullptr;  // none yet, or it has gone
};

/// Stops one loop, from any thread, as `Loop::stop()` does. Copies stop the same loop; it may be kept for ever, and
/// does nothing once the loop is gone.
class Stopper {
 public:
  /// Stops no loop.
  Stopper() noexcept = default;
  /// Any thread. No effect once the loop is gone.
  void stop() const {
    if (mailbox_) mailbox_->stop();
  }

 private:
  friend class Loop;
  explicit Stopper(detail::Mailbox& mailbox) noexcept : mailbox_(&mailbox) {}

  detail::Ref<detail::Mailbox> mailbox_;
};

/// `Loop::current().run()`, and so on: on the loop of this thread. Throw `ERR_NO_LOOP` if it has none.
NET_API void run();
template <class F>
Timer setTimeout(F&& callback, Duration after = 1) {
  return Loop::current().setTimeout(std::forward<F>(callback), after);
}
template <class F>
Timer setInterval(F&& callback, Duration every = 1) {
  return Loop::current().setInterval(std::forward<F>(callback), every);
}
template <class F>
Immediate setImmediate(F&& callback) {
  return Loop::current().setImmediate(std::forward<F>(callback));
}
template <class F>
void nextTick(F&& callback) {
  Loop::current().nextTick(std::forward<F>(callback));
}

/// The same on this thread's loop: as `Loop::onSignal`.
template <class F>
Signal onSignal(int signo, F&& callback) {
  return Loop::current().onSignal(signo, std::forward<F>(callback));
}

/// Refused: the time behind the callback.
template <std::convertible_to<Duration> Time, class F>
Timer setTimeout(Time&&, F&&) {
  return detail::callback_comes_first<F, Timer>();
}
template <std::convertible_to<Duration> Time, class F>
Timer setInterval(Time&&, F&&) {
  return detail::callback_comes_first<F, Timer>();
}

/// Refused: arguments for the callback.
template <class F, class First, class... More>
  requires(std::is_invocable_v<std::decay_t<F>&, First, More...>)
Timer setTimeout(F&&, Duration, First&&, More&&...) {
  return detail::require_callback<F>(), Timer();
}
template <class F, class First, class... More>
  requires(std::is_invocable_v<std::decay_t<F>&, First, More...>)
Immediate setImmediate(F&&, First&&, More&&...) {
  return detail::require_callback<F>(), Immediate();
}
template <class F, class First, class... More>
  requires(std::is_invocable_v<std::decay_t<F>&, First, More...>)
void nextTick(F&&, First&&, More&&...) {
  detail::require_callback<F>();
}

/// `close()` of a timer or an immediate, by Node's names.
NET_API void clearTimeout(const Timer& timer);
NET_API void clearInterval(const Timer& timer);
NET_API void clearImmediate(const Immediate& immediate);

}  // namespace net::inline NET_ABI::inline NET_MACHINE

#include <net/loop.ipp>

#endif
