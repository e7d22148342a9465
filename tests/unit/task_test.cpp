#include <net/task.hpp>

#include <doctest/doctest.h>

#include <stdexcept>
#include <string>
#include <utility>

#include <net/promise.hpp>
#include "tests/support/session.hpp"
#include "tests/support/tasks.hpp"

using tests::error_of;
using tests::run_task;

namespace {

/// Says when it is destroyed.
struct Witness {
  explicit Witness(bool& flag) : gone(&flag) {}
  Witness(Witness&& other) noexcept : gone(std::exchange(other.gone, nullptr)) {}
  ~Witness() {
    if (gone) *gone = true;
  }
  bool* gone;
};

net::Task<int> twice(int number) { co_return number * 2; }

net::Task<int> twice_later(int number) {
  co_await net::sleep(1);
  co_return number * 2;
}

net::Task<> fails(std::string text) {
  co_await net::sleep(1);
  throw std::runtime_error(text);
}

}  // namespace

TEST_CASE("a task starts when it is awaited, and its result comes back") {
  net::Loop loop;
  run_task(loop, []() -> net::Task<> {
    CHECK(co_await twice(4) == 8);
    CHECK(co_await twice_later(5) == 10);
    net::Task<int> kept = twice(6);
    net::Task<int> moved = std::move(kept);
    CHECK(co_await moved == 12);
  });
}

TEST_CASE("a task may give back what can only be moved") {
  net::Loop loop;
  bool gone = false;
  run_task(loop, [&]() -> net::Task<> {
    const auto make = [](bool& flag) -> net::Task<Witness> { co_return Witness(flag); };
    {
      const Witness witness = co_await make(gone);
      CHECK_FALSE(gone);
    }
    CHECK(gone);
  });
}

