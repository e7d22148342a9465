#include <net/detail/sys/windows/thread.hpp>

#if defined(_WIN32)

#include <doctest/doctest.h>

#include <net/detail/base/lock_guard.hpp>

using namespace net::detail;

TEST_CASE("nothing is ever a parent's where there is no fork()") {
  os::at_fork(nullptr, nullptr, nullptr);
  os::count_in_resolver(1);
  CHECK(os::fork_count() == 0);
}

TEST_CASE("the clock has a fine step, and goes forward only") {
  const std::uint64_t began = os::now_ns();
  std::uint64_t now = began;
  while (now == began) now = os::now_ns();
  CHECK(now > began);
}

TEST_SUITE("threads") {
  TEST_CASE("a thread works with what it was given; whoever waits on a condition is woken") {
    struct Shared {
      os::Mutex mutex;
      os::Condition changed;
      int steps = 0;
    } shared;
    const auto step = [](void* given) {
      auto& its = *static_cast<Shared*>(given);
      const LockGuard locked(its.mutex);
      ++its.steps;
      its.changed.wake_all();
    };
    os::Thread joined;
    REQUIRE(joined.start(step, &shared));
    REQUIRE(os::start_thread(step, &shared));
    {
      const LockGuard locked(shared.mutex);
      while (shared.steps < 2) shared.changed.wait(shared.mutex);
    }
    joined.join();
    CHECK(os::processors() >= 1);
  }

  TEST_CASE("a wait on a condition that nobody wakes ends when its time is over") {
    os::Mutex mutex;
    os::Condition never;
    const std::uint64_t began = os::now_ns();
    {
      const LockGuard locked(mutex);
      while (never.wait_ms(mutex, 20)) {}
    }
    CHECK(os::now_ns() > began);
  }
}

#endif
