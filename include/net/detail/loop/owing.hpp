// What is owed to a socket or a server: steps that are still to come, until which its listeners stay. Internal.
#ifndef NET_DETAIL_LOOP_OWING_HPP
#define NET_DETAIL_LOOP_OWING_HPP

#include <cstdint>
#include <type_traits>

#include <net/detail/base/ref.hpp>
#include <net/detail/loop/handle.hpp>

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

/// What a tick holds of its socket or server: as long as there is one, something is owed, and the listeners stay.
template <class State>
class Owing {
 public:
  explicit Owing(State& state) noexcept : self_(&state) { ++state.owed; }
  Owing(Owing&& other) noexcept = default;
  NET_GNU(always_inline) ~Owing() {
    if (self_) self_->settle();
  }
  State& operator*() const noexcept { return *self_; }
  State* operator->() const noexcept { return self_.get(); }

 private:
  Ref<State> self_;
};

/// Step (in `handle.hpp`), owed; and one with something to remember.
template <class State>
using OwedStep = Tick<Owing<State>, void (*)(State&)>;
/// A step of one generation: one connection of a socket, or one listen() of a server. It is nothing to the next one,
/// unless it is a step of all of them.
inline constexpr std::uint64_t any_generation = ~std::uint64_t{};
template <class State>
struct CurrentStep {
  static constexpr bool moves_as_bytes = true;
  Owing<State> self;
  void (*step)(State&);
  std::uint64_t generation;
  void operator()() {
    or_give_up(*self, [this] {
      if (self->generation == generation || generation == any_generation) step(*self);
    });
  }
};
template <class State, class What>
struct OwedStepWith {
  static constexpr bool moves_as_bytes = is_plain_bytes<What>;
  Owing<State> self;
  void (*step)(State&, const What&);
  What what;
  void operator()() {
    or_give_up(*self, [this] { step(*self, what); });
  }
};

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif
