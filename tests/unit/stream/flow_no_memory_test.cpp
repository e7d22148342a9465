#include <net/detail/stream/flow.ipp>

#include <doctest/doctest.h>

#include <net/detail/events/own_listeners.hpp>

#include <memory>
#include <new>
#include <string>
#include <utility>

#include "tests/support/count_allocations.hpp"
#include "tests/support/session.hpp"

using namespace tests;

namespace {

/// Removes without memory what `add` has added to a socket that has a 'data' listener, with every number of ticks
/// queued, one of which has no space for one more. Then the socket flows.
template <class Add, class Remove>
void flows_again(Add add, Remove remove) {
  for (int ticks = 0; ticks < 40; ++ticks) {
    net::Loop loop;
    Ends ends(loop);
    std::string received;
    auto added = add(ends.client);
    ends.client.on<"data">([&](net::Chunk chunk) { received += chunk; });
    ends.client.resume();
    loop.runOnce(0);
    for (int i = 0; i < ticks; ++i) loop.nextTick([] {});
    {
      const NoMemory none;
      remove(ends.client, added);
    }
    CAPTURE(ticks);
    CHECK(ends.client.listenerCount<"readable">() == 0);
    loop.runOnce(0);
    ends.accepted->write("x");
    for (int turns = 0; turns < 20 && received.empty(); ++turns) loop.runOnce(50);
    CHECK(received == "x");
    ends.destroy();
  }
}

}  // namespace

TEST_CASE("S32.5, S14.2: a 'readable' listener is taken off without memory, and the socket flows") {
  flows_again([](const net::Socket& socket) { return socket.addListener<"readable">([] {}); },
              [](const net::Socket& socket, net::Listener token) { socket.off(token); });
}

TEST_CASE("S32.5, S14.2: two of them, one of which was put in front, go without memory, and the socket flows") {
  flows_again(
      [](const net::Socket& socket) {
        return std::pair(socket.addListener<"readable">([] {}), socket.addListener<"readable">([] {}, true));
      },
      [](const net::Socket& socket, std::pair<net::Listener, net::Listener> tokens) {
        socket.off(tokens.first);
        socket.off(tokens.second);
      });
}

TEST_CASE("S32.5, S34.5: what waits for 'readable' is destroyed without memory, and the socket flows") {
  using Listeners = net::detail::OwnListeners<net::Socket>;
  flows_again(
      [](const net::Socket& socket) {
        auto waits = std::make_unique<Listeners>(socket);
        waits->on<"readable">([] {});
        return waits;
      },
      [](const net::Socket&, std::unique_ptr<Listeners>& waits) { waits.reset(); });
}

TEST_CASE("S32.5: removeAllListeners() for which there is no memory removes none, and the next one removes all") {
  int refused = 0;
  for (int ticks = 0; ticks < 40; ++ticks) {
    net::Loop loop;
    const net::Socket socket(loop);
    socket.on<"readable">([] {}).on<"end">([] {});
    loop.runOnce(0);
    for (int i = 0; i < ticks; ++i) loop.nextTick([] {});
    bool thrown = false;
    {
      const NoMemory none;
      try {
        socket.removeAllListeners();
      } catch (const std::bad_alloc&) {
        thrown = true;
      }
    }
    refused += thrown;
    CHECK(socket.listenerCount<"readable">() == (thrown ? 1 : 0));
    CHECK(socket.listenerCount<"end">() == (thrown ? 2 : 0));
    socket.removeAllListeners();
    CHECK(socket.listenerCount<"readable">() == 0);
    socket.destroy();
    run_to_the_end(loop);
  }
  CHECK(refused > 0);
}

TEST_CASE("S32.5: on() and resume() for which there is no memory do nothing, and the next ones let it flow") {
  const auto flows = [](auto begin) {
    for (int ticks = 0; ticks < 40; ++ticks) {
      net::Loop loop;
      Ends ends(loop);
      std::string received;
      for (int i = 0; i < ticks; ++i) loop.nextTick([] {});
      bool thrown = false;
      {
        const NoMemory none;
        try {
          begin(ends.client, received);
        } catch (const std::bad_alloc&) {
          thrown = true;
        }
      }
      loop.runOnce(0);
      if (thrown) begin(ends.client, received);
      ends.accepted->write("x");
      for (int turns = 0; turns < 20 && received.empty(); ++turns) loop.runOnce(50);
      CHECK(received == "x");
      ends.destroy();
    }
  };
  flows([](const net::Socket& socket, std::string& received) {
    if (socket.listenerCount<"data">() == 0) socket.on<"data">([&received](net::Chunk chunk) { received += chunk; });
    socket.resume();
  });
  flows([](const net::Socket& socket, std::string& received) {
    if (socket.listenerCount<"readable">() > 0) return;
    socket.on<"readable">([socket, &received] {
      while (const auto piece = socket.read()) received += *piece;
    });
  });
}

TEST_CASE(
    "S32.5, S14.11: unshift() and read() for which there is no memory do nothing, and 'readable' comes after the "
    "next") {
  for (int ticks = 0; ticks < 40; ++ticks) {
    net::Loop loop;
    Ends ends(loop);
    std::string received;
    ends.client.on<"readable">([&] {
      while (const auto piece = ends.client.read()) received += *piece;
    });
    for (int turns = 0; turns < 3; ++turns) loop.runOnce(0);
    for (int i = 0; i < ticks; ++i) loop.nextTick([] {});
    {
      const NoMemory none;
      try {
        ends.client.unshift("a text that is too long to be kept without memory");
      } catch (const std::bad_alloc&) {}
      try {
        (void)ends.client.read(0);
      } catch (const std::bad_alloc&) {}
    }
    ends.client.unshift("x");
    for (int turns = 0; turns < 5; ++turns) loop.runOnce(0);
    CAPTURE(ticks);
    CHECK(received == "x");
    ends.destroy();
  }
}
