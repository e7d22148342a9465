#include <net/detail/loop/signals.hpp>

#include <doctest/doctest.h>

#include <signal.h>

using namespace net::detail;

TEST_CASE("a listener of a signal is given its number, from the loop, and may close itself meanwhile") {
  LoopCore loop;
  const Ref<SignalState> state(new SignalState(loop, SIGUSR1));
  int calls = 0;
  state->callback = [&](int signo) {
    calls += signo;
    state->close();
  };
  REQUIRE(state->open() == 0);
  CHECK_MESSAGE(!loop.alive(), "it keeps no loop alive");
  state->set_ref(true);
  state->set_ref(true);
  CHECK(loop.alive());
  ::raise(SIGUSR1);
  CHECK(calls == 0);
  loop.run();
  CHECK(calls == SIGUSR1);
  CHECK_FALSE(loop.alive());
  CHECK(state->owners == 1);
  state->close();
}
