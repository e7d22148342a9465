#include <net/detail/base/page_buffer.hpp>

#include <doctest/doctest.h>

#include <cstdint>
#include <cstring>
#include <initializer_list>

TEST_CASE("a buffer begins with a page, and all of it is there") {
  for (const std::size_t size : {std::size_t{1}, std::size_t{16384}, std::size_t{131072}}) {
    const net::detail::PageBuffer buffer(size);
    CHECK(reinterpret_cast<std::uintptr_t>(buffer.begin) % 4096 == 0);
    std::memset(buffer.begin, 'r', size);
    CHECK(buffer.begin[size - 1] == 'r');
  }
}
