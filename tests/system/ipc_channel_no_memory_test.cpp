#include <net/ipc_channel.hpp>

#include <doctest/doctest.h>

#include <new>
#include <optional>
#include <string>
#include <utility>

#include "tests/support/channels.hpp"
#include "tests/support/no_memory.hpp"

using namespace tests;

namespace {

using Ends = std::pair<net::IpcChannel, net::IpcChannel>;

/// Both ends, or neither.
std::optional<Ends> pair_of(Program& program, int& gone) {
  const Ends ends = insist([&] {
    try {
      return net::IpcChannel::pair(program.loop);
    } catch (const net::Error& error) {  // a pipe of Windows needs some itself
      if (error.name() != "ENOMEM") throw;
      throw std::bad_alloc();
    }
  });
  try {
    for (const net::IpcChannel& end : {ends.first, ends.second}) {
      end.on<"error">([] {});
      end.on<"disconnect">([&] { ++gone; });
    }
    return ends;
  } catch (const std::bad_alloc&) {
    ends.first.disconnect();
    ends.second.disconnect();
  }
  return std::nullopt;
}

/// Messages, some of them large, both ways.
std::string talk() {
  Program program;
  int gone = 0;
  const auto ends = pair_of(program, gone);
  if (!ends) return "";
  const auto& [one, other] = *ends;
  int called = 0, sent = 0;
  try {
    other.on<"message">([end = other](std::string_view bytes) { end.send(bytes); });
    one.on<"message">([&, end = one](std::string_view bytes) {
      if (bytes == "last") end.disconnect();
    });
    one.send("first", [&] { ++called; }), ++sent;
    one.send(std::string(300'000, 'x'), [&] { ++called; }), ++sent;
    one.send("last", [&] { ++called; }), ++sent;
  } catch (const std::bad_alloc&) {
    one.disconnect();
  }
  program.until([&] { return gone == 2; });
  if (called != sent) program.wrong += " a callback is missing";
  program.finish();
  return program.wrong;
}

/// A socket with something unread, and a server.
std::string hand_over() {
  Program program;
  net::Loop& loop = program.loop;
  int gone = 0, answered = 0, sent = 0;
  const auto ends = pair_of(program, gone);
  if (!ends) return "";
  const auto& [one, other] = *ends;
  const net::Server server = insist([&] { return net::Server(loop); });
  const net::Socket client = insist([&] { return net::Socket(loop); });
  std::optional<net::Socket> accepted, there;
  std::optional<net::Server> serves;
  try {
    program.opened(client);
    server.on<"error">([] {});
    server.on<"connection">([&](const net::Socket& socket) {
      accepted = socket;
      socket.on<"error">([] {});
    });
    server.listen(0);
    client.write("unread");
    client.connect(server.address()->port, "127.0.0.1");
    other.on<"message">([&](std::string_view, const net::ReceivedHandle& handle) {
      if (handle.server()) serves = handle.server();
      if (!handle.socket()) return;
      there = handle.socket();
      there->on<"error">([] {});
    });
    program.until([&] {
      return client.destroyed() ||
             (accepted && (accepted->destroyed() || accepted->read(0), accepted->readableLength() > 0));
    });
    if (accepted && !accepted->destroyed()) one.send("take", *accepted, {}, [&] { ++answered; }), ++sent;
    one.send("serve", server, {}, [&] { ++answered; }), ++sent;
  } catch (const std::bad_alloc&) {}
  program.until([&] { return answered == sent; });
  one.disconnect();
  program.until([&] { return gone == 2; });
  insist([&] { client.destroy(); });
  for (const auto& socket : {accepted, there}) {
    if (socket) insist([&] { socket->destroy(); });
  }
  insist([&] { server.close(); });
  if (serves) insist([&] { serves->close(); });
  program.finish();
  return program.wrong;
}

}  // namespace

TEST_CASE("S32.5: whichever allocation of a channel fails, nothing hangs, leaks or is called twice") {
  for_every_allocation(talk);
}

TEST_CASE("S32.5: whichever allocation of a handover fails, nothing hangs or leaks") {
  for_every_allocation(hand_over);
}
