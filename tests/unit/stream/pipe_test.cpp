#include <net/detail/stream/pipe.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/support/piping.hpp"
#include "tests/support/session.hpp"
#include "tests/support/wrapped.hpp"

using namespace tests;

namespace {

/// A destination of which every function changes something, for all that the compiler knows.
struct Changing {
  net::Socket to;

  bool write(net::Chunk chunk) { return to.write(chunk); }
  void end() { to.end(); }
  bool writableNeedDrain() { return to.writableNeedDrain(); }
  template <net::fixed_string Name, class F>
  net::Listener addListener(F listener) {
    return to.addListener<Name>(std::move(listener));
  }
  void off(net::Listener listener) { to.off(listener); }
  template <net::fixed_string Name>
  std::size_t listenerCount() {
    return to.listenerCount<Name>();
  }
};

}  // namespace

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

TEST_CASE("S24.13, S24.8: a destination of the user's own need not have a single const function") {
  net::Loop loop;
  const net::Server server(loop);
  server.listen(0);
  std::vector<net::Socket> accepted;
  server.on<"connection">([&](net::Socket socket) {
    accepted.push_back(socket);
    if (accepted.size() < 2) return;
    server.close();
    accepted[0].pipe(Changing{accepted[1]});
    accepted[1].destroy(net::Error("boom"));
  });
  const net::Socket first = client_of(loop, server), second = client_of(loop, server);
  CHECK(std::string(error_of([&] { loop.run(); }).what()) == "boom");
  accepted[0].destroy();
  run_to_the_end(loop);
}

TEST_CASE("S24.3: a listener of 'pause' may unpipe the destination that was full") {
  net::Loop loop;
  Wrapped source(loop);
  const net::Socket& socket = *source.socket;
  Sink::State stuck;
  stuck.drains = false;
  socket.pipe(Sink(stuck));
  socket.once<"pause">([&] { socket.unpipe(); });
  source.send("x");
  run_until(loop, [&] { return stuck.got.size() == 1 && net::detail::Access::state(socket).ensure_pipes().empty(); });
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
  Wrapped source(loop);
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

TEST_CASE("S24.7, S24.9: a destination that was released is unpiped when something comes for it, and that stays") {
  net::Loop loop;
  Ends from(loop), to(loop);
  Log log;
  to.client.on<"unpipe">([&] { log.add("unpipe"); });
  from.client.pipe(to.client);
  run_until(loop, [&] { return from.client.readableFlowing() == std::optional<bool>(true); });
  const Descriptor released(to.client.release());
  from.accepted->write("for nobody");
  run_until(loop, [&] { return log.has("unpipe"); });
  CHECK(from.client.isPaused());
  CHECK(from.client.read() == std::optional<std::string>("for nobody"));
  from.client.destroy();
  from.accepted->destroy();
  to.accepted->destroy();
}
