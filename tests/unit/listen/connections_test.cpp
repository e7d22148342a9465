#include <net/detail/listen/connections.ipp>

#include <doctest/doctest.h>

#include <net.hpp>
#include <string>
#include <vector>

#include "tests/support/session.hpp"
#include "tests/support/support.hpp"

using namespace tests;

namespace {

/// A server that echoes what begins with "e", answers "s" when it is told to, and nothing else; and its clients.
struct Party {
  explicit Party(net::Loop& on) : loop(on), server(on) {
    server.on<"connection">([this](const net::Socket& socket) {
      socket.on<"data">([this, socket](net::Chunk chunk) {
        ++heard;
        if (chunk.view()[0] == 'e') socket.write(chunk);
        if (chunk.view()[0] == 's') slow.push_back(socket);
      });
    });
    server.listen(0);
  }
  net::Socket client(std::string_view text) {
    const net::Socket made = net::connect(loop, server.address()->port, "127.0.0.1");
    made.write(text);
    made.on<"data">([this](net::Chunk chunk) { answers += chunk; });
    made.on<"close">([this] { ++gone; });
    return made;
  }
  /// Clients that have all been heard.
  void meet(std::vector<std::string> texts) {
    for (const std::string& text : texts) clients.push_back(client(text));
    run_until(loop, [&] { return heard == texts.size(); });
  }

  net::Loop& loop;
  net::Server server;
  std::vector<net::Socket> slow, clients;
  std::string answers;
  std::size_t heard = 0;
  std::size_t gone = 0;
};

}  // namespace

TEST_CASE(
    "S36.2: connections() gives the sockets of a server that are not destroyed, in the order in which they came") {
  net::Loop loop;
  Party party(loop), other(loop);
  CHECK(party.server.connections().empty());
  for (int i = 0; i < 3; ++i) {
    party.client("x");
    run_until(loop, [&] { return party.heard == static_cast<std::size_t>(i) + 1; });
    other.client("x");
  }
  std::vector<net::Socket> came = party.server.connections();
  REQUIRE(came.size() == 3);
  for (std::size_t i = 0; i + 1 < 3; ++i) CHECK(came[i].server() == party.server);
  const net::Socket middle = came[1];
  middle.destroy();
  came = party.server.connections();
  REQUIRE(came.size() == 2);
  CHECK((came[0] != middle && came[1] != middle));
  party.client("y");
  run_until(loop, [&] { return party.heard == 4; });
  CHECK(party.server.connections()[0] == came[0]);
  CHECK(party.server.connections().size() == 3);
}

TEST_CASE("S36.2: closeAllConnections() destroys them, and the server goes on") {
  net::Loop loop;
  Party party(loop), other(loop);
  party.meet({"x", "e", "s"});
  other.meet({"x"});
  party.server.closeAllConnections();
  CHECK(party.server.connections().empty());
  run_until(loop, [&] { return party.gone == 3; });
  CHECK(party.server.listening());
  CHECK(other.server.connections().size() == 1);
}

TEST_CASE("S36.2: closeIdleConnections() closes those that were answered or said nothing, and no others") {
  net::Loop loop;
  Party party(loop);
  party.meet({"e", "s"});
  run_until(loop, [&] { return party.answers == "e"; });
  party.server.closeIdleConnections();
  run_until(loop, [&] { return party.gone == 1; });
  REQUIRE(party.server.connections().size() == 1);
  CHECK(party.server.connections()[0] == party.slow[0]);
  party.slow[0].write("late");
  run_until(loop, [&] { return party.answers == "elate"; });
  party.server.closeIdleConnections();
  run_until(loop, [&] { return party.gone == 2; });
}

TEST_CASE("S36.2: closeIdleConnections() with a length spares those that moved meanwhile") {
  net::Loop loop;
  Party party(loop);
  party.meet({"e", "e"});
  run_until(loop, [&] { return party.answers == "ee"; });
  const std::vector<net::Socket> both = party.server.connections();
  party.server.closeIdleConnections(30);
  CHECK(party.server.connections().size() == 2);
  // in the same turn, so that no time passes before it
  both[1].write("more");
  run_until(loop, [&] { return party.gone == 1; });
  CHECK(both[0].destroyed());
  CHECK_FALSE(both[1].destroyed());
  CHECK(error_of([&] { party.server.closeIdleConnections(-1); }).code() == net::Errc::ERR_OUT_OF_RANGE);
}

TEST_CASE("a connection that is found idle when the clock is at 0 has been so for no longer than one found later") {
  net::Loop loop;
  const net::Socket socket(loop);
  for (const std::uint32_t now : {0u, 1u, 0xffffffffu}) {
    net::detail::SocketState& state = net::detail::Access::state(socket);
    state.note_answer();
    CHECK(now - state.idle_since(now) <= 1);
    CHECK(now + 30 - state.idle_since(now + 30) >= 30);
  }
}

TEST_CASE("stopGracefully ends the idle at once, the others when they have answered, and the server closes") {
  net::Loop loop;
  Party party(loop);
  party.meet({"e", "s", "s"});
  run_until(loop, [&] { return party.answers == "e"; });
  bool closed = false;
  party.server.on<"close">([&] { closed = true; });
  net::stopGracefully(party.server);
  CHECK_FALSE(party.server.listening());
  run_until(loop, [&] { return party.gone == 1; });
  CHECK_FALSE(closed);
  for (const net::Socket& socket : party.slow) socket.write("late");
  run_until(loop, [&] { return closed; });
  CHECK(party.answers == "elatelate");
  run_to_the_end(loop);
}

TEST_CASE("stopGracefully destroys after its time what has not answered; a late write is not the end of the program") {
  net::Loop loop;
  Party party(loop);
  party.meet({"e", "s"});
  run_until(loop, [&] { return party.answers == "e"; });
  const net::Socket idle = party.server.connections()[0];
  net::stopGracefully(party.server, {.timeout = 20});
  idle.write("too late");
  run_until(loop, [&] { return party.gone == 2; });
  CHECK(party.slow[0].destroyed());
  run_to_the_end(loop);
}

TEST_CASE("stopGracefully leaves the connections of a server that listens again, and a server alone closes at once") {
  net::Loop loop;
  Party party(loop);
  party.meet({"s"});
  net::stopGracefully(party.server, {.timeout = 1});
  party.server.listen(0);
  net::stopGracefully(net::Server(loop));
  bool later = false;
  loop.setTimeout([&] { later = true; }, 50);
  run_until(loop, [&] { return later; });
  CHECK(party.server.connections().size() == 1);
}
