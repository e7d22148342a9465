// Copies of what a listener was given, for the task that it returned. Internal.
#ifndef NET_DETAIL_CORO_KEPT_ARGUMENTS_HPP
#define NET_DETAIL_CORO_KEPT_ARGUMENTS_HPP

#include <concepts>
#include <cstddef>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include <net/chunk.hpp>
#include <net/detail/base/access.hpp>
#include <net/detail/events/event.hpp>

namespace net::inline NET_ABI {

namespace detail {

/// A task has it: what fails between two waits is thrown by the next one. Handles within it are the task's too.
template <class T>
void give_to_task(const T& given) noexcept {
  if constexpr (std::derived_from<T, Emitter<T>>) {
    if constexpr (requires { Access::state(given).given_to_task(); }) Access::state(given).given_to_task();
  } else {
    HandlesWithin<T>::each(given, [](const auto& handle) { give_to_task(handle); });
  }
}

/// The parameters of a callable that has one signature; none are known of one that is generic, which takes what there is.
template <class F>
struct Parameters {
  using Types = TypeList<>;
};
template <class F>
  requires requires { &F::operator(); }
struct Parameters<F> : Parameters<decltype(&F::operator())> {};
template <class R, class C, class... P>
struct Parameters<R (C::*)(P...)> {
  using Types = TypeList<P...>;
};
template <class R, class C, class... P>
struct Parameters<R (C::*)(P...) const> : Parameters<R (C::*)(P...)> {};
template <class R, class C, class... P>
struct Parameters<R (C::*)(P...) noexcept> : Parameters<R (C::*)(P...)> {};
template <class R, class C, class... P>
struct Parameters<R (C::*)(P...) const noexcept> : Parameters<R (C::*)(P...)> {};
template <class R, class... P>
struct Parameters<R (*)(P...)> : Parameters<R (Parameters<void>::*)(P...)> {};
template <class R, class... P>
struct Parameters<R (*)(P...) noexcept> : Parameters<R (*)(P...)> {};

/// Whether a parameter is a value, or refers to the argument itself and not to what it was converted to for the call.
template <class Parameter, class Given>
concept RefersToNoOther =
    !std::is_reference_v<Parameter> || std::same_as<std::remove_cvref_t<Parameter>, std::remove_cv_t<Given>> ||
    std::is_base_of_v<std::remove_cvref_t<Parameter>, Given>;

constexpr bool refer_to_no_others(...) { return true; }
template <class P, class... Parameters, class G, class... Given>
constexpr bool refer_to_no_others(TypeList<P, Parameters...>, TypeList<G, Given...>) {
  return RefersToNoOther<P, G> && refer_to_no_others(TypeList<Parameters...>{}, TypeList<Given...>{});
}

template <class T>
concept IsView = std::same_as<std::remove_const_t<T>, std::string_view> || std::same_as<std::remove_const_t<T>, Chunk>;

/// A handle travels as its state, and a task has it by value (S34.2): there is nothing to copy.
template <class T>
concept TravelsAsState = std::derived_from<T, Emitter<T>>;

/// One argument, as long as the task runs. Its address is what a listener is called with.
template <std::size_t At, class T>
struct KeptArgument {
  static constexpr bool copied = true;
  T value;

  explicit KeptArgument(void* given) : value(*static_cast<T*>(given)) {}
  void* address() noexcept { return const_cast<std::remove_const_t<T>*>(&value); }
};
/// A view, with bytes of its own.
template <std::size_t At, IsView T>
struct KeptArgument<At, T> {
  static constexpr bool copied = true;
  std::string bytes;
  std::remove_const_t<T> value;

  explicit KeptArgument(void* given) : bytes(std::string_view(*static_cast<T*>(given))), value(bytes) {}
  KeptArgument(const KeptArgument&) = delete;
  KeptArgument& operator=(const KeptArgument&) = delete;
  void* address() noexcept { return &value; }
};
template <std::size_t At, TravelsAsState T>
struct KeptArgument<At, T> {
  static constexpr bool copied = false;
  void* state;

  explicit KeptArgument(void* given) noexcept : state(given) {}
  void* address() const noexcept { return state; }
};

template <class Places, class... Args>
struct KeptAt;

template <std::size_t... At, class... Args>
struct KeptAt<std::index_sequence<At...>, Args...> : KeptArgument<At, Args>... {
  static constexpr bool any = (KeptArgument<At, Args>::copied || ...);
  void* at[sizeof...(Args) == 0 ? 1 : sizeof...(Args)];

  explicit KeptAt(void* const* given)
      : KeptArgument<At, Args>(given[At])..., at{KeptArgument<At, Args>::address()...} {}
};

/// All that a listener takes.
template <class... Args>
using KeptArguments = KeptAt<std::index_sequence_for<Args...>, Args...>;

}  // namespace detail
}  // namespace net::inline NET_ABI

#endif
