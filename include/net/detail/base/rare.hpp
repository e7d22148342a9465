// What few objects have. Internal.
#ifndef NET_DETAIL_BASE_RARE_HPP
#define NET_DETAIL_BASE_RARE_HPP

#include <utility>

#include <net/detail/base/abi.hpp>

namespace net::inline NET_ABI::detail {

/// Owns a thing on the heap, and how to free it, which comes with the thing: whoever makes none needs no code of it.
class RareThing {
 public:
  RareThing() noexcept = default;
  RareThing(const RareThing&) = delete;
  RareThing& operator=(const RareThing&) = delete;
  ~RareThing() { clear(); }

  explicit operator bool() const noexcept { return thing_ != nullptr; }
  /// There is none any more before it dies.
  void clear() noexcept {
    void* const gone = thing_;
    thing_ = nullptr;
    if (gone) free_(gone);
  }
  /// What the other one has, if anything.
  void take(RareThing& other) noexcept {
    clear();
    thing_ = other.thing_;
    free_ = other.free_;
    other.thing_ = nullptr;
  }

 protected:
  void* thing_ = nullptr;
  void (*free_)(void*) noexcept = nullptr;
};

/// A T, or none.
template <class T>
class Rare : public RareThing {
 public:
  /// Instead of the one there is.
  template <class... Args>
  T& make(Args&&... args) {
    T* const made = new T(std::forward<Args>(args)...);
    clear();
    thing_ = made;
    free_ = [](void* gone) noexcept { delete static_cast<T*>(gone); };
    return *made;
  }
  T& operator*() const noexcept { return *static_cast<T*>(thing_); }
  T* operator->() const noexcept { return static_cast<T*>(thing_); }
};

}  // namespace net::inline NET_ABI::detail

#endif
