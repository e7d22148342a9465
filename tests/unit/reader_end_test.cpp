#include <net/reader.hpp>

#include <doctest/doctest.h>

#include <memory>
#include <net/promise.hpp>
#include <net/task.hpp>
#include <optional>
#include <string>

#include "tests/support/session.hpp"
#include "tests/support/support.hpp"

using namespace tests;

namespace {

net::Task<> takes_a_line(net::Reader& reader, std::string& line) { line = (co_await reader.readLine(100)).value(); }

net::Task<> takes_all(net::Reader& reader, std::string& all, bool& ended) {
  while (const auto chunk = co_await reader.next()) all += *chunk;
  ended = true;
}

/// A connection whose client has sent two lines and ended, when a reader has given the first line and holds the second.
struct EndBehindALine : Ends {
  explicit EndBehindALine(net::Loop& on) : Ends(on), reader(std::make_unique<net::Reader>(*accepted)) {
    accepted->on<"end">([this] { ++ends; });
    net::spawn(loop, takes_a_line(*reader, line));
    client.write("one\ntwo\n");
    client.end();
    run_until(loop, [this] { return client.writableFinished() && !line.empty(); });
    for (int turns = 0; turns < 5; ++turns) loop.runOnce(10);  // the end is there
    CHECK(line == "one");
    CHECK(ends == 0);
  }

  std::string line;
  int ends = 0;
  std::unique_ptr<net::Reader> reader;
};

}  // namespace

TEST_CASE("S34.4: 'end' does not overtake what a reader still holds") {
  net::Loop loop;
  EndBehindALine socket(loop);
  net::spawn(loop, takes_a_line(*socket.reader, socket.line));
  CHECK(socket.line == "two");
  bool ended = false;
  std::string rest;
  net::spawn(loop, takes_all(*socket.reader, rest, ended));
  run_until(loop, [&] { return ended; });
  CHECK(rest.empty());
  CHECK(socket.ends == 1);
  socket.destroy();
}

TEST_CASE("S34.5: what a reader held when the end came is there for the next one") {
  net::Loop loop;
  EndBehindALine socket(loop);
  socket.reader = std::make_unique<net::Reader>((socket.reader.reset(), *socket.accepted));
  bool ended = false;
  std::string rest;
  net::spawn(loop, takes_all(*socket.reader, rest, ended));
  run_until(loop, [&] { return ended; });
  CHECK(rest == "two\n");
  CHECK(socket.ends == 1);
  socket.destroy();
}

TEST_CASE("S34.5: what a reader held when the end came goes through a pipe, and the end behind it") {
  net::Loop loop;
  EndBehindALine socket(loop);
  socket.reader.reset();
  socket.accepted->pipe(*socket.accepted);
  std::string back;
  bool ended = false;
  socket.client.on<"data">([&](net::Chunk chunk) { back += chunk; });
  socket.client.on<"end">([&] { ended = true; });
  socket.client.resume();
  run_until(loop, [&] { return ended; });
  CHECK(back == "two\n");
  socket.destroy();
}

TEST_CASE("S34.5: when a reader has given all it held, the end follows it though nobody takes over") {
  net::Loop loop;
  EndBehindALine socket(loop);
  net::spawn(loop, takes_a_line(*socket.reader, socket.line));
  CHECK(socket.line == "two");
  socket.reader.reset();
  run_until(loop, [&] { return socket.ends == 1; });
  CHECK(socket.accepted->readableEnded());
  socket.destroy();
}

TEST_CASE("S34.4: lines that came with the end are answered, also by a task that takes its time") {
  net::Loop loop;
  const OneConnection one(loop);
  one.server.on<"connection">([](net::Socket client) -> net::Task<> {
    net::Reader reader(client);
    while (const auto line = co_await reader.readLine(100)) {
      if (*line == "one") co_await net::sleep(20);
      co_await net::write(client, "you said " + *line + "\n");
    }
  });
  std::string answers;
  const auto client = net::connect(loop, one.port(), "127.0.0.1");
  client.on<"data">([&](net::Chunk chunk) { answers += chunk; });
  client.end("one\ntwo\nthree\n");
  loop.run();
  CHECK(answers == "you said one\nyou said two\nyou said three\n");
}

TEST_CASE("S34.6: what comes when a wait was given up is for the next one who asks, and so is the end behind it") {
  net::Loop loop;
  Ends socket(loop);
  net::Reader reader(*socket.accepted);
  bool given_up = false;
  net::spawn(loop, [&]() -> net::Task<> {
    try {
      co_await reader.readLine(100, {.timeout = 1});
    } catch (const net::Error& error) {
      given_up = error.code() == net::Errc::ERR_TIMEOUT;
    }
  });
  run_until(loop, [&] { return given_up; });
  CHECK(socket.accepted->isPaused());
  socket.client.write("one\ntwo\n");
  socket.client.end();
  run_until(loop, [&] { return socket.client.writableFinished(); });
  for (int turns = 0; turns < 5; ++turns) loop.runOnce(10);  // the end is there
  std::string all;
  bool ended = false;
  net::spawn(loop, takes_all(reader, all, ended));
  run_until(loop, [&] { return ended; });
  CHECK(all == "one\ntwo\n");
  socket.destroy();
}
