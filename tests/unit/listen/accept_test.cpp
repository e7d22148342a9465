#include <net/detail/listen/accept.ipp>

#include <doctest/doctest.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/support/session.hpp"
#include "tests/support/skip.hpp"
#include "tests/support/support.hpp"

using namespace tests;

TEST_CASE("S8.4: the limit may be changed at any time; those who are there stay") {
  net::Loop loop;
  Log log;
  const net::Server server(loop);
  server.listen(0);
  CHECK_FALSE(server.maxConnections().has_value());
  std::vector<net::Socket> accepted;
  server.on<"connection">([&](const net::Socket& socket) {
    log.add("connection");
    accepted.push_back(socket);
  });
  server.on<"drop">([&log] { log.add("drop"); });
  const auto connect = [&] {
    const std::size_t before = log.text().size();
    client_of(loop, server).on<"error">([] {}).resume();
    run_until(loop, [&] { return log.text().size() > before; });
  };
  connect();
  connect();
  server.maxConnections(1);
  connect();
  CHECK(accepted.size() == 2);
  accepted[0].destroy();
  connect();
  accepted[1].destroy();
  connect();
  server.maxConnections(std::nullopt);
  connect();
  CHECK(log.text() == "connection connection drop drop connection connection");
  for (const net::Socket& socket : accepted) socket.destroy();
  server.close();
  run_to_the_end(loop);
}

TEST_CASE("S2.1, S9.16: what came with a lone connection is emitted behind the immediates that 'connection' queued") {
  net::Loop loop;
  Log log;
  bool destroys = false;
  const net::Server server(loop);
  server.listen(0);
  server.on<"connection">([&](const net::Socket& socket) {
    log.add("connection");
    socket.on<"data">([&log](net::Chunk chunk) { log.add(chunk); });
    socket.on<"close">([&log] { log.add("close"); });
    loop.setImmediate([&log] { log.add("immediate"); }).unref();
    net::nextTick([&log, &destroys, socket] {
      log.add("tick");
      if (destroys) socket.destroy();
    });
  });
  const auto visit = [&](bool destroyed) {
    destroys = destroyed;
    log.clear();
    const Descriptor client = connect_raw(server.address()->port);
    send_raw(client, "hello");
    if (!destroyed) run_until(loop, [&log] { return log.has("hello"); });
    ::shutdown(client.get(), SHUT_WR);
    run_until(loop, [&log] { return log.has("close"); });
  };
  visit(false);
  CHECK(log.text() == "connection tick immediate hello close");
  visit(true);
  CHECK(log.text() == "connection tick immediate close");
}

TEST_CASE("S9.18, S3.1: an accept that fails otherwise is an 'error' in Node's words, and the server goes on") {
  NET_NOT_ON_WINDOWS("no call puts another socket under the same number");
  net::Loop loop;
  std::string failure;
  const net::Server server(loop);
  server.listen(0);
  server.on<"error">([&failure](const net::Error& error) { failure = error.what(); });
  loop.runOnce(0);
  // a descriptor that is none to accept from, put in the place of the server's
  const int listening = server.nativeHandle();
  const Descriptor kept(::dup(listening)), other(::socket(AF_INET, SOCK_DGRAM, 0));
  REQUIRE(::dup2(other.get(), listening) == listening);
  net::detail::Access::state(server).accept_one();
  CHECK(failure == "accept " + std::string(net::detail::system_error_name(EOPNOTSUPP)));
  REQUIRE(::dup2(kept.get(), listening) == listening);
  CHECK(server.listening());
  server.close();
  run_to_the_end(loop);
}
