// What a test needs to make an emitter of its own.
#ifndef NET_TESTS_EMITTING_HPP
#define NET_TESTS_EMITTING_HPP

#include <net/emitter.hpp>

#include <cstddef>

namespace tests {

/// The state of an emitter that wants to know nothing of its listeners.
struct EmitterState {
  net::detail::Listeners listeners;
  std::size_t owners = 1;

  static constexpr bool minds_listeners(unsigned) { return true; }
  void listener_added(unsigned) {}
  void listener_put_in_front(unsigned) {}
  void listener_removed(unsigned, bool) {}
  std::size_t own_listeners(unsigned) const { return 0; }
};

/// Emits an event of the table; false if nobody listens.
template <class Table, unsigned Index, class State, class... Args>
bool emit(State& state, const Args&... args) {
  using Row = typename net::detail::EventAt<Table, Index>::type;
  return net::detail::call_listeners(state, Index, typename Row::Given(args...).at);
}

}  // namespace tests

#endif
