#include <net/detail/loop/turn.ipp>

#include <doctest/doctest.h>

#include <string>

#include "tests/support/noted.hpp"

using namespace net::detail;
using tests::Noted;

TEST_CASE(
    "S2.1: a turn runs what is pending, then posted callbacks, immediates, what closes, timers; each with its ticks") {
  static std::string log;
  log.clear();
  LoopCore loop;
  const auto say = [&loop](const char* word) {
    log.append(word).append(" ");
    loop.ticks().push([word] { log.append(word).append("-tick "); });
  };
  std::string unused;
  const Ref<Handle> handle(Ref<Noted>(new Noted(loop, unused)));
  static LoopCore* here;
  static decltype(&say) words;
  here = &loop, words = &say;
  const Ref<TimerState> timer(new TimerState(loop));
  timer->callback = [&] { say("timer"); };
  const Ref<ImmediateState> immediate(new ImmediateState(loop));
  immediate->callback = [&] {
    say("immediate");
    // due when the clock is looked at the next time
    here->start_timer(*timer, 0, here->now());
  };
  loop.next_immediate(immediate);
  loop.next_close({handle, [](Handle&) { (*words)("close"); }});
  loop.mailbox().post([&] { say("posted"); });
  loop.pending().push({handle, [](Handle&) { (*words)("pending"); }});
  CHECK(loop.timeout_ms() == 0);
  CHECK_FALSE(loop.run_once(0));
  CHECK(log == "pending pending-tick posted posted-tick immediate immediate-tick close close-tick timer timer-tick ");
  CHECK(loop.timeout_ms() == -1);
}

TEST_CASE("S2.8: what is not ref'd is not counted among what keeps a loop alive, in whatever order that is said") {
  LoopCore loop;
  const Ref<TimerState> timer(new TimerState(loop));
  CHECK_FALSE(loop.alive());
  loop.start_timer(*timer, 100000, loop.now());
  loop.start_timer(*timer, 200000, loop.now());
  CHECK(loop.alive());
  CHECK(timer->owners == 2);
  loop.set_timer_ref(*timer, false);
  loop.set_timer_ref(*timer, false);
  CHECK_FALSE(loop.alive());
  loop.set_timer_ref(*timer, true);
  loop.stop_timer(*timer);
  loop.stop_timer(*timer);
  CHECK_FALSE(loop.alive());
  CHECK(timer->owners == 1);
  loop.set_timer_ref(*timer, false);
  loop.start_timer(*timer, 100000, loop.now());
  CHECK_FALSE(loop.alive());
  CHECK_MESSAGE(loop.timeout_ms() > 0, "but it has its time all the same");
  const Ref<ImmediateState> immediate(new ImmediateState(loop));
  loop.next_immediate(immediate);
  CHECK(loop.alive());
  CHECK(loop.timeout_ms() == 0);
  loop.set_immediate_ref(*immediate, false);
  CHECK_FALSE(loop.alive());
  CHECK(loop.timeout_ms() > 0);
  loop.clear_immediate(*immediate);
  loop.set_immediate_ref(*immediate, true);
  CHECK_FALSE(loop.alive());
}
