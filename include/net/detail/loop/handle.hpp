// What a loop keeps: handles, their steps and jobs, timers, immediates, and the way in from other threads. Internal.
#ifndef NET_DETAIL_LOOP_HANDLE_HPP
#define NET_DETAIL_LOOP_HANDLE_HPP

#include <cstddef>
#include <cstdint>
#include <new>
#include <type_traits>

#include <net/detail/base/atomic.hpp>
#include <net/detail/base/function.hpp>
#include <net/detail/base/lock_guard.hpp>
#include <net/detail/base/queue.hpp>
#include <net/detail/base/ref.hpp>
#include <net/detail/loop/timer_queue.hpp>
#include <net/detail/sys/machine.hpp>

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

static_assert(CompleteMachine<Machine>, "NET_MACHINE: the machine lacks something that io/machine.hpp asks for");

class LoopCore;

using Callback = Function<void()>;

/// What a loop has done since it began; times in nanoseconds.
struct LoopCounts {
  std::uint64_t turns = 0;
  std::uint64_t events = 0;
  std::uint64_t events_waiting = 0;
  std::uint64_t bytes_in = 0;
  std::uint64_t bytes_out = 0;
  std::uint64_t longest_turn = 0;
  std::uint64_t idle = 0;
  std::size_t sockets = 0;
  std::size_t servers = 0;
  std::size_t timers = 0;
};

/// Everything that a loop keeps. It may outlive its loop: then `loop` is null and it does nothing any more.
struct Handle {
  struct Operations {
    void (*free)(Handle&) noexcept;     // the last reference is gone
    void (*abandon)(Handle&) noexcept;  // the loop is going: close what is open, emit nothing
    void (*ready)(Handle&, Watcher&, unsigned what, int error) = nullptr;  // one of its watchers
    void (*child_gone)(Handle&) = nullptr;  // a connection that it accepted was destroyed
    void (*hand_over)(Handle&) noexcept =
        nullptr;                                  // what was accepted is given to the system, as far as it takes it now
    void (*at_exit)(Handle&) noexcept = nullptr;  // the process ends: what would stay behind is removed
    void (*after_fork)(Handle&) = nullptr;        // the loop goes on in a child: what stayed in the parent is made anew
    void (*give_up)(Handle&) noexcept = nullptr;  // there was no memory for what was to be done with it
    void (*count)(const Handle&, LoopCounts&) noexcept = nullptr;  // adds what it is, and what it has moved
  };

  Handle(LoopCore& core, const Operations& table) noexcept;
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  ~Handle();

  void retain() noexcept { ++owners; }
  void release() noexcept {
    if (--owners == 0) [[unlikely]]
      operations->free(*this);
  }

  LoopCore* loop;
  const Operations* operations;
  Handle* previous = nullptr;
  Handle* next = nullptr;
  std::size_t owners = 0;
};

NET_API void give_up(Handle& who) noexcept;

/// What the loop does with a handle. If there is no memory for it the handle is destroyed: half of it may be done, and
/// nothing would make it go on (S32.5). The caller holds a reference.
template <class F>
NET_GNU(always_inline) inline void or_give_up([[maybe_unused]] Handle& who, F&& f) {
#if defined(__cpp_exceptions)
  try {
    f();
  } catch (const std::bad_alloc&) {
    give_up(who);
    throw;
  }
#else
  f();
#endif
}

/// The same in a destructor: nothing may leave it.
template <class F>
void undo_or_give_up([[maybe_unused]] Handle& who, F&& undo) noexcept {
#if defined(__cpp_exceptions)
  try {
    undo();
  } catch (...) {
    give_up(who);
  }
#else
  undo();
#endif
}

/// The way into a loop from other threads. It outlives the loop, for those who come too late.
struct Mailbox {
  Machine::Mutex mutex;
  LoopCore* loop = nullptr;  // null once the loop is gone
  Queue<Callback> posted;
  Atomic<int> any{0};      // whether to look, without the lock
  Atomic<int> stopped{0};  // stop() was called, and no run() has returned for it yet
  Atomic<std::size_t> owners{1};

  void retain() noexcept { owners.fetch_add(1); }
  void release() noexcept {
    if (owners.fetch_sub(1) == 1) delete this;
  }
  /// False if the loop is gone.
  bool post(Callback callback);
  /// A callback will be posted in any case: there is space for it from now on.
  void expect() {
    const LockGuard locked(mutex);
    posted.expect();
  }
  void expect_no_more() noexcept {
    const LockGuard locked(mutex);
    posted.expect_no_more();
  }
  /// Needs no memory. `note` is called under the lock, which fork() takes too.
  template <class Note>
  void post_expected(Callback callback, Note note) noexcept {
    const LockGuard locked(mutex);
    if (!loop) return posted.expect_no_more();
    note();
    posted.push_expected(std::move(callback));
    notify();
  }
  void post_expected(Callback callback) noexcept {
    post_expected(std::move(callback), [] {});
  }
  /// Under the lock: the loop looks.
  void notify() noexcept;
  /// Makes `run()` return. The loop may go for this very reason while it is called: nothing of it is touched without
  /// the lock that its end takes too.
  void stop() noexcept;
};

struct TimerState : Handle, TimerNode {
  explicit TimerState(LoopCore& core) noexcept;
  /// One that has its owner do `expired`, and keeps neither it nor the loop alive: the owner stops it before it goes.
  static Ref<TimerState> of(Handle& owner, void (*expired)(Handle&));

  Callback callback;
  std::uint64_t length = 1;
  bool repeats = false;
  bool refd = true;  // ref(): keeps the loop alive
  bool cleared = false;
};

struct ImmediateState : Handle {
  explicit ImmediateState(LoopCore& core) noexcept;

  Callback callback;
  bool refd = true;
  bool pending = true;
};

template <class T>
inline constexpr Handle::Operations plain_operations{
    [](Handle& handle) noexcept { delete static_cast<T*>(&handle); },
    [](Handle& handle) noexcept { static_cast<T&>(handle).callback.reset(); }};

/// What a handle has to do on a tick. `Holder` keeps the handle: Ref, or Owing, which keeps its listeners too.
template <class Holder, class F>
struct Tick {
  static constexpr bool moves_as_bytes = detail::moves_as_bytes<F>;

  Holder self;
  F call;

  void operator()() {
    or_give_up(*self, [this] { call(*self); });
  }
};
template <class Holder, class F>
Tick(Holder, F) -> Tick<Holder, F>;

/// A plain function for all steps of a kind, because each lambda in a Function of its own is twenty functions more to
/// compile.
template <class State>
using Step = Tick<Ref<State>, void (*)(State&)>;

/// A step that a handle has to take in a later phase.
struct Job {
  Ref<Handle> who;
  void (*run)(Handle&) = nullptr;
};

/// A step that throws comes again, with or without memory, in a place that was kept for it.
struct AgainOnThrow {
  Handle& who;
  void (*step)(Handle&);
  Place<Job>& place;
  bool passed = false;
  AgainOnThrow(Handle& handle, void (*again)(Handle&), Place<Job>& kept) noexcept
      : who(handle), step(again), place(kept) {}
  AgainOnThrow(const AgainOnThrow&) = delete;
  AgainOnThrow& operator=(const AgainOnThrow&) = delete;
  ~AgainOnThrow() {
    if (!passed) place.push({Ref<Handle>(&who), step});
  }
};

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#include <net/detail/loop/handle.ipp>

#endif
