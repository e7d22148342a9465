#include <net/detail/base/exchange.hpp>

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <utility>

TEST_CASE("exchange gives the old value, and what moves only is moved") {
  auto owned = std::make_unique<int>(1);
  const auto old = net::detail::exchange(owned, std::make_unique<int>(2));
  CHECK(*old == 1);
  CHECK(*owned == 2);
  CHECK(*net::detail::exchange(owned, nullptr) == 2);
  CHECK_FALSE(owned);
  int number = 3;
  CHECK(net::detail::exchange(number, 4) == 3);
  CHECK(number == 4);
  std::string text = "text";
  CHECK(net::detail::exchange(text, {}) == "text");
  CHECK(text.empty());
}

TEST_CASE("exchange fails only if the type's own moves can: what has to be copied is copied before") {
  std::string text = "old";
  const std::string other = "new";
  static_assert(noexcept(net::detail::exchange(text, {})));
  static_assert(noexcept(net::detail::exchange(std::declval<int*&>(), nullptr)));
  CHECK(net::detail::exchange(text, other) == "old");
  CHECK(text == "new");
}
