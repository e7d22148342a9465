#include <net/detail/loop/core.hpp>

#if !defined(_WIN32)

#include <doctest/doctest.h>

#include <unistd.h>

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "tests/support/count_allocations.hpp"
#include "tests/support/session.hpp"
#include "tests/support/support.hpp"

using namespace tests;

namespace {

/// Does something when it dies.
struct AtItsEnd {
  explicit AtItsEnd(std::function<void()> what) : then(std::move(what)) {}
  AtItsEnd(const AtItsEnd&) = delete;
  AtItsEnd& operator=(const AtItsEnd&) = delete;
  ~AtItsEnd() { then(); }
  std::function<void()> then;
};

constexpr int places = 6;

/// Gives the loop, or the handle, something that dies with the loop and calls `what` then.
template <class Emitting>
void call_at_the_end(net::Loop& loop, const Emitting& emitting, int place, std::function<void()> what) {
  const auto dies = std::make_shared<AtItsEnd>(std::move(what));
  switch (place) {
    case 0: loop.nextTick([dies] {}); break;
    case 1: loop.setTimeout([dies] {}, 1000); break;
    case 2: loop.setImmediate([dies] {}); break;
    case 3: loop.post([dies] {}); break;
    case 4: emitting.template on<"close">([dies] {}); break;
    default: net::Server(loop).on<"close">([dies] {}).listen(0);
  }
}

/// What a handle holds, which must be gone with the loop.
using Held = std::shared_ptr<int>;

using Connects = std::function<void(const net::Socket&)>;

/// Connects a socket of a loop when what dies with the loop dies: once, and nothing holds the socket afterwards.
void connect_at_the_end(int place, const Connects& connect) {
  const Held held = std::make_shared<int>(0);
  int connected = 0;
  {
    net::Loop loop;
    const net::Socket socket(loop);
    if (place % 2 == 0) connect(socket);
    call_at_the_end(loop, socket, place, [socket, held, connect, &connected] {
      if (!socket.connecting()) connect(socket);
      connected += socket.connecting();
      socket.on<"connect">([socket, held] {}).write("x", [socket, held] {});
      socket.end();
    });
  }
  CAPTURE(place);
  CHECK(connected == 1);
  CHECK(held.use_count() == 1);
}

}  // namespace

TEST_CASE("a server on which what dies with the loop listens again is closed with it, and nothing leaks") {
  for (int place = 0; place < places; ++place) {
    const std::size_t before = open_descriptors();
    const Held held = std::make_shared<int>(0);
    int listened = 0;
    {
      net::Loop loop;
      const net::Server server(loop);
      if (place % 2 == 0) server.listen(0);
      call_at_the_end(loop, server, place, [server, held, &listened] {
        server.on<"listening">([server, held] {}).unref();
        if (!server.listening()) server.listen(0);  // what dies before it finds it as it was
        listened += server.listening();
      });
    }
    CAPTURE(place);
    CHECK(listened == 1);
    CHECK(open_descriptors() == before);
    CHECK(held.use_count() == 1);
  }
}

TEST_CASE("a server on which what dies with the loop listens on a path leaves no file") {
  const TemporaryDirectory directory;
  const std::string path = directory.socket("again");
  {
    net::Loop loop;
    const net::Server server(loop);
    server.listen(path);
    call_at_the_end(loop, server, 0, [server, path] { server.listen(path); });
  }
  CHECK(::access(path.c_str(), F_OK) != 0);
}

TEST_CASE("a socket that what dies with the loop connects again is closed with it, and nothing leaks") {
  net::Loop other;
  const net::Server target(other);
  target.listen(0);
  const int port = target.address()->port;
  const auto connects = [](const Connects& connect) {
    for (int place = 0; place < places; ++place) {
      const std::size_t before = open_descriptors();
      connect_at_the_end(place, connect);
      CAPTURE(place);
      CHECK(open_descriptors() == before);
    }
  };
  connects([port](const net::Socket& socket) { socket.connect(port, "127.0.0.1"); });
  const TemporaryDirectory directory;
  const net::Server at_path(other);
  at_path.listen(directory.socket("server"));
  connects([path = directory.socket("server")](const net::Socket& socket) { socket.connect(path); });
}

TEST_CASE("S25.4: a socket that its callback of reads connects again, as that dies with the loop, is closed with it") {
  net::Loop other;
  const net::Server target(other);
  target.listen(0);
  const std::size_t before = open_descriptors();
  int connected = 0;
  std::byte memory[8];
  {
    net::Loop loop;
    const auto dies = std::make_shared<AtItsEnd>([] {});
    const net::Socket socket(
        loop, net::SocketOptions{
                  .onread = {.allocate = [&memory] { return std::span(memory); },
                             .callback = [dies](std::size_t, std::span<std::byte>) { return dies != nullptr; }}});
    dies->then = [socket, &connected, port = target.address()->port] {
      if (!socket.connecting()) socket.connect(port, "127.0.0.1");
      connected += socket.connecting();
    };
  }
  CHECK(connected == 1);
  CHECK(open_descriptors() == before);
}

TEST_CASE("a timer that what dies with the loop starts again is gone with it") {
  const long before = living_allocations();
  {
    net::Timer timer;
    {
      net::Loop loop;
      timer = loop.setTimeout([] {}, 1000);
      loop.nextTick([dies = std::make_shared<AtItsEnd>([&timer] { timer.refresh(); })] {});
    }
    timer.refresh();
  }
  CHECK(living_allocations() == before);
}

// Stands last: the resolver's threads read their files for a while, and what counts descriptors would count those.
TEST_CASE("a socket that what dies with the loop connects by name is gone with it") {
  for (int place = 0; place < places; ++place)
    connect_at_the_end(place, [](const net::Socket& socket) { socket.connect({.port = 1, .host = "localhost"}); });
}

#endif
