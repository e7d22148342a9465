#include <net/detail/base/function.hpp>

#include <doctest/doctest.h>

#include <array>
#include <memory>
#include <utility>

using net::detail::Function;

TEST_CASE("a function holds what moves only, inside if it is small and on the heap if it is large") {
  auto owned = std::make_unique<int>(7);
  Function<int()> small([kept = std::move(owned)] { return *kept; });
  std::array<long, 16> numbers{};
  numbers[15] = 3;
  Function<long(long)> large([numbers](long add) { return numbers[15] + add; });
  Function<int()> moved = std::move(small);
  CHECK_FALSE(small);
  CHECK(moved() == 7);
  Function<long(long)> also = std::move(large);
  CHECK(also(4) == 7);
}

TEST_CASE("what a function holds is destroyed once, when it is reset, replaced or gone") {
  const auto counted = std::make_shared<int>(0);
  {
    Function<void()> first([counted] {});
    Function<void()> second([counted] {});
    CHECK(counted.use_count() == 3);
    second = std::move(first);
    CHECK(counted.use_count() == 2);
    second.reset();
    CHECK(counted.use_count() == 1);
    second = Function<void()>([counted] {});
  }
  CHECK(counted.use_count() == 1);
}

TEST_CASE("copies of a shared function are one object") {
  const net::function<int()> count([n = 0]() mutable { return ++n; });
  const net::function<int()> same = count;
  CHECK(count() == 1);
  CHECK(same() == 2);
  CHECK_FALSE(net::function<void()>());
}
