#include <net/detail/loop/receive_buffer.hpp>

#include <doctest/doctest.h>

#include <cstddef>
#include <cstring>
#include <utility>

#include "tests/support/count_allocations.hpp"

using net::detail::PageBuffer;
using net::detail::ReceiveBuffer;

TEST_CASE("a receive buffer is lent to one at a time, and only what lies in it") {
  ReceiveBuffer buffer;
  const char elsewhere[1] = {};
  CHECK_FALSE(buffer.lend(elsewhere));
  CHECK_FALSE(buffer.lend(buffer.begin() + ReceiveBuffer::capacity));
  CHECK(buffer.lend(buffer.begin() + ReceiveBuffer::capacity - 1));
  CHECK(buffer.lent());
  CHECK_FALSE(buffer.lend(buffer.begin()));
  buffer.lend_no_more();
  CHECK(buffer.lend(buffer.begin()));
  buffer.lend_no_more();
}

TEST_CASE("what is kept stays as it is, and is used again when it was taken back") {
  ReceiveBuffer buffer;
  char* const first = buffer.begin();
  std::memset(first, 'a', ReceiveBuffer::capacity);
  REQUIRE(buffer.lend(first));
  const tests::CountAllocations allocations;
  PageBuffer kept = buffer.keep();
  CHECK(kept.begin == first);
  CHECK_FALSE(buffer.lent());
  CHECK(buffer.begin() != first);
  std::memset(buffer.begin(), 'b', ReceiveBuffer::capacity);
  CHECK(first[0] == 'a');
  CHECK(first[ReceiveBuffer::capacity - 1] == 'a');
  buffer.take_back(std::move(kept));
  CHECK(first[0] == 'a');
  REQUIRE(buffer.lend(buffer.begin()));
  PageBuffer next = buffer.keep();
  CHECK(buffer.begin() == first);
  buffer.take_back(std::move(next));
  CHECK(allocations.count() == 0);
}

TEST_CASE("no more than so many are kept, and without memory nothing is lent") {
  ReceiveBuffer buffer;
  {
    const tests::NoMemory none;
    bool thrown = false;
    try {
      (void)buffer.lend(buffer.begin());
    } catch (const std::bad_alloc&) {
      thrown = true;
    }
    CHECK(thrown);
    CHECK_FALSE(buffer.lent());
  }
  PageBuffer kept[ReceiveBuffer::most_kept];
  for (PageBuffer& one : kept) {
    REQUIRE(buffer.lend(buffer.begin()));
    one = buffer.keep();
  }
  CHECK_FALSE(buffer.lend(buffer.begin()));
  for (PageBuffer& one : kept) buffer.take_back(std::move(one));
  CHECK(buffer.lend(buffer.begin()));
  buffer.lend_no_more();
}
