// Loops whose listeners throw: they go on, and what they threw is counted. Coroutines that throw.
#ifndef NET_TESTS_THROWING_HPP
#define NET_TESTS_THROWING_HPP

#include <doctest/doctest.h>

#include <coroutine>
#include <net.hpp>
#include <optional>

#include "tests/support/count_allocations.hpp"

namespace tests::inline NET_MACHINE {

/// Runs the loop to its end. No more than `most` ints may be thrown on the way; gives how many were.
inline int throws_to_the_end(net::Loop& loop, int most) {
  int thrown = 0;
  while (loop.alive()) {
    REQUIRE(thrown < most);
    try {
      loop.run();
    } catch (int) {
      ++thrown;
    }
  }
  return thrown;
}

/// Turns the loop until an int was thrown, and a few times more. There is memory again from then on; gives how many
/// were.
inline int throws_without_memory(net::Loop& loop, std::optional<NoMemory>& none) {
  int thrown = 0;
  for (int turns_after = 0; turns_after < 10;) {
    try {
      const bool alive = loop.runOnce(thrown == 0 ? 1000 : 5);
      turns_after += thrown > 0 || !alive;
    } catch (int) {
      none.reset();
      ++thrown;
    }
  }
  return thrown;
}

/// A coroutine whose exceptions leave its resume(), which the library's own tasks never do.
struct Throwing {
  struct promise_type {
    Throwing get_return_object() { return {std::coroutine_handle<promise_type>::from_promise(*this)}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_always final_suspend() noexcept { return {}; }
    void return_void() noexcept {}
    void unhandled_exception() { throw; }
  };
  std::coroutine_handle<promise_type> frame;
};

}  // namespace tests::inline NET_MACHINE

#endif
