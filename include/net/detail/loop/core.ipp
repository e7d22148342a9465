// The bodies of core.hpp. Internal.
#ifndef NET_DETAIL_LOOP_CORE_IPP
#define NET_DETAIL_LOOP_CORE_IPP

#include <net/detail/loop/core.hpp>

#if NET_BODIES

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

// A program that is compiled once has this as another kind of object than one that is header-only: no linker joins them.
// Read by every loop, so that whoever has a loop has the symbol.
#if defined(NET_SEPARATE)
constinit thread_local int net_hpp_is_header_only_in_one_file_and_compiled_once_in_another = 0;
#else
inline constinit int net_hpp_is_header_only_in_one_file_and_compiled_once_in_another = 0;
#endif

NET_API LoopCore::LoopCore() {
  (void)*const_cast<const volatile int*>(&net_hpp_is_header_only_in_one_file_and_compiled_once_in_another);
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

NET_API Handle::Handle(LoopCore& core, const Operations& table) noexcept : loop(&core), operations(&table), next(core.handles_) {
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
  const os::LockGuard locked(mutex);
  if (!loop) return false;
  posted.push(std::move(callback));
  if (any.exchange(1) == 0) loop->poller().wake();
  return true;
}

NET_API void Mailbox::post_expected(Callback callback) noexcept {
  const os::LockGuard locked(mutex);
  if (!loop) return posted.expect_no_more();
  posted.push_expected(std::move(callback));
  if (any.exchange(1) == 0) loop->poller().wake();
}

NET_API void Mailbox::stop() noexcept {
  const os::LockGuard locked(mutex);
  stopped.store(1);
  if (loop) loop->poller().wake();
}

NET_API char* LoopCore::batch_for(Handle& owner, void (*flush)(Handle&), std::size_t size) {
  if (batch_owner_ != &owner) flush_batch();
  return batch_if_free(owner, flush, size);
}

NET_API char* LoopCore::batch_if_free(Handle& owner, void (*flush)(Handle&), std::size_t size) noexcept {
  if (inside_ == 0) return nullptr;
  if (batch_owner_ != &owner) {
    if (batch_owner_) return nullptr;
    batch_owner_ = &owner;
    batch_flush_ = flush;
  }
  const std::size_t filled = batch_size_ + size;
  if (filled > batch_capacity) return nullptr;
  char* place = batch_.begin + batch_size_;
  batch_size_ = filled;
  return place;
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

NET_API void LoopCore::run_timers() {
  const std::uint64_t until = now_;
  while (!timers_.empty() && timers_.first()->due <= until) {
    const Ref<TimerState> timer(static_cast<TimerState*>(timers_.first()));
    // the callback lives as long as it runs, whatever it does to its timer; an interval goes on even if it throws (S2.7)
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

[[gnu::noinline]] NET_API bool LoopCore::speculative_read_found() {
  const Ref<Handle> newcomer = std::move(speculative_);
  bool had = false;
  run_callback([&] { or_give_up(*newcomer, [&] { had = ask_(*newcomer); }); });
  return had;
}

NET_API void LoopCore::run_posted() {
  if (mailbox_->any.load() != 0) {
    const os::LockGuard locked(mailbox_->mutex);
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

NET_API bool LoopCore::run_once(int max_ms) {
  const Running running(*this);
  flush_batch();
  const bool ready = timeout_ms() == 0;  // what is done before the poll is done by this turn: it need not wait too
  drain_ticks();
  run_timers();
  const bool stopped = mailbox_->stopped.load() != 0;
  turn(ready || stopped || !alive() ? 0 : max_ms);
  mailbox_->stopped.store(0);
  return alive();
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
    const os::LockGuard locked(mailbox_->mutex);
    mailbox_->loop = nullptr;
  } else {
    mailbox_->loop = nullptr;
  }
  forget_batch();
  mailbox_->posted.clear();
  // what dies may be the user's, and leave something new behind: again, until there is nothing
  while (handles_ || (ticks_.size() | pending_.size() | closing_.size() | posted_.size()) != 0) abandon_handles();
  mailbox_->release();
}

NET_API void LoopCore::abandon_handles() noexcept {
  Handle* const all = handles_;
  for (Handle* handle = all; handle; handle = handle->next) handle->retain();
  // listeners that die here may let go of other handles, which stay in the list until all are abandoned; new ones
  // stand before them
  for (Handle* handle = all; handle; handle = handle->next) handle->operations->abandon(*handle);
  while (!timers_.empty()) stop_timer(*static_cast<TimerState*>(timers_.first()));
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
    handle->previous = handle->next = nullptr;
    handle->loop = nullptr;
    handle->release();
    handle = next;
  }
}

NET_API void LoopCore::at_exit() noexcept {
  for (LoopCore* loop = current(); loop; loop = loop->older_) {
    if (loop->inert()) continue;
    for (Handle* handle = loop->handles_; handle; handle = handle->next) {
      if (handle->operations->hand_over) handle->operations->hand_over(*handle);
      if (handle->operations->at_exit) handle->operations->at_exit(*handle);
    }
  }
}

NET_API void LoopCore::join_process() noexcept {
  ProcessLoops& all = ProcessLoops::instance();
  const os::LockGuard locked(all.mutex);
  next_in_process_ = std::exchange(all.first, this);
  link_in_process_ = &all.first;
  if (next_in_process_) next_in_process_->link_in_process_ = &next_in_process_;
}

NET_API void LoopCore::leave_process() noexcept {
  const os::LockGuard locked(ProcessLoops::instance().mutex);
  *link_in_process_ = next_in_process_;
  if (next_in_process_) next_in_process_->link_in_process_ = link_in_process_;
}

NET_API void LoopCore::note_forks() {
  (void)ProcessLoops::instance();  // a child needs no memory for it
  static Atomic<int> noted{0};
  if (noted.exchange(1) != 0) return;
  os::at_fork(nullptr, nullptr, [] {
    for (LoopCore* loop = ProcessLoops::instance().first; loop; loop = loop->next_in_process_) loop->become_inert();
  });
}

NET_API bool LoopCore::of_this_thread() const noexcept {
  for (const LoopCore* mine = current(); mine; mine = mine->older_) {
    if (mine == this) return true;
  }
  return false;
}

/// Runs in the child before fork() returns there: the round that is under way ends, and what was gathered is the
/// parent's to send. The threads of other loops did not come along, so nobody is in them any more.
NET_API void LoopCore::become_inert() noexcept {
  if (!of_this_thread()) {
    running_ = inert_ = false;
    inside_ = 0;
    older_ = nullptr;
  }
  if (!inert_) inside_ += inert_depth;
  inert_ = true;
  forget_batch();
  poller_.shut();
}

NET_API void LoopCore::refuse_child() const {
  throw_error(make_error(Errc::ERR_INVALID_STATE,
              "This loop belongs to the parent process: call afterFork() to use it in this one"));
}

/// S31.2: a poller and a waker of its own; what is watched is watched again, the rest is where it was. It belongs to the
/// thread that asks for it, whose it was before or not.
NET_API void LoopCore::after_fork() {
  if (!inert()) return;
  open_poller();
  if (!of_this_thread()) enter_thread();
  if (inert_) inside_ -= inert_depth;
  inert_ = false;
  made_in_ = os::fork_count().load();
  mailbox_->loop = this;
  // what is asked again may call back at once, and so change the list
  Queue<Ref<Handle>> all;
  for (Handle* handle = handles_; handle; handle = handle->next) {
    if (handle->operations->after_fork) all.push(Ref<Handle>(handle));
  }
  while (!all.empty()) {
    const Ref<Handle> handle = all.pop_front();
    handle->operations->after_fork(*handle);
  }
}

NET_API bool LoopCore::alive() const noexcept {
  return alive_ > 0 || !closing_.empty() || !posted_.empty() || mailbox_->any.load() != 0;
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
