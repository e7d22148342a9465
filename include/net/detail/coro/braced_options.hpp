// Options that are written in braces inside co_await. Internal.
#ifndef NET_DETAIL_CORO_BRACED_OPTIONS_HPP
#define NET_DETAIL_CORO_BRACED_OPTIONS_HPP

#include <concepts>
#include <optional>
#include <span>
#include <string_view>
#include <type_traits>

#include <net/options.hpp>

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

// Inside co_await g++ 12 copies an aggregate bit by bit and destroys both. So what stands there in braces becomes an
// aggregate in which nothing has a destructor, with the names of the options proper; those are made of it before
// anything waits. A function takes `template <class Options = Braced…>`: braces have no type, and get that one.

#if defined(__GNUC__) && !defined(__clang__) && __GNUC__ < 13
/// Whether it is a lambda whose captures have destructors, with no name. g++ 12 destroys these twice inside co_await.
template <class Given>
constexpr bool is_lambda_destroyed_twice() {
  constexpr bool is_lambda = std::string_view(__PRETTY_FUNCTION__).find("<lambda") != std::string_view::npos;
  return is_lambda && !std::is_lvalue_reference_v<Given> && !std::is_trivially_destructible_v<Given>;
}
#else
template <class Given>
constexpr bool is_lambda_destroyed_twice() {
  return false;
}
#endif

template <class Given>
constexpr void require_named_lambda() {
  static_assert(!is_lambda_destroyed_twice<Given>(),
                "g++ 12 destroys this lambda's captures twice inside co_await: give it a name before");
}

/// Something of the expression's own, which lives until its end.
template <class T>
class Lent {
 public:
  constexpr Lent() noexcept = default;
  template <class From>
    requires(std::convertible_to<const From&, T> && is_lambda_destroyed_twice<From>())
  constexpr Lent(From&&) noexcept {
    require_named_lambda<From>();
  }
  template <class From>
    requires(std::convertible_to<const From&, T> && !std::same_as<From, Lent>)
  constexpr Lent(const From& from) noexcept
      : from_(&from), copied_([](const void* at) -> T { return *static_cast<const From*>(at); }) {}

  explicit constexpr operator bool() const noexcept { return from_ != nullptr; }
  T copy() const { return from_ ? copied_(from_) : T(); }

 private:
  const void* from_ = nullptr;
  T (*copied_)(const void*) = nullptr;
};

struct BracedWaitOptions {
  Lent<AbortSignal> signal = {};
  std::optional<Duration> timeout = {};

  operator WaitOptions() const { return {signal.copy(), timeout}; }
};

/// What a wait gets that is given no options: no temporary of theirs stands in the frame.
inline constexpr BracedWaitOptions without_limit{};

struct BracedOnRead {
  std::span<std::byte> buffer = {};
  Lent<function<std::span<std::byte>()>> allocate = {};
  Lent<function<bool(std::size_t, std::span<std::byte>)>> callback = {};

  operator OnRead() const { return {buffer, allocate.copy(), callback.copy()}; }
};

struct BracedConnectOptions {
  int port = -1;
  std::string_view host = "localhost";
  std::string_view path = {};
  std::string_view localAddress = {};
  int localPort = 0;
  Family family = Family::unspecified;
  int hints = 0;
  Lent<Lookup> lookup = {};
  bool noDelay = false;
  bool keepAlive = false;
  Duration keepAliveInitialDelay = 0;
  std::optional<bool> autoSelectFamily = {};
  std::optional<Duration> autoSelectFamilyAttemptTimeout = {};
  Lent<std::optional<BlockList>> blockList = {};
  Duration timeout = 0;
  bool allowHalfOpen = false;
  BracedOnRead onread = {};
  Lent<AbortSignal> signal = {};
  bool reusable = false;

  operator ConnectOptions() const;
};

/// Options as a function takes them: named ones, or braces. A temporary with a name is what g++ 12 cannot do.
template <class Given, class Options, class Braced>
concept OptionsOrBraces = std::same_as<std::remove_cvref_t<Given>, Options> || std::same_as<Given, Braced>;

using WaitBraces = const BracedWaitOptions&;
template <class Given>
concept WaitOptionsOrBraces = OptionsOrBraces<Given, WaitOptions, WaitBraces>;

/// Options of the program's own, which must live as long as the wait.
template <class Given>
constexpr void require_lasting() {
#if defined(__GNUC__) && !defined(__clang__) && __GNUC__ < 13
  static_assert(
      std::is_lvalue_reference_v<Given> || std::is_trivially_destructible_v<Given>,
      "g++ 12 destroys this temporary twice inside co_await: write only the braces, or give it a name before");
#endif
}

/// What a wait was given last: its options. For anything else the compiler says what to write.
template <class Given>
constexpr decltype(auto) limit_of(const std::remove_reference_t<Given>& options) {
  constexpr bool in_braces = WaitOptionsOrBraces<Given>;
  static_assert(in_braces, "what ends a wait stands in braces: {.timeout = 5s} or {.signal = s}");
  if constexpr (in_braces) {
    require_lasting<Given>();
    return (options);
  } else {
    return (without_limit);
  }
}

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#include <net/detail/coro/braced_options.ipp>

#endif
