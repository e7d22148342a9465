// Which tasks run at this moment, so that none is destroyed while it does. Internal.
#ifndef NET_DETAIL_CORO_RUNNING_TASK_HPP
#define NET_DETAIL_CORO_RUNNING_TASK_HPP

#include <coroutine>
#include <type_traits>

#include <net/detail/base/exchange.hpp>
#include <net/detail/sys/machine.hpp>

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

struct TaskPromiseBase;
class RunningTask;

/// The frame of a task that nobody has taken yet: if something is thrown by then, it is destroyed.
struct UntakenFrame {
  std::coroutine_handle<> frame;

  ~UntakenFrame() {
    if (frame) frame.destroy();
  }
  std::coroutine_handle<> take() noexcept { return detail::exchange(frame, {}); }
};

/// Several tasks that one waits for.
struct JoinedLinks {
  RunningTask* (*running_among)(const JoinedLinks&) noexcept;  ///< one of them, or what it waits for; null: none runs
};

/// Who is told that a task has ended, if no task awaits it.
struct TaskEnd {
  void (*ended)(TaskEnd& self, TaskPromiseBase& promise) = nullptr;  ///< it may destroy the frame
  void (*destroy)(TaskEnd& self) noexcept = nullptr;                 ///< the frame, and what goes with it
};

/// A task among others: whom it waits for, and who goes on when it has ended.
struct TaskLinks {
  std::coroutine_handle<> frame;  // its own
  union {
    TaskEnd* end = nullptr;
    void* caller;  // of one that is awaited: its frame; null as long as it has not suspended
  };
  TaskLinks* outer = nullptr;  // the caller's, if that is a Task; of one that is doomed, the next of them
  union {
    TaskLinks* inner = nullptr;  // of the task that it waits for
    const JoinedLinks* joined;   // if it joins some: those
  };
  bool awaited = false;  // it has begun, and its result is whose it is
  bool joins = false;
};

/// In the frame of a task that waits for several: as long as it does, it is known for which.
class Joining {
 public:
  Joining() noexcept = default;
  Joining(Joining&&) noexcept {}  // handed on, before it waits
  Joining& operator=(Joining&&) = delete;
  ~Joining() { end(); }

  template <class Promise>
  void begin([[maybe_unused]] std::coroutine_handle<Promise> task, const JoinedLinks& tasks) noexcept {
    if constexpr (std::is_base_of_v<TaskLinks, Promise>) {
      who_ = &task.promise();
      who_->joined = &tasks;
      who_->joins = true;
    }
  }
  void end() noexcept {
    if (!who_) return;
    who_->joins = false;
    detail::exchange(who_, nullptr)->inner = nullptr;
  }

 private:
  TaskLinks* who_ = nullptr;
};

/// Stands on the stack of whoever resumes a task, as long as that runs. A task that is destroyed meanwhile, which only
/// what it calls can do, goes when it has come to its next wait.
class RunningTask {
 public:
  explicit RunningTask(std::coroutine_handle<> task) noexcept
      : frame_(task), outer_(detail::exchange(innermost(), this)) {}
  RunningTask(const RunningTask&) = delete;
  RunningTask& operator=(const RunningTask&) = delete;
  ~RunningTask() {
    innermost() = outer_;
    if (doomed_) destroy_doomed();
  }

  /// The library resumes nothing otherwise. When a task has ended, who waited for it goes on in its place.
  static void resume(std::coroutine_handle<> task) {
    RunningTask running(task);
    for (; task; task = running.frame_ = detail::exchange(running.next_, {})) task.resume();
  }
  /// At the end of a task: who waits for it is resumed when it stands there.
  static void resume_after(std::coroutine_handle<> ended, std::coroutine_handle<> waiter) {
    if (innermost() && innermost()->frame_ == ended) {
      innermost()->next_ = waiter;
    } else {
      resume(waiter);
    }
  }
  /// Whether the task, or one that it waits for, runs. If so, it is destroyed later.
  static bool dooms(TaskLinks& task) noexcept { return innermost() && !task.frame.done() && find_and_doom(task); }
  bool dooms_any() const noexcept { return doomed_ != nullptr; }
  /// The innermost that runs of a task and what it waits for; null: none does.
  static RunningTask* in(const TaskLinks& task) noexcept;

 private:
  static RunningTask*& innermost() noexcept {
    static thread_local constinit RunningTask* value = nullptr;
    return value;
  }
  static bool find_and_doom(TaskLinks& task) noexcept;
  void doom(TaskLinks& task) noexcept;
  NET_GNU(cold) void destroy_doomed() noexcept;

  std::coroutine_handle<> frame_;
  std::coroutine_handle<> next_;  // who waited for it, when it has ended
  RunningTask* outer_;
  TaskLinks* doomed_ = nullptr;
};

/// Destroys a task where it stands.
inline void destroy_task(TaskLinks& task) noexcept {
  if (RunningTask::dooms(task)) return;
  if (task.outer) task.outer->inner = nullptr;
  task.frame.destroy();
}

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#include <net/detail/coro/running_task.ipp>

#endif
