#include <net/reader.hpp>

#include <doctest/doctest.h>

#include <net/task.hpp>
#include <string>

#include "tests/support/reading.hpp"
#include "tests/support/session.hpp"
#include "tests/support/support.hpp"

using namespace tests;

TEST_CASE("a reset is thrown, what came before it is given first, and it is thrown again") {
  net::Loop loop;
  const OneConnection one(loop);
  std::string first, second;
  const auto reading = [&](net::Socket socket) -> net::Task<> {
    net::Reader reader(socket);
    first = co_await error_name(reader.read(100));
    second = co_await error_name(reader.read(100));
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
  const OneConnection one(loop);
  std::string name;
  const auto reading = [&](net::Socket socket) -> net::Task<> {
    net::Reader reader(socket);
    socket.destroy(net::Error(net::Errc::ERR_INVALID_STATE));
    co_await net::sleep(5);
    name = co_await error_name(reader.next());
  };
  one.server.on<"connection">([&](const net::Socket& socket) { net::spawn(reading(socket)); });
  const net::Socket client = client_of(loop, one.server);
  loop.run();
  CHECK(name == "ERR_INVALID_STATE");
}

TEST_CASE("a socket that is destroyed during the wait, or was before, is no end of the stream") {
  serve(
      [](net::Socket socket) -> net::Task<> {
        net::Reader reader(socket);
        net::setTimeout([socket] { socket.destroy(); }, 2);
        CHECK(co_await error_name(reader.next()) == "ERR_STREAM_PREMATURE_CLOSE");
        net::Reader late(socket);
        CHECK(co_await error_name(late.next()) == "ERR_STREAM_PREMATURE_CLOSE");
        CHECK(co_await error_name(late.readLine(10)) == "ERR_STREAM_PREMATURE_CLOSE");
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

TEST_CASE("an error after the reader has gone ends no program, unless it is listened to") {
  net::Loop loop;
  const OneConnection one(loop);
  bool had_error = false;
  const auto serving = [&](net::Socket socket) -> net::Task<> {
    socket.on<"close">([&](bool error) { had_error = error; });
    {
      net::Reader reader(socket);
      (void)co_await reader.next();
    }
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

TEST_CASE("S34.5: an error that a reader has left behind counts as heard until the next connection") {
  net::Loop loop;
  net::SocketOptions options;
  options.reusable = true;
  const net::Socket socket(loop, options);
  const ClosedPort nobody;
  socket.connect(nobody.number(), "127.0.0.1");
  { const net::Reader reader(socket); }
  CHECK(socket.listenerCount<"error">() == 1);
  loop.run();
  CHECK(socket.errored());
  socket.connect(nobody.number(), "127.0.0.1");
  CHECK(socket.listenerCount<"error">() == 0);
  CHECK_THROWS_AS(loop.run(), net::Error);
  loop.run();
}
