// Threads, and what wakes a loop that sleeps. Internal; <thread> and <mutex> would double the lines of this library.
#ifndef NET_DETAIL_OS_THREAD_HPP
#define NET_DETAIL_OS_THREAD_HPP

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <utility>

#include <net/detail/os.hpp>

namespace net::inline NET_ABI::detail::os {

// ── waking a sleeping loop ─────────────────────────────────────────────────

/// A descriptor that becomes readable when `ring` is called, from any thread.
class Bell {
 public:
  Bell() noexcept {
#if defined(__linux__)
    ends_[0] = ends_[1] = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
#else
    if (::pipe(ends_) == 0) {
      prepare(ends_[0]);
      prepare(ends_[1]);
    }
#endif
  }
  Bell(const Bell&) = delete;
  Bell& operator=(const Bell&) = delete;
  ~Bell() {
    if (ends_[0] >= 0) ::close(ends_[0]);
    if (ends_[1] >= 0 && ends_[1] != ends_[0]) ::close(ends_[1]);
  }

  NativeHandle descriptor() const noexcept { return ends_[0]; }
  void ring() noexcept {
    const std::uint64_t one = 1;
    (void)retried([&] { return ::write(ends_[1], &one, sizeof one); });
  }
  void silence() noexcept {
    std::uint64_t rings[16];
    while (retried([&] { return ::read(ends_[0], rings, sizeof rings); }) == static_cast<ssize_t>(sizeof rings)) {}
  }

 private:
  int ends_[2] = {no_descriptor, no_descriptor};
};

// ── threads ────────────────────────────────────────────────────────────────

class Mutex {
 public:
  Mutex() noexcept = default;
  Mutex(const Mutex&) = delete;
  Mutex& operator=(const Mutex&) = delete;
  void lock() noexcept { ::pthread_mutex_lock(&mutex_); }
  void unlock() noexcept { ::pthread_mutex_unlock(&mutex_); }

 private:
  friend class Condition;
  pthread_mutex_t mutex_ = PTHREAD_MUTEX_INITIALIZER;
};

class Locked {
 public:
  explicit Locked(Mutex& mutex) noexcept : mutex_(mutex) { mutex_.lock(); }
  Locked(const Locked&) = delete;
  Locked& operator=(const Locked&) = delete;
  ~Locked() { mutex_.unlock(); }

 private:
  Mutex& mutex_;
};

class Condition {
 public:
  Condition() noexcept = default;
  Condition(const Condition&) = delete;
  Condition& operator=(const Condition&) = delete;
  void wait(Mutex& mutex) noexcept { ::pthread_cond_wait(&condition_, &mutex.mutex_); }
  void wake_one() noexcept { ::pthread_cond_signal(&condition_); }
  void wake_all() noexcept { ::pthread_cond_broadcast(&condition_); }

 private:
  pthread_cond_t condition_ = PTHREAD_COND_INITIALIZER;
};

/// A thread that is joined or detached before this object goes.
class Thread {
 public:
  bool start(void (*work)(void*), void* argument) {
    struct Start {
      void (*work)(void*);
      void* argument;
    };
    auto* start = new Start{work, argument};
    const int failed = ::pthread_create(
        &thread_, nullptr,
        [](void* given) -> void* {
          const Start now = *static_cast<Start*>(given);
          delete static_cast<Start*>(given);
          now.work(now.argument);
          return nullptr;
        },
        start);
    if (failed) delete start;
    return failed == 0;
  }
  void join() noexcept { ::pthread_join(thread_, nullptr); }
  void detach() noexcept { ::pthread_detach(thread_); }

 private:
  pthread_t thread_{};
};

/// Starts a thread that nobody joins.
inline bool start_thread(void (*work)(void*), void* argument) {
  Thread thread;
  if (!thread.start(work, argument)) return false;
  thread.detach();
  return true;
}

/// How many threads can run at the same time, at least 1.
inline std::size_t processors() noexcept {
  const long count = ::sysconf(_SC_NPROCESSORS_ONLN);
  return count > 0 ? static_cast<std::size_t>(count) : 1;
}

}  // namespace net::inline NET_ABI::detail::os

#endif
