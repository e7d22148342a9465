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

namespace {

std::size_t connections(net::Loop& loop, const net::Server& server) {
  std::optional<std::size_t> count;
  server.getConnections([&](const net::Error&, std::size_t now) { count = now; });
  run_until(loop, [&] { return count.has_value(); });
  return *count;
}

}  // namespace

TEST_CASE("S33.2: a sent socket counts in its server's getConnections until it is closed here") {
  net::Loop loop;
  RawPeer raw(loop);
  Ends ends(loop);
  bool called = false, closed = false;
  ends.server.on<"close">([&] { closed = true; });
  raw.channel.send("take", *ends.accepted, {}, [&] { called = true; });
  CHECK(connections(loop, ends.server) == 1);
  for (int i = 0; i < 5; ++i) loop.runOnce(0);
  CHECK(connections(loop, ends.server) == 1);
  CHECK_FALSE(called);
  CHECK_FALSE(closed);
  raw.send(frame(4));
  run_until(loop, [&] { return called; });
  CHECK(connections(loop, ends.server) == 0);
  CHECK(closed);
  raw.channel.disconnect();
  ends.client.destroy();
  run_to_the_end(loop);
}

TEST_CASE("S33.2: with keepOpen both have it") {
  net::Loop loop;
  Ends ends(loop);
  std::string heard;
  const auto [one, other] = net::IpcChannel::pair(loop);
  std::optional<net::Socket> there;
  bool called = false;
  other.on<"message">([&](std::string_view, const net::ReceivedHandle& handle) { there = *handle.socket(); });
  one.send("take", *ends.accepted, {.keepOpen = true}, [&] { called = true; });
  ends.client.on<"data">([&](net::Chunk chunk) { heard += chunk; });
  ends.client.resume();
  run_until(loop, [&] { return called; });
  CHECK_FALSE(ends.accepted->destroyed());
  ends.accepted->write("here ");
  run_until(loop, [&] { return heard == "here "; });
  there->write("there");
  run_until(loop, [&] { return heard == "here there"; });
  there->destroy();
  one.disconnect();
  ends.destroy();
}

TEST_CASE("S33.2: what nobody takes is open here again, with what it had received, and goes on as before") {
  net::Loop loop;
  Ends ends(loop);
  Log log;
  std::string heard;
  const net::Socket& socket = *ends.accepted;
  const auto ends_in = [&](auto&& fate) {
    RawPeer raw(loop);
    heard.clear();
    socket.removeAllListeners<"data">();
    socket.pause();
    ends.client.write("unread ");
    run_until(loop, [&] { return socket.readableLength() == 7 || (socket.read(0), false); });
    raw.channel.send("take", socket, {}, note_error(log, "cb"));
    CHECK(socket.destroyed());
    for (int i = 0; i < 3; ++i) loop.runOnce(0);
    ends.client.write("and more");
    CHECK(raw.receive() == frame(2, "take", "unread ", 7));
    fate(raw);
    run_until(loop, [&] { return log.has("cb"); });
    CHECK_FALSE(socket.destroyed());
    socket.on<"data">([&](net::Chunk chunk) { heard += chunk; });
    socket.resume();
    run_until(loop, [&] { return heard == "unread and more"; });
    raw.peer.close();
    run_until(loop, [&] { return raw.log.has("disconnect"); });
  };
  ends_in([](RawPeer& raw) { raw.send(frame(5, "", "", 0)); });
  CHECK(log.text() == "cb(EMFILE)");
  log.clear();
  ends_in([](RawPeer& raw) { raw.peer.close(); });
  CHECK(log.text() == "cb(ERR_IPC_CHANNEL_CLOSED)");
  log.clear();
  ends_in([](RawPeer& raw) { raw.channel.disconnect(), raw.channel.disconnect(); });
  CHECK(log.text() == "cb(ERR_IPC_CHANNEL_CLOSED)");
  CHECK(ends.accepted->writable());
  ends.destroy();
}

