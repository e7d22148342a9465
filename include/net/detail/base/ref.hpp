// A counted reference to what counts its owners itself. Internal.
#ifndef NET_DETAIL_BASE_REF_HPP
#define NET_DETAIL_BASE_REF_HPP

#include <net/detail/base/abi.hpp>

namespace net::inline NET_ABI::detail {

/// One pointer; the count is plain, because a handle never leaves its loop's thread.
template <class T>
class Ref {
 public:
  Ref() noexcept = default;
  explicit Ref(T* to) noexcept : to_(to) {
    if (to_) to_->retain();
  }
  Ref(const Ref& other) noexcept : Ref(other.to_) {}
  Ref(Ref&& other) noexcept : to_(other.to_) { other.to_ = nullptr; }
  template <class U>
  Ref(const Ref<U>& other) noexcept : Ref(other.get()) {}
  Ref& operator=(Ref other) noexcept {
    T* const old = to_;
    to_ = other.to_;
    other.to_ = old;
    return *this;
  }
  ~Ref() {
    if (to_) to_->release();
  }

  T* get() const noexcept { return to_; }
  T* operator->() const noexcept { return to_; }
  T& operator*() const noexcept { return *to_; }
  explicit operator bool() const noexcept { return to_ != nullptr; }

 private:
  T* to_ = nullptr;
};

}  // namespace net::inline NET_ABI::detail

#endif
