#include <net/socket.hpp>

#include <doctest/doctest.h>

#include <unistd.h>

#include <memory>
#include <string>

#include "tests/support/again.hpp"
#include "tests/support/session.hpp"
#include "tests/support/skip.hpp"
#include "tests/support/support.hpp"

using namespace tests;

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

TEST_CASE("release(), connect() and destroy() in one go: the 'close' that is owed is emitted") {
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
  NET_NOT_ON_WINDOWS("an anonymous pipe of Windows cannot be waited for");
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
