#include <net/detail/stream/steps.hpp>

#include <doctest/doctest.h>

#include "tests/support/session.hpp"

using namespace net::detail;

TEST_CASE("what is put right after a listener that threw concerns the connection at which it began") {
  net::Loop loop;
  const net::Socket socket(loop);
  SocketState& state = Access::state(socket);
  static int undone;
  undone = 0;
  const auto undo = +[](SocketState&) { ++undone; };
  {
    OnThrow guard(state, undo);
    guard.passed = true;
  }
  CHECK(undone == 0);
  { const OnThrow guard(state, undo); }
  CHECK(undone == 1);
  {
    const OnThrow guard(state, undo);
    ++state.generation;
    CHECK_FALSE(static_cast<bool>(guard.same));
  }
  CHECK_MESSAGE(undone == 1, "the next connection has nothing to do with it");
}
