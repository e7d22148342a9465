#include <net/options.hpp>

#include <doctest/doctest.h>

#include <netinet/tcp.h>

#include <optional>
#include <string>

#include <net/server.hpp>
#include <net/socket.hpp>
#include "tests/support/session.hpp"
#include "tests/support/support.hpp"

using namespace tests;

TEST_CASE("S7.1, S8.2: createServer makes a server; its listener is one of 'connection'") {
  net::Loop loop;
  Log log;
  const net::Server server = net::createServer(loop, {}, [&log](net::Socket socket) {
    log.add("given");
    socket.resume();
  });
  CHECK(server.listenerCount<"connection">() == 1);
  server.on<"connection">([&log, server] {
    log.add("added");
    server.close();
  });
  server.listen(0);
  const net::Socket client = client_of(loop, server);
  client.end();
  run_to_the_end(loop);
  CHECK(log.text() == "given added");
}

TEST_CASE("S3.13: what connect throws leaves the socket as it was") {
  net::Loop loop;
  const net::Socket socket(loop);
  const auto thrown = [&](const net::ConnectOptions& options) { return error_of([&] { socket.connect(options); }); };
  net::Error error = thrown({.host = "127.0.0.1"});
  CHECK(std::string(error.what()) == "The \"options\" or \"port\" or \"path\" argument must be specified");
  error = thrown({.port = 65536, .host = "127.0.0.1"});
  CHECK(error.code() == net::Errc::ERR_SOCKET_BAD_PORT);
  CHECK(std::string(error.what()) == "Port should be >= 0 and < 65536. Received type number (65536).");
  error = thrown({.port = 1, .host = "127.0.0.1", .localAddress = "localhost"});
  CHECK(error.code() == net::Errc::ERR_INVALID_IP_ADDRESS);
  CHECK(std::string(error.what()) == "Invalid IP address: localhost");
  CHECK(thrown({.port = 1, .host = "127.0.0.1", .autoSelectFamilyAttemptTimeout = 0}).code() ==
        net::Errc::ERR_OUT_OF_RANGE);
  CHECK(thrown({.port = 1, .host = "localhost", .hints = 1 << 30}).code() == net::Errc::ERR_INVALID_ARG_VALUE);
  CHECK_FALSE(socket.connecting());
  CHECK(socket.pending());
  run_to_the_end(loop);
}

TEST_CASE("S7.4, S8.8, S9.24: listen takes a port, a host and a backlog, in every form; a listener last") {
  net::Loop loop;
  const TemporaryDirectory directory;
  int calls = 0;
  const auto listens = [&](auto... arguments) {
    const net::Server server(loop);
    CHECK(server.listen(arguments..., [&calls, server] {
      ++calls;
      server.close();
    }) == server);
  };
  listens();
  listens(0);
  listens(0, "127.0.0.1");
  listens(0, "127.0.0.1", 127);
  listens(0, 127);
  listens(net::ListenOptions{.port = 0, .backlog = 127});
  listens(net::ListenOptions{.port = 0, .backlog = 0});
  listens(directory.socket("one"));
  listens(directory.socket("two"), 127);
  run_to_the_end(loop);
  CHECK(calls == 9);
}

TEST_CASE("S7.6: a path wins over a port for connect, a port over a path for listen") {
  net::Loop loop;
  const TemporaryDirectory directory;
  const net::Server ipc(loop), tcp(loop);
  ipc.listen(directory.socket("s"));
  tcp.listen({.port = 0, .path = directory.socket("t")});
  CHECK(tcp.address()->path.empty());
  CHECK(tcp.address()->port != 0);
  bool arrived = false;
  ipc.on<"connection">([&, ipc, tcp](net::Socket socket) {
    arrived = true;
    socket.resume();
    ipc.close();
    tcp.close();
  });
  const net::Socket client(loop);
  client.connect({.port = tcp.address()->port, .host = "127.0.0.1", .path = directory.socket("s")});
  client.end();
  run_to_the_end(loop);
  CHECK(arrived);
}

TEST_CASE("S7.11, S10.5: both high-water marks are 65536, or what the option says, also for accepted sockets") {
  net::Loop loop;
  CHECK(net::Socket(loop).writableHighWaterMark() == 65536);
  const OneConnection one(loop, {.highWaterMark = 10});
  std::optional<net::Socket> accepted;
  one.server.on<"connection">([&accepted](net::Socket socket) { accepted = socket; });
  const net::Socket client = client_of(loop, one.server, {.highWaterMark = 0});
  client.end();
  run_to_the_end(loop);
  CHECK(client.writableHighWaterMark() == 0);
  CHECK(accepted->writableHighWaterMark() == 10);
}

