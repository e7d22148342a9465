#include <net/ipc_channel.hpp>

#include <doctest/doctest.h>

#include <net/server.hpp>
#include <net/socket.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/channels.hpp"
#include "tests/support/session.hpp"
#include "tests/support/skip.hpp"
#include "tests/support/support.hpp"

using namespace tests;

TEST_CASE("S33.1: messages arrive whole and in order, both ways; 'disconnect' comes on both sides") {
  net::Loop loop;
  Log log;
  const auto [one, other] = net::IpcChannel::pair(loop);
  other.on<"message">([&, end = other](std::string_view bytes, const net::ReceivedHandle& handle) {
    CHECK_FALSE(handle);
    log.add(bytes);
    end.send("re:" + std::string(bytes));
  });
  one.on<"message">([&, end = one](std::string_view bytes) {
    log.add(bytes);
    if (bytes == "re:third") end.disconnect();
  });
  one.on<"disconnect">([&] { log.add("one-gone"); });
  other.on<"disconnect">([&] { log.add("other-gone"); });
  CHECK(one.send("first", [&] { log.add("(1)"); }));
  CHECK(one.send(std::string("second")));
  CHECK(one.send(std::vector<char>{'t', 'h', 'i', 'r', 'd'},
                 [&](const net::Error& error) { log.add(error ? "bad" : "(3)"); }));
  CHECK(log.text().empty());
  CHECK(one.connected());
  run_to_the_end(loop);
  CHECK(log.text() == "(1) (3) first second third re:first re:second re:third one-gone other-gone");
  CHECK_FALSE(one.connected());
  CHECK_FALSE(other.connected());
  CHECK(one.nativeHandle() == -1);
}

