#include <net/detail/stream/options.ipp>

#include <doctest/doctest.h>

#include <netinet/tcp.h>

#include <limits>
#include <optional>
#include <string>

#include <net/server.hpp>
#include <net/socket.hpp>
#include "tests/support/session.hpp"
#include "tests/support/support.hpp"

using namespace tests;

namespace {

int option(const net::Socket& socket, int level, int name) {
  int value = -1;
  socklen_t size = sizeof value;
  REQUIRE(::getsockopt(socket.nativeHandle(), level, name, &value, &size) == 0);
  return value;
}

int keeps_alive(const net::Socket& socket) { return option(socket, SOL_SOCKET, SO_KEEPALIVE); }
#if defined(TCP_KEEPIDLE)
int idle_seconds(const net::Socket& socket) { return option(socket, IPPROTO_TCP, TCP_KEEPIDLE); }
#endif

/// Runs `with` in the client's 'connect'; both ends are destroyed after it.
template <class With>
void connected(const net::ServerOptions& options, With with) {
  net::Loop loop;
  const OneConnection one(loop, options);
  std::optional<net::Socket> accepted;
  one.server.on<"connection">([&accepted](net::Socket socket) { accepted = socket; });
  const net::Socket client = client_of(loop, one.server);
  run_until(loop, [&] { return accepted && !client.connecting(); });
  with(client, *accepted);
  client.destroy();
  accepted->destroy();
  run_to_the_end(loop);
}

}  // namespace

TEST_CASE("S18.8: a timeout is any number from 0 on; fractions count, what is below 1 is 1") {
  net::Loop loop;
  const net::Socket socket(loop);
  CHECK(error_of([&] { socket.setTimeout(-1); }).code() == net::Errc::ERR_OUT_OF_RANGE);
  CHECK(error_of([&] { socket.setTimeout(std::numeric_limits<double>::infinity()); }).code() ==
        net::Errc::ERR_OUT_OF_RANGE);
  CHECK(error_of([&] { socket.setTimeout(std::numeric_limits<double>::quiet_NaN()); }).code() ==
        net::Errc::ERR_OUT_OF_RANGE);
  CHECK_FALSE(socket.timeout());
  int calls = 0;
  socket.setTimeout(0.25, [&calls] { ++calls; });
  const net::Timer awake = loop.setInterval([] {}, 1);
  run_until(loop, [&] { return calls == 1; });
  // longer than a timer can be: it shows what was given, and does not fire at once
  socket.setTimeout(3e9);
  CHECK(socket.timeout()->count() == 3000000000);
  loop.runOnce(0);
  CHECK(calls == 1);
  awake.close();
  socket.destroy();
  run_to_the_end(loop);
}

