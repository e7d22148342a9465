#include <net/detail/stream/read.ipp>

#include <doctest/doctest.h>

#include <sys/socket.h>
#include <unistd.h>

#include <new>
#include <optional>
#include <string>

#include "tests/support/count_allocations.hpp"
#include "tests/support/session.hpp"

using namespace tests;

namespace {

/// Reads more than one 'data' carries at once, and `meanwhile` is done without memory in the listener of the first.
/// Gives what has left the loop.
template <class Meanwhile>
std::string left_with_a_rest(Meanwhile meanwhile) {
  int ends[2];
  REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
  const int large = 1 << 20;
  ::setsockopt(ends[1], SOL_SOCKET, SO_SNDBUF, &large, sizeof large);
  const std::string sent(120'000, 'x');
  REQUIRE(::write(ends[1], sent.data(), sent.size()) == static_cast<ssize_t>(sent.size()));
  net::Loop loop;
  const net::Socket socket(loop, {.fd = ends[0]});
  std::optional<NoMemory> none;
  std::string left;
  int data = 0, closes = 0;
  socket.on<"data">([&](const net::Socket& self) {
    if (++data > 1) return;
    none.emplace();
    meanwhile(self);
  });
  socket.on<"close">([&](bool had_error) { closes += had_error; });
  for (int turns = 0; turns < 20 && closes == 0; ++turns) {
    try {
      loop.runOnce(50);
    } catch (int) {
      none.reset();
      left += "int ";
    } catch (const std::bad_alloc&) {
      none.reset();
      left += "bad_alloc ";
    }
  }
  CHECK(data == 1);
  CHECK(closes == 1);
  CHECK(socket.destroyed());
  ::close(ends[1]);
  run_to_the_end(loop);
  return left;
}

}  // namespace

TEST_CASE("S32.5, S14.4: a 'data' listener throws, and there is no memory for the rest of the read: it is destroyed") {
  CHECK(left_with_a_rest([](const net::Socket&) { throw 1; }) == "int ");
}

TEST_CASE("S32.5, S14.6: a 'data' listener pauses, and there is no memory for the rest of the read: it is destroyed") {
  CHECK(left_with_a_rest([](const net::Socket& socket) { socket.pause(); }) == "bad_alloc ");
}
