// The way into a handle. Internal.
#ifndef NET_DETAIL_BASE_ACCESS_HPP
#define NET_DETAIL_BASE_ACCESS_HPP

#include <net/detail/base/abi.hpp>

namespace net::inline NET_ABI::detail {

/// The library's own way into its handles, which users do not have.
struct Access {
  /// A handle of what it points to.
  template <class Handle>
  static Handle make(void* state) {
    return Handle::from_state(state);
  }
  template <class Handle>
  static auto& state(const Handle& handle) noexcept {
    return *handle.state_;
  }
  template <class Loop>
  static auto& core(Loop& loop) noexcept {
    return loop.core();
  }
  /// What a handle stands for; null if for nothing.
  template <class Handle>
  static const void* identity(const Handle& handle) noexcept {
    return handle.state_ ? &*handle.state_ : nullptr;
  }
};

}  // namespace net::inline NET_ABI::detail

#endif
