#include <net/worker_pool.hpp>

#include <doctest/doctest.h>

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <net/task.hpp>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/session.hpp"

namespace {

/// Holds the threads that come to it until it is opened.
class Gate {
 public:
  void open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }
  void pass() {
    std::unique_lock lock(mutex_);
    ++inside_;
    changed_.notify_all();
    changed_.wait(lock, [this] { return open_; });
  }
  void wait_for_someone() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return inside_ > 0; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = false;
  int inside_ = 0;
};

}  // namespace

TEST_SUITE_BEGIN("threads");

TEST_CASE("a job runs on another thread, its result comes back on the loop, and the loop waits for it") {
  net::Loop loop;
  net::WorkerPool pool(2);
  const auto here = std::this_thread::get_id();
  std::thread::id there, back;
  int result = 0;
  pool.exec([&there](int a, int b) { return there = std::this_thread::get_id(), a + b; }, 1, 2).then([&](int sum) {
    result = sum;
    back = std::this_thread::get_id();
  });
  CHECK(result == 0);
  loop.run();
  CHECK(result == 3);
  CHECK(there != here);
  CHECK(back == here);
}

TEST_CASE("the loop stays responsive while a job runs") {
  net::Loop loop;
  net::WorkerPool pool(1);
  Gate gate;
  int ticks = 0;
  bool done = false;
  pool.exec([&gate] { gate.pass(); }).then([&] { done = true; });
  const net::Timer timer = loop.setInterval(
      [&] {
        if (++ticks == 3) gate.open();
        if (ticks > 3 && done) timer.close();
      },
      1);
  loop.setTimeout([&] { CHECK_FALSE(done); });
  loop.run();
  CHECK(ticks >= 3);
  CHECK(done);
}

TEST_CASE("what a job gives may be only movable, and nothing at all") {
  net::Loop loop;
  net::WorkerPool pool(1);
  std::unique_ptr<int> got;
  bool called = false;
  pool.exec([](std::unique_ptr<int> in) { return std::make_unique<int>(*in + 1); }, std::make_unique<int>(1))
      .then([&](std::unique_ptr<int> out) { got = std::move(out); });
  pool.exec([] {}).then([&] { called = true; });
  loop.run();
  REQUIRE(got);
  CHECK(*got == 2);
  CHECK(called);
}

TEST_CASE("several may ask for one result, also after it came") {
  net::Loop loop;
  net::WorkerPool pool(1);
  std::vector<std::string> got;
  auto job = pool.exec([] { return std::string("a text that is too long to be kept inside"); });
  job.then([&](std::string text) { got.push_back(std::move(text)); }).then([&](const std::string& text) {
    got.push_back(text);
    job.then([&] { got.emplace_back("late"); });
  });
  loop.run();
  REQUIRE(got.size() == 3);
  CHECK(got[0] == got[1]);
  CHECK(got[0].size() > 30);
  CHECK(got[2] == "late");
}

TEST_CASE("an exception of a job comes to the second callback as an Error") {
  net::Loop loop;
  net::WorkerPool pool(1);
  std::vector<std::string> errors;
  const auto never = [&] { errors.emplace_back("never"); };
  const auto note = [&](const net::Error& error) { errors.emplace_back(error.what()); };
  pool.exec([] { throw std::runtime_error("one"); }).then(never, note);
  pool.exec([]() -> int { throw net::Error(net::Errc::ERR_INVALID_STATE, "two"); }).then(never, note);
  pool.exec([] { throw 3; }).then(never, note);
  loop.run();
  CHECK(errors ==
        std::vector<std::string>{"one", "two", "A job of the worker pool threw something that is no exception"});
}

TEST_CASE("an exception that nobody takes leaves run(), and run() goes on") {
  net::Loop loop;
  net::WorkerPool pool(1);
  int result = 0;
  pool.exec([] { throw std::runtime_error("unheard"); });
  CHECK_THROWS_WITH_AS(loop.run(), "unheard", std::runtime_error);
  pool.exec([] { throw std::runtime_error("not asked for"); }).then([] {});
  CHECK_THROWS_WITH_AS(loop.run(), "not asked for", std::runtime_error);
  pool.exec([] { return 5; }).then([&](int number) { result = number; });
  loop.run();
  CHECK(result == 5);
}

TEST_CASE("a job is awaited: its result, its exception, and one that is done already") {
  net::Loop loop;
  net::WorkerPool pool(2);
  std::vector<std::string> got;
  const auto body = [&]() -> net::Task<> {
    got.push_back(co_await pool.exec([] { return std::string("result"); }));
    co_await pool.exec([] {});
    try {
      co_await pool.exec([]() -> int { throw std::runtime_error("thrown"); });
    } catch (const std::runtime_error& error) {
      got.emplace_back(error.what());
    }
    auto early = pool.exec([] { return std::string("early"); });
    early.then([](const std::string&) {});
    while (loop.alive() && got.size() < 3) {
      co_await net::sleep(1);
      got.push_back(co_await early);
    }
  };
  net::spawn(body());
  loop.run();
  CHECK(got == std::vector<std::string>{"result", "thrown", "early"});
}

