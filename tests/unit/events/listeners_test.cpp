#include <net/detail/events/listeners.hpp>

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <net/emitter.hpp>
#include <string>
#include <type_traits>
#include <vector>

#include "tests/support/count_allocations.hpp"
#include "tests/support/emitting.hpp"

using namespace tests;

namespace {

static_assert(sizeof(net::detail::ListenerRecord) == (sizeof(void*) == 8 ? 32 : 24), "a record is half a cache line");
static_assert(std::is_same_v<decltype(net::Listener().id()), std::uint64_t>, "S32.6: ids are never given again");

}  // namespace

TEST_CASE("S1.1: on appends, prependListener puts first, once is removed before it runs") {
  Thing::State state;
  Thing thing(state);
  thing.on<"a">(note(state, "1")).on<"a">(note(state, "2")).prependListener<"a">(note(state, "0"));
  thing.once<"a">([&] {
    state.log += "o";
    if (state.log.size() < 8) thing.fire_a(1);
  });
  CHECK(thing.listenerCount<"a">() == 4);
  CHECK(thing.fire_a(1));
  CHECK(state.log == "012o012");
  CHECK(thing.listenerCount<"a">() == 3);
  CHECK_FALSE(thing.fire_b());
}

TEST_CASE("S1.2, S1.3: off takes one registration off, removeAllListeners those of one event or all") {
  Thing::State state;
  Thing thing(state);
  const net::Listener first = thing.addListener<"a">(note(state, "1"));
  thing.on<"a">(note(state, "2"));
  thing.on<"b">(note(state, "b"));
  thing.off(first);
  thing.off(first);
  thing.off(net::Listener());
  thing.fire_a(0);
  CHECK(state.log == "2");
  thing.removeAllListeners<"a">();
  CHECK_FALSE(thing.fire_a(0));
  CHECK(thing.fire_b());
  thing.removeAllListeners();
  CHECK_FALSE(thing.fire_b());
}

TEST_CASE("S1.4: an emission calls those that were there when it began, whatever they do") {
  Thing::State state;
  Thing thing(state);
  net::Listener victim;
  thing.on<"a">([&](int depth) {
    state.log += "x";
    if (depth > 0) return;
    thing.off(victim);
    thing.on<"a">(note(state, "new"));
    thing.fire_a(1);  // a later emission: the removed one is gone, the new one is there
    state.log += "|";
  });
  victim = thing.addListener<"a">(note(state, "v"));
  thing.fire_a(0);
  CHECK(state.log == "xxnew|v");
}

TEST_CASE("S1.5: an exception passes through, later listeners of that emission are not called, the rest works on") {
  Thing::State state;
  Thing thing(state);
  thing.once<"a">([] { throw 1; });
  thing.on<"a">(note(state, "2"));
  CHECK_THROWS_AS(thing.fire_a(0), int);
  CHECK(state.log.empty());
  thing.fire_a(0);
  CHECK(state.log == "2");
}

TEST_CASE("a listener that runs is destroyed only after it has returned, and its memory is used again") {
  Thing::State state;
  Thing thing(state);
  for (int round = 0; round < 1000; ++round) {
    net::Listener self;
    self = thing.addListener<"a">([&thing, &self, text = std::string(40, 'x'), &state] {
      thing.off(self);
      state.log = text;  // still there
    });
    thing.fire_a(0);
    CHECK(state.log.size() == 40);
    CHECK(thing.listenerCount<"a">() == 0);
  }
}

TEST_CASE("S32.6: emissions may be nested as deep as the stack allows, and each calls whom it should") {
  Thing::State state;
  Thing thing(state);
  for (const int deepest : {254, 255, 256, 257, 300, 3000}) {
    CAPTURE(deepest);
    int calls = 0, others = 0, removed_calls = 0;
    net::Listener victim;
    thing.on<"a">([&](int depth) {
      ++calls;
      if (depth < deepest) thing.fire_a(depth + 1);
      if (depth == deepest) thing.off(victim);
    });
    victim = thing.addListener<"a">([&] { ++removed_calls; });
    thing.on<"a">([&, captured = std::string(100, 'x')] { others += captured.size() == 100; });
    thing.fire_a(1);
    CHECK(calls == deepest);
    CHECK(others == deepest);
    CHECK_MESSAGE(removed_calls == deepest, "it was there when each of them began");
    CHECK(thing.listenerCount<"a">() == 2);
    thing.removeAllListeners();
  }
}

TEST_CASE("S1.4: what is added at one depth is seen by deeper emissions, and by none that had begun") {
  Thing::State state;
  Thing thing(state);
  thing.on<"a">([&](int depth) {
    state.log += std::to_string(depth);
    if (depth == 0) thing.fire_a(1), thing.fire_a(3);
    if (depth == 1) {
      thing.on<"a">(note(state, "n"));
      thing.prependListener<"a">(note(state, "p"));
      thing.fire_a(2);
    }
  });
  thing.fire_a(0);
  CHECK(state.log == "01p2np3n");
}

TEST_CASE("S1.4: a record for one time that is used at depth is used for the emissions above it too") {
  Thing::State state;
  Thing thing(state);
  bool nested = false;
  thing.on<"a">([&] {
    if (std::exchange(nested, true)) return;
    thing.fire_a(1);
    state.log += "|";
  });
  thing.once<"a">(note(state, "o"));
  net::Listener victim;
  thing.once<"b">([&] { thing.off(victim), state.log += "b"; });
  victim = thing.addListener<"b">(note(state, "v"));
  thing.fire_a(0);
  CHECK(state.log == "o|");
  state.log.clear();
  thing.fire_b();
  CHECK_MESSAGE(state.log == "bv", "the user's own is still called");
  CHECK_FALSE(thing.fire_b());
}

TEST_CASE("what dies with a listener may call the emitter: add, remove, fire") {
  Thing::State state;
  Thing thing(state);
  struct Last {
    Thing* thing;
    Thing::State* state;
    explicit Last(Thing& from) : thing(&from), state(&from.state()) {}
    Last(Last&& other) noexcept : thing(std::exchange(other.thing, nullptr)), state(other.state) {}
    ~Last() {
      if (!thing) return;
      const net::Listener soon = thing->addListener<"a">([s = state] { s->log += "x"; });
      thing->fire_a(7);
      thing->off(soon);
      thing->on<"b">([s = state] { s->log += "y"; });
    }
    void operator()() const {}
  };
  const net::Listener first = thing.addListener<"a">(Last(thing));
  thing.on<"a">(Last(thing));
  thing.on<"a">([&] { thing.off(first); });
  thing.fire_a(0);
  CHECK(state.log == "x");
  thing.fire_b();
  CHECK(state.log == "xy");
  thing.removeAllListeners();
  CHECK(state.log == "xyx");
  CHECK_MESSAGE(thing.listenerCount<"b">() == 1, "it came after the others went");
  CHECK(thing.listenerCount<"a">() == 0);
}

TEST_CASE("thousands of listeners come and go in reasonable time, and their memory is used again") {
  Thing::State state;
  Thing thing(state);
  int calls = 0;
  for (int round = 0; round < 20; ++round) {
    tests::CountAllocations allocations;
    for (int i = 0; i < 20000; ++i) thing.on<"a">([&calls] { ++calls; });
    thing.fire_a(0);
    thing.removeAllListeners<"a">();
    if (round > 0) CHECK(allocations.count() == 0);
  }
  CHECK(calls == 20 * 20000);
}
