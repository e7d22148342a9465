#include <net/detail/coro/running_task.hpp>

#include <doctest/doctest.h>

#include <memory>
#include <net/task.hpp>
#include <net/task_group.hpp>
#include <optional>
#include <string>

namespace {

/// What a task did, in order; `~` when its frame goes.
struct Trace {
  std::string steps;

  struct Mark {
    Trace& trace;
    char name;
    ~Mark() { (trace.steps += '~') += name; }
  };
};

using Group = std::optional<net::TaskGroup>;

net::Task<> leaves_its_group(Group& group, Trace& trace, int first_wait, int second_wait) {
  const Trace::Mark mark{trace, 'a'};
  if (first_wait) co_await net::sleep(first_wait);
  group.reset();
  trace.steps += 'r';
  if (second_wait) co_await net::sleep(second_wait);
  trace.steps += 'e';
}

net::Task<> waits_for(net::Task<> inner, Trace& trace) {
  const Trace::Mark mark{trace, 'o'};
  co_await std::move(inner);
  trace.steps += 'i';
  co_await net::sleep(1);
  trace.steps += 'n';
}

std::string trace_of(auto&& begin) {
  Trace trace;
  {
    net::Loop loop;
    Group group(std::in_place);
    begin(group, trace);
    loop.run();
    CHECK_FALSE(group.has_value());
  }
  return trace.steps;
}

}  // namespace

TEST_CASE("S34.7: a task that destroys its group runs to its next wait, and is destroyed there") {
  CHECK(trace_of([](Group& group, Trace& trace) { group->spawn(leaves_its_group(group, trace, 1, 1)); }) == "r~a");
}

TEST_CASE("S34.7: a task that destroys its group and does not wait again ends, and nobody is told") {
  CHECK(trace_of([](Group& group, Trace& trace) { group->spawn(leaves_its_group(group, trace, 1, 0)); }) == "re~a");
}

TEST_CASE("S34.7: a task that destroys its group before its first wait") {
  CHECK(trace_of([](Group& group, Trace& trace) { group->spawn(leaves_its_group(group, trace, 0, 1)); }) == "r~a");
  CHECK(trace_of([](Group& group, Trace& trace) { group->spawn(leaves_its_group(group, trace, 0, 0)); }) == "re~a");
}

TEST_CASE("S34.7: what a task of the group waits for destroys the group: both stand until it waits") {
  const auto trace = [](int first_wait, int second_wait) {
    return trace_of([&](Group& group, Trace& told) {
      group->spawn(waits_for(leaves_its_group(group, told, first_wait, second_wait), told));
    });
  };
  CHECK(trace(1, 1) == "r~o~a");
  CHECK(trace(0, 1) == "r~o~a");
  CHECK(trace(1, 0) == "re~ai~o");
  CHECK(trace(0, 0) == "re~ai~o");
}

TEST_CASE("S34.7: a task that goes on after the one that it waited for destroys its group") {
  const auto goes_on = [](Group& group, Trace& trace) -> net::Task<> {
    const Trace::Mark mark{trace, 'a'};
    co_await [](Trace& told) -> net::Task<> {
      co_await net::sleep(1);
      told.steps += 'i';
    }(trace);
    group.reset();
    trace.steps += 'r';
    co_await net::sleep(1);
    trace.steps += 'e';
  };
  CHECK(trace_of([&](Group& group, Trace& trace) { group->spawn(goes_on(group, trace)); }) == "ir~a");
}

TEST_CASE("S34.7: the callable of a task that destroys its group lives as long as the task") {
  const auto held = std::make_shared<int>(7);
  CHECK(trace_of([&](Group& group, Trace& trace) {
          group->spawn([&group, &trace, held]() -> net::Task<> {
            co_await net::sleep(1);
            group.reset();
            trace.steps += std::to_string(*held);
            co_await net::sleep(1);
            trace.steps += 'e';
          });
        }) == "7");
  CHECK(held.use_count() == 1);
}

TEST_CASE("S34.7: others of the group go at once") {
  CHECK(trace_of([](Group& group, Trace& trace) {
          group->spawn([](Trace& told) -> net::Task<> {
            const Trace::Mark mark{told, 'b'};
            co_await net::sleep(1'000'000);
          }(trace));
          group->spawn(leaves_its_group(group, trace, 1, 1));
        }) == "~br~a");
}

TEST_CASE("a task that is dropped while it runs goes at its next wait; who waits for it does not go on") {
  Trace trace;
  std::optional<net::Task<>> task;
  const auto drops = [](std::optional<net::Task<>>& own, Trace& told, int wait) -> net::Task<> {
    const Trace::Mark mark{told, 'a'};
    if (wait) co_await net::sleep(wait);
    own.reset();
    told.steps += 'r';
    co_await net::sleep(1);
    told.steps += 'e';
  };
  for (const int wait : {0, 1}) {
    net::Loop loop;
    task.emplace(drops(task, trace, wait));
    net::spawn([](std::optional<net::Task<>>& own, Trace& told) -> net::Task<> {
      const Trace::Mark mark{told, 'o'};
      co_await *own;
      told.steps += 'n';
    }(task, trace));
    loop.run();
    trace.steps += '.';
  }
  CHECK(trace.steps == "r~a.~or~a.~o");
}

TEST_CASE("S34.7: who joins a group that somebody destroys goes on") {
  net::Loop loop;
  Group group(std::in_place);
  bool joined = false;
  group->spawn([]() -> net::Task<> { co_await net::sleep(1'000'000); });
  net::spawn([&]() -> net::Task<> {
    co_await group->join();
    joined = true;
  });
  net::setTimeout([&] { group.reset(); }, 1);
  loop.run();
  CHECK(joined);
}

TEST_CASE("S34.7: a task of those that another one joins destroys the group of that one: both stand until it waits") {
  const auto joins = [](Group& group, Trace& trace, bool in_a_group) -> net::Task<> {
    const Trace::Mark mark{trace, 'o'};
    const std::string local = "still here";
    const auto leaves = [&]() -> net::Task<> {
      co_await net::sleep(1);
      group.reset();
      trace.steps += local;
      co_await net::sleep(1);
      trace.steps += 'e';
    };
    if (in_a_group) {
      net::TaskGroup inner;
      inner.spawn(leaves);
      co_await inner.join();
    } else {
      co_await net::all(leaves(), net::sleep(1'000'000));
    }
    trace.steps += 'n';
  };
  for (const bool in_a_group : {true, false}) {
    const auto trace =
        trace_of([&](Group& group, Trace& told) { group->spawn(joins(group, told, in_a_group)); });
    CHECK(trace == "still here~o");
  }
}
