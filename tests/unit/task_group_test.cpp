#include <net/task_group.hpp>

#include <doctest/doctest.h>

#include <memory>
#include <net/promise.hpp>
#include <net/reader.hpp>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/support/session.hpp"
#include "tests/support/tasks.hpp"

using tests::run_task;

namespace {

net::Task<int> number(int value, int ms) {
  co_await net::sleep(ms);
  co_return value;
}
net::Task<int> at_once(int value) { co_return value; }
net::Task<int> fails(std::string message, int ms) {
  co_await net::sleep(ms);
  throw net::Error(message);
}
net::Task<> quiet(int ms) { co_await net::sleep(ms); }

/// Never ends by itself, and says so when it is destroyed.
net::Task<int> endless(std::shared_ptr<int> alive) {
  co_await net::sleep(1'000'000);
  co_return *alive;
}

}  // namespace

TEST_CASE("S34.7: all gives every result, in the order of the tasks, whenever they end") {
  run_task([]() -> net::Task<> {
    auto [a, b, c] = co_await net::all(number(1, 5), at_once(2), quiet(1));
    CHECK((a == 1 && b == 2));
    static_assert(std::is_empty_v<decltype(c)>);
    co_await net::all(quiet(1), quiet(2));
    co_await net::all();
    std::vector<net::Task<int>> tasks;
    for (int i = 0; i < 10; ++i) tasks.push_back(number(i, 10 - i));
    const std::vector<int> results = co_await net::all(std::move(tasks));
    for (int i = 0; i < 10; ++i) CHECK(results[static_cast<std::size_t>(i)] == i);
    CHECK((co_await net::all(std::vector<net::Task<int>>())).empty());
  });
}

TEST_CASE("S34.7: the first error leaves all, and the others are destroyed where they stand") {
  const auto alive = std::make_shared<int>(1);
  std::string message;
  run_task([&]() -> net::Task<> {
    try {
      co_await net::all(endless(alive), fails("first", 1), fails("second", 2));
    } catch (const net::Error& error) {
      message = error.what();
      CHECK(alive.use_count() == 1);
    }
  });
  CHECK(message == "first");
}

TEST_CASE("S34.7: race ends with the first, either way; any with the first that succeeds, or with all errors") {
  const auto alive = std::make_shared<int>(1);
  run_task([&]() -> net::Task<> {
    CHECK(co_await net::race(endless(alive), number(1, 1)) == 1);
    CHECK(co_await net::race(at_once(2), endless(alive)) == 2);
    CHECK(alive.use_count() == 1);
    bool thrown = false;
    try {
      co_await net::race(endless(alive), fails("lost", 1));
    } catch (const net::Error& error) {
      thrown = std::string(error.what()) == "lost";
    }
    CHECK(thrown);
    CHECK(co_await net::any(fails("no", 1), number(3, 5), endless(alive)) == 3);
    CHECK(alive.use_count() == 1);
    std::size_t errors = 0;
    try {
      co_await net::any(fails("a", 1), fails("b", 2));
    } catch (const net::Error& error) {
      errors = error.errors().size();
    }
    CHECK(errors == 2);
  });
}

TEST_CASE("S34.7: a group is joined when all have ended, those too that were added meanwhile") {
  int ended = 0;
  run_task([&]() -> net::Task<> {
    net::TaskGroup group;
    co_await group.join();
    group.spawn([&]() -> net::Task<> {
      co_await net::sleep(1);
      group.spawn([&]() -> net::Task<> {
        co_await net::sleep(1);
        ++ended;
      });
      ++ended;
    });
    group.spawn(quiet(1));
    CHECK(group.size() == 2);
    co_await group.join();
    CHECK(ended == 2);
    CHECK(group.size() == 0);
  });
  CHECK(ended == 2);
}

TEST_CASE("S34.7: an error of one destroys the others and leaves join(); the group can be used again") {
  const auto alive = std::make_shared<int>(1);
  run_task([&]() -> net::Task<> {
    net::TaskGroup group;
    group.spawn([&]() -> net::Task<> { (void)co_await endless(alive); });
    group.spawn([]() -> net::Task<> { (void)co_await fails("broken", 1); });
    std::string message;
    try {
      co_await group.join();
    } catch (const net::Error& error) {
      message = error.what();
    }
    CHECK(message == "broken");
    CHECK(alive.use_count() == 1);
    group.spawn(quiet(1));
    co_await group.join();
  });
}

