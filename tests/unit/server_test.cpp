#include <net/server.hpp>

#include <doctest/doctest.h>

#include <netinet/tcp.h>

#include <string>
#include <vector>

#include "tests/support/session.hpp"
#include "tests/support/support.hpp"

using namespace tests;

namespace {

int flag_of(int fd, int level, int name) {
  int value = -1;
  socklen_t size = sizeof value;
  ::getsockopt(fd, level, name, &value, &size);
  return value;
}

}  // namespace

// ── listening ──────────────────────────────────────────────────────────────

TEST_CASE("S9.2, S9.3: without a host a server listens inside listen(), and is told of it on a tick") {
  net::Loop loop;
  Log log;
  const net::Server server(loop);
  note(server, log);
  CHECK_FALSE(server.listening());
  CHECK_FALSE(server.address().has_value());
  server.listen(0, [&] { log.add("callback"); });
  CHECK(server.listening());
  CHECK(server.address()->port > 0);
  CHECK(log.text().empty());
  server.on<"listening">([&] { server.close(); });
  run_to_the_end(loop);
  CHECK(log.text() == "listening callback close");
  CHECK_FALSE(server.listening());
  CHECK_FALSE(server.address().has_value());
}

TEST_CASE("S9.4: no host means all addresses of both families") {
  net::Loop loop;
  const net::Server server = net::createServer(loop, {});
  server.listen(0);
  const net::AddressInfo at = *server.address();
  if (at.family == net::Family::IPv6) {
    CHECK(at.address == "::");
  } else {
    CHECK(at.address == "0.0.0.0");
  }
  std::vector<net::Family> seen;
  server.on<"connection">([&](const net::Socket& socket) {
    seen.push_back(socket.remoteFamily());
    // S11.16: on a dual-stack server an IPv4 client is a mapped address
    if (at.family == net::Family::IPv6) CHECK(socket.remoteAddress() == "::ffff:127.0.0.1");
    socket.end();
    server.close();
  });
  const net::Socket client = client_of(loop, server);
  client.on<"connect">([&] {
    CHECK(client.remoteAddress() == "127.0.0.1");
    CHECK(client.remoteFamily() == net::Family::IPv4);
  });
  run_to_the_end(loop);
  CHECK(seen == std::vector{at.family});
}

TEST_CASE("S9.5: with a host, even an IP literal, binding happens later") {
  net::Loop loop;
  Log log;
  const net::Server server(loop);
  note(server, log);
  server.listen(0, "127.0.0.1");
  CHECK_FALSE(server.listening());
  CHECK_FALSE(server.address().has_value());
  server.on<"listening">([&] {
    CHECK(server.address()->address == "127.0.0.1");
    CHECK(server.address()->family == net::Family::IPv4);
    server.close();
  });
  run_to_the_end(loop);
  CHECK(log.text() == "listening close");
}

TEST_CASE("S9.7, S3.7: a host that nobody knows is an 'error' of the lookup, and nothing else") {
  net::Loop loop;
  Log log;
  const net::Server server(loop);
  note(server, log);
  net::Error told;
  server.on<"error">([&](const net::Error& error) { told = error; });
  server.listen(0, "no-such-name.invalid");
  run_to_the_end(loop);
  const std::string code(told.name());
  CHECK((code == "ENOTFOUND" || code == "EAI_AGAIN"));
  CHECK(log.text() == "error(getaddrinfo " + code + " no-such-name.invalid)");
  CHECK(told.syscall() == "getaddrinfo");
  CHECK(told.hostname() == "no-such-name.invalid");
  CHECK(told.port() == -1);
  CHECK(told.address().empty());
}

TEST_CASE("S9.8: close() before 'listening' means that only 'close' comes") {
  net::Loop loop;
  Log log;
  const net::Server server(loop);
  note(server, log);
  SUBCASE("bound already") { server.listen(0); }
  SUBCASE("not bound yet") { server.listen(0, "127.0.0.1"); }
  server.close();
  CHECK_FALSE(server.listening());
  run_to_the_end(loop);
  CHECK(log.text() == "close");
}

