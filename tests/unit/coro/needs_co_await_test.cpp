#include <net/detail/coro/needs_co_await.hpp>

#include <doctest/doctest.h>

#include <net/promise.hpp>
#include <net/reader.hpp>
#include <optional>
#include <string>
#include <type_traits>

TEST_CASE("S34.4: a wait is taken for its result, so that the message can say what is missing, and for nothing else") {
  using Line = decltype(std::declval<net::Reader&>().readLine(100));
  CHECK(std::is_convertible_v<Line, std::optional<std::string>>);
  CHECK_FALSE(std::is_convertible_v<Line, std::string>);
  CHECK_FALSE(std::is_convertible_v<Line, bool>);
  CHECK_FALSE(std::is_convertible_v<net::detail::NeedsCoAwait<void>, int>);
}
