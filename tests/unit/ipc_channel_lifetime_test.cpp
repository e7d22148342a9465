#include <net/ipc_channel.hpp>

#include <doctest/doctest.h>

#include <memory>
#include <net/socket.hpp>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include "tests/support/channels.hpp"
#include "tests/support/session.hpp"
#include "tests/support/skip.hpp"
#include "tests/support/support.hpp"

using namespace tests;

namespace {

/// Runs the loop to its end, however often it throws; how often it did.
int run_through(net::Loop& loop) {
  for (int thrown = 0;; ++thrown) {
    try {
      loop.run();
      CHECK_FALSE(loop.alive());
      return thrown;
    } catch (const std::runtime_error&) {}
  }
}

}  // namespace

TEST_CASE("S1.5: whatever listeners and callbacks throw, nothing that comes behind is lost") {
  net::Loop loop;
  Log log;
  auto [one, other] = net::IpcChannel::pair(loop);
  note_channel(one, log, "one");
  note_channel(other, log, "other");
  other.on<"message">([](std::string_view) { throw std::runtime_error("message"); });
  one.on<"disconnect">([] { throw std::runtime_error("disconnect"); });
  one.on<"error">([] { throw std::runtime_error("error"); });
  one.maxMessageSize(4);
  one.send("a", [&] { log.add("cb-a"), throw std::runtime_error("callback"); });
  one.send("b", [&] { log.add("cb-b"), throw std::runtime_error("callback"); });
  one.send("c");
  one.send("large");
  CHECK(run_through(loop) == 7);
  CHECK(log.count("other:") == 4);
  for (const char* word : {"cb-a", "cb-b", "other:a", "other:b", "other:c", "one:error(EMSGSIZE)", "one:disconnect"}) {
    CHECK(log.count(word) == 1);
  }
}

TEST_CASE("S1.5: a listener that throws loses nothing that a process has sent that is gone") {
  net::Loop loop;
  RawPeer raw(loop);
  raw.channel.on<"message">([](std::string_view) { throw std::runtime_error("message"); });
  raw.channel.send(std::string(2'000'000, 'x'));
  loop.runOnce(0);
  raw.send(frame(1, "a") + frame(1, "b") + frame(1, "c"));
  raw.peer.close();
  CHECK(run_through(loop) == 3);
  CHECK(raw.log.text() == "channel:a channel:b channel:c channel:disconnect");
}

TEST_CASE("S1.4: a listener may disconnect, send, remove itself and let go of the last handle") {
  net::Loop loop;
  Log log;
  const std::size_t before = open_descriptors();
  {
    auto pair = std::make_unique<std::pair<net::IpcChannel, net::IpcChannel>>(net::IpcChannel::pair(loop));
    note_channel(pair->first, log, "one");
    note_channel(pair->second, log, "other");
    pair->first.send("first");
    pair->first.send("second");
    pair->second.on<"message">([&](const net::IpcChannel& self, std::string_view) {
      self.send("back");
      self.disconnect();
      self.removeAllListeners<"message">();
      pair.reset();
    });
    run_to_the_end(loop);
    CHECK(log.text() == "other:first other:disconnect one:back one:disconnect");
  }
  CHECK(open_descriptors() == before);
}

TEST_CASE("S33.1: nobody need keep a handle, and listeners may hold their own channel") {
  net::Loop loop;
  Log log;
  {
    const auto [one, other] = net::IpcChannel::pair(loop);
    one.on<"message">([self = one, &log](std::string_view bytes) { log.add(bytes), self.disconnect(); });
    other.on<"message">([self = other](std::string_view bytes) { self.send(bytes); });
    one.send("echo");
  }
  run_to_the_end(loop);
  CHECK(log.text() == "echo");
}

