#include <net/detail/io/machine.hpp>

#include <doctest/doctest.h>

#include "tests/support/least_machine.hpp"

using namespace net::detail;

namespace {

struct WithoutClock : Machine {
  static void now_ns() {}
};
struct WithoutAcceptor : Machine {
  using Acceptor = int;
};

}  // namespace

TEST_CASE("all of the library is built on a machine that has what the contract names, and nothing else") {
  static_assert(CompleteMachine<Machine>);
  static_assert(!CompleteMachine<WithoutClock> && !CompleteMachine<WithoutAcceptor> && !CompleteMachine<int>);
  net::Loop loop;
  int emitted = 0;
  loop.setImmediate([&] { ++emitted; });
  loop.run();
  CHECK(emitted == 1);
}

TEST_CASE("what a machine cannot do is an error that says so") {
  net::Loop loop;
  const net::Server server(loop);
  server.on<"error">([](const net::Error&) {});
  server.listen(0);
  loop.run();
  CHECK_FALSE(server.address());
  CHECK_THROWS_AS((void)loop.onSignal(2, [](int) {}), net::Error);
}
