#include <net/detail/listen/state.hpp>

#include <doctest/doctest.h>

#include <net/detail/listen/accept.ipp>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/support/session.hpp"
#include "tests/support/support.hpp"

using namespace tests;

TEST_CASE("S9.14: 'close' of a server is emitted on a tick only, and again when it was closed again") {
  using net::detail::is_step;
  using enum net::detail::ServerClose;
  CHECK((is_step(none, ticking) && is_step(ticking, emitted) && is_step(emitted, ticking)));
  CHECK((is_step(ticking, none) && is_step(emitted, none)));
  CHECK((is_step(emitted, over) && is_step(over, none) && is_step(over, ticking) && !is_step(none, over)));
  CHECK_FALSE(
      (is_step(none, emitted) || is_step(none, none) || is_step(ticking, ticking) || is_step(emitted, emitted)));
}

TEST_CASE(
    "the loop keeps a server while it listens or has connections, and no longer: what its listeners held is "
    "free then") {
  net::Loop loop;
  const auto held = std::make_shared<int>(0);
  int port = 0;
  {
    const net::Server server(loop);
    server.listen(0);
    port = server.address()->port;
    server.on<"connection">([held, server](const net::Socket& socket) {
      socket.end("hello");
      server.close();
    });
  }
  CHECK(held.use_count() == 2);
  net::Socket client(loop);
  std::string heard;
  client.on<"data">([&heard](net::Chunk chunk) { heard += chunk; });
  client.connect(port, "127.0.0.1");
  run_to_the_end(loop);
  CHECK(heard == "hello");
  CHECK(held.use_count() == 1);
}

TEST_CASE("S8.3, S8.6, S8.7: listening and address go with close(); a path stays, also of a listen that failed") {
  net::Loop loop;
  const net::Server tcp(loop);
  CHECK_FALSE(tcp.listening());
  tcp.listen(0, "127.0.0.1");
  CHECK_FALSE_MESSAGE(tcp.listening(), "not before the host is known");
  tcp.once<"listening">([&tcp] {
    CHECK(tcp.listening());
    CHECK(tcp.address()->toString() == "127.0.0.1:" + std::to_string(tcp.address()->port));
    tcp.close();
    CHECK_FALSE(tcp.listening());
    CHECK_FALSE(tcp.address().has_value());
  });
  run_to_the_end(loop);

  const TemporaryDirectory directory;
  const net::Server local(loop), second(loop);
  local.listen(directory.socket("s"));
  CHECK(local.address()->path == directory.socket("s"));
  CHECK(local.address()->family == net::Family::unspecified);
  std::string failure;
  second.on<"error">([&failure](const net::Error& error) { failure = error.name(); });
  second.listen(directory.socket("s"));
  CHECK_FALSE(second.listening());
  local.close();
  CHECK_FALSE(local.listening());
  CHECK(local.address()->path == directory.socket("s"));
  run_to_the_end(loop);
  CHECK(failure == "EADDRINUSE");
  CHECK(second.address()->path == directory.socket("s"));
  second.listen(0);
  CHECK_MESSAGE(second.address()->port > 0, "another listen begins anew");
  second.close();
  run_to_the_end(loop);
}

TEST_CASE("S9.11: the listener of a listen that failed stays, and runs at the next success, before later ones") {
  net::Loop loop;
  Log log;
  const net::Server holder(loop), server(loop, {.reusable = true});
  holder.listen(0);
  const int taken = holder.address()->port;
  server.on<"error">([&] {
    log.add("error");
    server.listen(0, [&] {
      log.add("second");
      server.close();
      holder.close();
    });
  });
  server.listen(taken, [&] { log.add("first"); });
  run_to_the_end(loop);
  CHECK(log.text() == "error first second");
}

