// What a test needs to make an emitter of its own.
#ifndef NET_TESTS_EMITTING_HPP
#define NET_TESTS_EMITTING_HPP

#include <net/emitter.hpp>

#include <cstddef>
#include <string>

namespace tests {

/// The state of an emitter that wants to know nothing of its listeners.
struct EmitterState {
  net::detail::Listeners listeners;
  std::size_t owners = 1;

  static constexpr bool minds_listeners(unsigned) { return true; }
  void listener_added(unsigned) {}
  void listener_put_in_front(unsigned) {}
  void listener_removed(unsigned) {}
  void all_listeners_go(unsigned) {}
  std::size_t own_listeners(unsigned) const { return 0; }
};

/// Emits an event of the table; false if nobody listens.
template <class Table, unsigned Index, class State, class... Args>
bool emit(State& state, const Args&... args) {
  using Row = typename net::detail::EventAt<Table, Index>::type;
  return net::detail::call_listeners(state, Index, typename Row::Given(args...).at);
}

/// An emitter with two events, and a log of what its listeners did.
class Thing : public net::Emitter<Thing> {
 public:
  using Events = net::detail::EventTable<net::detail::Event<"a", int>, net::detail::Event<"b">>;
  struct State : EmitterState {
    std::string log;
  };
  explicit Thing(State& state) : state_(&state) {}

  bool fire_a(int value) { return emit<Events, 0>(*state_, value); }
  bool fire_b() { return emit<Events, 1>(*state_); }
  State& state() const { return *state_; }

 private:
  friend class net::Emitter<Thing>;
  friend struct net::detail::Access;
  template <net::fixed_string Name>
  static constexpr void check_event() {}
  static Thing from_state(void* state) { return Thing(*static_cast<State*>(state)); }
  State* state_;
};

inline auto note(Thing::State& state, const char* word) {
  return [&state, word] { state.log += word; };
}

}  // namespace tests

#endif
