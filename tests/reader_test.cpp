#include <net/reader.hpp>

#include <doctest/doctest.h>

#include <cstddef>
#include <net/task.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/count_allocations.hpp"
#include "tests/session.hpp"
#include "tests/support.hpp"

namespace {

/// What a task reads from a client that sends these pieces, each when the one before was received, and ends.
template <class Serve>
void serve(Serve handler, std::vector<std::string> pieces, bool ends = true) {
  net::Loop loop;
  const tests::OneConnection one(loop);
  bool done = false;
  const auto whole = [](Serve& inner, net::Socket socket, bool& flag) -> net::Task<> {
    co_await inner(socket);
    flag = true;
    socket.destroy();
  };
  std::optional<net::Socket> accepted;
  one.server.on<"connection">([&](const net::Socket& socket) {
    accepted = socket;
    net::spawn(whole(handler, socket, done));
  });
  const auto client = [&accepted](int port, const std::vector<std::string>& texts, bool end) -> net::Task<> {
    const net::Socket socket = co_await net::connected(port, "127.0.0.1");
    socket.on<"error">([] {});
    std::size_t sent = 0;
    for (const std::string& text : texts) {
      socket.write(text);
      sent += text.size();
      while (!accepted || (accepted->bytesRead() < sent && !accepted->destroyed())) co_await net::sleep(1);
    }
    if (end) socket.end();
  };
  net::spawn(client(one.port(), pieces, ends));
  loop.run();
  CHECK(done);
}

/// The name of the Error that awaiting throws; "none" if it does not.
template <class Awaitable>
net::Task<std::string> error_of(Awaitable awaitable) {
  try {
    co_await awaitable;
  } catch (const net::Error& error) {
    co_return std::string(error.name());
  }
  co_return "none";
}

}  // namespace

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
  tests::Log log;
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
  const tests::OneConnection one(loop);
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
        CHECK((co_await reader.read(3))->view() == "abc");
        CHECK((co_await reader.read(0))->view().empty());
        CHECK((co_await reader.read(5))->view() == "defgh");
        CHECK((co_await reader.read(2))->view() == "ij");
        CHECK_FALSE(co_await reader.read(1));
      },
      {"abcd", "ef", "ghij"});
}

TEST_CASE("a peer that ends in the middle of read(n) is ERR_STREAM_PREMATURE_CLOSE, and what came is still there") {
  serve(
      [](net::Socket socket) -> net::Task<> {
        net::Reader reader(socket);
        CHECK(co_await error_of(reader.read(10)) == "ERR_STREAM_PREMATURE_CLOSE");
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
        while (auto line = co_await reader.readLine(16)) lines.emplace_back(line->view());
      },
      {"one\ntwo\r\n\nthr", "ee\r", "\nin\rside\nlast\r"});
  CHECK(lines == std::vector<std::string>{"one", "two", "", "three", "in\rside", "last\r"});
}

TEST_CASE("a line may have as many bytes as the limit says, and not one more") {
  serve(
      [](net::Socket socket) -> net::Task<> {
        net::Reader reader(socket);
        CHECK((co_await reader.readLine(4))->view() == "1234");
        CHECK((co_await reader.readLine(4))->view() == "5678");
        CHECK(co_await error_of(reader.readLine(4)) == "EMSGSIZE");
        CHECK(co_await error_of(reader.readLine(4)) == "EMSGSIZE");
        CHECK((co_await reader.readLine(5))->view() == "12345");
      },
      {"1234\r\n5678\n12345\n"});
}

TEST_CASE("an endless line is an error as soon as it is over the limit") {
  serve(
      [](net::Socket socket) -> net::Task<> {
        net::Reader reader(socket);
        CHECK(co_await error_of(reader.readLine(100)) == "EMSGSIZE");
        CHECK(socket.bytesRead() < 1000);
      },
      {std::string(60, 'x'), std::string(60, 'x'), std::string(60, 'x')}, false);
}

