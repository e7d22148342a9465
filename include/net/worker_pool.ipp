// The bodies of worker_pool.hpp. Internal.
#ifndef NET_WORKER_POOL_IPP
#define NET_WORKER_POOL_IPP

#include <net/worker_pool.hpp>

#if NET_BODIES

#include <cstdlib>

namespace net::inline NET_ABI::inline NET_MACHINE {

NET_API WorkerPool::~WorkerPool() {
  begin_again_in_child();
  detail::Queue<detail::WorkRef> dropped;
  {
    const detail::LockGuard locked(mutex_);
    closing_ = true;
    dropped.take_all(waiting_);
    wake_.wake_all();
  }
  while (!dropped.empty()) drop(dropped.pop_front());
  for (detail::Machine::Thread& thread : threads_) thread.join();
}

NET_API void WorkerPool::begin_again_in_child() noexcept {
  if (made_in_ == detail::Machine::fork_count()) return;
  made_in_ = detail::Machine::fork_count();
  ::new (static_cast<void*>(&wake_)) detail::Machine::Condition;
  threads_.clear();
  idle_ = 0;
}

NET_API WorkerPool::Exit& WorkerPool::Exit::of_process() noexcept {
  static constinit Exit exit;
  return exit;
}

/// What was registered last is run first: a mark that was set after a pool was made is seen by its destructor, if that is
/// called by exit(). One mark is good for all pools before it. A program that makes more pools than this while it runs has
/// no static ones among them.
NET_API void WorkerPool::note_exit() noexcept {
  constexpr int max_marks = 256;
  Exit& exit = Exit::of_process();
  if (exit.marks.load() != marks_before_ || marks_before_ == max_marks) return;
  if (std::atexit([] { Exit::of_process().begun.store(1); }) == 0) exit.marks.fetch_add(1);
}

NET_API bool WorkerPool::submit(detail::WorkRef work) {
  begin_again_in_child();
  note_exit();
  const detail::LockGuard locked(mutex_);
  waiting_.reserve(1);
  if (idle_ <= waiting_.size() && threads_.size() < max_threads_) {
    detail::Machine::Thread thread;
    if (thread.start([](void* pool) { static_cast<WorkerPool*>(pool)->run(); }, this)) threads_.push_back(thread);
  }
  if (threads_.empty()) return false;
  waiting_.push(std::move(work));
  wake_.wake_one();
  return true;
}

NET_API void WorkerPool::run() {
  mutex_.lock();
  for (;;) {
    while (waiting_.empty() && !closing_) {
      ++idle_;
      wake_.wait(mutex_);
      --idle_;
    }
    if (closing_) return mutex_.unlock();
    {
      detail::WorkRef work = waiting_.pop_front();
      work->begun.store(1);
      mutex_.unlock();
      work->operations->run(*work);
      std::move(work).send_home();
    }
    mutex_.lock();
  }
}

NET_API void WorkerPool::drop(detail::WorkRef work) noexcept {
  work->unanswered = Exit::of_process().begun.load() != 0;
  work->operations->drop(*work, dropped_);
  std::move(work).send_home();
}

}  // namespace net::inline NET_ABI::inline NET_MACHINE

#endif
#endif
