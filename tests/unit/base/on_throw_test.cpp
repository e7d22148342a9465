#include <net/detail/base/on_throw.hpp>

#include <doctest/doctest.h>

TEST_CASE("what was thrown on the way is undone, and what has passed is not") {
  int undone = 0;
  const auto run = [&](bool throws) {
    net::detail::CallOnThrow undo([&] { ++undone; });
    if (throws) throw 1;
    undo.passed = true;
  };
  run(false);
  CHECK(undone == 0);
  CHECK_THROWS_AS(run(true), int);
  CHECK(undone == 1);
}
