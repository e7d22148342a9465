// A coroutine that a random program can destroy from outside.
#ifndef NET_TESTS_RANDOM_PROGRAMS_FIBER_HPP
#define NET_TESTS_RANDOM_PROGRAMS_FIBER_HPP

#include "tests/random_programs/program.hpp"

#include <coroutine>

namespace programs {

/// A coroutine of the program's own that waits for a task, so that it can be destroyed from outside.
struct Fiber : Counted {
  struct promise_type {
    std::coroutine_handle<promise_type> get_return_object() {
      return std::coroutine_handle<promise_type>::from_promise(*this);
    }
    std::suspend_always initial_suspend() const noexcept { return {}; }
    std::suspend_always final_suspend() const noexcept { return {}; }
    void return_void() const noexcept {}
    void unhandled_exception() const noexcept {}  // it ends here, as its program wants
  };

  std::coroutine_handle<promise_type> frame;
  bool running = false;  // its frames are on the stack: nobody may destroy them

  ~Fiber() {
    if (frame) frame.destroy();
  }
};

}  // namespace programs

#endif