TEST_CASE("S9.9: a second listen() throws and leaves the first alone") {
  net::Loop loop;
  const net::Server server(loop);
  server.listen(0);
  const int port = server.address()->port;
  const net::Error error = error_of([&] { server.listen(0); });
  CHECK(error.code() == net::Errc::ERR_SERVER_ALREADY_LISTEN);
  CHECK(error.what() == std::string("Listen method has been called more than once without closing."));
  CHECK(server.address()->port == port);
  server.close();
  run_to_the_end(loop);
}

TEST_CASE("S9.10: listen() right after close(): 'close' of the first, then 'listening' of the second") {
  net::Loop loop;
  Log log;
  const net::Server server(loop);
  note(server, log);
  server.listen(0);
  loop.runOnce(0);
  log.clear();
  server.close();
  server.listen(0);
  server.once<"listening">([&] { server.close(); });
  run_to_the_end(loop);
  CHECK(log.text() == "close listening close");
}

TEST_CASE("S9.10: a listen() while a host is looked up replaces the first, and both callbacks run") {
  net::Loop loop;
  Log log;
  const net::Server server(loop);
  server.listen(0, "127.0.0.1", [&] { log.add("first"); });
  server.listen(0, "127.0.0.2", [&] { log.add("second"); });
  server.on<"listening">([&] {
    CHECK(server.address()->address == "127.0.0.2");
    server.close();
  });
  run_to_the_end(loop);
  CHECK(log.text() == "first second");
}

TEST_CASE("S9.12, S3.5, S3.6: a port in use is an 'error' in Node's words, and the server can listen again in it") {
  net::Loop loop;
  Log log;
  const net::Server first(loop), second(loop);
  first.listen(0, "127.0.0.1");
  int port = 0;
  first.on<"listening">([&] {
    port = first.address()->port;
    second.listen(port, "127.0.0.1", [&] { log.add("callback1"); });
    CHECK_FALSE(second.listening());
  });
  net::Error told;
  second.on<"error">([&](const net::Error& error) {
    told = error;
    CHECK_FALSE(second.listening());
    second.listen(0, [&] { log.add("callback2"); });
  });
  second.on<"close">([&] { log.add("close"); });
  second.on<"listening">([&] {
    first.close();
    second.close();
  });
  run_to_the_end(loop);
  CHECK(told.what() == "listen EADDRINUSE: address already in use 127.0.0.1:" + std::to_string(port));
  CHECK(told.code() == std::errc::address_in_use);
  CHECK(told.name() == "EADDRINUSE");
  CHECK(told.syscall() == "listen");
  CHECK(told.address() == "127.0.0.1");
  CHECK(told.port() == port);
  CHECK(told.number() == -EADDRINUSE);
  // S9.11: the callback of the listen that failed stays, and runs first
  CHECK(log.text() == "callback1 callback2 close");
}

TEST_CASE("S9.12: without a host the error names the unspecified address, and comes on a tick") {
  net::Loop loop;
  Log log;
  const net::Server first(loop), second(loop);
  first.listen(0);
  note(second, log);
  second.listen(first.address()->port);
  CHECK(log.text().empty());
  CHECK_FALSE(second.listening());
  first.on<"listening">([&] { first.close(); });
  const std::string at = first.address()->family == net::Family::IPv6 ? ":::" : "0.0.0.0:";
  const std::string port = std::to_string(first.address()->port);
  run_to_the_end(loop);
  CHECK(log.text() == "error(listen EADDRINUSE: address already in use " + at + port + ")");
}

TEST_CASE("S3.5: an address of another machine, with port 0 not shown") {
  net::Loop loop;
  Log log;
  const net::Server server(loop);
  note(server, log);
  server.listen(0, "192.0.2.1");
  run_to_the_end(loop);
  CHECK(log.text() == "error(listen EADDRNOTAVAIL: address not available 192.0.2.1)");
}

