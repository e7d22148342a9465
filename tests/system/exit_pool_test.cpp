#include <net.hpp>

#if !defined(_WIN32)

#include <doctest/doctest.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <thread>
#include <utility>

#include "tests/support/forking.hpp"
#include "tests/support/session.hpp"

using namespace tests;

namespace {

std::atomic<int> back{0};   // jobs that were dropped, and are home
std::atomic<int> turns{0};  // of the loop, since they are
std::atomic<bool> busy{false};

/// Goes with the job that holds it.
struct Held {
  Held() = default;
  Held(Held&& from) noexcept : full(std::exchange(from.full, false)) {}
  ~Held() {
    if (full) ++back;
  }
  bool full = true;
};

/// Occupies the only thread of the pool until the loop has gone on for a while after the others were dropped.
void occupy(net::WorkerPool& pool, int others) {
  pool.exec([others] {
    busy = true;
    while (back < others || turns < 5) std::this_thread::yield();
  });
}

net::Task<> await(net::WorkerPool& pool) {
  const net::Job<void> job = pool.exec([held = Held()] {});
  co_await job;
  std::abort();
}

/// Asks in each way for a job that does not begin.
constexpr int asked = 3;
void ask(net::WorkerPool& pool) {
  pool.exec([held = Held()] {});
  pool.exec([held = Held()] {}).then([] { std::abort(); });
  net::spawn(await(pool));
}

/// The default loop runs, and another thread ends the process.
[[noreturn]] void exit_under_the_loop() {
  const net::Timer each = net::setInterval([] { turns += back >= asked; }, 1);
  std::thread([] {
    while (!busy) std::this_thread::yield();
    std::exit(5);
  }).detach();
  net::run();
  std::abort();
}

template <class F>
int in_a_process(F&& f) {
  std::fflush(nullptr);
  const pid_t child = ::fork();
  if (child == 0) {
    net::Loop::current().afterFork();
    f();
  }
  REQUIRE(child > 0);
  return ended(child);
}

}  // namespace

TEST_SUITE("threads") {
  TEST_CASE("S31.6: exit() in another thread destroys a static pool, and the loop that waits for its jobs runs on") {
    CHECK(in_a_process([] {
            static net::WorkerPool pool(1);
            occupy(pool, asked);
            ask(pool);
            exit_under_the_loop();
          }) == 5);
  }

  TEST_CASE("S31.6: the same with a pool that was made after another one was used, or that something static owns") {
    CHECK(in_a_process([] {
            static net::WorkerPool first(1);
            first.exec([] {});
            static std::unique_ptr<net::WorkerPool> second;
            second = std::make_unique<net::WorkerPool>(1);
            occupy(*second, asked);
            ask(*second);
            exit_under_the_loop();
          }) == 5);
  }
}

#endif
