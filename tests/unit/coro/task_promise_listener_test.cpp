#include <net/detail/coro/task_promise.hpp>

#include <doctest/doctest.h>

#include <memory>
#include <net.hpp>
#include <string>

#include "tests/support/session.hpp"

using namespace tests;

TEST_CASE("S34.1: a listener that returns a task has it run, and its captures live until the task has ended") {
  net::Loop loop;
  const auto greeting = std::make_shared<std::string>("hello");
  std::string got;
  {
    const net::Server server(loop, {}, [greeting](net::Socket client) -> net::Task<> {
      co_await net::sleep(1);
      co_await net::write(client, *greeting);
      client.end();
    });
    server.once<"connection">([server] { server.close(); });
    server.listen(0);
    const net::Socket client = net::createConnection(loop, server.address()->port, "127.0.0.1");
    client.on<"data">([&](net::Chunk chunk) { got += chunk; });
  }
  loop.run();
  CHECK(got == "hello");
  CHECK(greeting.use_count() == 1);
}

TEST_CASE("S34.1: the listener may be removed, and the emitter gone, before its task has ended") {
  net::Loop loop;
  const auto held = std::make_shared<int>(1);
  int ended = 0;
  {
    const net::Socket socket(loop);
    socket.once<"pause">([held, &ended]() -> net::Task<> {
      co_await net::sleep(2);
      ended += *held;
    });
    socket.on<"pause">([held, &ended](net::Socket self) -> net::Task<> {
      self.removeAllListeners();
      co_await net::sleep(1);
      ended += *held;
    });
    socket.resume();
    socket.pause();
  }
  loop.run();
  CHECK(ended == 2);
  CHECK(held.use_count() == 1);
}

TEST_CASE("S34.1: what a listener's task is given stays as it is until the task has ended") {
  net::Loop loop;
  std::string got, failed;
  const net::Server server(loop, {}, [&](net::Socket client) {
    client.on<"data">([&got](std::string_view bytes) -> net::Task<> {
      co_await net::sleep(20);  // more has come by then, into the same buffer
      got += bytes;
    });
    client.once<"error">([&failed](const net::Error& error) -> net::Task<> {
      co_await net::sleep(1);
      failed = error.what();
    });
  });
  server.listen(0);
  const net::Socket client = net::createConnection(loop, server.address()->port, "127.0.0.1");
  server.once<"connection">([&](net::Socket accepted) -> net::Task<> {
    for (const std::string_view text : {"one ", "two ", "three "}) {
      client.write(text);
      co_await net::once<"data">(accepted);
    }
    accepted.destroy(net::Error("and an error"));
    server.close();
  });
  loop.run();
  CHECK(got == "one two three ");
  CHECK(failed == "and an error");
}

TEST_CASE("S34.1: an exception that escapes a listener's task leaves run(), and a task is destroyed with its loop") {
  const auto held = std::make_shared<int>(1);
  {
    net::Loop loop;
    const net::Socket socket(loop);
    socket.on<"pause">([]() -> net::Task<> {
      co_await net::sleep(1);
      throw net::Error("escaped");
    });
    socket.on<"pause">([held]() -> net::Task<> { co_await net::sleep(1'000'000); });
    socket.resume();
    socket.pause();
    CHECK_THROWS_WITH_AS(loop.run(), "escaped", net::Error);
    CHECK(held.use_count() > 1);
  }
  CHECK(held.use_count() == 1);
}

TEST_CASE("S34.1: spawn keeps what it is given as long as the task lives") {
  net::Loop loop;
  const auto held = std::make_shared<int>(7);
  int got = 0;
  net::spawn(loop, [held, &got]() -> net::Task<> {
    co_await net::sleep(1);
    got = *held;
  });
  CHECK(held.use_count() == 2);
  loop.run();
  CHECK(got == 7);
  CHECK(held.use_count() == 1);
}
