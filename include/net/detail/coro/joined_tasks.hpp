// Tasks that run side by side for one that waits. Internal.
#ifndef NET_DETAIL_CORO_JOINED_TASKS_HPP
#define NET_DETAIL_CORO_JOINED_TASKS_HPP

#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <utility>

#include <net/detail/coro/task_promise.hpp>
#include <net/detail/coro/wait_place.hpp>
#include <net/error.hpp>

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

struct JoinedTasks;

/// One of them, on the heap; its frame goes with it.
struct JoinedTask : TaskEnd {
  JoinedTask(JoinedTasks& all, TaskPromiseBase& its, Ref<KeptCallable> kept);
  JoinedTask(const JoinedTask&) = delete;
  JoinedTask& operator=(const JoinedTask&) = delete;
  ~JoinedTask() { promise->frame.destroy(); }

  /// It is none of them any more, and goes.
  void drop() noexcept;

  JoinedTasks* joined;
  TaskPromiseBase* promise;
  Ref<KeptCallable> callable;
  JoinedTask* next = nullptr;
  JoinedTask** link = nullptr;
  bool over = false;
};

/// When the waiting is over: when all have ended or one has failed, when one has ended, when one has succeeded.
enum class JoinRule : std::uint8_t { all, group, race, any };

/// The tasks run at once. Whoever waits goes on from a tick: then none of them is running, so those that are not
/// over can be destroyed where they stand.
struct JoinedTasks : Handle, JoinedLinks {
  static const Operations table;

  JoinedTasks(LoopCore& core, JoinRule how);
  ~JoinedTasks();

  /// Null for a group that an error has ended: it never runs.
  template <class Task>
  JoinedTask* add(Task task, Ref<KeptCallable> callable = {}) {
    const auto frame = TaskUse::take(task);
    if (!frame) throw_moved_away();
    return begin(frame, frame.promise(), std::move(callable));
  }

  /// A race of none has no winner, ever.
  bool settled() const noexcept { return decided || (running == 0 && rule != JoinRule::race); }
  /// Throws what the one that decided has thrown.
  void rethrow() const {
    if (failure) std::rethrow_exception(failure);
  }
  /// Destroys those that still run.
  void cancel() noexcept;
  /// The same, and whoever waits goes on: there will be none any more.
  void close() noexcept;
  void wait(WaitingTask& waiting, std::coroutine_handle<> task) { waiter.note(waiting, loop, task); }

  JoinRule rule;
  bool decided = false;
  bool resuming = false;  // a tick is on its way
  std::size_t running = 0;
  JoinedTask* first = nullptr;
  JoinedTask* winner = nullptr;
  std::exception_ptr failure;
  WaitPlace waiter;

 private:
  friend struct JoinedTask;

  JoinedTask* begin(std::coroutine_handle<> frame, TaskPromiseBase& promise, Ref<KeptCallable> callable);
  static RunningTask* find_running(const JoinedLinks& links) noexcept;
  static void on_end(TaskEnd& end, TaskPromiseBase& promise);
  void decide(JoinedTask& task);
  void resume_later() noexcept;
  void resume();
};

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#include <net/detail/coro/joined_tasks.ipp>

#endif
