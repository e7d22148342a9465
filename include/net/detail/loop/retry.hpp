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

  void after(std::uint64_t ms);

  /// For a descriptor (S32.1): about 100 ms, after a second twice as long each time, up to 1 s; at once when this
  /// thread has closed one. All who wait are called in the same turns, so that many cost no more of them than one.
  void when_descriptor_freed();
  /// The shortage is over: the next one begins with short waits again.
  void forget_delay() noexcept { tries_ = 0; }

  void stop() noexcept;

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
  static void wake_all() noexcept;

  void make_timer();
  void join() noexcept;
  void leave() noexcept;

  Handle& owner_;
  void (*again_)(Handle&);
  Ref<TimerState> timer_;
  unsigned tries_ = 0;
  Retry* previous_ = nullptr;
  Retry* next_ = nullptr;
  bool listed_ = false;
};

/// Closes what a poller may watch, a channel or an acceptor: first the poller forgets it, and then somebody who waits
/// for a descriptor may have this one.
template <class Watched>
void close_watched(LoopCore* loop, Watched& watched) noexcept {
  if (loop) loop->poller().drop(watched);
  watched.close();
  Retry::descriptor_freed();
}

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#include <net/detail/loop/retry.ipp>

#endif
