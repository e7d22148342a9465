// Threads, and what wakes a loop that sleeps. Internal; <thread> and <mutex> would double the lines of this library.
#ifndef NET_DETAIL_SYS_POSIX_THREAD_HPP
#define NET_DETAIL_SYS_POSIX_THREAD_HPP

#include <cstddef>
#include <cstdint>
#include <new>

#include <net/detail/base/atomic.hpp>
#include <net/detail/base/listed_lock.hpp>
#include <net/detail/sys/posix/calls.hpp>

#if !defined(_WIN32)

#include <pthread.h>
#include <sched.h>

namespace net::inline NET_ABI::detail::os {

// ── waking a sleeping loop ─────────────────────────────────────────────────

/// A descriptor that becomes readable when `wake` is called, from any thread.
class Waker {
 public:
#if defined(__linux__)
  static constexpr const char* syscall = "eventfd";
#else
  static constexpr const char* syscall = "pipe";
#endif

  Waker() noexcept = default;
  Waker(const Waker&) = delete;
  Waker& operator=(const Waker&) = delete;
  ~Waker() { close(); }

  /// 0, or a negated errno.
  int open() noexcept;
  void close() noexcept;

  NativeHandle descriptor() const noexcept { return ends_[0]; }
  void wake() noexcept;
  void drain() noexcept;

 private:
  int ends_[2] = {no_handle, no_handle};
};

// ── fork ───────────────────────────────────────────────────────────────────

/// How many forks lie between this process and the one that the program began as: what was made with another number
/// belongs to a parent.
NET_API std::uint32_t fork_count() noexcept;

/// So many more threads are inside the C library under locks of its own, which fork() leaves in a child as they are:
/// its resolver's. Only while a Mutex is held.
NET_API void count_in_resolver(int threads) noexcept;

/// Runs the first before a fork() of any thread, the others after it, in the parent and in the child.
NET_API void at_fork(void (*before)(), void (*in_parent)(), void (*in_child)()) noexcept;

// ── threads ────────────────────────────────────────────────────────────────

/// A lock that fork() takes too, so that a child finds whole whatever it guards. It waits for lookups besides, or those
/// of the child might wait for a lock that no thread holds any more. Nobody takes a second one while holding
/// one, or calls the user's code.
class Mutex : public ListedLock<Mutex> {
 public:
  Mutex() noexcept;
  void lock() noexcept { ::pthread_mutex_lock(&mutex_); }
  void unlock() noexcept { ::pthread_mutex_unlock(&mutex_); }
  static void pause() noexcept { ::sched_yield(); }

 private:
  friend class Condition;

  static void lock_before_fork() noexcept;
  static void unlock_in_child() noexcept;

  pthread_mutex_t mutex_ = PTHREAD_MUTEX_INITIALIZER;
};

class Condition {
 public:
  Condition() noexcept = default;
  Condition(const Condition&) = delete;
  Condition& operator=(const Condition&) = delete;
  void wait(Mutex& mutex) noexcept { ::pthread_cond_wait(&condition_, &mutex.mutex_); }
  /// False: it took that long.
  bool wait_ms(Mutex& mutex, int milliseconds) noexcept;
  void wake_one() noexcept { ::pthread_cond_signal(&condition_); }
  void wake_all() noexcept { ::pthread_cond_broadcast(&condition_); }

 private:
  pthread_cond_t condition_ = PTHREAD_COND_INITIALIZER;
};

/// A thread that is joined or detached before this object goes.
class Thread {
 public:
  bool start(void (*work)(void*), void* argument) { return begin(new Start{work, argument}); }
  /// Without memory it is a thread that cannot be started.
  bool try_start(void (*work)(void*), void* argument) noexcept {
    Start* const start = new (std::nothrow) Start{work, argument};
    return start && begin(start);
  }
  void join() noexcept { ::pthread_join(thread_, nullptr); }
  void detach() noexcept { ::pthread_detach(thread_); }

 private:
  struct Start {
    void (*work)(void*);
    void* argument;
  };

  bool begin(Start* start) noexcept;
  static void* run(void* start);

  pthread_t thread_{};
};

/// Starts a thread that nobody joins.
NET_API bool start_thread(void (*work)(void*), void* argument) noexcept;

/// How many threads can run at the same time, at least 1.
NET_API std::size_t processors() noexcept;

}  // namespace net::inline NET_ABI::detail::os

#endif  // !_WIN32

#include <net/detail/sys/posix/thread.ipp>

#endif
