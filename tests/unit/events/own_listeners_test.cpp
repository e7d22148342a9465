#include <net/detail/events/own_listeners.hpp>

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "tests/support/emitting.hpp"

using namespace tests;

namespace {

/// An owner whose listeners refer to it, as the library's own do.
struct Owner {
  explicit Owner(const Thing& thing) : listeners(thing) {
    listeners.on<"a">([this] { ++*calls; });
    listeners.on<"b">([this] { ++*calls; });
  }
  std::vector<int> on_the_heap{0};  // so that a call after its end is seen
  int* calls = on_the_heap.data();
  net::detail::OwnListeners<Thing> listeners;
};

}  // namespace

TEST_CASE("S1.4: one of the library's own listeners is never called once it is off, at whatever depth") {
  Thing::State state;
  Thing thing(state);
  auto* owner = new Owner(thing);
  thing.prependListener<"a">([&](int depth) {
    state.log += std::to_string(depth);
    if (depth < 2) thing.fire_a(depth + 1);  // the owner is deleted two emissions deeper
    if (depth == 2) delete owner;
  });
  thing.on<"a">(note(state, "u"));
  thing.fire_a(0);
  CHECK(state.log == "012uuu");
  CHECK(thing.listenerCount<"a">() == 2);
  CHECK(thing.listenerCount<"b">() == 0);
}

TEST_CASE("S1.4: an owner takes off its own listeners and no others, in and out of emissions") {
  Thing::State state;
  Thing thing(state);
  Owner first(thing);
  const net::Listener users = thing.addListener<"b">(note(state, "b"));
  Owner second(thing);
  thing.fire_a(0);
  CHECK(*first.calls == 1);
  CHECK(*second.calls == 1);
  first.listeners.off();
  first.listeners.off();
  thing.fire_a(0);
  thing.fire_b();
  CHECK(*first.calls == 1);
  CHECK(*second.calls == 3);
  CHECK(state.log == "b");
  thing.off(users);
  CHECK(thing.listenerCount<"b">() == 1);
  first.listeners.on<"a">([&] { first.listeners.off(), state.log += "!"; });
  thing.fire_a(0);
  thing.fire_a(0);
  CHECK_MESSAGE(state.log == "b!", "one may take itself off");
}
