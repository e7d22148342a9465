#include <net/detail/stream/read.ipp>

#include <doctest/doctest.h>

#include <optional>
#include <string>

#include "tests/support/session.hpp"

using namespace tests;

TEST_CASE("S14.9: what is left when the stream has ended is read with read(n) too") {
  net::Loop loop;
  Log log;
  const Sender sender(loop, "rest");
  const net::Socket client = client_of(loop, sender.server);
  run_until(loop, [&] { return client.readableLength() == 4; });
  for (int turns = 0; turns < 20; ++turns) loop.runOnce(0);
  note(client, log);
  CHECK(client.read(100) == "rest");
  run_to_the_end(loop);
  CHECK(log.text() == "end prefinish finish close(false)");
}

TEST_CASE("S14.16, S28.31: a reset by the peer is 'error' read ECONNRESET and 'close' with true, without 'end'") {
  net::Loop loop;
  Log log;
  const OneConnection one(loop);
  one.server.on<"connection">(
      [](const net::Socket& socket) { socket.on<"data">([socket] { socket.resetAndDestroy(); }); });
  const net::Socket client = client_of(loop, one.server);
  note(client, log);
  client.on<"data">([] {});
  client.write("reset me");
  net::Error emitted;
  client.on<"error">([&](const net::Error& error) {
    emitted = error;
    CHECK(client.destroyed());
    CHECK(std::string(client.errored().what()) == std::string("read ECONNRESET"));
  });
  run_to_the_end(loop);
  CHECK(log.has("error(read ECONNRESET) close(true)"));
  CHECK_FALSE(log.has("end "));
  CHECK(emitted.code() == std::errc::connection_reset);
  CHECK(emitted.syscall() == "read");
  CHECK(emitted.name() == "ECONNRESET");
}

TEST_CASE("S14.18: after destroy() in a 'data' listener nothing comes but 'close'") {
  net::Loop loop;
  Log log;
  const Sender sender(loop, std::string(1'000'000, 'x'));
  sender.server.on<"connection">([](const net::Socket& socket) { socket.on<"error">([] {}); });
  const net::Socket client = client_of(loop, sender.server);
  int chunks = 0;
  client.on<"data">([&] {
    ++chunks;
    client.end("unsent");
    client.destroy();
    note(client, log);
  });
  run_to_the_end(loop);
  CHECK(chunks == 1);
  CHECK(log.text() == "close(false)");
}

TEST_CASE("S14.18: nor what was buffered: after destroy() behind resume(), or in a 'data' listener with more behind") {
  net::Loop loop;
  int chunks = 0;
  const Sender sender(loop, std::string(200'000, 'x'));
  const net::Socket client = client_of(loop, sender.server);
  run_until(loop, [&] { return client.readableLength() >= 65536; });
  client.on<"data">([&] {
    ++chunks;
    client.destroy();
  });
  SUBCASE("inside") {}
  SUBCASE("behind resume()") {
    client.destroy();
    chunks = 1;
  }
  sender.server.on<"connection">([](const net::Socket& socket) { socket.on<"error">([] {}); });
  try {
    loop.run();
  } catch (const net::Error& reset) {
    CHECK(reset.name() == "ECONNRESET");  // of the server's socket
  }
  run_to_the_end(loop);
  CHECK(chunks == 1);
}

TEST_CASE(
    "S14.18: resume() on a socket that is closed takes what is left without a word, so that it can connect anew") {
  net::Loop loop;
  Log log;
  const Sender sender(loop, "left");
  sender.server.on<"connection">([](const net::Socket& socket) { socket.on<"error">([] {}); });
  const net::Socket client(loop, {.reusable = true});
  client.connect(sender.port(), "127.0.0.1");
  run_until(loop, [&client] { return client.readableLength() > 0; });
  client.on<"close">([&log] { log.add("close"); });
  client.resetAndDestroy();
  run_until(loop, [&log] { return log.has("close"); });
  CHECK(client.readableLength() == 4);
  client.on<"data">([&log] { log.add("data"); });
  client.on<"resume">([&log] { log.add("resume"); });
  client.resume();
  loop.runOnce(0);
  CHECK(client.readableLength() == 0);
  CHECK(log.text() == "close resume");
}

TEST_CASE("S14.18: what is left of a socket that flows when it is destroyed is taken without a word") {
  net::Loop loop;
  const net::Socket socket(loop);
  int calls = 0;
  std::optional<std::string> left;
  socket.unshift("abc");
  socket.on<"data">([&] { ++calls; });
  socket.on<"close">([&] { left = socket.read(); });
  socket.destroy();
  loop.run();
  CHECK(calls == 0);
  CHECK(socket.readableLength() == 0);
  CHECK(!left);
}

TEST_CASE("S11.11: bytesRead counts what is still buffered, and is kept after destroy") {
  net::Loop loop;
  const Sender sender(loop, "0123456789");
  const net::Socket client = client_of(loop, sender.server);
  run_until(loop, [&] { return client.readableLength() == 10; });
  CHECK(client.bytesRead() == 10);
  client.destroy();
  run_to_the_end(loop);
  CHECK(client.bytesRead() == 10);
  // S14.9: read() works after destroy for what is left
  CHECK(client.read() == "0123456789");
}

TEST_CASE(
    "S1.11, S16.8: removeAllListeners('end') takes the library's own listener too, and what it says of late writes") {
  net::Loop loop;
  const OneConnection one(loop);
  Log log;
  one.server.on<"connection">([&](const net::Socket& socket) {
    CHECK(socket.listenerCount<"end">() == 1);
    socket.removeAllListeners<"end">();
    CHECK(socket.listenerCount<"end">() == 0);
    note(socket, log);
    socket.on<"end">([&, socket] {
      loop.setImmediate([&, socket] { socket.write("x", [&](const net::Error& error) { log.add(error.name()); }); });
    });
    socket.resume();
  });
  const net::Socket client(loop, {.allowHalfOpen = true});
  client.on<"end">([client] { client.destroy(); });
  client.resume();
  client.connect(one.port(), "127.0.0.1", [client] { client.end(); });
  run_to_the_end(loop);
  CHECK(log.has("end"));
  CHECK(log.has("ERR_STREAM_WRITE_AFTER_END"));
  CHECK_FALSE(log.has("EPIPE"));
}