TEST_CASE("S34.9: the failure of a job whose task was destroyed while it waited is nobody's") {
  net::Loop loop;
  net::WorkerPool pool(1);
  std::atomic<bool> enough = false;
  const auto loser = [&]() -> net::Task<int> {
    co_return co_await pool.exec([&]() -> int {
      while (!enough) std::this_thread::yield();
      throw std::runtime_error("too late");
    });
  };
  const auto winner = []() -> net::Task<int> { co_return 7; };
  int won = 0;
  net::spawn([&]() -> net::Task<> {
    won = co_await net::race(loser(), winner());
    enough = true;
  });
  tests::run_to_the_end(loop);
  CHECK(won == 7);
}

TEST_CASE("destroying the pool waits for what runs and drops what waits, with a clear error") {
  net::Loop loop;
  Gate gate;
  std::atomic<bool> ran = false, dropped_ran = false;
  std::string emitted, dropped, awaited;
  std::optional<net::WorkerPool> pool(1);
  pool->exec([&] {
        gate.pass();
        ran = true;
      })
      .then([&] { emitted = "done"; });
  pool->exec([&] { dropped_ran = true; })
      .then([] {},
            [&](const net::Error& error) {
              CHECK(error.code() == net::Errc::ERR_ABORTED);
              dropped = error.what();
            });
  const auto body = [&]() -> net::Task<> {
    try {
      co_await pool->exec([&] { dropped_ran = true; });
    } catch (const net::Error& error) {
      awaited = error.kind();
    }
  };
  net::spawn(body());
  gate.wait_for_someone();
  {
    // what nobody wants any more is destroyed when it is dropped: this one opens the gate
    std::shared_ptr<void> opener(nullptr, [&gate](void*) { gate.open(); });
    net::Loop gone;
    pool->exec([last = std::move(opener)] {});
  }
  pool.reset();
  CHECK(ran);
  loop.run();
  CHECK(emitted == "done");
  CHECK(dropped == "The worker pool was destroyed before this job began");
  CHECK(awaited == "AbortError");
  CHECK_FALSE(dropped_ran);
}

TEST_CASE("a loop may go while its jobs run; nobody is called back, nothing is lost") {
  Gate gate;
  auto shared = std::make_shared<int>(0);
  net::WorkerPool pool(1);
  bool called = false, task_gone = false;
  {
    net::Loop loop;
    pool.exec([&gate, shared] { gate.pass(); }).then([&called, shared] { called = true; });
    pool.exec([shared] { return shared; });
    const auto body = [](net::WorkerPool& at, bool& gone) -> net::Task<> {
      struct Last {
        bool& flag;
        ~Last() { flag = true; }
      } const last{gone};
      co_await at.exec([] { return 1; });
    };
    net::spawn(body(pool, task_gone));
    gate.wait_for_someone();
  }
  CHECK(task_gone);
  gate.open();
  net::Loop other;
  int result = 0;
  pool.exec([] { return 7; }).then([&](int number) { result = number; });  // behind the others
  other.run();
  CHECK(result == 7);
  CHECK_FALSE(called);
  CHECK(shared.use_count() == 1);
}

TEST_CASE("many loops share one pool") {
  net::WorkerPool pool(3);
  std::atomic<int> sum = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&pool, &sum] {
      net::Loop loop;
      for (int n = 0; n < 100; ++n)
        pool.exec([](int number) { return number; }, n).then([&sum](int number) { sum += number; });
      loop.run();
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(sum == 4 * 4950);
}

TEST_CASE("post and stop from other threads, also while the loop ends") {
  for (int round = 0; round < 20; ++round) {
    std::atomic<net::Loop*> shared = nullptr;
    std::atomic<int> posting = 0, called = 0;
    std::thread owner([&] {
      net::Loop loop;
      const net::Timer alive = loop.setInterval([] {}, 1000);
      loop.setImmediate([&] { shared = &loop; });  // it runs by then: before, stop() would leave it no turn
      loop.run();
      shared = nullptr;
      while (posting > 0) std::this_thread::yield();  // a loop must exist as long as others use it
    });
    std::vector<std::thread> others;
    for (int i = 0; i < 2; ++i) {
      others.emplace_back([&] {
        for (int n = 0; n < 200; ++n) {
          ++posting;
          if (net::Loop* const loop = shared) {
            loop->post([&called] { ++called; });
            if (n == 100) {
              while (called == 0) std::this_thread::yield();  // one has run when it stops
              loop->stop();
            }
          } else if (n < 100) {
            --n;
            if (called > 0) n = 200;
          }
          --posting;
        }
      });
    }
    for (std::thread& thread : others) thread.join();
    owner.join();
    CHECK(called > 0);
  }
}

TEST_CASE("a job that is awaited after its loop has gone throws an error that says so") {
  net::WorkerPool pool(1);
  auto gone = std::make_unique<net::Loop>();
  const auto job = pool.exec([] { return 1; });
  gone.reset();
  net::Loop loop;
  std::string message;
  net::spawn([&]() -> net::Task<> {
    try {
      (void)co_await job;
    } catch (const net::Error& error) {
      message = error.what();
    }
  });
  loop.run();
  CHECK(message == "The loop of this job is gone");
}

TEST_SUITE_END();
