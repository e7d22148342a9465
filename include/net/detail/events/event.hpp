// Tables of events: which there are, what their listeners get, and how they are called. Internal.
#ifndef NET_DETAIL_EVENTS_EVENT_HPP
#define NET_DETAIL_EVENTS_EVENT_HPP

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <new>
#include <string_view>
#include <type_traits>
#include <utility>

#include <net/detail/base/access.hpp>
#include <net/detail/base/fixed_string.hpp>
#include <net/detail/base/function.hpp>
#include <net/detail/base/on_throw.hpp>
#include <net/detail/base/ref.hpp>
#include <net/detail/events/listeners.hpp>

namespace net::inline NET_ABI {

template <class Derived>
class Emitter;

namespace detail {

template <class... Types>
struct TypeList {};

/// How many of the leading `Args` a listener takes after `Taken`, all of them if it can; -1 if none fit. Shorter
/// lists are tried only where longer ones fail, so that the body of a generic listener sees no others.
template <class F, class... Taken>
constexpr int leading_count(TypeList<Taken...>, TypeList<>) {
  return CallsAs<F, void, Taken&...> ? 0 : -1;
}
template <class F, class... Taken, class Next, class... Rest>
constexpr int leading_count(TypeList<Taken...>, TypeList<Next, Rest...>) {
  constexpr int longer = leading_count<F>(TypeList<Taken..., Next>{}, TypeList<Rest...>{});
  if constexpr (longer >= 0) {
    return longer + 1;
  } else {
    return CallsAs<F, void, Taken&...> ? 0 : -1;
  }
}

/// The arguments that a listener takes: a leading part of the event's, or the emitter first and then those.
template <class F, class Self, class... Args>
struct Taken {
  static constexpr int plain = leading_count<F>(TypeList<>{}, TypeList<Args...>{});
  static constexpr int after_self = [] {
    if constexpr (plain < static_cast<int>(sizeof...(Args))) {
      return leading_count<F>(TypeList<Self>{}, TypeList<Args...>{});
    } else {
      return -1;
    }
  }();
  static constexpr bool any = plain >= 0 || after_self >= 0;
  static constexpr bool self = after_self > plain;
  static constexpr std::size_t count = any ? static_cast<std::size_t>(self ? after_self : plain) : 0;
};

template <std::size_t Index, class First, class... Rest>
struct Nth : Nth<Index - 1, Rest...> {};

template <class First, class... Rest>
struct Nth<0, First, Rest...> {
  using type = First;
};

/// A callable that does not fit into a record.
template <class Callable>
class Elsewhere {
 public:
  template <class G>
  explicit Elsewhere(G&& g) : callable_(new Callable(static_cast<G&&>(g))) {}
  Elsewhere(const Elsewhere&) = delete;
  Elsewhere& operator=(const Elsewhere&) = delete;
  ~Elsewhere() { delete callable_; }
  Callable& operator*() const noexcept { return *callable_; }

 private:
  Callable* callable_;
};

/// What a listener is given. A handle travels as its state, and is made here, so that only who takes one pays for it.
template <class T, bool Constant>
class Argument {
 public:
  explicit Argument(void* from) noexcept : from_(static_cast<T*>(from)) {}
  T& get() const noexcept { return *from_; }

 private:
  T* from_;
};
/// A handle is lent: it stands in the state that it is a handle of, and owns nothing, since whoever emits keeps the
/// state alive. So a reference to it that a listener has captured is good for as long as the state is there.
template <class T>
T& lend_handle(void* state) {
  using State = std::remove_reference_t<decltype(Access::state(std::declval<const T&>()))>;
  static_assert(sizeof(T) == sizeof(void*) && alignof(T) == alignof(void*));
  State& owner = *static_cast<State*>(state);
  void* const place = owner.listeners.place_of_handle();
  if (owner.listeners.lent_handle() != state) [[unlikely]] {
    if (owner.listeners.lent_handle()) static_cast<T*>(place)->~T();  // it was given another value, and owns that
    ::new (place) T(Access::make<T>(state));
    --owner.owners;
  }
  return *std::launder(static_cast<T*>(place));
}
template <class T>
  requires std::derived_from<T, Emitter<T>>
class Argument<T, true> {
 public:
  explicit Argument(void* state) : lent_(lend_handle<T>(state)) {}
  const T& get() const noexcept { return lent_; }

