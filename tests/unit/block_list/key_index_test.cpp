#include <net/detail/block_list/key_index.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <random>
#include <vector>

using net::detail::KeyIndex;
using Keys = std::vector<std::uint64_t>;

namespace {

void build(KeyIndex& index, const Keys& keys) {
  index.resize(keys.size());
  index.rebuild(keys.size(), [&keys](std::size_t i) { return keys[i]; });
}

/// The part of a key must hold the place where a search among all keys would end.
bool leads_to_the_place_of(const KeyIndex& index, const Keys& keys, std::uint64_t key) {
  const auto [begin, end] = index.part_of(key);
  const auto place = static_cast<std::size_t>(std::upper_bound(keys.begin(), keys.end(), key) - keys.begin());
  return begin <= end && end <= keys.size() && begin <= place && place <= end;
}

bool leads_everywhere(const KeyIndex& index, const Keys& keys) {
  for (const std::uint64_t key : keys) {
    for (const std::uint64_t near : {key - 1, key, key + 1}) {
      if (!leads_to_the_place_of(index, keys, near)) return false;
    }
  }
  return leads_to_the_place_of(index, keys, 0) && leads_to_the_place_of(index, keys, UINT64_MAX) &&
         leads_to_the_place_of(index, keys, UINT64_MAX / 2);
}

}  // namespace

TEST_CASE("the part of a key holds its place among the keys, wherever they stand") {
  std::mt19937_64 random(3);
  for (const std::size_t count : {1u, 2u, 3u, 17u, 64u, 1000u}) {
    for (const unsigned narrow : {0u, 1u, 20u, 50u, 63u}) {
      Keys keys(count);
      for (std::uint64_t& key : keys) key = random() >> narrow;
      std::sort(keys.begin(), keys.end());
      KeyIndex index;
      build(index, keys);
      CHECK(leads_everywhere(index, keys));
    }
  }
}

TEST_CASE("keys that are all the same, at the ends of the numbers too, are one part") {
  for (const std::uint64_t key : {std::uint64_t{0}, std::uint64_t{5}, UINT64_MAX}) {
    const Keys keys(9, key);
    KeyIndex index;
    build(index, keys);
    const auto [begin, end] = index.part_of(key);
    CHECK(begin == 0);
    CHECK(end == 9);
    CHECK(leads_everywhere(index, keys));
  }
}

TEST_CASE("keys that stand evenly have short parts: that is what it is for") {
  Keys keys;
  for (std::uint64_t i = 0; i < 1024; ++i) keys.push_back(i << 50);
  KeyIndex index;
  build(index, keys);
  std::size_t longest = 0;
  for (const std::uint64_t key : keys) {
    const auto [begin, end] = index.part_of(key);
    longest = (std::max)(longest, end - begin);
  }
  CHECK(longest <= 2);
}

TEST_CASE("a key that is put in moves the parts behind it, and many make it crowded") {
  std::mt19937_64 random(4);
  Keys keys{1000, 2000, 3000};
  KeyIndex index;
  build(index, keys);
  std::size_t added = 0;
  while (!index.crowded(keys.size())) {
    const std::uint64_t key = random() % 4000;
    keys.insert(std::upper_bound(keys.begin(), keys.end(), key), key);
    index.insert(key);
    REQUIRE(leads_everywhere(index, keys));
    REQUIRE(++added < 1000);
  }
  CHECK(added > 0);
  build(index, keys);
  CHECK_FALSE(index.crowded(keys.size()));
  CHECK(leads_everywhere(index, keys));
}
