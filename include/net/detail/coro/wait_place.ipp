// The bodies of wait_place.hpp. Internal.
#ifndef NET_DETAIL_CORO_WAIT_PLACE_IPP
#define NET_DETAIL_CORO_WAIT_PLACE_IPP

#include <net/detail/coro/wait_place.hpp>

#if NET_BODIES

#include <net/detail/base/exchange.hpp>

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

NET_API void WaitingTask::leave() noexcept { place_->forget(); }

NET_API void WaitPlace::note(WaitingTask& waiting, LoopCore* loop, std::coroutine_handle<> task) {
  if (!loop) throw_error(make_error(Errc::ERR_STREAM_PREMATURE_CLOSE));
  waiting.limit_.start(*loop, &waiting, give_up);
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
  detail::exchange(waiting_, nullptr)->place_ = nullptr;
}

/// Owned by the tick that resumes the task.
struct WaitPlace::Orphaned {
  WaitPlace place;
  std::size_t owners = 0;

  void retain() noexcept { ++owners; }
  void release() noexcept {
    if (--owners == 0) delete this;
  }
};

NET_API void WaitPlace::close(Handle& who) noexcept {
  if (!waiting_ || !who.loop || who.loop->inert()) return;
  undo_or_give_up(who, [&] {
    const Ref<Orphaned> orphaned(new Orphaned);
    who.loop->ticks().push([orphaned] { orphaned->place.resume_orphaned(); });
    waiting_->limit_.stop();
    waiting_->place_ = &orphaned->place;
    orphaned->place.waiting_ = detail::exchange(waiting_, nullptr);
  });
}

NET_API void WaitPlace::resume_orphaned() {
  if (waiting_) RunningTask::resume(waiting_->task_);
}

NET_API void WaitingTask::throw_not_kept() const {
  if (!place_) limit_.require_kept();
  throw_error(make_error(Errc::ERR_STREAM_PREMATURE_CLOSE));
}

NET_API void WaitPlace::give_up(void* waiting) {
  if (WaitPlace* const place = static_cast<WaitingTask*>(waiting)->place_) place->resume();
}

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif
#endif
