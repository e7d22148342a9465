#include <net/ipc_channel.hpp>

#include <doctest/doctest.h>

#include <net/task.hpp>
#include <net/task_group.hpp>
#include <optional>
#include <string>
#include <utility>

#include "tests/support/channels.hpp"
#include "tests/support/reading.hpp"
#include "tests/support/session.hpp"

// Tasks that receive messages of a channel.

using namespace tests;

namespace {

/// All that comes until the end.
net::Task<> notes_all(net::IpcChannel channel, Log& log) {
  while (const auto message = co_await channel.receive()) {
    log.add(message->bytes + (message->handle.socket() ? "+socket" : message->handle.server() ? "+server" : ""));
  }
  log.add("end");
}

}  // namespace

TEST_CASE("S33.1, S34: a task receives every message once, in order, whatever it does in between, and then the end") {
  net::Loop loop;
  Log log;
  const auto [one, other] = net::IpcChannel::pair(loop);
  net::spawn(loop, [&, end = other]() -> net::Task<> {
    for (int i = 0; const auto message = co_await end.receive(); ++i) {
      CHECK_FALSE(message->handle);
      if (i % 2 == 0) co_await net::sleep(2);
      log.add(message->bytes);
      end.send("re:" + message->bytes);
    }
    CHECK_FALSE(co_await end.receive());
    log.add("end");
  });
  int answers = 0;
  one.on<"message">([&, end = one](std::string_view) {
    if (++answers == 5) end.disconnect();
  });
  for (const char* text : {"a", "b", "c", "d", "e"}) one.send(text);
  run_to_the_end(loop);
  CHECK(log.text() == "a b c d e end");
  CHECK_FALSE(other.connected());
}

TEST_CASE("S34: nothing is read while no task waits, so the sender is held back, and nothing is lost") {
  net::Loop loop;
  const auto [one, other] = net::IpcChannel::pair(loop);
  constexpr std::size_t count = 32, size = 1 << 20;
  std::size_t got = 0, waited = 0;
  net::spawn(loop, [&, end = other, near = one]() -> net::Task<> {
    while (const auto message = co_await end.receive()) {
      CHECK(message->bytes == std::string(size, static_cast<char>('a' + got)));
      if (++got == 2) {
        co_await net::sleep(20);
        waited = near.writableLength();
      }
      if (got == count) break;
    }
  });
  for (std::size_t i = 0; i < count; ++i) one.send(std::string(size, static_cast<char>('a' + i)));
  run_until(loop, [&] { return got == count; });
  CHECK(waited > count / 2 * size);
  one.disconnect();
  other.disconnect();
  run_to_the_end(loop);
}

