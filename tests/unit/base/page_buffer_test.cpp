#include <net/detail/base/page_buffer.hpp>

#include <doctest/doctest.h>

#include <cstdint>
#include <cstring>
#include <initializer_list>

TEST_CASE("a room begins with a page, and all of it is there") {
  for (const std::size_t size : {std::size_t{1}, std::size_t{16384}, std::size_t{131072}}) {
    const net::detail::PageBuffer room(size);
    CHECK(reinterpret_cast<std::uintptr_t>(room.begin) % 4096 == 0);
    std::memset(room.begin, 'r', size);
    CHECK(room.begin[size - 1] == 'r');
  }
}
