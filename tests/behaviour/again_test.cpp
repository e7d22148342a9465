#include <net/socket.hpp>

#include <doctest/doctest.h>

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/support/session.hpp"
#include "tests/support/support.hpp"

using namespace tests;

namespace {

const std::string too_long = "/" + std::string(200, 'x');

net::ConnectOptions at(int port) { return {.port = port, .host = "127.0.0.1"}; }

/// A server that tells what it gets, as "got(text)" and "end", and closes after so many connections.
struct Listener {
  Listener(net::Loop& loop, Log& log, int connections = 1) : server(loop) {
    server.on<"connection">([this, &log, connections](const net::Socket& socket) {
      if (++seen == connections) server.close();
      socket.on<"data">([&log](net::Chunk chunk) { log.add("got(" + chunk.toString() + ")"); });
      socket.on<"end">([&log] { log.add("server-end"); });
      socket.on<"error">([](const net::Error&) {});
    });
    server.listen(0, "127.0.0.1");
    run_until(loop, [this] { return server.listening(); });
    where = server.address()->port;
  }
  int port() const { return where; }  // also when it has closed

  net::Server server;
  int where = 0;
  int seen = 0;
};

/// The words from the first 'close' on.
std::string after_close(const Log& log) { return log.text().substr(log.text().find("close(")); }

}  // namespace

TEST_CASE("S12.21, S3.18: what is called in 'close' is carried out and told, and then the listeners go") {
  struct Case {
    const char* name;
    std::function<void(const net::Socket&)> in_close;
    std::string told;
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
    CHECK(after_close(log) == "close(true)" + one.told);
    CHECK_MESSAGE(held.use_count() == 1, "the cycle is gone with what was owed");
  }
}

