#include <net/loop.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <memory>
#include <stdexcept>
#include <vector>

#include "tests/support/count_allocations.hpp"
#include "tests/support/session.hpp"

using namespace tests;

TEST_CASE("S2.6: timers fire in order of due time, equal ones in the order in which they were made") {
  net::Loop loop;
  Log log;
  loop.setTimeout([&] { log.add("c"); }, 100);  // each counts from when it is made, and a slow machine takes a while
  loop.setTimeout([&] { log.add("a"); }, 20);
  loop.setTimeout([&] { log.add("b"); }, 20.9);
  loop.setTimeout([&] { log.add("d"); }, 100);
  run_to_the_end(loop);
  CHECK(log.text() == "a b c d");
}

TEST_CASE("S2.6: a timer never fires early on the loop's clock, and odd lengths count as 1 ms") {
  net::Loop loop;
  const auto start = loop.now();
  int fired = 0;
  loop.setTimeout(
      [&] {
        ++fired;
        CHECK((loop.now() - start).count() >= 3);
      },
      std::chrono::microseconds(3999));
  for (const double odd : {0.0, -5.0, 0.5, 3e9, std::nan("")}) loop.setTimeout([&] { ++fired; }, odd);
  run_to_the_end(loop);
  CHECK(fired == 6);
}

TEST_CASE("S2.7: an interval repeats until it is closed, by its own callback too") {
  net::Loop loop;
  int times = 0;
  net::Timer timer;
  timer = loop.setInterval(
      [&] {
        if (++times == 3) timer.close();
      },
      1);
  run_to_the_end(loop);
  CHECK(times == 3);
  timer.close();
  timer.refresh();
  run_to_the_end(loop);
  CHECK(times == 3);
}

TEST_CASE("S2.7: an interval goes on when its callback throws") {
  net::Loop loop;
  int times = 0;
  net::Timer timer;
  timer = loop.setInterval(
      [&] {
        if (++times == 2) timer.close();
        throw std::runtime_error("from the timer");
      },
      1);
  CHECK_THROWS_WITH_AS(loop.run(), "from the timer", std::runtime_error);
  CHECK_THROWS_AS(loop.run(), std::runtime_error);
  run_to_the_end(loop);
  CHECK(times == 2);
}

TEST_CASE("S2.7: refresh starts a timer again, one that has fired too, and makes no second one") {
  net::Loop loop;
  int times = 0;
  const net::Timer timer = loop.setTimeout([&] { ++times; }, 1);
  timer.refresh().refresh();
  run_to_the_end(loop);
  CHECK(times == 1);
  timer.refresh();
  run_to_the_end(loop);
  CHECK(times == 2);
}

TEST_CASE("S2.7: a timer that has fired keeps its callback for refresh(); close() drops it, in the callback too") {
  net::Loop loop;
  const auto captured = std::make_shared<int>(0);
  const net::Timer timer = loop.setTimeout([captured] {});
  const auto own = std::make_shared<net::Timer>();
  *own = loop.setTimeout([captured, timer = own] { timer->close(); });
  CHECK(captured.use_count() == 3);
  run_to_the_end(loop);
  CHECK(captured.use_count() == 2);
  timer.close();
  CHECK(captured.use_count() == 1);
}

TEST_CASE("S2.7: clearing what has fired or was cleared does nothing") {
  net::Loop loop;
  int fired = 0;
  const net::Timer timer = loop.setTimeout([&] { ++fired; }, 1);
  const net::Immediate immediate = loop.setImmediate([&] { ++fired; });
  const net::Immediate cleared = loop.setImmediate([&] { fired += 100; });
  net::clearImmediate(cleared);
  run_to_the_end(loop);
  net::clearTimeout(timer);
  net::clearInterval(timer);
  net::clearImmediate(immediate);
  net::clearImmediate(cleared);
  net::clearTimeout(net::Timer());
  net::clearImmediate(net::Immediate());
  run_to_the_end(loop);
  CHECK(fired == 2);
}

TEST_CASE("S2.7: an immediate may clear the one behind it") {
  net::Loop loop;
  bool second = false;
  net::Immediate behind;
  loop.setImmediate([&] { behind.close(); });
  behind = loop.setImmediate([&] { second = true; });
  run_to_the_end(loop);
  CHECK_FALSE(second);
}

TEST_CASE("S2.8: an unref'd timer does not keep the loop alive, ref takes it back") {
  net::Loop loop;
  bool fired = false;
  const net::Timer timer = loop.setTimeout([&] { fired = true; }, 50);
  CHECK(timer.hasRef());
  CHECK_FALSE(timer.unref().unref().hasRef());
  CHECK_FALSE(loop.alive());
  run_to_the_end(loop);
  CHECK_FALSE(fired);
  CHECK(timer.ref().hasRef());
  run_to_the_end(loop);
  CHECK(fired);
}

TEST_CASE("S2.8: an unref'd immediate alone never runs") {
  net::Loop loop;
  bool ran = false;
  const net::Immediate immediate = loop.setImmediate([&] { ran = true; });
  CHECK(immediate.hasRef());
  CHECK_FALSE(immediate.unref().hasRef());
  run_to_the_end(loop);
  CHECK_FALSE(ran);
}

TEST_CASE("S32.5: a timer that waits starts again without memory, however many there are") {
  net::Loop loop;
  std::vector<net::Timer> timers;
  timers.reserve(40);
  std::size_t allocations = 0;
  for (int i = 0; i < 40; ++i) {
    timers.push_back(loop.setTimeout([] {}, 100000));
    const tests::CountAllocations counted;
    timers.front().refresh();
    allocations += counted.count();
  }
  CHECK(allocations == 0);
  for (const net::Timer& timer : timers) timer.close();
}

TEST_CASE("a timer may be closed and destroyed from inside its own callback") {
  net::Loop loop;
  int fired = 0;
  auto timer = std::make_unique<net::Timer>();
  *timer = loop.setTimeout(
      [&fired, &timer, big = std::vector<int>(10, 7)] {
        timer->close();
        timer.reset();
        fired += big[9];
      },
      1);
  run_to_the_end(loop);
  CHECK(fired == 7);
}

TEST_CASE("handles of timers and immediates that outlive their loop are harmless") {
  net::Timer timer;
  net::Immediate immediate;
  const auto captured = std::make_shared<int>(1);
  {
    net::Loop loop;
    timer = loop.setTimeout([captured] {}, 1000);
    immediate = loop.setImmediate([captured] {});
    loop.nextTick([captured] {});
    loop.post([captured] {});
    CHECK(captured.use_count() == 5);
  }
  CHECK(captured.use_count() == 1);
  timer.refresh().unref().ref().close();
  immediate.ref().unref().close();
}
