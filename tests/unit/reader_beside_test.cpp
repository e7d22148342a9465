#include <net/reader.hpp>

#include <doctest/doctest.h>

#include <memory>
#include <net.hpp>
#include <optional>
#include <string>

#include "tests/support/error_of.hpp"
#include "tests/support/session.hpp"

using namespace tests;

namespace {

/// A reader of `accepted` that has given one line of two, and holds the other one.
struct ReadBeside : Ends {
  explicit ReadBeside(net::Loop& on) : Ends(on), reader(std::make_unique<net::Reader>(*accepted)) {
    client.write("one\ntwo\n");
    take();
  }
  void take() {
    line.clear();
    net::spawn(loop, [this]() -> net::Task<> { line = (co_await reader->readLine(100)).value(); });
    run_until(loop, [this] { return !line.empty(); });
  }

  std::unique_ptr<net::Reader> reader;
  std::string line;
};

}  // namespace

TEST_CASE("S34.4: a socket whose reader nobody waits for is not piped, but when it has gone, with what it held") {
  net::Loop loop;
  ReadBeside socket(loop);
  CHECK(error_of([&] { socket.accepted->pipe(*socket.accepted); }).name() == "ERR_INVALID_STATE");
  std::string back;
  socket.reader.reset();
  socket.accepted->pipe(*socket.accepted);
  socket.client.on<"data">([&](net::Chunk chunk) { back += chunk; });
  socket.client.resume();
  run_until(loop, [&] { return back == "two\n"; });
  socket.destroy();
}

TEST_CASE("S34.4: a pipeline out of a socket whose reader nobody waits for tells its task so, and leaves neither open") {
  net::Loop loop;
  ReadBeside socket(loop);
  const net::Socket other(loop);
  std::string error;
  net::spawn(loop, [&]() -> net::Task<> {
    try {
      co_await net::pipeline(*socket.accepted, other);
    } catch (const net::Error& thrown) {
      error = thrown.name();
    }
  });
  CHECK(error == "ERR_INVALID_STATE");
  CHECK(socket.accepted->destroyed());
  CHECK(other.destroyed());
  socket.destroy();
}

TEST_CASE("S34.4: a pipe beside a reader that a task waits for, or that has had the end, has all that comes") {
  net::Loop loop;
  ReadBeside socket(loop);
  socket.take();
  std::string back;
  socket.client.on<"data">([&](net::Chunk chunk) { back += chunk; });
  socket.client.resume();
  std::optional<std::string> line;
  bool ended = false;
  net::spawn(loop, [&]() -> net::Task<> {
    line = co_await socket.reader->readLine(100);
    ended = !(co_await socket.reader->readLine(100));
  });
  socket.accepted->pipe(*socket.accepted);
  socket.client.end("three\n");
  run_until(loop, [&] { return ended && back == "three\n"; });
  CHECK(line == "three");
  socket.accepted->pipe(*socket.accepted);
  socket.destroy();
}

TEST_CASE(
    "S34.5: a task that waits for 'end' has it though a reader is there that nobody asks, which keeps what came") {
  net::Loop loop;
  ReadBeside socket(loop);
  socket.client.end("three\n");
  bool ended = false;
  std::string rest;
  net::spawn(loop, [&]() -> net::Task<> {
    co_await net::once<"end">(*socket.accepted);
    ended = true;
    while (const auto line = co_await socket.reader->readLine(100)) rest += *line + ' ';
  });
  run_until(loop, [&] { return ended && rest == "two three "; });
  socket.destroy();
}

TEST_CASE("S34.5: a task that waits for 'close' with a reader that holds nothing has it when the other side leaves") {
  net::Loop loop;
  int closed = 0;
  const net::Server server(loop, {}, [&](net::Socket client) -> net::Task<> {
    net::Reader reader(client);
    (void)co_await reader.readLine(100);
    co_await net::once<"close">(client);
    ++closed;
  });
  server.listen(0);
  for (int i = 0; i < 20; ++i) {
    const net::Socket client = net::connect(loop, server.address()->port, "127.0.0.1");
    client.end("subscribe\n");
    client.resume();
  }
  run_until(loop, [&] { return closed == 20; });
  server.close();
  loop.run();
}

TEST_CASE("S34.5: lines that wait are answered though a task waits for 'close' beside the one that reads them") {
  net::Loop loop;
  std::string answers;
  bool closed = false;
  const net::Server server(loop, {}, [&](net::Socket client) -> net::Task<> {
    net::Reader reader(client);
    const auto first = co_await reader.readLine(100);
    net::spawn(loop, [client, &closed]() -> net::Task<> {
      co_await net::once<"close">(client);
      closed = true;
    });
    co_await net::sleep(5);
    co_await net::write(client, *first + "! ");
    while (const auto line = co_await reader.readLine(100)) co_await net::write(client, *line + "! ");
  });
  server.listen(0);
  const net::Socket client = net::connect(loop, server.address()->port, "127.0.0.1");
  client.on<"data">([&](net::Chunk chunk) { answers += chunk; });
  client.end("one\ntwo\nthree\n");
  run_until(loop, [&] { return closed && client.destroyed(); });
  CHECK(answers == "one! two! three! ");
  server.close();
  loop.run();
}
