// Which tasks run at this moment, so that none is destroyed while it does. Internal.
#ifndef NET_DETAIL_CORO_RUNNING_TASK_HPP
#define NET_DETAIL_CORO_RUNNING_TASK_HPP

#include <coroutine>
#include <utility>

#include <net/detail/sys/machine.hpp>

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

struct TaskPromiseBase;

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
  TaskLinks* inner = nullptr;  // of the task that it waits for
  bool awaited = false;        // it has begun, and its result is whose it is
};

/// Stands on the stack of whoever resumes a task, as long as that runs. A task that is destroyed meanwhile, which only what it
/// calls can do, goes when it has come to its next wait.
class RunningTask {
 public:
  explicit RunningTask(std::coroutine_handle<> task) noexcept
      : frame_(task), outer_(std::exchange(innermost(), this)) {}
  RunningTask(const RunningTask&) = delete;
  RunningTask& operator=(const RunningTask&) = delete;
  ~RunningTask() {
    innermost() = outer_;
    if (doomed_) destroy_doomed();
  }

  /// The library resumes nothing otherwise.
  static void resume(std::coroutine_handle<> task) {
    const RunningTask running(task);
    task.resume();
  }
  /// Whether the task, or one that it waits for, runs. If so, it is destroyed later.
  static bool dooms(TaskLinks& task) noexcept { return innermost() && !task.frame.done() && find_and_doom(task); }
  bool dooms_any() const noexcept { return doomed_ != nullptr; }

 private:
  static RunningTask*& innermost() noexcept {
    static thread_local constinit RunningTask* value = nullptr;
    return value;
  }
  static bool find_and_doom(TaskLinks& task) noexcept;
  void doom(TaskLinks& task) noexcept;
  [[gnu::cold]] void destroy_doomed() noexcept;

  std::coroutine_handle<> frame_;
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
