#include <net/detail/base/exchange.hpp>

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <utility>

using net::detail::exchange;

TEST_CASE("exchange gives the old value, and what moves only is moved") {
  auto owned = std::make_unique<int>(1);
  const auto old = exchange(owned, std::make_unique<int>(2));
  CHECK(*old == 1);
  CHECK(*owned == 2);
  CHECK(*exchange(owned, nullptr) == 2);
  CHECK_FALSE(owned);
  int number = 3;
  CHECK(exchange(number, 4) == 3);
  CHECK(number == 4);
  std::string text = "text";
  CHECK(exchange(text, {}) == "text");
  CHECK(text.empty());
}

TEST_CASE("exchange fails only if the type's own moves and assignments can") {
  std::string text;
  const std::string other;
  static_assert(noexcept(exchange(text, std::string())));
  static_assert(!noexcept(exchange(text, other)));
  static_assert(noexcept(exchange(std::declval<int*&>(), nullptr)));
  CHECK(exchange(text, other).empty());
}
