#include <net/detail/ipc/handover.hpp>

#include <doctest/doctest.h>

#include <net.hpp>
#include <string>

#include "tests/support/session.hpp"

using namespace tests;
using namespace net::detail;

TEST_CASE("S33.2: a socket that is laid aside is closed for its user, and goes on when it is taken back") {
  net::Loop loop;
  Ends ends(loop);
  Log log;
  std::string heard;
  SocketState& state = Access::state(*ends.accepted);
  ends.accepted->on<"data">([&](net::Chunk chunk) { heard += chunk; });
  ends.accepted->resume();
  note(*ends.accepted, log);
  ends.client.write("first");
  run_until(loop, [&] { return heard == "first"; });
  ends.accepted->unshift("unread");
  ends.accepted->pause();
  CHECK_FALSE(has_to_send(state));
  std::string unread;
  take_unread(state, unread);
  lay_aside(state);
  CHECK(ends.accepted->destroyed());
  CHECK_FALSE(ends.accepted->writable());
  CHECK(ends.server.connections().size() == 1);
  ends.client.write("second");
  for (int i = 0; i < 3; ++i) loop.runOnce(5);
  const std::string before = heard;
  ends.accepted->resume();
  for (int i = 0; i < 3; ++i) loop.runOnce(5);
  CHECK(heard == before);
  take_back(state, unread);
  run_until(loop, [&] { return heard == "firstunreadsecond" || heard == "firstsecond"; });
  CHECK(ends.accepted->writable());
  ends.destroy();
  CHECK(log.text().ends_with("close(false)"));
}

TEST_CASE("S33.2: one that is handed on closes without an event, and its server has one less") {
  net::Loop loop;
  Ends ends(loop);
  Log log;
  SocketState& state = Access::state(*ends.accepted);
  note(*ends.accepted, log);
  CHECK(ends.server.connections().size() == 1);
  lay_aside(state);
  hand_on(state);
  CHECK(ends.server.connections().empty());
  CHECK(ends.accepted->nativeHandle() == -1);
  take_back(state, "too late");
  CHECK(ends.accepted->destroyed());
  ends.client.destroy();
  run_to_the_end(loop);
  CHECK(log.text().empty());
}

TEST_CASE("S33.2: what is written and not sent, and an end under way, are still to be sent") {
  net::Loop loop;
  Ends ends(loop);
  SocketState& state = Access::state(*ends.accepted);
  ends.accepted->cork();
  ends.accepted->write("x");
  CHECK(has_to_send(state));
  ends.accepted->uncork();
  run_until(loop, [&] { return ends.accepted->writableLength() == 0; });
  CHECK_FALSE(has_to_send(state));
  ends.accepted->end();
  CHECK(has_to_send(state));
  run_until(loop, [&] { return ends.accepted->writableFinished(); });
  CHECK_FALSE(has_to_send(state));
  ends.destroy();
}
