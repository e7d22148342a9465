#include <net/detail/base/queue.hpp>

#include <doctest/doctest.h>

#include <memory>

#include "tests/support/count_allocations.hpp"

using net::detail::Queue;

TEST_CASE("a queue gives things in the order in which they came, across its growth and its end") {
  Queue<int> queue;
  int in = 0, out = 0;
  for (int round = 0; round < 50; ++round) {
    for (int i = 0; i < 7 + round; ++i) queue.push(in++);
    while (queue.size() > static_cast<std::size_t>(round)) CHECK(queue.pop_front() == out++);
  }
  while (!queue.empty()) CHECK(queue.pop_front() == out++);
  CHECK(in == out);
}

TEST_CASE("what a queue still holds is destroyed with it") {
  const auto counted = std::make_shared<int>(0);
  {
    Queue<std::shared_ptr<int>> queue;
    for (int i = 0; i < 20; ++i) queue.push(std::shared_ptr<int>(counted));
    (void)queue.pop_front();
    CHECK(counted.use_count() == 20);
  }
  CHECK(counted.use_count() == 1);
}

TEST_CASE("what was pushed last can be taken back, also across the end of the ring") {
  Queue<std::unique_ptr<int>> queue;
  for (int i = 0; i < 40; ++i) {
    queue.push(std::make_unique<int>(i));
    queue.push(std::make_unique<int>(-1));
    queue.take_back();
    CHECK(queue.size() == 1);
    CHECK(*queue.pop_front() == i);
  }
}

TEST_CASE("what is put in front is taken next, across growth, and the rest keeps its order") {
  Queue<int> queue;
  for (int i = 0; i < 10; ++i) queue.push(100 + i);
  for (int i = 0; i < 100; ++i) queue.push_front(int{i});
  CHECK(queue.size() == 110);
  CHECK(queue.first() == 99);
  for (int i = 99; i >= 0; --i) CHECK(queue.pop_front() == i);
  for (int i = 0; i < 10; ++i) CHECK(queue.pop_front() == 100 + i);
  CHECK(queue.empty());
}

TEST_CASE(
    "S32.5: what is expected has its space, however full the queue is; without memory it can be expected if there is "
    "some") {
  Queue<int> queue;
  queue.expect();
  for (int i = 0; i < 15; ++i) queue.push(int{i});
  {
    const tests::NoMemory none;
    CHECK_FALSE(queue.expect_if_space());
    queue.push_expected(15);
    for (int i = 0; i < 16; ++i) CHECK(queue.pop_front() == i);
    CHECK(queue.expect_if_space());
  }
  for (int i = 0; i < 15; ++i) queue.push(int{i});
  CHECK_FALSE(queue.expect_if_space());  // the last one is for what is expected
  queue.expect_no_more();
}

TEST_CASE("S32.5: a place is used once, without memory, or given back; who was just taken needs no memory for one") {
  Queue<int> queue;
  for (int i = 0; i < 16; ++i) queue.push(int{i});
  {
    const tests::NoMemory none;
    CHECK(queue.pop_front() == 0);
    net::detail::Place<int> place(queue);
    CHECK_FALSE(queue.expect_if_space());
    place.push(16);
    CHECK(queue.pop_front() == 1);
    const net::detail::Place<int> unused(queue);
  }
  CHECK(queue.size() == 15);
  CHECK(queue.expect_if_space());  // the unused one was given back
  queue.expect_no_more();
}

TEST_CASE("a queue that is assigned a fresh one is empty, and what it held is destroyed") {
  const auto counted = std::make_shared<int>(0);
  Queue<std::shared_ptr<int>> queue;
  queue.push(std::shared_ptr<int>(counted));
  queue = Queue<std::shared_ptr<int>>();
  CHECK(queue.empty());
  CHECK(counted.use_count() == 1);
}
