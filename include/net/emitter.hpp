// on<"data">(listener): events whose names and arguments are checked while compiling.
#ifndef NET_EMITTER_HPP
#define NET_EMITTER_HPP

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>
#include <utility>

#include <net/detail/base/fixed_string.hpp>
#include <net/detail/events/listeners.hpp>

namespace net::inline NET_ABI {

template <class Derived>
class Emitter;

/// A registration, for `off()`. It stays harmless when the listener is gone.
class Listener {
 public:
  Listener() noexcept = default;
  explicit Listener(std::uint64_t id) noexcept : id_(id) {}
  std::uint64_t id() const noexcept { return id_; }

 private:
  std::uint64_t id_ = 0;  // of its emitter, and never given again
};

namespace detail {

template <class... Types>
struct TypeList {};

/// How many of the leading `Args` a listener takes after `Taken`, all of them if it can; -1 if none fit. Shorter
/// lists are tried only where longer ones fail, so that the body of a generic listener sees no others.
template <class F, class... Taken>
constexpr int leading_count(TypeList<Taken...>, TypeList<>) {
  return std::is_invocable_v<F&, Taken&...> ? 0 : -1;
}
template <class F, class... Taken, class Next, class... Rest>
constexpr int leading_count(TypeList<Taken...>, TypeList<Next, Rest...>) {
  constexpr int longer = leading_count<F>(TypeList<Taken..., Next>{}, TypeList<Rest...>{});
  if constexpr (longer >= 0) {
    return longer + 1;
  } else {
    return std::is_invocable_v<F&, Taken&...> ? 0 : -1;
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
template <class F>
class Elsewhere {
 public:
  template <class G>
  explicit Elsewhere(G&& g) : callable_(new F(std::forward<G>(g))) {}
  Elsewhere(const Elsewhere&) = delete;
  Elsewhere& operator=(const Elsewhere&) = delete;
  ~Elsewhere() { delete callable_; }
  F& operator*() const noexcept { return *callable_; }

 private:
  F* callable_;
};

template <class F, class Self, class... Args>
struct ListenerCall {
  using Takes = Taken<F, Self, Args...>;
  static constexpr bool fits = alignof(F) <= alignof(void*) && sizeof(F) <= Listeners::max_bytes;

  struct Record : ListenerRecord {
    std::conditional_t<fits, F, Elsewhere<F>> call;
    template <class G>
    explicit Record(G&& g) : ListenerRecord{}, call(std::forward<G>(g)) {}
  };
  static F& callable(ListenerRecord& record) noexcept {
    if constexpr (fits) {
      return static_cast<Record&>(record).call;
    } else {
      return *static_cast<Record&>(record).call;
    }
  }

  static void call(ListenerRecord& record, void* self, void* const* args) {
    [&]<std::size_t... At>(std::index_sequence<At...>) {
      F& f = callable(record);
      (void)self, (void)args;
      if constexpr (Takes::self) {
        f(*static_cast<Self*>(self), *static_cast<typename Nth<At, Args..., void>::type*>(args[At])...);
      } else {
        f(*static_cast<typename Nth<At, Args..., void>::type*>(args[At])...);
      }
    }(std::make_index_sequence<Takes::count>{});
  }
  static void destroy(ListenerRecord& record) noexcept { static_cast<Record&>(record).~Record(); }

  static constexpr ListenerRecord::Operations operations{call, destroy};
};

/// The library's own way to an emitter.
struct ListenerUse {
  /// A listener for one time is used: it counts as removed (S1.4).
  template <class Self>
  static void used(const Emitter<Self>& emitter, unsigned event) {
    emitter.note_removed(event);
  }
  template <fixed_string Name, class Self, class F>
  static std::uint64_t add(const Emitter<Self>& emitter, F&& listener) {
    return emitter.template add<Name>(std::forward<F>(listener), ListenerRecord::own, false);
  }
  template <class Self>
  static void remove(const Emitter<Self>& emitter, std::uint64_t first, std::uint64_t last) {
    emitter.remove_own(first, last);
  }
  /// What all handles of the same emitter share.
  template <class Self>
  static const Listeners* of(const Emitter<Self>& emitter) noexcept {
    return emitter.shared();
  }
};

/// The library's own listeners of one owner on one emitter. When they are off, or their owner is gone, they are never
/// called any more, not even by an emission that is under way (S1.4): so they may refer to the owner. Added one
/// after the other, with nothing of the user's in between, so that the first and the last say which they are.
template <class Emitting>
class OwnListeners {
 public:
  explicit OwnListeners(const Emitting& emitter) : emitter_(emitter) {}
  OwnListeners(const OwnListeners&) = delete;
  OwnListeners& operator=(const OwnListeners&) = delete;
  ~OwnListeners() { off(); }

  template <fixed_string Name, class F>
  void on(F&& listener) {
    last_ = ListenerUse::add<Name>(emitter_, std::forward<F>(listener));
    if (first_ == 0) first_ = last_;
  }
  void off() {
    if (first_ != 0) ListenerUse::remove(emitter_, std::exchange(first_, 0), last_);
  }
  const Emitting& emitter() const noexcept { return emitter_; }

 private:
  Emitting emitter_;
  std::uint64_t first_ = 0;  // 0: none
  std::uint64_t last_ = 0;
};

/// One row of a class's table of events: its name, and what its listeners are told.
template <fixed_string Name, class... Args>
struct Event {
  static constexpr std::string_view name() noexcept { return Name.view(); }

  template <class Self, class F>
  static std::uint64_t add(Listeners& to, unsigned index, unsigned marks, bool front, F&& listener) {
    using Call = ListenerCall<std::decay_t<F>, Self, Args...>;
    static_assert(Call::Takes::any,
                  "a listener takes the arguments of its event (named in this message, in Event<...>), "
                  "or the first few of them, or the emitter and then those");
    if constexpr (Call::Takes::any) {
      return to.add<typename Call::Record>(index, marks, front, Call::operations, std::forward<F>(listener));
    } else {
      return 0;
    }
  }

  /// Calls the listeners; `self` must keep the object alive meanwhile.
  template <class Self>
  [[gnu::always_inline]] static bool fire(Listeners& at, unsigned index, Self& self, Args&... args) {
    void* const pointers[sizeof...(Args) == 0 ? 1 : sizeof...(Args)] = {
        const_cast<void*>(static_cast<const void*>(&args))...};
    return at.each(
        index, [&](ListenerRecord& record) { record.operations->call(record, &self, pointers); },
        [&] { ListenerUse::used(self, index); });
  }
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
};

template <class Table, unsigned Index>
struct EventAt;

template <class... Rows, unsigned Index>
struct EventAt<EventTable<Rows...>, Index> : Nth<Index, Rows...> {};

}  // namespace detail

/// What Socket and Server have in common: listeners for events. The events of a class are the rows of its
/// `Events` table; an unknown name or a listener with other arguments does not compile.
///
/// A listener may do anything: add and remove listeners, itself too, destroy its object, throw. Those that
/// were there when the event began are called, in the order in which they were added (S1.4). An exception
/// leaves `run()`, which can be called again (S1.5, S2.13). All listeners are dropped after 'close'.
template <class Derived>
class Emitter {
 public:
  /// Adds a listener behind the others; the same one may be added many times (S1.1).
  template <fixed_string Name, class F>
  const Derived& on(F&& listener) const {
    add<Name>(std::forward<F>(listener), 0, false);
    return self();
  }
  /// Adds a listener that is removed before it is called.
  template <fixed_string Name, class F>
  const Derived& once(F&& listener) const {
    add<Name>(std::forward<F>(listener), detail::ListenerRecord::once, false);
    return self();
  }
  /// Adds a listener in front of the others. As in Node, one of 'data' or 'readable' that is added in this way does not
  /// change how a socket reads.
  template <fixed_string Name, class F>
  const Derived& prependListener(F&& listener) const {
    add<Name>(std::forward<F>(listener), 0, true);
    return self();
  }
  /// Adds a listener in front of the others that is removed before it is called.
  template <fixed_string Name, class F>
  const Derived& prependOnceListener(F&& listener) const {
    add<Name>(std::forward<F>(listener), detail::ListenerRecord::once, true);
    return self();
  }
  /// Like `on`, but gives a token with which `off` takes the listener off again; `front` puts it before the others.
  template <fixed_string Name, class F>
  Listener addListener(F&& listener, bool front = false) const {
    return Listener(add<Name>(std::forward<F>(listener), 0, front));
  }

  /// Takes a listener off; one that is gone already is ignored (S1.2).
  void off(Listener listener) const {
    const int event = self().events().remove(listener.id());
    if (event >= 0) note_removed(static_cast<unsigned>(event));
  }
  void removeListener(Listener listener) const { off(listener); }

  template <fixed_string Name>
  void removeAllListeners() const {
    self().events().remove_all(index<Name>());
    self().listener_removed(index<Name>(), true);
  }
  void removeAllListeners() const {
    self().events().clear();
    self().listener_removed(all_events, true);
  }
  template <fixed_string Name>
  std::size_t listenerCount() const {
    return self().events().count(index<Name>()) + self().own_listeners(index<Name>());
  }

 protected:
  static constexpr unsigned all_events = ~0u;

  ~Emitter() = default;

  /// What Derived may hide: told of changes (and whether all of an event went), and asked how many listeners the library
  /// itself has on an event. A listener that is put in front does not count as added (S14.2).
  void listener_added(unsigned) const {}
  void listener_put_in_front(unsigned) const {}
  void listener_removed(unsigned, bool) const {}
  std::size_t own_listeners(unsigned) const { return 0; }

 private:
  const Derived& self() const noexcept { return static_cast<const Derived&>(*this); }

  template <fixed_string Name>
  static constexpr unsigned index() {
    Derived::template check_event<Name>();
    return Derived::Events::index_of(Name.view());
  }

  friend struct detail::ListenerUse;

  const detail::Listeners* shared() const noexcept { return &self().events(); }
  void note_removed(unsigned event) const { self().listener_removed(event, false); }
  void remove_own(std::uint64_t first, std::uint64_t last) const {
    const std::uint32_t events = self().events().remove_own(first, last);
    for (unsigned event = 0; events >> event != 0; ++event) {
      if (events >> event & 1u) note_removed(event);
    }
  }

  template <fixed_string Name, class F>
  std::uint64_t add(F&& listener, unsigned marks, bool front) const {
    constexpr unsigned at = index<Name>();
    if constexpr (Derived::Events::template has<Name>) {
      using Row = typename detail::EventAt<typename Derived::Events, at>::type;
      const std::uint64_t id =
          Row::template add<Derived>(self().events(), at, marks, front, std::forward<F>(listener));
      // what follows from a listener may need memory: without it the listener was not added either
      struct Undo {
        detail::Listeners& listeners;
        std::uint64_t id;
        bool passed = false;
        ~Undo() {
          if (!passed) listeners.remove(id);
        }
      } undo{self().events(), id};
      front ? self().listener_put_in_front(at) : self().listener_added(at);
      undo.passed = true;
      return id;
    } else {
      return 0;
    }
  }
};

}  // namespace net::inline NET_ABI

#endif
