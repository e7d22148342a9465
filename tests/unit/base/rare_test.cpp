#include <net/detail/base/rare.hpp>

#include <doctest/doctest.h>

#include <type_traits>

using net::detail::Rare;

namespace {

/// Notes when it dies, and whether it was there then.
struct Noting {
  int* deaths;
  Rare<Noting>* owner;
  bool* was_there;
  Noting(int& count, Rare<Noting>& in, bool& there) : deaths(&count), owner(&in), was_there(&there) {}
  ~Noting() {
    ++*deaths;
    *was_there = static_cast<bool>(*owner);
  }
};

static_assert(!std::is_copy_constructible_v<Rare<int>> && !std::is_move_constructible_v<Rare<int>>);

}  // namespace

TEST_CASE("a rare thing is made when it is needed, and is one at most") {
  Rare<int> number;
  CHECK_FALSE(number);
  CHECK(number.make(7) == 7);
  REQUIRE(number);
  CHECK(*number == 7);
  number.make(*number + 1);
  CHECK(*number == 8);
  number.clear();
  CHECK_FALSE(number);
  number.clear();
}

TEST_CASE("a rare thing goes from one owner to another, or none does") {
  Rare<int> from, to;
  from.make(1);
  to.make(2);
  to.take(from);
  CHECK_FALSE(from);
  CHECK(*to == 1);
  to.take(from);
  CHECK_FALSE(to);
}

TEST_CASE("a rare thing dies with its owner, once, and is gone before it dies") {
  int deaths = 0;
  bool was_there = true;
  {
    Rare<Noting> thing;
    thing.make(deaths, thing, was_there);
    thing.clear();
    CHECK(deaths == 1);
    CHECK_FALSE(was_there);
    thing.make(deaths, thing, was_there);
    CHECK(deaths == 1);
  }
  CHECK(deaths == 2);
}
