// Locks that stand in a list of all of their kind, so that fork() can take every one. Internal.
#ifndef NET_DETAIL_BASE_LISTED_LOCK_HPP
#define NET_DETAIL_BASE_LISTED_LOCK_HPP

#include <utility>

#include <net/detail/base/abi.hpp>
#include <net/detail/base/atomic.hpp>

namespace net::inline NET_ABI::detail {

/// The base of a lock. `Lock` has `lock`, `unlock` and `pause`, which is called over and over while the list is taken.
template <class Lock>
class ListedLock {
 public:
  ListedLock(const ListedLock&) = delete;
  ListedLock& operator=(const ListedLock&) = delete;

  /// Takes all there are. Until they are free again, no lock is made or destroyed.
  static void lock_all() noexcept {
    lock_list();
    for (ListedLock* each = first(); each; each = each->next_) static_cast<Lock*>(each)->lock();
  }
  static void unlock_all() noexcept {
    for (ListedLock* each = first(); each; each = each->next_) static_cast<Lock*>(each)->unlock();
    list_lock().store(0);
  }

 protected:
  ListedLock() noexcept {
    const ListGuard guard;
    next_ = first();
    first() = this;
    if (next_) next_->link_ = &next_;
  }
  ~ListedLock() {
    const ListGuard guard;
    *link_ = next_;
    if (next_) next_->link_ = link_;
  }

 private:
  static ListedLock*& first() noexcept {
    static constinit ListedLock* list = nullptr;
    return list;
  }
  /// Guards the list; held for moments, and while a thread forks.
  static Atomic<int>& list_lock() noexcept {
    static constinit Atomic<int> lock{0};
    return lock;
  }
  static void lock_list() noexcept {
    while (list_lock().exchange(1) != 0) Lock::pause();
  }
  struct ListGuard {
    ListGuard() noexcept { lock_list(); }
    ListGuard(const ListGuard&) = delete;
    ListGuard& operator=(const ListGuard&) = delete;
    ~ListGuard() { list_lock().store(0); }
  };

  ListedLock* next_ = nullptr;
  ListedLock** link_ = &first();  // what points to it
};

}  // namespace net::inline NET_ABI::detail

#endif
