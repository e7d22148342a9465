#include <net/detail/stream/pipe.hpp>

#include <doctest/doctest.h>

#include <sys/socket.h>
#include <unistd.h>

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/support/emitting.hpp"
#include "tests/support/session.hpp"
#include "tests/support/support.hpp"

using namespace tests;

namespace {

/// A destination that is no socket: it keeps what it gets, and wants to drain after every write.
class Sink : public net::Emitter<Sink> {
 public:
  using Events =
      net::detail::EventTable<net::detail::Event<"drain">, net::detail::Event<"finish">,
                              net::detail::Event<"close", bool>, net::detail::Event<"error", const net::Error>>;
  struct State : EmitterState {
    std::string got;
    bool ended = false;
    int refused = 0;
    bool drains = true;
  };
  explicit Sink(State& state) : state_(&state) {}

  bool write(net::Chunk chunk) const {
    state_->got += chunk.view();
    ++state_->refused;
    if (!state_->drains) return false;
    net::Loop::current().setImmediate([sink = *this] { emit<Events, 0>(*sink.state_); });
    return false;
  }
  void end() const { state_->ended = true; }
  void close() { emit<Events, 2>(*state_, false); }
  bool writableNeedDrain() const { return false; }

 private:
  friend class net::Emitter<Sink>;
  friend struct net::detail::Access;
  template <net::fixed_string Name>
  static constexpr void check_event() {}
  static Sink from_state(void* state) { return Sink(*static_cast<State*>(state)); }