TEST_CASE("S3.18, S1.6: an 'error' of a server that nobody listens to leaves run()") {
  net::Loop loop;
  const net::Server server(loop);
  server.listen(0, "192.0.2.1");
  CHECK_THROWS_WITH_AS(loop.run(), "listen EADDRNOTAVAIL: address not available 192.0.2.1", net::Error);
  server.listen(0);
  server.close();
  run_to_the_end(loop);
}

TEST_CASE("S3.15: bad ports and options without a port are thrown") {
  net::Loop loop;
  const net::Server server(loop);
  net::Error error = error_of([&] { server.listen(65536); });
  CHECK(error.code() == net::Errc::ERR_SOCKET_BAD_PORT);
  CHECK(error.what() == std::string("options.port should be >= 0 and < 65536. Received type number (65536)."));
  CHECK(error.kind() == "RangeError");
  error = error_of([&] { server.listen(-2); });
  CHECK(error.what() == std::string("options.port should be >= 0 and < 65536. Received type number (-2)."));
  error = error_of([&] { server.listen({.port = -2}); });
  CHECK(error.code() == net::Errc::ERR_SOCKET_BAD_PORT);
  error = error_of([&] { server.listen(net::ListenOptions{}); });
  CHECK(error.code() == net::Errc::ERR_INVALID_ARG_VALUE);
  CHECK(std::string(error.what()).find("must have the property \"port\" or \"path\"") != std::string::npos);
  CHECK_FALSE(server.listening());
  run_to_the_end(loop);
}

TEST_CASE("S7.4, S7.5: the forms of listen: a text that reads as a number is a port, backlogs stand second or third") {
  net::Loop loop;
  const auto form = [&](auto listen) {
    int told = 0;
    const net::Server server(loop);
    server.on<"listening">([&] {
      ++told;
      server.close();
    });
    listen(server, [&] { ++told; });
    run_to_the_end(loop);
    CHECK(told == 2);
  };
  form([](const net::Server& server, auto callback) { server.listen(callback); });
  form([](const net::Server& server, auto callback) { server.listen(0, callback); });
  form([](const net::Server& server, auto callback) { server.listen(0, 127, callback); });
  form([](const net::Server& server, auto callback) { server.listen(0, "127.0.0.1", callback); });
  form([](const net::Server& server, auto callback) { server.listen(0, "127.0.0.1", 127, callback); });
  form([](const net::Server& server, auto callback) { server.listen({.port = 0, .backlog = 0}, callback); });
  form([](const net::Server& server, auto callback) { server.listen({.port = 0, .path = "/ignored"}, callback); });
  net::ListenOptions options;  // not const: it is no listener
  options.port = 0;
  form([&](const net::Server& server, auto callback) { server.listen(options).once<"listening">(callback); });
  form([&](const net::Server& server, auto callback) { server.listen(options, callback); });
  const ReservedPort reserved;
  const int port = reserved.number();
  form([&](const net::Server& server, auto callback) {
    server.listen(std::to_string(port), callback);
    CHECK(server.address()->port == port);
  });
  const std::string text = std::to_string(port);
  form([&](const net::Server& server, auto callback) { server.listen("0", 5, callback); });
  form([&](const net::Server& server, auto callback) { server.listen("0", "127.0.0.1", callback); });
  form([&](const net::Server& server, auto callback) { server.listen(text, "127.0.0.1", 5, callback); });
  form([&](const net::Server& server, auto callback) {
    server.prependListener<"listening">([&] { CHECK(server.address()->address == "127.0.0.1"); });
    server.listen("0", std::string("127.0.0.1")).once<"listening">(callback);
  });
  for (const char* bad : {"", " ", "70000", "0.5"}) {
    const net::Server server(loop);
    CHECK(error_of([&] { server.listen(bad); }).code() == net::Errc::ERR_SOCKET_BAD_PORT);
    CHECK(error_of([&] { server.listen(bad, "127.0.0.1", 5); }).code() == net::Errc::ERR_SOCKET_BAD_PORT);
  }
  Log log;
  const net::Server path(loop);
  note(path, log);
  path.listen("/nowhere/at/all", "127.0.0.1");
  run_to_the_end(loop);
  CHECK_MESSAGE(log.text() == "error(listen EACCES: permission denied /nowhere/at/all)", "a path has no host");
}