TEST_CASE("a loop of tasks that end at once needs no stack") {
  net::Loop loop;
  long sum = 0;
  run_task(loop, [&]() -> net::Task<> {
    for (int i = 0; i < 300'000; ++i) sum += co_await twice(1);
  });
  CHECK(sum == 600'000);
}

TEST_CASE("spawn runs a task at once, up to its first wait") {
  net::Loop loop;
  tests::Log log;
  const auto body = [](tests::Log& to) -> net::Task<> {
    to.add("began");
    co_await net::sleep(1);
    to.add("ended");
  };
  net::spawn(body(log));
  log.add("spawned");
  loop.run();
  CHECK(log.text() == "began spawned ended");
}

TEST_CASE("an exception arrives where the task is awaited") {
  net::Loop loop;
  run_task(loop, []() -> net::Task<> {
    std::string caught;
    try {
      co_await fails("inner");
    } catch (const std::runtime_error& error) {
      caught = error.what();
    }
    CHECK(caught == "inner");
  });
}

TEST_CASE("an exception that escapes a spawned task leaves run() when its frame is gone, and run() goes on") {
  net::Loop loop;
  bool gone = false, other = false;
  const auto body = [](Witness) -> net::Task<> { co_await fails("escaped"); };
  net::spawn(body(Witness(gone)));
  loop.setTimeout([&] { other = true; }, 30);
  std::string caught;
  try {
    loop.run();
  } catch (const std::runtime_error& error) {
    CHECK(gone);
    caught = error.what();
  }
  CHECK(caught == "escaped");
  loop.run();
  CHECK(other);
}

TEST_CASE("an exception before the first wait leaves run() too, not spawn()") {
  net::Loop loop;
  const auto body = []() -> net::Task<> {
    throw std::runtime_error("at once");
    co_return;
  };
  net::spawn(body());
  CHECK_THROWS_WITH_AS(loop.run(), "at once", std::runtime_error);
}

TEST_CASE("a task that never goes on is destroyed with its loop") {
  bool outer = false, inner = false;
  {
    net::Loop loop;
    const auto child = [](net::Socket socket, Witness) -> net::Task<> { co_await net::once<"connect">(socket); };
    const auto body = [child](Witness, bool& flag) -> net::Task<> {
      net::Socket socket;
      co_await child(socket, Witness(flag));
    };
    net::spawn(body(Witness(outer), inner));
    loop.run();  // nothing keeps it alive
    CHECK_FALSE(outer);
  }
  CHECK(outer);
  CHECK(inner);
}

TEST_CASE("a task that is dropped takes its listeners and timers with it") {
  net::Loop loop;
  const net::Socket socket;
  bool gone = false;
  {
    auto body = [](net::Socket from, Witness) -> net::Task<> { co_await net::once<"drain">(from); };
    // a task that waits is held by the one that started it
    auto holder = [&](net::Socket from) -> net::Task<> { co_await body(from, Witness(gone)); };
    net::Loop inner;
    net::spawn(inner, holder(socket));
    CHECK(socket.listenerCount<"drain">() == 1);
    CHECK(socket.listenerCount<"error">() == 1);
  }
  CHECK(gone);
  CHECK(socket.listenerCount<"drain">() == 0);
  CHECK(socket.listenerCount<"error">() == 0);
  CHECK(socket.listenerCount<"close">() == 0);
}

TEST_CASE("S34.2: a task takes values: no handle by reference, and no Chunk") {
  using net::detail::is_borrowed;
  static_assert(is_borrowed<const net::Socket&> && is_borrowed<net::Server&> && is_borrowed<net::Socket&&>);
  static_assert(is_borrowed<net::Chunk> && is_borrowed<const net::Chunk&>);
  static_assert(!is_borrowed<net::Socket> && !is_borrowed<net::Server> && !is_borrowed<std::string_view>);
  static_assert(!is_borrowed<net::Reader&> && !is_borrowed<int&>);
}

TEST_CASE("a task that is awaited twice throws ERR_INVALID_STATE, whether it has ended, has failed or still runs") {
  std::string names;
  run_task([&]() -> net::Task<> {
    const auto twice = [&names](net::Task<std::string> task) -> net::Task<> {
      try {
        (void)co_await task;
      } catch (const net::Error&) {}
      try {
        (void)co_await task;
      } catch (const net::Error& error) {
        names += error.name();
        names += ' ';
      }
    };
    co_await twice([]() -> net::Task<std::string> { co_return std::string(100, 'x'); }());
    co_await twice([]() -> net::Task<std::string> {
      co_await net::sleep(1);
      throw net::Error("failed");
    }());
  });
  CHECK(names == "ERR_INVALID_STATE ERR_INVALID_STATE ");
}

TEST_CASE("a task that was awaited cannot be spawned or joined too: ERR_INVALID_STATE, whether it has ended or runs") {
  run_task([]() -> net::Task<> {
    const auto nap = []() -> net::Task<int> {
      co_await net::sleep(1);
      co_return 7;
    };
    const auto rest = []() -> net::Task<> { co_await net::sleep(1); };
    net::Task<> over = rest();
    co_await over;
    CHECK(error_of([&] { net::spawn(std::move(over)); }).name() == "ERR_INVALID_STATE");
    net::TaskGroup group;
    CHECK(error_of([&] { group.spawn(std::move(over)); }).name() == "ERR_INVALID_STATE");
    net::Task<> moved = rest();
    net::spawn(std::move(moved));
    CHECK(error_of([&] { net::spawn(std::move(moved)); }).name() == "ERR_INVALID_STATE");
    net::Task<int> number = nap();
    CHECK(co_await number == 7);
    std::string failed;
    try {
      (void)co_await net::all(std::move(number), nap());
    } catch (const net::Error& error) {
      failed = error.name();
    }
    CHECK(failed == "ERR_INVALID_STATE");
  });
}

TEST_CASE("a task that somebody waits for goes on there when another one tries to spawn it, or a listener returns it") {
  net::Loop loop;
  net::Task<> running = []() -> net::Task<> { co_await net::sleep(3); }();
  bool went_on = false;
  net::spawn(loop, [&]() -> net::Task<> {
    co_await running;
    went_on = true;
  });
  CHECK(error_of([&] { net::spawn(loop, std::move(running)); }).name() == "ERR_INVALID_STATE");
  const net::Socket socket(loop);
  socket.once<"pause">([&]() -> net::Task<>&& { return std::move(running); });
  socket.resume();
  CHECK(error_of([&] { socket.pause(); }).name() == "ERR_INVALID_STATE");
  loop.run();
  CHECK(went_on);
}

TEST_CASE("a chain of many tasks, each of which waits for the next one, needs no stack to end") {
  struct Chain {
    static net::Task<int> link(int left) {
      const net::Promise<> tick;
      net::nextTick([tick] { tick.resolve(); });
      co_await tick;
      if (left == 0) throw net::Error("the last one");
      try {
        co_return co_await link(left - 1);
      } catch (const net::Error&) {
        if (left < 10) throw;
      }
      co_return left;
    }
  };
  int first = 0;
  run_task([&first]() -> net::Task<> { first = co_await Chain::link(50'000); });
  CHECK(first == 10);
}
