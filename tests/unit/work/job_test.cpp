#include <net/detail/work/job.hpp>

#include <doctest/doctest.h>

#include <memory>
#include <new>
#include <stdexcept>
#include <string>
#include <string_view>

#include "tests/support/count_allocations.hpp"

using namespace net::detail;
using namespace std::string_view_literals;

namespace {

template <class T, class F>
WorkRef work_for(JobState<T>& state, F call) {
  WorkRef work(new Work<T, F>(state, std::move(call)));
  state.begin();
  return work;
}

std::string message_of(const net::Error& error) { return error.what(); }

}  // namespace

TEST_CASE("a job keeps the loop alive until its work has come home, and calls everyone who asked on ticks") {
  LoopCore loop;
  Ref<JobState<int>> state(new JobState<int>(loop));
  CHECK_FALSE(loop.alive());
  std::string emitted;
  for (int i = 0; i < 4; ++i) {
    state->ask([&emitted, &state, i](JobOutcome<int>& outcome, bool last) {
      emitted += std::to_string(*outcome.result) + (last ? "!" : " ");
      if (i == 2) state = {};
    });
  }
  bool done = false;
  state->ask([&done](JobOutcome<int>&, bool last) { done = last; });
  WorkRef work = work_for(*state, [] { return 7; });
  work->operations->run(*work);
  CHECK_MESSAGE(emitted.empty(), "a thread of the pool touches nothing of the loop's");
  std::move(work).send_home();
  CHECK(emitted.empty());
  loop.run();
  CHECK(emitted == "7 7 7 7 ");
  CHECK_MESSAGE(done, "the last one may take the result, if nobody has the job who could ask later");
  CHECK_FALSE(loop.alive());
}

TEST_CASE("S32.5: everyone who asked is called although memory has ended when the work comes home") {
  LoopCore loop;
  const Ref<JobState<int>> state(new JobState<int>(loop));
  int calls = 0;
  for (int i = 0; i < 20; ++i) state->ask([&calls](JobOutcome<int>& outcome, bool) { calls += *outcome.result; });
  WorkRef work = work_for(*state, [] { return 7; });
  work->operations->run(*work);
  const tests::CountAllocations allocations;
  std::move(work).send_home();
  loop.run();
  CHECK(allocations.count() == 0);
  CHECK(calls == 140);
}

TEST_CASE("S32.5: a failure for which nobody asked leaves run() although memory has ended when the work comes home") {
  LoopCore loop;
  const Ref<JobState<int>> state(new JobState<int>(loop));
  WorkRef work = work_for(*state, []() -> int { throw std::runtime_error("of its own"); });
  work->operations->run(*work);
  bool left = false;
  {
    const tests::NoMemory none;
    std::move(work).send_home();
    try {
      loop.run();
    } catch (const std::runtime_error& error) {
      left = error.what() == "of its own"sv;
    } catch (const std::bad_alloc&) {}
  }
  CHECK(left);
  CHECK(state->done);
  loop.run();
}

TEST_CASE("work that gives nothing, or what moves only, is a result like others") {
  LoopCore loop;
  const Ref<JobState<void>> nothing(new JobState<void>(loop));
  const Ref<JobState<std::unique_ptr<int>>> moves(new JobState<std::unique_ptr<int>>(loop));
  int sum = 0;
  nothing->ask([&sum](JobOutcome<void>& outcome, bool) { sum += outcome.ok(); });
  moves->ask([&sum](JobOutcome<std::unique_ptr<int>>& outcome, bool) { sum += **outcome.result; });
  WorkRef first = work_for(*nothing, [] {});
  WorkRef second = work_for(*moves, [] { return std::make_unique<int>(10); });
  first->operations->run(*first);
  second->operations->run(*second);
  std::move(first).send_home();
  std::move(second).send_home();
  loop.run();
  CHECK(sum == 11);
}

TEST_CASE("what a job failed with is an Error, whatever was thrown, and is thrown as it was") {
  const auto outcome_of = [](auto thrown) {
    LoopCore loop;
    const Ref<JobState<int>> state(new JobState<int>(loop));
    JobOutcome<int> came;
    state->ask([&came](JobOutcome<int>& outcome, bool) { came = std::move(outcome); });
    WorkRef work = work_for(*state, [thrown]() -> int { throw thrown; });
    work->operations->run(*work);
    std::move(work).send_home();
    loop.run();
    CHECK_FALSE(came.ok());
    return came;
  };
  const auto own = outcome_of(net::Error(net::Errc::ERR_OUT_OF_RANGE, "mine"));
  CHECK(own.error().name() == "ERR_OUT_OF_RANGE");
  const auto standard = outcome_of(std::out_of_range("theirs"));
  CHECK(message_of(standard.error()) == "theirs");
  CHECK_THROWS_AS(standard.throw_failure(), std::out_of_range);
  const auto strange = outcome_of(5);
  CHECK(message_of(strange.error()) == "A job of the worker pool threw something that is no exception");
  CHECK_THROWS_AS(strange.throw_failure(), int);
}

TEST_CASE("a failure that nobody asked for leaves run(); a result may be ignored") {
  LoopCore loop;
  for (const bool fails : {false, true}) {
    const Ref<JobState<int>> state(new JobState<int>(loop));
    WorkRef work = work_for(*state, [fails]() -> int { return fails ? throw std::string("unheard") : 1; });
    work->operations->run(*work);
    std::move(work).send_home();
    if (fails) CHECK_THROWS_AS(loop.run(), std::string);
    loop.run();
    CHECK(state->owners == 1);
  }
}

TEST_CASE("a pool that goes drops work with its own error, and the loop hears of it as of any failure") {
  LoopCore loop;
  const Ref<JobState<int>> state(new JobState<int>(loop));
  std::string emitted;
  state->ask([&emitted](JobOutcome<int>& outcome, bool) { emitted = outcome.error().what(); });
  bool ran = false;
  WorkRef work = work_for(*state, [&ran] {
    ran = true;
    return 1;
  });
  work->operations->drop(*work, net::Error("the pool is gone"));
  std::move(work).send_home();
  loop.run();
  CHECK(emitted == "the pool is gone");
  CHECK_FALSE(ran);
}

TEST_CASE("work whose loop is gone comes home to nobody: what it held dies, and nobody is called") {
  const auto held = std::make_shared<int>(3);
  std::unique_ptr<WorkRef> work;
  Ref<JobState<int>> state;
  int calls = 0;
  {
    LoopCore loop;
    state = Ref<JobState<int>>(new JobState<int>(loop));
    state->ask([held, &calls](JobOutcome<int>&, bool) { ++calls; });
    work = std::make_unique<WorkRef>(work_for(*state, [held] { return *held; }));
  }
  CHECK_MESSAGE(held.use_count() == 2, "those who asked went with the loop");
  CHECK(state->owners == 1);
  (*work)->operations->run(**work);
  std::move(*work).send_home();
  CHECK(held.use_count() == 1);
  CHECK(calls == 0);
}

TEST_CASE("a job that no thread was asked to do keeps nothing alive") {
  LoopCore loop;
  const Ref<JobState<int>> state(new JobState<int>(loop));
  state->ask([](JobOutcome<int>&, bool) { FAIL("it never ran"); });
  CHECK_FALSE(loop.alive());
  CHECK(state->owners == 1);
  loop.run();
}
