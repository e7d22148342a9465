#include <net/detail/coro/wait_place.hpp>

#include <doctest/doctest.h>

#include <coroutine>
#include <net/socket.hpp>
#include <optional>
#include <utility>

using namespace net::detail;

namespace {

/// A coroutine that stands at its beginning, and counts how often it went on.
struct Counted {
  struct promise_type {
    Counted get_return_object() { return Counted{std::coroutine_handle<promise_type>::from_promise(*this)}; }
    std::suspend_always initial_suspend() noexcept { return {}; }
    std::suspend_always final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() {}
  };
  explicit Counted(std::coroutine_handle<promise_type> its) : frame(its) {}
  Counted(Counted&& other) noexcept : frame(std::exchange(other.frame, {})) {}
  Counted& operator=(Counted&&) = delete;
  ~Counted() {
    if (frame) frame.destroy();
  }

  std::coroutine_handle<promise_type> frame;
};

Counted count(int& times) {
  ++times;
  co_return;
}

}  // namespace

TEST_CASE("the task that is noted goes on once, and the place is free again") {
  LoopCore loop;
  int times = 0;
  const Counted task = count(times);
  WaitPlace place;
  WaitingTask waiting;
  CHECK_FALSE(place);
  place.note(waiting, &loop, task.frame);
  CHECK(place);
  place.resume();
  CHECK(times == 1);
  CHECK_FALSE(place);
}

TEST_CASE("S34.9: either side may go first: the task, or what it waits for") {
  LoopCore loop;
  int times = 0;
  const Counted task = count(times);
  std::optional<WaitPlace> place(std::in_place);
  {
    WaitingTask waiting;
    place->note(waiting, &loop, task.frame);
  }
  CHECK_FALSE(*place);
  WaitingTask waiting;
  place->note(waiting, &loop, task.frame);
  place.reset();
  waiting.require_kept();
  CHECK(times == 0);
}

TEST_CASE("S34.6: a task that gave up goes on, and is told why") {
  LoopCore loop;
  int times = 0;
  const Counted task = count(times);
  WaitPlace place;
  WaitingTask waiting(net::WaitOptions{.timeout = 1});
  place.note(waiting, &loop, task.frame);
  loop.run();
  CHECK(times == 1);
  CHECK_FALSE(place);
  CHECK_THROWS_AS(waiting.require_kept(), net::Error);
}

TEST_CASE("S34.9: what a task waits for goes: the task goes on from a tick") {
  net::Loop loop;
  const net::Socket who(loop);
  int times = 0;
  const Counted task = count(times);
  WaitingTask waiting;
  {
    WaitPlace place;
    place.note(waiting, &Access::core(loop), task.frame);
    place.close(Access::state(who));
    CHECK_FALSE(place);
  }
  CHECK(times == 0);
  loop.runTicks();
  CHECK(times == 1);
}

TEST_CASE("S34.9: a task that goes before that tick does not go on") {
  net::Loop loop;
  const net::Socket who(loop);
  int times = 0;
  const Counted task = count(times);
  {
    WaitPlace place;
    WaitingTask waiting;
    place.note(waiting, &Access::core(loop), task.frame);
    place.close(Access::state(who));
  }
  loop.runTicks();
  CHECK(times == 0);
}
