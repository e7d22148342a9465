#include <net/detail/connect/attempts.hpp>

#include <doctest/doctest.h>

#include <net/loop.hpp>

#include "tests/support/steps.hpp"

using namespace net::detail;

TEST_CASE("a connection under way frees its attempts, and closes the descriptors they still have") {
  net::Loop loop;
  int fd = -1;
  {
    const Ref<ConnectAttempts> attempts(new ConnectAttempts(net::detail::Access::core(loop), {}));
    for (int i = 0; i < 3; ++i) attempts->list.push(new Attempt);
    REQUIRE(attempts->list[1]->channel.open(net::Family::IPv4) == 0);
    fd = attempts->list[1]->channel.fd;
    CHECK(Machine::kind_of(fd) == DescriptorKind::tcp);
  }
  CHECK(Machine::kind_of(fd) == DescriptorKind::unknown);
}

TEST_CASE("a connection under way that has ended stays until the phase in which things close, and goes with its loop otherwise") {
  struct Counted {
    int& alive;
    explicit Counted(int& count) : alive(count) { ++alive; }
    Counted(const Counted& other) : alive(other.alive) { ++alive; }
    ~Counted() { --alive; }
    void operator()() const {}
  };
  int alive = 0;
  {
    net::Loop loop;
    for (const bool runs : {true, false}) {
      auto* attempts = new ConnectAttempts(net::detail::Access::core(loop), {});
      attempts->retain();
      attempts->expect_end();
      attempts->timer = Ref<TimerState>(new TimerState(net::detail::Access::core(loop)));
      attempts->timer->callback = Counted(alive);
      REQUIRE(alive == 1);
      attempts->end();
      if (!runs) break;
      loop.runOnce(0);
      CHECK(alive == 0);
    }
    CHECK(alive == 1);
  }
  CHECK(alive == 0);
}

TEST_CASE("S7.8, S7.9: families are selected, with 250 ms for each attempt, unless the process says otherwise") {
  CHECK(SelectionDefaults::get().on.load() == 1);
  CHECK(SelectionDefaults::get().delay_ms.load() == 250);
}

TEST_CASE("S13: an attempt waits, runs, is slow and is over") {
  CHECK(steps(AttemptPhase::over) == "0>13 1>23 2>3 3>3");
  CHECK(Position<AttemptPhase>() == AttemptPhase::waiting);
}
