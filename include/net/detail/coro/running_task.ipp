// The bodies of running_task.hpp. Internal.
#ifndef NET_DETAIL_CORO_RUNNING_TASK_IPP
#define NET_DETAIL_CORO_RUNNING_TASK_IPP

#include <net/detail/coro/running_task.hpp>

#if NET_BODIES

#include <net/detail/base/exchange.hpp>

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

NET_API RunningTask* RunningTask::in(const TaskLinks& task) noexcept {
  for (const TaskLinks* at = &task; at; at = at->inner) {
    for (RunningTask* running = innermost(); running; running = running->outer_) {
      if (running->frame_ == at->frame) return running;
    }
    if (at->joins) return at->joined->running_among(*at->joined);
  }
  return nullptr;
}

NET_API bool RunningTask::find_and_doom(TaskLinks& task) noexcept {
  RunningTask* const running = in(task);
  if (running) running->doom(task);
  return running != nullptr;
}

/// Nobody is told of its end any more.
NET_API void RunningTask::doom(TaskLinks& task) noexcept {
  if (task.outer) detail::exchange(task.outer, nullptr)->inner = nullptr;
  if (task.awaited) {
    task.caller = nullptr;
  } else if (task.end) {
    task.end->ended = [](TaskEnd&, TaskPromiseBase&) {};
  }
  TaskLinks** last = &doomed_;  // what others wait for was doomed before them, and goes before them
  while (*last) last = &(*last)->outer;
  *last = &task;
}

NET_API void RunningTask::destroy_doomed() noexcept {
  while (TaskLinks* const task = doomed_) {
    doomed_ = detail::exchange(task->outer, nullptr);
    if (!task->awaited && task->end) {
      task->end->destroy(*task->end);
    } else {
      task->frame.destroy();
    }
  }
}

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif
#endif
