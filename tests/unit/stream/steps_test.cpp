#include <net/detail/stream/steps.hpp>

#include <doctest/doctest.h>

#include <net/loop.hpp>
#include <stdexcept>

using namespace net::detail;

namespace {

/// A socket's state on a loop of its own, and how often its step was run.
struct Stepping {
  net::Loop loop;
  Ref<SocketState> state{new SocketState(Access::core(loop))};
  static inline int steps = 0;

  Stepping() { steps = 0; }
  static void step(SocketState&) { ++steps; }
};

}  // namespace

TEST_CASE("a step that comes later is nothing to the next connection") {
  Stepping one;
  one.state->tick(&Stepping::step);
  CHECK(one.state->owed == 1);
  one.loop.runOnce(0);
  CHECK(Stepping::steps == 1);
  CHECK(one.state->owed == 0);
  one.state->tick(&Stepping::step);
  ++one.state->generation;
  one.loop.runOnce(0);
  CHECK(Stepping::steps == 1);
}

TEST_CASE("a step of the socket itself comes whatever has become of its connection") {
  Stepping one;
  one.state->tick_always(&Stepping::step);
  ++one.state->generation;
  one.loop.runOnce(0);
  CHECK(Stepping::steps == 1);
}

TEST_CASE("S1.5: what a listener that throws has broken off is put right, and only then") {
  Stepping one;
  const auto broken_off = [&](bool throws) {
    OnThrow again{*one.state, &Stepping::step};
    if (throws) throw std::runtime_error("a listener's");
    again.passed = true;
  };
  broken_off(false);
  CHECK(Stepping::steps == 0);
  CHECK_THROWS_AS(broken_off(true), std::runtime_error);
  CHECK(Stepping::steps == 1);
}
