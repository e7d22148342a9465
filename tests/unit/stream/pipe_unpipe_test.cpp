#include <net/detail/stream/pipe.hpp>

#include <doctest/doctest.h>

#include <sys/socket.h>

#include <string>
#include <string_view>
#include <utility>

#include "tests/support/piping.hpp"
#include "tests/support/session.hpp"
#include "tests/support/wrapped.hpp"

using namespace tests;

namespace {

/// A destination with a comparison that knows less than its bytes.
class Named : public Sink {
 public:
  Named(State& state, std::string name) : Sink(state), name_(std::move(name)) {}
  bool operator==(const Named& other) const { return name_ == other.name_; }

 private:
  std::string name_;
};

}  // namespace

TEST_CASE("S24.9: after unpipe the source is paused and nothing is lost; unknown destinations are nothing") {
  net::Loop loop;
  Sink::State sink, late;
  connected_pair(loop, [&](const net::Socket& client, const net::Socket& socket) {
    socket.pipe(Sink(sink));
    socket.unpipe(client);
    CHECK(net::detail::Access::state(socket).ensure_pipes().size() == 1);
    socket.unpipe();
    CHECK(socket.isPaused());
    CHECK(net::detail::Access::state(socket).ensure_pipes().empty());
    client.end("kept");
    loop.setTimeout([socket, &late] { socket.pipe(Sink(late)); }, 5);
  });
  CHECK(sink.got.empty());
  CHECK(late.got == "kept");
}

TEST_CASE("S24.10: a pair piped twice gets everything twice, and one unpipe takes one off") {
  net::Loop loop;
  std::string got;
  connected_pair(loop, [&](const net::Socket& client, const net::Socket& socket) {
    socket.pipe(socket);
    socket.pipe(socket);
    socket.unpipe(socket);
    socket.pipe(socket);
    client.on<"data">([&](net::Chunk chunk) { got += chunk.view(); });
    client.end("ab");
  });
  CHECK(got == "abab");
}

TEST_CASE(
    "S24.13, S1.4: what is unpiped while a 'data' is being emitted still gets that piece, and holds nobody back") {
  net::Loop loop;
  Wrapped source(loop);
  const net::Socket& socket = *source.socket;
  Sink::State first, second;
  first.drains = second.drains = false;
  std::string seen;
  socket.on<"data">([&](net::Chunk chunk) {
    seen += chunk.view();
    if (chunk.view() == "1") socket.unpipe();
    if (chunk.view() == "2") socket.unpipe(Sink(first));
  });
  socket.pipe(Sink(first));
  socket.pipe(Sink(second));
  source.send("1");
  run_until(loop, [&] { return second.got.size() == 1; });
  CHECK(first.got == "1");
  CHECK(net::detail::Access::state(socket).ensure_pipes().empty());
  CHECK(socket.isPaused());
  socket.pipe(Sink(first));
  source.send("2");
  run_until(loop, [&] { return first.got.size() == 2; });
  CHECK(socket.isPaused());
  CHECK_MESSAGE(socket.listenerCount<"data">() == 1, "only the user's own");
  socket.resume();
  source.send("3");
  run_until(loop, [&] { return seen.size() == 3; });
  CHECK(seen == "123");
  CHECK(first.got == "12");
  CHECK(second.got == "1");
  source.finish();
}

TEST_CASE("S24.9: unpipe takes a destination of the user's own: by ==, or by its listeners") {
  net::Loop loop;
  Wrapped source(loop);
  const net::Socket& socket = *source.socket;
  Sink::State one, two;
  socket.pipe(Sink(one));
  socket.pipe(Sink(two));
  socket.pipe(Named(two, "a"));
  socket.unpipe(Named(one, "b"));
  CHECK(net::detail::Access::state(socket).ensure_pipes().size() == 3);
  socket.unpipe(Named(one, "a"));
  CHECK(net::detail::Access::state(socket).ensure_pipes().size() == 2);
  socket.unpipe(Sink(one));
  CHECK(net::detail::Access::state(socket).ensure_pipes().size() == 1);
  CHECK(one.listeners.count(0) + one.listeners.count(1) + one.listeners.count(2) + one.listeners.count(3) == 0);
  socket.unpipe(Sink(one));
  CHECK_FALSE(socket.isPaused());
  socket.unpipe(Sink(two));
  CHECK(socket.isPaused());
  CHECK(net::detail::Access::state(socket).ensure_pipes().empty());
  source.finish();
}

TEST_CASE("S24.9: a listener of 'pause' that throws leaves a pipe that is whole off") {
  net::Loop loop;
  Wrapped source(loop);
  const net::Socket& socket = *source.socket;
  Sink::State sink;
  socket.pipe(Sink(sink));
  socket.once<"pause">([] { throw 1; });
  CHECK_THROWS_AS(socket.unpipe(), int);
  CHECK(socket.listenerCount<"data">() == 0);
  CHECK(sink.listeners.count(2) == 0);
  socket.resume();
  source.send("x");
  run_until(loop, [&] { return socket.bytesRead() == 1; });
  CHECK(sink.got.empty());
  source.finish();
}

