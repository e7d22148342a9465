#include <net/detail/connect/connector.hpp>

#include <doctest/doctest.h>

#include <net/detail/connect/race.ipp>

#include <string>

#include "tests/support/session.hpp"
#include "tests/support/support.hpp"

using namespace tests;

namespace {

constexpr auto v4 = net::Family::IPv4;

}  // namespace

TEST_CASE(
    "S12.1, S12.5, S12.15, S28.8: connecting to an IP: no lookup, the attempt on a tick, 'ready' behind 'connect'") {
  net::Loop loop;
  Log log;
  const OneConnection one(loop);
  one.server.on<"connection">([](const net::Socket& socket) { socket.end(); });
  const net::Socket client(loop);
  note(client, log);
  client.connect(one.port(), "127.0.0.1", [&] {
    log.add("listener");
    loop.nextTick([&] { log.add("tick"); });
  });
  CHECK(client.connecting());
  CHECK(client.pending());
  CHECK(client.readyState() == net::ReadyState::opening);
  CHECK(log.text().empty());
  client.on<"connectionAttempt">([&](std::string_view ip, int port, net::Family family) {
    CHECK(ip == "127.0.0.1");
    CHECK(port == one.port());
    CHECK(family == v4);
    CHECK(client.connecting());
  });
  client.on<"connect">([&] {
    CHECK_FALSE(client.connecting());
    CHECK_FALSE(client.pending());
    CHECK(client.readyState() == net::ReadyState::open);
    CHECK(client.localAddress() == "127.0.0.1");
    CHECK(client.address()->port == client.localPort());
  });
  run_to_the_end(loop);
  CHECK(log.text() == "attempt connect listener ready tick end prefinish finish close(false)");
}

TEST_CASE(
    "S12.16, S3.2, S28.10: nobody there: 'connectionAttemptFailed', then 'error', immediates, 'close' with true") {
  net::Loop loop;
  Log log;
  const ClosedPort closed;
  const net::Socket client(loop);
  note(client, log);
  net::Error emitted;
  client.on<"connectionAttemptFailed">([&](std::string_view, int, net::Family, const net::Error& error) {
    CHECK(client.readyState() == net::ReadyState::open);  // S11.2
    CHECK_FALSE(client.connecting());
    loop.setImmediate([&] { log.add("immediate"); });
    emitted = error;
  });
  client.connect(closed.number(), "127.0.0.1");
  run_to_the_end(loop);
  const std::string text = "connect ECONNREFUSED 127.0.0.1:" + std::to_string(closed.number());
  CHECK(log.text() == "attempt failed error(" + text + ") immediate close(true)");
  CHECK(emitted.what() == text);
  CHECK(emitted.code() == std::errc::connection_refused);
  CHECK(emitted.name() == "ECONNREFUSED");
  CHECK(emitted.kind() == "Error");
  CHECK(emitted.syscall() == "connect");
  CHECK(emitted.address() == "127.0.0.1");
  CHECK(emitted.port() == closed.number());
  CHECK(emitted.number() == -ECONNREFUSED);
}

TEST_CASE("S3.3: with a local port asked for, a later failure names the local end") {
  net::Loop loop;
  const ClosedPort closed;
  const ReservedPort reserved;
  const int local = reserved.number();
  net::Error emitted;
  const net::Socket client(loop);
  client.on<"error">([&](const net::Error& error) { emitted = error; });
  client.connect({.port = closed.number(), .host = "127.0.0.1", .localPort = local});
  run_to_the_end(loop);
  CHECK(std::string(emitted.what()) == "connect ECONNREFUSED 127.0.0.1:" + std::to_string(closed.number()) +
                                           " - Local (0.0.0.0:" + std::to_string(local) + ")");
  CHECK(emitted.localPort() == local);
  CHECK(emitted.localAddress() == "0.0.0.0");
}

