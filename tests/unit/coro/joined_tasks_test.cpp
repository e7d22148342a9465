#include <net/detail/coro/joined_tasks.hpp>

#include <doctest/doctest.h>

#include <net/task.hpp>

using namespace net::detail;

namespace {

net::Task<> ends() { co_return; }
net::Task<> fails() {
  throw net::Error("failed");
  co_return;
}
net::Task<> waits() { co_await net::sleep(1'000'000); }

}  // namespace

TEST_CASE("S34.7: what the rule says decides, and no sooner") {
  net::Loop loop;
  LoopCore& core = Access::core(loop);
  const auto settled = [&](JoinRule rule, auto... tasks) {
    const Ref<JoinedTasks> joined(new JoinedTasks(core, rule));
    (..., joined->add(tasks()));
    return joined->settled();
  };
  CHECK(settled(JoinRule::all, ends, ends));
  CHECK(settled(JoinRule::all, waits, fails));
  CHECK_FALSE(settled(JoinRule::all, ends, waits));
  CHECK(settled(JoinRule::race, waits, fails));
  CHECK_FALSE(settled(JoinRule::race, waits, waits));
  CHECK(settled(JoinRule::any, waits, fails, ends));
  CHECK(settled(JoinRule::any, fails, fails));
  CHECK_FALSE(settled(JoinRule::any, fails, waits));
}

TEST_CASE("a task that was moved away cannot be joined") {
  net::Loop loop;
  const Ref<JoinedTasks> joined(new JoinedTasks(Access::core(loop), JoinRule::all));
  net::Task<> task = ends();
  const net::Task<> taken = std::move(task);
  CHECK_THROWS_AS(joined->add(std::move(task)), net::Error);
}
