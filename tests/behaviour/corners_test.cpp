#include <net.hpp>

#include <doctest/doctest.h>

#include <cstddef>
#include <optional>
#include <string>

#include "tests/support/count_allocations.hpp"
#include "tests/support/session.hpp"
#include "tests/support/support.hpp"

using namespace tests;

namespace {

/// The error of a connection that must fail.
net::Error failure_of(const net::ConnectOptions& options) {
  net::Loop loop;
  const net::Socket socket(loop);
  net::Error failure;
  socket.on<"error">([&failure](const net::Error& error) { failure = error; });
  socket.connect(options);
  run_to_the_end(loop);
  return failure;
}

}  // namespace

TEST_CASE("S3.3: an error of a connection from a port that was asked for names the local end") {
  net::Loop loop;
  const net::Server server(loop);
  server.listen(0);
  const int port = server.address()->port;  // free again in a moment
  server.close();
  run_to_the_end(loop);
  const net::Error any = failure_of({.port = 1, .host = "127.0.0.1", .localPort = port});
  CHECK(std::string(any.what()) == "connect ECONNREFUSED 127.0.0.1:1 - Local (0.0.0.0:" + std::to_string(port) + ")");
  const net::Error one = failure_of({.port = 1, .host = "127.0.0.1", .localAddress = "127.0.0.1", .localPort = port});
  CHECK(std::string(one.what()) == "connect ECONNREFUSED 127.0.0.1:1 - Local (127.0.0.1:" + std::to_string(port) + ")");
  CHECK(one.localAddress() == "127.0.0.1");
  CHECK(one.localPort() == port);
}

TEST_CASE("S3.4: an error of the connect call itself names the local end, without its fields") {
  // no stream goes to a multicast address: the system says so before it sends anything
  const net::Error error = failure_of({.port = 9, .host = "224.0.0.1"});
  CHECK(error.code() == std::errc::network_unreachable);
  CHECK(std::string(error.what()) == "connect ENETUNREACH 224.0.0.1:9 - Local (0.0.0.0:0)");
  CHECK(error.localAddress().empty());
  CHECK(error.localPort() == -1);
}

TEST_CASE(
    "S3.17, S6.14, S29.18: addresses and block lists throw for bad text; a check without a family is of "
    "IPv4") {
  CHECK(error_of([] { (void)net::SocketAddress({.address = "127.1"}); }).code() == net::Errc::ERR_INVALID_ADDRESS);
  const net::BlockList list;
  CHECK(list.rules().empty());
  CHECK(error_of([&] { list.addAddress("nowhere"); }).code() == net::Errc::ERR_INVALID_ADDRESS);
  list.addAddress("::1", net::Family::IPv6);
  CHECK_FALSE(list.check("::1"));
  CHECK(list.check("::1", net::Family::IPv6));
}

TEST_CASE("S10.4: a connection reserves nothing for reading before data arrives") {
  net::Loop loop;
  const OneConnection one(loop);
  std::optional<net::Socket> accepted;
  one.server.on<"connection">([&accepted](net::Socket socket) { accepted = socket; });
  const CountAllocations counted;
  const net::Socket client = client_of(loop, one.server);
  run_until(loop, [&] { return accepted && !client.connecting(); });
  CHECK_MESSAGE(counted.bytes() < 4096, "both ends of a connection, and what it took to connect");
  client.destroy();
  accepted->destroy();
  run_to_the_end(loop);
}

TEST_CASE("S11.21: allowHalfOpen may be changed until 'end' is emitted") {
  net::Loop loop;
  const OneConnection one(loop);
  Log log;
  one.server.on<"connection">([&log, &loop](net::Socket socket) {
    CHECK_FALSE(socket.allowHalfOpen());
    socket.allowHalfOpen(true);
    CHECK(socket.allowHalfOpen());
    socket.on<"end">([&log, &loop, socket] {
      loop.setImmediate([&log, socket] {
        log.add(socket.writableEnded() ? "ended" : "writable");
        socket.end();
      });
    });
  });
  const net::Socket client = client_of(loop, one.server);
  client.end();
  run_to_the_end(loop);
  CHECK(log.text() == "writable");
}

TEST_CASE("S12.6: an IP as host needs neither lookup nor family") {
  net::Loop loop;
  const OneConnection one(loop);
  one.server.on<"connection">([](net::Socket socket) { socket.resume(); });
  bool asked = false, connected = false;
  const net::Socket client(loop);
  client.connect(
      {.port = one.port(),
       .host = "127.0.0.1",
       .family = net::Family::IPv6,
       .lookup = [&asked](std::string_view, const net::LookupOptions&, net::LookupCallback) { asked = true; }},
      [&connected] { connected = true; });
  client.end();
  run_to_the_end(loop);
  CHECK(connected);
  CHECK_FALSE(asked);
}

TEST_CASE("S18.5: while the kernel takes more of a write, the timeout is put off") {
  net::Loop loop;
  const OneConnection one(loop, {.pauseOnConnect = true});
  std::optional<net::Socket> accepted;
  one.server.on<"connection">([&accepted](net::Socket socket) { accepted = socket; });
  const net::Socket client = client_of(loop, one.server);
  run_until(loop, [&] { return accepted && !client.connecting(); });
  int calls = 0;
  client.setTimeout(1, [&calls] { ++calls; });
  client.on<"timeout">([&calls] { ++calls; });
  client.write(std::string(32u << 20, 'x'));
  REQUIRE(client.writableLength() > 0);
  const net::Timer awake = loop.setInterval([] {}, 1);
  run_until(loop, [&] { return calls == 2; });
  awake.close();
  // as if the timer came due again: once after progress, once without
  net::detail::SocketState& state = net::detail::Access::state(client);
  state.cold->write_progress = true;
  state.ensure_cold().last_activity = 0;
  state.idle_check();
  CHECK(calls == 2);
  state.ensure_cold().last_activity = 0;
  state.idle_check();
  CHECK(calls == 3);
  client.destroy();
  accepted->destroy();
  run_to_the_end(loop);
}
