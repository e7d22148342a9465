#include <net/duration.hpp>

#include <doctest/doctest.h>

#include <limits>
#include <ratio>

using net::Duration;
using net::detail::timer_ms;

TEST_CASE("a duration is a number of milliseconds or any std::chrono duration, fractions included") {
  using namespace std::chrono;
  static_assert(Duration().milliseconds() == 0);
  static_assert(Duration(5).milliseconds() == 5 && Duration(0.25).milliseconds() == 0.25 &&
                Duration(-3L).milliseconds() == -3);
  static_assert(Duration(seconds(2)) == Duration(2000) && Duration(microseconds(1500)) == 1.5);
  static_assert(Duration(hours(24 * 30)).milliseconds() == 2592e6, "more than fits in 32 bits");
  static_assert(Duration(duration<double, std::ratio<60>>(0.5)) == 30000);
  static_assert(!std::is_convertible_v<const char*, Duration> && !std::is_convertible_v<void*, Duration>);
  const Duration from_a_literal = 7ms;
  CHECK(from_a_literal == Duration(7u));
}

TEST_CASE("S2.6: a timer's length is cut to whole milliseconds; what is below 1, no number or above 2^31-1 is 1") {
  static_assert(timer_ms(1) == 1 && timer_ms(1.999) == 1 && timer_ms(2.0) == 2);
  static_assert(timer_ms(0) == 1 && timer_ms(0.999) == 1 && timer_ms(-5) == 1);
  static_assert(timer_ms(2147483647) == 2147483647 && timer_ms(2147483648.0) == 1);
  static_assert(timer_ms(2147483647.5) == 1, "above it is above it");
  static_assert(timer_ms(net::Duration(1e300)) == 1);
  CHECK(timer_ms(std::numeric_limits<double>::quiet_NaN()) == 1);
  CHECK(timer_ms(std::numeric_limits<double>::infinity()) == 1);
  CHECK(timer_ms(-std::numeric_limits<double>::infinity()) == 1);
}

TEST_CASE("S18.13: whole seconds cut fractions; what is below one, or is no number, or has no end, is 0") {
  using net::detail::whole_seconds;
  CHECK(whole_seconds(999.9) == 0);
  CHECK(whole_seconds(1000) == 1);
  CHECK(whole_seconds(5500) == 5);
  CHECK(whole_seconds(-1000) == 0);
  CHECK(whole_seconds(2147483646.0) == 2147483);
  CHECK(whole_seconds(2147483647.0) == 0);
  CHECK(whole_seconds(net::Duration(1e300)) == 0);
}
