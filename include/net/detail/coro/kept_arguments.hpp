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

namespace net::inline NET_ABI {

template <class Derived>
class Emitter;

namespace detail {

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
