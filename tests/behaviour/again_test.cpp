#include <net/socket.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "tests/support/again.hpp"
#include "tests/support/session.hpp"
#include "tests/support/support.hpp"

using namespace tests;

namespace {

#if defined(_WIN32)
const std::string too_long = R"(\\.\pipe\)" + std::string(300, 'x');
#else
const std::string too_long = "/" + std::string(200, 'x');
#endif

/// The words from the first 'close' on.
std::string after_close(const Log& log) { return log.text().substr(log.text().find("close(")); }

}  // namespace

TEST_CASE("S12.21, S3.18: what is called in 'close' is carried out and emitted, and then the listeners go") {
  struct Case {
    const char* name;
    std::function<void(const net::Socket&)> in_close;
    std::string emitted;
  };
  net::BlockList blocked;
  blocked.addAddress("127.0.0.1");
  const ClosedPort closed;
  const std::string refused = "connect ECONNREFUSED 127.0.0.1:" + std::to_string(closed.number());
  const Case cases[] = {
      {"nothing", [](const net::Socket&) {}, ""},
      {"a path that is too long", [](const net::Socket& s) { s.connect(net::ConnectOptions{.path = too_long}); },
       " attempt error(connect EINVAL " + too_long + ") close(true)"},
      {"an address that is blocked",
       [&](const net::Socket& s) {
         auto options = at(closed.number());
         options.blockList = blocked;
         s.connect(options);
       },
       " attempt error(IP(127.0.0.1) is blocked by net.BlockList) close(true)"},
      {"destroyed at once", [&](const net::Socket& s) { s.connect(at(closed.number())).destroy(); }, " close(false)"},
      {"destroyed at once with an error",
       [&](const net::Socket& s) { s.connect(at(closed.number())).destroy(net::Error("mine")); },
       " error(mine) close(true)"},
      {"refused", [&](const net::Socket& s) { s.connect(at(closed.number())); },
       " attempt failed error(" + refused + ") close(true)"},
      {"resumed", [](const net::Socket& s) { s.pause().resume(); }, " pause resume"},
  };
  for (const Case& one : cases) {
    CAPTURE(std::string(one.name));
    net::Loop loop;
    Log log;
    const auto held = std::make_shared<int>(0);
    {
      const net::Socket socket(loop);
      note(socket, log);
      socket.on<"close">([&one, socket, held, first = true]() mutable {
        if (std::exchange(first, false)) one.in_close(socket);
      });
      socket.connect(at(closed.number()));
    }
    run_to_the_end(loop);
    CHECK(after_close(log) == "close(true)" + one.emitted);
    CHECK_MESSAGE(held.use_count() == 1, "the cycle is gone with what was owed");
  }
}

TEST_CASE("S1.4, S12.21: what a coroutine calls right after 'close' is emitted, too") {
  net::Loop loop;
  Log log;
  const ClosedPort closed;
  const net::Socket socket(loop);
  note(socket, log);
  const auto again = [](net::Socket self) -> net::Task<> {
    co_await net::once<"close">(self);
    self.connect(net::ConnectOptions{.path = too_long});
  };
  net::spawn(loop, again(socket));
  socket.destroy();
  run_to_the_end(loop);
  CHECK(log.text() == "close(false) attempt error(connect EINVAL " + too_long + ") close(true)");
}

TEST_CASE(
    "S15.13, S16.4: writes and ends of a connection that was refused call back, and are nothing to the next one") {
  net::Loop loop;
  Log log;
  const ClosedPort closed;
  const Listener listener(loop, log);
  const net::Socket socket(loop);
  note(socket, log);
  const auto notes = [&](const char* name) {
    return
        [&log, name](const net::Error& error) { log.add(std::string(name) + "(" + std::string(error.name()) + ")"); };
  };
  socket.on<"close">([&, first = true]() mutable {
    if (!std::exchange(first, false)) return;
    socket.connect(at(listener.port()), [&] {
      CHECK(socket.writableLength() == 0);
      CHECK(socket.bytesWritten() == 0);
      socket.end("new", notes("new-end"));
    });
  });
  socket.connect(at(closed.number()));
  socket.write("first", notes("first"));
  socket.write("second", notes("second"));
  socket.end(notes("old-end"));
  run_to_the_end(loop);
  CHECK(log.count("ERR_SOCKET_CLOSED_BEFORE_CONNECTION") == 3);
  CHECK(log.has("close(true) first(ERR_SOCKET_CLOSED_BEFORE_CONNECTION) second("));
  CHECK(log.count("error(") == 1);
  CHECK(log.count("got(new)") == 1);
  CHECK(log.has("new-end()"));
  CHECK(log.has("close(false)"));
}