TEST_CASE("S12.13: localAddress and localPort are bound before the attempt") {
  net::Loop loop;
  const OneConnection one(loop);
  const ReservedPort reserved;
  const int local = reserved.number();
  one.server.on<"connection">([&](const net::Socket& socket) {
    CHECK(socket.remotePort() == local);
    CHECK(socket.remoteAddress().find("127.0.0.3") != std::string::npos);
    socket.end();
  });
  const net::Socket client(loop);
  client.connect({.port = one.port(), .host = "127.0.0.1", .localAddress = "127.0.0.3", .localPort = local});
  run_to_the_end(loop);
  CHECK(client.bytesRead() == 0);
}

TEST_CASE("S12.18, S28.14: a bind that fails: no attempt, 'error' bind …, 'close' with true") {
  net::Loop loop;
  Log log;
  const ClosedPort target;
  const net::Socket client(loop);
  note(client, log);
  SUBCASE("an address of another machine") {
    client.connect({.port = target.number(), .host = "127.0.0.1", .localAddress = "192.0.2.1"});
    log.add("bind EADDRNOTAVAIL 192.0.2.1");
  }
  SUBCASE("an IPv6 address for an IPv4 target") {
    client.connect({.port = target.number(), .host = "127.0.0.1", .localAddress = "::1"});
    log.add("bind EINVAL ::1");
  }
  SUBCASE("a port out of range") {
    client.connect({.port = target.number(), .host = "127.0.0.1", .localPort = 70000});
    log.add("bind EADDRINUSE 0.0.0.0:70000");
  }
  const std::string expected = log.text();
  log.clear();
  run_to_the_end(loop);
  CHECK(log.text() == "error(" + expected + ") close(true)");
}

TEST_CASE(
    "S12.17, S3.4, S28.13: a connect call that fails at once: no 'connectionAttemptFailed', the local end is shown") {
  net::Loop loop;
  Log log;
  const net::Socket client(loop);
  note(client, log);
  client.connect(9, "255.255.255.255");  // TCP to the broadcast address
  run_to_the_end(loop);
  const std::string code(client.errored().name());
  CHECK(log.text() == "attempt error(connect " + code + " 255.255.255.255:9 - Local (0.0.0.0:0)) close(true)");
  CHECK(client.errored().localPort() == -1);
}

TEST_CASE("S12.19: port 0 is refused, and not shown") {
  net::Loop loop;
  Log log;
  const net::Socket client(loop);
  note(client, log);
  client.connect(0, "127.0.0.1");
  run_to_the_end(loop);
  CHECK(log.has("error(connect E"));
  CHECK_FALSE(log.has("127.0.0.1:0"));
  CHECK(client.errored().port() == -1);
}

TEST_CASE("S12.2: the listener of a connect that failed stays and runs at the next success, before later ones") {
  net::Loop loop;
  Log log;
  const ClosedPort closed;
  const OneConnection one(loop);
  one.server.on<"connection">([](const net::Socket& socket) { socket.end(); });
  const net::Socket client(loop);
  client.on<"error">([&] { log.add("error"); });
  client.connect(closed.number(), "127.0.0.1", [&] { log.add("first"); });
  client.once<"close">([&] {
    log.add("close");
    client.connect(one.port(), "127.0.0.1", [&] { log.add("second"); });
  });
  run_to_the_end(loop);
  CHECK(log.text() == "error close first second");
}

TEST_CASE(
    "S2.13: neither a 'connect' listener that throws nor, behind it, a write's callback keeps the socket from "
    "reading") {
  net::Loop loop;
  const OneConnection one(loop);
  one.server.on<"connection">([](const net::Socket& socket) { socket.end("answer"); });
  const net::Socket client = client_of(loop, one.server);
  client.on<"connect">([] { net::detail::throw_error(net::Error("listener")); });
  client.write("x", [] { net::detail::throw_error(net::Error("callback")); });
  std::string got;
  client.on<"data">([&](net::Chunk chunk) { got += chunk.view(); });
  CHECK(std::string(error_of([&] { loop.run(); }).what()) == "listener");
  CHECK(std::string(error_of([&] { loop.run(); }).what()) == "callback");
  run_to_the_end(loop);
  CHECK(got == "answer");
  CHECK(client.destroyed());
}
