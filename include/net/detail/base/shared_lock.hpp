// A lock for many readers or one writer, to be held for moments. Internal.
#ifndef NET_DETAIL_BASE_SHARED_LOCK_HPP
#define NET_DETAIL_BASE_SHARED_LOCK_HPP

#include <cstdint>
#include <utility>

#include <net/detail/base/atomic.hpp>

namespace net::inline NET_ABI::detail {

/// Waiting is spinning, so whoever holds it does no more than look something up or put it in its place, and calls nothing
/// of the user's. fork() takes all of them, once there is a Mutex: a child finds whole what they guard, and free.
class SharedLock {
 public:
  SharedLock() noexcept {
    const ListGuard guard;
    next_ = std::exchange(first(), this);
    if (next_) next_->link_ = &next_;
  }
  SharedLock(const SharedLock&) = delete;
  SharedLock& operator=(const SharedLock&) = delete;
  ~SharedLock() {
    const ListGuard guard;
    *link_ = next_;
    if (next_) next_->link_ = link_;
  }

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

  static void lock_all() noexcept {
    lock_list();
    for (SharedLock* each = first(); each; each = each->next_) each->lock();
  }
  static void unlock_all() noexcept {
    for (SharedLock* each = first(); each; each = each->next_) each->unlock();
    list_lock().store(0);
  }

 private:
  static constexpr std::uint64_t writer = std::uint64_t{1} << 32;

  static SharedLock*& first() noexcept {
    static constinit SharedLock* list = nullptr;
    return list;
  }
  /// Guards the list of all; held for moments, and while a thread forks.
  static Atomic<int>& list_lock() noexcept {
    static constinit Atomic<int> lock{0};
    return lock;
  }
  static void lock_list() noexcept {
    while (list_lock().exchange(1) != 0) {}
  }
  struct ListGuard {
    ListGuard() noexcept { lock_list(); }
    ListGuard(const ListGuard&) = delete;
    ListGuard& operator=(const ListGuard&) = delete;
    ~ListGuard() { list_lock().store(0); }
  };

  Atomic<std::uint64_t> state_{0};
  SharedLock* next_ = nullptr;
  SharedLock** link_ = &first();  // what points to it
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
