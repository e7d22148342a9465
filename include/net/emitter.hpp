// on<"data">(listener): events whose names and arguments are checked while compiling.
#ifndef NET_EMITTER_HPP
#define NET_EMITTER_HPP

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>
#include <utility>

#include <net/detail/base/identity.hpp>
#include <net/detail/events/event.hpp>
#include <net/detail/events/own_listeners.hpp>

namespace net::inline NET_ABI {

/// A registration, for `off()`. It is a number, and stays harmless when the listener is gone.
class Listener {
 public:
  Listener() noexcept = default;                             ///< of no listener
  explicit Listener(std::uint64_t id) noexcept : id_(id) {}  ///< one that `id()` gave
  std::uint64_t id() const noexcept { return id_; }          ///< 0: of no listener

 private:
  std::uint64_t id_ = 0;  // of its emitter, and never given again
};

/// What Socket and Server have in common: listeners for events. The events of a class are the rows of its
/// `Events` table; an unknown name or a listener with other arguments does not compile.
///
/// A listener may do anything: add and remove listeners, itself too, destroy its object, throw. Those that
/// were there when the event began are called, in the order in which they were added (S1.4). An exception
/// leaves `run()`, which can be called again (S1.5, S2.13). All listeners are dropped after 'close'.
///
/// Handles of one object are equal, have an order, and can be keys of maps (S36.3).
template <class Derived>
class Emitter : public detail::Identity<Derived> {
 public:
  /// `on<"data">(listener)`: adds a listener behind the others; the same one may be added many times (S1.1). It takes
  /// the arguments of the event, only the first few of them, or the emitter and then these. One that returns a `Task`
  /// has it run; its captures, and what it was given, stay until the task has ended (S34.1).
  template <fixed_string Name, class F>
  const Derived& on(F&& listener) const {
    Derived::template check_event<Name>();
    add<Name>(static_cast<F&&>(listener), 0, false);
    return self();
  }
  /// Adds a listener that is removed before it is called.
  template <fixed_string Name, class F>
  const Derived& once(F&& listener) const {
    Derived::template check_event<Name>();
    add<Name>(static_cast<F&&>(listener), detail::ListenerRecord::once, false);
    return self();
  }
  /// Adds a listener in front of the others. As in Node, one of 'data' or 'readable' that is added in this way does not
  /// change how a socket reads.
  template <fixed_string Name, class F>
  const Derived& prependListener(F&& listener) const {
    Derived::template check_event<Name>();
    add<Name>(static_cast<F&&>(listener), 0, true);
    return self();
  }
  /// Adds a listener in front of the others that is removed before it is called.
  template <fixed_string Name, class F>
  const Derived& prependOnceListener(F&& listener) const {
    Derived::template check_event<Name>();
    add<Name>(static_cast<F&&>(listener), detail::ListenerRecord::once, true);
    return self();
  }
  /// Like `on`, but gives a token with which `off` takes the listener off again; `front` puts it before the others.
  template <fixed_string Name, class F>
  Listener addListener(F&& listener, bool front = false) const {
    Derived::template check_event<Name>();
    return Listener(add<Name>(static_cast<F&&>(listener), 0, front));
  }

  /// Takes a listener off; one that is gone already is ignored (S1.2). An event that is under way still calls it
  /// (S1.4).
  void off(Listener listener) const {
    const int event = state().listeners.remove(listener.id());
    if (event >= 0) state().listener_removed(static_cast<unsigned>(event));
  }
  void removeListener(Listener listener) const { off(listener); }

  /// Takes off all listeners of one event, or of all events (S1.3).
  template <fixed_string Name>
  void removeAllListeners() const {
    Derived::template check_event<Name>();
    state().all_listeners_go(row<Name>());
    state().listeners.remove_all(row<Name>());
  }
  void removeAllListeners() const {
    state().all_listeners_go(detail::all_events);
    state().listeners.clear();
  }
  /// How many listeners an event has; the library's own ones at Node's places count too (S1.11).
  template <fixed_string Name>
  std::size_t listenerCount() const {
    Derived::template check_event<Name>();
    return state().listeners.count(row<Name>()) + state().own_listeners(row<Name>());
  }

