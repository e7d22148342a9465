// Threads, locks, and what a process that never becomes two says of forks. Internal.
#ifndef NET_DETAIL_SYS_WINDOWS_THREAD_HPP
#define NET_DETAIL_SYS_WINDOWS_THREAD_HPP

#include <cstddef>
#include <cstdint>
#include <new>

#include <net/detail/sys/windows/system.hpp>

#if defined(_WIN32)

namespace net::inline NET_ABI::detail::os {

/// Nanoseconds of a clock that only goes forward.
NET_API std::uint64_t now_ns() noexcept;

/// A lock that needs nothing made and nothing destroyed.
class Mutex {
 public:
  constexpr Mutex() noexcept = default;
  Mutex(const Mutex&) = delete;
  Mutex& operator=(const Mutex&) = delete;
  void lock() noexcept { win::AcquireSRWLockExclusive(win::as<::_RTL_SRWLOCK>(&lock_)); }
  void unlock() noexcept { win::ReleaseSRWLockExclusive(win::as<::_RTL_SRWLOCK>(&lock_)); }

 private:
  friend class Condition;
  void* lock_ = nullptr;  // SRWLOCK
};

class Condition {
 public:
  constexpr Condition() noexcept = default;
  Condition(const Condition&) = delete;
  Condition& operator=(const Condition&) = delete;
  void wait(Mutex& mutex) noexcept {
    win::SleepConditionVariableSRW(own(), win::as<::_RTL_SRWLOCK>(&mutex.lock_), win::wait_forever, 0);
  }
  /// False: it took that long.
  bool wait_ms(Mutex& mutex, int milliseconds) noexcept {
    return win::SleepConditionVariableSRW(own(), win::as<::_RTL_SRWLOCK>(&mutex.lock_),
                                          static_cast<win::Word>(milliseconds), 0) != 0;
  }
  void wake_one() noexcept { win::WakeConditionVariable(own()); }
  void wake_all() noexcept { win::WakeAllConditionVariable(own()); }

 private:
  ::_RTL_CONDITION_VARIABLE* own() noexcept { return win::as<::_RTL_CONDITION_VARIABLE>(&condition_); }

  void* condition_ = nullptr;  // CONDITION_VARIABLE
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
  void join() noexcept {
    win::WaitForSingleObject(thread_, win::wait_forever);
    detach();
  }
  void detach() noexcept { win::CloseHandle(thread_); }

 private:
  struct Start {
    void (*work)(void*);
    void* argument;
  };

  bool begin(Start* start) noexcept;
  static win::Word __stdcall run(void* given);

  win::Handle thread_ = nullptr;
};

/// Starts a thread that nobody joins.
NET_API bool start_thread(void (*work)(void*), void* argument) noexcept;

/// How many threads can run at the same time, at least 1.
NET_API std::size_t processors() noexcept;

/// There is no fork(): nothing is ever a parent's.
NET_API std::uint32_t fork_count() noexcept;
NET_API void at_fork(void (*before)(), void (*in_parent)(), void (*in_child)()) noexcept;
NET_API void count_in_resolver(int threads) noexcept;

}  // namespace net::inline NET_ABI::detail::os

#endif  // _WIN32

#include <net/detail/sys/windows/thread.ipp>

#endif