TEST_CASE("S24.7, S24.9: unpiping inside any event of either side, and going on, leaves no listener behind") {
  bool front = false;
  const auto each = [&front](const std::string_view event, const auto& what, bool removes = false) {
    front = !front;  // before pipe's own listeners or behind them: the number of actions is odd
    CAPTURE(event);
    CAPTURE(front);
    net::Loop loop;
    Wrapped source(loop), destination(loop);
    const net::Socket from = *source.socket, to = *destination.socket;
    from.on<"error">([] {});
    to.on<"error">([] {});
    int calls = 0;
    const auto act = [&] {
      if (++calls < 5) what(from, to);
    };
    if (event == "data") (void)from.addListener<"data">(act, front);
    if (event == "end") (void)from.addListener<"end">(act, front);
    if (event == "close of source") (void)from.addListener<"close">(act, front);
    if (event == "pause") (void)from.addListener<"pause">(act, front);
    if (event == "pipe") (void)to.addListener<"pipe">(act, front);
    if (event == "unpipe") (void)to.addListener<"unpipe">(act, front);
    if (event == "finish") (void)to.addListener<"finish">(act, front);
    if (event == "close") (void)to.addListener<"close">(act, front);
    if (event == "error") to.prependListener<"error">(act);
    from.pipe(to);
    (void)::send(source.other.get(), "data", 4, MSG_NOSIGNAL);  // which is closed by now, maybe
    source.other.close();
    loop.setTimeout(
        [&] {
          if (event == "error") to.destroy(net::Error("broken"));
          if (event == "close" || event == "unpipe") to.destroy();
          if (event == "pause") from.pause(), from.resume();
          if (event == "finish") to.end();
          loop.setTimeout([&] { from.destroy(), to.destroy(); }, 10);
        },
        2);
    run_to_the_end(loop);
    CHECK(calls > 0);
    // whoever removes the listeners of a pipe keeps it, until the source goes
    if (!removes) CHECK(net::detail::Access::state(from).ensure_pipes().empty());
    CHECK(to.listenerCount<"drain">() + to.listenerCount<"finish">() + to.listenerCount<"data">() == 0);
  };
  for (const std::string_view event :
       {"data", "end", "close of source", "pause", "pipe", "unpipe", "finish", "close", "error"}) {
    each(event, [](const net::Socket& from, const net::Socket&) { from.unpipe(); });
    each(event, [](const net::Socket& from, const net::Socket& to) { from.unpipe(to); });
    each(event, [](const net::Socket& from, const net::Socket&) { from.destroy(); });
    each(event, [](const net::Socket&, const net::Socket& to) { to.destroy(); });
    each(event, [](const net::Socket& from, const net::Socket& to) { from.destroy(), to.destroy(); });
    each(event, [](const net::Socket& from, const net::Socket& to) { to.destroy(), from.destroy(); });
    each(event, [](const net::Socket& from, const net::Socket& to) {
      from.pipe(to), to.pipe(from), from.unpipe(to), to.unpipe(from);
    });
    const auto removes_some = [](const net::Socket& from, const net::Socket& to) {
      from.removeAllListeners<"data">(), to.removeAllListeners<"close">();
      from.destroy();
    };
    each(event, removes_some, true);
    const auto removes_all = [](const net::Socket& from, const net::Socket& to) {
      from.removeAllListeners(), to.removeAllListeners();
      from.on<"error">([] {}), to.on<"error">([] {});
      from.unpipe();
    };
    each(event, removes_all, true);
  }
}

TEST_CASE(
    "S24.7, S24.9: what is unpiped lets its source go on only if it was full, or if there is another destination") {
  net::Loop loop;
  Wrapped source(loop);
  const net::Socket& socket = *source.socket;
  Log log;
  socket.on<"data">([] {});
  const net::Socket gone(loop);
  gone.on<"unpipe">([&] { log.add(socket.isPaused() ? "unpipe-paused" : "unpipe"); });
  gone.on<"error">([] {});
  SUBCASE("it takes nothing any more") {
    socket.pipe(gone);
    gone.destroy();
    socket.once<"pause">([&] { socket.unpipe(gone); });
    source.send("1");
    run_until(loop, [&] { return log.has("unpipe"); });
    CHECK(socket.isPaused());
  }
  SUBCASE("it was full: after 'unpipe' was emitted") {
    Sink::State full;
    full.drains = false;
    socket.pipe(Sink(full));
    source.send("1");
    run_until(loop, [&] { return full.got.size() == 1; });
    CHECK(socket.isPaused());
    socket.unpipe();
    CHECK_FALSE(socket.isPaused());
  }
  source.finish();
}