TEST_CASE("S9.5: a host with a NUL in it is refused, not cut there") {
  net::Loop loop;
  const net::Server server(loop);
  net::Error told;
  server.on<"error">([&](const net::Error& error) { told = error; });
  server.listen(0, std::string_view("localhost\0.trusted.test", 23));
  CHECK_FALSE(told);
  run_to_the_end(loop);
  CHECK(told.code() == net::Errc::ERR_INVALID_ARG_VALUE);
  CHECK(std::string(told.what()) ==
        "The property 'options.host' must be a string without null bytes. Received 'localhost\\x00.trusted.test'");
}

TEST_CASE("S21.6: a client that is gone before it can be asked for its address does not pass a block list") {
  net::Loop loop;
  net::BlockList list;
  list.addAddress("192.0.2.1");
  const net::Server server(loop, {.blockList = list});
  Log log;
  note(server, log);
  server.listen(0);
  {
    const Descriptor client = connect_raw(server.address()->port);
    const linger now{1, 0};
    ::setsockopt(client.get(), SOL_SOCKET, SO_LINGER, &now, sizeof now);
    send_raw(client, "evil");
  }
  const Descriptor allowed = connect_raw(server.address()->port);
  server.on<"connection">([&](const net::Socket& socket) { socket.destroy(), server.close(); });
  run_to_the_end(loop);
  CHECK(log.text() == "listening connection close");
}

TEST_CASE("S21.6: a server on a path has no addresses to block") {
  net::Loop loop;
  const TemporaryDirectory directory;
  net::BlockList list;
  list.addSubnet("0.0.0.0", 0);
  const net::Server server(loop, {.blockList = list});
  server.listen(directory.file("s"));
  int connections = 0;
  server.on<"connection">([&](const net::Socket& socket) { ++connections, socket.destroy(), server.close(); });
  net::connect(loop, directory.file("s")).on<"error">([] {});
  run_to_the_end(loop);
  CHECK(connections == 1);
}

// ── closing ────────────────────────────────────────────────────────────────

TEST_CASE("S9.13, S9.14: close() stops listening at once, and 'close' waits for the last connection") {
  net::Loop loop;
  Log log;
  const net::Server server(loop);
  server.listen(0);
  const int port = server.address()->port;
  server.on<"close">([&] { log.add("server-close"); });
  net::Socket accepted(loop);
  server.on<"connection">([&](const net::Socket& socket) {
    accepted = socket;
    server.close([&](const net::Error& error) { log.add(error ? "error" : "callback"); });
    CHECK_FALSE(server.listening());
    // nobody gets in any more, but the connection goes on
    const net::Socket late(loop);
    late.connect(port, "127.0.0.1");
    late.on<"error">([&](const net::Error& error) { log.add(error.name()); });
    late.on<"close">([&] {
      log.add("still-open");
      accepted.end("bye");
    });
  });
  const net::Socket client = client_of(loop, server);
  client.on<"data">([&](net::Chunk chunk) { log.add(chunk); });
  run_to_the_end(loop);
  CHECK(log.text() == "ECONNREFUSED still-open bye server-close callback");
}

TEST_CASE("S9.15: close() of a server that does not listen gives the callback an error, and 'close' comes") {
  net::Loop loop;
  Log log;
  const net::Server server(loop);
  note(server, log);
  net::Error told;
  server.close([&](const net::Error& error) { told = error; });
  CHECK(log.text().empty());
  run_to_the_end(loop);
  CHECK(log.text() == "close");
  CHECK(told.code() == net::Errc::ERR_SERVER_NOT_RUNNING);
  CHECK(told.what() == std::string("Server is not running."));
}

