#include <net/detail/block_list/interval_set.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

namespace {

using net::detail::IntervalSet;
using net::detail::Wide;

constexpr std::uint64_t last64 = UINT64_MAX;

TEST_CASE("after is the next number, but for the last one") {
  static_assert(net::detail::after(7U) == 8 && net::detail::after(UINT32_MAX) == UINT32_MAX);
  static_assert(net::detail::after(Wide{1, 2}) == Wide{1, 3});
  static_assert(net::detail::after(Wide{1, last64}) == Wide{2, 0});
  static_assert(net::detail::after(Wide{last64, last64}) == Wide{last64, last64});
}

TEST_CASE("an empty set contains nothing") {
  const IntervalSet<std::uint32_t> set;
  CHECK_FALSE(set.contains(0));
  CHECK_FALSE(set.contains(UINT32_MAX));
}

TEST_CASE("the ends of the numbers are numbers like others") {
  IntervalSet<std::uint32_t> set;
  set.add(UINT32_MAX, UINT32_MAX);
  CHECK(set.contains(UINT32_MAX));
  CHECK_FALSE(set.contains(0));
  set.add(0, 0);
  CHECK(set.contains(0));
  CHECK_FALSE(set.contains(1));
  set.add(0, UINT32_MAX);
  CHECK(set.contains(0x80000000));
  set.add(5, 5);
  CHECK(set.contains(UINT32_MAX));
}

/// A place for a small world of numbers in the range of the keys.
std::uint32_t key_at(std::uint32_t base, std::uint32_t i) { return base + i; }
/// The low half overflows in the middle of the world.
Wide key_at(Wide base, std::uint32_t i) { return {base.high + (base.low + i < base.low ? 1 : 0), base.low + i}; }

/// Adds random intervals up to `span` long, 2,000 of them, and asks for every number of the world.
template <class Key>
std::size_t wrong_answers(std::mt19937& random, Key base, std::uint32_t world, std::uint32_t span) {
  const auto below = [&random](std::uint32_t limit) { return static_cast<std::uint32_t>(random() % limit); };
  std::vector<bool> expected(world);
  IntervalSet<Key> set;
  std::size_t wrong = 0;
  for (int added = 0; added < 2000; ++added) {
    // A long one now and then, to swallow whole pages.
    const std::uint32_t length = below(added % 300 == 299 ? span * 100 : span);
    const std::uint32_t first = below(world), last = std::min(first + length, world - 1);
    set.add(key_at(base, first), key_at(base, last));
    for (std::uint32_t i = first; i <= last; ++i) expected[i] = true;
    wrong += !set.contains(key_at(base, first));
    wrong += !set.contains(key_at(base, last));
    if (first > 0) wrong += set.contains(key_at(base, first - 1)) != expected[first - 1];
    if (last + 1 < world) wrong += set.contains(key_at(base, last + 1)) != expected[last + 1];
  }
  for (std::uint32_t i = 0; i < world; ++i) wrong += set.contains(key_at(base, i)) != expected[i];
  return wrong;
}

TEST_CASE("intervals that touch, overlap and swallow each other hold what each of them held") {
  std::mt19937 random(20240607);
  for (int round = 0; round < 20; ++round) {
    const std::uint32_t world = round % 2 ? 6000 : 100000, span = round % 4 < 2 ? 4 : 60;
    CAPTURE(round);
    CHECK(wrong_answers<std::uint32_t>(random, round % 3 == 0 ? UINT32_MAX - world + 1 : 0, world, span) == 0);
    CHECK(wrong_answers<Wide>(random, {7, last64 - world / 2}, world, span) == 0);
    CHECK(wrong_answers<Wide>(random, {last64, last64 - world + 1}, world, span) == 0);
  }
}

TEST_CASE("the order of adding makes no difference") {
  for (const std::uint32_t step : {1U, 3U}) {
    IntervalSet<std::uint32_t> up, down;
    for (std::uint32_t i = 0; i < 3000; ++i) {
      up.add(i * step, i * step);
      down.add((2999 - i) * step, (2999 - i) * step);
    }
    for (std::uint32_t key = 0; key < 3001 * step; ++key) {
      CHECK(up.contains(key) == (key % step == 0 && key < 3000 * step));
      CHECK(down.contains(key) == up.contains(key));
    }
  }
}

}  // namespace
