#include <net/detail/stream/close.ipp>

#include <doctest/doctest.h>

#include <new>
#include <optional>
#include <string>

#include "tests/support/count_allocations.hpp"
#include "tests/support/session.hpp"
#include "tests/support/throwing.hpp"

using namespace tests;

TEST_CASE(
    "S32.5, S17.6: the first of several writes that are cancelled throws, there is no memory: all hear it, then "
    "'close'") {
  for (int ticks = 0; ticks < 40; ++ticks) {
    net::Loop loop;
    Ends ends(loop);
    std::optional<NoMemory> none;
    Log log;
    const auto failed = [&](const char* name) {
      return [&log, name](const net::Error& error) { log.add(std::string(name) + std::string(error.name())); };
    };
    ends.client.cork();
    ends.client.write(std::string(32 << 20, 'x'), [&] {
      log.add("first");
      for (int i = 0; i < ticks; ++i) loop.nextTick([] {});
      none.emplace();
      throw 1;
    });
    ends.client.write("y", failed("second:"));
    ends.client.uncork();
    ends.client.write("z", failed("third:"));
    ends.client.on<"close">([&] { log.add("close"); });
    ends.client.destroy();
    const int thrown = throws_without_memory(loop, none);
    CAPTURE(ticks);
    CHECK(thrown == 1);
    CHECK(log.text() == "first second:ECANCELED third:ECANCELED close");
    ends.destroy();
  }
}

TEST_CASE(
    "S32.5, S15.13: a 'close' listener throws, there is no memory: a write that waited for the connection hears it") {
  for (int ticks = 0; ticks < 40; ++ticks) {
    net::Loop loop;
    const net::Server server(loop);
    server.listen(0);
    std::optional<NoMemory> none;
    Log log;
    const net::Socket client(loop);
    client.connect(server.address()->port, "127.0.0.1");
    client.on<"close">([&] {
      log.add("close");
      for (int i = 0; i < ticks; ++i) loop.nextTick([] {});
      none.emplace();
      throw 1;
    });
    client.write("x", [&](const net::Error& error) { log.add(std::string(error.name())); });
    client.destroy();
    const int thrown = throws_without_memory(loop, none);
    CAPTURE(ticks);
    CHECK(thrown == 1);
    server.close();
    run_to_the_end(loop);
    CHECK(log.text() == "close ERR_SOCKET_CLOSED_BEFORE_CONNECTION");
  }
}

TEST_CASE("S32.5, S22.6: the last connection of a server that listened beside another is given up: its 'close' comes") {
  for (int ticks = 0; ticks < 40; ++ticks) {
    net::Loop loop;
    const net::Server one(loop), beside(loop);
    std::optional<NoMemory> none;
    bool closed = false;
    one.listen(0);
    beside.listen(one);
    const net::Socket client = client_of(loop, one);
    one.close();
    client.on<"error">([] {});
    beside.on<"close">([&] { closed = true; });
    beside.on<"connection">([&](const net::Socket& socket) {
      beside.close();
      client.write("x");
      socket.on<"data">([&] {
        for (int i = 0; i < ticks; ++i) loop.nextTick([] {});
        none.emplace();
        throw std::bad_alloc();
      });
    });
    int thrown = 0;
    for (int turns = 0; turns < 100 && thrown == 0; ++turns) {
      try {
        loop.runOnce(50);
      } catch (const std::bad_alloc&) {
        none.reset();
        ++thrown;
      }
    }
    CAPTURE(ticks);
    CHECK(thrown == 1);
    client.destroy();
    run_to_the_end(loop);
    CHECK(closed);
  }
}