TEST_CASE("S9.15: two close() in a row: both callbacks run, the second with an error") {
  net::Loop loop;
  Log log;
  const net::Server server(loop);
  server.listen(0);
  server.close([&](const net::Error& error) { log.add(error ? error.name() : "none"); });
  server.close([&](const net::Error& error) { log.add(error ? error.name() : "none"); });
  run_to_the_end(loop);
  CHECK(log.text() == "none ERR_SERVER_NOT_RUNNING");
}

TEST_CASE("S9.17: the server's 'close' can come before that of its last socket") {
  net::Loop loop;
  Log log;
  const OneConnection one(loop);
  one.server.on<"close">([&] { log.add("server"); });
  one.server.on<"connection">([&](const net::Socket& socket) {
    socket.on<"close">([&] { log.add("socket"); });
    socket.destroy();
  });
  client_of(loop, one.server).on<"error">([] {});
  run_to_the_end(loop);
  CHECK(log.text() == "server socket");
}

TEST_CASE("after 'close' a server's listeners are dropped, with reusable they stay") {
  net::Loop loop;
  const auto captured = std::make_shared<int>(0);
  const auto rounds = [&](bool reusable) {
    const net::Server server(loop, {.reusable = reusable});
    server.on<"listening">([server, captured] { server.close(); });
    server.listen(0);
    run_to_the_end(loop);
    CHECK(server.listenerCount<"listening">() == (reusable ? 1 : 0));
    CHECK(captured.use_count() == (reusable ? 2 : 1));
    server.removeAllListeners();
  };
  rounds(false);
  rounds(true);
  CHECK(captured.use_count() == 1);
}

// ── connections ────────────────────────────────────────────────────────────

TEST_CASE("S9.16: an accepted socket is open and gets no 'connect'; nothing is told before the listener returns") {
  net::Loop loop;
  Log log;
  const OneConnection one(loop);
  const int port = one.port();
  one.server.on<"connection">([&](const net::Socket& socket) {
    log.add(net::to_string(socket.readyState()));
    CHECK_FALSE(socket.connecting());
    CHECK_FALSE(socket.pending());
    CHECK(socket.bytesRead() == 0);
    CHECK(socket.localPort() == port);
    note(socket, log);
    socket.on<"data">([&](net::Chunk chunk) { log.add(chunk); });
    log.add("returns");
  });
  const net::Socket client = client_of(loop, one.server);
  client.end("hello");
  run_to_the_end(loop);
  CHECK(log.text() == "open returns resume hello end prefinish finish close(false)");
}

TEST_CASE("S8.10: getConnections counts on the next tick what is not destroyed") {
  net::Loop loop;
  Log log;
  const OneConnection one(loop);
  const auto count = [&] {
    one.server.getConnections([&](const net::Error& error, std::size_t open) {
      CHECK_FALSE(error);
      log.add(std::to_string(open));
    });
  };
  count();
  CHECK(log.text().empty());
  one.server.on<"connection">([&](const net::Socket& socket) {
    count();
    loop.setImmediate([&, socket] {
      socket.destroy();
      count();
    });
  });
  client_of(loop, one.server).on<"error">([] {});
  run_to_the_end(loop);
  CHECK(log.text() == "0 1 0");
}

