#include <net/detail/cluster/own_side.hpp>

#include <doctest/doctest.h>

#include <cstdlib>
#include <memory>
#include <net/cluster.hpp>
#include <stdexcept>
#include <string>

#include "tests/support/session.hpp"
#include "tests/support/support.hpp"

#if !defined(_WIN32)
#include "tests/support/forking.hpp"
#endif

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
  side->servers.push(
      {net::detail::Ref<net::detail::ServerState>(&net::detail::Access::state(server)), 0, 0, 1, "", "", 0});

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

TEST_CASE("S33.5: a worker that leaves before it is answered closes those servers too") {
  net::Loop loop;
  net::detail::LoopCore& core = net::detail::Access::core(loop);
  const net::detail::Ref<net::detail::OwnSide> side(new net::detail::OwnSide(core));
  const auto [mine, primarys] = net::IpcChannel::pair(loop);
  side->self->channel = mine;
  Log log;
  const net::Server one(loop), closed(loop);
  note(one, log), note(closed, log);
  for (const net::Server& each : {one, closed}) {
    net::detail::Access::state(each).looking_up = true;
    side->listen(net::detail::Access::state(each), {.port = 0, .host = "127.0.0.1"});
  }
  closed.close();
  side->disconnect();
  run_to_the_end(loop);
  CHECK(side->servers.empty());
  CHECK(log.text() == "close close");
  bool again = false;
  one.listen(0, [&] { again = true, one.close(); });
  run_to_the_end(loop);
  CHECK(again);
}

#if !defined(_WIN32)

namespace {

/// In a process that was started as a worker, and has what it says instead of a channel.
template <class F>
int as_a_worker(F&& f) {
  return in_child([&f] {
    net::detail::OwnSide::role = net::detail::ClusterRole::unknown;
    ::setenv("NET_CLUSTER_WORKER", "7", 1);
    return f();
  });
}

}  // namespace

TEST_CASE("S33.5: a worker without a channel is told so, and is none") {
  CHECK(as_a_worker([] {
          ::close(3);
          const net::Error why = error_of([] { (void)net::cluster::isPrimary(); });
          const bool told = std::string(why.what()).find("NET_CLUSTER_WORKER") != std::string::npos;
          return told && net::cluster::isPrimary() ? 0 : 1;
        }) == 0);
}

TEST_CASE(
    "S1.5, S33.5: a worker whose primary is gone ends, whatever the listeners of 'disconnect' throw; without a loop it "
    "is nobody") {
  int ends[2] = {};
  REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
  CHECK(as_a_worker([&] {
          ::dup2(ends[0], 3);
          auto loop = std::make_unique<net::Loop>();
          if (net::cluster::worker().id() != 7) return 1;
          loop.reset();
          return error_of([] { (void)net::cluster::worker(); }).code() == net::Errc::ERR_INVALID_STATE ? 0 : 2;
        }) == 0);
  ::close(ends[1]);
  CHECK(as_a_worker([&] {
          ::dup2(ends[0], 3);
          net::Loop loop;
          std::atexit([] { ::_exit(42); });
          net::cluster::worker().on<"disconnect">([] { throw std::runtime_error("mine"); });
          try {
            loop.run();
          } catch (const std::runtime_error&) {}
          loop.run();
          return 3;
        }) == 42);
  ::close(ends[0]);
}

#endif
