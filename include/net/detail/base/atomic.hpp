// The few atomic operations of the library, without the 6,000 lines of <atomic>. Internal.
#ifndef NET_DETAIL_BASE_ATOMIC_HPP
#define NET_DETAIL_BASE_ATOMIC_HPP

#if !defined(__GNUC__)
#include <atomic>
#endif

#include <net/detail/base/abi.hpp>

namespace net::inline NET_ABI::detail {

/// A number that several threads may touch: a count of owners, a flag, a lock.
template <class T>
class Atomic {
 public:
  constexpr Atomic(T value = {}) noexcept : value_(value) {}
  Atomic(const Atomic&) = delete;
  Atomic& operator=(const Atomic&) = delete;

#if defined(__GNUC__)
  T load() const noexcept { return __atomic_load_n(&value_, __ATOMIC_ACQUIRE); }
  void store(T value) noexcept { __atomic_store_n(&value_, value, __ATOMIC_RELEASE); }
  T exchange(T value) noexcept { return __atomic_exchange_n(&value_, value, __ATOMIC_ACQ_REL); }
  T fetch_add(T value) noexcept { return __atomic_fetch_add(&value_, value, __ATOMIC_ACQ_REL); }
  T fetch_sub(T value) noexcept { return __atomic_fetch_sub(&value_, value, __ATOMIC_ACQ_REL); }
  /// Sets it if it still is what is expected; otherwise `expected` is what it is.
  bool compare_exchange(T& expected, T value) noexcept {
    return __atomic_compare_exchange_n(&value_, &expected, value, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
  }

 private:
  T value_;
#else
  T load() const noexcept { return value_.load(std::memory_order_acquire); }
  void store(T value) noexcept { value_.store(value, std::memory_order_release); }
  T exchange(T value) noexcept { return value_.exchange(value, std::memory_order_acq_rel); }
  T fetch_add(T value) noexcept { return value_.fetch_add(value, std::memory_order_acq_rel); }
  T fetch_sub(T value) noexcept { return value_.fetch_sub(value, std::memory_order_acq_rel); }
  bool compare_exchange(T& expected, T value) noexcept { return value_.compare_exchange_strong(expected, value); }

 private:
  std::atomic<T> value_;
#endif
};

}  // namespace net::inline NET_ABI::detail

#endif
