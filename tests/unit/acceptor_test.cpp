#include <net/acceptor.hpp>

#include <doctest/doctest.h>

#include <net/task.hpp>
#include <optional>
#include <string>
#include <vector>

#include "tests/support/reading.hpp"

using namespace tests;

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
      greetings.push_back(*line);
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
    co_await error_name(reader.next());
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
    name = co_await error_name(acceptor.next());
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
      name = co_await error_name(reader.next());
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

TEST_CASE(
    "S9.14: whoever begins to wait when 'close' has come waits for nothing; a server that listens again has more") {
  net::Loop loop;
  const net::Server server(loop);
  server.listen(0).close();
  loop.run();
  std::string log;
  net::spawn(loop, [&]() -> net::Task<> {
    net::Acceptor acceptor(server);
    if (!co_await acceptor.next()) log += "none ";
    co_await net::once<"close">(server);
    log += "closed ";
    server.listen(0);
    const net::Socket client(loop);
    client.connect(server.address()->port, "127.0.0.1");
    if (co_await acceptor.next()) log += "one ";
    client.destroy();
    server.closeAllConnections();
    server.close();
    co_await net::once<"close">(server);
    log += "closed";
  });
  loop.run();
  CHECK(log == "none closed one closed");
}

TEST_CASE("S34.9: an acceptor that goes while a task waits for it: the task is told") {
  net::Loop loop;
  const net::Server server(loop);
  server.listen(0, "127.0.0.1");
  std::optional<net::Acceptor> acceptor(std::in_place, server);
  std::string told;
  net::spawn(loop, [&]() -> net::Task<> {
    try {
      co_await acceptor->next({.timeout = 100'000});
    } catch (const net::Error& error) {
      told = error.name();
    }
  });
  loop.setTimeout(
      [&] {
        acceptor.reset();
        CHECK(told.empty());
        server.close();
      },
      1);
  loop.run();
  CHECK(told == "ERR_STREAM_PREMATURE_CLOSE");
}
