#include <net/server.hpp>

#include <doctest/doctest.h>

#include <optional>
#include <string>
#include <utility>

#include <net/promise.hpp>

#include "tests/support/session.hpp"
#include "tests/support/support.hpp"

using namespace tests;

namespace {

/// A client says two words to a server, which answers as `serve` has it; gives what came back.
template <class Serve>
std::string answers_to_two_words(Serve serve) {
  net::Loop loop;
  net::Server server(loop);
  server.on<"connection">(serve);
  std::string got;
  bool closed = false;
  net::Socket client(loop);
  server.listen(0, "127.0.0.1", [&] {
    client.on<"data">([&](net::Chunk chunk) {
      got += chunk.view();
      if (got == "one") client.write("two");
      if (got == "onetwo") client.end();
    });
    client.on<"close">([&] { closed = true, server.close(); });
    client.connect(server.address()->port, "127.0.0.1", [&] { client.write("one"); });
  });
  run_until(loop, [&] { return closed; });
  loop.run();
  return got;
}

}  // namespace

TEST_CASE("S36.3: a listener's reference to its socket may be captured by listeners of the socket") {
  const auto echo = [](auto& socket) {
    socket.template on<"data">([&](net::Chunk chunk) { socket.write(chunk); });
  };
  SUBCASE("a constant one") {
    CHECK(answers_to_two_words([&](const net::Socket& socket) { echo(socket); }) == "onetwo");
  }
  SUBCASE("one that could be changed") {
    CHECK(answers_to_two_words([&](net::Socket& socket) { echo(socket); }) == "onetwo");
  }
  SUBCASE("any") {
    CHECK(answers_to_two_words([&](auto&& socket) { echo(socket); }) == "onetwo");
  }
}

TEST_CASE("S36.3: a listener's reference to its server is good beyond the listener") {
  net::Loop loop;
  net::Server server(loop);
  const net::Server* seen = nullptr;
  server.on<"listening">([&](const net::Server& self) { seen = &self; });
  bool closed = false;
  server.on<"close">([&] { closed = true; });
  server.listen(0, "127.0.0.1");
  run_until(loop, [&] { return seen != nullptr; });
  CHECK(*seen == server);
  CHECK(seen->listening());
  server.close();
  run_until(loop, [&] { return closed; });
}

TEST_CASE("S36.3: a handle that was moved from is still the same object") {
  net::Loop loop;
  net::Socket first(loop);
  const net::Socket second = std::move(first);
  CHECK(first == second);
  CHECK_FALSE(first.connecting());
  net::AbortController controller;
  const net::AbortController same = std::move(controller);
  controller.abort();
  CHECK(same.signal().aborted());
  net::Promise<int> promise(loop);
  const net::Promise<int> kept = std::move(promise);
  promise.resolve(1);
}

TEST_CASE("S36.3: a listener may keep, and overwrite, the handle that it is given a reference to") {
  std::optional<net::Socket> kept;
  SUBCASE("moved out") {
    const auto keep = [&](net::Socket& socket) {
      kept = std::move(socket);
      socket.on<"data">([&](net::Chunk chunk) { socket.write(chunk); });
    };
    CHECK(answers_to_two_words(keep) == "onetwo");
    CHECK(kept->destroyed());
  }
  SUBCASE("given another value") {
    const auto overwrite = [&](net::Socket& socket) {
      kept = socket;
      socket.on<"data">([&](net::Chunk chunk) { kept->write(chunk); });
      socket = net::Socket();
    };
    CHECK(answers_to_two_words(overwrite) == "onetwo");
    CHECK(kept->destroyed());
  }
  SUBCASE("given another value later, again and again") {
    const auto overwrite = [&](net::Socket& socket) {
      kept = socket;
      socket.on<"data">([&](net::Chunk chunk) {
        kept->write(chunk);
        socket = net::Socket();
        socket = net::Socket();
      });
      socket.on<"end">([](net::Socket& self) { self = net::Socket(); });
      socket.on<"close">([&](const net::Socket& self) { CHECK(self == *kept); });
    };
    CHECK(answers_to_two_words(overwrite) == "onetwo");
    CHECK(kept->destroyed());
  }
  SUBCASE("exchanged") {
    net::Socket other;
    const auto exchange = [&](net::Socket& socket) {
      std::swap(socket, other);
      other.on<"data">([&](net::Chunk chunk) { other.write(chunk); });
      other.on<"close">([&](const net::Socket& self) { CHECK(self == other); });
    };
    CHECK(answers_to_two_words(exchange) == "onetwo");
    CHECK(other.destroyed());
  }
}
