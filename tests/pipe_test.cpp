#include <net/detail/pipe.hpp>

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "tests/session.hpp"

using namespace tests;

namespace {

/// A destination that is no socket: it keeps what it gets, and wants to drain after every write.
class Sink : public net::Emitter<Sink> {
 public:
  using Events =
      net::detail::EventTable<net::detail::Event<"drain">, net::detail::Event<"finish">,
                              net::detail::Event<"close", bool>, net::detail::Event<"error", const net::Error>>;
  struct State {
    net::detail::Listeners listeners;
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
    net::Loop::current().setImmediate(
        [sink = *this]() mutable { net::detail::EventAt<Events, 0>::type::fire(sink.state_->listeners, 0, sink); });
    return false;
  }
  void end() const { state_->ended = true; }
  void close() {
    bool had_error = false;
    net::detail::EventAt<Events, 2>::type::fire(state_->listeners, 2, *this, had_error);
  }
  bool writableNeedDrain() const { return false; }

 private:
  friend class net::Emitter<Sink>;
  template <net::fixed_string Name>
  static constexpr void check_event() {}
  net::detail::Listeners& events() const { return state_->listeners; }

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
    CHECK(socket.pipes().size() == 1);
    socket.unpipe();
    CHECK(socket.isPaused());
    CHECK(socket.pipes().empty());
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

TEST_CASE("S24.13: a source that cannot be read is not piped") {
  net::Loop loop;
  const net::Socket socket(loop);
  socket.destroy();
  CHECK(error_of([&] { socket.pipe(net::Socket(loop)); }).code() == net::Errc::ERR_STREAM_CANNOT_PIPE);
  run_to_the_end(loop);
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
