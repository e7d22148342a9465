// A position in a life, which changes by steps that its machine allows. Internal.
#ifndef NET_DETAIL_BASE_POSITION_HPP
#define NET_DETAIL_BASE_POSITION_HPP

#include <net/detail/base/abi.hpp>

namespace net::inline NET_ABI::detail {

/// A step was made that its machine does not allow: says so, and ends the program.
[[noreturn]] NET_API void wrong_step(int from, int to) noexcept;

/// One of the states of a machine. It begins in the first one, and moves by steps. `is_step(from, to)`, beside the
/// states, says which are allowed, and builds without NDEBUG check that. Starting over is the assignment of a fresh
/// one.
template <class State>
class Position {
 public:
  constexpr Position() noexcept = default;
  /// Where something begins that is not made from its beginning.
  constexpr explicit Position(State at) noexcept : at_(at) {}

  constexpr operator State() const noexcept { return at_; }

  constexpr void move_to(State to) noexcept {
#if !defined(NDEBUG)
    if (!is_step(at_, to)) wrong_step(static_cast<int>(at_), static_cast<int>(to));
#endif
    at_ = to;
  }

 private:
  State at_ = State{};
};

}  // namespace net::inline NET_ABI::detail

#include <net/detail/base/position.ipp>

#endif
