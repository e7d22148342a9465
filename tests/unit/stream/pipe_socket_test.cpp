#include <net/detail/stream/pipe_socket.hpp>

#include <doctest/doctest.h>

#include <unistd.h>

#include <string>
#include <utility>
#include <vector>

#include "tests/support/piping.hpp"
#include "tests/support/session.hpp"
#include "tests/support/support.hpp"
#include "tests/support/wrapped.hpp"

using namespace tests;

namespace {

/// Says when the last of its copies is gone.
struct Tracer {
  explicit Tracer(int& alive) : count(&alive) { ++alive; }
  Tracer(const Tracer& other) : count(other.count) { ++*count; }
  ~Tracer() { --*count; }
  int* count;
};

}  // namespace

TEST_CASE("S24.1, S24.12: a socket piped to itself echoes, and ends in Node's order") {
  net::Loop loop;
  Log log;
  std::string got;
  connected_pair(loop, [&](const net::Socket& client, const net::Socket& socket) {
    note(socket, log);
    socket.on<"pipe">([&](const net::Socket& source) { log.add(source == socket ? "pipe(self)" : "pipe"); });
    socket.on<"unpipe">([&] { log.add("unpipe"); });
    CHECK(socket.pipe(socket) == socket);
    client.on<"data">([&](net::Chunk chunk) { got += chunk.view(); });
    client.end("echo");
  });
  CHECK(got == "echo");
  CHECK(log.text() == "pipe(self) resume end prefinish finish pause unpipe close(false)");
}

TEST_CASE(
    "S24.6, S24.7: a source that is destroyed leaves the destination open; a destination that closes pauses the "
    "source") {
  net::Loop loop;
  const net::Server server(loop);
  server.listen(0);
  std::vector<net::Socket> accepted;
  Log log;
  server.on<"connection">([&](net::Socket socket) {
    accepted.push_back(socket);
    if (accepted.size() < 3) return;
    server.close();
    accepted[0].pipe(accepted[1]);
    accepted[0].on<"close">([&] {
      CHECK_FALSE(accepted[1].destroyed());
      CHECK_FALSE(accepted[1].writableEnded());
      accepted[2].pipe(accepted[1]);
      accepted[1].on<"unpipe">(
          [&](const net::Socket& source) { log.add(source == accepted[0] ? "unpipe(first)" : "unpipe"); });
      accepted[2].on<"pause">([&] { log.add("pause"); });
      accepted[1].destroy();
      accepted[1].on<"close">([&] {
        CHECK(accepted[2].isPaused());
        CHECK_FALSE(accepted[2].destroyed());
        accepted[2].destroy();
      });
    });
    accepted[0].destroy();
  });
  std::vector<net::Socket> clients;
  for (int i = 0; i < 3; ++i) clients.push_back(client_of(loop, server));
  run_to_the_end(loop);
  CHECK(log.text() == "unpipe(first) pause unpipe");
}

TEST_CASE("S24.13: piping from a socket that is destroyed or was never connected throws nothing, and nothing comes") {
  net::Loop loop;
  Log log;
  const auto noted = [&](const net::Socket& to) {
    to.on<"pipe">([&] { log.add("pipe"); });
    to.on<"unpipe">([&] { log.add("unpipe"); });
    to.on<"finish">([&] { log.add("finish"); });
    return to;
  };
  const net::Socket fresh(loop), destroyed(loop), to = noted(net::Socket(loop));
  CHECK(fresh.pipe(to) == to);
  destroyed.destroy();
  destroyed.on<"resume">([&] { log.add("resume"); });
  CHECK(destroyed.pipe(to) == to);
  CHECK(destroyed.readableFlowing() == true);
  CHECK(destroyed.listenerCount<"data">() == 1);
  CHECK(destroyed.listenerCount<"end">() == 2);
  CHECK(to.listenerCount<"finish">() == 3);
  CHECK(to.listenerCount<"error">() == 2);
  CHECK(to.listenerCount<"drain">() == 0);
  run_to_the_end(loop);
  CHECK(log.text() == "pipe pipe resume");
  CHECK_MESSAGE(net::detail::Access::state(destroyed).ensure_pipes().empty(),
                "it went with the listeners, since its other side is not open either");
  destroyed.pipe(to);
  fresh.unpipe();
  destroyed.unpipe(to);
  destroyed.unpipe(to);
  run_to_the_end(loop);
  CHECK(log.text() == "pipe pipe resume pipe unpipe unpipe");
  CHECK(to.listenerCount<"error">() == 0);
}

