// From one type of number to another, which may be the same one on this system. Internal.
#ifndef NET_DETAIL_BASE_CAST_HPP
#define NET_DETAIL_BASE_CAST_HPP

#include <type_traits>

#include <net/detail/base/abi.hpp>

namespace net::inline NET_ABI::detail {

/// Compilers that are asked to say so complain of a cast that changes nothing here, but is needed elsewhere.
template <class To, class From>
constexpr To cast(From value) noexcept {
  if constexpr (std::is_same_v<To, From>) {
    return value;
  } else {
    return static_cast<To>(value);
  }
}

}  // namespace net::inline NET_ABI::detail

#endif
