#include <net/server.hpp>

#include <doctest/doctest.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/support/session.hpp"

using namespace tests;

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

TEST_CASE_FIXTURE(NotedServer,
                  "S9.15: close() of a server that does not listen gives the callback an error, and 'close' comes") {
  net::Error emitted;
  server.close([&](const net::Error& error) { emitted = error; });
  CHECK(log.text().empty());
  run_to_the_end(loop);
  CHECK(log.text() == "close");
  CHECK(emitted.code() == net::Errc::ERR_SERVER_NOT_RUNNING);
  CHECK(emitted.what() == std::string("Server is not running."));
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

TEST_CASE("S19.4, S19.6: accepted sockets keep the loop alive without their server, whose 'close' is still emitted") {
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