TEST_CASE("S24.13, S24.5: a write-only socket has ended, so what it is piped to is ended on the next tick") {
  net::Loop loop;
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  const Descriptor reading(ends[0]);
  net::SocketOptions options;
  options.fd = ends[1];
  options.readable = false;
  options.writable = true;
  const net::Socket source(loop, options);
  Sink::State ended, kept, taken;
  source.pipe(Sink(ended));
  source.pipe(Sink(kept), {.end = false});
  source.pipe(Sink(taken));
  source.unpipe(Sink(taken));
  CHECK_FALSE(ended.ended);
  loop.runOnce(0);
  CHECK(ended.ended);
  CHECK_FALSE(kept.ended);
  CHECK_MESSAGE(!taken.ended, "it was taken off before");
  source.destroy();
  run_to_the_end(loop);
}

TEST_CASE("S24.6, S24.7: sockets that were piped are freed while the loop runs, in whatever order they close") {
  for (int order = 0; order < 12; ++order) {
    CAPTURE(order);
    net::Loop loop;
    int alive = 0;
    Descriptor others[2];
    {
      Wrapped source(loop), destination(loop);
      const net::Socket from = *source.socket, to = *destination.socket;
      // a listener that stays: what it holds is freed with the state of its socket
      from.on<"lookup">([tracer = Tracer(alive)] { (void)tracer; });
      to.on<"lookup">([tracer = Tracer(alive)] { (void)tracer; });
      const bool itself = order >= 10, both_ways = order >= 4 && order < 8;
      if (itself) {
        from.pipe(from);
        to.pipe(to, {.end = false});
      } else {
        from.pipe(to, {.end = order % 2 == 0});
      }
      if (both_ways) to.pipe(from);
      switch (order % 4) {
        case 0: loop.setImmediate([from, to] { from.destroy(), to.destroy(); }); break;
        case 1: loop.setImmediate([from, to] { to.destroy(), from.destroy(); }); break;
        case 2: loop.setImmediate([from] { from.destroy(); }); break;
        default: loop.setImmediate([to] { to.destroy(); }); break;
      }
      if (order % 4 == 2) from.on<"close">([to = order < 8 ? to : from] { to.destroy(); });
      if (order % 4 == 2) loop.setTimeout([to] { to.destroy(); }, 3);
      if (order % 4 == 3) to.on<"close">([from = order < 8 ? from : to] { from.destroy(); });
      if (order % 4 == 3) loop.setTimeout([from] { from.destroy(); }, 3);
      others[0] = std::move(source.other), others[1] = std::move(destination.other);
    }
    const net::Timer goes_on = loop.setInterval([] {}, 1);
    run_until(loop, [&] { return alive == 0; });
    goes_on.close();
    run_to_the_end(loop);
  }
}

TEST_CASE("S24.6: a closed source that nobody holds leaves its destination, which lives on, without a trace") {
  net::Loop loop;
  Wrapped destination(loop);
  const net::Socket& to = *destination.socket;
  int alive = 0;
  for (int i = 0; i < 50; ++i) {
    Wrapped source(loop);
    source.socket->on<"lookup">([tracer = Tracer(alive)] { (void)tracer; });
    source.socket->pipe(to);
    source.socket->destroy();
    source.socket.reset();
    loop.runOnce(0);
    loop.runOnce(0);
  }
  CHECK(alive == 0);
  CHECK(to.listenerCount<"close">() == 0);
  CHECK(to.listenerCount<"error">() == 0);
  destination.finish();
}

TEST_CASE("S24.5, S24.13: each pipe from a closed socket that has ended emits 'unpipe' on the next tick") {
  net::Loop loop;
  Log log;
  connected_pair(loop, [&](const net::Socket& client, const net::Socket& socket) {
    socket.on<"pause">([&] { log.add("pause"); });
    socket.on<"unpipe">([&] { log.add("unpipe"); });
    socket.on<"close">([&, socket] {
      socket.pipe(socket, {.end = false});
      socket.pipe(socket, {.end = false});
    });
    client.end();
    client.resume();
    socket.resume();
  });
  CHECK(log.text() == "unpipe pause unpipe");
}
