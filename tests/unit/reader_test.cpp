#include <net/reader.hpp>

#include <doctest/doctest.h>

#include <cstddef>
#include <net/task.hpp>
#include <optional>
#include <string>
#include <vector>

#include "tests/support/count_allocations.hpp"
#include "tests/support/reading.hpp"
#include "tests/support/session.hpp"

using namespace tests;

TEST_CASE("next gives every byte once, in order, and is empty at the end") {
  std::string text;
  serve(
      [&](net::Socket socket) -> net::Task<> {
        net::Reader reader(socket);
        while (auto chunk = co_await reader.next()) text += chunk->view();
        CHECK_FALSE(co_await reader.next());
      },
      {"one ", "two ", "three"});
  CHECK(text == "one two three");
}

TEST_CASE("a second chunk does not overtake the first, however slow the task is") {
  Log log;
  serve(
      [&](net::Socket socket) -> net::Task<> {
        net::Reader reader(socket);
        while (auto chunk = co_await reader.next()) {
          const std::string name(1, chunk->view().front());
          log.add("begin-" + name);
          co_await net::sleep(10);
          log.add("end-" + name);
          CHECK(chunk->view().front() == name[0]);  // valid until the next next()
        }
      },
      {"A", "B", "C"});
  CHECK(log.text().starts_with("begin-A end-A begin-B end-B"));
}

TEST_CASE("a task that does not read holds the sender back") {
  net::Loop loop;
  const OneConnection one(loop);
  const std::size_t total = 64 << 20;
  std::size_t received = 0;
  bool stuck = false;
  const auto reading = [&](net::Socket socket) -> net::Task<> {
    net::Reader reader(socket);
    auto first = co_await reader.next();
    received += first->size();
    co_await net::sleep(50);
    // what it did not ask for is with the kernel or with the sender
    CHECK(socket.readableLength() <= 4 * socket.readableHighWaterMark());
    CHECK(socket.bytesRead() < total / 4);
    while (auto chunk = co_await reader.next()) received += chunk->size();
  };
  one.server.on<"connection">([&](const net::Socket& socket) { net::spawn(reading(socket)); });
  const auto sending = [&](int port) -> net::Task<> {
    const net::Socket socket = co_await net::connected(port, "127.0.0.1");
    const std::string block(1 << 20, 'x');
    for (std::size_t sent = 0; sent < total; sent += block.size()) {
      if (socket.write(block)) continue;
      stuck = true;
      co_await net::once<"drain">(socket);
    }
    socket.end();
  };
  net::spawn(sending(one.port()));
  loop.run();
  CHECK(stuck);
  CHECK(received == total);
}

TEST_CASE("read gives exactly so many bytes, from one chunk or from many") {
  serve(
      [](net::Socket socket) -> net::Task<> {
        net::Reader reader(socket);
        CHECK((co_await reader.read(3)).value() == "abc");
        CHECK((co_await reader.read(0)).value().empty());
        CHECK((co_await reader.read(5)).value() == "defgh");
        CHECK((co_await reader.read(2)).value() == "ij");
        CHECK_FALSE(co_await reader.read(1));
      },
      {"abcd", "ef", "ghij"});
}

TEST_CASE("a peer that ends in the middle of read(n) is ERR_STREAM_PREMATURE_CLOSE, and what came is still there") {
  serve(
      [](net::Socket socket) -> net::Task<> {
        net::Reader reader(socket);
        CHECK(co_await error_name(reader.read(10)) == "ERR_STREAM_PREMATURE_CLOSE");
        CHECK((co_await reader.next())->view() == "four");
        CHECK_FALSE(co_await reader.next());
      },
      {"four"});
}

TEST_CASE("readLine splits at line feeds, drops carriage returns, and gives what stands before the end") {
  std::vector<std::string> lines;
  serve(
      [&](net::Socket socket) -> net::Task<> {
        net::Reader reader(socket);
        while (auto line = co_await reader.readLine(16)) lines.push_back(*line);
      },
      {"one\ntwo\r\n\nthr", "ee\r", "\nin\rside\nlast\r"});
  CHECK(lines == std::vector<std::string>{"one", "two", "", "three", "in\rside", "last\r"});
}

