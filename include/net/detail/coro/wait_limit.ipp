// The bodies of wait_limit.hpp. Internal.
#ifndef NET_DETAIL_CORO_WAIT_LIMIT_IPP
#define NET_DETAIL_CORO_WAIT_LIMIT_IPP

#include <net/detail/coro/wait_limit.hpp>

#if NET_BODIES

#include <net/detail/base/exchange.hpp>
#include <net/detail/base/maybe.hpp>
#include <net/socket.hpp>

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

struct WaitLimit::Limits {
  explicit Limits(const WaitOptions& given) : options(given) {}

  WaitOptions options;
  void* waiting = nullptr;
  void (*give_up)(void*) = nullptr;
  Maybe<Error> why;
  AbortWatch aborts;
  Ref<TimerState> timer;

  /// Whoever waits goes on, and may destroy all of this.
  void over(const Error& error) {
    void (*const go_on)(void*) = detail::exchange(give_up, nullptr);
    if (!go_on) return;
    why.emplace(error);
    go_on(waiting);
  }
};

NET_API void throw_waits_already() {
  throw_error(make_error(Errc::ERR_INVALID_STATE, "Another task is in this wait already"));
}

NET_API void WaitLimit::make_limits(const WaitOptions& options) {
  if (options.timeout) require_timeout(*options.timeout);
  limits_ = new Limits(options);
}

NET_API void WaitLimit::require_not_aborted() const {
  const AbortSignal& signal = limits_->options.signal;
  if (signal.aborted()) throw_error(abort_failure(Access::state(signal).reason));
}

NET_API bool WaitLimit::was_given_up() const noexcept { return static_cast<bool>(limits_->why); }

NET_API void WaitLimit::require_not_given_up() const {
  if (limits_->why) throw_error(*limits_->why);
}

NET_API void WaitLimit::watch(LoopCore& loop, void* waiting, void (*give_up)(void*)) {
  Limits& limits = *limits_;
  if (limits.options.timeout) {
    limits.timer = Ref<TimerState>(new TimerState(loop));
    limits.timer->callback = [&limits] { limits.over(make_error(Errc::ERR_TIMEOUT)); };
    const double ms = limits.options.timeout->milliseconds();
    loop.start_timer(*limits.timer, ms < 1 ? 1 : static_cast<std::uint64_t>(ms), loop.now());
  }
  if (limits.options.signal) {
    const auto over = [](void* who, const Error& reason) { static_cast<Limits*>(who)->over(abort_failure(reason)); };
    limits.aborts = Access::state(limits.options.signal).attach(loop, {over, &limits});
    if (!limits.aborts) require_not_aborted();
  }
  limits.waiting = waiting;
  limits.give_up = give_up;
}

NET_API void WaitLimit::forget() noexcept {
  limits_->give_up = nullptr;
  limits_->aborts = {};
  if (!limits_->timer) return;
  const Ref<TimerState> timer = detail::exchange(limits_->timer, {});
  if (timer->loop) timer->loop->stop_timer(*timer);
}

NET_API void WaitLimit::drop() noexcept {
  forget();
  delete detail::exchange(limits_, nullptr);
}

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif
#endif