TEST_CASE("S34.7: the destructor of a group destroys what still runs, and what its callables hold") {
  const auto alive = std::make_shared<int>(1);
  net::Loop loop;
  {
    net::TaskGroup group(loop);
    for (int i = 0; i < 3; ++i) {
      group.spawn([alive]() -> net::Task<> { (void)co_await endless(alive); });
    }
    CHECK(alive.use_count() > 3);
  }
  CHECK(alive.use_count() == 1);
  loop.run();
}

TEST_CASE("S34.9: a task that one of its own group ends, while it runs, is destroyed when it stands still") {
  int reached = 0;
  run_task([&]() -> net::Task<> {
    const net::Promise<> go;
    const auto settles = [](net::Promise<> promise, int& count) -> net::Task<> {
      co_await net::sleep(1);
      promise.resolve();
      ++count;  // it runs on, whatever becomes of it
      co_await net::sleep(1'000'000);
      ++count;
    };
    const auto throws = [](net::Promise<> promise) -> net::Task<> {
      co_await promise.wait();
      throw net::Error("settled");
    };
    bool thrown = false;
    try {
      co_await net::all(settles(go, reached), throws(go));
    } catch (const net::Error&) {
      thrown = true;
    }
    CHECK(thrown);
  });
  CHECK(reached == 1);
}

TEST_CASE("S34.7: a task that a group is given after an error that nobody has joined never runs, and join() throws") {
  const auto alive = std::make_shared<int>(1);
  run_task([&]() -> net::Task<> {
    net::TaskGroup group;
    group.spawn([]() -> net::Task<> {
      co_await net::sleep(1);
      throw net::Error("first");
    });
    co_await net::sleep(10);
    bool ran = false;
    group.spawn([&ran, alive]() -> net::Task<> {
      ran = true;
      co_return;
    });
    CHECK_FALSE(ran);
    CHECK(group.size() == 0);
    CHECK(alive.use_count() == 1);
    std::string message;
    try {
      co_await group.join();
    } catch (const net::Error& error) {
      message = error.what();
    }
    CHECK(message == "first");
    group.spawn([&ran]() -> net::Task<> {
      ran = true;
      co_return;
    });
    co_await group.join();
    CHECK(ran);
  });
}

TEST_CASE("S34.7: any of none throws the aggregate of no errors, as in Node; race of none never ends") {
  std::string message;
  std::size_t errors = 1;
  run_task([&]() -> net::Task<> {
    try {
      co_await net::any(std::vector<net::Task<int>>());
    } catch (const net::Error& error) {
      message = std::string(error.kind()) + ": " + error.what();
      errors = error.errors().size();
    }
  });
  CHECK(message == "AggregateError: All promises were rejected");
  CHECK(errors == 0);
  bool ended = false;
  net::Loop loop;
  net::spawn([&ended]() -> net::Task<> {
    co_await net::race(std::vector<net::Task<int>>());
    ended = true;
  });
  loop.run();
  CHECK_FALSE(ended);
}

TEST_CASE("S34.7: waits stand beside tasks: promises, sleeps, events, connections") {
  run_task([]() -> net::Task<> {
    net::Promise<int> first, second;
    net::setTimeout([first, second] { first.resolve(1), second.resolve(2); }, 1);
    auto [a, b, c] = co_await net::all(first, second.wait(), number(3, 1));
    CHECK((a == 1 && b == 2 && c == 3));
    co_await net::all(net::sleep(1), net::sleep(2));
    co_await net::race(net::sleep(1), net::sleep(1'000'000));

    net::Server server;
    server.listen(0);
    net::Socket client = co_await net::any(net::connected({.port = 1, .host = "127.0.0.1"}),
                                           net::connected(server.address()->port, "127.0.0.1"));
    net::Reader reader(client);
    bool late = false;
    try {
      co_await net::all(net::once<"end">(client), reader.readLine(10, {.timeout = 1}));
    } catch (const net::Error& error) {
      late = error.code() == net::Errc::ERR_TIMEOUT;
    }
    CHECK(late);
    client.destroy();
    server.close();
  });
}