  State* state_;
};

/// A client whose bytes a server's socket gets; both ends are given to `with`.
template <class With>
void connected_pair(net::Loop& loop, With with) {
  const net::Server server(loop);
  server.listen(0);
  const net::Socket client(loop);
  server.on<"connection">([server, client, &with](net::Socket socket) {
    server.close();
    with(client, socket);
  });
  client.connect(server.address()->port, "127.0.0.1");
  run_to_the_end(loop);
}

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

TEST_CASE("S24.3, S24.4: a slow destination holds the source back, and nothing is lost") {
  net::Loop loop;
  const std::size_t total = 20u << 20;
  std::size_t got = 0, most = 0;
  const net::Server back(loop);
  back.listen(0);
  back.on<"connection">([&](net::Socket slow) {
    back.close();
    // takes a little now and then
    const net::Timer timer = loop.setInterval([slow] { slow.resume(); }, 1);
    slow.on<"data">([&got, slow](net::Chunk chunk) {
      got += chunk.size();
      slow.pause();
    });
    slow.on<"close">([timer] { timer.close(); });
  });
  const net::Server front(loop);
  front.listen(0);
  front.on<"connection">([&](net::Socket from) {
    front.close();
    const net::Socket to = net::connect(loop, {.port = back.address()->port, .host = "127.0.0.1"});
    from.on<"data">([&most, from, to] { most = (std::max)(most, from.readableLength() + to.writableLength()); });
    from.pipe(to);
  });
  const net::Socket client(loop);
  client.connect(front.address()->port, "127.0.0.1");
  client.end(std::string(total, 'x'));
  run_to_the_end(loop);
  CHECK(got == total);
  CHECK_MESSAGE(most <= 2 * 65536 + 2 * 65536, "about the two high-water marks and one read");
}

TEST_CASE("S24.3: with several destinations the source waits for all; S24.11: listeners see the same data") {
  net::Loop loop;
  Sink::State one, two;
  std::string seen;
  connected_pair(loop, [&](const net::Socket& client, const net::Socket& socket) {
    socket.pipe(Sink(one));
    socket.pipe(Sink(two));
    socket.on<"data">([&](net::Chunk chunk) { seen += chunk.view(); });
    client.end(std::string(300000, 'y'));
  });
  CHECK(seen == std::string(300000, 'y'));
  CHECK(one.got == seen);
  CHECK(two.got == seen);
  CHECK(one.refused > 1);
  CHECK_MESSAGE((one.ended && two.ended), "S24.5: the end of the source ends them");
}

TEST_CASE("S24.5: with end: false the destination stays open; S24.13: anything that writes and drains will do") {
  net::Loop loop;
  Sink::State sink;
  connected_pair(loop, [&](const net::Socket& client, const net::Socket& socket) {
    socket.pipe(Sink(sink), {.end = false});
    client.end("bytes");
  });
  CHECK(sink.got == "bytes");
  CHECK_FALSE(sink.ended);
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

TEST_CASE("S24.8: an error of the destination that nobody else hears still leaves run()") {
  net::Loop loop;
  const net::Server server(loop);
  server.listen(0);
  std::vector<net::Socket> accepted;
  server.on<"connection">([&](net::Socket socket) {
    accepted.push_back(socket);
    if (accepted.size() < 2) return;
    server.close();
    accepted[0].pipe(accepted[1]);
    accepted[1].destroy(net::Error("boom"));
  });
  const net::Socket first = client_of(loop, server), second = client_of(loop, server);
  const net::Error error = error_of([&] { loop.run(); });
  CHECK(std::string(error.what()) == "boom");
  CHECK(accepted[0].isPaused());
  accepted[0].destroy();
  run_to_the_end(loop);
}

TEST_CASE("S24.9: after unpipe the source is paused and nothing is lost; unknown destinations are nothing") {
  net::Loop loop;
  Sink::State sink, late;
  connected_pair(loop, [&](const net::Socket& client, const net::Socket& socket) {
    socket.pipe(Sink(sink));
    socket.unpipe(client);
    CHECK(net::detail::Access::state(socket).ensure_cold().pipes.size() == 1);
    socket.unpipe();
    CHECK(socket.isPaused());
    CHECK(net::detail::Access::state(socket).ensure_cold().pipes.empty());
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
  CHECK_MESSAGE(net::detail::Access::state(destroyed).ensure_cold().pipes.empty(),
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

namespace {

/// A source that is told piece by piece what to send.
struct Source {
  explicit Source(net::Loop& on) : loop(on) {
    int pair[2];
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
    other = Descriptor(pair[1]);
    net::SocketOptions options;
    options.fd = pair[0];
    socket.emplace(on, options);
  }
  void send(std::string_view text) { send_raw(other, text); }
  void finish() {
    if (!socket->destroyed()) socket->destroy();
    run_to_the_end(loop);
  }
  net::Loop& loop;
  Descriptor other;
  std::optional<net::Socket> socket;
};

/// The same with a comparison that knows less than the bytes, and with one that needs none.
class Named : public Sink {
 public:
  Named(State& state, std::string name) : Sink(state), name_(std::move(name)) {}
  bool operator==(const Named& other) const { return name_ == other.name_; }

 private:
  std::string name_;
};

}  // namespace

TEST_CASE("S24.13, S1.4: what is unpiped while a 'data' is being told still gets that piece, and holds nobody back") {
  net::Loop loop;
  Source source(loop);
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
  CHECK(net::detail::Access::state(socket).ensure_cold().pipes.empty());
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
  Source source(loop);
  const net::Socket& socket = *source.socket;
  Sink::State one, two;
  socket.pipe(Sink(one));
  socket.pipe(Sink(two));
  socket.pipe(Named(two, "a"));
  socket.unpipe(Named(one, "b"));
  CHECK(net::detail::Access::state(socket).ensure_cold().pipes.size() == 3);
  socket.unpipe(Named(one, "a"));
  CHECK(net::detail::Access::state(socket).ensure_cold().pipes.size() == 2);
  socket.unpipe(Sink(one));
  CHECK(net::detail::Access::state(socket).ensure_cold().pipes.size() == 1);
  CHECK(one.listeners.count(0) + one.listeners.count(1) + one.listeners.count(2) + one.listeners.count(3) == 0);
  socket.unpipe(Sink(one));
  CHECK_FALSE(socket.isPaused());
  socket.unpipe(Sink(two));
  CHECK(socket.isPaused());
  CHECK(net::detail::Access::state(socket).ensure_cold().pipes.empty());
  source.finish();
}

TEST_CASE("S24.9: a listener of 'pause' that throws leaves a pipe that is whole off") {
  net::Loop loop;
  Source source(loop);
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
    Source source(loop), destination(loop);
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
        },
        2);
    loop.setTimeout([&] { from.destroy(), to.destroy(); }, 6);
    run_to_the_end(loop);
    CHECK(calls > 0);
    // whoever removes the listeners of a pipe keeps it, until the source goes
    if (!removes) CHECK(net::detail::Access::state(from).ensure_cold().pipes.empty());
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

namespace {

/// Says when the last of its copies is gone.
struct Tracer {
  explicit Tracer(int& alive) : count(&alive) { ++alive; }
  Tracer(const Tracer& other) : count(other.count) { ++*count; }
  ~Tracer() { --*count; }
  int* count;
};

}  // namespace

TEST_CASE("S24.6, S24.7: sockets that were piped are freed while the loop runs, in whatever order they close") {
  for (int order = 0; order < 12; ++order) {
    CAPTURE(order);
    net::Loop loop;
    int alive = 0;
    Descriptor others[2];
    {
      Source source(loop), destination(loop);
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
  Source destination(loop);
  const net::Socket& to = *destination.socket;
  int alive = 0;
  for (int i = 0; i < 50; ++i) {
    Source source(loop);
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

TEST_CASE("S24.3: a listener of 'pause' may unpipe the destination that was full") {
  net::Loop loop;
  Source source(loop);
  const net::Socket& socket = *source.socket;
  Sink::State stuck;
  stuck.drains = false;
  socket.pipe(Sink(stuck));
  socket.once<"pause">([&] { socket.unpipe(); });
  source.send("x");
  run_until(loop,
            [&] { return stuck.got.size() == 1 && net::detail::Access::state(socket).ensure_cold().pipes.empty(); });
  CHECK(socket.isPaused());
  CHECK(stuck.listeners.count(0) == 0);
  source.finish();
}

TEST_CASE("S24.3, S24.7: a source that waited for a destination which closes goes on for the other one") {
  net::Loop loop;
  Sink::State stuck, well;
  stuck.drains = false;
  connected_pair(loop, [&](const net::Socket& client, const net::Socket& socket) {
    socket.pipe(Sink(stuck));
    socket.pipe(Sink(well));
    socket.once<"pause">([&, client] {
      // an immediate of an immediate: the other destination has drained by then
      loop.setImmediate([&, client] {
        loop.setImmediate([&, client] {
          Sink(stuck).close();
          client.end("second");
        });
      });
    });
    client.write("first ");
  });
  CHECK(stuck.got == "first ");
  CHECK(well.got == "first second");
  CHECK(well.ended);
}

TEST_CASE("S24.2: a listener of 'pipe' that takes the pipe off lets the source flow all the same") {
  net::Loop loop;
  const net::Socket source(loop), destination(loop);
  destination.on<"pipe">([&] { source.unpipe(destination); });
  source.pipe(destination);
  CHECK(source.readableFlowing() == std::optional<bool>(true));
  CHECK(!source.isPaused());
}

TEST_CASE("S24.3: a 'drain' of whatever filled the destination lets the source go on, as in Node") {
  net::Loop loop;
  Source source(loop);
  const net::Socket& socket = *source.socket;
  Sink::State state;
  socket.pipe(Sink(state));
  source.send("1");
  run_until(loop, [&] { return state.got.size() == 1 && !socket.isPaused(); });
  socket.pause();
  loop.setImmediate([&] { Sink(state).write(net::Chunk(std::string_view("x"))); });
  run_until(loop, [&] { return !socket.isPaused(); });
  source.finish();
}

TEST_CASE(
    "S24.7, S24.9: what is unpiped lets its source go on only if it was full, or if there is another destination") {
  net::Loop loop;
  Source source(loop);
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
  SUBCASE("it was full: after 'unpipe' was told") {
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

TEST_CASE("S24.5, S24.13: a pipe from a closed socket that has ended is told of on the next tick, each of them") {
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
