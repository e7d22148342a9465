#include <net/ipc_channel.hpp>

#include <doctest/doctest.h>

#include <net/promise.hpp>
#include <net/task.hpp>
#include <new>
#include <optional>
#include <string>

#include "tests/support/channels.hpp"
#include "tests/support/count_allocations.hpp"
#include "tests/support/reading.hpp"
#include "tests/support/session.hpp"

// Tasks that receive messages of a channel, beside listeners, answers and shortages.

using namespace tests;

TEST_CASE("S34: net::once waits for an event of a channel, and for its end") {
  net::Loop loop;
  const auto [one, other] = net::IpcChannel::pair(loop);
  Log log;
  net::spawn(loop, [&, end = other]() -> net::Task<> {
    const auto [bytes, handle] = co_await net::once<"message">(end, {.timeout = 100'000});
    log.add(bytes);
    CHECK_FALSE(handle);
    CHECK(co_await error_name(net::once<"message">(end, {.timeout = 1})) == "ERR_TIMEOUT");
    log.add(co_await error_name(net::once<"drain">(end)));
    co_await net::once<"disconnect">(end);
    log.add(co_await error_name(net::once<"message">(end)));
  });
  one.send("first", [near = one] { net::setTimeout([near] { near.disconnect(); }, 10); });
  run_to_the_end(loop);
  CHECK(log.text() == "first ERR_IPC_CHANNEL_CLOSED ERR_IPC_CHANNEL_CLOSED");
}

TEST_CASE("S34: who listens gets what waits for a task, and all that comes from then on") {
  net::Loop loop;
  const auto [one, other] = net::IpcChannel::pair(loop);
  Log log;
  net::spawn(loop, [&, end = other]() -> net::Task<> {
    log.add((co_await end.receive()).value().bytes);
    co_await net::sleep(2);
    log.add((co_await net::once<"message">(end)).first);
    log.add((co_await end.receive()).value().bytes);
    end.on<"message">([&](std::string_view bytes) { log.add("heard-" + std::string(bytes)); });
  });
  for (const char* text : {"1", "2", "3", "4"}) one.send(text);
  run_until(loop, [&] { return log.has("heard-4"); });
  one.send("5");
  run_until(loop, [&] { return log.has("heard-5"); });
  one.disconnect();
  run_to_the_end(loop);
  CHECK(log.text() == "1 2 3 heard-4 heard-5");
}

TEST_CASE(
    "S33.2: while no task waits, a channel still learns that what it sent has arrived, and keeps what comes before") {
  net::Loop loop;
  Ends ends(loop);
  const auto [one, other] = net::IpcChannel::pair(loop);
  Log log;
  std::optional<net::Socket> there;
  one.on<"message">([&](std::string_view bytes, const net::ReceivedHandle& handle) {
    there = handle.socket();
    log.add(bytes);
  });
  net::spawn(loop, [&, end = other]() -> net::Task<> {
    log.add((co_await end.receive()).value().bytes);
    net::Promise<> arrived;
    end.send("socket", *ends.accepted, {}, [&] { arrived.resolve(); });
    co_await arrived;
    log.add("arrived");
    while (const auto message = co_await end.receive()) log.add(message->bytes);
    log.add("end");
  });
  for (const char* text : {"1", "2", "3"}) one.send(text);
  run_until(loop, [&] { return log.has("3"); });
  one.disconnect();
  run_until(loop, [&] { return log.has("end"); });
  CHECK(log.text() == "1 socket arrived 2 3 end");
  there->destroy();
  ends.destroy();
}

TEST_CASE("S32.5: whichever allocation fails while a task receives, a message comes or the channel ends") {
  bool failed = true;
  for (long n = 1; failed; ++n) {
    REQUIRE(n < 1000);
    net::Loop loop;
    Ends ends(loop);
    Log log;
    log.add(std::string(200, '.'));  // space for what is noted
    auto [one, other] = net::IpcChannel::pair(loop);
    one.on<"error">([] {});
    bool came = false, over = false;
    net::spawn(loop, [&, end = other]() -> net::Task<> {
      try {
        while (const auto message = co_await end.receive()) {
          came = came || message->handle.socket();
          if (message->handle.socket()) message->handle.socket()->destroy();
        }
      } catch (const std::bad_alloc&) {}
      over = true;
    });
    one.send("first");
    one.send("second", *ends.accepted);
    {
      const FailingAllocation failing(n);
      for (int i = 0; i < 20 && !came; ++i) {
        try {
          loop.runOnce(1);
        } catch (const std::bad_alloc&) {}
      }
      failed = failing.failed();
    }
    CHECK((came || over || !one.connected()));
    one.disconnect();
    other.disconnect();
    ends.accepted->destroy();
    ends.client.destroy();
    run_to_the_end(loop);
    CHECK(over);
  }
}