TEST_CASE("S33.2: the answer of a process that has died counts") {
  net::Loop loop;
  Ends ends(loop);
  Log log;
  RawPeer raw(loop);
  raw.channel.send("take", *ends.accepted, {}, note_error(log, "cb"));
  for (int i = 0; i < 3; ++i) loop.runOnce(0);
  raw.channel.send("never read", note_error(log, "second"));
  raw.send(frame(4));
  raw.peer.close();
  run_until(loop, [&] { return raw.log.has("disconnect"); });
  CHECK(log.has("cb second"));
  CHECK_FALSE(log.has("cb("));
  ends.client.destroy();
  run_to_the_end(loop);
}

TEST_CASE("S33.2: a socket that cannot be sent says why, to the callback or as 'error'; the channel goes on") {
  net::Loop loop;
  Log log;
  const auto [one, other] = net::IpcChannel::pair(loop);
  note_channel(one, log, "one");
  note_channel(other, log, "other");
  const net::Socket idle(loop);
  const net::Server server(loop);
  CHECK_FALSE(one.send("a", idle, {}, note_error(log, "cb")));
  CHECK_FALSE(one.send("b", server));
  one.send("c");
  one.disconnect();
  run_to_the_end(loop);
  CHECK(log.text() ==
        "cb(ERR_SOCKET_CLOSED) one:error(ERR_SERVER_NOT_RUNNING) other:c one:disconnect other:disconnect");
  net::Loop second;
  Ends ends(second);
  const auto pair = net::IpcChannel::pair(loop);
  bool called = false;
  pair.first.send("d", *ends.accepted, {}, [&](const net::Error& error) {
    called = true;
    CHECK(error.name() == "ERR_INVALID_HANDLE_TYPE");
  });
  pair.first.disconnect();
  run_to_the_end(loop);
  CHECK(called);
  CHECK_FALSE(ends.accepted->destroyed());
  ends.destroy();
}

TEST_CASE("S33.2: a socket that dies while it has still to send fails the send; others do not wait for it") {
  net::Loop loop;
  Ends ends(loop);
  Log log;
  const auto [one, other] = net::IpcChannel::pair(loop);
  note_channel(other, log, "other");
  ends.accepted->write(std::string(12'000'000, 'x'));
  one.send("slow", *ends.accepted, {}, note_error(log, "cb"));
  one.send("fast");
  run_until(loop, [&] { return log.has("other:fast"); });
  CHECK_FALSE(log.has("cb"));
  ends.accepted->destroy();
  one.disconnect();
  ends.client.destroy();
  run_to_the_end(loop);
  CHECK(log.has("cb("));
  CHECK_FALSE(log.has("slow"));
  CHECK(log.has("other:disconnect"));
}

TEST_CASE("S33.2: both sides of a socket travel as they are: ended, half open") {
  net::Loop loop;
  Ends ends(loop);
  const auto [one, other] = net::IpcChannel::pair(loop);
  std::optional<net::Socket> there;
  other.on<"message">([&](std::string_view, const net::ReceivedHandle& handle) { there = *handle.socket(); });
  bool finished = false;
  ends.accepted->end("last", [&] { finished = true; });
  ends.client.resume();
  run_until(loop, [&] { return finished; });
  one.send("", *ends.accepted);
  run_until(loop, [&] { return there.has_value(); });
  CHECK_FALSE(there->writable());
  CHECK(there->readable());
  CHECK(there->allowHalfOpen());
  std::string heard;
  there->on<"data">([&](net::Chunk chunk) { heard += chunk; });
  ends.client.end("still");
  run_until(loop, [&] { return there->readableEnded(); });
  CHECK(heard == "still");
  one.disconnect();
  run_to_the_end(loop);
}

