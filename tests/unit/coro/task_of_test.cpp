#include <net/detail/coro/task_of.hpp>

#include <doctest/doctest.h>

#include <type_traits>
#include <utility>

#include <net/promise.hpp>
#include "tests/support/tasks.hpp"

namespace detail = net::detail;

TEST_CASE("a task, what has an awaiter, and an awaiter itself can be waited for beside others") {
  static_assert(detail::Awaited<net::Task<int>> && !detail::Awaited<net::Task<int>&>);
  static_assert(detail::Awaited<net::Promise<int>&> && detail::Awaited<detail::SleepAwaiter>);
  static_assert(!detail::Awaited<int> && !detail::Awaited<detail::SleepAwaiter&>);
  static_assert(std::is_same_v<detail::AwaitResult<net::Promise<int>&>, int>);
  static_assert(std::is_void_v<detail::AwaitResult<detail::SleepAwaiter>>);
  static_assert(detail::is_momentary<net::Chunk> && !detail::is_momentary<int>);
}

TEST_CASE("a wait becomes a task with the wait's result, a task stays itself") {
  int given = 0;
  tests::run_task([&]() -> net::Task<> {
    net::Promise<int> promise;
    promise.resolve(3);
    given = co_await detail::task_of(promise);
    given += co_await detail::task_of([]() -> net::Task<int> { co_return 4; }());
    co_await detail::task_of(net::sleep(1));
  });
  CHECK(given == 7);
}
