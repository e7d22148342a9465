// What becomes of loops when the process forks, or ends. Internal.
#ifndef NET_DETAIL_LOOP_FORK_IPP
#define NET_DETAIL_LOOP_FORK_IPP

#include <net/detail/base/exchange.hpp>
#include <net/detail/loop/core.hpp>

#if NET_BODIES

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

/// All loops of the process. In a child, whichever thread has forked, none of them may touch what is the parent's.
struct ProcessLoops {
  Machine::Mutex mutex;  // fork() takes it too, so a child finds the list whole
  LoopCore* first = nullptr;

  static ProcessLoops& instance() {
    static ProcessLoops& all = *new ProcessLoops;
    return all;
  }
};

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
  const LockGuard locked(all.mutex);
  next_in_process_ = detail::exchange(all.first, this);
  link_in_process_ = &all.first;
  if (next_in_process_) next_in_process_->link_in_process_ = &next_in_process_;
}

NET_API void LoopCore::leave_process() noexcept {
  const LockGuard locked(ProcessLoops::instance().mutex);
  *link_in_process_ = next_in_process_;
  if (next_in_process_) next_in_process_->link_in_process_ = link_in_process_;
}

NET_API void LoopCore::note_forks() {
  (void)ProcessLoops::instance();  // a child needs no memory for it
  static Atomic<int> noted{0};
  if (noted.exchange(1) != 0) return;
  Machine::at_fork(nullptr, nullptr, [] {
    for (LoopCore* loop = ProcessLoops::instance().first; loop; loop = loop->next_in_process_) loop->become_inert();
  });
}

NET_API bool LoopCore::of_this_thread() const noexcept {
  for (const LoopCore* mine = current(); mine; mine = mine->older_) {
    if (mine == this) return true;
  }
  return false;
}

/// Runs in the child before fork() returns there: the round that is under way ends, and what was batched is the
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

/// S31.2: a poller and a waker of its own; what is watched is watched again, the rest is where it was. It belongs to
/// the thread that asks for it, whose it was before or not.
NET_API void LoopCore::after_fork() {
  if (inert()) {
    std::size_t count = 0;
    for (Handle* handle = handles_; handle; handle = handle->next) count += handle->operations->after_fork ? 1 : 0;
    made_anew_.clear();
    made_anew_.reserve(count);
    open_poller();
    if (!of_this_thread()) enter_thread();
    if (inert_) inside_ -= inert_depth;
    inert_ = false;
    made_in_ = Machine::fork_count();
    mailbox_->loop = this;
    for (Handle* handle = handles_; handle; handle = handle->next) {
      // the oldest first: jobs are in the order in which they were asked for
      if (handle->operations->after_fork) made_anew_.push_front(Ref<Handle>(handle));
    }
  }
  // one for which there is no memory is the first when this is called again
  while (!made_anew_.empty()) {
    const Ref<Handle> handle(made_anew_.first());
    handle->operations->after_fork(*handle);
    (void)made_anew_.pop_front();
  }
}

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif
#endif
