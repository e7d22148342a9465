#include <net/detail/loop/keeps_alive.hpp>

#include <doctest/doctest.h>

#include <net/loop.hpp>

using namespace net::detail;

TEST_CASE("S19: what keeps a loop alive is counted once, however often it is said") {
  net::Loop loop;
  LoopCore& core = Access::core(loop);
  KeepsAlive one;
  CHECK((one.refd && !one.counted));
  one.count(core, true);
  one.count(core, true);
  CHECK(loop.alive());
  one.count(core, false);
  CHECK_FALSE(loop.alive());
  one.count(core, false);
  CHECK_FALSE(loop.alive());
}
