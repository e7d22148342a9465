#include <net/detail/coro/received_bytes.hpp>

#include <doctest/doctest.h>

#include <cstddef>
#include <cstring>
#include <string>
#include <string_view>

#include "tests/support/count_allocations.hpp"

using net::detail::ReceiveBuffer;
using net::detail::ReceivedBytes;

namespace {

std::string_view filled(const ReceiveBuffer& buffer, char letter, std::size_t size) {
  std::memset(buffer.begin(), letter, size);
  return {buffer.begin(), size};
}

}  // namespace

TEST_CASE("received bytes are given once, in order, however they were added and taken") {
  ReceivedBytes bytes;
  std::string expected, got;
  for (std::size_t i = 0; i < 500; ++i) {
    const std::string piece(1 + i * 37 % 211, static_cast<char>('a' + i % 26));
    bytes.add(piece);
    expected += piece;
    const std::size_t taken = bytes.rest().size() * (i % 3) / 2;
    got += bytes.rest().substr(0, taken);
    bytes.skip(taken);
  }
  got += bytes.rest();
  CHECK(got == expected);
}

TEST_CASE("what is added may be of what was there before") {
  ReceivedBytes bytes;
  bytes.add("0123456789");
  const std::string_view all = bytes.rest();
  bytes.skip(10);
  bytes.add(all.substr(2));
  CHECK(bytes.rest() == "23456789");
  const std::string_view middle = bytes.rest().substr(2, 3);
  bytes.add(middle);
  CHECK(bytes.rest() == "23456789456");
  bytes.add({});
  CHECK(bytes.rest() == "23456789456");
}

TEST_CASE("what nobody has asked for leaves views as they are, until they are settled") {
  ReceiveBuffer buffer;
  ReceivedBytes bytes;
  bytes.add("viewed+rest");
  const std::string_view view = bytes.rest().substr(0, 6);
  bytes.skip(7);
  for (int i = 0; i < 20; ++i) bytes.add_unasked("-more");
  CHECK(view == "viewed");
  std::string expected = "rest";
  for (int i = 0; i < 20; ++i) expected += "-more";
  CHECK(bytes.rest() == expected);
  CHECK(bytes.keeps());
  bytes.settle(buffer);
  CHECK_FALSE(bytes.keeps());
  CHECK(bytes.rest() == expected);
}

TEST_CASE("pieces of one size need memory once") {
  ReceivedBytes bytes;
  bytes.add(std::string(64, 'x'));
  bytes.skip(64);
  const std::string piece(64, 'y');
  const tests::CountAllocations allocations;
  for (int i = 0; i < 10; ++i) {
    bytes.add(piece);
    bytes.skip(64);
  }
  CHECK(allocations.count() == 0);
}

TEST_CASE("borrowed bytes stay where they are when they are kept, and the rest of them when they are given back") {
  ReceiveBuffer buffer;
  ReceivedBytes bytes;
  REQUIRE(bytes.borrow(filled(buffer, 'a', 100), buffer));
  const std::string_view taken = bytes.rest().substr(0, 60);
  bytes.skip(60);
  CHECK_FALSE(bytes.keeps());
  bytes.keep(buffer);
  CHECK(bytes.keeps());
  (void)filled(buffer, 'b', ReceiveBuffer::capacity);
  CHECK(taken == std::string(60, 'a'));
  CHECK(bytes.rest() == std::string(40, 'a'));
  bytes.settle(buffer);
  CHECK_FALSE(bytes.keeps());
  REQUIRE(buffer.lend(buffer.begin()));
  net::detail::PageBuffer other = buffer.keep();
  (void)filled(buffer, 'c', ReceiveBuffer::capacity);
  CHECK(bytes.rest() == std::string(40, 'a'));
  bytes.add("d");
  CHECK(bytes.rest() == std::string(40, 'a') + "d");
  buffer.take_back(std::move(other));
}

TEST_CASE("what is borrowed and neither taken nor kept moves to memory of its own, also behind what is added") {
  ReceiveBuffer buffer;
  ReceivedBytes one, other;
  REQUIRE(one.borrow(filled(buffer, 'a', 50), buffer));
  one.own_rest();
  buffer.lend_no_more();
  REQUIRE(other.borrow(filled(buffer, 'b', 50), buffer));
  other.add("!");
  buffer.lend_no_more();
  (void)filled(buffer, 'c', 100);
  CHECK(one.rest() == std::string(50, 'a'));
  CHECK(other.rest() == std::string(50, 'b') + "!");
}
