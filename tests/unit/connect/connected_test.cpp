#include <net/detail/connect/connected.ipp>

#include <doctest/doctest.h>

#include <stdexcept>
#include <string>

#include "tests/support/session.hpp"

using namespace tests;

namespace {

/// Runs until nothing is left, through the exceptions of listeners; gives their number.
int run_through(net::Loop& loop) {
  for (int thrown = 0;; ++thrown) {
    try {
      loop.run();
      return thrown;
    } catch (const std::runtime_error&) {}
  }
}

}  // namespace

TEST_CASE("S12.15: 'connect' and 'ready' are one callback: what 'connect' queues for a tick comes behind 'ready'") {
  net::Loop loop;
  const OneConnection one(loop);
  one.server.on<"connection">([](const net::Socket& socket) { socket.end(); });
  const net::Socket client = client_of(loop, one.server);
  Log log;
  client.on<"connect">([&] {
    loop.nextTick([&log] { log.add("tick"); });
    log.add("connect");
  });
  client.on<"ready">([&log] { log.add("ready"); });
  loop.run();
  CHECK(log.text() == "connect ready tick");
}

TEST_CASE("S12.15: a listener of 'connect' that throws keeps nothing back: the write, the reading and the end go on") {
  net::Loop loop;
  const OneConnection one(loop);
  std::string heard;
  one.server.on<"connection">([&](const net::Socket& socket) {
    socket.on<"data">([&heard](net::Chunk chunk) { heard += chunk.toString(); });
    socket.on<"end">([socket] { socket.end("answer"); });
  });
  const net::Socket client(loop, {.allowHalfOpen = true});
  Log log;
  note(client, log);
  client.on<"connect">([] { throw std::runtime_error("a listener"); });
  std::string answer;
  client.on<"data">([&answer](net::Chunk chunk) { answer += chunk.toString(); });
  client.connect(one.port(), "127.0.0.1");
  client.end("asked before the connection");
  CHECK(run_through(loop) == 1);
  CHECK(heard == "asked before the connection");
  CHECK(answer == "answer");
  CHECK(log.has("close(false)"));
}

TEST_CASE("S17.12: a reset that was asked for before the connection happens behind 'connect', though that throws") {
  net::Loop loop;
  const OneConnection one(loop);
  Log served, log;
  one.server.on<"connection">([&](const net::Socket& socket) {
    note(socket, served);
    socket.resume();
  });
  const net::Socket client = client_of(loop, one.server);
  note(client, log);
  client.on<"connect">([] { throw std::runtime_error("a listener"); });
  client.resetAndDestroy();
  CHECK(run_through(loop) == 1);
  CHECK(log.has("close(false)"));
  CHECK(served.has("error(read ECONNRESET)"));
}

TEST_CASE("S12.15: a socket that is destroyed in 'connect' is not read, and emits 'close' as its last") {
  net::Loop loop;
  const OneConnection one(loop);
  one.server.on<"connection">([](const net::Socket& socket) {
    socket.on<"error">([] {});  // a reset, if it writes behind the end
    socket.end("too late");
  });
  const net::Socket client = client_of(loop, one.server);
  Log log;
  note(client, log);
  client.on<"data">([&log] { log.add("data"); });
  client.on<"connect">([client] { client.destroy(); });
  loop.run();
  CHECK(log.text() == "attempt resume connect ready close(false)");
}
