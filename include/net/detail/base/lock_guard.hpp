// A lock that is held as long as a scope lasts. Internal.
#ifndef NET_DETAIL_BASE_LOCK_GUARD_HPP
#define NET_DETAIL_BASE_LOCK_GUARD_HPP

#include <net/detail/base/abi.hpp>

namespace net::inline NET_ABI::detail {

template <class Mutex>
class LockGuard {
 public:
  explicit LockGuard(Mutex& mutex) noexcept : mutex_(mutex) { mutex_.lock(); }
  LockGuard(const LockGuard&) = delete;
  LockGuard& operator=(const LockGuard&) = delete;
  ~LockGuard() { mutex_.unlock(); }

 private:
  Mutex& mutex_;
};
template <class Mutex>
LockGuard(Mutex&) -> LockGuard<Mutex>;

}  // namespace net::inline NET_ABI::detail

#endif
