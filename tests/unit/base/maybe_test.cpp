#include <net/detail/base/maybe.hpp>

#include <stdexcept>
#include <string>
#include <utility>

#include <doctest/doctest.h>

using net::detail::Maybe;

namespace {

/// Counts those that are there.
struct Counted {
  explicit Counted(int& count) noexcept : count_(&count) { ++*count_; }
  Counted(Counted&& other) noexcept : count_(other.count_) { ++*count_; }
  ~Counted() { --*count_; }
  int* count_;
};

struct Refuses {
  explicit Refuses(bool refuse) {
    if (refuse) throw std::runtime_error("no");
  }
};

}  // namespace

TEST_CASE("a value is there from the time it is made until it is taken away") {
  Maybe<std::string> value;
  CHECK_FALSE(static_cast<bool>(value));
  value.emplace("a text too long to stand inside");
  REQUIRE(static_cast<bool>(value));
  CHECK(*value == "a text too long to stand inside");
  value.emplace(3U, 'x');
  CHECK(*std::as_const(value) == "xxx");
  value.reset();
  CHECK_FALSE(static_cast<bool>(value));
}

TEST_CASE("a value is destroyed once, whatever it was moved to") {
  int count = 0;
  {
    Maybe<Counted> first;
    first.emplace(count);
    Maybe<Counted> second(std::move(first));
    CHECK(count == 2);
    Maybe<Counted> third;
    third = std::move(second);
    third.emplace(count);
    CHECK(count == 3);
    third = Maybe<Counted>();
    CHECK(count == 2);
  }
  CHECK(count == 0);
}

TEST_CASE("a value that cannot be made leaves nothing") {
  Maybe<Refuses> value;
  value.emplace(false);
  CHECK_THROWS_AS(value.emplace(true), std::runtime_error);
  CHECK_FALSE(static_cast<bool>(value));
}

TEST_CASE("a value may be const, as a task's result may be") {
  Maybe<const std::string> value;
  value.emplace("first");
  CHECK(*value == "first");
  value.emplace("second");
  CHECK(*value == "second");
}