TEST_CASE("S8.4, S9.19: beyond maxConnections 'drop' tells both ends, and the client sees an end") {
  net::Loop loop;
  Log log;
  const net::Server server(loop);
  server.listen(0);
  server.maxConnections(1);
  CHECK(server.maxConnections() == std::size_t{1});
  std::vector<net::Socket> accepted;
  server.on<"connection">([&](const net::Socket& socket) { accepted.push_back(socket); });
  const net::Socket first = client_of(loop, server);
  net::Socket second(loop);
  int dropped = 0, port_of_second = 0;
  second.on<"connect">([&] { port_of_second = second.localPort(); });
  server.on<"drop">([&](const net::DropInfo& info) {
    log.add("drop");
    CHECK(info.localPort == server.address()->port);
    dropped = info.remotePort;
    CHECK(info.localFamily == server.address()->family);
    CHECK(info.remoteFamily == info.localFamily);
    CHECK(info.remoteAddress.find("127.0.0.1") != std::string::npos);
    CHECK(info.localAddress.find("127.0.0.1") != std::string::npos);
    server.close();
    accepted.front().end();
  });
  first.on<"connect">([&] {
    second.connect(server.address()->port, "127.0.0.1");
    note(second, log);
  });
  run_to_the_end(loop);
  CHECK(accepted.size() == 1);
  CHECK(dropped == port_of_second);
  CHECK(log.count("drop") == 1);
  CHECK(log.has("connect ready"));
  CHECK(log.has("end prefinish finish close(false)"));
}

TEST_CASE("S8.4: maxConnections 0 drops every connection, empty none") {
  net::Loop loop;
  Log log;
  const net::Server server(loop);
  note(server, log);
  server.listen(0);
  server.maxConnections(0);
  server.dropMaxConnection(true);  // S8.5: kept, and without effect
  CHECK(server.dropMaxConnection());
  const net::Socket first = client_of(loop, server);
  first.on<"close">([&] {
    server.maxConnections(std::nullopt);
    client_of(loop, server);
  });
  server.on<"connection">([&](const net::Socket& socket) {
    socket.end();
    server.close();
  });
  run_to_the_end(loop);
  CHECK(log.text() == "listening drop connection close");
}

TEST_CASE("S9.20: accepted connections do not depend on the server: they outlive it") {
  net::Loop loop;
  std::string heard;
  {
    const net::Server server(loop);
    server.listen(0);
    server.on<"connection">([server](const net::Socket& socket) {
      server.close();
      socket.on<"data">([socket](net::Chunk chunk) { socket.end(chunk.view()); });
    });
    const net::Socket client = client_of(loop, server);
    client.write("echo");
    client.on<"data">([&](net::Chunk chunk) { heard += chunk; });
  }
  run_to_the_end(loop);
  CHECK(heard == "echo");
}

// ── options ────────────────────────────────────────────────────────────────

TEST_CASE("S8 options: allowHalfOpen, highWaterMark, noDelay and keepAlive are given to accepted sockets") {
  net::Loop loop;
  const OneConnection one(loop, {.allowHalfOpen = true,
                                 .highWaterMark = 1234,
                                 .keepAlive = true,
                                 .keepAliveInitialDelay = std::chrono::milliseconds(5500),
                                 .noDelay = true});
  one.server.on<"connection">([](const net::Socket& socket) {
    CHECK(socket.allowHalfOpen());
    CHECK(socket.readableHighWaterMark() == 1234);
    CHECK(socket.writableHighWaterMark() == 1234);
    CHECK(flag_of(socket.nativeHandle(), IPPROTO_TCP, TCP_NODELAY) != 0);
    CHECK(flag_of(socket.nativeHandle(), SOL_SOCKET, SO_KEEPALIVE) != 0);
    CHECK(flag_of(socket.nativeHandle(), IPPROTO_TCP, TCP_KEEPIDLE) == 5);
    CHECK(flag_of(socket.nativeHandle(), IPPROTO_TCP, TCP_KEEPINTVL) == 1);
    CHECK(flag_of(socket.nativeHandle(), IPPROTO_TCP, TCP_KEEPCNT) == 10);
    socket.end();
  });
  client_of(loop, one.server);
  run_to_the_end(loop);
}

