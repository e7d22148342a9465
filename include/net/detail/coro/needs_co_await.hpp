// What stands where a result is meant, because co_await was forgotten. Internal.
#ifndef NET_DETAIL_CORO_NEEDS_CO_AWAIT_HPP
#define NET_DETAIL_CORO_NEEDS_CO_AWAIT_HPP

#include <concepts>

#include <net/detail/base/abi.hpp>

namespace net::inline NET_ABI::detail {

/// A wait for a `Result`: taken for one, it says what is missing.
template <class Result>
class NeedsCoAwait {
 public:
  /// Also where a condition stands: `if (auto line = reader.readLine(100))`.
  template <class To>
    requires(std::same_as<To, Result> || std::same_as<To, bool>)
  explicit(!std::same_as<To, Result>) operator To() const {
    constexpr bool awaited = !std::same_as<To, Result> && !std::same_as<To, bool>;
    static_assert(awaited, "write co_await before it: this is the wait, and not yet its result");
    for (;;) {}
  }
};
template <>
class NeedsCoAwait<void> {};

}  // namespace net::inline NET_ABI::detail

#endif
