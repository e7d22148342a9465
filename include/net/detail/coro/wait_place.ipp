// The bodies of wait_place.hpp. Internal.
#ifndef NET_DETAIL_CORO_WAIT_PLACE_IPP
#define NET_DETAIL_CORO_WAIT_PLACE_IPP

#include <net/detail/coro/wait_place.hpp>

#if NET_BODIES

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

NET_API void WaitingTask::leave() noexcept { place_->forget(); }

NET_API void WaitPlace::note(WaitingTask& waiting, LoopCore& loop, std::coroutine_handle<> task) {
  waiting.limit_.start(loop, &waiting, give_up);
  waiting.task_ = task;
  waiting.place_ = this;
  waiting_ = &waiting;
}

NET_API void WaitPlace::resume() {
  const std::coroutine_handle<> task = waiting_->task_;
  forget();
  RunningTask::resume(task);
}

NET_API void WaitPlace::forget() noexcept {
  if (!waiting_) return;
  waiting_->limit_.stop();
  std::exchange(waiting_, nullptr)->place_ = nullptr;
}

NET_API void WaitPlace::give_up(void* waiting) {
  if (WaitPlace* const place = static_cast<WaitingTask*>(waiting)->place_) place->resume();
}

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif
#endif