 private:
  const T& lent_;
};
/// A listener that can change the handle may give it another value, which it owns then. The next one is lent it anew.
template <class T>
  requires std::derived_from<T, Emitter<T>>
class Argument<T, false> {
 public:
  explicit Argument(void* state) : state_(state), lent_(lend_handle<T>(state)) {}
  Argument(const Argument&) = delete;
  Argument& operator=(const Argument&) = delete;
  ~Argument() { lend_handle<T>(state_); }
  T& get() const noexcept { return lent_; }

 private:
  void* state_;
  T& lent_;
};
template <class T>
using Constant = std::conditional_t<std::derived_from<T, Emitter<T>>, const T, T>;

/// The handles that an argument holds which is none itself: for each of them `each(handle)`.
template <class T>
struct HandlesWithin {
  template <class Each>
  static void each(const T&, const Each&) noexcept {}
};

/// How a listener with this result is held and called: as it is, and nobody looks at the result.
template <class Result>
struct ListenerResult {
  /// Whether what the listener's parameters refer to is there as long as it looks at it.
  template <class F, class Call>
  static constexpr bool lasts = true;

  template <class F>
  using Held = std::conditional_t<alignof(F) <= alignof(void*) && sizeof(F) <= Listeners::max_bytes, F, Elsewhere<F>>;

  template <class Listener, class F>
  static void call(F& callable, void* state, void* const* args) {
    Listener::call_with(callable, state, args, typename Listener::Indices{});
  }
  template <class Listener, class F>
  static void call(Elsewhere<F>& callable, void* state, void* const* args) {
    Listener::call_with(*callable, state, args, typename Listener::Indices{});
  }
};

template <class F, class Self, class... Args>
struct ListenerCall {
  using Takes = Taken<F, Self, Args...>;

  template <std::size_t At>
  using ArgumentType = typename Nth<At, Args..., void>::type;

  template <std::size_t... At>
  NET_GNU(always_inline) static inline decltype(auto) call_with(F& f, void* state, void* const* args,
                                                                std::index_sequence<At...>) {
    (void)state, (void)args;
    if constexpr (Takes::self) {
      constexpr bool constant = CallsAs<F, void, const Self&, Constant<ArgumentType<At>>&...>;
      return f(Argument<Self, constant>(state).get(), Argument<ArgumentType<At>, constant>(args[At]).get()...);
    } else {
      constexpr bool constant = CallsAs<F, void, Constant<ArgumentType<At>>&...>;
      return f(Argument<ArgumentType<At>, constant>(args[At]).get()...);
    }
  }
  using Indices = std::make_index_sequence<Takes::count>;
  using Result = ListenerResult<std::remove_cvref_t<decltype(call_with(
      std::declval<F&>(), static_cast<void*>(nullptr), static_cast<void* const*>(nullptr), Indices{}))>>;

  template <template <class...> class To, class... First, std::size_t... At>
  static To<First..., ArgumentType<At>...> taken_in(std::index_sequence<At...>);
  /// The types of those that the listener takes, in another template.
  template <template <class...> class To>
  using TakenIn = decltype(taken_in<To>(Indices{}));
  /// The types of all that it is called with.
  static constexpr auto given() {
    if constexpr (Takes::self) {
      return decltype(taken_in<TypeList, Self>(Indices{})){};
    } else {
      return decltype(taken_in<TypeList>(Indices{})){};
    }
  }

  /// The emitter, the handles among the arguments, and those within what the listener takes of them.
  template <class Each>
  static void each_handle(void* state, void* const* args, Each each) {
    each(Access::make<Self>(state));
    std::size_t at = 0;
    [[maybe_unused]] const auto one = [&]<class Arg>(std::type_identity<Arg>, void* arg) {
      if constexpr (std::derived_from<Arg, Emitter<Arg>>) {
        each(Access::make<Arg>(arg));
      } else if (at < Takes::count) {
        HandlesWithin<std::remove_const_t<Arg>>::each(*static_cast<const Arg*>(arg), each);
      }
      ++at;
    };
    (void)args, (void)at, (..., one(std::type_identity<Args>{}, args[at]));
  }

  struct Record : ListenerRecord {
    typename Result::template Held<F> held;
    template <class G>
    explicit Record(G&& g) : ListenerRecord{}, held(static_cast<G&&>(g)) {}
  };

  static void call(ListenerRecord& record, void* state, void* const* args) {
    Result::template call<ListenerCall>(static_cast<Record&>(record).held, state, args);
  }
  static void destroy(ListenerRecord& record) noexcept { static_cast<Record&>(record).~Record(); }

