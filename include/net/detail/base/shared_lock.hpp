// A lock for many readers or one writer, to be held for moments. Internal.
#ifndef NET_DETAIL_BASE_SHARED_LOCK_HPP
#define NET_DETAIL_BASE_SHARED_LOCK_HPP

#include <cstdint>

#include <net/detail/base/atomic.hpp>
#include <net/detail/base/listed_lock.hpp>

namespace net::inline NET_ABI::detail {

/// Waiting is spinning, so whoever holds it only looks something up or puts it in its place, and calls nothing of the
/// user's. fork() takes all of them (sys/fork): a child finds them free, and whole what they guard.
class SharedLock : public ListedLock<SharedLock> {
 public:
  void lock_shared() noexcept {
    while (state_.fetch_add(1) >= writer) {
      state_.fetch_sub(1);
      while (state_.load() >= writer) {}
    }
  }
  void unlock_shared() noexcept { state_.fetch_sub(1); }

  void lock() noexcept {
    // One number holds both counts, so of two that come together each sees the other or is seen by it.
    while (state_.fetch_add(writer) >= writer) {
      state_.fetch_sub(writer);
      while (state_.load() >= writer) {}
    }
    while (state_.load() % writer != 0) {}
  }
  void unlock() noexcept { state_.fetch_sub(writer); }

  static void pause() noexcept {}

 private:
  static constexpr std::uint64_t writer = std::uint64_t{1} << 32;

  Atomic<std::uint64_t> state_{0};
};

/// Who writes holds a LockGuard.
class ReadGuard {
 public:
  explicit ReadGuard(SharedLock& lock) noexcept : lock_(lock) { lock_.lock_shared(); }
  ReadGuard(const ReadGuard&) = delete;
  ReadGuard& operator=(const ReadGuard&) = delete;
  ~ReadGuard() { lock_.unlock_shared(); }

 private:
  SharedLock& lock_;
};

}  // namespace net::inline NET_ABI::detail

#endif
