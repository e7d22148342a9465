// The clock of the machine in memory goes only when the loop waits, so what comes when is known to the
// millisecond.
#include "tests/support/memory_machine.hpp"

#include <doctest/doctest.h>

#include <optional>
#include <string>

using net::detail::World;

namespace {

/// A loop on a machine without faults, with a server and a client that is connected to it.
struct Pair {
  explicit Pair(const net::SocketOptions& options = {}) : client(loop, options) {
    world.faults = false;
    server.listen(1);
    server.on<"connection">([this](const net::Socket& socket) { accepted = socket; });
    server.unref();
  }
  void connect() {
    client.connect(1, "127.0.0.1");
    while (!accepted || client.connecting()) loop.runOnce();
  }
  /// Lets so much time pass, and the loop do what is due meanwhile.
  void pass(int milliseconds) {
    bool over = false;
    loop.setTimeout([&over] { over = true; }, milliseconds);
    while (!over) loop.runOnce();
  }

  World world{1};
  net::Loop loop;
  net::Server server{loop};
  net::Socket client;
  std::optional<net::Socket> accepted;
};

}  // namespace

TEST_CASE("S18.1, S18.4: 'timeout' comes once, when nothing happened for so long, and nothing else happens") {
  Pair pair;
  pair.connect();
  int calls = 0, closed = 0;
  pair.client.on<"timeout">([&calls] { ++calls; });
  pair.client.on<"close">([&closed] { ++closed; });
  pair.client.setTimeout(1000);
  pair.pass(900);
  CHECK(calls == 0);
  pair.pass(200);
  CHECK(calls == 1);
  pair.pass(5000);
  CHECK_MESSAGE(calls == 1, "it does not repeat by itself");
  CHECK(closed == 0);
  CHECK(pair.client.readyState() == net::ReadyState::open);
  pair.client.write("x");
  pair.pass(900);
  CHECK(calls == 1);
  pair.pass(200);
  CHECK_MESSAGE(calls == 2, "activity starts it again");
  pair.client.setTimeout(0);
  pair.client.write("x");
  pair.pass(5000);
  CHECK(calls == 2);
}

TEST_CASE("S18.2: what is read, a write, its completion and setTimeout() itself put the timeout off") {
  Pair pair;
  pair.connect();
  int calls = 0;
  pair.client.on<"timeout">([&calls] { ++calls; });
  pair.client.setTimeout(1000);
  pair.pass(900);
  pair.accepted->write("to be read");
  pair.pass(900);
  CHECK(calls == 0);
  pair.client.write("written");
  pair.pass(900);
  CHECK(calls == 0);
  pair.client.setTimeout(1000);
  pair.pass(900);
  CHECK(calls == 0);
  // more than the other side takes: it is complete only when that one reads
  pair.accepted->pause();
  pair.pass(900);
  CHECK(calls == 1);
  bool complete = false;
  pair.client.write(std::string(2000000, 'x'), [&complete] { complete = true; });
  pair.pass(900);
  CHECK_FALSE(complete);
  pair.accepted->on<"data">([] {});
  pair.accepted->resume();
  pair.pass(900);
  CHECK(complete);
  CHECK(calls == 1);
  pair.pass(200);
  CHECK(calls == 2);
  pair.accepted->end();
  pair.client.allowHalfOpen(true);
  pair.pass(900);
  CHECK_MESSAGE(calls == 2, "the end of the other side is read too");
  pair.pass(200);
  CHECK(calls == 3);
}

TEST_CASE("S18.2, S18.3: the timeout runs without a connection, and connect() and 'connect' put it off") {
  Pair pair;
  int calls = 0;
  pair.client.on<"timeout">([&calls] { ++calls; });
  pair.client.setTimeout(1000);
  pair.pass(1100);
  CHECK(calls == 1);
  pair.connect();
  pair.pass(900);
  CHECK(calls == 1);
  pair.pass(200);
  CHECK(calls == 2);
}

