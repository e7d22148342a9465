#include <net/detail/loop/retry.hpp>

#include <doctest/doctest.h>

#include <new>

#include "tests/support/session.hpp"

using namespace tests;
using net::detail::Handle;
using net::detail::Retry;

namespace {

struct Owner : Handle {
  explicit Owner(net::detail::LoopCore& core) : Handle(core, operations) {}
  static constexpr Handle::Operations operations{[](Handle&) noexcept {}, [](Handle&) noexcept {}};
  int calls = 0;
  Retry retry{*this, [](Handle& self) { ++static_cast<Owner&>(self).calls; }};
};

/// One for whose retry there is no memory.
struct Poor : Handle {
  explicit Poor(net::detail::LoopCore& core) : Handle(core, operations) {}
  static void give_up(Handle& self) noexcept { static_cast<Poor&>(self).given_up = true; }
  static constexpr Handle::Operations operations{
      [](Handle&) noexcept {}, [](Handle&) noexcept {}, nullptr, nullptr, nullptr, nullptr, nullptr, give_up};
  bool given_up = false;
  Retry retry{*this, [](Handle&) { throw std::bad_alloc(); }};
};

}  // namespace

TEST_CASE("S32.1: a retry is called once, from the loop; stopped or destroyed it is not called") {
  net::Loop loop;
  loop.setTimeout([] {}, 50);  // a retry keeps no loop alive
  Owner owner(net::detail::Access::core(loop));
  {
    Owner gone(net::detail::Access::core(loop)), stopped(net::detail::Access::core(loop));
    owner.retry.after(5);
    gone.retry.after(5);
    stopped.retry.after(5);
    stopped.retry.stop();
    CHECK(owner.retry.waiting());
    CHECK_FALSE(stopped.retry.waiting());
  }
  run_to_the_end(loop);
  CHECK(owner.calls == 1);
  CHECK_FALSE(owner.retry.waiting());
}

TEST_CASE("S32.1: a closed descriptor calls all that wait for one on this thread, in the next turn") {
  net::Loop loop;
  Owner one(net::detail::Access::core(loop)), other(net::detail::Access::core(loop));
  for (int round = 0; round < 3; ++round) {
    one.retry.when_descriptor_freed();
    other.retry.when_descriptor_freed();
    Retry::descriptor_freed();
    CHECK(one.calls == round);
    loop.runOnce(0);
    CHECK(one.calls == round + 1);
    CHECK(other.calls == round + 1);
    Retry::descriptor_freed();
  }
}

TEST_CASE("S32.5: an owner for whose retry there is no memory is given up, and the exception leaves run()") {
  net::Loop loop;
  loop.setTimeout([] {}, 20);  // a retry keeps no loop alive
  Poor poor(net::detail::Access::core(loop));
  poor.retry.after(1);
  CHECK_THROWS_AS(loop.run(), std::bad_alloc);
  CHECK(poor.given_up);
  run_to_the_end(loop);
}