TEST_CASE("S33.1: messages of every size, from none to several MiB") {
  net::Loop loop;
  const auto [one, other] = net::IpcChannel::pair(loop);
  std::vector<std::size_t> sizes{0, 1, 11, 12, 13, 4095, 65535, 65536, 131060, 131072, 131073, 300'000, 5 << 20, 0, 3};
  std::size_t next = 0;
  other.on<"message">([&, end = other](std::string_view bytes) {
    REQUIRE(next < sizes.size());
    CHECK(bytes.size() == sizes[next]);
    CHECK((bytes == patterned(sizes[next])));
    if (++next == sizes.size()) end.disconnect();
  });
  for (const std::size_t size : sizes) one.send(patterned(size));
  CHECK(one.writableLength() > (5 << 20));
  run_to_the_end(loop);
  CHECK(next == sizes.size());
}

TEST_CASE("S33.1: send() says false when much waits; 'drain' and the callbacks come when the kernel has it") {
  net::Loop loop;
  Log log;
  const auto [one, other] = net::IpcChannel::pair(loop);
  std::size_t got = 0;
  CHECK(one.send(std::string(60'000, 'a'), [&] { log.add("a"); }));
  CHECK_FALSE(one.send(std::string(10'000, 'b'), [&] { log.add("b"); }));
  CHECK_FALSE(one.send(std::string(4'000'000, 'c'), [&] { log.add("c"); }));
  one.on<"drain">([&, end = one] { log.add("drain"), end.disconnect(); });
  other.on<"message">([&](std::string_view bytes) { got += bytes.size(); });
  run_to_the_end(loop);
  CHECK(log.text() == "a b c drain");
  CHECK(got == 4'070'000);
}

TEST_CASE("S33.1: more than maxMessageSize is EMSGSIZE on either end, and then 'disconnect'") {
  net::Loop loop;
  Log log;
  const auto [one, other] = net::IpcChannel::pair(loop);
  CHECK(one.maxMessageSize() == std::size_t{64} << 20);
  note_channel(one, log, "one");
  note_channel(other, log, "other");
  SUBCASE("where it is sent; what was sent before arrives") {
    one.maxMessageSize(10);
    CHECK(one.send("0123456789"));
    CHECK_FALSE(one.send("0123456789+", note_error(log, "cb")));
    CHECK_FALSE(one.connected());
    run_to_the_end(loop);
    CHECK(log.text() == "cb(EMSGSIZE) one:error(EMSGSIZE) other:0123456789 one:disconnect other:disconnect");
  }
  SUBCASE("where it arrives") {
    other.maxMessageSize(10);
    one.send("0123456789");
    one.send("0123456789+");
    run_to_the_end(loop);
    CHECK(log.text() == "other:0123456789 other:error(EMSGSIZE) other:disconnect one:disconnect");
  }
}

TEST_CASE("S33.1: after disconnect() a send fails, and only its callback learns of it") {
  net::Loop loop;
  Log log;
  const auto [one, other] = net::IpcChannel::pair(loop);
  note_channel(one, log, "one");
  note_channel(other, log, "other");
  one.send("last");
  one.disconnect();
  CHECK_FALSE(one.connected());
  CHECK_FALSE(one.send("late", note_error(log, "cb")));
  CHECK_FALSE(one.send("late"));
  run_to_the_end(loop);
  CHECK(log.text() == "cb(ERR_IPC_CHANNEL_CLOSED) other:last one:disconnect other:disconnect");
  log.clear();
  CHECK_FALSE(other.send("later", note_error(log, "cb")));
  CHECK_FALSE(other.send("later"));
  other.disconnect();
  run_to_the_end(loop);
  CHECK(log.text() == "cb(ERR_IPC_CHANNEL_CLOSED)");
}

TEST_CASE("S33.1: it keeps the loop alive unless it is unref'd and has nothing to send") {
  net::Loop loop;
  const auto [one, other] = net::IpcChannel::pair(loop);
  other.unref();
  CHECK(loop.alive());
  one.unref();
  CHECK_FALSE(loop.alive());
  bool sent = false;
  one.send("x", [&] { sent = true; });
  CHECK(loop.alive());
  run_to_the_end(loop);
  CHECK(sent);
  one.ref();
  CHECK(loop.alive());
  one.disconnect();
  run_to_the_end(loop);
}

TEST_CASE("S33.1: a connected IPC socket becomes a channel, and its handle is closed then") {
  net::Loop loop;
  TemporaryDirectory directory;
  Log log;
  net::Server server(loop);
  std::optional<net::IpcChannel> near, far;
  server.on<"connection">([&](const net::Socket& socket) {
    far.emplace(socket);
    CHECK(socket.destroyed());
    note_channel(*far, log, "far");
    far->send("hello");
    server.close();
  });
  server.listen(directory.socket("s"));
  const net::Socket client(loop);
  CHECK(error_of([&] { net::IpcChannel channel(client); }).name() == "ERR_INVALID_HANDLE_TYPE");
  client.connect(directory.socket("s"), [&] {
    near.emplace(client);
    note_channel(*near, log, "near");
    near->send("welcome", [&] { near->disconnect(); });
  });
  run_to_the_end(loop);
  CHECK(log.has("far:welcome"));
  CHECK(log.has("far:disconnect"));
  CHECK(log.has("near:disconnect"));
}

TEST_CASE("S33.1: what a socket has received before it becomes a channel is its first message") {
  net::Loop loop;
  TemporaryDirectory directory;
  Log log;
  net::Server server(loop);
  std::optional<net::IpcChannel> far, near;
  server.on<"connection">([&](const net::Socket& socket) {
    far.emplace(socket);
    far->send("hello");
    server.close();
  });
  server.listen(directory.socket("s"));
  const net::Socket client(loop);
  client.on<"readable">([] {});
  client.connect(directory.socket("s"));
  run_until(loop, [&] { return client.readableLength() > 0; });
  near.emplace(client);
  near->on<"message">([&](std::string_view bytes) {
    log.add(bytes);
    near->disconnect();
  });
  run_to_the_end(loop);
  CHECK(log.text() == "hello");
}

TEST_CASE("S33.1: only a connected IPC socket becomes a channel") {
  net::Loop loop;
  Ends ends(loop);
  CHECK(error_of([&] { net::IpcChannel channel(ends.client); }).name() == "ERR_INVALID_HANDLE_TYPE");
  CHECK_FALSE(ends.client.destroyed());
  ends.destroy();
  CHECK(error_of([&] { net::IpcChannel channel(ends.client); }).name() == "ERR_INVALID_HANDLE_TYPE");
}

TEST_CASE("S33.2: a socket travels; its peer notices nothing, and it closes here without events") {
  net::Loop loop;
  Ends ends(loop);
  Log log;
  {
    const auto [one, other] = net::IpcChannel::pair(loop);
    note(ends.client, log);
    note(*ends.accepted, log);
    std::optional<net::Socket> there;
    other.on<"message">([&](std::string_view bytes, const net::ReceivedHandle& handle) {
      log.add(bytes);
      REQUIRE(handle.socket());
      CHECK_FALSE(handle.server());
      there = *handle.socket();
      CHECK(there->remotePort() == ends.client.localPort());
      there->on<"data">([&](net::Chunk chunk) { log.add("there:" + std::string(chunk)); });
      there->write("from there");
    });
    ends.client.on<"data">(
        [&](net::Chunk chunk) { log.add("client:" + std::string(chunk)), ends.client.write("answer"); });
    ends.client.resume();
    one.send("take", *ends.accepted, {}, note_error(log, "cb"));
    CHECK(ends.accepted->destroyed());
    run_until(loop, [&] { return log.has("there:answer"); });
    CHECK(log.text() == "resume take cb client:from there there:answer");
    there->destroy();
    ends.client.destroy();
    one.disconnect();
  }
  run_to_the_end(loop);
  CHECK_FALSE(log.has("error"));
}

TEST_CASE("S33.2: what was received and not read is the first 'data' over there, what is still to send goes first") {
  net::Loop loop;
  Ends ends(loop);
  std::string heard, answered;
  const std::string large = patterned(12'000'000);
  const auto [one, other] = net::IpcChannel::pair(loop);
  std::optional<net::Socket> there;
  bool called = false;
  other.on<"message">([&](std::string_view, const net::ReceivedHandle& handle) {
    REQUIRE(handle.socket());
    there = *handle.socket();
    there->on<"data">([&](net::Chunk chunk) { heard += chunk; });
    there->end("behind");
  });
  ends.client.on<"data">([&](net::Chunk chunk) { answered += chunk; });
  ends.client.write("unread ");
  run_until(loop, [&] { return ends.accepted->readableLength() > 0 || (ends.accepted->resume().pause(), false); });
  ends.accepted->write(large);
  CHECK(ends.accepted->writableLength() > 0);
  CHECK(one.send("", *ends.accepted, {}, [&](const net::Error& error) { called = !error; }));
  CHECK_FALSE(ends.accepted->destroyed());
  ends.client.resume();
  ends.client.end("more");
  run_until(loop, [&] { return called && ends.client.readableEnded() && there && there->readableEnded(); });
  CHECK(heard == "unread more");
  CHECK((answered == large + "behind"));
  one.disconnect();
  run_to_the_end(loop);
}
