// What the frame of a Task carries: its result, and who goes on when it has ended. Internal.
#ifndef NET_DETAIL_CORO_TASK_PROMISE_HPP
#define NET_DETAIL_CORO_TASK_PROMISE_HPP

#include <coroutine>
#include <exception>
#include <optional>
#include <utility>

#include <net/detail/loop/core.hpp>

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

/// A task on its own. The loop keeps it, so that one that is never resumed is destroyed with the loop.
struct Spawned : Handle {
  static const Operations table;

  Spawned(LoopCore& core, std::coroutine_handle<> task) : Handle(core, table), frame(task) {
    core.ticks().expect();  // for what escapes it
    retain();
  }

  /// The task has ended. The exception leaves run() from a tick, when the frame and all that it held is gone.
  void finish(std::exception_ptr thrown);
  void abandon() {
    if (!frame) return;
    std::exchange(frame, {}).destroy();
    release();
  }

  std::coroutine_handle<> frame;
};

struct PromiseBase {
  /// Resumes whoever waits, which may destroy this frame: nothing here may be touched afterwards. A plain call and
  /// no symmetric transfer, which only optimised builds turn into a jump.
  struct Final {
    bool await_ready() const noexcept { return false; }
    template <class P>
    void await_suspend(std::coroutine_handle<P> frame) const noexcept {
      PromiseBase& promise = frame.promise();
      if (const std::coroutine_handle<> waiting = promise.caller) {
        waiting.resume();
      } else if (Spawned* const root = promise.spawned) {
        root->finish(std::move(promise.thrown));
      }
    }
    void await_resume() const noexcept {}
  };

  std::suspend_always initial_suspend() const noexcept { return {}; }
  Final final_suspend() const noexcept { return {}; }
  void unhandled_exception() noexcept { thrown = std::current_exception(); }

  std::coroutine_handle<> caller;  // who waits; null as long as it has not suspended
  Spawned* spawned = nullptr;
  std::exception_ptr thrown;
};

template <class T, class Task>
struct Promise : PromiseBase {
  Task get_return_object() noexcept { return Task(std::coroutine_handle<Promise>::from_promise(*this)); }
  template <class U = T>
  void return_value(U&& result) {
    value.emplace(std::forward<U>(result));
  }
  T take() {
    if (thrown) std::rethrow_exception(std::exchange(thrown, {}));
    return std::move(*value);
  }

  std::optional<T> value;
};

template <class Task>
struct Promise<void, Task> : PromiseBase {
  Task get_return_object() noexcept { return Task(std::coroutine_handle<Promise>::from_promise(*this)); }
  void return_void() const noexcept {}
  void take() {
    if (thrown) std::rethrow_exception(std::exchange(thrown, {}));
  }
};

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#include <net/detail/coro/task_promise.ipp>

#endif
