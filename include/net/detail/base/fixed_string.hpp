// An event name as a template argument. Internal: users write on<"data">(...).
#ifndef NET_DETAIL_BASE_FIXED_STRING_HPP
#define NET_DETAIL_BASE_FIXED_STRING_HPP

#include <cstddef>
#include <string_view>

#include <net/detail/base/abi.hpp>

namespace net::inline NET_ABI {

/// A string literal that can be a template argument, as in `on<"data">`.
template <std::size_t N>
struct fixed_string {
  char text[N]{};

  constexpr fixed_string(const char (&literal)[N]) noexcept {
    for (std::size_t i = 0; i < N; ++i) text[i] = literal[i];
  }
  constexpr std::string_view view() const noexcept { return {text, N - 1}; }
};
template <std::size_t N>
fixed_string(const char (&)[N]) -> fixed_string<N>;

}  // namespace net::inline NET_ABI

#endif