TEST_CASE("S34.6: a timeout and a signal end the wait, also in braces and by name, and take nothing away") {
  net::Loop loop;
  const auto [one, other] = net::IpcChannel::pair(loop);
  bool done = false;
  net::spawn(loop, [&, near = one, far = other]() -> net::Task<> {
    CHECK(co_await error_name(far.receive({.timeout = 1})) == "ERR_TIMEOUT");
    const net::AbortController controller;
    net::setTimeout([controller] { controller.abort(); }, 1);
    CHECK(co_await error_name(far.receive({.signal = controller.signal(), .timeout = 100'000})) == "ABORT_ERR");
    CHECK(co_await error_name(far.receive({.signal = controller.signal()})) == "ABORT_ERR");
    const net::WaitOptions soon{.timeout = 1};
    CHECK(co_await error_name(far.receive(soon)) == "ERR_TIMEOUT");
    near.send("kept");
    CHECK((co_await far.receive({.timeout = 100'000})).value().bytes == "kept");
    near.disconnect();
    CHECK_FALSE(co_await far.receive());
    done = true;
  });
  run_to_the_end(loop);
  CHECK(done);
}

TEST_CASE("S34: what ends a channel is thrown to who receives, each time, behind what came before") {
  net::Loop loop;
  const auto [one, other] = net::IpcChannel::pair(loop);
  other.maxMessageSize(10);
  bool done = false;
  net::spawn(loop, [&, end = other]() -> net::Task<> {
    CHECK((co_await end.receive()).value().bytes == "0123456789");
    CHECK(co_await error_name(end.receive()) == "EMSGSIZE");
    CHECK(co_await error_name(end.receive()) == "EMSGSIZE");
    done = true;
  });
  one.send("0123456789");
  one.send("0123456789+");
  run_to_the_end(loop);
  CHECK(done);
}

TEST_CASE("S34: only one task may wait for a message") {
  net::Loop loop;
  Log log;
  const auto [one, other] = net::IpcChannel::pair(loop);
  net::spawn(loop, notes_all(other, log));
  std::string told;
  net::spawn(loop, [&, end = other, near = one]() -> net::Task<> {
    told = co_await error_name(end.receive());
    near.send("still there", [near] { near.disconnect(); });
  });
  run_to_the_end(loop);
  CHECK(told == "ERR_INVALID_STATE");
  CHECK(log.text() == "still there end");
}

TEST_CASE("S33.2, S33.3: sockets and servers come with their messages, and those that nobody takes are closed") {
  net::Loop loop;
  Ends ends(loop), unwanted(loop);
  const net::Server server(loop);
  bool listens = false;
  server.listen({.port = 0, .host = "127.0.0.1"}, [&] { listens = true; });
  run_until(loop, [&] { return listens; });
  const auto [one, other] = net::IpcChannel::pair(loop);
  std::optional<net::Socket> taken;
  std::string heard;
  bool done = false, gone = false;
  net::spawn(loop, [&, end = other]() -> net::Task<> {
    const auto first = co_await end.receive();
    taken = first->handle.socket();
    taken->write("from there");
    const auto second = co_await end.receive();
    CHECK(second->bytes == "a server");
    CHECK(second->handle.server()->listening());
    second->handle.server()->close();
    co_await net::sleep(5);
    end.disconnect();
    done = true;
  });
  ends.client.on<"data">([&](net::Chunk chunk) { heard += chunk; });
  ends.client.resume();
  unwanted.client.on<"close">([&] { gone = true; });
  unwanted.client.on<"error">([] {});
  unwanted.client.resume();
  one.send("a socket", *ends.accepted);
  one.send("a server", server);
  one.send("another", *unwanted.accepted, {}, [](const net::Error&) {});
  run_until(loop, [&, near = one] { return done && heard == "from there" && !near.connected(); });
  if (!gone) unwanted.client.end();  // whichever side had it when the channel ended
  unwanted.accepted->destroy();
  run_until(loop, [&] { return gone; });
  taken->destroy();
  server.close();
  ends.destroy();
}

TEST_CASE("S34.9: a task that is dropped while it waits takes no message, and keeps no loop alive") {
  net::Loop loop;
  Log log;
  const auto [one, other] = net::IpcChannel::pair(loop);
  one.unref();
  {
    std::optional<net::TaskGroup> group;
    group.emplace();
    group->spawn(notes_all(other, log));
    CHECK(loop.alive());
    group.reset();
  }
  CHECK_FALSE(loop.alive());
  one.send("first");
  one.send("second");
  for (int i = 0; i < 5; ++i) loop.runOnce(1);
  CHECK(log.text().empty());
  net::spawn(loop, notes_all(other, log));
  run_until(loop, [&] { return log.count("second") == 1; });
  CHECK(log.text() == "first second");
  one.disconnect();
  run_to_the_end(loop);
  CHECK(log.text() == "first second end");
}

TEST_CASE("S34: a channel that a task received from disconnects with its last handle") {
  net::Loop loop;
  Log log;
  auto ends = net::IpcChannel::pair(loop);
  std::optional<net::IpcChannel> other(std::move(ends.second));
  const net::IpcChannel one = ends.first;
  ends.second = one;
  note_channel(one, log, "one");
  bool late = false;
  other->on<"disconnect">([&] { log.add("other:disconnect"); });
  SUBCASE("when the task has ended") {
    net::spawn(loop, [](net::IpcChannel end) -> net::Task<> {
      CHECK((co_await end.receive()).value().bytes == "hello");
      end.send("and good-bye");
    }(*other));
    other.reset();
    one.send("hello");
    one.send("unheard");
    late = true;
  }
  SUBCASE("while nothing but the wait has it") {
    net::spawn(loop, [](std::optional<net::IpcChannel>& end) -> net::Task<> {
      const auto wait = end->receive();
      (void)wait;
      co_return;
    }(other));
    net::spawn(loop, [](std::optional<net::IpcChannel>& end, Log& to) -> net::Task<> {
      to.add((co_await end->receive()).value().bytes);
    }(other, log));
    other.reset();
    one.send("hello");
  }
  run_to_the_end(loop);
  CHECK(log.has("one:disconnect"));
  CHECK(log.has("other:disconnect"));
  CHECK(log.has("one:and good-bye") == late);
  CHECK(log.has("hello") == !late);
}

TEST_CASE("S34: a loop that goes takes its waiting tasks along; a channel without one is at its end") {
  std::optional<net::IpcChannel> one, other;
  bool ended = false;
  Log log;
  {
    net::Loop loop;
    auto ends = net::IpcChannel::pair(loop);
    one = ends.first;
    other = ends.second;
    net::spawn(loop, notes_all(*other, log));
    one->send("x");
    net::spawn(loop, [&]() -> net::Task<> { co_await one->receive(); });
  }
  CHECK_FALSE(log.has("end"));
  net::Loop loop;
  net::spawn(loop, [&]() -> net::Task<> { ended = !co_await other->receive(); });
  CHECK(ended);
}

TEST_CASE("S33.1, S34.1: the socket that a task got with a message needs no 'error' listener") {
  net::Loop loop;
  Ends ends(loop);
  const auto [one, other] = net::IpcChannel::pair(loop);
  std::string failed;
  const auto fails_between_waits = [&failed](net::Socket socket) -> net::Task<> {
    co_await net::sleep(1);
    socket.destroy(net::Error("between two waits"));
    co_await net::sleep(1);
    try {
      co_await net::write(socket, "text");
    } catch (const net::Error& error) {
      failed = error.what();
    }
  };
  SUBCASE("by a listener that returns the task") {
    other.once<"message">([&](std::string_view, const net::ReceivedHandle& handle) -> net::Task<> {
      co_await fails_between_waits(*handle.socket());
    });
  }
  SUBCASE("by a wait") {
    net::spawn(loop, [&, end = other]() -> net::Task<> {
      const auto [bytes, handle] = co_await net::once<"message">(end);
      co_await fails_between_waits(*handle.socket());
    });
  }
  one.send("take", *ends.accepted);
  run_until(loop, [&] { return !failed.empty(); });
  CHECK(failed == "between two waits");
  one.disconnect();
  ends.destroy();
}
