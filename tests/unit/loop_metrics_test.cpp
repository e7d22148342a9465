#include <net/loop.hpp>

#include <doctest/doctest.h>

#include <net.hpp>
#include <string>

#include "tests/support/session.hpp"

using namespace tests;

TEST_CASE("S36.2: metrics() counts turns, events and bytes, also of sockets that are gone") {
  net::Loop loop;
  CHECK(loop.metrics().turns == 0);
  {
    const Receiver receiver(loop);
    net::connect(loop, receiver.port(), "127.0.0.1").end(std::string(1000, 'x'));
    run_to_the_end(loop);
  }
  const net::LoopMetrics counted = loop.metrics();
  CHECK(counted.turns > 0);
  CHECK(counted.events >= 3);
  CHECK(counted.bytesWritten == 1000);
  CHECK(counted.bytesRead == 1000);
  CHECK(counted.idleTime.count() == 0);
}

TEST_CASE("S36.2: metrics() counts what is open: sockets, servers, timers") {
  net::Loop loop;
  const net::Server server(loop), silent(loop);
  server.listen(0);
  const net::Socket client = net::connect(loop, server.address()->port, "127.0.0.1"), idle(loop);
  const net::Timer timer = loop.setTimeout([] {}, 100000);
  run_until(loop, [&] { return server.connections().size() == 1; });
  net::LoopMetrics open = loop.metrics();
  CHECK(open.sockets == 2);
  CHECK(open.servers == 1);
  CHECK(open.timers == 1);
  server.close();
  client.destroy();
  timer.close();
  run_to_the_end(loop);
  open = loop.metrics();
  CHECK((open.sockets == 0 && open.servers == 0 && open.timers == 0));
}

TEST_CASE("S36.2: times are measured from when they were asked for, and what runs is the same") {
  net::Loop loop;
  (void)loop.metrics(true);
  const Receiver receiver(loop);
  const net::Socket client = net::connect(loop, receiver.port(), "127.0.0.1");
  int posted = 0;
  loop.setTimeout(
      [&] {
        client.end("hello");
        loop.post([&] { ++posted; });
      },
      5);
  run_to_the_end(loop);
  CHECK(receiver.heard == "hello");
  CHECK(posted == 1);
  const net::LoopMetrics measured = loop.metrics();
  CHECK(measured.idleTime.count() > 0);
  CHECK(measured.longestTurn.count() > 0);
  CHECK(measured.eventsWaiting <= measured.events);
}

TEST_CASE("S2.2: runTicks() runs ticks without a poll, and nothing inside a callback") {
  net::Loop loop;
  Log log;
  loop.nextTick([&] {
    log.add("tick");
    loop.nextTick([&] { log.add("its"); });
    loop.runTicks();
    log.add("on");
  });
  loop.setTimeout([&] { log.add("timer"); }, 1);
  loop.runTicks();
  CHECK(log.text() == "tick on its");
  loop.run();
  CHECK(log.text() == "tick on its timer");
}

TEST_CASE("runOnce() without a length waits as long as it takes") {
  net::Loop loop;
  int calls = 0;
  loop.setTimeout([&] { ++calls; }, 20);
  while (loop.runOnce()) {}
  CHECK(calls == 1);
}