TEST_CASE("S8.5, S8.9, S8.11, S9.23: what a server is set to is kept, and every call gives the server back") {
  net::Loop loop;
  const net::Server server(loop);
  server.dropMaxConnection(true);
  CHECK(server.dropMaxConnection());
  server.maxConnections(3);
  CHECK(server.maxConnections() == 3);
  server.maxConnections(std::nullopt);
  CHECK_FALSE(server.maxConnections());
  CHECK(server.listen({.port = 0, .exclusive = true}) == server);
  CHECK(server.listening());
  CHECK(server.unref() == server);
  CHECK(server.ref() == server);
  CHECK(server.close() == server);
  run_to_the_end(loop);
}

TEST_CASE("S12.4: connecting a socket that has not closed yet throws; from 'close' on it may") {
  net::Loop loop;
  const OneConnection one(loop);
  one.server.on<"connection">([](net::Socket socket) { socket.resume(); });
  const net::Socket client = client_of(loop, one.server);
  Log log;
  client.once<"connect">([&, client] {
    CHECK(error_of([&] { client.connect(1, "127.0.0.1"); }).code() == std::errc::already_connected);
    client.destroy();
    CHECK(error_of([&] { client.connect(1, "127.0.0.1"); }).code() == net::Errc::ERR_SOCKET_CLOSED);
  });
  client.once<"close">([&, client] {
    log.add("close");
    client.on<"error">([&log](const net::Error& error) { log.add(error.name()); });
    client.connect(1, "127.0.0.1");
  });
  run_to_the_end(loop);
  CHECK(log.text() == "close ECONNREFUSED");
}

TEST_CASE("S8.1, S21.7: the options of a server read back; what is changed counts for later connections") {
  net::Loop loop;
  net::BlockList list;
  const net::Server server(
      loop, {.allowHalfOpen = true, .highWaterMark = 10, .keepAliveInitialDelay = 5500, .noDelay = true});
  CHECK(server.allowHalfOpen());
  CHECK(server.highWaterMark() == 10);
  CHECK(server.keepAliveInitialDelay().count() == 5);
  CHECK(server.noDelay());
  CHECK_FALSE(server.keepAlive());
  CHECK_FALSE(server.pauseOnConnect());
  CHECK_FALSE(server.blockList());
  server.listen(0, "127.0.0.1");
  run_until(loop, [&] { return server.listening(); });
  const auto accept = [&] {
    std::optional<net::Socket> accepted;
    server.once<"connection">([&accepted](const net::Socket& socket) { accepted = socket; });
    const net::Socket client = client_of(loop, server);
    run_until(loop, [&] { return accepted.has_value(); });
    client.destroy();
    return *accepted;
  };
  const auto is_no_delay = [](const net::Socket& socket) {
    int value = -1;
    socklen_t size = sizeof value;
    REQUIRE(::getsockopt(socket.nativeHandle(), IPPROTO_TCP, TCP_NODELAY, &value, &size) == 0);
    return value != 0;
  };
  const net::Socket before = accept();
  CHECK(is_no_delay(before));
  CHECK(before.allowHalfOpen());
  server.noDelay(false);
  server.allowHalfOpen(false);
  server.highWaterMark(20);
  server.pauseOnConnect(true);
  server.keepAlive(true);
  server.keepAliveInitialDelay(2000);
  server.blockList(list);
  const net::Socket after = accept();
  CHECK_FALSE(is_no_delay(after));
  CHECK_FALSE(after.allowHalfOpen());
  CHECK(after.readableHighWaterMark() == 20);
  CHECK(after.isPaused());
  CHECK(server.keepAliveInitialDelay().count() == 2);
  CHECK(*server.blockList() == list);
  before.destroy();
  after.destroy();
  server.close();
  run_to_the_end(loop);
}

TEST_CASE("S11.20, S21.7: a socket knows the server that accepted it, also after destroy, and its block list") {
  net::Loop loop;
  const OneConnection one(loop);
  std::optional<net::Socket> accepted;
  one.server.on<"connection">([&accepted](const net::Socket& socket) { accepted = socket; });
  const net::BlockList list;
  const net::Socket client(loop);
  CHECK_FALSE(client.blockList());
  client.connect({.port = one.port(), .host = "127.0.0.1", .blockList = list});
  CHECK(*client.blockList() == list);
  run_until(loop, [&] { return accepted.has_value(); });
  CHECK(accepted->server() == one.server);
  CHECK_FALSE(client.server());
  client.destroy();
  accepted->destroy();
  run_to_the_end(loop);
  CHECK(accepted->server() == one.server);
}
