// The bodies of worker_pool.hpp. Internal.
#ifndef NET_WORKER_POOL_IPP
#define NET_WORKER_POOL_IPP

#include <net/worker_pool.hpp>

#if NET_BODIES

#include <cstdlib>

namespace net::inline NET_ABI::inline NET_MACHINE {

NET_API WorkerPool::~WorkerPool() {
  {
    const detail::LockGuard locked(mutex_);
    begin_again_in_child();
    closing_ = true;
    wake_.wake_all();
  }
  while (detail::WorkRef work = take_dropped()) drop(std::move(work));
  for (detail::Machine::Thread& thread : threads_) thread.join();
}

NET_API detail::WorkRef WorkerPool::take_dropped() noexcept {
  const detail::LockGuard locked(mutex_);
  detail::WorkRef work = (left_.empty() ? waiting_ : left_).take_first();
  if (work) work->place.store(detail::WorkItem::running);
  return work;
}

NET_API void WorkerPool::begin_again_in_child() noexcept {
  if (made_in_ == detail::Machine::fork_count()) return;
  made_in_ = detail::Machine::fork_count();
  for (detail::Machine::Condition* each : {&wake_, &came_home_}) {
    ::new (static_cast<void*>(each)) detail::Machine::Condition;
  }
  threads_.clear();
  idle_ = awaited_ = 0;
  while (detail::WorkRef work = waiting_.take_first()) left_.push(std::move(work));
}

NET_API WorkerPool::Exit& WorkerPool::Exit::of_process() noexcept {
  static constinit Exit exit;
  return exit;
}

/// exit() runs first what was registered last: the destructor of a pool that exit() calls sees a mark that was set
/// after the pool was made. One mark is good for all pools before it. A program that makes more pools than this while
/// it runs has no static ones among them.
NET_API void WorkerPool::note_exit() noexcept {
  constexpr int max_marks = 256;
  Exit& exit = Exit::of_process();
  if (exit.marks.load() != marks_before_ || marks_before_ == max_marks) return;
  if (std::atexit([] { Exit::of_process().begun.store(1); }) == 0) exit.marks.fetch_add(1);
}

NET_API bool WorkerPool::has_thread() {
  if (idle_ <= waiting_.size() && threads_.size() < max_threads_) {
    detail::Machine::Thread thread;
    if (thread.start([](void* pool) { static_cast<WorkerPool*>(pool)->run(); }, this)) threads_.push(thread);
  }
  return !threads_.empty();
}

NET_API bool WorkerPool::submit(detail::WorkRef work) {
  note_exit();
  const detail::LockGuard locked(mutex_);
  begin_again_in_child();
  if (!has_thread()) return false;
  work->pool = &for_child;
  work->of_pool = this;
  work->process = made_in_;
  waiting_.push(std::move(work));
  wake_.wake_one();
  return true;
}

NET_API bool WorkerPool::take_over(detail::WorkItem& item) {
  WorkerPool& pool = *static_cast<WorkerPool*>(item.of_pool);
  const detail::LockGuard locked(pool.mutex_);
  pool.begin_again_in_child();
  if (pool.closing_ || !pool.has_thread()) return false;
  item.process = pool.made_in_;
  pool.waiting_.push(pool.left_.take(item));
  pool.wake_.wake_one();
  return true;
}

NET_API void WorkerPool::withdraw(detail::WorkItem& item) noexcept {
  WorkerPool& pool = *static_cast<WorkerPool*>(item.of_pool);
  const auto take = [&] {
    const detail::LockGuard locked(pool.mutex_);
    pool.begin_again_in_child();
    return pool.left_.take(item);
  };
  const detail::WorkRef gone = take();  // which is destroyed without the lock: it may hold what is the user's
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
      detail::WorkRef work = waiting_.take_first();
      work->place.store(detail::WorkItem::running);
      mutex_.unlock();
      work->operations->run(*work);
      std::move(work).send_home();
    }
    mutex_.lock();
    if (awaited_ > 0) came_home_.wake_all();
  }
}

NET_API bool WorkerPool::bring_home(detail::WorkItem& item, bool quick) noexcept {
  const auto take = [&] {
    const detail::LockGuard locked(mutex_);
    if (!quick || item.place.load() != detail::WorkItem::waiting) return detail::WorkRef(nullptr);
    item.place.store(detail::WorkItem::running);
    return waiting_.take(item);
  };
  if (detail::WorkRef work = take()) {
    work->operations->run(*work);
    std::move(work).send_home();
    return true;
  }
  constexpr int moment = 200;  // ms
  const detail::LockGuard locked(mutex_);
  ++awaited_;
  bool in_time = true;
  while (in_time && item.place.load() != detail::WorkItem::at_home) {
    if (quick) {
      came_home_.wait(mutex_);
    } else {
      in_time = came_home_.wait_ms(mutex_, moment);
    }
  }
  --awaited_;
  return item.place.load() == detail::WorkItem::at_home;
}

NET_API void WorkerPool::drop(detail::WorkRef work) noexcept {
  work->unanswered = Exit::of_process().begun.load() != 0;
  work->operations->drop(*work, dropped_);
  std::move(work).send_home();
}

}  // namespace net::inline NET_ABI::inline NET_MACHINE

#endif
#endif
