// One turn of the loop, phase by phase. Internal.
#ifndef NET_DETAIL_LOOP_TURN_IPP
#define NET_DETAIL_LOOP_TURN_IPP

#include <net/detail/base/exchange.hpp>
#include <net/detail/loop/core.hpp>

#if NET_BODIES

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

/// The handle that is being served. It lives until its callback has returned or thrown.
struct Served {
  Handle* handle = nullptr;

  Served() noexcept = default;
  Served(const Served&) = delete;
  Served& operator=(const Served&) = delete;
  ~Served() {
    if (handle) handle->release();
  }
  NET_GNU(always_inline) void begin(Handle& next) noexcept {
    next.retain();
    handle = &next;
  }
  NET_GNU(always_inline) void end() noexcept {
    Handle* const last = detail::exchange(handle, nullptr);
    if (--last->owners == 0) [[unlikely]]
      last->operations->free(*last);
  }
};

/// S32.4: a poller that cannot wait leaves run() as an exception, instead of turning for ever.
template <class Serve>
NET_GNU(always_inline) inline void LoopCore::wait_for(int milliseconds, Serve& serve) {
  if constexpr (requires { Refusal(poller_.wait(milliseconds, serve)); }) {
    const Refusal refused = poller_.wait(milliseconds, serve);
    if (refused.number != 0) [[unlikely]]
      throw_error(system_failure(refused.number, refused.syscall));
  } else {
    poller_.wait(milliseconds, serve);
  }
}

NET_GNU(always_inline) inline void LoopCore::poll(int max_ms) {
  int wait = timeout_ms();
  if (max_ms >= 0 && (wait < 0 || wait > max_ms)) wait = max_ms;
  if (measuring_) [[unlikely]]
    wait = measured_wait(wait);
  Served served;
  const auto serve = [this, &served](Watcher& watcher, unsigned what, int error) {
    run_callback([&] {
      Handle& owner = *static_cast<Handle*>(watcher.owner);
      served.begin(owner);
      owner.loop->count_event();
      owner.operations->ready(owner, watcher, what, error);
      served.end();
    });
  };
#if defined(__cpp_exceptions)
  try {
    wait_for(wait, serve);
  } catch (const std::bad_alloc&) {
    if (served.handle) give_up(*served.handle);
    throw;
  }
#else
  wait_for(wait, serve);
#endif
}

/// One turn, in the order of S2.1: what is pending, the poll, posted callbacks, immediates, what closes, timers.
NET_GNU(always_inline) inline void LoopCore::turn(int max_ms) {
  if (!pending_.empty()) {
    run_jobs(pending_);
    if (mailbox_->stopped.load() != 0 || !alive()) max_ms = 0;
  }
  ++counts_.turns;
  if (!speculative_ || !speculative_read_found()) poll(max_ms);
  if ((posted_.size() | pending_.size() | immediates_.size() | closing_.size()) != 0 || mailbox_->any.load() != 0) {
    run_posted();
    run_pending();
    if (!immediates_.empty()) run_immediates();
    run_jobs(closing_);
  }
  if (!timers_.empty()) {
    update_time();
    run_timers();
  }
}

/// Waits without serving: what is ready is reported again at once. So the time between two waits is known.
NET_RARE int LoopCore::measured_wait(int milliseconds) {
  const std::uint64_t begun = Machine::now_ns();
  if (woken_at_ != 0 && begun - woken_at_ > counts_.longest_turn) counts_.longest_turn = begun - woken_at_;
  std::uint64_t ready = 0;
  const auto count = [&ready](Watcher&, unsigned, int) { ++ready; };
  wait_for(0, count);
  counts_.events_waiting += ready;
  if (ready == 0 && milliseconds != 0 && mailbox_->any.load() == 0 && mailbox_->stopped.load() == 0) {
    wait_for(milliseconds, count);
  }
  woken_at_ = Machine::now_ns();
  counts_.idle += woken_at_ - begun;
  return 0;
}

NET_API void LoopCore::measure_times() noexcept { measuring_ = true; }

NET_API LoopCounts LoopCore::counts() const noexcept {
  LoopCounts all = counts_;
  all.timers = timers_.size();
  for (const Handle* each = handles_; each; each = each->next) {
    if (each->operations->count) each->operations->count(*each, all);
  }
  return all;
}