TEST_CASE("S33.3: a sent server stays open here, and either side closes its own without harm to the other") {
  net::Loop loop;
  const auto [one, other] = net::IpcChannel::pair(loop);
  net::Server server(loop);
  std::optional<net::Server> there;
  int here = 0, over_there = 0;
  server.on<"connection">([&](const net::Socket& socket) { ++here, socket.destroy(); });
  server.listen(0, "127.0.0.1");
  other.on<"message">([&](std::string_view bytes, const net::ReceivedHandle& handle) {
    CHECK(bytes == "serve");
    REQUIRE(handle.server());
    CHECK_FALSE(handle.socket());
    there = *handle.server();
    there->on<"connection">([&](const net::Socket& socket) { ++over_there, socket.destroy(); });
  });
  run_until(loop, [&] { return server.listening(); });
  one.send("serve", server);
  run_until(loop, [&] { return there.has_value(); });
  CHECK(server.listening());
  REQUIRE(there->address());
  const int port = server.address()->port;
  CHECK(there->address()->port == port);
  server.close();
  const net::Socket first(loop);
  first.connect(port, "127.0.0.1");
  run_until(loop, [&] { return over_there == 1; });
  CHECK(here == 0);
  there->close();
  first.destroy();
  one.disconnect();
  run_to_the_end(loop);
}

TEST_CASE("S33.3: a server on a path stays reachable when the receiver closes its own") {
  NET_NOT_ON_WINDOWS("S33.4: a pipe belongs to one process there");
  net::Loop loop;
  TemporaryDirectory directory;
  const auto [one, other] = net::IpcChannel::pair(loop);
  net::Server server(loop);
  int here = 0;
  server.on<"connection">([&](const net::Socket& socket) { ++here, socket.destroy(); });
  server.listen(directory.socket("s"));
  bool received = false;
  other.on<"message">([&](std::string_view, const net::ReceivedHandle& handle) {
    handle.server()->close();
    received = true;
  });
  one.send("", server);
  run_until(loop, [&] { return received; });
  const net::Socket client(loop);
  client.connect(directory.socket("s"));
  run_until(loop, [&] { return here == 1; });
  server.close();
  one.disconnect();
  run_to_the_end(loop);
}

TEST_CASE("S33.2: many sockets at once, with data in flight both ways: no byte and no descriptor is lost") {
  net::Loop loop;
  const std::size_t before = open_descriptors();
  const int count = scaled(150);
  {
    net::Server server(loop, {.pauseOnConnect = true});
    const auto [one, other] = net::IpcChannel::pair(loop);
    std::vector<net::Socket> clients, kept;
    std::vector<std::string> heard(static_cast<std::size_t>(count));
    int taken = 0, called = 0;
    server.on<"connection">([&, channel = one](const net::Socket& socket) {
      socket.write("early ");
      channel.send("take", socket, {}, [&](const net::Error& error) { called += !error; });
    });
    other.on<"message">([&](std::string_view, const net::ReceivedHandle& handle) {
      ++taken;
      handle.socket()->on<"data">([](const net::Socket& self, net::Chunk chunk) { self.write(chunk); });
    });
    server.listen(0, "127.0.0.1");
    run_until(loop, [&] { return server.listening(); });
    for (int i = 0; i < count; ++i) {
      clients.emplace_back(loop).connect(server.address()->port, "127.0.0.1");
      clients.back().write("echo" + std::to_string(i));
      clients.back().on<"data">([&, i](net::Chunk chunk) { heard[static_cast<std::size_t>(i)] += chunk; });
    }
    const auto all = [&] {
      for (int i = 0; i < count; ++i) {
        if (heard[static_cast<std::size_t>(i)] != "early echo" + std::to_string(i)) return false;
      }
      return true;
    };
    run_until(loop, [&] { return called == count && all(); });
    CHECK(taken == count);
    CHECK(connections(loop, server) == 0);
    for (const net::Socket& client : clients) client.end();
    server.close();
    one.disconnect();
    run_to_the_end(loop);
  }
  CHECK(open_descriptors() == before);
}
