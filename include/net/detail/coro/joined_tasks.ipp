// The bodies of joined_tasks.hpp. Internal.
#ifndef NET_DETAIL_CORO_JOINED_TASKS_IPP
#define NET_DETAIL_CORO_JOINED_TASKS_IPP

#include <net/detail/coro/joined_tasks.hpp>

#if NET_BODIES

#include <net/detail/base/exchange.hpp>

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

NET_API JoinedTask::JoinedTask(JoinedTasks& all, TaskPromiseBase& its, Ref<KeptCallable> kept)
    : joined(&all), promise(&its), callable(std::move(kept)) {
  ended = JoinedTasks::on_end;
  destroy = [](TaskEnd& self) noexcept { delete static_cast<JoinedTask*>(&self); };
  its.end = this;
  next = detail::exchange(all.first, this);
  link = &all.first;
  if (next) next->link = &next;
}

NET_API void JoinedTask::drop() noexcept {
  *link = next;
  if (next) next->link = link;
  if (!RunningTask::dooms(*promise)) delete this;
}

NET_API constexpr Handle::Operations JoinedTasks::table{
    [](Handle& handle) noexcept { delete static_cast<JoinedTasks*>(&handle); },
    [](Handle& handle) noexcept { static_cast<JoinedTasks&>(handle).cancel(); }};

NET_API JoinedTasks::JoinedTasks(LoopCore& core, JoinRule how)
    : Handle(core, table), JoinedLinks{find_running}, rule(how) {
  core.ticks().expect();  // for the one that goes on
}

NET_API JoinedTasks::~JoinedTasks() {
  while (first) first->drop();
  if (loop && !resuming) loop->ticks().expect_no_more();
}

NET_API JoinedTask* JoinedTasks::begin(std::coroutine_handle<> frame, TaskPromiseBase& promise,
                                       Ref<KeptCallable> callable) {
  UntakenFrame untaken{frame};
  if (decided && rule == JoinRule::group) return nullptr;
  auto* const task = new JoinedTask(*this, promise, std::move(callable));
  (void)untaken.take();
  ++running;
  if (decided) return task;  // it will never run
  const Ref<JoinedTasks> alive(this);
  RunningTask::resume(frame);
  return task;
}

/// It stands at its end, so it may be destroyed in here.
NET_API void JoinedTasks::on_end(TaskEnd& end, TaskPromiseBase& promise) {
  auto& task = static_cast<JoinedTask&>(end);
  JoinedTasks& self = *task.joined;
  const Ref<JoinedTasks> alive(&self);
  task.over = true;
  --self.running;
  const bool failed = promise.thrown != nullptr;
  if (!self.decided) {
    const bool ends = self.rule == JoinRule::race || (self.rule == JoinRule::any ? !failed : failed);
    if (ends) self.decide(task);
  }
  if (self.settled()) self.resume_later();
  if (self.rule == JoinRule::group) task.drop();
}

NET_API void JoinedTasks::decide(JoinedTask& task) {
  decided = true;
  winner = &task;
  failure = task.promise->thrown;
}

NET_API void JoinedTasks::resume_later() noexcept {
  if (!loop || detail::exchange(resuming, true)) return;
  loop->ticks().push_expected([self = Ref<JoinedTasks>(this)] { self->resume(); });
}

NET_API void JoinedTasks::resume() {
  loop->ticks().expect();  // a group may be waited for again
  resuming = false;
  if (decided) cancel();
  if (settled() && waiter) waiter.resume();
}

NET_API void JoinedTasks::cancel() noexcept {
  for (JoinedTask* task = first; task;) {
    if (task->over) {
      task = task->next;
      continue;
    }
    --running;
    task->drop();
    task = first;  // what a frame destroys may have been another one
  }
}

NET_API void JoinedTasks::close() noexcept {
  cancel();
  if (waiter) resume_later();
}

NET_API RunningTask* JoinedTasks::find_running(const JoinedLinks& links) noexcept {
  for (const JoinedTask* task = static_cast<const JoinedTasks&>(links).first; task; task = task->next) {
    if (RunningTask* const running = RunningTask::in(*task->promise)) return running;
  }
  return nullptr;
}

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif
#endif
