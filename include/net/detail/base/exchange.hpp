// A new value for the old one. Internal.
#ifndef NET_DETAIL_BASE_EXCHANGE_HPP
#define NET_DETAIL_BASE_EXCHANGE_HPP

#include <type_traits>

#include <net/detail/base/abi.hpp>

namespace net::inline NET_ABI::detail {

/// As `std::exchange`, which costs who compiles two functions and four traits for each pair of types.
template <class T>
constexpr T exchange(T& object, std::type_identity_t<T> value) noexcept(noexcept(T(static_cast<T&&>(value))) &&
                                                                        noexcept(object = static_cast<T&&>(value))) {
  T old(static_cast<T&&>(object));
  object = static_cast<T&&>(value);
  return old;
}

}  // namespace net::inline NET_ABI::detail

#endif
