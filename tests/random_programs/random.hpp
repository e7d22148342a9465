// The source of everything that a random program decides: a seed gives the same numbers everywhere.
#ifndef NET_TESTS_RANDOM_PROGRAMS_RANDOM_HPP
#define NET_TESTS_RANDOM_PROGRAMS_RANDOM_HPP

#include <cstddef>
#include <cstdint>

namespace programs {

/// Splitmix64. The standard's distributions differ between libraries, so there are none here.
class Random {
 public:
  /// The seed is mixed first: the numbers of two seeds must not be the same ones, shifted.
  explicit Random(std::uint64_t seed) noexcept : state_(seed) { state_ = next() ^ seed; }

  std::uint64_t next() noexcept {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }
  std::size_t below(std::size_t limit) noexcept { return limit == 0 ? 0 : next() % limit; }
  bool one_in(std::size_t n) noexcept { return below(n) == 0; }
  int milliseconds(std::size_t limit) noexcept { return static_cast<int>(below(limit)); }

 private:
  std::uint64_t state_;
};

}  // namespace programs

#endif