  /// Refused: these read well and cannot be; the compiler says what to write instead.
  template <class Name, class F>
  void on(Name&&, F&&) const {
    name_in_parentheses<F>();
  }
  template <class Name, class F>
  void once(Name&&, F&&) const {
    name_in_parentheses<F>();
  }
  template <class Name, class F>
  void addListener(Name&&, F&&) const {
    name_in_parentheses<F>();
  }
  template <class Name, class F>
  void prependListener(Name&&, F&&) const {
    name_in_parentheses<F>();
  }
  template <class Name, class F>
  void prependOnceListener(Name&&, F&&) const {
    name_in_parentheses<F>();
  }
  template <class Name>
  void removeAllListeners(Name&&) const {
    name_in_parentheses<Name>();
  }
  template <class Name>
  std::size_t listenerCount(Name&&) const {
    name_in_parentheses<Name>();
    return 0;
  }
  template <fixed_string Name, class Unused = void>
  void once() const {
    constexpr bool listens = !std::is_void_v<Unused>;
    static_assert(listens, "once<\"data\"> takes a listener; what a task waits for is net::once<\"data\">(socket)");
  }
  template <fixed_string Name, class... F>
  void off(F&&...) const {
    constexpr bool takes_token = Name.view().empty();
    static_assert(takes_token,
                  "off() takes what addListener<\"data\">(listener) gave; removeAllListeners<\"data\">() all");
  }
  template <class Name, class F>
  void off(Name&&, F&&) const {
    constexpr bool takes_token = !std::is_same_v<F, F>;
    static_assert(takes_token,
                  "off() takes what addListener<\"data\">(listener) gave; removeAllListeners<\"data\">() all");
  }

  /// Refused: an emitter is no wait.
  template <class Unused = void>
  detail::NoWait operator co_await() const {
    constexpr bool is_wait = !std::is_void_v<Unused>;
    static_assert(is_wait,
                  "this is nothing to wait for: net::connected(8000), net::once<\"close\">(socket), net::Reader are");
    return {};
  }

 protected:
  Emitter() = default;
  Emitter(const Emitter&) = default;
  /// One that a listener was lent owns nothing until it is given another value.
  Emitter& operator=(const Emitter& other) noexcept {
    if (state().listeners.place_of_handle() == this && &state() != &other.state()) ++state().owners;
    return *this;
  }
  ~Emitter() = default;

  /// The last argument of a call that begins something: a listener of an event without arguments, or nothing.
  template <fixed_string Name, class F>
  void once_begun(F&& listener) const {
    if constexpr (!std::is_null_pointer_v<std::remove_cvref_t<F>>) {
      constexpr bool fits = detail::Taken<std::decay_t<F>, Derived>::any;
      static_assert(fits, "this listener takes nothing, or the emitter; an error comes by on<\"error\">(listener)");
      if constexpr (fits) once<Name>(static_cast<F&&>(listener));
    }
  }

 private:
  friend struct detail::ListenerUse;

  template <class T>
  static constexpr void name_in_parentheses() {
    constexpr bool name_before_the_parenthesis = !std::is_same_v<T, T>;
    static_assert(name_before_the_parenthesis,
                  "write the name of the event before the parenthesis: on<\"data\">(listener)");
  }

  const Derived& self() const noexcept { return static_cast<const Derived&>(*this); }
  auto& state() const noexcept { return detail::Access::state(self()); }

  template <fixed_string Name>
  static constexpr unsigned row() {
    return Derived::Events::index_of(Name.view());
  }

  template <fixed_string Name, class F>
  std::uint64_t add(F&& listener, unsigned marks, bool front) const {
    constexpr unsigned at = row<Name>();
    if constexpr (Derived::Events::template has<Name>) {
      using Row = typename detail::EventAt<typename Derived::Events, at>::type;
      const std::uint64_t id =
          Row::template add<Derived>(state().listeners, at, marks, front, static_cast<F&&>(listener));
      using State = std::remove_reference_t<decltype(state())>;
      if constexpr (State::minds_listeners(at)) detail::note_added(state(), at, front, id);
      return id;
    } else {
      return 0;
    }
  }
};

}  // namespace net::inline NET_ABI

#endif