  static constexpr ListenerRecord::Operations operations{call, destroy};
};

/// The type in which an argument travels from where its event is emitted to where its listener is called.
template <class T>
struct Carried {
  using type = const T&;
};

/// Shows the arguments in what a compiler says.
template <class... Args>
struct ListenerTakes {
  template <bool Fits>
  static constexpr bool these = Fits;
};

/// One row of a class's table of events: its name, and the arguments of its listeners.
template <fixed_string Name, class... Args>
struct Event {
  static constexpr std::string_view name() noexcept { return Name.view(); }

  template <class Self, class F>
  static std::uint64_t add(Listeners& to, unsigned index, unsigned marks, bool front, F&& listener) {
    constexpr bool fits = Taken<std::decay_t<F>, Self, Args...>::any;
    static_assert(
        ListenerTakes<Args...>::template these<fits>,
        "a listener takes the arguments of its event, or the first few of them, or the emitter and then those");
    if constexpr (fits) {
      using Call = ListenerCall<std::decay_t<F>, Self, Args...>;
      constexpr bool lasts = Call::Result::template lasts<std::decay_t<F>, Call>;
      static_assert(lasts,
                    "take it by value: this parameter of a task refers to what an argument was converted to for the "
                    "call alone");
      return to.add<typename Call::Record>(index, marks, front, Call::operations, static_cast<F&&>(listener));
    } else {
      return 0;
    }
  }

  /// The arguments of the listeners, as pointers that are good for one expression.
  struct Given {
    void* at[sizeof...(Args) == 0 ? 1 : sizeof...(Args)];
    explicit Given(typename Carried<Args>::type... args) noexcept
        : at{const_cast<void*>(static_cast<const void*>(&args))...} {}
  };
};

template <class... Rows>
struct EventTable {
  static_assert(sizeof...(Rows) <= Listeners::max_events, "an emitter has at most 31 events");
  static constexpr unsigned index_of(std::string_view name) noexcept {
    unsigned at = 0;
    (void)((Rows::name() == name || (++at, false)) || ...);
    return at;
  }
  template <fixed_string Name>
  static constexpr bool has = index_of(Name.view()) < sizeof...(Rows);
  /// The number by which an event is emitted.
  template <fixed_string Name>
    requires(has<Name>)
  static constexpr unsigned index = index_of(Name.view());
};

template <class Table, unsigned Index>
struct EventAt;

template <class... Rows, unsigned Index>
struct EventAt<EventTable<Rows...>, Index> : Nth<Index, Rows...> {};

/// The number that stands for all events, when all listeners of all its events were removed.
inline constexpr unsigned all_events = ~0u;

/// A base of states of which nothing depends on who listens: nothing follows from a listener that comes or goes, and
/// the library has none of its own.
struct MindsNoListeners {
  static constexpr bool minds_listeners(unsigned) noexcept { return false; }
  void listener_added(unsigned) noexcept {}
  void listener_put_in_front(unsigned) noexcept {}
  void listener_removed(unsigned) noexcept {}
  void all_listeners_go(unsigned) noexcept {}
  std::size_t own_listeners(unsigned) const noexcept { return 0; }
};

/// What follows from a new listener may need memory: without it the listener is not added either. One that is put in
/// front of the others does not count as added (S14.2). What follows from a removal needs no memory, unless the user
/// removes all listeners of an event.
template <class State>
inline void note_added(State& state, unsigned event, bool front, std::uint64_t id) {
  CallOnThrow undo([&] { state.listeners.remove(id); });
  front ? state.listener_put_in_front(event) : state.listener_added(event);
  undo.passed = true;
}

/// Calls the listeners of an event, with pointers to their arguments; a handle travels as its state. False: there is
/// none. The caller keeps the state alive.
template <class State>
NET_GNU(always_inline) inline bool call_listeners(State& state, unsigned event, void* const* args) {
  return state.listeners.each(
      event, [&](ListenerRecord& record) { record.operations->call(record, &state, args); },
      [&] { state.listener_removed(event); });
}

/// The same, out of line and once for all events of a class: for those that do not come with every message.
template <class State>
NET_GNU(noinline) bool call_listeners_rarely(State& state, unsigned event, void* const* args) {
  return call_listeners(state, event, args);
}

}  // namespace detail
}  // namespace net::inline NET_ABI

#endif