TEST_CASE("S18.3: the timeout keeps neither the loop alive nor a socket that nobody has") {
  Pair pair;
  int calls = 0;
  pair.client.setTimeout(1000, [&calls] { ++calls; });
  CHECK_FALSE(pair.loop.runOnce(0));
  pair.loop.run();
  {
    const net::Socket forgotten(pair.loop);
    forgotten.setTimeout(1000, [&calls] { ++calls; });
  }
  CHECK(calls == 0);
  pair.pass(1100);
  CHECK(calls == 1);
}

TEST_CASE("S18.6: setTimeout() with a listener adds it for one time; 0 takes the timeout away, not the listener") {
  Pair pair;
  pair.connect();
  int calls = 0;
  const auto count = [&calls] { ++calls; };
  pair.client.setTimeout(1000, count).setTimeout(1000, count);
  CHECK(pair.client.listenerCount<"timeout">() == 2);
  pair.pass(1100);
  CHECK(calls == 2);
  CHECK(pair.client.listenerCount<"timeout">() == 0);
  pair.client.setTimeout(1000, count).setTimeout(0, count);
  CHECK(pair.client.listenerCount<"timeout">() == 1);
  pair.pass(5000);
  CHECK(calls == 2);
}

TEST_CASE("S18.7, S11.18: after destroy() no 'timeout' comes, and setTimeout() has no effect") {
  Pair pair;
  pair.connect();
  int calls = 0;
  pair.client.setTimeout(1000, [&calls] { ++calls; });
  pair.client.destroy();
  CHECK(pair.client.timeout()->count() == 1000);
  pair.client.setTimeout(500, [&calls] { ++calls; });
  CHECK(pair.client.timeout()->count() == 1000);
  CHECK_MESSAGE(pair.client.listenerCount<"timeout">() == 1, "none was added");
  pair.pass(5000);
  CHECK(calls == 0);
}

TEST_CASE(
    "S18.7: nor does it come back with another connection, whether it was emitted before or not, unless it is set "
    "again") {
  for (const bool emitted_before : {false, true}) {
    Pair pair({.reusable = true});
    pair.connect();
    int calls = 0;
    pair.client.on<"timeout">([&calls] { ++calls; });
    pair.client.setTimeout(1000);
    if (emitted_before) pair.pass(1100);
    calls = 0;
    pair.client.destroy();
    pair.pass(1);
    pair.accepted.reset();
    pair.connect();
    pair.client.write("x");
    pair.pass(5000);
    CHECK(calls == 0);
    CHECK(pair.client.timeout()->count() == 1000);
    pair.client.setTimeout(1000);
    pair.pass(1100);
    CHECK(calls == 1);
  }
}

TEST_CASE("S18.1: a 'timeout' listener may destroy its socket, set another timeout, or throw") {
  Pair pair;
  pair.connect();
  int calls = 0;
  pair.client.once<"timeout">([&] {
    ++calls;
    pair.client.setTimeout(500);
    throw std::string("thrown");
  });
  pair.client.setTimeout(1000);
  CHECK_THROWS_AS(pair.pass(5000), std::string);
  CHECK(calls == 1);
  pair.client.once<"timeout">([&] {
    ++calls;
    pair.client.destroy();
  });
  pair.pass(600);
  CHECK(calls == 2);
  CHECK(pair.client.destroyed());
  pair.pass(5000);
  CHECK(calls == 2);
}

TEST_CASE("S18.8: any finite time may be given, also one that is longer than a timer's") {
  net::Loop loop;
  const net::Socket socket(loop);
  socket.setTimeout(1e18);
  CHECK(socket.timeout() == std::chrono::milliseconds(1'000'000'000'000'000'000));
  socket.setTimeout(std::chrono::milliseconds::max());
  CHECK(socket.timeout() == std::chrono::milliseconds::max());
  socket.destroy();
}
