// How a loop begins and ends; timers, the mailbox, the write batch. Internal.
#ifndef NET_DETAIL_LOOP_CORE_IPP
#define NET_DETAIL_LOOP_CORE_IPP

#include <net/detail/loop/core.hpp>

#if NET_BODIES

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

NET_API LoopCore::LoopCore() {
  link_one_way_only();
  note_forks();
  (void)no_error();  // nobody needs memory for it afterwards
  open_poller();
  mailbox_ = new Mailbox;
  mailbox_->loop = this;
  update_time();
  join_process();
}

NET_API void LoopCore::stop() noexcept {
  if (current() == this) return mailbox_->stopped.store(1);
  Mailbox* const mailbox = mailbox_;
  mailbox->retain();
  mailbox->stop();
  mailbox->release();
}

NET_API void LoopCore::shorten_batch(std::size_t gone) noexcept {
  batch_size_ -= gone;
  for (std::size_t i = 0; i < batch_size_; ++i) batch_.begin[i] = batch_.begin[i + gone];
  if (batch_size_ == 0) batch_owner_ = nullptr;
}

NET_API LoopCore::Running::Running(LoopCore& l) : loop(l) {
  if (loop.running_) throw_error(make_error(Errc::ERR_INVALID_STATE, "The loop is running already"));
  if (loop.inert()) loop.refuse_child();
  loop.running_ = true;
  loop.update_time();
}

NET_API Handle::Handle(LoopCore& core, const Operations& table) noexcept
    : loop(&core), operations(&table), next(core.handles_) {
  if (next) next->previous = this;
  core.handles_ = this;
}

NET_API Handle::~Handle() {
  if (next) next->previous = previous;
  if (previous) {
    previous->next = next;
  } else if (loop) {
    loop->handles_ = next;
  }
}

NET_API bool Mailbox::post(Callback callback) {
  const LockGuard locked(mutex);
  if (!loop) return false;
  posted.push(std::move(callback));
  notify();
  return true;
}

NET_API void Mailbox::notify() noexcept {
  if (any.exchange(1) == 0) loop->poller().wake();
}

NET_API void Mailbox::stop() noexcept {
  const LockGuard locked(mutex);
  stopped.store(1);
  if (loop) loop->poller().wake();
}

NET_API char* LoopCore::batch_for(Handle& owner, void (*flush)(Handle&), std::size_t size) {
  if (batch_owner_ != &owner) flush_batch();
  return batch_if_free(owner, flush, size);
}

NET_API void LoopCore::start_timer(TimerState& timer, std::uint64_t length, std::uint64_t from) {
  if (timer.queued()) {
    timers_.remove(timer);  // it leaves the space that it needs
  } else {
    timers_.reserve_one();
    timer.retain();
    if (timer.refd) keep_alive(true);
  }
  timer.length = length;
  timers_.insert(timer, from + length);
}

NET_API void LoopCore::stop_timer(TimerState& timer) noexcept {
  if (!timer.queued()) return;
  timers_.remove(timer);
  if (timer.refd) keep_alive(false);
  timer.release();
}

NET_API void LoopCore::set_timer_ref(TimerState& timer, bool on) noexcept {
  if (timer.refd != on && timer.queued()) keep_alive(on);
  timer.refd = on;
}

NET_API void LoopCore::clear_immediate(ImmediateState& immediate) noexcept {
  set_immediate_ref(immediate, false);
  immediate.pending = false;
  immediate.callback.reset();
}

NET_API void LoopCore::set_immediate_ref(ImmediateState& immediate, bool on) noexcept {
  if (immediate.refd == on) return;
  immediate.refd = on;
  if (!immediate.pending) return;
  keep_alive(on);
  on ? ++refd_immediates_ : --refd_immediates_;
}

NET_API void LoopCore::leave_thread() noexcept {
  for (LoopCore** at = &current(); *at; at = &(*at)->older_) {
    if (*at != this) continue;
    *at = older_;
    return;
  }
}

/// Closes what is open, without a word to anyone; handles of users stay, closed.
NET_API void LoopCore::abandon_all() noexcept {
  if (!inert()) {
    if (batch_owner_) batch_owner_->operations->hand_over(*batch_owner_);
    for (Handle* handle = handles_; handle; handle = handle->next) {
      if (handle->operations->hand_over) handle->operations->hand_over(*handle);
    }
    const LockGuard locked(mailbox_->mutex);
    mailbox_->loop = nullptr;
  }
  forget_batch();
  mailbox_->posted.clear();
  if (inert()) mailbox_->loop = nullptr;  // only now: results that were on their way tell their jobs that they are gone
  // what dies may be the user's, and leave something new behind: again, until there is nothing
  while (handles_ || !timers_.empty() || (ticks_.size() | pending_.size() | closing_.size() | posted_.size()) != 0) {
    abandon_handles();
  }
  mailbox_->release();
}

NET_API void LoopCore::abandon_handles() noexcept {
  Handle* const all = handles_;
  for (Handle* handle = all; handle; handle = handle->next) handle->retain();
  // listeners that die here may let go of other handles, which stay in the list until all are abandoned; new ones
  // stand before them
  for (Handle* handle = all; handle; handle = handle->next) handle->operations->abandon(*handle);
  while (!timers_.empty()) stop_timer(static_cast<TimerState&>(*timers_.first()));
  ticks_.clear();
  pending_.clear();
  closing_.clear();
  speculative_ = {};
  immediates_.clear();
  posted_.clear();
  if (!all) return;
  (all->previous ? all->previous->next : handles_) = nullptr;
  for (Handle* handle = all; handle;) {
    Handle* const next = handle->next;
    if (handle->operations->ready) handle->operations->abandon(*handle);  // what died may have opened it again
    handle->previous = handle->next = nullptr;
    handle->loop = nullptr;
    handle->release();
    handle = next;
  }
}

NET_API void LoopCore::next_immediate(Ref<ImmediateState> immediate) {
  immediates_.reserve(1);
  if (immediate->refd) ++refd_immediates_, keep_alive(true);
  immediates_.push(std::move(immediate));
}

NET_API void LoopCore::flush_batch() {
  if (!batch_owner_) return;
  if (inert_) return forget_batch();
  batch_flush_(*batch_owner_);
}

NET_API LoopCore::Running::~Running() {
  loop.running_ = false;
  // small writes of a listener that threw leave all the same
  if (loop.batch_owner_ && loop.inside_ == 0) loop.batch_owner_->operations->hand_over(*loop.batch_owner_);
}

NET_API void LoopCore::open_poller() {
  if (const Refusal refused = poller_.open(); refused.number != 0) {
    throw_error(system_failure(refused.number, refused.syscall));
  }
}

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif
#endif
