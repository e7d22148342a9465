// A length of time: a plain number of milliseconds, or any std::chrono duration.
#ifndef NET_DURATION_HPP
#define NET_DURATION_HPP

#include <concepts>
#include <cstdint>
#include <type_traits>

#if __has_include(<bits/chrono.h>)
#include <bits/chrono.h>  // libstdc++: durations and clocks without the 13,000 lines of calendars
#else
#include <chrono>
#endif

#include <net/detail/base/abi.hpp>

namespace net::inline NET_ABI {

/// A length of time in milliseconds, made from a number of them, as in Node, or from any `std::chrono` duration. A
/// parameter of this type takes `100`, `0.5`, `100ms` or `30s`. What is too short or too long is said where it is used.
class Duration {
 public:
  /// 0 ms.
  constexpr Duration() noexcept = default;

  /// So many milliseconds.
  template <class Number>
    requires std::is_arithmetic_v<Number>
  constexpr Duration(Number milliseconds) noexcept : milliseconds_(static_cast<double>(milliseconds)) {}

  /// As long as that one.
  template <class Rep, class Period>
  constexpr Duration(std::chrono::duration<Rep, Period> length) noexcept
      : milliseconds_(std::chrono::duration<double, std::milli>(length).count()) {}

  /// As given, fractions included.
  constexpr double milliseconds() const noexcept { return milliseconds_; }
  /// Whether both are the same number of milliseconds.
  constexpr bool operator==(const Duration&) const noexcept = default;

 private:
  double milliseconds_ = 0;
};

namespace detail {

/// S2.6: what is below 1, not a number, or above 2^31-1 counts as 1; fractions are cut.
constexpr std::uint64_t timer_ms(Duration length) noexcept {
  const double ms = length.milliseconds();
  return ms >= 1 && ms <= 2147483647.0 ? static_cast<std::uint64_t>(ms) : 1;
}

/// S18.13: fractions are cut; what is below a second, not a number, or 2^31-1 ms and above counts as 0.
constexpr int whole_seconds(Duration length) noexcept {
  const double ms = length.milliseconds();
  return ms >= 1000 && ms < 2147483647.0 ? static_cast<int>(ms / 1000) : 0;
}

}  // namespace detail
}  // namespace net::inline NET_ABI

#endif