TEST_CASE("S31.7: a loop that goes hands over what was sent, calls nobody, and leaves handles that do no harm") {
  Log log;
  Descriptor peer;
  std::optional<net::IpcChannel> left;
  const std::size_t before = open_descriptors();
  {
    net::Loop loop;
    Ends ends(loop);
    RawPeer raw(loop);
    left = raw.channel;
    raw.channel.on<"message">([self = raw.channel](std::string_view) {});
    raw.channel.send("sent", note_error(log, "cb"));
    raw.channel.send("socket", *ends.accepted, {}, note_error(log, "cb"));
    ends.client.pause();
    peer = std::move(raw.peer);
  }
  CHECK(log.text().empty());
  CHECK_FALSE(left->connected());
  CHECK_FALSE(left->send("x"));
  left->disconnect().ref().unref();
#if !defined(_WIN32)
  char bytes[100];
  CHECK(::recv(peer.get(), bytes, sizeof bytes, 0) > 12);
#endif
  peer.close();
  CHECK(open_descriptors() == before);
}

TEST_CASE("S2.2: ticks run between two messages; one that throws loses neither the next one nor its handle") {
  net::Loop loop;
  const std::size_t before = open_descriptors();
  {
    RawPeer raw(loop);
    int ends[2] = {-1, -1};
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
    Descriptor near(ends[0]), far(ends[1]);
    raw.channel.on<"message">([&](std::string_view bytes, const net::ReceivedHandle& handle) {
      if (handle.socket()) handle.socket()->destroy();
      if (bytes != "first") return;
      loop.nextTick([&] { raw.log.add("tick"); });
      loop.nextTick([] { throw std::runtime_error("tick"); });
    });
    raw.send(frame(1, "first"));
    raw.send(RawPeer::carrying(near.get(), frame(2, "second", "", 3)), {near.get()});
    raw.send(frame(1, "third"));
    raw.peer.close();
    CHECK(run_through(loop) == 1);
    CHECK(raw.log.text() == "channel:first tick channel:second+socket channel:third channel:disconnect");
  }
  CHECK(open_descriptors() == before);
}

TEST_CASE("S33.2: a listener of 'message' that throws has the handle all the same") {
  net::Loop loop;
  Ends ends(loop);
  auto [one, other] = net::IpcChannel::pair(loop);
  std::optional<net::Socket> there;
  other.on<"message">([&](std::string_view, const net::ReceivedHandle& handle) {
    there = *handle.socket();
    throw std::runtime_error("message");
  });
  bool called = false;
  one.send("", *ends.accepted, {}, [&, end = one](const net::Error& error) { called = !error, end.disconnect(); });
  ends.client.resume();
  CHECK_THROWS_AS(loop.run(), std::runtime_error);
  REQUIRE(there);
  run_until(loop, [&] { return called; });
  there->destroy();
  ends.client.destroy();
  run_to_the_end(loop);
}

TEST_CASE("S33.2: what is called on a socket that is under way does no harm; destroyed is what it stays") {
  net::Loop loop;
  Ends ends(loop);
  Log log;
  RawPeer raw(loop);
  const net::Socket& socket = *ends.accepted;
  socket.setTimeout(1, [] {});
  raw.channel.send("take", socket);
  for (int i = 0; i < 3; ++i) loop.runOnce(0);
  socket.destroy().resume().pause();
  CHECK_FALSE(socket.write("x", note_error(log, "write")));
  CHECK(socket.release() == -1);
  ends.server.closeAllConnections();
  raw.channel.send("again", socket, {}, note_error(log, "again"));
  run_until(loop, [&] { return log.has("again"); });
  CHECK(log.text() == "write(ERR_STREAM_DESTROYED) again(ERR_SOCKET_CLOSED)");
  raw.peer.close();
  run_until(loop, [&] { return raw.log.has("disconnect"); });
  CHECK(socket.destroyed());
  ends.destroy();
}

TEST_CASE("S33.2, S17.1: a socket that is destroyed while it is under way, and comes back, closes then") {
  net::Loop loop;
  const std::size_t before = open_descriptors();
  const auto [one, other] = net::IpcChannel::pair(loop);
  Ends ends(loop);
  Log log;
  const net::Socket sent = *ends.accepted;
  sent.on<"close">([&] { log.add("close"); });
  one.send("take it", sent, {}, [&](const net::Error& error) { log.add(error.name()); });
  sent.destroy();
  CHECK(sent.destroyed());
  one.disconnect().disconnect();
  other.disconnect().disconnect();
  run_until(loop, [&] { return log.has("close"); });
  CHECK(log.text() == "ERR_IPC_CHANNEL_CLOSED close");
  CHECK((sent.destroyed() && sent.nativeHandle() == -1));
  ends.client.destroy();
  run_to_the_end(loop);
  ends.accepted.reset();
  CHECK(open_descriptors() == before);
}

