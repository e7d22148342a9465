#include <net/detail/sys/windows/channel.hpp>

#if defined(_WIN32)

#include <doctest/doctest.h>

#include <net/detail/sys/windows/acceptor.hpp>
#include <string>

#include "tests/support/endpoints.hpp"
#include "tests/support/support.hpp"
#include "tests/support/windows/pumped.hpp"

using namespace net::detail;

TEST_CASE("a channel and an acceptor move bytes over TCP, and errors come back as negated numbers") {
  tests::Pumped pumped;
  const std::size_t before = tests::open_descriptors();
  {
    windows_acceptor acceptor;
    REQUIRE(acceptor.listen(tests::at("127.0.0.1", 0), {}) == 0);
    windows_channel peer;
    CHECK(acceptor.accept(peer) == would_block);
    const Endpoint at = acceptor.local_end();
    windows_channel client;
    REQUIRE(client.open(net::Family::IPv4) == 0);
    const int started = client.start_connect(at);
    CHECK((started == 0 || started == -EINPROGRESS));
    pumped.until(client, writable);
    CHECK(client.finish_connect() == 0);
    pumped.until(acceptor, readable);
    REQUIRE(acceptor.accept(peer) == 0);
    CHECK(peer.remote_end().port == client.local_end().port);
    char buffer[16];
    CHECK(peer.read(buffer, sizeof buffer).size == would_block);
    const IoSlice slices[] = {{"ab", 2}, {"", 0}, {"cde", 3}};
    CHECK(client.write(slices, 3) == 5);
    pumped.until(peer, readable);
    CHECK(peer.read(buffer, sizeof buffer).view() == "abcde");
    CHECK(client.shutdown_write() == 0);
    pumped.until(peer, readable);
    CHECK(peer.read(buffer, sizeof buffer).size == 0);
    CHECK(client.write(slices, 1) == -EPIPE);
    CHECK(peer.reset_on_close() == 0);
    pumped.poller.drop(peer);
    peer.close();
    pumped.until(client, readable);
    CHECK(client.read(buffer, sizeof buffer).size == -ECONNRESET);
    pumped.poller.drop(client);
    pumped.poller.drop(acceptor);
    const net::NativeHandle kept = client.release();
    CHECK_FALSE(client.is_open());
    os::close_socket(kept);
  }
  CHECK(tests::open_descriptors() == before);
}

TEST_CASE("a connection that is refused is reported by finish_connect") {
  tests::Pumped pumped;
  const tests::ClosedPort closed;
  windows_channel client;
  REQUIRE(client.open(net::Family::IPv4) == 0);
  CHECK(client.start_connect(tests::at("127.0.0.1", closed.number())) == -EINPROGRESS);
  pumped.until(client, writable);
  CHECK(client.finish_connect() == -ECONNREFUSED);
  pumped.poller.drop(client);
}

TEST_CASE("a path is a pipe, which has no addresses, and which no option of TCP does anything to") {
  tests::Pumped pumped;
  const tests::TemporaryDirectory directory;
  windows_channel client, moved;
  CHECK(client.start_connect_path("/tmp/x") == -ENOENT);
  CHECK(client.start_connect_path(std::string_view("\0", 1)) == -EINVAL);
  CHECK_FALSE(client.is_open());
  CHECK(client.start_connect_path(directory.socket("nobody")) == -ENOENT);
  client.close();
  windows_acceptor acceptor;
  REQUIRE(acceptor.listen_path(directory.socket("s"), {}, 1) == 0);
  REQUIRE(client.start_connect_path(directory.socket("s")) == 0);
  CHECK(client.finish_connect() == 0);
  CHECK(client.native() != no_handle);
  CHECK_FALSE(client.local_end());
  CHECK_FALSE(client.remote_end());
  CHECK_FALSE(client.is_unconnected());
  CHECK(client.set_no_delay(true) == 0);
  CHECK(client.set_keep_alive(true, 1) == 0);
  CHECK(client.set_type_of_service(16) == 0);
  CHECK(client.get_type_of_service() == 16);
  CHECK(client.reset_on_close() == 0);
  moved.take_over(client);
  CHECK_FALSE(client.is_open());
  CHECK(moved.is_open());
}

#endif
