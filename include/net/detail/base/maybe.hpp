// A value that is there or not. Internal; each std::optional<T> costs who compiles some thirty classes.
#ifndef NET_DETAIL_BASE_MAYBE_HPP
#define NET_DETAIL_BASE_MAYBE_HPP

#include <new>

#include <net/detail/base/abi.hpp>

namespace net::inline NET_ABI::detail {

/// What the library does with a std::optional, and no more.
template <class T>
class Maybe {
 public:
  Maybe() noexcept {}
  Maybe(Maybe&& other) noexcept(noexcept(T(static_cast<T&&>(*other)))) {
    if (other.there_) make(static_cast<T&&>(*other));
  }
  Maybe& operator=(Maybe&& other) noexcept(noexcept(T(static_cast<T&&>(*other)))) {
    if (this == &other) return *this;
    reset();
    if (other.there_) make(static_cast<T&&>(*other));
    return *this;
  }
  ~Maybe() { reset(); }

  explicit operator bool() const noexcept { return there_; }
  T& operator*() noexcept { return value_; }
  const T& operator*() const noexcept { return value_; }

  /// Makes a new one in place of what is there. An exception leaves nothing.
  template <class... Args>
  void emplace(Args&&... args) {
    reset();
    make(static_cast<Args&&>(args)...);
  }
  void reset() noexcept {
    if (!there_) return;
    there_ = false;
    value_.~T();
  }

 private:
  template <class... Args>
  void make(Args&&... args) {
    // the & of a user's type may be anything, and the type may be const
    auto& place = const_cast<unsigned char&>(reinterpret_cast<const volatile unsigned char&>(value_));
    ::new (static_cast<void*>(&place)) T(static_cast<Args&&>(args)...);
    there_ = true;
  }

  union {
    T value_;
  };
  bool there_ = false;
};

}  // namespace net::inline NET_ABI::detail

#endif
