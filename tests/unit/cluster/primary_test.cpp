#include <net/detail/cluster/primary.hpp>

#include <doctest/doctest.h>

#include <memory>
#include <net/cluster.hpp>

#include "tests/support/session.hpp"
#include "tests/support/support.hpp"

using namespace net::detail;
using namespace tests;

TEST_CASE("S33.5: a cluster belongs to the loop of who asked first, and goes with it") {
  for (int i = 0; i < 2; ++i) {
    auto loop = std::make_unique<net::Loop>();
    CHECK(ClusterState::the_one == nullptr);
    CHECK(net::cluster::isPrimary());
    int exits = 0;
    net::cluster::on<"exit">([&exits](const net::Worker&, int, int) { ++exits; });
    CHECK(ClusterState::the_one == &ClusterState::of_process());
#if defined(_WIN32)
    CHECK_MESSAGE(net::cluster::schedulingPolicy() == net::SchedulingPolicy::none, "S33.6");
#else
    CHECK(net::cluster::schedulingPolicy() == net::SchedulingPolicy::rr);
#endif
    CHECK(net::cluster::workers().empty());
    run_to_the_end(*loop);
    loop.reset();
    CHECK(ClusterState::the_one == nullptr);
  }
}
