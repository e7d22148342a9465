#include <net/emitter.hpp>

#include <doctest/doctest.h>

#include <string>
#include <type_traits>

using namespace net::detail;

namespace {

/// An emitter that notes what the base class calls, and has a listener of its own on "end", as a socket
/// has.
class Thing : public net::Emitter<Thing> {
 public:
  using Events = EventTable<Event<"data", std::string, int>, Event<"end">, Event<"error", const std::string>>;
  struct State {
    Listeners listeners;
    std::size_t owners = 1;
    std::string log;
    static constexpr bool minds_listeners(unsigned) { return true; }
    void listener_added(unsigned event) { log += "+" + std::to_string(event); }
    void listener_put_in_front(unsigned) {}
    void listener_removed(unsigned event) { log += "-" + std::to_string(event); }
    void all_listeners_go(unsigned event) {
      log += event == all_events ? std::string("!all") : "!" + std::to_string(event);
    }
    std::size_t own_listeners(unsigned event) const { return event == 1; }
  };
  explicit Thing(State& state) : state_(&state) {}

  template <unsigned Index, class... Args>
  bool fire(Args... args) const {
    return call_listeners(*state_, Index, typename EventAt<Events, Index>::type::Given(args...).at);
  }
  State& state() const { return *state_; }

 private:
  friend class net::Emitter<Thing>;
  friend struct net::detail::Access;
  template <net::fixed_string Name>
  static constexpr void check_event() {}
  static Thing from_state(void* state) { return Thing(*static_cast<State*>(state)); }
  State* state_;
};

}  // namespace

TEST_CASE("S1.1: every way of adding gives the emitter back, so that calls make a chain") {
  Thing::State state;
  const Thing thing(state);
  const Thing& same =
      thing.on<"end">([] {}).once<"end">([] {}).prependListener<"end">([] {}).prependOnceListener<"end">([] {});
  CHECK(&same == &thing);
  CHECK(thing.fire<1>());
  CHECK_MESSAGE(state.listeners.count(1) == 2, "those for one time have gone");
}

TEST_CASE("S1.1: prependOnceListener comes first, once, also in front of others that were put first") {
  Thing::State state;
  const Thing thing(state);
  std::string order;
  thing.on<"data">([&](const std::string& text, int times) { order += text + std::to_string(times); });
  thing.prependListener<"data">([&] { order += "p"; });
  thing.prependOnceListener<"data">([&] { order += "o"; });
  const net::Listener front = thing.addListener<"data">([&] { order += "f"; }, true);
  thing.fire<0>(std::string("x"), 1);
  thing.fire<0>(std::string("y"), 2);
  CHECK(order == "fopx1fpy2");
  thing.removeListener(front);
  order.clear();
  thing.fire<0>(std::string("z"), 3);
  CHECK(order == "pz3");
}

TEST_CASE("S1.2: a token of what has run once, was removed, or never was, takes nothing off and calls nothing") {
  Thing::State state;
  const Thing thing(state);
  std::string order;
  const net::Listener kept = thing.addListener<"end">([&] { order += "kept"; });
  CHECK(kept.id() != 0);
  CHECK(net::Listener().id() == 0);
  thing.once<"end">([&] { order += "once "; });
  thing.fire<1>();
  state.log.clear();
  thing.off(net::Listener());
  thing.off(net::Listener(kept.id() + 1000));
  CHECK(state.log.empty());
  thing.off(kept);
  thing.off(kept);
  CHECK(state.log == "-1");
  thing.on<"end">([&] { order += "!"; });
  thing.off(kept);
  order.clear();
  CHECK(thing.fire<1>());
  CHECK_MESSAGE(order == "!", "nor one that came in its place");
}

TEST_CASE("S1.3, S1.8: the object hears what was added and removed, behind the change; of all, before it") {
  Thing::State state;
  const Thing thing(state);
  thing.on<"data">([] {});
  thing.once<"error">([] {});
  thing.off(thing.addListener<"error">([] {}));
  thing.removeAllListeners<"error">();
  thing.removeAllListeners();
  CHECK(state.log == "+0+2+2-2!2!all");
  CHECK_FALSE(thing.fire<0>(std::string(), 0));
}

TEST_CASE("S1.4: the object hears of a listener for one time that was used, before it is called, and once") {
  Thing::State state;
  const Thing thing(state);
  thing.once<"end">([&] { state.log += " call"; });
  thing.fire<1>();
  thing.fire<1>();
  CHECK(state.log == "+1-1 call");
}

TEST_CASE("S14.2: the object does not hear of a listener that is put in front, only that it has gone") {
  Thing::State state;
  const Thing thing(state);
  thing.prependListener<"data">([] {});
  thing.prependOnceListener<"end">([] {});
  thing.off(thing.addListener<"data">([] {}, true));
  thing.fire<1>();
  CHECK(state.log == "-0-1");
}

TEST_CASE(
    "S1.7: what takes the place of an error monitor is a listener that stands first, and throws the error "
    "on") {
  Thing::State state;
  const Thing thing(state);
  std::string seen;
  thing.on<"error">([](const std::string& error) { throw std::string(error); });
  thing.prependListener<"error">([&seen](const std::string& error) { seen = error; });
  CHECK_THROWS_AS(thing.fire<2>(std::string("broken")), std::string);
  CHECK(seen == "broken");
}

TEST_CASE("S1.9, S1.10, S1.11: listeners are counted, the object's own too; any number is fine") {
  Thing::State state;
  const Thing thing(state);
  CHECK(thing.listenerCount<"data">() == 0);
  CHECK_MESSAGE(thing.listenerCount<"end">() == 1, "the one that the object has itself");
  for (int i = 0; i < 100; ++i) thing.on<"end">([] {});
  CHECK(thing.listenerCount<"end">() == 101);
  CHECK(thing.listenerCount<"data">() == 0);
  thing.removeAllListeners<"end">();
  CHECK(thing.listenerCount<"end">() == 1);
}

TEST_CASE(
    "a listener may change the argument that it gets only if the event lets it, and gets the object's own "
    "values") {
  Thing::State state;
  const Thing thing(state);
  static_assert(!Taken<void (*)(std::string&), Thing, const std::string>::any);
  std::string got;
  thing.on<"data">([](std::string& text) { text += "+"; });
  thing.on<"data">([&got, &state](Thing& self, const std::string& text, int number) {
    got = text + std::to_string(number) + (&self.state() == &state ? "s" : "?");
  });
  thing.fire<0>(std::string("a"), 4);
  CHECK(got == "a+4s");
}
