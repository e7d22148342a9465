// What stands where a result is meant, because co_await was forgotten. Internal.
#ifndef NET_DETAIL_CORO_NEEDS_CO_AWAIT_HPP
#define NET_DETAIL_CORO_NEEDS_CO_AWAIT_HPP

#include <concepts>
#include <type_traits>
#include <utility>

#include <net/detail/base/abi.hpp>

namespace net::inline NET_ABI::detail {

/// What `*result` is, or the result itself.
template <class Result, class Unused>
struct TakenOut {
  using type = Result;
};
template <class Result, class Unused>
  requires requires(Result& result) { *result; }
struct TakenOut<Result, Unused> {
  using type = std::remove_reference_t<decltype(*std::declval<Result&>())>;
};

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
  /// And where the result is taken out: `*reader.readLine(100)`.
  template <class Unused = void>
  typename TakenOut<Result, Unused>::type& operator*() const {
    constexpr bool awaited = !std::same_as<Unused, void>;
    static_assert(awaited, "write co_await before it, in parentheses: *(co_await ...)");
    for (;;) {}
  }
  template <class Unused = void>
  typename TakenOut<Result, Unused>::type* operator->() const {
    return &**this;
  }
};
template <>
class NeedsCoAwait<void> {};

}  // namespace net::inline NET_ABI::detail

#endif
