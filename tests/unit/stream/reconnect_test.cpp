#include <net/detail/stream/reconnect.ipp>

#include <doctest/doctest.h>

#include <new>
#include <optional>
#include <string>

#include "tests/support/count_allocations.hpp"
#include "tests/support/session.hpp"
#include "tests/support/support.hpp"
#include "tests/support/throwing.hpp"

using namespace tests;

TEST_CASE("S12.21: starting over gives every machine its first state, and leaves what was asked of the socket") {
  using namespace net::detail;
  net::Loop loop;
  const net::Socket socket(loop, {.allowHalfOpen = true, .reusable = true});
  socket.setNoDelay().pause().setEncoding().cork();
  SocketState& state = Access::state(socket);
  const std::uint64_t generation = state.generation;
  state.phase = Position(Phase::closed);
  state.request = Position(WriteRequest::in_flight);
  state.write_end = Position(WriteEnd::finished);
  state.read_end = Position(ReadEnd::end_emitted);
  state.failure = Position(Failure::emitted);
  state.read_interest = state.need_drain = state.reading = state.close_ticked = state.had_error = true;

  state.undestroy();
  CHECK(state.phase == Phase::idle);
  CHECK(state.request == WriteRequest::none);
  CHECK(state.write_end == WriteEnd::open);
  CHECK(state.read_end == ReadEnd::open);
  CHECK(state.failure == Failure::none);
  CHECK_FALSE((state.read_interest || state.need_drain || state.reading || state.close_ticked || state.had_error));
  CHECK(state.generation == generation + 1);
  CHECK((state.settings.allow_half_open && state.settings.reusable && state.settings.no_delay));
  CHECK((state.is_paused() && state.decodes && state.corked));
}

TEST_CASE("S12.4, S12.21, S12.22, S28.40: connecting again in 'close', three rounds: everything is as new") {
  net::Loop loop;
  Log log;
  const net::Server server(loop);
  server.listen(0);
  server.on<"connection">(
      [](const net::Socket& socket) { socket.on<"data">([socket](net::Chunk chunk) { socket.end(chunk.view()); }); });
  const net::Socket client = client_of(loop, server);
  int round = 0;
  client.on<"data">([&](net::Chunk chunk) { log.add(chunk); });
  client.on<"connect">([&] {
    CHECK(client.bytesRead() == 0);
    client.write("round" + std::to_string(round));
    CHECK(client.bytesWritten() == 6);
  });
  client.on<"close">([&](bool had_error) {
    CHECK_FALSE(had_error);
    CHECK(client.bytesRead() == 6);
    CHECK(client.readableEnded());
    if (++round == 3) {
      server.close();
      return;
    }
    client.connect(server.address()->port, "127.0.0.1");
    CHECK_FALSE(client.destroyed());
    CHECK_FALSE(client.readableEnded());
    CHECK_FALSE(client.writableEnded());
    CHECK(client.writable());
    CHECK(client.bytesRead() == 0);
    CHECK(client.remoteAddress().empty());
    CHECK(client.readyState() == net::ReadyState::opening);
  });
  run_to_the_end(loop);
  CHECK(log.text() == "round0 round1 round2");
}

TEST_CASE("an end() before a connection that failed does not end the next one") {
  net::Loop loop;
  Log log;
  const ClosedPort closed;
  const OneConnection one(loop);
  one.server.on<"connection">([](const net::Socket& socket) { socket.write("hello"); });
  const net::Socket client(loop);
  client.on<"error">([] {});
  client.connect(closed.number(), "127.0.0.1");
  client.end();
  client.once<"close">([&] {
    client.connect(one.port(), "127.0.0.1");
    client.on<"finish">([&] { log.add("finish"); });
    client.on<"data">([&](net::Chunk chunk) {
      log.add(chunk);
      loop.setImmediate([&] {
        log.add("end");
        client.end();
      });
    });
  });
  run_to_the_end(loop);
  CHECK(log.text() == "hello end finish");
}

TEST_CASE("S10.2: a socket may connect by a path after it was connected by TCP, and the other way round") {
  net::Loop loop;
  const TemporaryDirectory directory;
  const net::Server tcp(loop), local(loop);
  tcp.listen(0);
  local.listen(directory.socket("s"));
  for (const net::Server& server : {tcp, local})
    server.on<"connection">([](const net::Socket& socket) { socket.end(); });
  const net::Socket client(loop, {.reusable = true});
  std::string kinds;
  int round = 0;
  const auto next = [&] {
    round % 2 == 0 ? client.connect(tcp.address()->port, "127.0.0.1") : client.connect(directory.socket("s"));
  };
  client.on<"connect">([&] { kinds += client.remoteAddress().empty() ? "path " : "tcp "; });
  client.on<"close">([&] {
    if (++round < 4) return next();
    tcp.close();
    local.close();
  });
  client.resume();
  next();
  run_to_the_end(loop);
  CHECK(kinds == "tcp path tcp path ");
}

TEST_CASE("S32.5, S12.21: writes left behind are called back although one of them throws, and there is no memory") {
  for (int ticks = 0; ticks < 40; ++ticks) {
    net::Loop loop;
    const net::Socket socket(loop);
    std::optional<NoMemory> none;
    int called = 0;
    socket.on<"error">([] {});
    loop.setTimeout(
        [&] {
          socket.connect("/no/such/path");
          socket.prependOnceListener<"close">([socket] { socket.connect("/no/such/path"); });
          socket.write("a", [&] {
            ++called;
            for (int i = 0; i < ticks; ++i) loop.nextTick([] {});
            none.emplace();
            throw 1;
          });
          socket.end([&] { ++called; });
        },
        1);
    const int thrown = throws_without_memory(loop, none);
    CAPTURE(ticks);
    CHECK(thrown == 1);
    CHECK(called == 2);
    run_to_the_end(loop);
  }
}

TEST_CASE("S32.5: connect() that has no memory for what it leaves behind leaves nothing, and the writes stay") {
  const std::string path = "/no/such/path/" + std::string(60, 'p');  // longer than what a string holds in itself
  long n = 1;
  for (bool failed = true; failed; ++n) {
    net::Loop loop;
    const net::Socket socket(loop);
    int called = 0;
    bool thrown = false;
    socket.on<"error">([] {});
    socket.connect(path);
    socket.write("a", [&] { ++called; });
    socket.end([&] { ++called; });
    socket.prependOnceListener<"close">([&] {
      const FailingAllocation failing(n);
      try {
        socket.connect(path);
      } catch (const std::bad_alloc&) {
        thrown = true;
      }
      failed = failing.failed();
    });
    loop.run();
    CAPTURE(n);
    CHECK(thrown == failed);
    CHECK(called == 2);
    // what failed before it began left the socket as it was, and the rest one that has not connected
    CHECK_FALSE(socket.connecting());
    CHECK_FALSE(loop.alive());
    socket.destroy();
    loop.run();
    CHECK(socket.destroyed());
  }
  CHECK(n > 5);
}
