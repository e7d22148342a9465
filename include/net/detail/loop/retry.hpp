// Trying again after a while, where the system had nothing left to give. Internal.
#ifndef NET_DETAIL_LOOP_RETRY_HPP
#define NET_DETAIL_LOOP_RETRY_HPP

#include <cstdint>
#include <utility>

#include <net/detail/loop/core.hpp>

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

/// Calls `again` on its owner from the loop, once. It keeps neither of them alive; the owner stops it before it goes.
class Retry {
 public:
  Retry(Handle& owner, void (*again)(Handle&)) noexcept : owner_(owner), again_(again) {}
  Retry(const Retry&) = delete;
  Retry& operator=(const Retry&) = delete;
  ~Retry() { stop(); }

  bool waiting() const noexcept { return timer_ && timer_->queued(); }

  void after(std::uint64_t ms) {
    make_timer();
    owner_.loop->update_time();
    owner_.loop->start_timer(*timer_, ms, owner_.loop->now());
  }

  /// For a descriptor (S32.1): about 100 ms, after a second twice as long each time, up to 1 s; at once when this
  /// thread has closed one. All who wait are called in the same turns, so that many cost no more of them than one.
  void when_descriptor_freed() {
    make_timer();
    constexpr std::uint64_t step = 100;
    const std::uint64_t delay = tries_ < 10 ? step : tries_ < 14 ? (step << (tries_ - 9)) : 1000;
    if (tries_ < 14) ++tries_;
    owner_.loop->update_time();
    const std::uint64_t now = owner_.loop->now(), due = (now + (delay < 1000 ? delay : 1000) + step / 2) / step * step;
    owner_.loop->start_timer(*timer_, due - now, now);
    join();
  }
  /// The shortage is over: the next one begins with short waits again.
  void forget_delay() noexcept { tries_ = 0; }

  void stop() noexcept {
    leave();
    if (timer_ && owner_.loop) owner_.loop->stop_timer(*timer_);
  }

  /// The library has closed a descriptor on this thread.
  static void descriptor_freed() noexcept {
    if (first()) [[unlikely]]
      wake_all();
  }

 private:
  static Retry*& first() noexcept {
    static thread_local constinit Retry* list = nullptr;
    return list;
  }

  /// Only moves their timers, which allocates nothing: who closes something is in the middle of a call of the user's.
  [[gnu::cold]] static void wake_all() noexcept {
    while (Retry* const each = first()) {
      each->leave();
      if (each->waiting()) each->owner_.loop->start_timer(*each->timer_, 0, each->owner_.loop->now());
    }
  }

  void make_timer() {
    if (timer_) return;
    Ref<TimerState> made(new TimerState(*owner_.loop));
    made->refd = false;
    made->callback = [this] {
      leave();
      again_(owner_);
    };
    timer_ = std::move(made);
  }
  void join() noexcept {
    if (listed_) return;
    listed_ = true;
    previous_ = nullptr;
    next_ = std::exchange(first(), this);
    if (next_) next_->previous_ = this;
  }
  void leave() noexcept {
    if (!std::exchange(listed_, false)) return;
    (previous_ ? previous_->next_ : first()) = next_;
    if (next_) next_->previous_ = previous_;
  }

  Handle& owner_;
  void (*again_)(Handle&);
  Ref<TimerState> timer_;
  unsigned tries_ = 0;
  Retry* previous_ = nullptr;
  Retry* next_ = nullptr;
  bool listed_ = false;
};

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif
