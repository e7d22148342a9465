// Handles compare and hash by what they stand for. Internal.
#ifndef NET_DETAIL_BASE_IDENTITY_HPP
#define NET_DETAIL_BASE_IDENTITY_HPP

#include <compare>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>

#include <net/detail/base/access.hpp>

namespace net::inline NET_ABI::detail {

/// What makes a handle a key (S36.3): the same object is equal, and the order is any, but one. A handle that stands for
/// nothing equals others of its kind.
template <class Handle>
struct Identity {
  friend bool operator==(const Handle& a, const Handle& b) noexcept { return identity(a) == identity(b); }
  friend std::strong_ordering operator<=>(const Handle& a, const Handle& b) noexcept {
    return identity(a) <=> identity(b);
  }

  static std::uintptr_t identity(const Handle& handle) noexcept {
    return reinterpret_cast<std::uintptr_t>(Access::identity(handle));
  }
};

template <class T>
concept HasIdentity = std::is_class_v<T> && std::is_base_of_v<Identity<T>, T>;

/// What stands for a wait where none is: for handles that a task is told not to await.
struct NoWait {
  bool await_ready() const noexcept { return true; }
  void await_suspend(auto) const noexcept {}
  NoWait await_resume() const noexcept { return *this; }
};

}  // namespace net::inline NET_ABI::detail

template <net::detail::HasIdentity Handle>
struct std::hash<Handle> {
  std::size_t operator()(const Handle& handle) const noexcept {
    const std::size_t address = net::detail::Identity<Handle>::identity(handle);
    return address ^ address >> 7;  // the last bits of addresses are alike
  }
};

#endif