TEST_CASE("S15.14: a write before the first connect() fails what is connected then, as in Node") {
  net::Loop loop;
  Log log;
  const ClosedPort closed;
  const net::Socket socket(loop);
  note(socket, log);
  socket.write("early", [&](const net::Error& error) { log.add(error.name()); });
  socket.connect(at(closed.number()));
  run_to_the_end(loop);
  CHECK(log.text() == "ERR_SOCKET_CLOSED error(Socket is closed) close(true)");
}

TEST_CASE("S12.4: destroyed without a connection and connected at once: the old 'error' and 'close' come first") {
  net::Loop loop;
  Log log;
  const Listener listener(loop, log);
  const net::Socket socket(loop);
  note(socket, log);
  socket.destroy(net::Error("old"));
  socket.connect(at(listener.port()));
  CHECK_FALSE(socket.destroyed());
  socket.on<"connect">([&] {
    CHECK(socket.readable());
    CHECK(socket.readyState() == net::ReadyState::open);
    socket.end();
  });
  run_to_the_end(loop);
  CHECK(log.text().starts_with("error(old) close(false) attempt connect ready"));
  CHECK_MESSAGE(log.has("end"), "the old 'error' does not count for the new connection");
  CHECK(log.count("close(") == 2);
  CHECK(log.count("error(") == 1);
}

TEST_CASE("S9.17: an accepted socket that connects elsewhere later counts for its server once") {
  net::Loop loop;
  Log log;
  const Listener other(loop, log);
  const net::Server server(loop);
  server.listen(0, "127.0.0.1");
  note(server, log);
  server.on<"connection">([&](const net::Socket& socket) {
    socket.on<"close">([&, socket, first = true]() mutable {
      if (std::exchange(first, false)) socket.connect(at(other.port())).end("again");
    });
    socket.destroy();
    server.close();
  });
  const net::Socket keeps_it_open(loop);
  server.once<"listening">([&] { keeps_it_open.connect(at(server.address()->port)); });
  run_to_the_end(loop);
  CHECK(log.count("got(again)") == 1);
  CHECK(log.count("close") == 1);
  std::optional<std::size_t> left;
  server.getConnections([&](const net::Error&, std::size_t number) { left = number; });
  loop.runOnce(0);
  CHECK(left == 0u);
}

TEST_CASE("S12.21, S17.9: destroySoon() and resetAndDestroy() of a connection that was refused end with it") {
  for (const bool reset : {false, true}) {
    CAPTURE(reset);
    net::Loop loop;
    const ClosedPort closed;
    const net::Server server(loop, {.allowHalfOpen = true});
    server.on<"connection">([&](const net::Socket& socket) {
      server.close();
      socket.resume().on<"end">([socket] { socket.end("after your end"); });
    });
    server.listen(0, "127.0.0.1");
    const net::Socket socket(loop, {.allowHalfOpen = true});
    std::string got;
    Log log;
    socket.on<"error">([](const net::Error&) {});
    socket.on<"data">([&](net::Chunk chunk) { got.append(chunk); });
    socket.on<"close">([&, first = true]() mutable {
      log.add("close");
      if (std::exchange(first, false)) socket.connect(at(server.address()->port)).end("hello");
    });
    run_until(loop, [&] { return server.listening(); });
    socket.connect(at(closed.number()));
    reset ? void(socket.resetAndDestroy()) : socket.destroySoon();
    run_to_the_end(loop);
    CHECK(got == "after your end");
    CHECK(log.text() == "close close");
  }
}

TEST_CASE("S12.22: any number of refused connections leaves no listener of the library's own behind") {
  net::Loop loop;
  const ClosedPort closed;
  const net::Socket socket(loop);
  std::size_t most = 0;
  int rounds = 0, calls = 0;
  const auto connect = [&] {
    socket.connect(at(closed.number()));
    socket.write("x", [&] { ++calls; });
    socket.end([&] { ++calls; });
    socket.resetAndDestroy().resetAndDestroy();
    most = (std::max)(most, socket.listenerCount<"connect">() + socket.listenerCount<"close">());
  };
  socket.on<"error">([](const net::Error&) {});
  socket.on<"close">([&] {
    if (++rounds < 30) connect();
  });
  connect();
  run_to_the_end(loop);
  CHECK(rounds == 30);
  CHECK(calls == 60);
  CHECK(most <= 6);
}

TEST_CASE("S20.2: a signal is forgotten with 'close', and is nothing to the next connection") {
  net::Loop loop;
  Log log;
  const Listener listener(loop, log);
  const net::AbortController controller;
  const net::Socket socket(loop, {.signal = controller.signal()});
  note(socket, log);
  socket.on<"close">([&, first = true]() mutable {
    if (!std::exchange(first, false)) return;
    socket.connect(at(listener.port()), [&] {
      controller.abort();
      CHECK_FALSE(socket.destroyed());
      socket.end("here");
    });
  });
  socket.destroy();
  run_to_the_end(loop);
  CHECK(log.count("got(here)") == 1);
  CHECK_FALSE(log.has("error("));
}
