// What the tests of tasks share.
#ifndef NET_TESTS_TASKS_HPP
#define NET_TESTS_TASKS_HPP

#include <doctest/doctest.h>

#include <net/task.hpp>
#include <utility>

namespace tests::inline NET_MACHINE {  // a test program may have several

/// Runs a task that must not fail to its end.
template <class Body>
void run_task(net::Loop& loop, Body body) {
  bool done = false;
  auto whole = [](Body& inner, bool& flag) -> net::Task<> {
    co_await inner();
    flag = true;
  };
  net::spawn(loop, whole(body, done));
  loop.run();
  CHECK(done);
}

/// The same on a loop of its own.
template <class Body>
void run_task(Body body) {
  net::Loop loop;
  run_task(loop, std::move(body));
}

}  // namespace tests::inline NET_MACHINE

#endif
