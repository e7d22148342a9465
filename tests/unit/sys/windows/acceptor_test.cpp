#include <net/detail/sys/windows/acceptor.hpp>

#if defined(_WIN32)

#include <doctest/doctest.h>

#include "tests/support/endpoints.hpp"
#include "tests/support/support.hpp"
#include "tests/support/windows/pumped.hpp"

using namespace net::detail;
using tests::Descriptor;

TEST_CASE("an acceptor gives one connection after the other, in the order in which they came, and then none") {
  tests::Pumped pumped;
  windows_acceptor acceptor;
  CHECK_FALSE(acceptor.is_open());
  REQUIRE(acceptor.listen(tests::at("127.0.0.1", 0), {}) == 0);
  CHECK(acceptor.has_reserve());
  const int port = acceptor.local_end().port;
  const Descriptor one = tests::connect_raw(port), other = tests::connect_raw(port);
  windows_channel first, second, none;
  pumped.until(acceptor, readable);
  REQUIRE(acceptor.accept(first) == 0);
  pumped.until(acceptor, readable);
  REQUIRE(acceptor.accept(second) == 0);
  CHECK(first.remote_end().port == os::local_end(one.get()).port);
  CHECK(second.remote_end().port == os::local_end(other.get()).port);
  CHECK(acceptor.accept(none) == -EAGAIN);
  CHECK_FALSE(none.is_open());
  pumped.poller.drop(acceptor);
}

TEST_CASE("an acceptor listens where another one does, on a socket of its own") {
  tests::Pumped pumped;
  windows_acceptor first, second;
  CHECK(second.listen_beside(first, 1) < 0);
  REQUIRE(first.listen(tests::at("127.0.0.1", 0), {}) == 0);
  REQUIRE(second.listen_beside(first, 1) == 0);
  CHECK(second.native() != first.native());
  first.close();
  const Descriptor client = tests::connect_raw(second.local_end().port);
  windows_channel accepted;
  pumped.until(second, readable);
  CHECK(second.accept(accepted) == 0);
  pumped.poller.drop(second);
}

TEST_CASE("an acceptor that is closed, or failed to listen, has nothing open and can listen again") {
  const tests::TemporaryDirectory directory;
  const std::size_t before = tests::open_descriptors();
  windows_acceptor acceptor;
  {
    windows_acceptor other, pipes;
    REQUIRE(other.listen(tests::at("127.0.0.1", 0), {}) == 0);
    REQUIRE(pipes.listen_path(directory.socket("s"), {}, 1) == 0);
    CHECK(pipes.has_reserve());
    CHECK(acceptor.listen(other.local_end(), {}) == -EADDRINUSE);
    CHECK(acceptor.listen_path(directory.socket("s"), {}, 1) == -EADDRINUSE);
    CHECK(acceptor.listen_path("", {}, 1) == -EINVAL);
    CHECK_MESSAGE(acceptor.listen_path("/tmp/x", {}, 1) == -EACCES, "S23.16");
    CHECK_MESSAGE(acceptor.listen_descriptor(other.native(), 1) == -EINVAL, "S22.7");
    CHECK_FALSE(acceptor.is_open());
  }
  CHECK(tests::open_descriptors() == before);
  for (int round = 0; round < 3; ++round) {
    REQUIRE(acceptor.listen_path(directory.socket("s"), {}, 1) == 0);
    acceptor.close();
    acceptor.close();
    CHECK_FALSE(acceptor.is_open());
  }
  CHECK(tests::open_descriptors() == before);
}

#endif