TEST_CASE("S33.2, S17.1: an abort of a socket that is under way is told when it comes back") {
  net::Loop loop;
  const auto [one, other] = net::IpcChannel::pair(loop);
  Log log;
  net::AbortController controller;
  const net::Server server(loop);
  server.listen(0);
  const net::Socket sent(loop, {.signal = controller.signal()});
  sent.on<"error">([&](const net::Error& error) { log.add(error.name()); });
  sent.on<"close">([&] { log.add("close"); });
  sent.connect(server.address()->port, "127.0.0.1");
  run_until(loop, [&] { return !sent.connecting(); });
  one.send("take it", sent);
  controller.abort();
  run_until(loop, [&] { return sent.destroyed(); });
  one.disconnect().disconnect();
  other.disconnect().disconnect();
  run_until(loop, [&] { return log.has("close"); });
  CHECK(log.text() == "ABORT_ERR close");
  server.closeAllConnections();
  server.close();
  run_to_the_end(loop);
}

TEST_CASE("S33.3: a server that closes right after it was sent arrives all the same") {
  net::Loop loop;
  const auto [one, other] = net::IpcChannel::pair(loop);
  Log log;
  other.on<"message">([&](std::string_view, const net::ReceivedHandle& handle) {
    log.add(handle.server() ? "server" : "nothing");
    if (handle.server()) handle.server()->close();
  });
  const net::Server server(loop);
  server.listen(0);
  one.send("a server", server, {}, [&](const net::Error& error) { log.add(error ? error.what() : "sent"); });
  server.close();
  run_until(loop, [&] { return log.has("sent") && log.has("server"); });
  one.disconnect();
  run_to_the_end(loop);
}

TEST_CASE("S33.3: a server that closes right after it was sent arrives although the channel has no space yet") {
  net::Loop loop;
  const std::size_t before = open_descriptors();
  const auto [one, other] = net::IpcChannel::pair(loop);
  Log log;
  std::size_t size = 0;
  other.on<"message">([&](std::string_view bytes, const net::ReceivedHandle& handle) {
    if (!handle) size += bytes.size();
    if (!handle.server()) return;
    log.add(size == (8u << 20) ? "server" : "too early");
    handle.server()->close();
  });
  const net::Server server(loop), never(loop);
  for (const net::Server& each : {server, never}) each.listen(0);
  one.send(patterned(8 << 20));
  one.send("a server", server, {}, note_error(log, "sent"));
  one.send("the same", server, {}, note_error(log, "again"));
  server.close();
  run_until(loop, [&] { return log.count("server") == 2 && log.has("again"); });
  CHECK(log.count("server") == 2);
  CHECK_FALSE(log.has("too early"));
  // what never leaves leaves no descriptor
  one.send(patterned(8 << 20));
  one.send("a server", never, {}, note_error(log, "never"));
  never.close();
  one.disconnect().disconnect();
  run_to_the_end(loop);
  CHECK(log.has("never(ERR_IPC_CHANNEL_CLOSED)"));
  CHECK(open_descriptors() == before);
}

TEST_CASE("S33.2: a socket that stays open here, and is destroyed right after it was sent, arrives all the same") {
  NET_NOT_ON_WINDOWS(
      "a socket travels as soon as the other process has said which one it is, and this one is closed by then");
  net::Loop loop;
  const auto [one, other] = net::IpcChannel::pair(loop);
  Ends ends(loop);
  Log log;
  other.on<"message">([&](std::string_view, const net::ReceivedHandle& handle) {
    if (handle.socket()) handle.socket()->end("from over there");
  });
  ends.client.resume().on<"data">([&](net::Chunk chunk) { log.add(chunk); });
  one.send("a socket", *ends.accepted, {.keepOpen = true}, note_error(log, "sent"));
  ends.accepted->destroy();
  run_until(loop, [&] { return log.has("sent") && log.has("from over there"); });
  one.disconnect();
  ends.destroy();
}
