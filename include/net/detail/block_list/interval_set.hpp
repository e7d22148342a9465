// A set of numbers kept as sorted intervals: quick to ask, quick to add to in any order. Internal.
#ifndef NET_DETAIL_BLOCK_LIST_INTERVAL_SET_HPP
#define NET_DETAIL_BLOCK_LIST_INTERVAL_SET_HPP

#include <cstddef>
#include <cstdint>
#include <utility>

#include <net/detail/base/vec.hpp>
#include <net/detail/block_list/key_index.hpp>

namespace net::inline NET_ABI::detail {

/// An IPv6 address as a number.
struct Wide {
  std::uint64_t high = 0, low = 0;

  // Without branches: the outcome of a comparison in a search is as good as random.
  friend constexpr bool operator<=(const Wide& a, const Wide& b) noexcept {
    return bool((a.high < b.high) | ((a.high == b.high) & (a.low <= b.low)));
  }
  friend constexpr bool operator==(const Wide&, const Wide&) noexcept = default;
};

constexpr std::uint64_t leading_bits(std::uint32_t key) noexcept { return key; }
constexpr std::uint64_t leading_bits(Wide key) noexcept { return key.high; }

/// The next number; the last one stays.
constexpr std::uint32_t after(std::uint32_t key) noexcept { return key + (key != UINT32_MAX); }
constexpr Wide after(Wide key) noexcept {
  if (key.low != UINT64_MAX) return {key.high, key.low + 1};
  return key.high != UINT64_MAX ? Wide{key.high + 1, 0} : key;
}

/// Intervals that touch or overlap become one. They stand in order in pages, so that adding moves one page at
/// most; a search looks through the starts of the pages, then through a page: both are short enough to stay
/// in the cache.
template <class Key>
class IntervalSet {
 public:
  bool contains(Key key) const noexcept {
    const std::size_t pages = pages_up_to(key);
    if (pages == 0) return false;
    const Page& page = pages_[pages - 1];
    return key <= page[count_up_to(page.begin(), page.size(), key) - 1].last;
  }

  /// Both ends are in it; `first <= last`.
  void add(Key first, Key last) {
    if (pages_.empty()) return begin_with(first, last);
    // The new interval takes the place of those from `begin` in `page` to before `end` in `end_page`.
    const Key reach = after(last);
    const std::size_t page = page_of(first);
    const std::size_t end_page = page_of(reach);
    const std::size_t end = count_up_to(pages_[end_page].begin(), pages_[end_page].size(), reach);
    std::size_t begin = count_up_to(pages_[page].begin(), pages_[page].size(), first);
    if (begin > 0 && first <= after(pages_[page][begin - 1].last)) --begin;

    if (page < end_page || begin < end) {
      const Interval& swallowed = pages_[end_page][end - 1];
      if (last <= swallowed.last) last = swallowed.last;
      if (begin < pages_[page].size() && pages_[page][begin].first <= first) first = pages_[page][begin].first;
    }
    // Whatever may fail to get memory comes before the first change.
    Page& home = pages_[page];
    reserve_one(home);
    erase(page, begin, end_page, end);
    home.insert(begin, Interval{first, last});
    starts_[page] = home[0].first;
    if (home.size() >= page_limit) split(page);
  }

 private:
  struct Interval {
    Key first, last;
  };
  using Page = Vec<Interval>;

  static constexpr std::size_t page_limit = 32;

  static constexpr const Key& first_of(const Key& key) noexcept { return key; }
  static constexpr const Key& first_of(const Interval& interval) noexcept { return interval.first; }

  /// How many of the sorted items begin at or before `key`.
  template <class Item>
  static std::size_t count_up_to(const Item* items, std::size_t count, const Key& key) noexcept {
    const auto up_to = [&](std::size_t i) { return static_cast<std::size_t>(first_of(items[i]) <= key); };
    std::size_t found = 0;
    while (count > page_limit) {
      const std::size_t half = count / 2;
      found += half * up_to(found + half - 1);
      count -= half;
    }
    // Of the rest, every fourth and then those between: unlike in halving, no load waits for the one before.
    const std::size_t end = found + count;
    std::size_t fourths = 0;
    for (std::size_t i = found + 3; i < end; i += 4) fourths += up_to(i);
    found += 4 * fourths;
    const std::size_t stop = found + 4 < end ? found + 4 : end;
    for (std::size_t i = found; i < stop; ++i) found += up_to(i);
    return found;
  }

  /// The page in which `key` is, or would be.
  std::size_t page_of(Key key) const noexcept {
    const std::size_t pages = pages_up_to(key);
    return pages == 0 ? 0 : pages - 1;
  }

  /// How many pages start at or before `key`.
  std::size_t pages_up_to(Key key) const noexcept {
    const auto [begin, end] = index_.part_of(leading_bits(key));
    return begin + count_up_to(starts_.begin() + begin, end - begin, key);
  }

  void rebuild_index() noexcept {
    index_.rebuild(starts_.size(), [this](std::size_t i) { return leading_bits(starts_[i]); });
  }

  void begin_with(Key first, Key last) {
    starts_.reserve(1);
    index_.resize(1);
    Page page;
    page.push({first, last});
    pages_.push(std::move(page));
    starts_.push(first);
    rebuild_index();
  }

  /// Leaves `page` there, even if nothing is left in it.
  void erase(std::size_t page, std::size_t begin, std::size_t end_page, std::size_t end) noexcept {
    Page& home = pages_[page];
    if (page == end_page) {
      home.erase(begin, end);
      return;
    }
    home.erase(begin, home.size());
    Page& rest = pages_[end_page];
    rest.erase(0, end);
    if (rest.empty()) {
      ++end_page;
    } else {
      starts_[end_page] = rest[0].first;
    }
    pages_.erase(page + 1, end_page);
    starts_.erase(page + 1, end_page);
    rebuild_index();
  }

  /// Both halves get just the memory they need: what is added in order would leave every lower half as it is.
  void split(std::size_t page) {
    Page lower = pages_[page].part(0, page_limit / 2);
    Page upper = pages_[page].part(page_limit / 2, pages_[page].size());
    reserve_one(starts_);
    reserve_one(pages_);
    if (index_.crowded(starts_.size())) {
      index_.resize(starts_.size());
      rebuild_index();
    }
    const Key start = upper[0].first;
    starts_.insert(page + 1, start);
    pages_.insert(page + 1, std::move(upper));
    pages_[page] = std::move(lower);
    index_.insert(leading_bits(start));
  }

  template <class Items>
  static void reserve_one(Items& items) {
    if (items.size() == items.capacity()) items.reserve(2 * items.size());
  }

  Vec<Key> starts_;
  Vec<Page> pages_;
  KeyIndex index_;
};

}  // namespace net::inline NET_ABI::detail

#endif
