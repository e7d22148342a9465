#include <net/detail/file/state.hpp>

#include <doctest/doctest.h>

#include <net/file.hpp>

#include "tests/support/session.hpp"
#include "tests/support/steps.hpp"
#include "tests/support/support.hpp"

using namespace tests;

TEST_CASE("a file stream only goes forward: opening, open, closing, closed") {
  net::Loop loop;
  const TemporaryDirectory directory;
  const net::FileWriter writer(loop, directory.file("f"));
  auto& state = net::detail::Access::state(writer);
  using Phase = net::detail::FilePhase;
  CHECK(state.phase == Phase::opening);
  writer.on<"open">([&] { CHECK(state.phase == Phase::open); });
  writer.on<"close">([&] { CHECK(state.phase == Phase::closed); });
  run_until(loop, [&] { return state.phase == Phase::open; });
  writer.destroy();
  CHECK(state.phase == Phase::closing);
  run_to_the_end(loop);
  CHECK(state.phase == Phase::closed);
  CHECK(writer.listenerCount<"close">() == 0);
}

TEST_CASE("destroyed while it is opened, it closes when the thread has given the file back") {
  net::Loop loop;
  const TemporaryDirectory directory;
  Log log;
  const net::FileReader reader(loop, directory.file("missing"));
  reader.on<"error">([&] { log.add("error"); });
  reader.on<"close">([&] { log.add("close"); });
  reader.destroy();
  reader.destroy();
  CHECK(reader.destroyed());
  run_to_the_end(loop);
  CHECK(log.text() == "close");
}

TEST_CASE("a stream of a file opens and closes, only forwards") {
  CHECK(steps(net::detail::FilePhase::closed) == "0>123 1>23 2>3 3>");
  CHECK(net::detail::Position<net::detail::FilePhase>() == net::detail::FilePhase::opening);
}
