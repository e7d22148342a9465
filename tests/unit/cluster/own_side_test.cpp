#include <net/detail/cluster/own_side.hpp>

#include <doctest/doctest.h>

#include <net/cluster.hpp>

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
