#include <net/socket.hpp>

#include <doctest/doctest.h>

#include <optional>
#include <string>

#include <net/server.hpp>
#include "tests/support/session.hpp"
#include "tests/support/skip.hpp"

using namespace tests;

namespace {

std::string name_of(const net::Error& error) { return error ? std::string(error.name()) : "ok"; }

}  // namespace

TEST_CASE(
    "S15.12, S28.23: the callback of a write before the connection is called, also if what ends behind it has no "
    "callback") {
  net::Loop loop;
  const OneConnection one(loop);
  one.server.on<"connection">([](net::Socket socket) { socket.resume(); });
  const net::Socket client = client_of(loop, one.server);
  Log log;
  client.write("first", [&log](const net::Error& error) { log.add("write:" + name_of(error)); });
  client.end("last", [&log](const net::Error& error) { log.add("end:" + name_of(error)); });
  run_to_the_end(loop);
  CHECK(log.text() == "write:ok end:ok");
}

TEST_CASE("S15.9: a write that completes while a drain is owed already brings no second tick before it") {
  net::Loop loop;
  const OneConnection one(loop);
  one.server.on<"connection">([](net::Socket socket) { socket.resume(); });
  const net::Socket client = client_of(loop, one.server, {.highWaterMark = 0});
  Log log;
  client.on<"drain">([&, client] {
    log.add("drain");
    if (log.count("drain") > 1) client.end();
    loop.nextTick([&log] { log.add("tick"); });
  });
  client.once<"connect">([&, client] {
    client.cork();
    client.write("1", [](const net::Error&) {});
    client.write("2", [&log, client](const net::Error&) {
      log.add("written");
      client.cork();
      client.write("3");
      client.uncork();
    });
    client.uncork();
  });
  client.once<"ready">([client] { client.write("4"); });
  run_to_the_end(loop);
  CHECK(log.text() == "drain written tick drain tick");
}

TEST_CASE("S16.5: end(data) after the end is a write after end, whoever ended") {
  net::Loop loop;
  const OneConnection one(loop);
  std::optional<net::Socket> accepted;
  one.server.on<"connection">([&accepted](net::Socket socket) { accepted = socket; });
  const net::Socket client = client_of(loop, one.server);
  client.once<"connect">([client] { client.end(); });
  run_to_the_end(loop);
  REQUIRE(accepted);
  std::string write, end;
  accepted->write("late", [&write](const net::Error& error) { write = name_of(error); });
  accepted->end("late", [&end](const net::Error& error) { end = name_of(error); });
  run_to_the_end(loop);
  CHECK(write == "EPIPE");
  CHECK(end == "ERR_STREAM_WRITE_AFTER_END");
}

TEST_CASE("S15.14, S16.4: end(data) without a connection calls back once the socket is destroyed") {
  net::Loop loop;
  const net::Socket socket(loop);
  Log log;
  socket.on<"error">([&log](const net::Error& error) { log.add(name_of(error)); });
  socket.end("nowhere", [&log, socket](const net::Error& error) {
    log.add("end:" + name_of(error) + (socket.destroyed() ? ":destroyed" : ""));
  });
  run_to_the_end(loop);
  CHECK(log.text() == "end:ERR_SOCKET_CLOSED:destroyed ERR_SOCKET_CLOSED");
}

TEST_CASE("S12.21: a connect begins anew also for a socket that ended before it ever connected") {
  net::Loop loop;
  const OneConnection one(loop);
  one.server.on<"connection">([](net::Socket socket) { socket.resume(); });
  const net::Socket client(loop);
  client.once<"finish">([&] {
    client.connect(one.port(), "127.0.0.1");
    CHECK_FALSE(client.writableEnded());
    CHECK_FALSE(client.writableFinished());
    client.once<"connect">([client] { client.end("after all"); });
  });
  client.end();
  run_to_the_end(loop);
  CHECK(client.bytesWritten() == 9);
}

TEST_CASE("S14.12, S28.42: when both have ended, data and the end behind it come in one turn") {
  NET_NOT_ON_WINDOWS("Wine tells of the end only when everything was read");
  net::Loop loop;
  const OneConnection one(loop, {.allowHalfOpen = true});
  const net::Socket client = client_of(loop, one.server);
  Log log;
  client.pause();
  client.once<"connect">([client] { client.end(); });
  one.server.on<"connection">([&, client](net::Socket socket) {
    socket.on<"end">([socket] { socket.end("answer"); });
    // by now the answer and its end stand in the kernel, and nothing of them was read
    socket.on<"finish">([&, client] {
      client.on<"data">([&](net::Chunk chunk) {
        log.add(chunk.view());
        loop.setImmediate([&log] { log.add("immediate"); });
      });
      client.on<"end">([&log] { log.add("end"); });
      client.resume();
    });
  });
  run_to_the_end(loop);
  CHECK(log.text() == "answer end immediate");
}

TEST_CASE("S14.20, S14.21: another setEncoding leaves text that was decoded already as it is") {
  net::Loop loop;
  const OneConnection one(loop);
  one.server.on<"connection">([](net::Socket socket) { socket.end("ab"); });
  const net::Socket client = client_of(loop, one.server);
  run_until(loop, [&] { return client.readableLength() == 2; });
  client.setEncoding(net::Encoding::hex);
  client.setEncoding(net::Encoding::hex);
  std::string got;
  client.on<"data">([&got](net::Chunk chunk) { got += chunk.view(); });
  run_to_the_end(loop);
  CHECK(got == "6162");
}

TEST_CASE("S25.5: read() goes on with onread after pause()") {
  net::Loop loop;
  const OneConnection one(loop);
  std::optional<net::Socket> accepted;
  one.server.on<"connection">([&accepted](net::Socket socket) { accepted = socket; });
  std::byte memory[8];
  std::size_t got = 0;
  const net::Socket client = client_of(
      loop, one.server, {.onread = {.buffer = memory, .callback = [&got](std::size_t count, std::span<std::byte>) {
                                      got += count;
                                      return true;
                                    }}});
  run_until(loop, [&] { return accepted && !client.connecting(); });
  client.pause();
  accepted->write("text");
  (void)client.read(0);
  run_until(loop, [&] { return got == 4; });
  CHECK(client.isPaused());
  accepted->end();
  run_to_the_end(loop);
}

TEST_CASE("S14.9: read() gives what is left after a destroy, and 'data' with it until the error was emitted") {
  net::Loop loop;
  const OneConnection one(loop);
  one.server.on<"connection">([](net::Socket socket) { socket.write("left"); });
  const net::Socket client = client_of(loop, one.server);
  run_until(loop, [&] { return client.readableLength() == 4; });
  Log log;
  client.pause();
  client.on<"data">([&log](net::Chunk chunk) { log.add(chunk.view()); });
  client.on<"error">([&log] { log.add("error"); });
  client.destroy(net::Error(std::string("gone")));
  CHECK(client.read(2) == "le");
  client.on<"error">([&log, client] { log.add(client.read().value_or("nothing") + " read"); });
  run_to_the_end(loop);
  CHECK(log.text() == "le error ft read");
}
