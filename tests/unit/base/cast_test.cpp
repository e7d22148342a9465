#include <net/detail/base/cast.hpp>

#include <doctest/doctest.h>

#include <cstdint>

TEST_CASE("a number becomes one of another type, or stays what it is") {
  using net::detail::cast;
  static_assert(cast<std::uint8_t>(std::uint64_t{0x1ff}) == 0xff);
  static_assert(cast<std::uint64_t>(std::uint64_t{5}) == 5);
  CHECK(cast<std::uint64_t>(std::uint8_t{200}) == 200);
}
