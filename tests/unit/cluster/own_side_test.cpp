#include <net/detail/cluster/own_side.hpp>

#include <doctest/doctest.h>

#include <net/cluster.hpp>
#include <string>

#include "tests/support/session.hpp"
#include "tests/support/support.hpp"

using namespace tests;

TEST_CASE("S33.5: a process that nobody has started as a worker is none, and its servers listen themselves") {
  net::Loop loop;
  CHECK(net::detail::OwnSide::of_process() == nullptr);
  CHECK_FALSE(net::cluster::isWorker());
  CHECK(error_of([] { (void)net::cluster::worker(); }).code() == net::Errc::ERR_INVALID_STATE);
  CHECK(net::detail::Access::core(loop).served_elsewhere == nullptr);
  const net::Server server(loop);
  server.listen(0, [server] { server.close(); });
  CHECK(server.listening());
  run_to_the_end(loop);
}

TEST_CASE("S33.6: what others have received of a connection that comes to a worker's server is its first 'data'") {
  net::Loop loop;
  net::detail::LoopCore& core = net::detail::Access::core(loop);
  const net::detail::Ref<net::detail::OwnSide> side(new net::detail::OwnSide(core));
  std::string heard;
  const net::Server server(loop, {}, [&heard](const net::Socket& socket) {
    socket.on<"data">([&heard, socket](net::Chunk chunk) {
      heard += chunk;
      if (heard.size() == 11) socket.end("all of it");
    });
  });
  server.listen({.port = 0, .host = "127.0.0.1"});
  side->servers.push({net::detail::Ref<net::detail::ServerState>(&net::detail::Access::state(server)), 0, 0, 1, "", "", 0});

  const net::Server before(loop, {.pauseOnConnect = true}, [&](const net::Socket& socket) {
    socket.unshift("read ");
    side->given(1, socket);
    CHECK(socket.destroyed());
  });
  before.listen({.port = 0, .host = "127.0.0.1"});
  run_until(loop, [&] { return server.listening() && before.listening(); });
  std::string answer;
  const net::Socket client = net::createConnection(loop, {.port = before.address()->port, .host = "127.0.0.1"});
  client.write("before");
  client.on<"data">([&answer](net::Chunk chunk) { answer += chunk; });
  client.on<"end">([&] { server.close(), before.close(); });
  run_to_the_end(loop);
  CHECK(heard == "read before");
  CHECK(answer == "all of it");
}
