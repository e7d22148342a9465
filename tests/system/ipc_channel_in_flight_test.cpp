#include <net/ipc_channel.hpp>

#if !defined(_WIN32)

#include <doctest/doctest.h>

#include <unistd.h>

#include <cstdio>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/support/channels.hpp"
#include "tests/support/forking.hpp"
#include "tests/support/session.hpp"
#include "tests/support/support.hpp"

using namespace tests;

namespace {

/// Where a connection is told apart by its number, and how often it still goes to the other process.
struct Ticket {
  int id = 0;
  int hops = 0;

  std::string text() const { return std::to_string(id) + " " + std::to_string(hops); }
  static Ticket of(std::string_view text) {
    Ticket ticket;
    CHECK(std::sscanf(std::string(text).c_str(), "%d %d", &ticket.id, &ticket.hops) == 2);
    return ticket;
  }
  /// After so many bytes it goes: a few, or more than one read brings.
  std::size_t bytes() const { return 1 + static_cast<std::size_t>(id * 7919 + hops * 104729) % 50000; }
};

/// Echoes, and sends the socket to the other process while more comes, and the echo is still on its way.
void echo_and_pass_on(const net::IpcChannel& channel, const net::Socket& socket, Ticket ticket) {
  socket.on<"data">([=, seen = std::size_t{0}, sent = false](const net::Socket& self, net::Chunk chunk) mutable {
    self.write(chunk);
    seen += chunk.size();
    if (sent || ticket.hops == 0 || seen < ticket.bytes()) return;
    sent = true;
    --ticket.hops;
    channel.send(ticket.text(), self);
  });
}

/// Writes a pattern as fast as it may, and holds the echo against it, until it is told to end.
struct Streaming {
  static constexpr std::size_t block = 20000;

  explicit Streaming(net::Loop& loop, int port) : socket(loop) {
    socket.on<"data">([this](net::Chunk chunk) {
      for (const char each : chunk) wrong += each != at(heard++);
      go_on();
    });
    socket.on<"drain">([this] { go_on(); });
    socket.on<"close">([this] { closed = true; });
    socket.connect(port, "127.0.0.1", [this] { go_on(); });
  }
  static char at(std::size_t place) { return static_cast<char>(place * 31 + place / 997); }
  /// No more than so much is under way, of which some is in the echoing process.
  void go_on() {
    while (!ending && written < heard + 15 * block) {
      std::string bytes(block, '\0');
      for (char& each : bytes) each = at(written++);
      if (!socket.write(std::move(bytes))) return;
    }
    if (ending && !std::exchange(ended, true)) socket.end();
  }

  net::Socket socket;
  std::size_t written = 0, heard = 0, wrong = 0;
  bool ending = false, ended = false, closed = false;
};

}  // namespace

TEST_CASE(
    "S33.2: a thousand handovers between processes, with data in flight both ways: each byte arrives once, in order") {
  constexpr int connections = 10;
  const int hops = 2 * scaled(50);
  net::Loop loop;
  const std::size_t before = open_descriptors();
  {
    const auto [mine, childs] = net::IpcChannel::pair(loop);
    const pid_t child = ::fork();
    if (child == 0) {
      int code = 99;
      try {
        loop.afterFork();
        mine.disconnect();
        childs.on<"message">([channel = childs](std::string_view bytes, const net::ReceivedHandle& handle) {
          echo_and_pass_on(channel, *handle.socket(), Ticket::of(bytes));
        });
        loop.run();
        code = childs.connected() ? 98 : 7;
      } catch (...) {}
      ::_exit(code);
    }
    REQUIRE(child > 0);
    childs.disconnect();
    int came = 0;
    std::vector<std::unique_ptr<Streaming>> clients;
    mine.on<"message">([&, channel = mine](std::string_view bytes, const net::ReceivedHandle& handle) {
      const Ticket ticket = Ticket::of(bytes);
      ++came;
      echo_and_pass_on(channel, *handle.socket(), ticket);
      if (ticket.hops == 0) clients[static_cast<std::size_t>(ticket.id)]->ending = true;
    });
    const net::Server server(loop);
    int accepted = 0;
    server.on<"connection">(
        [&, channel = mine](const net::Socket& socket) { echo_and_pass_on(channel, socket, {accepted++, hops}); });
    server.listen(0);
    for (int i = 0; i < connections; ++i) {  // one after the other, so that each is known by its number
      clients.push_back(std::make_unique<Streaming>(loop, server.address()->port));
      run_until(loop, [&] { return accepted == i + 1; });
    }
    run_until(loop, [&] {
      for (const auto& each : clients) {
        if (!each->closed) return false;
      }
      return true;
    });
    CHECK(came == connections * hops / 2);
    for (const auto& each : clients) {
      CHECK(each->wrong == 0);
      CHECK(each->heard == each->written);
      CHECK(each->written > 0);
    }
    server.close();
    mine.disconnect();
    run_to_the_end(loop);
    CHECK(ended(child) == 7);
  }
  CHECK(open_descriptors() == before);
}

#endif
