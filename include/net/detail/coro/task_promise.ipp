// The bodies of task_promise.hpp. Internal.
#ifndef NET_DETAIL_CORO_TASK_PROMISE_IPP
#define NET_DETAIL_CORO_TASK_PROMISE_IPP

#include <net/detail/coro/task_promise.hpp>

#if NET_BODIES

#include <net/detail/base/exchange.hpp>
#include <net/error.hpp>

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

NET_API constexpr Handle::Operations Spawned::table{
    [](Handle& handle) noexcept { delete static_cast<Spawned*>(&handle); },
    [](Handle& handle) noexcept { static_cast<Spawned&>(handle).abandon(); }};

NET_API Spawned::Spawned(LoopCore& core, std::coroutine_handle<> task, Ref<KeptCallable> kept)
    : Handle(core, table),
      TaskEnd{[](TaskEnd& self, TaskPromiseBase& promise) {
        static_cast<Spawned&>(self).finish(std::move(promise.thrown));
      }},
      frame(task),
      callable(std::move(kept)) {
  core.ticks().expect();  // for what escapes it
  retain();
}

NET_API void Spawned::abandon() {
  if (!frame) return;
  detail::exchange(frame, {}).destroy();
  callable = {};
  release();
}

NET_API void Spawned::finish(std::exception_ptr thrown) {
  detail::exchange(frame, {}).destroy();
  callable = {};
  if (thrown) {
    loop->ticks().push_expected([thrown = std::move(thrown)] { std::rethrow_exception(thrown); });
  } else {
    loop->ticks().expect_no_more();
  }
  release();
}

NET_API void throw_awaited() { throw_error(make_error(Errc::ERR_INVALID_STATE, "This task was awaited already")); }

NET_API void throw_moved_away() { throw_error(make_error(Errc::ERR_INVALID_STATE, "This task was moved away")); }

NET_API void spawn_task(LoopCore& core, std::coroutine_handle<> frame, TaskPromiseBase& promise,
                        Ref<KeptCallable> callable) {
  UntakenFrame untaken{frame};
  promise.end = new Spawned(core, frame, std::move(callable));
  RunningTask::resume(untaken.take());
}

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif
#endif
