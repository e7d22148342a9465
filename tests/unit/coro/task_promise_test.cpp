#include <net/detail/coro/task_promise.hpp>

#include <doctest/doctest.h>

#include <memory>
#include <string>

using namespace net::detail;

namespace {

/// The least that is a task: starts when it is resumed, and is destroyed by whoever has it.
template <class T>
struct Least {
  using promise_type = TaskPromise<T, Least>;
  explicit Least(std::coroutine_handle<promise_type> its) : frame(its) {}
  Least(Least&& other) noexcept : frame(std::exchange(other.frame, {})) {}
  ~Least() {
    if (frame) frame.destroy();
  }
  std::coroutine_handle<> release() { return std::exchange(frame, {}); }

  std::coroutine_handle<promise_type> frame;
};

/// Stops a coroutine until somebody resumes it.
struct Stop {
  std::coroutine_handle<>& at;
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> waiting) noexcept { at = waiting; }
  void await_resume() const noexcept {}
};

/// Says when what holds it goes.
struct Witness {
  bool* gone;
  explicit Witness(bool& flag) : gone(&flag) {}
  Witness(Witness&& other) noexcept : gone(std::exchange(other.gone, nullptr)) {}
  ~Witness() {
    if (gone) *gone = true;
  }
};

Least<std::unique_ptr<int>> gives(int number) { co_return std::make_unique<int>(number); }
Least<void> throws(std::string text) {
  if (!text.empty()) throw text;
  co_return;
}
Least<void> waits(std::coroutine_handle<>& at, Witness, std::string then) {
  co_await Stop{at};
  if (!then.empty()) throw then;
}

}  // namespace

TEST_CASE("a promise keeps a result, one that moves only too, or the exception, until it is taken") {
  const auto made = gives(5);
  CHECK_FALSE(made.frame.done());
  made.frame.resume();
  CHECK(made.frame.done());
  CHECK(*made.frame.promise().take() == 5);
  const auto fails = throws("broken");
  fails.frame.resume();
  CHECK(fails.frame.done());
  CHECK_THROWS_AS(fails.frame.promise().take(), std::string);
  fails.frame.promise().take();  // taken once
  const auto fine = throws("");
  fine.frame.resume();
  fine.frame.promise().take();
}

TEST_CASE("at its end a coroutine resumes whoever waits for it, and then touches nothing of its own") {
  bool resumed = false;
  std::coroutine_handle<> inner_at, outer_at;
  bool inner_gone = false, outer_gone = false;
  auto inner = std::make_unique<Least<void>>(waits(inner_at, Witness(inner_gone), ""));
  auto outer = [](std::coroutine_handle<>& at, bool& called, std::unique_ptr<Least<void>>& other) -> Least<void> {
    co_await Stop{at};
    other.reset();  // the frame that has ended just now
    called = true;
  }(outer_at, resumed, inner);
  outer.frame.resume();
  inner->frame.resume();
  inner->frame.promise().caller = outer_at.address();
  CHECK_FALSE(resumed);
  inner_at.resume();
  CHECK(resumed);
  CHECK(inner_gone);
  CHECK_FALSE(outer_gone);
}

TEST_CASE("a task on its own is gone when it has ended, and its exception leaves run() from a tick") {
  LoopCore loop;
  std::coroutine_handle<> at;
  bool gone = false;
  for (const bool fails : {false, true}) {
    auto task = waits(at, Witness(gone), fails ? "escaped" : "");
    auto& promise = task.frame.promise();
    const std::coroutine_handle<> frame = task.release();
    spawn_task(loop, frame, promise, {});
    CHECK_FALSE(gone);
    at.resume();
    CHECK(gone);
    gone = false;
    if (!fails) {
      loop.run();
    } else {
      CHECK_THROWS_AS(loop.run(), std::string);
      loop.run();
    }
  }
}

TEST_CASE("a task on its own that never goes on is destroyed with its loop") {
  bool gone = false;
  std::coroutine_handle<> at;
  {
    LoopCore loop;
    auto task = waits(at, Witness(gone), "");
    auto& promise = task.frame.promise();
    const std::coroutine_handle<> frame = task.release();
    spawn_task(loop, frame, promise, {});
    loop.run();
    CHECK_FALSE(gone);
  }
  CHECK(gone);
}