TEST_CASE_FIXTURE(
    NotedServer, "S9.13, S9.14: a connection that still waits is refused or reset by close(), and counts for nothing") {
  server.listen(0);
  loop.runOnce(0);
  const Descriptor waiting = connect_raw(server.address()->port);
  server.close();
  run_to_the_end(loop);
  CHECK(log.text() == "listening close");
  char byte;
  CHECK(::recv(waiting.get(), &byte, 1, 0) <= 0);
}

TEST_CASE("S9.14, S9.17: 'close' waits for every connection, however each ends, and comes once") {
  net::Loop loop;
  Log log;
  const net::Server server(loop, {.pauseOnConnect = true});
  server.listen(0);
  std::vector<net::Socket> accepted, clients;
  server.on<"connection">([&accepted](const net::Socket& socket) { accepted.push_back(socket); });
  server.on<"close">([&log] { log.add("close"); });
  for (int i = 0; i < 4; ++i) {
    clients.push_back(client_of(loop, server));
    clients.back().on<"error">([] {});
    clients.back().resume();
  }
  run_until(loop, [&accepted] { return accepted.size() == 4; });
  server.close();
  const auto left = [&server, &loop] {
    std::optional<std::size_t> count;
    server.getConnections([&count](const net::Error&, std::size_t number) { count = number; });
    run_until(loop, [&count] { return count.has_value(); });
    return *count;
  };
  CHECK(left() == 4);
  accepted[0].destroy();
  CHECK(left() == 3);
  accepted[1].resetAndDestroy();
  CHECK(left() == 2);
  Descriptor released(accepted[2].release());
  CHECK_MESSAGE(left() == 1, "a connection that is taken out of the loop is no more the server's");
  CHECK(log.text().empty());
  accepted[3].end().resume();
  released.close();
  run_to_the_end(loop);
  CHECK(log.text() == "close");
}

TEST_CASE("S9.15: 'close' of close() on a server that was closed before comes again, each callback runs once") {
  net::Loop loop;
  Log log;
  const net::Server server(loop);
  server.listen(0);
  server.close([&log](const net::Error& error) { log.add(error ? error.name() : "fine"); });
  run_to_the_end(loop);
  server.close([&log](const net::Error& error) { log.add(error ? error.name() : "fine"); });
  run_to_the_end(loop);
  CHECK(log.text() == "fine ERR_SERVER_NOT_RUNNING");
}

TEST_CASE("S19.8: a server that listens keeps the loop alive; one that is closed only through sockets that read") {
  net::Loop loop;
  bool closed = false;
  const net::Server server(loop, {.pauseOnConnect = true});
  server.on<"close">([&closed] { closed = true; });
  server.listen(0);
  CHECK(loop.alive());
  std::optional<net::Socket> accepted;
  server.on<"connection">([&accepted](const net::Socket& socket) { accepted = socket; });
  const net::Socket client(loop);
  client.pause();
  client.connect(server.address()->port, "127.0.0.1");
  run_until(loop, [&] { return accepted && !client.connecting(); });
  CHECK(loop.alive());
  server.close();
  CHECK_MESSAGE(!loop.alive(), "neither socket reads");
  loop.run();
  CHECK_FALSE(closed);
  accepted->resume();
  loop.runOnce(0);
  CHECK(loop.alive());
  accepted->destroy();
  client.destroy();
  run_to_the_end(loop);
  CHECK(closed);
}

TEST_CASE("S19.2: unref() before listen() holds for every later listen, until ref()") {
  net::Loop loop;
  const net::Server server(loop, {.reusable = true});
  server.unref();
  for (int round = 0; round < 2; ++round) {
    server.listen(0);
    loop.runOnce(0);
    CHECK_FALSE(loop.alive());
    server.close();
    loop.runOnce(0);
  }
  server.ref();
  server.listen(0);
  loop.runOnce(0);
  CHECK(loop.alive());
  server.unref();
  CHECK_FALSE(loop.alive());
  server.ref().close();
  run_to_the_end(loop);
}
