#include <net/detail/io/channel.hpp>

#include <doctest/doctest.h>

#include <cerrno>

#include "tests/support/least_machine.hpp"

namespace {

struct NoReset : net::detail::least_channel {
  int reset_on_close() = delete;
};
struct WritesSilently : net::detail::least_channel {
  void write(const net::detail::IoSlice*, std::size_t) {}
};

}  // namespace

TEST_CASE("a channel opens, connects, moves bytes and closes; what lacks one of these is none") {
  using namespace net::detail;
  static_assert(Channel<least_channel>);
  static_assert(!Channel<NoReset> && !Channel<WritesSilently> && !Channel<int>);
}

TEST_CASE("what was read is where the channel says") {
  using namespace net::detail;
  CHECK(ReadResult{2, "abc"}.view() == "ab");
  static_assert(sizeof(ReadResult) == 2 * sizeof(void*), "it fits into registers");
}

TEST_CASE("S32.2: a full buffer and a lack of memory mean later, other failures do not") {
  using namespace net::detail;
  static_assert(means_later(would_block) && !short_of_memory(would_block));
  static_assert(short_of_memory(-ENOBUFS) && short_of_memory(-ENOMEM) && means_later(-ENOMEM));
  static_assert(!means_later(0) && !means_later(1) && !means_later(-EPIPE) && !means_later(-ECONNRESET));
}
