#include <net/server.hpp>

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "tests/support/session.hpp"
#include "tests/support/support.hpp"

using namespace tests;

TEST_CASE_FIXTURE(NotedServer,
                  "S9.2, S9.3: without a host a server listens inside listen(), and 'listening' comes on a tick") {
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

TEST_CASE_FIXTURE(NotedServer, "S9.5: with a host, even an IP literal, binding happens later") {
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

TEST_CASE_FIXTURE(NotedServer, "S9.8: close() before 'listening' means that only 'close' comes") {
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

TEST_CASE_FIXTURE(NotedServer,
                  "S9.10: listen() right after close(): 'close' of the first, then 'listening' of the second") {
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

TEST_CASE("S7.4, S7.5: the forms of listen: a text that reads as a number is a port, backlogs stand second or third") {
  net::Loop loop;
  const auto form = [&](auto listen) {
    int calls = 0;
    const net::Server server(loop);
    server.on<"listening">([&] {
      ++calls;
      server.close();
    });
    listen(server, [&] { ++calls; });
    run_to_the_end(loop);
    CHECK(calls == 2);
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

#if defined(_WIN32)
TEST_CASE("S9.22: reusePort is ENOTSUP where the system shares no ports") {
  net::Loop loop;
  Log log;
  const net::Server one(loop);
  note(one, log);
  one.listen({.port = 0, .reusePort = true});
  run_to_the_end(loop);
  CHECK(log.text() == "error(listen ENOTSUP: operation not supported on socket ::)");
}
#else
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
#endif