NET_API void LoopCore::run_timers() {
  const std::uint64_t until = now_;
  while (!timers_.empty() && timers_.first()->due <= until) {
    const Ref<TimerState> timer(&static_cast<TimerState&>(*timers_.first()));
    // the callback lives as long as it runs, whatever it does to its timer; an interval goes on if it throws (S2.7)
    struct Call {
      TimerState& timer;
      std::uint64_t started;
      Callback callback;
      TimerQueue::Place place;  // for starting it again
      ~Call() {
        place.leave();
        if (timer.cleared || !timer.loop) return;
        timer.callback = std::move(callback);
        if (timer.repeats && !timer.queued()) timer.loop->start_timer(timer, timer.length, started);
      }
    };
    run_callback([&] {
      Call call{*timer, now_, {}, TimerQueue::Place(timers_)};
      stop_timer(*timer);
      call.callback = std::move(timer->callback);
      call.callback();
    });
  }
}

NET_API void LoopCore::run_immediates() {
  // one made by an immediate waits for the next turn (S2.5)
  for (std::size_t left = immediates_.size(); left > 0; --left) {
    const Ref<ImmediateState> immediate = immediates_.pop_front();
    if (!immediate->pending) continue;
    set_immediate_ref(*immediate, false);
    immediate->pending = false;
    run_callback([&] { immediate->callback(); });
  }
}

NET_API void LoopCore::drain_ticks() {
  do {
    {
      const Inside inside(*this);
      while (!ticks_.empty() && !inert_) {
        const Callback tick = ticks_.pop_front();
        tick();
      }
    }
    if (inert_) refuse_child();
    if (inside_ == 0) flush_batch();
  } while (!ticks_.empty());
}

NET_API void LoopCore::run_jobs(Queue<Job>& jobs) {
  for (std::size_t left = jobs.size(); left > 0 && !jobs.empty(); --left) {
    const Job job = jobs.pop_front();
    run_callback([&] { or_give_up(*job.who, [&] { job.run(*job.who); }); });
  }
}

/// What is done but was not emitted yet; a few times, so that it cannot starve the rest.
NET_API void LoopCore::run_pending() {
  for (int rounds = 8; rounds > 0 && !pending_.empty(); --rounds) run_jobs(pending_);
}

NET_GNU(noinline) NET_API bool LoopCore::speculative_read_found() {
  const Ref<Handle> asked = std::move(speculative_);
  bool had = false;
  run_callback([&] { or_give_up(*asked, [&] { had = ask_(*asked); }); });
  return had;
}

NET_API void LoopCore::run_posted() {
  if (mailbox_->any.load() != 0) {
    const LockGuard locked(mailbox_->mutex);
    if (posted_.empty()) {
      posted_.take_all(mailbox_->posted);
    } else {
      posted_.reserve(mailbox_->posted.size());
      while (!mailbox_->posted.empty()) posted_.push(mailbox_->posted.pop_front());
    }
    mailbox_->any.store(0);
  }
  for (std::size_t left = posted_.size(); left > 0 && !posted_.empty(); --left) {
    const Callback callback = posted_.pop_front();
    run_callback([&] { callback(); });
  }
}

NET_API int LoopCore::timeout_ms() const noexcept {
  if ((ticks_.size() | pending_.size() | closing_.size() | posted_.size() | refd_immediates_) != 0) return 0;
  if (mailbox_->any.load() != 0) return 0;
  if (timers_.empty()) return -1;
  const std::uint64_t due = timers_.first()->due, at = now();
  return due <= at ? 0 : due - at > 0x7fffffff ? 0x7fffffff : static_cast<int>(due - at);
}

NET_API void LoopCore::run() {
  const Running running(*this);
  flush_batch();
  drain_ticks();
  run_timers();
  while (mailbox_->stopped.load() == 0 && alive()) turn(-1);
  mailbox_->stopped.store(0);  // used up by this return, and not by an exception (S31.9)
}

NET_API void LoopCore::run_ticks() {
  if (inside_ != 0) return;  // they run when the callback that is under way returns
  if (inert()) refuse_child();
  flush_batch();
  if (!ticks_.empty()) drain_ticks();
}

NET_API bool LoopCore::run_once(int max_ms) {
  const Running running(*this);
  flush_batch();
  const bool ready = timeout_ms() == 0;  // what is done before the poll is done by this turn: it need not wait too
  drain_ticks();
  run_timers();
  const bool stopped = mailbox_->stopped.load() != 0;
  turn(ready || stopped || !alive() ? 0 : max_ms);
  return mailbox_->stopped.exchange(0) == 0 && alive();  // used up here too: runOnce() reports it
}

NET_API bool LoopCore::alive() const noexcept {
  return alive_ > 0 || !closing_.empty() || !posted_.empty() || mailbox_->any.load() != 0;
}

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif
#endif
