// The bodies of thread.hpp. Internal.
#ifndef NET_DETAIL_SYS_POSIX_THREAD_IPP
#define NET_DETAIL_SYS_POSIX_THREAD_IPP

#include <net/detail/sys/posix/thread.hpp>

#if NET_BODIES

#include <cerrno>

#include <net/detail/sys/posix/headers.hpp>

#if !defined(_WIN32)

namespace net::inline NET_ABI::detail::os {

NET_API int Waker::open() noexcept {
  close();
#if defined(__linux__)
  ends_[0] = ends_[1] = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  if (ends_[0] < 0) return -errno;
#elif NET_HAS_ACCEPT4
  if (::pipe2(ends_, O_NONBLOCK | O_CLOEXEC) != 0) return -errno;
#else
  if (::pipe(ends_) != 0) return -errno;
  for (const int end : ends_) {
    if (const int failed = prepare(end); failed < 0) return close(), failed;
  }
#endif
  return 0;
}

NET_API void Waker::close() noexcept {
  if (ends_[1] >= 0 && ends_[1] != ends_[0]) ::close(ends_[1]);
  if (ends_[0] >= 0) ::close(ends_[0]);
  ends_[0] = ends_[1] = no_handle;
}

NET_API void Waker::wake() noexcept {
  const std::uint64_t one = 1;
  (void)retried([&] { return ::write(ends_[1], &one, sizeof one); });
}

NET_API void Waker::drain() noexcept {
  std::uint64_t counts[16];
  while (retried([&] { return ::read(ends_[0], counts, sizeof counts); }) == static_cast<ssize_t>(sizeof counts)) {}
}

/// What fork() has to know of this process.
struct Forks {
  Atomic<std::uint32_t> count{0};
  Atomic<int> in_resolver{0};

  static Forks& instance() noexcept {
    static constinit Forks forks;
    return forks;
  }
};

NET_API std::uint32_t fork_count() noexcept { return Forks::instance().count.load(); }

NET_API void count_in_resolver(int threads) noexcept { Forks::instance().in_resolver.fetch_add(threads); }

NET_API void at_fork(void (*before)(), void (*in_parent)(), void (*in_child)()) noexcept {
  (void)::pthread_atfork(before, in_parent, in_child);
}

NET_API bool Condition::wait_ms(Mutex& mutex, int milliseconds) noexcept {
  timespec until{};
  ::clock_gettime(CLOCK_REALTIME, &until);
  const long ns = until.tv_nsec + milliseconds % 1000 * 1'000'000L;
  until.tv_sec += milliseconds / 1000 + ns / 1'000'000'000;
  until.tv_nsec = ns % 1'000'000'000;
  return ::pthread_cond_timedwait(&condition_, &mutex.mutex_, &until) == 0;
}

NET_API Mutex::Mutex() noexcept {
  static constinit Atomic<int> noted{0};
  if (noted.exchange(1) != 0) return;
  at_fork(lock_before_fork, unlock_all, unlock_in_child);
}

NET_API void Mutex::lock_before_fork() noexcept {
  // a lookup that takes longer waits for a name server, and holds nothing
  constexpr std::uint64_t longest_wait = 200000000;  // ns
  const std::uint64_t began = now_ns();
  for (lock_all(); Forks::instance().in_resolver.load() > 0 && now_ns() - began < longest_wait; lock_all()) {
    unlock_all();
    const timespec moment{0, 100'000};
    ::nanosleep(&moment, nullptr);
  }
}

NET_API void Mutex::unlock_in_child() noexcept {
  Forks::instance().count.fetch_add(1);
  Forks::instance().in_resolver.store(0);
  unlock_all();
}

NET_API bool Thread::begin(Start* start) noexcept {
  const int failed = ::pthread_create(&thread_, nullptr, run, start);
  if (failed) delete start;
  return failed == 0;
}

NET_API void* Thread::run(void* start) {
  const Start now = *static_cast<Start*>(start);
  delete static_cast<Start*>(start);
  now.work(now.argument);
  return nullptr;
}

NET_API bool start_thread(void (*work)(void*), void* argument) noexcept {
  Thread thread;
  if (!thread.try_start(work, argument)) return false;
  thread.detach();
  return true;
}

NET_API std::size_t processors() noexcept {
  const long count = ::sysconf(_SC_NPROCESSORS_ONLN);
  return count > 0 ? static_cast<std::size_t>(count) : 1;
}

}  // namespace net::inline NET_ABI::detail::os

#endif  // !_WIN32

#endif
#endif
