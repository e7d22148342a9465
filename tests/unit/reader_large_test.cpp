#include <net/reader.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <net/promise.hpp>
#include <net/task.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/count_allocations.hpp"
#include "tests/support/reading.hpp"
#include "tests/support/session.hpp"
#include "tests/support/throwing.hpp"

// Pieces that a reader does not copy, because the loop's buffer can become its own.

using namespace tests;

namespace {

constexpr std::size_t much = 16384;

bool all_are(std::string_view bytes, char letter) {
  return std::all_of(bytes.begin(), bytes.end(), [letter](char byte) { return byte == letter; });
}

void end_both(Ends& one, Ends& other) {
  one.client.destroy();
  one.accepted->destroy();
  other.destroy();
}

/// Takes so many bytes in large pieces, and holds each while it waits for a promise.
net::Task<> holds_large_pieces(net::Socket socket, char letter, std::size_t total, std::vector<net::Promise<>>& waits,
                               std::size_t& whole) {
  net::Reader reader(socket);
  for (std::size_t got = 0; got < total;) {
    const auto chunk = co_await reader.next();
    if (!chunk) break;
    got += chunk->size();
    const net::Promise<> held;
    waits.push_back(held);
    co_await held;
    if (all_are(*chunk, letter)) whole += chunk->size();
  }
}

Throwing throws_after_a_large_line(net::Reader& reader, std::optional<net::Chunk>& line) {
  line = co_await reader.readLineView(much);
  throw 5;
}

}  // namespace

TEST_CASE("S34.4: large pieces stay whole while their tasks wait for something else and the loop reads on") {
  net::Loop loop;
  constexpr std::size_t tasks = 24;  // more than buffers may be kept
  std::vector<std::unique_ptr<Ends>> ends;
  std::vector<net::Promise<>> waits;
  std::size_t whole = 0;
  for (std::size_t i = 0; i < tasks; ++i) {
    const char letter = static_cast<char>('a' + i);
    ends.push_back(std::make_unique<Ends>(loop));
    net::spawn(loop, holds_large_pieces(ends[i]->client, letter, 3 * much, waits, whole));
    ends[i]->accepted->write(std::string(3 * much, letter));
  }
  std::size_t rounds = 0;
  while (whole < tasks * 3 * much && ++rounds < 10000) {
    loop.runOnce(1);
    if (rounds % 3 != 0) continue;  // so that several hold theirs at a time
    for (const net::Promise<>& wait : std::vector<net::Promise<>>(std::move(waits))) wait.resolve();
    waits.clear();
  }
  CHECK(whole == tasks * 3 * much);
  for (const auto& pair : ends) pair->client.destroy(), pair->accepted->destroy();
  run_to_the_end(loop);
}

TEST_CASE("S34.4: a task that holds a large piece while it waits for another reader allocates nothing") {
  net::Loop loop;
  Ends one(loop), other(loop);
  std::size_t allocated = 0, rounds = 0;
  bool done = false;
  const std::string first(much, 'f'), second(much, 's');
  const auto holding = [&](net::Socket from, net::Socket then) -> net::Task<> {
    net::Reader reader(from), next(then);
    CountAllocations allocations;
    for (rounds = 0; rounds < 60; ++rounds) {
      if (rounds == 30) allocations.restart();
      one.accepted->write(first);
      const auto held = co_await reader.readView(much);
      other.accepted->write(second);
      const auto behind = co_await next.readView(much);
      if (!held || !behind || !all_are(*held, 'f') || !all_are(*behind, 's')) break;
    }
    allocated = allocations.count();
    done = true;
  };
  net::spawn(loop, holding(one.client, other.client));
  run_until(loop, [&] { return done; });
  CHECK(rounds == 60);
  CHECK(allocated == 0);
  end_both(one, other);
}

TEST_CASE("S34.4: lines of large pieces come whole, whether the task asks again at once or later") {
  std::string text, got;
  for (int i = 0; i < 40000; ++i) text += "line " + std::to_string(i) + '\n';
  serve(
      [&](net::Socket socket) -> net::Task<> {
        net::Reader reader(socket);
        int count = 0;
        while (const auto line = co_await reader.readLineView(100)) {
          if (++count % 5000 == 0) co_await net::sleep(1);
          got += *line;
          got += '\n';
        }
      },
      {text});
  CHECK(got == text);
}

