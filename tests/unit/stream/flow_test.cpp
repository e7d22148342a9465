#include <net/detail/stream/flow.ipp>

#include <doctest/doctest.h>

#include <string>

#include "tests/support/session.hpp"

using namespace tests;

TEST_CASE("S14.5: flowing without a listener throws data away; removing the last one does not pause") {
  net::Loop loop;
  Log log;
  const Sender sender(loop, std::string(200'000, 'x'));
  const net::Socket client = client_of(loop, sender.server);
  note(client, log);
  net::Listener listener;
  listener = client.addListener<"data">([&] { client.off(listener); });
  run_to_the_end(loop);
  CHECK(client.bytesRead() == 200'000);
  CHECK(client.readableFlowing() == true);
  CHECK(log.has("end prefinish finish close(false)"));
}

TEST_CASE("S14.6: pause() emits 'pause' at once, once, and stops 'data' inside a listener, though more is there") {
  net::Loop loop;
  Log log;
  const Sender sender(loop, std::string(300'000, 'x'));
  const net::Socket client = client_of(loop, sender.server);
  note(client, log);
  std::size_t got = 0;
  int chunks = 0;
  client.on<"data">([&](net::Chunk chunk) {
    CHECK_FALSE(client.isPaused());
    got += chunk.size();
    ++chunks;
    log.clear();
    client.pause();
    CHECK(log.text() == "pause");
    client.pause();
    CHECK(log.text() == "pause");
    CHECK(client.isPaused());
    loop.setImmediate([&] { client.resume(); });
  });
  run_to_the_end(loop);
  CHECK(got == 300'000);
  CHECK(chunks >= 5);
  CHECK(log.has("end prefinish finish"));
  CHECK(log.has("close(false)"));
}

TEST_CASE("S14.7, S14.8: resume() emits 'resume' on the next tick, once; the last call wins") {
  net::Loop loop;
  Log log;
  const Sender sender(loop, "data");
  const net::Socket client = client_of(loop, sender.server);
  client.pause();
  note(client, log);
  client.on<"data">([&](net::Chunk chunk) { log.add(chunk); });
  run_until(loop, [&] { return log.has("ready"); });
  log.clear();
  client.resume().resume();
  CHECK(log.text().empty());
  client.pause();
  CHECK(log.text() == "pause");
  for (int turns = 0; turns < 20; ++turns) loop.runOnce(0);
  CHECK_FALSE(log.has("data"));
  client.resume();
  run_to_the_end(loop);
  CHECK(log.has("resume data end prefinish finish close(false)"));
}

TEST_CASE("S14.14, S14.15: paused before it connects a socket connects, but notices neither data nor end") {
  net::Loop loop;
  Log log;
  const OneConnection one(loop);
  one.server.on<"connection">([](const net::Socket& socket) { socket.unref().end(); });
  const net::Socket client(loop);
  client.pause();
  client.connect(one.port(), "127.0.0.1");
  note(client, log);
  run_to_the_end(loop);  // S19.7: a socket that does not read does not keep it alive
  CHECK(log.text() == "attempt connect ready");
  CHECK_FALSE(client.readableEnded());
  client.resume();
  run_to_the_end(loop);
  CHECK(log.has("ready resume end prefinish finish close(false)"));
}