TEST_CASE("S14.17: pauseOnConnect reads nothing until resume(), and a 'data' listener alone does not start it") {
  net::Loop loop;
  Log log;
  const OneConnection one(loop, {.pauseOnConnect = true});
  one.server.on<"connection">([&](const net::Socket& socket) {
    CHECK(socket.isPaused());
    socket.on<"data">([&](net::Chunk chunk) { log.add(chunk); });
    socket.on<"end">([&] { log.add("end"); });
    loop.setTimeout(
        [&, socket] {
          CHECK(socket.bytesRead() == 0);
          log.add("resume");
          socket.resume();
        },
        5);
  });
  const net::Socket client = client_of(loop, one.server);
  client.end("hello");
  run_to_the_end(loop);
  CHECK(log.text() == "resume hello end");
}

TEST_CASE("S9.21: ipv6Only leaves the same port to an IPv4 server, and IPv4 clients out") {
  net::Loop loop;
  const net::Server six(loop), four(loop);
  net::Error failed;
  six.on<"error">([&](const net::Error& error) { failed = error; });
  six.listen({.port = 0, .ipv6Only = true});
  if (!six.listening()) {
    loop.run();
    MESSAGE("left out, no IPv6 here: ", failed.what());
    return;
  }
  const int port = six.address()->port;
  Log log;
  const net::Socket refused(loop);
  refused.connect(port, "127.0.0.1");
  refused.on<"error">([&](const net::Error& error) { log.add(error.name()); });
  refused.on<"close">([&] {
    four.listen(port, "0.0.0.0", [&] {
      log.add("both");
      six.close();
      four.close();
    });
  });
  run_to_the_end(loop);
  CHECK(log.text() == "ECONNREFUSED both");
}

TEST_CASE("S9.22: with reusePort on all of them servers share a port, without it on one they do not") {
  net::Loop loop;
  Log log;
  const net::Server one(loop), two(loop), three(loop);
  note(two, log);
  note(three, log);
  one.listen({.port = 0, .reusePort = true});
  const int port = one.address()->port;
  two.listen({.port = port, .reusePort = true});
  three.listen({.port = port});
  CHECK(two.listening());
  loop.setImmediate([&] {
    one.close();
    two.close();
  });
  run_to_the_end(loop);
  CHECK(log.has("listening error(listen EADDRINUSE: address already in use"));
}

TEST_CASE("S9.1: an address in TIME_WAIT can be listened on again at once") {
  net::Loop loop;
  int port = 0;
  int heard = 0;
  for (int round = 0; round < 2; ++round) {
    const net::Server server(loop);
    server.listen(port);
    REQUIRE(server.listening());
    port = server.address()->port;
    server.on<"connection">([&](const net::Socket& socket) {
      ++heard;
      server.close();
      socket.end("the server ends first");
    });
    client_of(loop, server).resume();
    run_to_the_end(loop);
  }
  CHECK(heard == 2);
}

// ── keeping the loop alive ─────────────────────────────────────────────────

TEST_CASE("S19.1, S19.2: an unref'd server does not keep the loop alive; ref takes it back") {
  net::Loop loop;
  const net::Server server(loop);
  server.unref().unref();
  server.listen(0);
  run_to_the_end(loop);
  CHECK(server.listening());
  server.ref();
  CHECK(loop.alive());
  loop.setImmediate([&] { server.close(); });
  run_to_the_end(loop);
}

TEST_CASE("S19.4, S19.6: accepted sockets keep the loop alive without their server, whose 'close' is still told") {
  net::Loop loop;
  Log log;
  const net::Server server(loop);
  server.listen(0).unref();
  server.on<"close">([&] { log.add("server-close"); });
  server.on<"connection">([&](const net::Socket& socket) {
    socket.on<"data">([&, socket](net::Chunk chunk) {
      log.add(chunk);
      socket.end();
      server.close();
    });
  });
  client_of(loop, server).end("late");
  run_to_the_end(loop);
  CHECK(log.text() == "late server-close");
}

