#include <net/detail/stream/write.ipp>

#include <doctest/doctest.h>

#include <memory>
#include <string>

#include "tests/support/session.hpp"
#include "tests/support/throwing.hpp"

using namespace tests;

TEST_CASE_FIXTURE(ReceivedClient,
                  "S15.7, S15.8: a callback never runs inside write(), and in the order of the writes") {
  client.once<"ready">([&] {
    loop.setImmediate([&] {
      client.write("a", note_error(log, "a"));
      client.write("", note_error(log, "empty"));
      client.write(std::string(100'000, 'b'), note_error(log, "b"));
      client.write("c", [&] { log.add("c"); });
      log.add("returned");
      loop.nextTick([&] { log.add("tick"); });
      client.end(note_error(log, "end"));
    });
  });
  run_to_the_end(loop);
  CHECK(log.text() == "returned a empty b c tick end");
  CHECK(receiver.heard.size() == 100'002);
}

TEST_CASE_FIXTURE(
    ReceivedClient,
    "S15.15, S28.29: a write after end() destroys; its callback, those of end, 'error', 'close' in this order") {
  client.once<"ready">([&] {
    client.end("delivered", note_error(log, "end"));
    note(client, log);
    CHECK_FALSE(client.write("late", note_error(log, "write")));
    CHECK(client.destroyed());
    CHECK(log.text().empty());
  });
  run_to_the_end(loop);
  CHECK(log.text() ==
        "write(ERR_STREAM_WRITE_AFTER_END) end(ERR_STREAM_WRITE_AFTER_END) error(write after end) close(true)");
  CHECK(receiver.heard == "delivered");
}

TEST_CASE_FIXTURE(ReceivedClient,
                  "S15.16, S15.17: a write after destroy() calls back with an error, and no 'error' comes") {
  client.once<"ready">([&] {
    note(client, log);
    SUBCASE("destroyed") {
      client.destroy();
      CHECK_FALSE(client.write("x", note_error(log, "write")));
      CHECK(log.text().empty());
    }
    SUBCASE("ended and destroyed") {
      client.end();
      client.destroy();
      CHECK_FALSE(client.write("x", note_error(log, "after-end")));
      log.add("prefix");
    }
  });
  run_to_the_end(loop);
  const bool ended = log.has("prefix");
  CHECK(log.text() == (ended ? "prefix after-end(ERR_STREAM_WRITE_AFTER_END) close(false)"
                             : "write(ERR_STREAM_DESTROYED) close(false)"));
}

TEST_CASE("S16.8, S28.30: after the other side ended, and the socket with it, a write is EPIPE in Node's words") {
  net::Loop loop;
  Log log;
  const OneConnection one(loop);
  one.server.on<"connection">([](const net::Socket& socket) {
    socket.on<"error">([] {});
    socket.end();
  });
  const net::Socket client = client_of(loop, one.server);
  net::Error emitted;
  client.on<"error">([&](const net::Error& error) { emitted = error; });
  client.on<"end">([&] {
    loop.nextTick([&] {
      loop.nextTick([&] {
        note(client, log);
        CHECK_FALSE(client.write("late", note_error(log, "write")));
        CHECK(client.destroyed());
      });
    });
  });
  run_to_the_end(loop);
  CHECK(log.text() == "write(EPIPE) error(This socket has been ended by the other party) close(true)");
  CHECK(emitted.code() == std::errc::broken_pipe);
  CHECK(emitted.syscall().empty());
  CHECK(emitted.number() == 0);
}

TEST_CASE_FIXTURE(ReceivedClient, "S1.5: write callbacks that throw do not swallow those behind them") {
  client.once<"ready">([&] {
    for (int i = 0; i < 3; ++i) {
      client.write("x", [&, i] {
        log.add(std::to_string(i));
        throw i;
      });
    }
    client.end([&] {
      log.add("end");
      throw 3;
    });
    client.on<"finish">([&] { log.add("finish"); });
    client.on<"close">([&] { log.add("close"); });
  });
  const int thrown = throws_to_the_end(loop, 100);
  CHECK(thrown == 4);
  CHECK(log.has("0 1 2"));
  CHECK(log.count("end") == 1);
  CHECK(log.has("close"));
}

TEST_CASE_FIXTURE(ReceivedClient, "a write callback may destroy its socket, and those behind it still run once") {
  client.on<"close">([&] { log.add("close"); });
  client.once<"ready">([&] {
    client.write("a", [&, owned = std::make_unique<int>(1)](const net::Error&) {
      log.add("a");
      client.destroy();
    });
    client.write("b", note_error(log, "b"));
  });
  run_to_the_end(loop);
  CHECK(log.text() == "a b close");
}