TEST_CASE("the three ways to read may be mixed") {
  serve(
      [](net::Socket socket) -> net::Task<> {
        net::Reader reader(socket);
        CHECK((co_await reader.readLine(20))->view() == "length 5");
        CHECK((co_await reader.read(5))->view() == "hello");
        CHECK((co_await reader.next())->view() == "rest");
        CHECK_FALSE(co_await reader.readLine(20));
      },
      {"length 5\nhellorest"});
}

TEST_CASE("a reset is thrown, what came before it is told first, and it is thrown again") {
  net::Loop loop;
  const tests::OneConnection one(loop);
  std::string first, second;
  const auto reading = [&](net::Socket socket) -> net::Task<> {
    net::Reader reader(socket);
    first = co_await error_of(reader.read(100));
    second = co_await error_of(reader.read(100));
  };
  one.server.on<"connection">([&](const net::Socket& socket) { net::spawn(reading(socket)); });
  const auto sending = [](int port) -> net::Task<> {
    const net::Socket socket = co_await net::connected(port, "127.0.0.1");
    socket.write("half");
    co_await net::sleep(5);
    socket.resetAndDestroy();
  };
  net::spawn(sending(one.port()));
  loop.run();
  CHECK(first == "ECONNRESET");
  CHECK(second == "ECONNRESET");
}

TEST_CASE("an error between two waits is thrown by the next one") {
  net::Loop loop;
  const tests::OneConnection one(loop);
  std::string name;
  const auto reading = [&](net::Socket socket) -> net::Task<> {
    net::Reader reader(socket);
    socket.destroy(net::Error(net::Errc::ERR_INVALID_STATE));
    co_await net::sleep(5);
    name = co_await error_of(reader.next());
  };
  one.server.on<"connection">([&](const net::Socket& socket) { net::spawn(reading(socket)); });
  const net::Socket client = tests::client_of(loop, one.server);
  loop.run();
  CHECK(name == "ERR_INVALID_STATE");
}

TEST_CASE("a socket that is destroyed during the wait, or was before, is the end") {
  serve(
      [](net::Socket socket) -> net::Task<> {
        net::Reader reader(socket);
        net::setTimeout([socket] { socket.destroy(); }, 2);
        CHECK_FALSE(co_await reader.next());
        net::Reader late(socket);
        CHECK_FALSE(co_await late.next());
        CHECK_FALSE(co_await late.readLine(10));
      },
      {}, false);
}

TEST_CASE("a reader that is made after the end knows it") {
  serve(
      [](net::Socket socket) -> net::Task<> {
        {
          net::Reader reader(socket);
          while (co_await reader.next()) {}
        }
        net::Reader late(socket);
        CHECK_FALSE(co_await late.next());
      },
      {"x"});
}

TEST_CASE("when a reader goes, the next one finds what it did not take from the socket") {
  serve(
      [](net::Socket socket) -> net::Task<> {
        {
          net::Reader reader(socket);
          CHECK((co_await reader.next())->view() == "one");
        }
        CHECK(socket.isPaused());
        CHECK(socket.listenerCount<"data">() == 0);
        co_await net::sleep(20);
        net::Reader reader(socket);
        CHECK((co_await reader.next())->view() == "two");
      },
      {"one", "two"});
}

TEST_CASE("only one task may wait for a reader") {
  serve(
      [](net::Socket socket) -> net::Task<> {
        net::Reader reader(socket);
        auto waiting = [](net::Reader& shared) -> net::Task<> { co_await shared.next(); };
        net::spawn(waiting(reader));
        CHECK(co_await error_of(reader.next()) == "ERR_INVALID_STATE");
        while (socket.bytesRead() == 0) co_await net::sleep(1);
      },
      {"x"});
}