TEST_CASE("S1.4, S12.21: what a coroutine calls right after 'close' is told, too") {
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

TEST_CASE("S15.13, S16.4: writes and ends of a connection that was refused are told, and are nothing to the next one") {
  net::Loop loop;
  Log log;
  const ClosedPort closed;
  const Listener listener(loop, log);
  const net::Socket socket(loop);
  note(socket, log);
  const auto tells = [&](const char* name) {
    return
        [&log, name](const net::Error& error) { log.add(std::string(name) + "(" + std::string(error.name()) + ")"); };
  };
  socket.on<"close">([&, first = true]() mutable {
    if (!std::exchange(first, false)) return;
    socket.connect(at(listener.port()), [&] {
      CHECK(socket.writableLength() == 0);
      CHECK(socket.bytesWritten() == 0);
      socket.end("new", tells("new-end"));
    });
  });
  socket.connect(at(closed.number()));
  socket.write("first", tells("first"));
  socket.write("second", tells("second"));
  socket.end(tells("old-end"));
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
  int rounds = 0, told = 0;
  const auto connect = [&] {
    socket.connect(at(closed.number()));
    socket.write("x", [&] { ++told; });
    socket.end([&] { ++told; });
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
  CHECK(told == 60);
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

TEST_CASE("release() in any listener, and the handle connects again at once: nothing of the old comes") {
  for (const std::string where : {"connect", "ready", "data", "end", "finish", "write", "error"}) {
    CAPTURE(where);
    net::Loop loop;
    Log log;
    const Listener listener(loop, log);
    const Sender sender(loop, "hello");
    sender.server.on<"connection">([](const net::Socket& socket) { socket.on<"error">([](const net::Error&) {}); });
    const auto held = std::make_shared<int>(0);
    bool released = false;
    {
      const net::Socket socket(loop, {.allowHalfOpen = where == "end"});
      bool done = false;
      const auto leave = [&, socket, held](const char* here) {
        if (where != here || std::exchange(done, true)) return;
        const int number = socket.release();
        if (number < 0) return;
        ::close(number);  // or its other end would wait
        released = true;
        CHECK(socket.destroyed());
        log.add("released");
        socket.connect(at(listener.port()), [&log, socket] {
          CHECK(socket.readable());
          CHECK(socket.writable());
          CHECK(socket.bytesRead() == 0);
          log.add("again");
          socket.end("new");
        });
      };
      socket.on<"connect">([leave] { leave("connect"); });
      socket.on<"ready">([leave] { leave("ready"); });
      socket.on<"data">([leave] { leave("data"); });
      socket.on<"end">([&log, leave] { log.add("end"), leave("end"); });
      socket.on<"finish">([&log, leave] { log.add("finish"), leave("finish"); });
      socket.on<"error">([leave](const net::Error&) { leave("error"); });
      socket.on<"close">([&](bool) {
        log.add("close");
        listener.server.close();  // nobody has come if there was nothing to release
      });
      socket.connect(at(sender.port()), [socket, leave] { socket.write("x", [leave] { leave("write"); }); });
      run_to_the_end(loop);
    }
    if (released) {
      CHECK(log.count("released again") == 1);
      CHECK(log.count("new)") == 1);  // a 'connect' listener that comes later has written to the new one
      CHECK(log.count("close") == 1);
    }
    CHECK(held.use_count() == 1);
  }
}

TEST_CASE("release(), connect() and destroy() in one go: the 'close' that is owed is told") {
  net::Loop loop;
  Log log;
  const Listener listener(loop, log);
  const net::Socket socket(loop);
  note(socket, log);
  socket.connect(at(listener.port()), [&] {
    const Descriptor fd(socket.release());
    socket.connect(at(listener.port())).destroy(net::Error("mine"));
  });
  run_to_the_end(loop);
  CHECK(log.has("error(mine)"));
  CHECK(log.count("close(true)") == 1);
  CHECK(socket.listenerCount<"close">() == 0);
}

TEST_CASE("S12.21: a socket that wrapped a pipe and connects over TCP sends its end") {
  net::Loop loop;
  Log log;
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  const Descriptor other(ends[1]);
  const Listener listener(loop, log);
  const net::Socket socket(loop, {.fd = ends[0], .writable = false, .allowHalfOpen = true});
  socket.on<"close">([&, first = true]() mutable {
    if (!std::exchange(first, false)) return;
    socket.connect(at(listener.port())).end("bye");
    socket.resume();
  });
  socket.destroy();
  run_to_the_end(loop);
  CHECK(log.text() == "got(bye) server-end");
}

TEST_CASE(
    "S9.10, S9.12, S9.15: what is called in a server's 'close' is carried out and told, and then the listeners go") {
  struct Case {
    const char* name;
    std::function<void(const net::Server&, Log&)> in_close;
    std::string told;
  };
  const TemporaryDirectory directory;
  const std::string path = directory.file("no-such/folder");
  const Case cases[] = {
      {"nothing", [](const net::Server&, Log&) {}, "close"},
      {"a path that cannot be", [&](const net::Server& server, Log&) { server.listen(path); },
       "close error(listen EACCES: permission denied " + path + ")"},
      {"close again",
       [](const net::Server& server, Log& log) {
         server.close([&log](const net::Error& error) { log.add(error.name()); });
       },
       "close close ERR_SERVER_NOT_RUNNING"},
      {"listen and close",
       [](const net::Server& server, Log& log) {
         server.listen(0);
         server.close([&log](const net::Error& error) { log.add("closed(" + std::string(error.name()) + ")"); });
       },
       "close close closed()"},
      {"listen, and close when it listens",
       [](const net::Server& server, Log&) { server.listen(0, [server] { server.close(); }); },
       "close listening close"},
      {"a host that is looked up",
       [](const net::Server& server, Log&) { server.listen(0, "127.0.0.1", [server] { server.close(); }); },
       "close listening close"},
      {"fails, and again in 'error'",
       [&](const net::Server& server, Log&) {
         server.once<"error">([server](const net::Error&) { server.listen(0, [server] { server.close(); }); });
         server.listen(path);
       },
       "close error(listen EACCES: permission denied " + path + ") listening close"},
  };
  for (const Case& one : cases) {
    CAPTURE(std::string(one.name));
    net::Loop loop;
    Log log;
    const auto held = std::make_shared<int>(0);
    {
      const net::Server server(loop);
      note(server, log);
      server.on<"close">([&one, &log, server, held, first = true]() mutable {
        if (std::exchange(first, false)) one.in_close(server, log);
      });
      server.listen(0).close();
    }
    run_to_the_end(loop);
    CHECK(log.text() == one.told);
    CHECK_MESSAGE(held.use_count() == 1, "the cycle is gone with what was owed");
  }
}

TEST_CASE("S22.6, S9.9: listen(server) that throws or fails leaves no descriptor behind") {
  net::Loop loop;
  Log log;
  const net::Server first(loop), second(loop), never(loop);
  first.listen(0);
  second.listen(0);
  run_until(loop, [&] { return first.listening() && second.listening(); });
  const std::size_t before = open_descriptors();
  CHECK(error_of([&] { second.listen(first); }).code() == net::Errc::ERR_SERVER_ALREADY_LISTEN);
  CHECK(error_of([&] { never.listen(net::Server(loop), [] {}); }).code() == net::Errc::ERR_INVALID_ARG_VALUE);
  CHECK(never.listenerCount<"listening">() == 1);
  CHECK(open_descriptors() == before);
  note(never, log);
  {
    rlimit limit{};
    REQUIRE(::getrlimit(RLIMIT_NOFILE, &limit) == 0);
    const rlimit none{0, limit.rlim_max};
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &none) == 0);
    never.listen(first);
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &limit) == 0);
  }
  CHECK_FALSE(never.listening());
  loop.runOnce(0);
  CHECK(log.text().starts_with("error(listen E"));
  never.listen(first);
  CHECK(never.listening());
  never.close();
  first.close();
  second.close();
  run_to_the_end(loop);
}

TEST_CASE("S7.3, S7.4: the listener of a call that throws is there, but for a server that listens already") {
  net::Loop loop;
  for (const int port : {-1, 70'000}) {
    const net::Socket socket(loop);
    CHECK(error_of([&] { socket.connect(port, [] {}); }).code() == net::Errc::ERR_SOCKET_BAD_PORT);
    CHECK(error_of([&] { socket.connect(port, "127.0.0.1", [] {}); }).code() == net::Errc::ERR_SOCKET_BAD_PORT);
    CHECK(socket.listenerCount<"connect">() == 2);
    const net::Server server(loop);
    CHECK(error_of([&] { server.listen(port, [] {}); }).code() == net::Errc::ERR_SOCKET_BAD_PORT);
    CHECK(error_of([&] { server.listen(port, "127.0.0.1", [] {}); }).code() == net::Errc::ERR_SOCKET_BAD_PORT);
    CHECK(server.listenerCount<"listening">() == 2);
    server.listen(0);
    CHECK(error_of([&] { server.listen(port, [] {}); }).code() == net::Errc::ERR_SERVER_ALREADY_LISTEN);
    CHECK(error_of([&] { server.listen(0, [] {}); }).code() == net::Errc::ERR_SERVER_ALREADY_LISTEN);
    CHECK(server.listenerCount<"listening">() == 2);
    server.close();
  }
  run_to_the_end(loop);
}
