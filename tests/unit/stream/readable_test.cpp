#include <net/detail/stream/readable.ipp>

#include <doctest/doctest.h>

#include <optional>
#include <string>
#include <vector>

#include "tests/support/session.hpp"

using namespace tests;

TEST_CASE("S14.10: 'readable' says that there is something to read(), and once more at the end") {
  net::Loop loop;
  Log log;
  const Sender sender(loop, "one");
  const net::Socket client = client_of(loop, sender.server);
  client.on<"readable">([&] {
    log.add("readable");
    for (auto piece = client.read(); piece; piece = client.read()) log.add(*piece);
  });
  client.on<"end">([&] { log.add("end"); });
  run_to_the_end(loop);
  CHECK(log.has("readable one"));
  CHECK(log.has("readable end"));
}

TEST_CASE("S14.12: while data is left unread there is no 'end', and the socket stays open") {
  net::Loop loop;
  Log log;
  const Sender sender(loop, "unread");
  const net::Socket client = client_of(loop, sender.server);
  note(client, log);
  run_until(loop, [&] { return client.readableLength() == 6; });
  for (int turns = 0; turns < 20; ++turns) loop.runOnce(0);
  CHECK_FALSE(log.has("end"));
  CHECK_FALSE(client.destroyed());
  client.resume();
  run_to_the_end(loop);
  CHECK(log.has("resume end prefinish finish close(false)"));
}

TEST_CASE("S14.13, S28.20: an end without data is emitted even when nobody listens and nothing flows") {
  net::Loop loop;
  Log log;
  const Sender sender(loop, "");
  const net::Socket client = client_of(loop, sender.server);
  note(client, log);
  run_to_the_end(loop);
  CHECK(log.text() == "attempt connect ready end prefinish finish close(false)");
  CHECK(client.readableEnded());
}

TEST_CASE("S14.13: after pause(), too, if reading had started") {
  net::Loop loop;
  Log log;
  const Sender sender(loop, "");
  const net::Socket client = client_of(loop, sender.server);
  note(client, log);
  client.on<"ready">([&] { loop.nextTick([&] { client.pause(); }); });
  run_to_the_end(loop);
  CHECK(log.has("pause end prefinish finish close(false)"));
}

TEST_CASE("S14.10: a 'readable' listener comes before flowing; when it goes, a 'data' listener flows again") {
  net::Loop loop;
  Log log;
  const Sender sender(loop, "text");
  const net::Socket client = client_of(loop, sender.server);
  client.on<"data">([&](net::Chunk chunk) { log.add(chunk); });
  const net::Listener listener = client.addListener<"readable">([&] { log.add("readable"); });
  client.on<"end">([&] { log.add("end"); });
  run_until(loop, [&] { return log.has("readable"); });
  for (int turns = 0; turns < 20; ++turns) loop.runOnce(0);
  CHECK_FALSE(log.has("text"));
  client.off(listener);
  run_to_the_end(loop);
  CHECK(log.has("text end"));
}

TEST_CASE("S14.10: a 'readable' listener that has just gone still comes before 'data' until the next tick") {
  net::Loop loop;
  const net::Socket socket(loop);
  const net::Listener listener = socket.addListener<"readable">([] {});
  socket.off(listener);
  socket.on<"data">([] {});
  socket.resume();
  CHECK(socket.isPaused());
  loop.runOnce(0);
  CHECK(socket.readableFlowing() == true);
}
