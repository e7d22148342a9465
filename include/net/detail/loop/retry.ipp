// The bodies of retry.hpp. Internal.
#ifndef NET_DETAIL_LOOP_RETRY_IPP
#define NET_DETAIL_LOOP_RETRY_IPP

#include <net/detail/loop/retry.hpp>

#if NET_BODIES

#include <net/detail/base/exchange.hpp>

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

NET_RARE void Retry::when_descriptor_freed() {
  make_timer();
  constexpr std::uint64_t step = 100;
  const std::uint64_t delay = tries_ < 10 ? step : tries_ < 14 ? (step << (tries_ - 9)) : 1000;
  if (tries_ < 14) ++tries_;
  owner_.loop->update_time();
  const std::uint64_t now = owner_.loop->now(), due = (now + (delay < 1000 ? delay : 1000) + step / 2) / step * step;
  owner_.loop->start_timer(*timer_, due - now, now);
  join();
}

NET_RARE void Retry::wake_all() noexcept {
  while (Retry* const each = first()) {
    each->leave();
    if (each->waiting()) each->owner_.loop->start_timer(*each->timer_, 0, each->owner_.loop->now());
  }
}

NET_RARE void Retry::make_timer() {
  if (timer_) return;
  Ref<TimerState> made(new TimerState(*owner_.loop));
  made->refd = false;
  made->callback = [this] {
    leave();
    const Ref<Handle> alive(&owner_);
    or_give_up(owner_, [this] { again_(owner_); });
  };
  timer_ = std::move(made);
}

NET_API void Retry::join() noexcept {
  if (listed_) return;
  listed_ = true;
  previous_ = nullptr;
  next_ = detail::exchange(first(), this);
  if (next_) next_->previous_ = this;
}

NET_RARE void Retry::after(std::uint64_t ms) {
  make_timer();
  owner_.loop->update_time();
  owner_.loop->start_timer(*timer_, ms, owner_.loop->now());
}

NET_API void Retry::stop() noexcept {
  leave();
  if (timer_ && owner_.loop) owner_.loop->stop_timer(*timer_);
}

NET_API void Retry::leave() noexcept {
  if (!detail::exchange(listed_, false)) return;
  (previous_ ? previous_->next_ : first()) = next_;
  if (next_) next_->previous_ = previous_;
}

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif
#endif