TEST_CASE("a server that outlives its loop is closed and harmless") {
  std::optional<net::Server> server;
  const auto captured = std::make_shared<int>(0);
  {
    net::Loop loop;
    server.emplace(loop);
    server->on<"connection">([captured] {});
    server->listen(0);
    loop.runOnce(0);
  }
  CHECK(captured.use_count() == 1);
  CHECK_FALSE(server->listening());
  CHECK_FALSE(server->address().has_value());
  CHECK(server->nativeHandle() == -1);
  CHECK(error_of([&] { server->listen(0); }).code() == net::Errc::ERR_NO_LOOP);
  server->close().ref().unref();
  server->close([] {});
  server->getConnections([](const net::Error&, std::size_t) {});
}

// ── listeners may do anything ──────────────────────────────────────────────

TEST_CASE("S1.5, S2.13: a 'connection' listener that throws: run() can go on, and the socket is there") {
  net::Loop loop;
  Log log;
  const net::Server server(loop);
  server.listen(0);
  server.on<"connection">([&](const net::Socket& socket) {
    note(socket, log);
    server.close();
    throw std::string("thrown");
  });
  client_of(loop, server).end("unread").resume();
  CHECK_THROWS_AS(loop.run(), std::string);
  loop.setImmediate([&] { log.add("goes-on"); });
  // nobody reads what was sent, so the socket would stay open for ever (S14.12)
  run_until(loop, [&] { return log.has("goes-on"); });
  server.getConnections([&](const net::Error&, std::size_t count) { CHECK(count == 1); });
  loop.runOnce(0);
}

TEST_CASE("every event of a server may throw, and the loop goes on to its end") {
  net::Loop loop;
  int runs = 0;
  const net::Server server(loop);
  server.listen(0);
  server.maxConnections(1);
  server.on<"listening">([] { throw 1; });
  net::Socket accepted(loop);
  server.on<"connection">([&](const net::Socket& socket) {
    accepted = socket;
    client_of(loop, server);
    throw 2;
  });
  server.on<"drop">([&] {
    accepted.end();
    server.close();
    throw 3;
  });
  server.on<"close">([] { throw 4; });
  client_of(loop, server);
  std::vector<int> order;
  while (loop.alive()) {
    REQUIRE(++runs < 100);
    try {
      loop.run();
    } catch (const int which) {
      order.push_back(which);
    }
  }
  CHECK(order == std::vector{1, 2, 3, 4});
  CHECK_FALSE(server.listening());
}

TEST_CASE("S9.18: out of descriptors a server turns clients away, goes on, and accepts again when some are free") {
  rlimit before{};
  ::getrlimit(RLIMIT_NOFILE, &before);
  net::Loop loop;
  int accepted = 0, errors = 0;
  const net::Server server(loop);
  server.listen(0);
  server.on<"error">([&] { ++errors; });
  server.on<"connection">([&](const net::Socket& socket) {
    ++accepted;
    socket.end();
  });
  loop.runOnce(0);

  // a client of the test's own, connected while there are descriptors, and then none is left
  {
    const Descriptor turned_away = connect_raw(server.address()->port);
    std::vector<Descriptor> filler;
    const rlimit low{64 + open_descriptors(), before.rlim_max};
    ::setrlimit(RLIMIT_NOFILE, &low);
    for (int fd = ::dup(0); fd >= 0; fd = ::dup(0)) filler.emplace_back(fd);
    REQUIRE(errno == EMFILE);
    char byte;
    ssize_t got = -1;
    while (got < 0) {
      loop.runOnce(0);
      got = ::recv(turned_away.get(), &byte, 1, MSG_DONTWAIT);
      if (got < 0 && errno == ECONNRESET) break;
    }
    CHECK(got <= 0);
    CHECK(accepted == 0);
    CHECK(errors == 0);
    CHECK(server.listening());
  }
  ::setrlimit(RLIMIT_NOFILE, &before);
  const Descriptor welcome = connect_raw(server.address()->port);
  run_until(loop, [&] { return accepted == 1; });
  server.close();
  ::shutdown(welcome.get(), SHUT_RDWR);
  run_to_the_end(loop);
}
