#include <net/detail/stream/flow.ipp>

#include <doctest/doctest.h>

#include <string>

#include "tests/support/session.hpp"

using namespace tests;

TEST_CASE("S14.11: what is put back comes first, in front of what has not been read yet") {
  net::Loop loop;
  const Sender sender(loop, "world");
  const net::Socket client = client_of(loop, sender.server);
  std::string heard;
  client.once<"readable">([&, client] {
    client.unshift("hello ");
    client.on<"data">([&heard](net::Chunk chunk) { heard += chunk.toString(); });
    client.resume();
  });
  run_to_the_end(loop);
  CHECK(heard == "hello world");
}

TEST_CASE("S14.21: an encoding that is set when something is buffered already decodes that too") {
  net::Loop loop;
  const Sender sender(loop, "\xe2\x82");
  const net::Socket client = client_of(loop, sender.server);
  std::string heard;
  client.once<"readable">([&, client] {
    client.setEncoding(net::Encoding::hex);
    client.on<"data">([&heard](net::Chunk chunk) { heard += chunk.view(); });
    client.resume();
  });
  run_to_the_end(loop);
  CHECK(heard == "e282");
}

TEST_CASE("S14.11: unshift() before the first read is emitted from the loop, not inside the call") {
  net::Loop loop;
  Log log;
  const Sender sender(loop, "sent");
  const net::Socket client = client_of(loop, sender.server);
  client.on<"data">([&](net::Chunk chunk) { log.add(chunk); });
  client.unshift("later");
  client.unshift("first");
  CHECK(log.text().empty());
  CHECK(client.readableLength() == 10);
  run_to_the_end(loop);
  CHECK(log.text() == "first later sent");
}

TEST_CASE("S14.11: unshift() gives back pieces of their own, the last one first") {
  net::Loop loop;
  Ends ends(loop);
  Log log;
  ends.accepted->write("abc");
  run_until(loop, [&] { return ends.client.read(0), ends.client.readableLength() == 3; });
  ends.client.unshift("second").unshift("first").unshift("");
  CHECK(ends.client.readableLength() == 14);
  ends.client.on<"data">([&](net::Chunk chunk) { log.add(chunk); });
  ends.client.resume();
  run_until(loop, [&] { return log.has("abc"); });
  CHECK(log.text() == "first second abc");
  ends.destroy();
}

TEST_CASE(
    "S14.11: inside 'data' it is emitted inside the call if nothing else waits, as in Node, and waits while paused") {
  net::Loop loop;
  Log log;
  const Sender sender(loop, "abc");
  const net::Socket client = client_of(loop, sender.server);
  client.on<"data">([&, depth = 0](net::Chunk chunk) mutable {
    log.add("<" + chunk.toString());
    if (++depth == 1) {
      client.unshift("u1").unshift("u2");
      client.pause();
      client.unshift("p1").unshift("p2");
      log.add(std::to_string(client.readableLength()));
      client.resume();
    }
    log.add(">");
  });
  run_to_the_end(loop);
  CHECK(log.text() == "<abc <u1 > <u2 > 4 > <p2 > <p1 >");
}

TEST_CASE("S14.11, S14.9: read(n) goes over pieces that were given back, however they were cut") {
  net::Loop loop;
  Ends ends(loop);
  Log log;
  ends.accepted->write("0123456789");
  run_until(loop, [&] { return ends.client.read(0), ends.client.readableLength() == 10; });
  const auto read = [&](std::size_t n) { return ends.client.read(n).value_or("nothing"); };
  CHECK(read(3) == "012");
  ends.client.unshift("bc");
  ends.client.unshift("a");
  CHECK(read(2) == "ab");
  CHECK(read(4) == "c345");
  ends.client.unshift("5");
  CHECK(ends.client.readableLength() == 5);
  CHECK(read(6) == "nothing");
  CHECK(read(2) == "56");
  CHECK(ends.client.read() == "789");
  CHECK(read(1) == "nothing");
  CHECK(ends.client.readableLength() == 0);
  ends.destroy();
}

TEST_CASE("S14.11: in 'readable' what was given back is emitted with the next 'readable'") {
  net::Loop loop;
  Log log;
  const Sender sender(loop, "abc");
  const net::Socket client = client_of(loop, sender.server);
  client.on<"readable">([&, rounds = 0]() mutable {
    log.add("readable");
    const auto piece = client.read();
    log.add(piece.value_or("nothing"));
    if (piece && ++rounds < 3) client.unshift("u" + std::to_string(rounds));
  });
  client.on<"end">([&] { log.add("end"); });
  run_to_the_end(loop);
  CHECK(log.text().starts_with("readable abc readable u1 readable u2"));
  CHECK(log.count("end") == 1);
}

TEST_CASE("S14.11, S14.20: with an encoding text is given back as it is") {
  net::Loop loop;
  Ends ends(loop);
  Log log;
  ends.client.setEncoding(net::Encoding::hex);
  ends.accepted->write("A");
  run_until(loop, [&] { return ends.client.read(0), ends.client.readableLength() == 2; });
  ends.client.unshift("zz");
  ends.client.setEncoding(net::Encoding::latin1);
  CHECK(ends.client.read() == "zz41");
  ends.destroy();
}

TEST_CASE(
    "S14.11, S14.12: what is given back between the last byte and 'end' is read before 'end'; later it is an error") {
  net::Loop loop;
  Log log;
  const Sender sender(loop, "last");
  const net::Socket client(loop, {.allowHalfOpen = true});
  client.connect(sender.port(), "127.0.0.1");
  client.pause();
  client.once<"connect">([&] { (void)client.read(0); });
  run_until(loop, [&] { return client.readableLength() == 4; });
  client.unshift("given");
  client.on<"data">([&](net::Chunk chunk) { log.add(chunk); });
  client.on<"end">([&] { log.add("end"); });
  client.resume();
  run_until(loop, [&] { return client.readableEnded(); });
  CHECK(log.text() == "given last end");
  client.on<"error">([&](const net::Error& error) { log.add(error.name()); });
  client.unshift("late");
  CHECK(client.destroyed());
  run_to_the_end(loop);
  CHECK(log.text() == "given last end ERR_STREAM_UNSHIFT_AFTER_END_EVENT");
}
