#include <net/detail/loop/timer_queue.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <random>
#include <vector>

using net::detail::TimerNode;
using net::detail::TimerQueue;

TEST_CASE("S2.6: timers come out by the time they are due, those of one time in the order they were made") {
  TimerQueue queue;
  std::mt19937 random(1);
  std::vector<TimerNode> nodes(500);
  for (TimerNode& node : nodes) queue.insert(node, random() % 40);
  const TimerNode* previous = nullptr;
  std::size_t count = 0;
  while (!queue.empty()) {
    TimerNode* first = queue.first();
    if (previous) {
      const bool later = previous->due != first->due ? previous->due < first->due : previous->order < first->order;
      CHECK(later);
    }
    queue.remove(*first);
    CHECK_FALSE(first->queued());
    previous = first;
    ++count;
  }
  CHECK(count == nodes.size());
}

TEST_CASE("any timer can be taken out, and the rest keeps its order") {
  TimerQueue queue;
  std::mt19937 random(2);
  std::vector<TimerNode> nodes(300);
  for (TimerNode& node : nodes) queue.insert(node, random() % 1000);
  std::vector<TimerNode*> order;
  for (TimerNode& node : nodes) order.push_back(&node);
  std::shuffle(order.begin(), order.end(), random);
  for (std::size_t i = 0; i < 200; ++i) queue.remove(*order[i]);
  std::uint64_t last = 0;
  std::size_t left = 0;
  for (; !queue.empty(); ++left) {
    CHECK(queue.first()->due >= last);
    last = queue.first()->due;
    queue.remove(*queue.first());
  }
  CHECK(left == 100);
}