TEST_CASE("an echo by coroutines allocates nothing for a chunk") {
  net::Loop loop;
  const tests::OneConnection one(loop);
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
    tests::CountAllocations allocations;
    for (left = 300; left > 0; --left) {
      if (left == 200) allocations.restart();
      co_await net::write(socket, "0123456789abcdef0123456789abcdef");
      auto answer = co_await reader.read(32);
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

TEST_CASE("an acceptor gives the connections one by one, also those that came before it was asked") {
  net::Loop loop;
  const net::Server server(loop);
  server.listen(0);
  std::vector<std::string> greetings;
  bool closed = false;
  const auto accepting = [&](net::Server from) -> net::Task<> {
    net::Acceptor acceptor(from);
    while (auto socket = co_await acceptor.next()) {
      net::Reader reader(*socket);
      auto line = co_await reader.readLine(10);
      greetings.emplace_back(line->view());
      socket->destroy();
      if (greetings.size() == 3) from.close();
    }
    closed = true;
  };
  net::spawn(accepting(server));
  const auto greeting = [](int port, std::string text) -> net::Task<> {
    const net::Socket socket = co_await net::connected(port, "127.0.0.1");
    socket.on<"error">([] {});
    co_await net::sleep(5);
    socket.write(text);
    net::Reader reader(socket);
    co_await error_of(reader.next());
  };
  for (const char* const text : {"a\n", "a\n", "a\n"}) net::spawn(greeting(server.address()->port, text));
  loop.run();
  CHECK(greetings == std::vector<std::string>{"a", "a", "a"});
  CHECK(closed);
}

TEST_CASE("an acceptor throws what listening failed with, and can be asked again") {
  net::Loop loop;
  const net::Server holder(loop), second(loop);
  holder.listen(0, "127.0.0.1");
  std::string name;
  const auto accepting = [&]() -> net::Task<> {
    co_await net::once<"listening">(holder);
    net::Acceptor acceptor(second);
    second.listen(holder.address()->port, "127.0.0.1");
    name = co_await error_of(acceptor.next());
    second.listen(0, "127.0.0.1");
    holder.close();
    net::setTimeout([&] { second.close(); }, 2);
    CHECK_FALSE(co_await acceptor.next());
  };
  net::spawn(accepting());
  loop.run();
  CHECK(name == "EADDRINUSE");
}

TEST_CASE("a waiting connection that breaks disturbs nobody, and one that nobody takes is destroyed") {
  net::Loop loop;
  const net::Server server(loop);
  server.listen(0);
  int arrived = 0;
  server.on<"connection">([&] { ++arrived; });
  std::string name;
  const auto accepting = [&](net::Server from) -> net::Task<> {
    {
      net::Acceptor acceptor(from);
      while (arrived < 2) co_await net::sleep(1);  // the first one has broken by then
      auto broken = co_await acceptor.next();
      REQUIRE(broken);
      net::Reader reader(*broken);
      name = co_await error_of(reader.next());
    }
    from.close();
  };
  net::spawn(accepting(server));
  const auto resetting = [](int port) -> net::Task<> {
    const net::Socket first = co_await net::connected(port, "127.0.0.1");
    co_await net::sleep(5);
    first.resetAndDestroy();
    const net::Socket second = co_await net::connected(port, "127.0.0.1");
    net::Reader reader(second);
    CHECK_FALSE(co_await reader.next());
  };
  net::spawn(resetting(server.address()->port));
  loop.run();
  CHECK(name == "ECONNRESET");
}

TEST_CASE("an error after the reader has gone ends no program, unless it is listened to") {
  net::Loop loop;
  const tests::OneConnection one(loop);
  bool had_error = false;
  const auto serving = [&](net::Socket socket) -> net::Task<> {
    socket.on<"close">([&](bool error) { had_error = error; });
    net::Reader reader(socket);
    (void)co_await reader.next();
    // and returns: the client's reset comes later
    socket.resume();
  };
  one.server.on<"connection">([&](const net::Socket& socket) { net::spawn(serving(socket)); });
  const net::Socket client(loop);
  client.connect(one.port(), "127.0.0.1", [&] {
    client.write("hello");
    loop.setTimeout([client] { client.resetAndDestroy(); }, 10);
  });
  loop.run();
  CHECK(had_error);
}