TEST_CASE("a line may have as many bytes as the limit says, and not one more") {
  serve(
      [](net::Socket socket) -> net::Task<> {
        net::Reader reader(socket);
        CHECK((co_await reader.readLine(4)).value() == "1234");
        CHECK((co_await reader.readLine(4)).value() == "5678");
        CHECK(co_await error_name(reader.readLine(4)) == "EMSGSIZE");
        CHECK(co_await error_name(reader.readLine(4)) == "EMSGSIZE");
        CHECK((co_await reader.readLine(5)).value() == "12345");
      },
      {"1234\r\n5678\n12345\n"});
}

TEST_CASE("an endless line is an error as soon as it is over the limit") {
  serve(
      [](net::Socket socket) -> net::Task<> {
        net::Reader reader(socket);
        CHECK(co_await error_name(reader.readLine(100)) == "EMSGSIZE");
        CHECK(socket.bytesRead() < 1000);
      },
      {std::string(60, 'x'), std::string(60, 'x'), std::string(60, 'x')}, false);
}

TEST_CASE("the three ways to read may be mixed") {
  serve(
      [](net::Socket socket) -> net::Task<> {
        net::Reader reader(socket);
        CHECK((co_await reader.readLine(20)).value() == "length 5");
        CHECK((co_await reader.read(5)).value() == "hello");
        CHECK((co_await reader.next())->view() == "rest");
        CHECK_FALSE(co_await reader.readLine(20));
      },
      {"length 5\nhellorest"});
}

TEST_CASE("only one task may wait for a reader") {
  serve(
      [](net::Socket socket) -> net::Task<> {
        net::Reader reader(socket);
        auto waiting = [](net::Reader& shared) -> net::Task<> { co_await shared.next(); };
        net::spawn(waiting(reader));
        CHECK(co_await error_name(reader.next()) == "ERR_INVALID_STATE");
        while (socket.bytesRead() == 0) co_await net::sleep(1);
      },
      {"x"});
}

TEST_CASE("an echo by coroutines allocates nothing for a chunk") {
  net::Loop loop;
  const OneConnection one(loop);
  const auto echo = [](net::Socket socket) -> net::Task<> {
    net::Reader reader(socket);
    while (auto chunk = co_await reader.next()) co_await net::write(socket, *chunk);
  };
  one.server.on<"connection">([&](const net::Socket& socket) { net::spawn(echo(socket)); });
  int left = 0;
  std::size_t allocated = 1;
  const auto asking = [&](int port) -> net::Task<> {
    const net::Socket socket = co_await net::connected(port, "127.0.0.1");
    net::Reader reader(socket);
    CountAllocations allocations;
    for (left = 300; left > 0; --left) {
      if (left == 200) allocations.restart();
      co_await net::write(socket, "0123456789abcdef0123456789abcdef");
      auto answer = co_await reader.readView(32);
      if (!answer) break;
    }
    allocated = allocations.count();
    socket.end();
  };
  net::spawn(asking(one.port()));
  loop.run();
  CHECK(left == 0);
  CHECK(allocated == 0);
}

TEST_CASE("S34.9: a reader that goes while a task waits for it: the task is told, whatever it asked for") {
  for (int way = 0; way < 3; ++way) {
    net::Loop loop;
    const OneConnection one(loop);
    std::optional<net::Reader> reader;
    std::string told;
    one.server.on<"connection">([&](const net::Socket& socket) {
      reader.emplace(socket);
      net::spawn([&]() -> net::Task<> {
        try {
          if (way == 0) co_await reader->next();
          if (way == 1) co_await reader->readLine(100, {.timeout = 100'000});
          if (way == 2) co_await reader->readUntil("--", 100);
        } catch (const net::Error& error) {
          told = error.name();
        }
      });
      net::setTimeout(
          [&] {
            reader.reset();
            CHECK(told.empty());
          },
          1);
    });
    const net::Socket client(loop);
    client.connect(one.port(), "127.0.0.1");
    client.on<"error">([](const net::Error&) {});
    loop.run();
    CHECK(told == "ERR_STREAM_PREMATURE_CLOSE");
  }
}
