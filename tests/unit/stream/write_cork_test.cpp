#include <net/detail/stream/write.ipp>

#include <doctest/doctest.h>

#include "tests/support/session.hpp"

using namespace tests;

TEST_CASE_FIXTURE(
    ReceivedClient,
    "S15.22, S15.23: cork() holds writes back; uncork() as often sends them, with callbacks in order after it") {
  client.once<"ready">([&] {
    client.cork();
    client.cork();
    CHECK(client.writableCorked() == 2);
    CHECK(client.write("a", note_error(log, "a")));
    CHECK(client.write("b", note_error(log, "b")));
    CHECK(client.writableLength() == 2);
    client.uncork();
    CHECK(client.writableLength() == 2);
    client.uncork();
    CHECK(client.writableLength() == 0);
    client.uncork();  // one too many
    CHECK(client.writableCorked() == 0);
    CHECK(log.text().empty());
    client.end(note_error(log, "end"));
  });
  run_to_the_end(loop);
  CHECK(log.text() == "a b end");
  CHECK(receiver.heard == "ab");
}

TEST_CASE("S15.23: corked writes count as pending, and 'drain' is emitted after them") {
  net::Loop loop;
  Log log;
  Receiver receiver(loop);
  const net::Socket client(loop, {.highWaterMark = 4});
  client.connect(receiver.port(), "127.0.0.1");
  client.once<"ready">([&] {
    client.cork();
    CHECK(client.write("abc"));
    CHECK_FALSE(client.write("d"));
    client.uncork();
  });
  client.on<"drain">([&] {
    log.add("drain");
    client.end();
  });
  run_to_the_end(loop);
  CHECK(log.text() == "drain");
  CHECK(receiver.heard == "abcd");
}

TEST_CASE("S15.24, S15.25: end() uncorks fully, before the connection too") {
  net::Loop loop;
  Receiver receiver(loop);
  const net::Socket client = client_of(loop, receiver.server);
  client.cork();
  client.cork();
  client.write("kept ");
  client.write("back");
  client.end();
  CHECK(client.writableCorked() == 0);
  run_to_the_end(loop);
  CHECK(receiver.heard == "kept back");
}

TEST_CASE("S32.6, S15.22: corks are counted beyond 65,535, and so are the callbacks of one batched send") {
  net::Loop loop;
  Ends ends(loop);
  constexpr std::size_t many = 70'000;
  for (std::size_t i = 0; i < many; ++i) ends.client.cork();
  CHECK(ends.client.writableCorked() == many);
  ends.client.write("held");
  for (std::size_t i = 1; i < many; ++i) ends.client.uncork();
  CHECK(ends.client.writableCorked() == 1);
  CHECK(ends.client.writableLength() == 4);
  ends.client.uncork();
  CHECK(ends.client.writableLength() == 0);
  std::size_t calls = 0;
  loop.setImmediate([&] {
    for (std::size_t i = 0; i < many; ++i) ends.client.write("", [&] { ++calls; });
  });
  run_until(loop, [&] { return calls == many; });
  ends.destroy();
}
