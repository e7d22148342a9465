#include <net.hpp>

#if !defined(_WIN32)

#include <doctest/doctest.h>

#include <unistd.h>

#include <atomic>
#include <memory>
#include <string>
#include <thread>

#include "tests/support/forking.hpp"
#include "tests/support/session.hpp"

using namespace tests;

namespace {

/// A pool of one thread, which is inside a job of the loop's until it is let go.
struct BusyPool {
  net::Loop loop;
  net::WorkerPool pool{1};
  std::atomic<bool> begun = false, enough = false;
  Log log;

  BusyPool() {
    ask("first", [this] {
      begun = true;
      while (!enough) std::this_thread::yield();
    });
    while (!begun) std::this_thread::yield();
  }
  ~BusyPool() { enough = true; }

  template <class F>
  void ask(const std::string& name, F f) {
    pool.exec(std::move(f)).then([this, name] { log.add(name); }, note_error(log, name));
  }
};

}  // namespace

TEST_CASE_FIXTURE(BusyPool, "S31.3: jobs that waited for a thread run in a child that goes on, in their order") {
  for (const char* name : {"second", "third", "fourth"}) ask(name, [] {});
  CHECK(in_child([&] {
          loop.afterFork();
          loop.run();
          return log.text() == "first(ABORT_ERR) second third fourth" ? 42 : 1;
        }) == 42);
  enough = true;
  run_to_the_end(loop);
  CHECK(log.text() == "first second third fourth");
}

TEST_CASE_FIXTURE(BusyPool, "S31.1: what waited for a thread does not run in a child that has no use for its loop") {
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  ask("second", [&] { (void)!::write(ends[1], "x", 1); });
  CHECK(in_child([&] {
          net::Loop own;
          bool computed = false;
          for (int i = 0; i < 3; ++i) pool.exec([] {}).then([&] { computed = true; });
          own.run();
          return computed ? 42 : 1;
        }) == 42);
  enough = true;
  run_to_the_end(loop);
  char bytes[8];
  CHECK(::read(ends[0], bytes, sizeof bytes) == 1);
  for (const int end : ends) ::close(end);
}

TEST_CASE_FIXTURE(BusyPool, "S31.3: a child of a child that goes on runs what waited too") {
  ask("second", [] {});
  CHECK(in_child([&] {
          return in_child([&] {
            loop.afterFork();
            loop.run();
            return log.text() == "first(ABORT_ERR) second" ? 42 : 1;
          });
        }) == 42);
}

TEST_CASE_FIXTURE(BusyPool, "S31.1: a child destroys the parent's loop, and its pool, while jobs run and wait") {
  const auto held = std::make_shared<int>(1);
  ask("second", [held] {});
  CHECK(in_child([&] {
          loop.~Loop();
          pool.~WorkerPool();
          return held.use_count() == 1 ? 42 : 1;
        }) == 42);
}

TEST_CASE_FIXTURE(BusyPool, "S31.3: a pool that a child destroys fails what waited there") {
  ask("second", [] {});
  CHECK(in_child([&] {
          pool.~WorkerPool();
          loop.afterFork();
          loop.run();
          return log.text() == "first(ABORT_ERR) second(ABORT_ERR)" ||
                         log.text() == "second(ABORT_ERR) first(ABORT_ERR)"
                     ? 42
                     : 1;
        }) == 42);
}

TEST_CASE("S31.3: a result that was on its way while the process forked comes in both") {
  net::Loop loop;
  net::WorkerPool pool(1);
  int result = 0;
  pool.exec([] { return 7; }).then([&](int value) { result = value; });
  const auto& mailbox = net::detail::Access::core(loop).mailbox();
  while (mailbox.any.load() == 0) std::this_thread::yield();
  CHECK(in_child([&] {
          loop.afterFork();
          loop.run();
          return result == 7 ? 42 : 1;
        }) == 42);
  CHECK(in_child([&] {
          loop.~Loop();
          return 42;
        }) == 42);
  run_to_the_end(loop);
  CHECK(result == 7);
}

#endif
