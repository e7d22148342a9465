#include <net/promise.hpp>

#include <doctest/doctest.h>

#include <memory>
#include <net/reader.hpp>
#include <net/task_group.hpp>
#include <string>

#include "tests/support/reading.hpp"
#include "tests/support/session.hpp"
#include "tests/support/tasks.hpp"
#include "tests/support/throwing.hpp"

using tests::Throwing;
using tests::run_task;

TEST_CASE("S34.8: a task waits for what a callback tells, before or after it waits") {
  run_task([]() -> net::Task<> {
    const net::Promise<int> later, before;
    net::setTimeout([later] { later.resolve(1); }, 1);
    before.resolve(2);
    CHECK_FALSE(later.settled());
    CHECK(co_await later.wait() == 1);
    CHECK(co_await before.wait() == 2);
    const net::Promise<> nothing;
    net::setTimeout([nothing] { nothing.resolve(); }, 1);
    co_await nothing.wait();
    const net::Promise<std::unique_ptr<int>> owned;
    owned.resolve(std::make_unique<int>(3));
    CHECK(*co_await owned.wait() == 3);
  });
}

TEST_CASE("S34.8: only the first outcome counts, and an error is thrown where the task waits") {
  run_task([]() -> net::Task<> {
    const net::Promise<std::string> promise;
    promise.reject(net::Error("no"));
    promise.resolve("yes");
    promise.reject(net::Error("never"));
    std::string message;
    try {
      (void)co_await promise.wait();
    } catch (const net::Error& error) {
      message = error.what();
    }
    CHECK(message == "no");
  });
}

TEST_CASE("S34.8: several tasks may wait; they go on in their order, after who settles it has returned") {
  net::Loop loop;
  const net::Promise<int> promise(loop);
  std::string order;
  const auto waiting = [](net::Promise<int> on, std::string& text, std::string name) -> net::Task<> {
    text += name + std::to_string(co_await on.wait()) + " ";
  };
  for (const char* name : {"a", "b", "c"}) net::spawn(loop, waiting(promise, order, name));
  loop.setImmediate([&] {
    promise.resolve(1);
    order += "settled ";
  });
  loop.run();
  CHECK(order == "settled a1 b1 c1 ");
}

TEST_CASE("S34.9: a task that is destroyed while it waits for a promise does not go on; the others do") {
  net::Loop loop;
  const net::Promise<> promise(loop);
  int went_on = 0;
  const auto waiting = [](net::Promise<> on, int& count) -> net::Task<> {
    co_await on.wait();
    ++count;
  };
  net::spawn(loop, waiting(promise, went_on));
  {
    net::TaskGroup group(loop);
    group.spawn(waiting(promise, went_on));
  }
  net::spawn(loop, waiting(promise, went_on));
  promise.resolve();
  loop.run();
  CHECK(went_on == 2);
}

TEST_CASE("S34.8: a promise is awaited as it stands, and rejected with a text") {
  std::string message;
  run_task([&]() -> net::Task<> {
    net::Promise<int> given, refused;
    given.resolve(7);
    CHECK(co_await given == 7);
    refused.reject("no such user");
    try {
      co_await refused;
    } catch (const net::Error& error) {
      message = error.what();
    }
  });
  CHECK(message == "no such user");
}

namespace {

Throwing throws_after(net::Promise<int> promise) { throw co_await promise.wait(); }

}  // namespace

TEST_CASE("S34.8: who waits behind a task whose exception leaves its resume() goes on all the same") {
  net::Loop loop;
  const net::Promise<int> promise(loop);
  int sum = 0, thrown = 0;
  const auto waiting = [](net::Promise<int> on, int& into) -> net::Task<> { into += co_await on.wait(); };
  net::spawn(loop, waiting(promise, sum));
  const Throwing throws = throws_after(promise);
  net::spawn(loop, waiting(promise, sum));
  promise.resolve(7);
  try {
    loop.run();
  } catch (int number) {
    thrown = number;
  }
  loop.run();
  throws.frame.destroy();
  CHECK(thrown == 7);
  CHECK(sum == 14);
}

TEST_CASE("S34.6: a wait for what belonged to a loop that is gone throws") {
  auto gone = std::make_unique<net::Loop>();
  const net::Promise<int> promise(*gone);
  net::TaskGroup group(*gone);
  net::Reader reader(net::Socket(*gone, {}));
  gone.reset();
  std::string names;
  run_task([&]() -> net::Task<> {
    group.spawn([]() -> net::Task<> { co_await net::sleep(1); });
    names += co_await tests::error_name(promise.wait({.timeout = 1}));
    names += co_await tests::error_name(group.join());
    names += co_await tests::error_name(reader.next());
  });
  CHECK(names == "ERR_STREAM_PREMATURE_CLOSEERR_STREAM_PREMATURE_CLOSEERR_STREAM_PREMATURE_CLOSE");
  promise.resolve(1);
}
