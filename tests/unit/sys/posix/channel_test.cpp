#include <net/detail/sys/posix/channel.hpp>

#if !defined(_WIN32)

#include <doctest/doctest.h>

#include <net/detail/sys/posix/acceptor.hpp>

#include <poll.h>
#include <string>

#include "tests/support/endpoints.hpp"
#include "tests/support/support.hpp"

using namespace net::detail;

namespace {

void wait_for(int fd, short what) {
  pollfd entry{fd, what, 0};
  REQUIRE(::poll(&entry, 1, -1) == 1);
}

}  // namespace

TEST_CASE("a channel and an acceptor move bytes over TCP, and errors come back as negated numbers") {
  const std::size_t before = tests::open_descriptors();
  {
    fd_acceptor acceptor;
    REQUIRE(acceptor.listen(tests::at("127.0.0.1", 0), {}) == 0);
    fd_channel peer;
    CHECK(acceptor.accept(peer) == would_block);
    const Endpoint at = acceptor.local_end();
    CHECK(to_text(at.ip) == "127.0.0.1");
    CHECK(at.port > 0);
    fd_acceptor second;
    CHECK(second.listen(at, {}) == -EADDRINUSE);
    CHECK_FALSE(second.is_open());

    fd_channel client;
    REQUIRE(client.open(net::Family::IPv4) == 0);
    const int started = client.start_connect(at);
    CHECK((started == 0 || started == -EINPROGRESS));
    wait_for(client.native(), POLLOUT);
    CHECK(client.finish_connect() == 0);
    wait_for(acceptor.native(), POLLIN);
    REQUIRE(acceptor.accept(peer) == 0);
    CHECK(peer.remote_end().port == client.local_end().port);

    char buffer[16];
    CHECK(peer.read(buffer, sizeof buffer).size == would_block);
    const IoSlice slices[] = {{"ab", 2}, {"", 0}, {"cde", 3}};
    CHECK(client.write(slices, 3) == 5);
    wait_for(peer.native(), POLLIN);
    CHECK(peer.read(buffer, sizeof buffer).view() == "abcde");
    CHECK(client.shutdown_write() == 0);
    wait_for(peer.native(), POLLIN);
    CHECK(peer.read(buffer, sizeof buffer).size == 0);
    CHECK_MESSAGE(client.write(slices, 1) == -EPIPE, "and no signal");
    peer.reset_on_close();
    peer.close();
    wait_for(client.native(), POLLIN);
    CHECK(client.read(buffer, sizeof buffer).size == -ECONNRESET);
    const net::NativeHandle kept = client.release();
    CHECK_FALSE(client.is_open());
    os::close_descriptor(kept);
  }
  CHECK(tests::open_descriptors() == before);
}

TEST_CASE("a connection that is refused is reported by finish_connect") {
  const tests::ClosedPort closed;
  fd_channel client;
  REQUIRE(client.open(net::Family::IPv4) == 0);
  const int started = client.start_connect(tests::at("127.0.0.1", closed.number()));
  if (started == -EINPROGRESS) {
    wait_for(client.native(), POLLOUT);
    CHECK(client.finish_connect() == -ECONNREFUSED);
  } else {
    CHECK(started == -ECONNREFUSED);
  }
}

TEST_CASE("a channel that moved the bytes of a pipe starts over as a socket") {
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  const tests::Descriptor other(ends[1]);
  fd_channel channel;
  CHECK_FALSE(channel.adopt_connected(ends[0]));
  CHECK(channel.shutdown_write() == 0);
  channel.close();
  int pair[2];
  REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
  const tests::Descriptor peer(pair[1]);
  fd_channel connected(pair[0]);
  channel.take_over(connected);
  CHECK_FALSE(connected.is_open());
  CHECK_FALSE(channel.is_unconnected());
  CHECK(channel.shutdown_write() == 0);
  char byte = 0;
  wait_for(peer.get(), POLLIN);
  CHECK(::read(peer.get(), &byte, 1) == 0);
}

#endif
