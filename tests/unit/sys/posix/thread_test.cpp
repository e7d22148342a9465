#include <net/detail/sys/posix/thread.hpp>

#if !defined(_WIN32)

#include <doctest/doctest.h>

#include <net/detail/base/lock_guard.hpp>

#include <poll.h>

using namespace net::detail;

TEST_CASE("a waker that was woken is readable until it is drained, however often it was woken") {
  os::Waker waker;
  CHECK(waker.descriptor() == no_handle);
  REQUIRE(waker.open() == 0);
  pollfd entry{waker.descriptor(), POLLIN, 0};
  CHECK(::poll(&entry, 1, 0) == 0);
  for (int i = 0; i < 100; ++i) waker.wake();
  CHECK(::poll(&entry, 1, 0) == 1);
  waker.drain();
  CHECK(::poll(&entry, 1, 0) == 0);
  waker.drain();
  waker.wake();
  CHECK(::poll(&entry, 1, 0) == 1);
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
