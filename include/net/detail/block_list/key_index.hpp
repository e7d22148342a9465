// Where to look among sorted keys, so that a search need not begin in the middle of all of them. Internal.
#ifndef NET_DETAIL_BLOCK_LIST_KEY_INDEX_HPP
#define NET_DETAIL_BLOCK_LIST_KEY_INDEX_HPP

#include <cstddef>
#include <cstdint>

#include <net/detail/base/vec.hpp>
#include <net/error.hpp>

namespace net::inline NET_ABI::detail {

/// Cuts the span from the first key to the last one into equal slots, and knows for each where its keys are.
/// Keys are given by their leading 64 bits; where many share those, or crowd in one slot, the search has more
/// left to do.
class KeyIndex {
 public:
  KeyIndex() {
    begins_.reserve(2);
    begins_.push(0);
    begins_.push(0);
  }

  struct Part {
    std::size_t begin, end;
  };

  /// The keys up to `begin` come before all of the slot of `leading`, those from `end` on after it.
  Part part_of(std::uint64_t leading) const noexcept {
    const std::size_t slot = slot_of(leading);
    return {begins_[slot], begins_[slot + 1]};
  }

  /// For a count of keys, at most 2^30, so that twice as many can still be counted. What it knows is void until
  /// `rebuild`.
  void resize(std::size_t count) {
    if (count > std::size_t{1} << 30)
      throw_error(make_error(Errc::ERR_OUT_OF_RANGE, "A list of so many rules is not possible"));
    std::size_t rows = 1;
    while (rows < count) rows *= 2;
    begins_.reserve(rows + 1);
    while (begins_.size() < rows + 1) begins_.push(0);
  }

  /// `leading(i)` is the i-th of `count` sorted keys. Allocates nothing.
  template <class Leading>
  void rebuild(std::size_t count, Leading leading) noexcept {
    const std::size_t rows = begins_.size() - 1;
    base_ = leading(0);
    shift_ = 0;
    while (shift_ < 63 && (leading(count - 1) - base_) >> shift_ >= rows) ++shift_;
    std::size_t slot = 0;
    for (std::size_t i = 0; i < count; ++i) {
      for (const std::size_t own = slot_of(leading(i)); slot <= own; ++slot)
        begins_[slot] = static_cast<std::uint32_t>(i);
    }
    for (; slot <= rows; ++slot) begins_[slot] = static_cast<std::uint32_t>(count);
  }

  /// A key was put among the others.
  void insert(std::uint64_t leading) noexcept {
    for (std::size_t slot = slot_of(leading) + 1; slot < begins_.size(); ++slot) ++begins_[slot];
  }

  /// There are more keys than slots by far.
  bool crowded(std::size_t count) const noexcept { return count >= 2 * begins_.size(); }

 private:
  /// What is before the first key, or after the last one, belongs to the slot at that end.
  std::size_t slot_of(std::uint64_t leading) const noexcept {
    const std::uint64_t slot = leading < base_ ? 0 : (leading - base_) >> shift_;
    const std::uint64_t last = begins_.size() - 2;
    return static_cast<std::size_t>(slot < last ? slot : last);
  }

  Vec<std::uint32_t> begins_;
  std::uint64_t base_ = 0;
  unsigned shift_ = 0;
};

}  // namespace net::inline NET_ABI::detail

#endif
