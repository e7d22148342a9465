#include <net/detail/listeners.hpp>

#include <doctest/doctest.h>

#include <net/emitter.hpp>
#include <string>

#include "tests/count_allocations.hpp"

namespace {

/// An emitter with two events, and a log of what its listeners did.
class Thing : public net::Emitter<Thing> {
 public:
  using Events = net::detail::EventTable<net::detail::Event<"a", int>, net::detail::Event<"b">>;
  struct State {
    net::detail::Listeners listeners;
    std::string log;
  };
  explicit Thing(State& state) : state_(&state) {}

  bool fire_a(int value) { return net::detail::EventAt<Events, 0>::type::fire(state_->listeners, 0, *this, value); }
  bool fire_b() { return net::detail::EventAt<Events, 1>::type::fire(state_->listeners, 1, *this); }
  State& state() const { return *state_; }

 private:
  friend class net::Emitter<Thing>;
  template <net::fixed_string Name>
  static constexpr void check_event() {}
  net::detail::Listeners& events() const { return state_->listeners; }
  State* state_;
};

auto note(Thing::State& state, const char* word) {
  return [&state, word] { state.log += word; };
}

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

TEST_CASE("a listener takes the arguments, the first few, or the emitter and then those") {
  Thing::State state;
  Thing thing(state);
  int sum = 0;
  thing.on<"a">([&](int value) { sum += value; });
  thing.on<"a">([&](Thing& self, int value) { sum += &self.state() == &state ? 10 * value : 0; });
  thing.on<"a">([&](const Thing&) { sum += 100; });
  thing.on<"a">([&](auto... values) { sum += static_cast<int>(sizeof...(values)) * 1000; });
  thing.fire_a(3);
  CHECK(sum == 3 + 30 + 100 + 1000);
}

TEST_CASE("a listener that runs is destroyed only after it has returned, and its room is used again") {
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