TEST_CASE("a reader that goes with a large piece in its hands gives back what it did not take") {
  const std::string line(much, 'l');
  serve(
      [&](net::Socket socket) -> net::Task<> {
        for (const bool waits : {false, true}) {
          net::Reader reader(socket);
          CHECK((co_await reader.readLineView(much)).value() == line);
          if (waits) co_await net::sleep(1);
        }
        net::Reader reader(socket);
        CHECK((co_await reader.read(4)).value() == "rest");
      },
      {line + '\n' + line + "\nrest"});
}

TEST_CASE("a coroutine that throws out of a large piece leaves a reader that goes on, and its view whole") {
  net::Loop loop;
  Ends ends(loop);
  net::Reader reader(ends.client);
  std::optional<net::Chunk> line;
  const Throwing task = throws_after_a_large_line(reader, line);
  ends.accepted->write(std::string(much, 'x') + '\n' + std::string(much, 'y'));
  CHECK_THROWS_AS(run_until(loop, [] { return false; }), int);
  task.frame.destroy();
  std::string rest;
  net::spawn(loop, [&]() -> net::Task<> {
    CHECK(all_are(line.value(), 'x'));
    while (rest.size() < much) rest += (co_await reader.next()).value();
  });
  run_until(loop, [&] { return rest.size() == much; });
  CHECK(all_are(rest, 'y'));
  ends.destroy();
}

TEST_CASE("those who listen behind a reader see a large piece, even if its task keeps it or destroys the reader") {
  for (const bool destroys : {false, true}) {
    net::Loop loop;
    Ends ends(loop);
    std::string heard;
    auto reader = std::make_unique<net::Reader>(ends.client);
    std::optional<net::Chunk> chunk;
    const net::Promise<> held(loop);
    net::spawn(loop, [&]() -> net::Task<> {
      chunk = co_await reader->next();
      if (destroys) reader.reset();
      co_await held;
    });
    ends.client.on<"data">([&](net::Chunk piece) { heard += piece; });
    ends.accepted->write(std::string(much, 'z'));
    run_until(loop, [&] { return !heard.empty(); });
    CHECK(all_are(heard, 'z'));
    if (!destroys) CHECK(chunk.value() == heard);
    held.resolve();
    ends.destroy();
  }
}

TEST_CASE("S34.4, S34.5: a view stays whole while its task waits for 'close', and the reader takes what still comes") {
  for (const std::size_t size : {std::size_t{5}, much}) {
    net::Loop loop;
    Ends ends(loop);
    bool whole = false, done = false;
    net::spawn(loop, [&, socket = ends.client]() -> net::Task<> {
      net::Reader reader(socket);
      const auto chunk = co_await reader.readView(size);
      socket.end();
      ends.accepted->end(std::string(3 * much, 'n'));
      co_await net::once<"close">(socket);
      whole = all_are(chunk.value(), 'v');
      std::size_t rest = 0;
      while (const auto more = co_await reader.next()) rest += more->size();
      CHECK(rest == 3 * much);
      done = true;
    });
    ends.accepted->resume();
    ends.accepted->write(std::string(size, 'v'));
    run_until(loop, [&] { return done; });
    CHECK(whole);
    ends.destroy();
  }
}

TEST_CASE("a large piece that is put into another socket is whole in both") {
  net::Loop loop;
  Ends one(loop), other(loop);
  std::vector<net::Promise<>> waits;
  std::size_t whole = 0;
  other.client.resume();
  net::spawn(loop, holds_large_pieces(other.client, 'p', much, waits, whole));
  bool same = false, done = false;
  net::spawn(loop, [&]() -> net::Task<> {
    net::Reader reader(one.client);
    const auto chunk = co_await reader.readView(much);
    other.client.unshift(*chunk);
    while (waits.empty()) co_await net::sleep(1);
    waits[0].resolve();
    one.accepted->write(std::string(much, 'q'));
    co_await net::sleep(1);
    same = all_are(chunk.value(), 'p');
    CHECK((co_await reader.read(much)).value() == std::string(much, 'q'));
    done = true;
  });
  one.accepted->write(std::string(much, 'p'));
  run_until(loop, [&] { return done && whole == much; });
  CHECK(same);
  end_both(one, other);
}