TEST_CASE("S18.10, S18.11: what is set before the connection is applied with it, and what is set later at once") {
  net::Loop loop;
  const OneConnection one(loop);
  std::optional<net::Socket> accepted;
  one.server.on<"connection">([&accepted](net::Socket socket) { accepted = socket; });
  const net::Socket client(loop);
  client.setNoDelay().setKeepAlive(true, 7000);
  client.connect(one.port(), "127.0.0.1");
  run_until(loop, [&] { return accepted && !client.connecting(); });
  CHECK(option(client, IPPROTO_TCP, TCP_NODELAY) != 0);
  CHECK(keeps_alive(client) == 1);
  CHECK_MESSAGE(option(*accepted, IPPROTO_TCP, TCP_NODELAY) == 0, "Nagle is on where nobody asked");
  CHECK(keeps_alive(*accepted) == 0);
  client.setNoDelay(false);
  CHECK(option(client, IPPROTO_TCP, TCP_NODELAY) == 0);
  // as if somebody else had changed it: what is set already is not set again
  const int on = 1;
  REQUIRE(::setsockopt(client.nativeHandle(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == 0);
  client.setNoDelay(false);
  CHECK(option(client, IPPROTO_TCP, TCP_NODELAY) != 0);
  client.destroy();
  accepted->destroy();
  CHECK_NOTHROW(client.setNoDelay().setKeepAlive(true).setKeepAlive());
  run_to_the_end(loop);
}

#if defined(TCP_KEEPIDLE)
TEST_CASE("S18.12: keepAlive with a delay sets its own intervals: ten probes, one a second") {
  connected({}, [](const net::Socket& client, const net::Socket&) {
    const int own_interval = option(client, IPPROTO_TCP, TCP_KEEPINTVL),
              own_count = option(client, IPPROTO_TCP, TCP_KEEPCNT);
    client.setKeepAlive(true);
    CHECK(option(client, IPPROTO_TCP, TCP_KEEPINTVL) == own_interval);
    CHECK(option(client, IPPROTO_TCP, TCP_KEEPCNT) == own_count);
    client.setKeepAlive(true, 3000);
    CHECK(idle_seconds(client) == 3);
    CHECK(option(client, IPPROTO_TCP, TCP_KEEPINTVL) == 1);
    CHECK(option(client, IPPROTO_TCP, TCP_KEEPCNT) == 10);
  });
}

TEST_CASE("S18.13, S29.24: the delay of keepAlive is cut to seconds, and below one the system's own stays") {
  connected({}, [](const net::Socket& client, const net::Socket&) {
    const int own = idle_seconds(client);
    client.setKeepAlive(true, 999);
    CHECK(keeps_alive(client) == 1);
    CHECK(idle_seconds(client) == own);
    client.setKeepAlive(true, 456123);
    CHECK(idle_seconds(client) == 456);
  });
  connected({.keepAlive = true, .keepAliveInitialDelay = 5500}, [](const net::Socket&, const net::Socket& accepted) {
    CHECK(keeps_alive(accepted) == 1);
    CHECK(idle_seconds(accepted) == 5);
  });
  connected({.keepAlive = true, .keepAliveInitialDelay = -5500},
            [](const net::Socket&, const net::Socket& accepted) { CHECK(keeps_alive(accepted) == 1); });
}

TEST_CASE("S18.14: another delay is applied, and keepAlive can be taken back") {
  connected({}, [](const net::Socket& client, const net::Socket&) {
    client.setKeepAlive(true, 10000).setKeepAlive(true, 20000);
    CHECK(idle_seconds(client) == 20);
    client.setKeepAlive(false);
    CHECK(keeps_alive(client) == 0);
  });
}
#endif

TEST_CASE("S18.16: the type of service is set, remembered and read back") {
  net::Loop loop;
  const net::Socket socket(loop);
  CHECK(error_of([&] { socket.setTypeOfService(256); }).code() == net::Errc::ERR_OUT_OF_RANGE);
  CHECK(error_of([&] { socket.setTypeOfService(-1); }).code() == net::Errc::ERR_OUT_OF_RANGE);
  CHECK(socket.getTypeOfService() == 0);
  socket.setTypeOfService(0x10);
  CHECK(socket.getTypeOfService() == 0x10);
  const OneConnection one(loop);
  std::optional<net::Socket> accepted;
  one.server.on<"connection">([&accepted](net::Socket connection) { accepted = connection; });
  socket.connect(one.port(), "127.0.0.1");
  run_until(loop, [&] { return accepted && !socket.connecting(); });
  CHECK(socket.getTypeOfService() == 0x10);
  CHECK(option(socket, IPPROTO_IP, IP_TOS) == 0x10);
  socket.setTypeOfService(0x28);
  CHECK(option(socket, IPPROTO_IP, IP_TOS) == 0x28);
  socket.destroy();
  CHECK(socket.getTypeOfService() == 0x28);
  accepted->destroy();
  run_to_the_end(loop);
}

// ── keeping the loop alive ─────────────────────────────────────────────────

TEST_CASE(
    "S19.1, S19.3, S19.5: unref() holds from the connection on, also if said before it, and the last word "
    "counts") {
  for (const bool refd : {false, true}) {
    net::Loop loop;
    const net::Server server(loop, {.pauseOnConnect = true});
    server.listen(0).unref();
    std::optional<net::Socket> accepted;
    server.on<"connection">([&](const net::Socket& socket) { accepted = socket; });
    const net::Socket client(loop);
    if (refd) {
      client.unref().ref().ref();
    } else {
      client.ref().unref().unref();
    }
    client.resume().connect(server.address()->port, "127.0.0.1");
    CHECK_MESSAGE(loop.alive(), "S19.6: a connection under way keeps it alive in any case");
    run_until(loop, [&] { return !client.connecting(); });
    CHECK(loop.alive() == refd);
    CHECK(client.readyState() == net::ReadyState::open);
    const net::Timer awake = loop.setInterval([] {}, 1);
    run_until(loop, [&] { return accepted.has_value(); });
    std::string heard;
    client.on<"data">([&heard](net::Chunk chunk) { heard += chunk; });
    accepted->write("works on");
    run_until(loop, [&] { return heard == "works on"; });
    awake.close();
    CHECK(loop.alive() == refd);
    client.destroy();
    CHECK_MESSAGE(loop.alive(), "S19.6: its 'close' is still to be emitted");
    accepted->destroy();
    server.close();
    run_to_the_end(loop);
  }
}

TEST_CASE("S19.6: a write and a shutdown under way keep the loop alive, though the socket is unref'd") {
  net::Loop loop;
  Ends ends(loop);
  ends.client.unref();
  CHECK_FALSE(loop.alive());
  bool written = false;
  ends.client.write(std::string(16u << 20, 'x'), [&written] { written = true; });
  CHECK(loop.alive());
  ends.accepted->unref().resume();
  loop.run();
  CHECK(written);
  CHECK(ends.client.writableLength() == 0);
  bool finished = false;
  ends.client.on<"finish">([&finished] { finished = true; });
  ends.client.end();
  CHECK(loop.alive());
  loop.run();
  CHECK(finished);
  ends.destroy();
}

TEST_CASE(
    "S19.7: a socket that does not read keeps nothing alive; one that is paused later does until its buffer "
    "is full") {
  net::Loop loop;
  Ends ends(loop);
  CHECK_FALSE(loop.alive());
  ends.client.resume();
  loop.runOnce(0);
  CHECK(loop.alive());
  ends.client.pause();
  CHECK(loop.alive());
  ends.accepted->write(std::string(4 * ends.client.readableHighWaterMark(), 'x'));
  loop.run();
  CHECK(ends.client.readableLength() >= ends.client.readableHighWaterMark());
  CHECK(ends.client.readyState() == net::ReadyState::open);
  ends.destroy();
}

TEST_CASE("S19.9: what is still open when the loop goes is closed by the system, and nothing is emitted") {
  Log log;
  const std::size_t before = open_descriptors();
  {
    net::Loop loop;
    Ends ends(loop);
    note(ends.client, log);
    note(*ends.accepted, log);
    ends.client.write("x", [&log] { log.add("written"); });
  }
  CHECK(log.text().empty());
  CHECK(open_descriptors() == before);
}
