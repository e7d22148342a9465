// net.hpp 0.1.0, all of it in one header. Copyright (c) 2026 The net.hpp authors.
// SPDX-License-Identifier: MIT
// Made by tools/amalgamate.py from the headers under include/: change those, not this.

// net.hpp: Node.js's `net` module for C++20.
#ifndef NET_HPP
#define NET_HPP

/// The version of the library, as numbers, for `#if`.
#define NET_VERSION_MAJOR 0
#define NET_VERSION_MINOR 1
#define NET_VERSION_PATCH 0

// How this file was configured: with or without exceptions, compiled once or in every file. Internal.
#ifndef NET_DETAIL_BASE_ABI_HPP
#define NET_DETAIL_BASE_ABI_HPP

#if __cplusplus < 201709L && (!defined(_MSVC_LANG) || _MSVC_LANG < 202002L)
#error "net.hpp needs C++20: add -std=c++20 (MSVC: /std:c++20)"
#elif !defined(__cpp_impl_coroutine)
#error "net.hpp needs the coroutines of C++20: add -std=c++20, and no -fno-coroutines"
#endif

// Files with and without -fno-exceptions may meet in one program. A function that may throw ends the program in the
// latter, so it is another function there, and so is all that calls it: under one name the linker would keep either.
// What is compiled once has names of its own too, so no file shares it with one that is header-only.
#if defined(__cpp_exceptions) && defined(NET_SEPARATE)
#define NET_ABI throwing_compiled_once
#elif defined(__cpp_exceptions)
#define NET_ABI throwing
#elif defined(NET_SEPARATE)
#define NET_ABI aborting_compiled_once
#else
#define NET_ABI aborting
#endif

/// NET_SEPARATE, NET_IMPLEMENTATION: to compile the library once. All files of the program define `NET_SEPARATE`; then
/// the headers declare, and the one file that defines `NET_IMPLEMENTATION` too, before it includes them, has the
/// bodies. A program that mixes this with header-only files does not link.

// NET_API stands before each function that is no template.
#if defined(NET_SEPARATE)
#define NET_API
#else
#define NET_API inline
#endif
#if !defined(NET_SEPARATE) || defined(NET_IMPLEMENTATION)
#define NET_BODIES 1
#else
#define NET_BODIES 0
#endif

// Advice that only some compilers know; others warn of it.
#if defined(__GNUC__) || defined(__clang__)
#define NET_GNU(advice) [[gnu::advice]]
#else
#define NET_GNU(advice)
#endif

// NET_RARE stands there instead before what runs when something fails. It is compiled for size, away from the rest, and
// so is what leads to it: nothing that a program calls when all is well may have it.
#define NET_RARE NET_GNU(cold) NET_API

// Declared first, it is what `namespace net::detail` opens again elsewhere. The headers name it in full all the same:
// to clang++ the symbols of what stands in a namespace are named as the namespace was opened.
namespace net::inline NET_ABI::detail {

// Two files may share nothing that has a name, and yet wait for each other, each with a default loop of its own. So
// this has the same name in both ways, and is thread-local in one of them: no linker joins the two.
extern "C" {
#if defined(NET_SEPARATE)
inline constinit thread_local int net_hpp_is_header_only_in_one_file_and_compiled_once_in_another = 0;
#else
inline constinit int net_hpp_is_header_only_in_one_file_and_compiled_once_in_another = 0;
#endif
}

/// Called where a program's first object of a kind is made: whoever makes one has the symbol.
inline void link_one_way_only() noexcept {
  (void)*const_cast<const volatile int*>(&net_hpp_is_header_only_in_one_file_and_compiled_once_in_another);
}

}  // namespace net::inline NET_ABI::detail

#endif

// after what says which C++ this is

// First what compilers complain in: each file on the way to it is a line above the message.

// A move-only callable with capacity for 24 bytes. Internal; std::function costs 12,000 lines and wants copies.
#ifndef NET_DETAIL_BASE_FUNCTION_HPP
#define NET_DETAIL_BASE_FUNCTION_HPP

#include <concepts>
#include <cstddef>
#include <new>
#include <type_traits>
#include <utility>

// The few atomic operations of the library, without the 6,000 lines of <atomic>. Internal.
#ifndef NET_DETAIL_BASE_ATOMIC_HPP
#define NET_DETAIL_BASE_ATOMIC_HPP

#if !defined(__GNUC__)
#include <atomic>
#endif

namespace net::inline NET_ABI::detail {

/// A number that several threads may touch: a count of owners, a flag, a lock.
template <class T>
class Atomic {
 public:
  constexpr Atomic(T value = {}) noexcept : value_(value) {}
  Atomic(const Atomic&) = delete;
  Atomic& operator=(const Atomic&) = delete;

#if defined(__GNUC__)
  T load() const noexcept { return __atomic_load_n(&value_, __ATOMIC_ACQUIRE); }
  void store(T value) noexcept { __atomic_store_n(&value_, value, __ATOMIC_RELEASE); }
  T exchange(T value) noexcept { return __atomic_exchange_n(&value_, value, __ATOMIC_ACQ_REL); }
  T fetch_add(T value) noexcept { return __atomic_fetch_add(&value_, value, __ATOMIC_ACQ_REL); }
  T fetch_sub(T value) noexcept { return __atomic_fetch_sub(&value_, value, __ATOMIC_ACQ_REL); }
  /// Sets it if it still is what is expected; otherwise `expected` is what it is.
  bool compare_exchange(T& expected, T value) noexcept {
    return __atomic_compare_exchange_n(&value_, &expected, value, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
  }

 private:
  T value_;
#else
  T load() const noexcept { return value_.load(std::memory_order_acquire); }
  void store(T value) noexcept { value_.store(value, std::memory_order_release); }
  T exchange(T value) noexcept { return value_.exchange(value, std::memory_order_acq_rel); }
  T fetch_add(T value) noexcept { return value_.fetch_add(value, std::memory_order_acq_rel); }
  T fetch_sub(T value) noexcept { return value_.fetch_sub(value, std::memory_order_acq_rel); }
  bool compare_exchange(T& expected, T value) noexcept { return value_.compare_exchange_strong(expected, value); }

 private:
  std::atomic<T> value_;
#endif
};

}  // namespace net::inline NET_ABI::detail

#endif

// A new value for the old one. Internal.
#ifndef NET_DETAIL_BASE_EXCHANGE_HPP
#define NET_DETAIL_BASE_EXCHANGE_HPP

namespace net::inline NET_ABI::detail {

/// As `std::exchange`, which costs who compiles two functions and four traits for each pair of types.
template <class T>
constexpr T exchange(T& object, std::type_identity_t<T> value) noexcept(noexcept(T(static_cast<T&&>(value))) &&
                                                                        noexcept(object = static_cast<T&&>(value))) {
  T old(static_cast<T&&>(object));
  object = static_cast<T&&>(value);
  return old;
}

}  // namespace net::inline NET_ABI::detail

#endif

namespace net::inline NET_ABI::detail {

/// `std::is_trivially_copyable`, asked of the compiler: the trait is six classes for each type.
template <class T>
inline constexpr bool is_plain_bytes = __is_trivially_copyable(T);

/// Whether a callable may be moved by copying its bytes and forgetting the original; one that holds nothing but
/// counted references says so with a member of this name.
template <class F>
inline constexpr bool moves_as_bytes = is_plain_bytes<F>;
template <class F>
  requires requires { F::moves_as_bytes; }
inline constexpr bool moves_as_bytes<F> = F::moves_as_bytes;

/// Whether what a callback gives back is a task, also by reference.
template <class Result>
concept GivesTask = requires { typename std::remove_reference_t<Result>::promise_type; };

/// Whether a call gives a task, which is nothing that this library's callbacks give.
template <class F, class... Args>
concept CallsTask = requires(F& callable, Args&&... args) {
  { callable(static_cast<Args&&>(args)...) } -> GivesTask;
};

/// Whether it can be called without arguments; if not, the compiler says so. Here, because compilers name each file on
/// the way before they say it.
template <class F>
constexpr bool require_callback() {
  constexpr bool is_called = !GivesTask<F> && !std::is_arithmetic_v<std::remove_cvref_t<F>>;
  static_assert(
      is_called,
      "a callback is something to call: [] { ... }; net::spawn runs a task, and co_await net::sleep(100) waits");
  constexpr bool fits = !is_called || std::is_invocable_v<std::decay_t<F>&>;
  static_assert(fits, "a callback takes no arguments; a lambda captures what it needs: [value] { ... }");
  return is_called && fits;
}

/// Calls what the user has given, whose result nobody looks at.
template <class F, class... Args>
void call_back(F& callback, Args&&... args) {
  constexpr bool is_run = !CallsTask<F, Args...>;
  static_assert(is_run,
                "this callback returns a task, which nobody would run: hand the task to net::spawn inside of it");
  if constexpr (is_run) callback(static_cast<Args&&>(args)...);
}

/// Whether a call gives an R. The language is asked, here and below: traits are classes, and each type would pay for
/// some.
template <class F, class R, class... Args>
concept CallsAs = requires(F& callable, Args&&... args) { static_cast<R>(callable(static_cast<Args&&>(args)...)); };

/// What a Function takes, or refuses with a reason: a task is asked for first, because one converts to its result to
/// say that a co_await is missing.
template <class F, class R, class... Args>
concept IsCallback = CallsTask<F, Args...> || CallsAs<F, R, Args...>;

/// What a Function does whatever its signature: it holds a callable, which it moves and destroys. One of at most 24
/// bytes, on every system, that moves without throwing lives inside; any other lives on the heap.
class HeldCallable {
 public:
  /// Whether holding it needs no memory.
  template <class Callable>
  static constexpr bool fits = sizeof(Callable) <= 24 && alignof(Callable) <= 8 &&
                               noexcept(Callable(static_cast<Callable&&>(std::declval<Callable&>())));

  explicit operator bool() const noexcept { return operations_ != nullptr; }

  void reset() noexcept {
    const Operations* const old = operations_;
    operations_ = nullptr;
    if (old && old->destroy) old->destroy(storage_);
  }

 protected:
  struct Operations {
    void (*relocate)(void* from, void* to) noexcept;  // null: the bytes may be copied
    void (*destroy)(void*) noexcept;                  // null: nothing to do
  };

  template <class Callable>
  static void relocate(void* from, void* to) noexcept {
    ::new (to) Callable(static_cast<Callable&&>(*static_cast<Callable*>(from)));
    static_cast<Callable*>(from)->~Callable();
  }
  template <class Callable>
  static void destroy(void* at) noexcept {
    static_cast<Callable*>(at)->~Callable();
  }
  template <class Callable>
  static void destroy_outside(void* at) noexcept {
    delete *static_cast<Callable**>(at);
  }

  HeldCallable() noexcept = default;
  HeldCallable(HeldCallable&& other) noexcept { take(other); }
  HeldCallable& operator=(HeldCallable&& other) noexcept {
    if (this != &other) {
      reset();
      take(other);
    }
    return *this;
  }
  ~HeldCallable() { reset(); }

  alignas(8) mutable unsigned char storage_[24];
  const Operations* operations_ = nullptr;

 private:
  void take(HeldCallable& other) noexcept {
    operations_ = other.operations_;
    other.operations_ = nullptr;
    if (!operations_) return;
    if (operations_->relocate) {
      operations_->relocate(other.storage_, storage_);
    } else {
      for (std::size_t i = 0; i < sizeof(storage_); ++i) storage_[i] = other.storage_[i];
    }
  }
};

template <class Signature>
class Function;

/// Holds any callable for which `R(Args...)` works, move-only ones too. Calling an empty one is undefined: test with
/// `if (f)`.
template <class R, class... Args>
class Function<R(Args...)> : public HeldCallable {
  struct Calls : Operations {
    R (*call)(void*, Args&&...);
  };

  template <class Callable>
  static R call_inside(void* at, Args&&... args) {
    return static_cast<R>((*static_cast<Callable*>(at))(static_cast<Args&&>(args)...));
  }
  template <class Callable>
  static R call_outside(void* at, Args&&... args) {
    return static_cast<R>((**static_cast<Callable**>(at))(static_cast<Args&&>(args)...));
  }
  template <class Callable>
  static constexpr Calls plain{{nullptr, nullptr}, call_inside<Callable>};
  template <class Callable>
  static constexpr Calls inside{{moves_as_bytes<Callable> ? nullptr : relocate<Callable>, destroy<Callable>},
                                call_inside<Callable>};
  template <class Callable>
  static constexpr Calls outside{{nullptr, destroy_outside<Callable>}, call_outside<Callable>};

 public:
  Function() noexcept = default;
  Function(std::nullptr_t) noexcept {}

  template <class F>
    requires(!std::is_same_v<std::remove_cvref_t<F>, Function> && IsCallback<std::decay_t<F>, R, Args...>)
  Function(F&& f) {
    using Callable = std::decay_t<F>;
    constexpr bool is_run = !CallsTask<Callable, Args...>;
    static_assert(is_run,
                  "this callback returns a task, which nobody would run: hand the task to net::spawn inside of it");
    if constexpr (!is_run) {
    } else if constexpr (fits<Callable>) {
      // a small one does not write all that is moved afterwards, and g++ sees that
      if constexpr (sizeof(Callable) < sizeof(void*)) {
        for (unsigned char& byte : storage_) byte = 0;
      }
      ::new (static_cast<void*>(storage_)) Callable(static_cast<F&&>(f));
      if constexpr (is_plain_bytes<Callable>) {
        operations_ = &plain<Callable>;
      } else {
        operations_ = &inside<Callable>;
      }
    } else {
      ::new (static_cast<void*>(storage_)) Callable*(new Callable(static_cast<F&&>(f)));
      operations_ = &outside<Callable>;
    }
  }

  R operator()(Args... args) const {
    return static_cast<const Calls*>(operations_)->call(storage_, static_cast<Args&&>(args)...);
  }
};

/// A callable that may be copied: all copies are the same object. For options, which users keep and reuse.
template <class Signature>
class SharedFunction;

template <class R, class... Args>
class SharedFunction<R(Args...)> {
  struct Shared {
    Function<R(Args...)> call;
    Atomic<std::size_t> owners{1};
  };

 public:
  SharedFunction() noexcept = default;
  SharedFunction(std::nullptr_t) noexcept {}

  template <class F>
    requires(!std::is_same_v<std::remove_cvref_t<F>, SharedFunction> && IsCallback<std::decay_t<F>, R, Args...>)
  SharedFunction(F&& f) : shared_(new Shared{Function<R(Args...)>(static_cast<F&&>(f))}) {}

  SharedFunction(const SharedFunction& other) noexcept : shared_(other.shared_) {
    if (shared_) shared_->owners.fetch_add(1);
  }
  SharedFunction(SharedFunction&& other) noexcept : shared_(detail::exchange(other.shared_, nullptr)) {}
  SharedFunction& operator=(SharedFunction other) noexcept {
    shared_ = detail::exchange(other.shared_, shared_);
    return *this;
  }
  ~SharedFunction() {
    if (shared_ && shared_->owners.fetch_sub(1) == 1) delete shared_;
  }

  explicit operator bool() const noexcept { return shared_ != nullptr; }
  R operator()(Args... args) const { return shared_->call(static_cast<Args&&>(args)...); }

 private:
  Shared* shared_ = nullptr;
};

}  // namespace net::inline NET_ABI::detail

namespace net::inline NET_ABI {

/// The type of the callables in option structs: like `std::function`, but copies are the same object.
template <class Signature>
using function = detail::SharedFunction<Signature>;

}  // namespace net::inline NET_ABI

#endif

// on<"data">(listener): events whose names and arguments are checked while compiling.
#ifndef NET_EMITTER_HPP
#define NET_EMITTER_HPP

#include <cstdint>
#include <string_view>

// Handles compare and hash by what they stand for. Internal.
#ifndef NET_DETAIL_BASE_IDENTITY_HPP
#define NET_DETAIL_BASE_IDENTITY_HPP

#include <compare>

// The way into a handle. Internal.
#ifndef NET_DETAIL_BASE_ACCESS_HPP
#define NET_DETAIL_BASE_ACCESS_HPP

namespace net::inline NET_ABI::detail {

/// The library's own way into its handles, which users do not have.
struct Access {
  /// A handle of what it points to.
  template <class Handle>
  static Handle make(void* state) {
    return Handle::from_state(state);
  }
  template <class Handle>
  static auto& state(const Handle& handle) noexcept {
    return *handle.state_;
  }
  template <class Loop>
  static auto& core(Loop& loop) noexcept {
    return loop.core();
  }
  /// What a handle stands for; null if for nothing.
  template <class Handle>
  static const void* identity(const Handle& handle) noexcept {
    return handle.state_ ? &*handle.state_ : nullptr;
  }
};

}  // namespace net::inline NET_ABI::detail

#endif

namespace net::inline NET_ABI::detail {

/// What makes a handle a key (S36.3): the same object is equal, and the order is any, but one. A handle that stands for
/// nothing equals others of its kind.
template <class Handle>
struct Identity {
  friend bool operator==(const Handle& a, const Handle& b) noexcept { return identity(a) == identity(b); }
  friend std::strong_ordering operator<=>(const Handle& a, const Handle& b) noexcept {
    return identity(a) <=> identity(b);
  }

  static std::uintptr_t identity(const Handle& handle) noexcept {
    return reinterpret_cast<std::uintptr_t>(Access::identity(handle));
  }
};

template <class T>
concept HasIdentity = std::is_class_v<T> && std::is_base_of_v<Identity<T>, T>;

/// What stands for a wait where none is: for handles that a task is told not to await.
struct NoWait {
  bool await_ready() const noexcept { return true; }
  void await_suspend(auto) const noexcept {}
  NoWait await_resume() const noexcept { return *this; }
};

}  // namespace net::inline NET_ABI::detail

template <net::detail::HasIdentity Handle>
struct std::hash<Handle> {
  std::size_t operator()(const Handle& handle) const noexcept {
    const std::size_t address = net::detail::Identity<Handle>::identity(handle);
    return address ^ address >> 7;  // the last bits of addresses are alike
  }
};

#endif

// Tables of events: which there are, what their listeners get, and how they are called. Internal.
#ifndef NET_DETAIL_EVENTS_EVENT_HPP
#define NET_DETAIL_EVENTS_EVENT_HPP

// An event name as a template argument. Internal: users write on<"data">(...).
#ifndef NET_DETAIL_BASE_FIXED_STRING_HPP
#define NET_DETAIL_BASE_FIXED_STRING_HPP

namespace net::inline NET_ABI {

/// A string literal that can be a template argument, as in `on<"data">`.
template <std::size_t N>
struct fixed_string {
  char text[N]{};

  constexpr fixed_string(const char (&literal)[N]) noexcept {
    for (std::size_t i = 0; i < N; ++i) text[i] = literal[i];
  }
  constexpr std::string_view view() const noexcept { return {text, N - 1}; }
};
template <std::size_t N>
fixed_string(const char (&)[N]) -> fixed_string<N>;

}  // namespace net::inline NET_ABI

#endif

// What is done if something is thrown on the way. Internal.
#ifndef NET_DETAIL_BASE_ON_THROW_HPP
#define NET_DETAIL_BASE_ON_THROW_HPP

namespace net::inline NET_ABI::detail {

/// Calls it when the scope ends, unless `passed` says by then that nothing was thrown.
template <class F>
struct CallOnThrow {
  F then;
  bool passed = false;

  explicit CallOnThrow(F call) : then(static_cast<F&&>(call)) {}
  CallOnThrow(const CallOnThrow&) = delete;
  CallOnThrow& operator=(const CallOnThrow&) = delete;
  ~CallOnThrow() {
    if (!passed) then();
  }
};
template <class F>
CallOnThrow(F) -> CallOnThrow<F>;

}  // namespace net::inline NET_ABI::detail

#endif

// A counted reference to what counts its owners itself. Internal.
#ifndef NET_DETAIL_BASE_REF_HPP
#define NET_DETAIL_BASE_REF_HPP

namespace net::inline NET_ABI::detail {

/// One pointer; the count is plain, because a handle never leaves its loop's thread.
template <class T>
class Ref {
 public:
  Ref() noexcept = default;
  explicit Ref(T* to) noexcept : to_(to) {
    if (to_) to_->retain();
  }
  Ref(const Ref& other) noexcept : Ref(other.to_) {}
  Ref(Ref&& other) noexcept : to_(other.to_) { other.to_ = nullptr; }
  template <class U>
  Ref(const Ref<U>& other) noexcept : Ref(other.get()) {}
  Ref& operator=(Ref other) noexcept {
    T* const old = to_;
    to_ = other.to_;
    other.to_ = old;
    return *this;
  }
  ~Ref() {
    if (to_) to_->release();
  }

  T* get() const noexcept { return to_; }
  T* operator->() const noexcept { return to_; }
  T& operator*() const noexcept { return *to_; }
  explicit operator bool() const noexcept { return to_ != nullptr; }

 private:
  T* to_ = nullptr;
};

}  // namespace net::inline NET_ABI::detail

#endif

// The listeners of one object, in order, in one block of memory. Internal.
#ifndef NET_DETAIL_EVENTS_LISTENERS_HPP
#define NET_DETAIL_EVENTS_LISTENERS_HPP

#include <cstring>

namespace net::inline NET_ABI::detail {

/// One listener; its callable follows it in memory.
struct ListenerRecord {
  enum : std::uint8_t { once = 1, fired = 2, removed = 4, own = 8 };
  bool is(unsigned mark) const noexcept { return (marks & mark) != 0; }
  void mark(unsigned more) noexcept { marks = static_cast<std::uint8_t>(marks | more); }

  struct Operations {
    void (*call)(ListenerRecord&, void* emitter, void* const* args);
    void (*destroy)(ListenerRecord&) noexcept;
  };

  const Operations* operations;
  ListenerRecord* next;
  std::uint64_t id;    // they only grow, so they say which of two records is younger
  std::uint32_t gone;  // once removed: emissions nested deeper than this do not see it
  std::uint16_t size;
  std::uint8_t event;
  std::uint8_t marks;  // once, fired, removed, own
};

/// Listeners may add, remove and clear listeners while they run, themselves too, and may throw: an
/// emission calls those that were there when it began (S1.4), and what was removed is destroyed when
/// the outermost emission has returned. The library's own records (`own`) refer to what may be gone when they are
/// removed, so they are not called from then on.
class Listeners {
 public:
  /// What fits into the bits of `present_`, and into a record's size.
  static constexpr unsigned max_events = 31;
  static constexpr std::size_t max_bytes = 65536;

  Listeners() noexcept = default;
  Listeners(const Listeners&) = delete;
  Listeners& operator=(const Listeners&) = delete;
  ~Listeners() {
    while (first_) clear();  // what dies may leave something new behind
    while (blocks_) {
      Block* const block = blocks_;
      blocks_ = block->next;
      ::operator delete(block);
    }
  }

  bool has(unsigned event) const noexcept { return (present_ >> event & 1u) != 0; }

  std::size_t count(unsigned event) const noexcept;

  /// Adds a record of type R, which is a ListenerRecord with a callable made from `callable`; returns its id.
  template <class R, class F>
  std::uint64_t add(unsigned event, unsigned marks, bool front, const ListenerRecord::Operations& operations,
                    F&& callable) {
    static_assert(alignof(R) <= unit && rounded(sizeof(R)) / unit <= 0xffff,
                  "a callable that is aligned more strictly, or larger, is held by pointer");
    Room room(*this, sizeof(R));
    ListenerRecord* const record = ::new (room.place) R(static_cast<F&&>(callable));
    record->operations = &operations;
    record->event = static_cast<std::uint8_t>(event);
    record->marks = static_cast<std::uint8_t>(marks);
    return room.filled_with(record, front);
  }

  /// The event of the listener that was removed, or -1 if there is none of that id.
  int remove(std::uint64_t id) noexcept;

  /// Removes the library's own records of these ids, from the first to the last; returns a bit for each of their
  /// events.
  std::uint32_t remove_own(std::uint64_t first, std::uint64_t last) noexcept;

  void remove_all(unsigned event) noexcept;

  void clear() noexcept {
    for (ListenerRecord* r = first_; r; r = r->next) mark_removed(*r);
    present_ &= unsettled;
    if (depth_ == 0) settle();
  }

  /// Where the handle stands that listeners are given a reference to, and what it is a handle of; null: none stands
  /// there.
  void* place_of_handle() noexcept { return handle_; }
  void* lent_handle() const noexcept {
    void* of;
    std::memcpy(&of, handle_, sizeof of);
    return of;
  }

  /// Calls `invoke(record)` for each listener of the event; returns whether there was any. One that is called once
  /// is removed before, and `used()` says so.
  template <class Invoke, class Used>
  NET_GNU(always_inline) bool each(unsigned event, Invoke&& invoke, Used&& used) {
    if (!has(event)) return false;
    const std::uint64_t newest = last_id_;
    const Emission emission(*this);
    for (ListenerRecord* r = first_; r; r = r->next) {
      if (r->event != event || r->id > newest) continue;  // one added since it began is not there yet
      if (r->is(ListenerRecord::once | ListenerRecord::removed)) [[unlikely]] {
        const Turn turn = turn_of(*r);
        if (turn == Turn::none) continue;
        if (turn == Turn::last) used();
      }
      invoke(*r);
    }
    return true;
  }

  /// The same of those that the library has added.
  template <class Invoke>
  void each_own(unsigned event, Invoke&& invoke) {
    if (!has(event)) return;
    const std::uint64_t newest = last_id_;
    const Emission emission(*this);
    for (ListenerRecord* r = first_; r; r = r->next) {
      if (r->event == event && r->id <= newest && r->is(ListenerRecord::own) && !r->is(ListenerRecord::removed))
        invoke(*r);
    }
  }

 private:
  static constexpr std::size_t unit = 8;  // of records: no pointer and no number needs more
  static constexpr std::size_t first_block = 120;
  static constexpr std::size_t largest_block = std::size_t{1} << 20;
  static constexpr std::uint32_t unsettled = 1u << max_events;

  struct Block {
    Block* next;
    ListenerRecord* spare;  // records given back, of any size; the first block's list is the one used
    std::uint32_t used, size;
  };

  /// Room for a record, which a copy that throws gives back.
  struct Room {
    Listeners& in;
    void* place;
    std::size_t size;
    Room(Listeners& listeners, std::size_t bytes) : in(listeners), place(in.allocate(bytes)), size(bytes) {}
    Room(const Room&) = delete;
    Room& operator=(const Room&) = delete;
    ~Room() {
      if (place) in.recycle(place, size);
    }
    std::uint64_t filled_with(ListenerRecord* record, bool front) noexcept {
      place = nullptr;
      record->id = ++in.last_id_;
      record->gone = 0;
      record->size = static_cast<std::uint16_t>(rounded(size) / unit);
      in.link(record, front);
      in.present_ |= 1u << record->event;
      return record->id;
    }
  };

  struct Emission {
    Listeners& in;
    explicit Emission(Listeners& listeners) noexcept : in(listeners) { ++in.depth_; }
    Emission(const Emission&) = delete;
    Emission& operator=(const Emission&) = delete;
    NET_GNU(always_inline) ~Emission() {
      --in.depth_;
      if (in.present_ & unsettled) [[unlikely]]
        in.settle();
    }
  };

  enum class Turn : std::uint8_t { none, call, last };

  static constexpr std::size_t rounded(std::size_t size) noexcept { return (size + unit - 1) / unit * unit; }

  void mark_removed(ListenerRecord& r) noexcept;

  void retire(ListenerRecord& r) noexcept;

  /// What an emission does with a record that is called once, or was removed.
  Turn turn_of(ListenerRecord& r) noexcept;

  /// Brings the marks back to what emissions of the present depth may see; frees what nobody sees any more. Destroying
  /// may run any code of the user's captures, emissions too, so the dead are out of the list by then.
  void settle() noexcept;

  void destroy(ListenerRecord& r) noexcept {
    const std::size_t size = r.size * unit;
    r.operations->destroy(r);
    recycle(&r, size);
  }

  void link(ListenerRecord* record, bool front) noexcept;

  void* allocate(std::size_t size);

  void recycle(void* place, std::size_t size) noexcept;

  ListenerRecord* first_ = nullptr;
  ListenerRecord* last_ = nullptr;
  Block* blocks_ = nullptr;
  std::uint64_t last_id_ = 0;
  std::uint32_t present_ = 0;  // a bit for each event that has listeners, and one for removed records that are left
  std::uint32_t depth_ = 0;    // emissions on the stack, which is full long before this is
  alignas(void*) std::byte handle_[sizeof(void*)]{};
};

}  // namespace net::inline NET_ABI::detail

#endif

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

// The library's own listeners, which end with their owner. Internal.
#ifndef NET_DETAIL_EVENTS_OWN_LISTENERS_HPP
#define NET_DETAIL_EVENTS_OWN_LISTENERS_HPP

namespace net::inline NET_ABI::detail {

/// The library's own way to an emitter.
struct ListenerUse {
  template <fixed_string Name, class Self, class F>
  static std::uint64_t add(const Emitter<Self>& emitter, F&& listener) {
    return emitter.template add<Name>(static_cast<F&&>(listener), ListenerRecord::own, false);
  }
  template <class Self>
  static void remove(const Emitter<Self>& emitter, std::uint64_t first, std::uint64_t last) noexcept {
    auto& state = Access::state(static_cast<const Self&>(emitter));
    const std::uint32_t events = state.listeners.remove_own(first, last);
    for (unsigned event = 0; events >> event != 0; ++event) {
      if (events >> event & 1u) state.listener_removed(event);
    }
  }
  /// What all handles of the same emitter share.
  template <class Self>
  static const Listeners* of(const Emitter<Self>& emitter) noexcept {
    return &Access::state(static_cast<const Self&>(emitter)).listeners;
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
  OwnListeners(OwnListeners&& other) : emitter_(other.emitter_) {}  // handed on, before it listens
  OwnListeners& operator=(const OwnListeners&) = delete;
  ~OwnListeners() { off(); }

  template <fixed_string Name, class F>
  void on(F&& listener) {
    last_ = ListenerUse::add<Name>(emitter_, static_cast<F&&>(listener));
    if (first_ == 0) first_ = last_;
  }
  NET_GNU(always_inline) void off() noexcept {
    if (first_ != 0) ListenerUse::remove(emitter_, detail::exchange(first_, 0), last_);
  }
  const Emitting& emitter() const noexcept { return emitter_; }

 private:
  Emitting emitter_;
  std::uint64_t first_ = 0;  // 0: none
  std::uint64_t last_ = 0;
};

}  // namespace net::inline NET_ABI::detail

#endif

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

// What can be written: text, and contiguous ranges of bytes. Internal.
#ifndef NET_DETAIL_STREAM_PAYLOAD_HPP
#define NET_DETAIL_STREAM_PAYLOAD_HPP

#include <string>
#include <vector>

// What a socket still has to send, in order, each piece in memory of its own. Internal.
#ifndef NET_DETAIL_STREAM_WRITE_QUEUE_HPP
#define NET_DETAIL_STREAM_WRITE_QUEUE_HPP

// Where a connection begins or ends, as plain numbers. Internal; knows no system.
#ifndef NET_DETAIL_TEXT_ENDPOINT_HPP
#define NET_DETAIL_TEXT_ENDPOINT_HPP

// An address as bytes, and the way from text to bytes and back. Internal.
#ifndef NET_DETAIL_TEXT_IP_ADDRESS_HPP
#define NET_DETAIL_TEXT_IP_ADDRESS_HPP

// The grammar of address literals, character by character: the one place that knows it. Internal.
#ifndef NET_DETAIL_TEXT_IP_GRAMMAR_HPP
#define NET_DETAIL_TEXT_IP_GRAMMAR_HPP

// The readers take the text between two pointers and give back where the address ends, or null if none starts
// there. What may follow (nothing, a zone, a bracket) is the caller's business.
namespace net::inline NET_ABI::detail {

inline constexpr unsigned not_a_digit = 255;

struct HexTable {
  std::uint8_t value[256];

  constexpr HexTable() noexcept : value() {
    for (std::uint8_t& entry : value) entry = not_a_digit;
    for (unsigned i = 0; i < 10; ++i) value['0' + i] = static_cast<std::uint8_t>(i);
    for (unsigned i = 0; i < 6; ++i) value['a' + i] = value['A' + i] = static_cast<std::uint8_t>(10 + i);
  }
};

inline constexpr HexTable hex_table;

/// The value of a hexadecimal digit, `not_a_digit` for every other byte.
constexpr unsigned hex_digit(char c) noexcept { return hex_table.value[static_cast<unsigned char>(c)]; }
/// The value of a decimal digit, above 9 for every other byte.
constexpr unsigned decimal_digit(char c) noexcept { return static_cast<unsigned char>(c) - static_cast<unsigned>('0'); }

/// S4.2: four decimal numbers without leading zeros. `value` is in host order.
constexpr const char* read_ipv4(const char* p, const char* end, std::uint32_t& value) noexcept {
  std::uint32_t bytes = 0;
  for (int part = 1;; ++part) {
    if (p == end) return nullptr;
    unsigned number = decimal_digit(*p);
    if (number > 9) return nullptr;
    ++p;
    if (p != end && decimal_digit(*p) <= 9) {
      if (number == 0) return nullptr;
      number = number * 10 + decimal_digit(*p);
      ++p;
      if (p != end && decimal_digit(*p) <= 9) {
        number = number * 10 + decimal_digit(*p);
        if (number > 255) return nullptr;
        ++p;
      }
    }
    bytes = bytes << 8 | number;
    if (part == 4) break;
    if (p == end || *p != '.') return nullptr;
    ++p;
  }
  value = bytes;
  return p;
}

/// The groups of an IPv6 address as written; `gap` is how many stand before the "::", -1 without one.
struct Ipv6Groups {
  std::uint16_t value[8];
  int count = 0;
  int gap = -1;

  constexpr void push(unsigned group) noexcept { value[count++] = static_cast<std::uint16_t>(group); }
  /// The "::" stands for at least one group.
  constexpr bool complete() const noexcept { return gap < 0 ? count == 8 : count < 8; }
};

/// S4.4: the last two groups written as an IPv4 address.
constexpr const char* read_dotted_tail(const char* p, const char* end, Ipv6Groups& groups) noexcept {
  if (groups.count > 6) return nullptr;
  std::uint32_t tail = 0;
  p = read_ipv4(p, end, tail);
  if (!p) return nullptr;
  groups.push(tail >> 16);
  groups.push(tail & 0xffff);
  return groups.complete() ? p : nullptr;
}

/// S4.3: groups of one to four hexadecimal digits, at most one "::".
constexpr const char* read_ipv6(const char* p, const char* end, Ipv6Groups& groups) noexcept {
  if (end - p < 2) return nullptr;
  if (*p == ':') {
    if (p[1] != ':') return nullptr;
    groups.gap = 0;
    p += 2;
    if (p == end || hex_digit(*p) == not_a_digit) return p;
  }
  for (;;) {
    const char* const start = p;
    if (p == end) return nullptr;
    unsigned group = hex_digit(*p);
    if (group == not_a_digit) return nullptr;
    ++p;
    for (int i = 1; i < 4 && p != end; ++i, ++p) {
      const unsigned digit = hex_digit(*p);
      if (digit == not_a_digit) break;
      group = group << 4 | digit;
    }
    if (p != end && *p == '.') return read_dotted_tail(start, end, groups);
    groups.push(group);
    if (p == end || *p != ':') return groups.complete() ? p : nullptr;
    if (groups.count == 8) return nullptr;
    ++p;
    if (p != end && *p == ':') {
      if (groups.gap >= 0) return nullptr;
      groups.gap = groups.count;
      ++p;
      if (p == end || hex_digit(*p) == not_a_digit) return p;
    }
  }
}

constexpr bool is_zone_character(char c) noexcept {
  return decimal_digit(c) <= 9 || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '.' || c == ':';
}

/// S4.5: "%" and a zone, and nothing more.
constexpr bool is_zone(const char* p, const char* end) noexcept {
  if (end - p < 2 || *p != '%') return false;
  for (++p; p != end; ++p) {
    if (!is_zone_character(*p)) return false;
  }
  return true;
}

}  // namespace net::inline NET_ABI::detail

#endif

// What can go wrong, in one shape: net::Error carries Node's code, Node's message and a std::error_code.
#ifndef NET_ERROR_HPP
#define NET_ERROR_HPP

#include <exception>
#include <span>
#include <system_error>

// A row of things in one block of memory that grows. Internal; each std::vector<T> costs some sixty functions.
#ifndef NET_DETAIL_BASE_VEC_HPP
#define NET_DETAIL_BASE_VEC_HPP

namespace net::inline NET_ABI::detail {

/// What a Vec is, whatever it holds.
class VecSpace {
 public:
  bool empty() const noexcept { return size_ == 0; }
  std::size_t size() const noexcept { return size_; }
  std::size_t capacity() const noexcept { return capacity_; }

 protected:
  VecSpace() noexcept = default;
  VecSpace(VecSpace&& other) noexcept { swap(other); }
  VecSpace& operator=(VecSpace&& other) noexcept {
    swap(other);
    return *this;
  }
  ~VecSpace() { ::operator delete(items_); }

  void swap(VecSpace& other) noexcept {
    void* const items = items_;
    const std::size_t size = size_, capacity = capacity_;
    items_ = other.items_, size_ = other.size_, capacity_ = other.capacity_;
    other.items_ = items, other.size_ = size, other.capacity_ = capacity;
  }
  std::size_t larger() const noexcept { return capacity_ ? capacity_ * 2 : 4; }

  void* items_ = nullptr;
  std::size_t size_ = 0, capacity_ = 0;
};

/// What the library does with a std::vector, and no more. A span of it is made by hand, from `begin()` and `size()`.
template <class T>
class Vec : public VecSpace {
  static_assert(noexcept(T(std::declval<T>())));

 public:
  Vec() noexcept = default;
  Vec(Vec&& other) noexcept = default;
  Vec& operator=(Vec&& other) noexcept = default;
  ~Vec() { shrink(0); }

  T& operator[](std::size_t at) noexcept { return static_cast<T*>(items_)[at]; }
  const T& operator[](std::size_t at) const noexcept { return static_cast<const T*>(items_)[at]; }
  T* begin() noexcept { return static_cast<T*>(items_); }
  T* end() noexcept { return static_cast<T*>(items_) + size_; }
  const T* begin() const noexcept { return static_cast<const T*>(items_); }
  const T* end() const noexcept { return static_cast<const T*>(items_) + size_; }
  T& back() noexcept { return static_cast<T*>(items_)[size_ - 1]; }

  /// To exactly so much, if it is more than there is.
  void reserve(std::size_t capacity) {
    if (capacity > capacity_) grow(capacity);
  }
  void push(T value) {
    if (size_ == capacity_) [[unlikely]]
      grow(larger());
    ::new (static_cast<void*>(static_cast<T*>(items_) + size_)) T(static_cast<T&&>(value));
    ++size_;
  }
  void insert(std::size_t at, T value) {
    if (at == size_) return push(static_cast<T&&>(value));
    push(static_cast<T&&>(back()));
    T* const items = static_cast<T*>(items_);
    for (std::size_t i = size_ - 2; i > at; --i) items[i] = static_cast<T&&>(items[i - 1]);
    items[at] = static_cast<T&&>(value);
  }
  void pop() noexcept { shrink(size_ - 1); }
  void erase(std::size_t begin, std::size_t end) noexcept {
    if (begin == end) return;
    T* const items = static_cast<T*>(items_);
    for (; end < size_; ++begin, ++end) items[begin] = static_cast<T&&>(items[end]);
    shrink(begin);
  }
  /// A copy of those from `begin` to before `end`.
  Vec part(std::size_t begin, std::size_t end) const {
    Vec copy;
    copy.reserve(end - begin);
    for (; begin < end; ++begin) copy.push((*this)[begin]);
    return copy;
  }
  void clear() noexcept { shrink(0); }
  void swap(Vec& other) noexcept { VecSpace::swap(other); }

 private:
  void shrink(std::size_t size) noexcept {
    while (size_ > size) static_cast<T*>(items_)[--size_].~T();
  }

  NET_GNU(noinline) void grow(std::size_t larger) {
    T* const from = static_cast<T*>(items_);
    T* const to = static_cast<T*>(::operator new(larger * sizeof(T)));
    for (std::size_t i = 0; i < size_; ++i) {
      ::new (static_cast<void*>(to + i)) T(static_cast<T&&>(from[i]));
      from[i].~T();
    }
    ::operator delete(items_);
    items_ = to;
    capacity_ = larger;
  }
};

}  // namespace net::inline NET_ABI::detail

#endif

// The tables behind net::Error: Node's name, message and kind of every code. Internal, but for net::Errc.
#ifndef NET_DETAIL_TEXT_ERROR_NAMES_HPP
#define NET_DETAIL_TEXT_ERROR_NAMES_HPP

#include <cerrno>

namespace net::inline NET_ABI {

/// The errors of the library itself. The system's are `std::errc`.
enum class Errc {
  ERR_SERVER_ALREADY_LISTEN = 1,
  ERR_SERVER_NOT_RUNNING,
  ERR_SOCKET_BAD_PORT,
  ERR_SOCKET_CLOSED,
  ERR_SOCKET_CLOSED_BEFORE_CONNECTION,
  ERR_SOCKET_CONNECTION_TIMEOUT,
  ERR_INVALID_ADDRESS,
  ERR_INVALID_ADDRESS_FAMILY,
  ERR_INVALID_ARG_TYPE,
  ERR_INVALID_ARG_VALUE,
  ERR_INVALID_FD_TYPE,
  ERR_INVALID_HANDLE_TYPE,
  ERR_INVALID_IP_ADDRESS,
  ERR_INVALID_STATE,
  ERR_IPC_CHANNEL_CLOSED,
  ERR_IP_BLOCKED,
  ERR_MISSING_ARGS,
  ERR_OUT_OF_RANGE,
  ERR_STREAM_ALREADY_FINISHED,
  ERR_STREAM_CANNOT_PIPE,
  ERR_STREAM_DESTROYED,
  ERR_STREAM_PREMATURE_CLOSE,
  ERR_STREAM_PUSH_AFTER_EOF,
  ERR_STREAM_UNSHIFT_AFTER_END_EVENT,
  ERR_STREAM_WRITE_AFTER_END,
  ERR_TIMEOUT,  ///< a wait took longer than its `timeout`
  ERR_UNHANDLED_ERROR,
  ERR_UNKNOWN_ENCODING,
  ERR_ABORTED,            ///< Node's `ABORT_ERR`
  ERR_NO_LOOP,            ///< this thread has no loop
  ERR_LOOKUP_NOT_FOUND,   ///< `ENOTFOUND`: no such name, or no address for it
  ERR_LOOKUP_TRY_AGAIN,   ///< `EAI_AGAIN`: the name server did not answer
  ERR_LOOKUP_FAILED,      ///< `EAI_FAIL`: the name server refused
  ERR_LOOKUP_BAD_FAMILY,  ///< `EAI_FAMILY`
  ERR_LOOKUP_BAD_FLAGS,   ///< `EAI_BADFLAGS`
  ERR_LOOKUP_NO_MEMORY,   ///< `EAI_MEMORY`
  ERR_LOOKUP_OTHER        ///< `EAI_SYSTEM` and whatever else the resolver says
};

}  // namespace net::inline NET_ABI

// Before two of them are compared: behind `using namespace std;` that asks for it.
template <>
struct std::is_error_code_enum<net::Errc> : std::true_type {};

namespace net::inline NET_ABI {

namespace detail {

struct CodeRow {
  Errc code;
  std::string_view name, message, kind = "Error";
};

inline constexpr CodeRow code_rows[] = {
    {Errc::ERR_SERVER_ALREADY_LISTEN, "ERR_SERVER_ALREADY_LISTEN",
     "Listen method has been called more than once without closing."},
    {Errc::ERR_SERVER_NOT_RUNNING, "ERR_SERVER_NOT_RUNNING", "Server is not running."},
    {Errc::ERR_SOCKET_BAD_PORT, "ERR_SOCKET_BAD_PORT", "Port should be >= 0 and < 65536.", "RangeError"},
    {Errc::ERR_SOCKET_CLOSED, "ERR_SOCKET_CLOSED", "Socket is closed"},
    {Errc::ERR_SOCKET_CLOSED_BEFORE_CONNECTION, "ERR_SOCKET_CLOSED_BEFORE_CONNECTION",
     "Socket closed before the connection was established"},
    {Errc::ERR_SOCKET_CONNECTION_TIMEOUT, "ERR_SOCKET_CONNECTION_TIMEOUT", "Socket connection timeout"},
    {Errc::ERR_INVALID_ADDRESS, "ERR_INVALID_ADDRESS", "Invalid socket address"},
    {Errc::ERR_INVALID_ADDRESS_FAMILY, "ERR_INVALID_ADDRESS_FAMILY", "Invalid address family", "RangeError"},
    {Errc::ERR_INVALID_ARG_TYPE, "ERR_INVALID_ARG_TYPE", "Invalid argument type", "TypeError"},
    {Errc::ERR_INVALID_ARG_VALUE, "ERR_INVALID_ARG_VALUE", "Invalid argument", "TypeError"},
    {Errc::ERR_INVALID_FD_TYPE, "ERR_INVALID_FD_TYPE", "Unsupported fd type: UNKNOWN", "TypeError"},
    {Errc::ERR_INVALID_HANDLE_TYPE, "ERR_INVALID_HANDLE_TYPE", "This handle type cannot be sent", "TypeError"},
    {Errc::ERR_INVALID_IP_ADDRESS, "ERR_INVALID_IP_ADDRESS", "Invalid IP address", "TypeError"},
    {Errc::ERR_INVALID_STATE, "ERR_INVALID_STATE", "Invalid state"},
    {Errc::ERR_IPC_CHANNEL_CLOSED, "ERR_IPC_CHANNEL_CLOSED", "Channel closed"},
    {Errc::ERR_IP_BLOCKED, "ERR_IP_BLOCKED", "IP is blocked by net.BlockList"},
    {Errc::ERR_MISSING_ARGS, "ERR_MISSING_ARGS", "The \"options\" or \"port\" or \"path\" argument must be specified",
     "TypeError"},
    {Errc::ERR_OUT_OF_RANGE, "ERR_OUT_OF_RANGE", "The value is out of range", "RangeError"},
    {Errc::ERR_STREAM_ALREADY_FINISHED, "ERR_STREAM_ALREADY_FINISHED", "Cannot call end after a stream was finished"},
    {Errc::ERR_STREAM_CANNOT_PIPE, "ERR_STREAM_CANNOT_PIPE", "Cannot pipe, not readable"},
    {Errc::ERR_STREAM_DESTROYED, "ERR_STREAM_DESTROYED", "Cannot call write after a stream was destroyed"},
    {Errc::ERR_STREAM_PREMATURE_CLOSE, "ERR_STREAM_PREMATURE_CLOSE", "Premature close"},
    {Errc::ERR_STREAM_PUSH_AFTER_EOF, "ERR_STREAM_PUSH_AFTER_EOF", "stream.push() after EOF"},
    {Errc::ERR_STREAM_UNSHIFT_AFTER_END_EVENT, "ERR_STREAM_UNSHIFT_AFTER_END_EVENT",
     "stream.unshift() after end event"},
    {Errc::ERR_STREAM_WRITE_AFTER_END, "ERR_STREAM_WRITE_AFTER_END", "write after end"},
    {Errc::ERR_TIMEOUT, "ERR_TIMEOUT", "The operation timed out", "TimeoutError"},
    {Errc::ERR_UNHANDLED_ERROR, "ERR_UNHANDLED_ERROR", "Unhandled error."},
    {Errc::ERR_UNKNOWN_ENCODING, "ERR_UNKNOWN_ENCODING", "Unknown encoding", "TypeError"},
    {Errc::ERR_ABORTED, "ABORT_ERR", "The operation was aborted", "AbortError"},
    {Errc::ERR_NO_LOOP, "ERR_NO_LOOP", "This thread has no net::Loop; make one before using sockets on it"},
    {Errc::ERR_LOOKUP_NOT_FOUND, "ENOTFOUND", "not found"},
    {Errc::ERR_LOOKUP_TRY_AGAIN, "EAI_AGAIN", "try again"},
    {Errc::ERR_LOOKUP_FAILED, "EAI_FAIL", "failed"},
    {Errc::ERR_LOOKUP_BAD_FAMILY, "EAI_FAMILY", "family not supported"},
    {Errc::ERR_LOOKUP_BAD_FLAGS, "EAI_BADFLAGS", "bad flags"},
    {Errc::ERR_LOOKUP_NO_MEMORY, "EAI_MEMORY", "out of memory"},
    {Errc::ERR_LOOKUP_OTHER, "EAI_SYSTEM", "resolver error"},
};

constexpr CodeRow row_of(Errc code) noexcept {
  for (const CodeRow& row : code_rows) {
    if (row.code == code) return row;
  }
  return {code, "", "Unknown error", "Error"};
}

constexpr std::string_view name_of(Errc code) noexcept { return row_of(code).name; }
constexpr std::string_view message_of(Errc code) noexcept { return row_of(code).message; }
constexpr std::string_view kind_of(Errc code) noexcept { return row_of(code).kind; }

/// libuv's number of a failed lookup, which Node shows as `errno` (S3.7).
constexpr int lookup_number(Errc code) noexcept {
  switch (code) {
    case Errc::ERR_LOOKUP_NOT_FOUND: return -3008;
    case Errc::ERR_LOOKUP_TRY_AGAIN: return -3001;
    case Errc::ERR_LOOKUP_BAD_FLAGS: return -3002;
    case Errc::ERR_LOOKUP_FAILED: return -3004;
    case Errc::ERR_LOOKUP_BAD_FAMILY: return -3005;
    case Errc::ERR_LOOKUP_NO_MEMORY: return -3006;
    default: return -3014;
  }
}

struct SystemRow {
  int number;
  std::string_view name, description;
};

inline constexpr SystemRow system_rows[] = {
    {E2BIG, "E2BIG", "argument list too long"},
    {EACCES, "EACCES", "permission denied"},
    {EADDRINUSE, "EADDRINUSE", "address already in use"},
    {EADDRNOTAVAIL, "EADDRNOTAVAIL", "address not available"},
    {EAFNOSUPPORT, "EAFNOSUPPORT", "address family not supported"},
    {EAGAIN, "EAGAIN", "resource temporarily unavailable"},
    {EALREADY, "EALREADY", "connection already in progress"},
    {EBADF, "EBADF", "bad file descriptor"},
    {EBUSY, "EBUSY", "resource busy or locked"},
    {ECANCELED, "ECANCELED", "operation canceled"},
    {ECONNABORTED, "ECONNABORTED", "software caused connection abort"},
    {ECONNREFUSED, "ECONNREFUSED", "connection refused"},
    {ECONNRESET, "ECONNRESET", "connection reset by peer"},
    {EDESTADDRREQ, "EDESTADDRREQ", "destination address required"},
    {EEXIST, "EEXIST", "file already exists"},
    {EFAULT, "EFAULT", "bad address in system call argument"},
    {EHOSTUNREACH, "EHOSTUNREACH", "host is unreachable"},
    {EINTR, "EINTR", "interrupted system call"},
    {EINVAL, "EINVAL", "invalid argument"},
    {EIO, "EIO", "i/o error"},
    {EISCONN, "EISCONN", "socket is already connected"},
    {EISDIR, "EISDIR", "illegal operation on a directory"},
    {ELOOP, "ELOOP", "too many symbolic links encountered"},
    {EMFILE, "EMFILE", "too many open files"},
    {EMSGSIZE, "EMSGSIZE", "message too long"},
    {ENAMETOOLONG, "ENAMETOOLONG", "name too long"},
    {ENETDOWN, "ENETDOWN", "network is down"},
    {ENETUNREACH, "ENETUNREACH", "network is unreachable"},
    {ENFILE, "ENFILE", "file table overflow"},
    {ENOBUFS, "ENOBUFS", "no buffer space available"},
    {ENODEV, "ENODEV", "no such device"},
    {ENOENT, "ENOENT", "no such file or directory"},
    {ENOMEM, "ENOMEM", "not enough memory"},
    {ENOPROTOOPT, "ENOPROTOOPT", "protocol not available"},
    {ENOSPC, "ENOSPC", "no space left on device"},
    {ENOSYS, "ENOSYS", "function not implemented"},
    {ENOTCONN, "ENOTCONN", "socket is not connected"},
    {ENOTDIR, "ENOTDIR", "not a directory"},
    {ENOTSOCK, "ENOTSOCK", "socket operation on non-socket"},
    {ENOTSUP, "ENOTSUP", "operation not supported on socket"},
    {EPERM, "EPERM", "operation not permitted"},
    {EPIPE, "EPIPE", "broken pipe"},
    {EPROTO, "EPROTO", "protocol error"},
    {EPROTONOSUPPORT, "EPROTONOSUPPORT", "protocol not supported"},
    {EPROTOTYPE, "EPROTOTYPE", "protocol wrong type for socket"},
    {EROFS, "EROFS", "read-only file system"},
    {ETIMEDOUT, "ETIMEDOUT", "connection timed out"},
    {ETXTBSY, "ETXTBSY", "text file is busy"},
#if EWOULDBLOCK != EAGAIN
    {EWOULDBLOCK, "EAGAIN", "resource temporarily unavailable"},
#endif
#if EOPNOTSUPP != ENOTSUP
    {EOPNOTSUPP, "ENOTSUP", "operation not supported on socket"},
#endif
};

constexpr SystemRow system_row(int number) noexcept {
  for (const SystemRow& row : system_rows) {
    if (row.number == number) return row;
  }
  return {number, "UNKNOWN", "unknown error"};
}

/// "ECONNREFUSED"; "UNKNOWN" for a number without a name, as in libuv.
constexpr std::string_view system_error_name(int number) noexcept { return system_row(number).name; }
/// S3.12: "connection refused".
constexpr std::string_view system_error_description(int number) noexcept { return system_row(number).description; }

}  // namespace detail
}  // namespace net::inline NET_ABI

#endif

namespace net::inline NET_ABI {

class Error;

namespace detail {

class Category final : public std::error_category {
 public:
  const char* name() const noexcept override { return "net"; }
  NET_API std::string message(int value) const override;
};

struct ErrorText;
class NewText;

}  // namespace detail

/// The category of `Errc`; errors of the system are in `std::generic_category()`, on every platform.
NET_API const std::error_category& error_category() noexcept;

/// The `std::error_code` of a code of the library. So `error.code() == net::Errc::ERR_TIMEOUT` works.
NET_API std::error_code make_error_code(Errc code) noexcept;

/// An error as Node shows it. `code()` compares with `std::errc` (errors of the system) and with
/// `net::Errc` (errors of the library); `what()` is Node's message. Copying is cheap and never throws. Texts that the
/// members give are views, valid as long as the error or a copy of it.
class Error : public std::system_error {
 public:
  /// No error: what a callback gets on success.
  Error() : std::system_error(std::error_code{}) {}

  /// An error of the library or of the program, with a message of its own.
  explicit Error(Errc code, std::string message = {}) : Error(make_error_code(code), std::move(message)) {}

  /// Any error code with a message; the code's own text if the message is empty.
  explicit Error(std::error_code code, std::string message = {});

  /// An error of the program with nothing but a message: `socket.destroy("no such user")`, `promise.reject("gone")`.
  Error(const char* message) : Error(std::string(message)) {}
  Error(std::string message);
  Error(std::nullptr_t) = delete;

  /// Takes the text over once nothing can fail any more: the base class copies the code's own text.
  Error(std::error_code code, detail::NewText& text);

  Error(const Error& other) noexcept;
  Error& operator=(const Error& other) noexcept;
  ~Error() override { release(); }

  /// Node's `code`: "ECONNREFUSED", "ERR_SOCKET_CLOSED"; "" if the error has none.
  std::string_view name() const noexcept;
  /// Node's `name`: "Error", "TypeError", "RangeError", "SyntaxError", "AggregateError", "AbortError" or
  /// "TimeoutError".
  std::string_view kind() const noexcept;
  /// The system call that failed: "connect", "listen", "read", …; "" if none did.
  std::string_view syscall() const noexcept;
  /// The address or the path it was about, "" if none.
  std::string_view address() const noexcept;
  /// The port it was about, -1 if none.
  int port() const noexcept;
  /// The local end that was asked for, if the connection failed later; "" and -1 if none.
  std::string_view localAddress() const noexcept;
  int localPort() const noexcept;
  /// The name that was looked up, "" unless the lookup failed.
  std::string_view hostname() const noexcept;
  /// Node's `errno`: the system's number negated, libuv's for a lookup, 0 for errors of the library.
  int number() const noexcept;
  /// The errors of the attempts, in order, if this is an AggregateError. Valid as long as the error or a copy.
  std::span<const Error> errors() const noexcept;
  /// Why it was called off: the signal's reason, if this is an AbortError (S3.9); no error otherwise.
  Error cause() const;
  /// False: no error.
  explicit operator bool() const noexcept { return text_ != nullptr; }
  /// Node's message: "connect ECONNREFUSED 127.0.0.1:1".
  NET_API const char* what() const noexcept override;

 private:
  void release() noexcept;

  detail::ErrorText* text_ = nullptr;
};

/// Its message, on whatever takes text.
template <class Stream, std::same_as<Error> E>
auto operator<<(Stream& to, const E& error) -> decltype(to << error.what()) {
  return to << error.what();
}

namespace detail {

/// The one place that throws. Without exceptions it prints the message and ends the program.
[[noreturn]] NET_API void throw_error(const Error& error);

/// What a callback gets on success. One for all: an exception object of the standard library is never cheap to make,
/// and every loop makes sure that it is there.
NET_API const Error& no_error();

/// A path as a message shows it: what() ends at the first NUL, and abstract names begin with one.
NET_API std::string escape_nul(std::string_view path);

/// A text as Node's messages quote it.
NET_API std::string quoted(std::string_view given);

/// "127.0.0.1:80", or only the address if there is no port above 0 (S3.2).
NET_API std::string with_port(std::string_view address, int port);

NET_API NewText system_text(int number, std::string_view syscall);

/// S3.1: "read ECONNRESET".
NET_API Error system_failure(int number, std::string_view syscall);

/// S3.2: "connect ECONNREFUSED 127.0.0.1:1"; `bind` alike.
NET_API Error address_failure(int number, std::string_view syscall, std::string_view address, int port);

/// S3.3, S3.4: the same, with the local end at the end of the message; `asked` keeps it as fields too.
NET_API Error local_failure(int number, std::string_view syscall, std::string_view address, int port,
                            std::string_view local_address, int local_port, bool asked);

/// S3.5: "listen EADDRINUSE: address already in use 127.0.0.1:3000".
NET_API Error listen_failure(int number, std::string_view address, int port);

/// S3.7: "getaddrinfo ENOTFOUND nowhere.invalid".
NET_API Error lookup_failure(Errc code, std::string_view host);

/// The same with an error of the system's: "getaddrinfo EAGAIN somewhere.test" (S32.3).
NET_API Error lookup_failure(int number, std::string_view host);

/// S3.8: the failures of all attempts as one error with an empty message and the code of the first.
NET_API Error aggregate_failure(Vec<Error>&& attempts, std::string_view message = {});

NET_API NewText coded_text(Errc code, std::string message);

/// An error of the library in Node's words; the kind is Node's `name`.
NET_API Error make_error(Errc code, std::string message);

/// The same with the fixed message that belongs to the code (S3.10).
NET_API Error make_error(Errc code);

/// S3.9: what is destroyed by a signal, with the signal's reason as its cause.
NET_API Error abort_failure(const Error& reason);

NET_API Error invalid_value(std::string_view name, std::string_view reason, std::string_view received);

/// "12" or "0.5": a number as JavaScript shows it.
NET_API std::string number_text(double value);

NET_API Error out_of_range(std::string_view name, std::string_view range, std::string_view received);

NET_API Error bad_port(std::string_view name, long long value);

NET_API Error bad_port(std::string_view name, std::string_view value);

/// A host with a NUL would be cut there, and what it begins with is not what was meant.
NET_API bool has_nul(std::string_view host) noexcept;
NET_API Error nul_in_host(std::string_view host);

NET_API Error bad_ip(std::string_view text);

/// S12.11: a lookup's answer, with the name and the port that it was for.
NET_API Error bad_family(int family, std::string_view host, int port);

/// What somebody has thrown, as an Error: itself, the text of an exception of another type, or else this one.
NET_API Error error_of(const std::exception_ptr& thrown, const char* otherwise);

/// What an end() gets after destroy(); a write gets the text of the code itself.
NET_API Error end_after_destroy();

/// S16.8: what a write gets after the other side's end was answered. EPIPE, but not from the system.
NET_API Error ended_by_other_party();

}  // namespace detail
}  // namespace net::inline NET_ABI

#endif

// Is this text an IP address? Nothing is resolved, nothing is allocated.
#ifndef NET_IP_HPP
#define NET_IP_HPP

namespace net::inline NET_ABI {

/// The family of an address; `unspecified` where none is known, or where it is that of the address.
enum class Family : std::uint8_t { unspecified = 0, IPv4 = 4, IPv6 = 6 };

/// "IPv4", "IPv6", or "" for anything else.
constexpr std::string_view to_string(Family family) noexcept {
  return family == Family::IPv4 ? "IPv4" : family == Family::IPv6 ? "IPv6" : std::string_view{};
}

/// Its name, on whatever takes text.
template <class Stream, std::same_as<Family> F>
auto operator<<(Stream& to, F family) -> decltype(to << to_string(family)) {
  return to << to_string(family);
}

/// True for four decimal numbers from 0 to 255 joined by dots, without leading zeros (S4.2).
constexpr bool isIPv4(std::string_view text) noexcept {
  const char* const end = text.data() + text.size();
  std::uint32_t value = 0;
  return detail::read_ipv4(text.data(), end, value) == end && !text.empty();
}

/// True for an IPv6 address, with or without a zone such as "%eth0" (S4.3 to S4.5).
constexpr bool isIPv6(std::string_view text) noexcept {
  const char* const end = text.data() + text.size();
  detail::Ipv6Groups groups;
  const char* const stop = detail::read_ipv6(text.data(), end, groups);
  return stop && (stop == end || detail::is_zone(stop, end));
}

/// 4 or 6 if the text is an address of that family, else 0 (S4.1).
constexpr int isIP(std::string_view text) noexcept {
  // The first dot or colon decides the family; neither is ever further away than this.
  const std::size_t near_start = text.size() < 5 ? text.size() : 5;
  for (std::size_t i = 0; i < near_start; ++i) {
    if (text[i] == '.') return isIPv4(text) ? 4 : 0;
    if (text[i] == ':') return isIPv6(text) ? 6 : 0;
  }
  return 0;
}

}  // namespace net::inline NET_ABI

#endif

namespace net::inline NET_ABI::detail {

/// The bytes of an address in network order: the first 4 or all 16, the rest zero. `unspecified`: no address.
struct IpAddress {
  Family family = Family::unspecified;
  std::uint8_t bytes[16] = {};

  constexpr std::size_t size() const noexcept { return family == Family::IPv4 ? 4 : family == Family::IPv6 ? 16 : 0; }
  constexpr unsigned group(int i) const noexcept { return static_cast<unsigned>(bytes[2 * i] << 8 | bytes[2 * i + 1]); }
  constexpr explicit operator bool() const noexcept { return family != Family::unspecified; }

  friend constexpr bool operator==(const IpAddress&, const IpAddress&) noexcept = default;
  friend constexpr auto operator<=>(const IpAddress&, const IpAddress&) noexcept = default;
};

/// `value` is in host order.
constexpr IpAddress ipv4_address(std::uint32_t value) noexcept {
  IpAddress ip{.family = Family::IPv4};
  for (int i = 0; i < 4; ++i) ip.bytes[i] = static_cast<std::uint8_t>(value >> (24 - 8 * i));
  return ip;
}

/// Puts zeros where the "::" stood. The groups are complete.
constexpr IpAddress ipv6_address(const Ipv6Groups& groups) noexcept {
  IpAddress ip{.family = Family::IPv6};
  const int zeros = 8 - groups.count;
  for (int i = 0; i < groups.count; ++i) {
    const int at = groups.gap >= 0 && i >= groups.gap ? i + zeros : i;
    ip.bytes[2 * at] = static_cast<std::uint8_t>(groups.value[i] >> 8);
    ip.bytes[2 * at + 1] = static_cast<std::uint8_t>(groups.value[i]);
  }
  return ip;
}

/// A zone is let through whatever its name is (S5.6), but a byte that no text holds makes it no address.
constexpr bool is_any_zone(const char* p, const char* end) noexcept {
  if (*p != '%') return false;
  for (; p != end; ++p) {
    if (*p == '\0' || static_cast<unsigned char>(*p) > 127) return false;
  }
  return true;
}

/// The family of a text that is one of the two.
constexpr Family family_of(std::string_view text) noexcept {
  return text.find(':') == std::string_view::npos ? Family::IPv4 : Family::IPv6;
}

/// S5.5, S5.6: a strict literal of the family, or of either if `unspecified`. No address if it is none.
constexpr IpAddress parse_ip(std::string_view text, Family family = Family::unspecified) noexcept {
  if (text.empty()) return {};
  if (family == Family::unspecified) family = family_of(text);
  const char* const end = text.data() + text.size();
  if (family == Family::IPv4) {
    std::uint32_t value = 0;
    return read_ipv4(text.data(), end, value) == end ? ipv4_address(value) : IpAddress{};
  }
  Ipv6Groups groups;
  const char* const stop = family == Family::IPv6 ? read_ipv6(text.data(), end, groups) : nullptr;
  return stop && (stop == end || is_any_zone(stop, end)) ? ipv6_address(groups) : IpAddress{};
}

/// What follows the "%": "eth0" of "fe80::1%eth0"; "" without one.
constexpr std::string_view zone_of(std::string_view text) noexcept {
  const std::size_t at = text.find('%');
  return at == std::string_view::npos ? std::string_view{} : text.substr(at + 1);
}

/// An address or an address with a port, as text in place.
class IpText {
 public:
  constexpr void push(char c) noexcept { text_[size_++] = c; }
  constexpr void push_number(unsigned number, unsigned base) noexcept {
    if (number >= base) push_number(number / base, base);
    push("0123456789abcdef"[number % base]);
  }
  constexpr std::string_view view() const noexcept { return {text_, size_}; }

 private:
  char text_[64] = {};
  std::size_t size_ = 0;
};

/// The zeros that are written "::": the longest run of at least two groups, the first of equals.
struct ZeroRun {
  int start = -1, length = 1;

  constexpr explicit ZeroRun(const IpAddress& ip) noexcept {
    for (int i = 0; i < 8; ++i) {
      int j = i;
      while (j < 8 && ip.group(j) == 0) ++j;
      if (j - i > length) {
        start = i;
        length = j - i;
      }
      if (j > i) i = j;
    }
  }
};

constexpr void write_dotted(IpText& out, const std::uint8_t* bytes) noexcept {
  for (int i = 0; i < 4; ++i) {
    if (i > 0) out.push('.');
    out.push_number(bytes[i], 10);
  }
}

/// S5.7, S5.8: the normalised text of an address.
constexpr void write_ip(IpText& out, const IpAddress& ip) noexcept {
  if (ip.family == Family::IPv4) return write_dotted(out, ip.bytes);
  const ZeroRun run(ip);
  const bool dotted = run.start == 0 && (run.length == 6 || (run.length == 5 && ip.group(5) == 0xffff));
  for (int i = 0; i < 8; ++i) {
    if (i == run.start) {
      out.push(':');
      i += run.length;
      if (i == 8) return out.push(':');
    }
    if (i > 0) out.push(':');
    if (dotted && i == 6) return write_dotted(out, ip.bytes + 12);
    out.push_number(ip.group(i), 16);
  }
}

/// "" for no address.
NET_API std::string to_text(const IpAddress& ip);

/// Whether the address is good on one interface only: fe80::/10.
constexpr bool is_link_local(const IpAddress& ip) noexcept {
  return ip.family == Family::IPv6 && ip.bytes[0] == 0xfe && (ip.bytes[1] & 0xc0) == 0x80;
}

[[noreturn]] NET_API void throw_bad_family(Family family);

/// S5.2: a family has to be one of the two, or `unspecified`.
constexpr void require_family(Family family) {
  if (family != Family::unspecified && to_string(family).empty()) throw_bad_family(family);
}

/// The same as `parse_ip`; throws the errors of S5.2 and S5.5.
constexpr IpAddress require_ip(std::string_view text, Family family) {
  require_family(family);
  const IpAddress ip = parse_ip(text, family);
  if (!ip) throw_error(make_error(Errc::ERR_INVALID_ADDRESS));
  return ip;
}

}  // namespace net::inline NET_ABI::detail

#endif

namespace net::inline NET_ABI::detail {

/// An IP address and a port; `scope` is the number of the interface of a link-local IPv6 address.
struct Endpoint {
  IpAddress ip;
  std::uint16_t port = 0;
  std::uint32_t scope = 0;

  explicit operator bool() const noexcept { return static_cast<bool>(ip); }
};

/// Bytes that wait to be sent, somewhere in memory.
struct IoSlice {
  const char* data = nullptr;
  std::size_t size = 0;
};

/// One call sends no more slices than these; the caller sends the rest with further calls.
inline constexpr std::size_t max_slices = 64;

/// How a listening descriptor is made.
struct ListenFlags {
  bool ipv6_only = false;
  bool reuse_port = false;
  int backlog = 511;
};

/// Who may use a path that is listened on (S23.10).
struct PathMode {
  bool readable_all = false;
  bool writable_all = false;
};

}  // namespace net::inline NET_ABI::detail

#endif

namespace net::inline NET_ABI::detail {

using WriteCallback = Function<void(const Error&)>;

/// One write that waits: its bytes follow it in memory, or are those of a string or vector that it took over.
struct WriteNode {
  WriteNode* next = nullptr;
  const char* data = nullptr;
  std::size_t size = 0;  // bytes of the write
  std::size_t sent = 0;  // of these, taken by the kernel
  void (*destroy)(WriteNode*) noexcept = nullptr;
  WriteCallback callback;

  /// A node with a copy of the bytes, in one allocation.
  static WriteNode* copy(const char* bytes, std::size_t size);

  /// A node that takes over a string or a vector.
  template <class Owner>
  static WriteNode* keep(Owner&& owner) {
    struct Keeper : WriteNode {
      Owner kept;
      explicit Keeper(Owner&& from) : kept(std::move(from)) {}
    };
    static_assert(!std::is_reference_v<Owner>);
    auto* node = new Keeper(std::move(owner));
    node->data = reinterpret_cast<const char*>(node->kept.data());
    node->size = node->kept.size();
    node->destroy = [](WriteNode* n) noexcept { delete static_cast<Keeper*>(n); };
    return node;
  }
};

/// The bytes of a write, and how they are kept if they have to wait.
struct WriteSource {
  std::string_view bytes;
  void* owner = nullptr;  // the string or vector that holds them, if it was moved in
  WriteNode* (*keep)(void* owner) = nullptr;

  /// Keeps the bytes from `taken` on: a copy, or the owner itself.
  WriteNode* node(std::size_t taken) const;
};

/// A list of nodes, which it owns.
class WriteQueue {
 public:
  WriteQueue() noexcept = default;
  WriteQueue(const WriteQueue&) = delete;
  WriteQueue& operator=(const WriteQueue&) = delete;
  ~WriteQueue() {
    while (first_) pop();
  }

  bool empty() const noexcept { return first_ == nullptr; }
  WriteNode* first() const noexcept { return first_; }

  void push(WriteNode* node) noexcept;

  /// Destroys the first node.
  void pop() noexcept;

  /// Moves all nodes behind those of `to`.
  void move_to(WriteQueue& to) noexcept;

  /// Moves the last `count` nodes behind those of `to`.
  void move_last_to(WriteQueue& to, std::size_t count) noexcept;

  /// The unsent bytes of the first nodes, as at most `max` slices; returns how many.
  std::size_t slices(IoSlice* slices, std::size_t max) noexcept;

  /// Notes that the kernel took `bytes` more of what `slices` gave.
  void consume(std::size_t bytes) noexcept;

 private:
  WriteNode* first_ = nullptr;
  WriteNode* last_ = nullptr;
  WriteNode* unsent_ = nullptr;  // nothing before it is left to send; null: not known
};

}  // namespace net::inline NET_ABI::detail

#endif

// The option structs, and the small records that getters and listeners get.
#ifndef NET_OPTIONS_HPP
#define NET_OPTIONS_HPP

#include <optional>

// AbortController and AbortSignal: calling off a connection or a server, from any thread.
#ifndef NET_ABORT_HPP
#define NET_ABORT_HPP

#include <initializer_list>

// The loop itself: phases, ticks, timers, posts, and what keeps it alive. Internal; net::Loop is its face.
#ifndef NET_DETAIL_LOOP_CORE_HPP
#define NET_DETAIL_LOOP_CORE_HPP

// The loop's large buffers: memory that costs nothing before it is touched. Internal.
#ifndef NET_DETAIL_BASE_PAGE_BUFFER_HPP
#define NET_DETAIL_BASE_PAGE_BUFFER_HPP

namespace net::inline NET_ABI::detail {

/// It begins with a page: large allocations begin in the middle of a cache line otherwise, and there the kernel copies
/// a twentieth to a tenth slower.
struct PageBuffer {
  static constexpr std::align_val_t page{4096};
  char* begin = nullptr;

  PageBuffer() noexcept = default;  ///< none
  explicit PageBuffer(std::size_t size) : begin(static_cast<char*>(::operator new(size, page))) {}
  PageBuffer(PageBuffer&& other) noexcept : begin(detail::exchange(other.begin, nullptr)) {}
  PageBuffer& operator=(PageBuffer&& other) noexcept {
    begin = detail::exchange(other.begin, begin);
    return *this;
  }
  ~PageBuffer() {
    if (begin) ::operator delete(begin, page);
  }
};

}  // namespace net::inline NET_ABI::detail

#endif

// First in, first out, in one block of memory that is kept. Internal.
#ifndef NET_DETAIL_BASE_QUEUE_HPP
#define NET_DETAIL_BASE_QUEUE_HPP

namespace net::inline NET_ABI::detail {

/// What a Queue is, whatever waits in it.
class QueueSpace {
 public:
  bool empty() const noexcept { return size_ == 0; }
  std::size_t size() const noexcept { return size_; }

  /// As `Queue::expect`, without memory: only if there is space. So it is when the last one was just taken.
  bool expect_if_space() noexcept {
    if (size_ == limit_) return false;
    ++expected_;
    --limit_;
    return true;
  }
  void expect_no_more() noexcept {
    --expected_;
    ++limit_;
  }

 protected:
  QueueSpace() noexcept = default;
  QueueSpace(const QueueSpace&) = delete;
  QueueSpace& operator=(const QueueSpace&) = delete;
  ~QueueSpace() { ::operator delete(ring_); }

  /// Where the one stands that is taken after so many others.
  std::size_t place_of(std::size_t at) const noexcept { return (first_ + at) & (capacity_ - 1); }

  void swap_items(QueueSpace& other) noexcept {
    void* const ring = ring_;
    const std::size_t capacity = capacity_, first = first_, size = size_;
    ring_ = other.ring_, capacity_ = other.capacity_, first_ = other.first_, size_ = other.size_;
    other.ring_ = ring, other.capacity_ = capacity, other.first_ = first, other.size_ = size;
  }
  void swap(QueueSpace& other) noexcept {
    swap_items(other);
    const std::size_t limit = limit_, expected = expected_;
    limit_ = other.limit_, expected_ = other.expected_;
    other.limit_ = limit, other.expected_ = expected;
  }

  void* ring_ = nullptr;
  std::size_t capacity_ = 0, first_ = 0, size_ = 0;
  std::size_t limit_ = 0;     // of the size, so that there is space for what is expected
  std::size_t expected_ = 0;  // pushes that must not fail
};

/// A ring that grows. In steady state pushing and taking allocate nothing.
template <class T>
class Queue : public QueueSpace {
  static_assert(noexcept(T(std::declval<T>())));

 public:
  Queue() noexcept = default;
  Queue(Queue&& other) noexcept { swap(other); }
  Queue& operator=(Queue&& other) noexcept {
    swap(other);
    return *this;
  }
  ~Queue() { clear(); }

  void push(T&& value) {
    if (size_ == limit_) [[unlikely]]
      grow();
    place(static_cast<T&&>(value));
  }

  /// Space for so many more, so that pushing them cannot fail.
  void reserve(std::size_t more) {
    while (limit_ - size_ < more) grow();
  }

  /// One will be pushed when there may be no memory: there is space for it from now on, whatever else is pushed.
  void expect() {
    reserve(1);
    ++expected_;
    --limit_;
  }
  void push_expected(T&& value) noexcept {
    expect_no_more();
    place(static_cast<T&&>(value));
  }
  /// A callable, which has to need no memory either.
  template <class F>
    requires(!std::is_same_v<std::remove_cvref_t<F>, T>) && requires { T::template fits<F>; }
  void push_expected(F&& callable) noexcept {
    static_assert(T::template fits<std::decay_t<F>>, "what was promised a place is larger than the place");
    push_expected(T(static_cast<F&&>(callable)));
  }

  template <class... Args>
  void emplace(Args&&... args) {
    if (size_ == limit_) [[unlikely]]
      grow();
    place(static_cast<Args&&>(args)...);
  }

  /// What was pushed last goes again.
  void take_back() noexcept { ring()[place_of(--size_)].~T(); }

  /// At the other end: the next one that is taken.
  void push_front(T&& value) {
    if (size_ == limit_) [[unlikely]]
      grow();
    const std::size_t at = place_of(capacity_ - 1);
    ::new (static_cast<void*>(ring() + at)) T(static_cast<T&&>(value));
    first_ = at;
    ++size_;
  }
  T& first() noexcept { return ring()[first_]; }
  const T& first() const noexcept { return ring()[first_]; }

  /// The one that is taken after so many others.
  const T& operator[](std::size_t at) const noexcept { return ring()[place_of(at)]; }

  T pop_front() noexcept {
    T* front = ring() + first_;
    T value(static_cast<T&&>(*front));
    front->~T();
    first_ = place_of(1);
    --size_;
    return value;
  }

  void clear() noexcept {
    while (size_ > 0) (void)pop_front();
  }
  void swap(Queue& other) noexcept { QueueSpace::swap(other); }
  /// Takes all that is in the other one, when this one is empty. Each keeps the space for what it expects.
  void take_all(Queue& other) {
    reserve(other.expected_);
    swap_items(other);
    limit_ = capacity_ - expected_;
    other.limit_ = other.capacity_ - other.expected_;
  }

 private:
  T* ring() const noexcept { return static_cast<T*>(ring_); }

  template <class... Args>
  void place(Args&&... args) {
    ::new (static_cast<void*>(ring() + place_of(size_))) T(static_cast<Args&&>(args)...);
    ++size_;
  }

  NET_GNU(noinline) void grow() {
    const std::size_t larger = capacity_ ? capacity_ * 2 : 16;
    T* to = static_cast<T*>(::operator new(larger * sizeof(T)));
    const std::size_t count = size_;
    for (std::size_t i = 0; i < count; ++i) ::new (static_cast<void*>(to + i)) T(pop_front());
    ::operator delete(ring_);
    ring_ = to;
    capacity_ = larger;
    first_ = 0;
    size_ = count;
    limit_ = larger - expected_;
  }
};

/// A place in a queue for what has to come even without memory; given back if it is not used. Making one right after
/// something was taken from the queue needs no memory.
template <class T>
class Place {
 public:
  explicit Place(Queue<T>& queue) : queue_(queue) { queue.expect(); }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;
  ~Place() {
    if (!used_) queue_.expect_no_more();
  }
  void push(T&& value) noexcept {
    used_ = true;
    queue_.push_expected(static_cast<T&&>(value));
  }
  template <class F>
    requires(!std::is_same_v<std::remove_cvref_t<F>, T>) && requires { T::template fits<F>; }
  void push(F&& callable) noexcept {
    static_assert(T::template fits<std::decay_t<F>>, "what was promised a place is larger than the place");
    push(T(static_cast<F&&>(callable)));
  }

 private:
  Queue<T>& queue_;
  bool used_ = false;
};

}  // namespace net::inline NET_ABI::detail

#endif

// What a loop keeps: handles, their steps and jobs, timers, immediates, and the way in from other threads. Internal.
#ifndef NET_DETAIL_LOOP_HANDLE_HPP
#define NET_DETAIL_LOOP_HANDLE_HPP

// A lock that is held as long as a scope lasts. Internal.
#ifndef NET_DETAIL_BASE_LOCK_GUARD_HPP
#define NET_DETAIL_BASE_LOCK_GUARD_HPP

namespace net::inline NET_ABI::detail {

template <class Mutex>
class LockGuard {
 public:
  explicit LockGuard(Mutex& mutex) noexcept : mutex_(mutex) { mutex_.lock(); }
  LockGuard(const LockGuard&) = delete;
  LockGuard& operator=(const LockGuard&) = delete;
  ~LockGuard() { mutex_.unlock(); }

 private:
  Mutex& mutex_;
};
template <class Mutex>
LockGuard(Mutex&) -> LockGuard<Mutex>;

}  // namespace net::inline NET_ABI::detail

#endif

// Which timer is due next. Internal; knows no clock.
#ifndef NET_DETAIL_LOOP_TIMER_QUEUE_HPP
#define NET_DETAIL_LOOP_TIMER_QUEUE_HPP

namespace net::inline NET_ABI::detail {

/// What a timer must have to stand in the queue.
struct TimerNode {
  static constexpr std::size_t absent = ~std::size_t{};

  std::uint64_t due = 0;    // ms of the loop's clock
  std::uint64_t order = 0;  // among equal times, the one made first comes first
  std::size_t place = absent;

  bool queued() const noexcept { return place != absent; }
};

/// A binary heap; every node knows its place, so that any can be taken out.
class TimerQueue {
 public:
  bool empty() const noexcept { return heap_.empty(); }
  std::size_t size() const noexcept { return heap_.size(); }
  TimerNode* first() const noexcept { return heap_[0]; }

  /// Space for one more, beside those that are kept.
  void reserve_one();

  /// The place of a timer that is being called, so that it can be started again when there is no memory.
  class Place {
   public:
    explicit Place(TimerQueue& queue) : queue_(queue) {
      queue.reserve_one();
      ++queue.kept_;
    }
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;
    ~Place() { leave(); }
    void leave() noexcept {
      if (detail::exchange(held_, false)) --queue_.kept_;
    }

   private:
    TimerQueue& queue_;
    bool held_ = true;
  };

  void insert(TimerNode& node, std::uint64_t due);

  void remove(TimerNode& node) noexcept;

 private:
  static bool before(const TimerNode& a, const TimerNode& b) noexcept {
    return a.due != b.due ? a.due < b.due : a.order < b.order;
  }
  void put(std::size_t at, TimerNode* node) noexcept {
    heap_[at] = node;
    node->place = at;
  }
  void rise(std::size_t at) noexcept;
  void sink(std::size_t at) noexcept;

  Vec<TimerNode*> heap_;
  std::size_t kept_ = 0;
  std::uint64_t made_ = 0;
};

}  // namespace net::inline NET_ABI::detail

#endif

// Which machine this program runs on: the name that is part of every type above it. Internal.
#ifndef NET_DETAIL_SYS_MACHINE_HPP
#define NET_DETAIL_SYS_MACHINE_HPP

// All that this library asks of a system, in one contract. Internal.
#ifndef NET_DETAIL_IO_MACHINE_HPP
#define NET_DETAIL_IO_MACHINE_HPP

// Connections that arrive, non-blocking. Internal.
#ifndef NET_DETAIL_IO_ACCEPTOR_HPP
#define NET_DETAIL_IO_ACCEPTOR_HPP

// Bytes to and from one peer, non-blocking: what a socket moves its data through. Internal.
#ifndef NET_DETAIL_IO_CHANNEL_HPP
#define NET_DETAIL_IO_CHANNEL_HPP

// What every poller is: it watches registrations, waits until some are ready, and can be woken. Internal.
#ifndef NET_DETAIL_IO_POLLER_HPP
#define NET_DETAIL_IO_POLLER_HPP

// What a loop watches, and the places by which the system reports it: they outlive what they stand for. Internal.
#ifndef NET_DETAIL_IO_WATCHER_HPP
#define NET_DETAIL_IO_WATCHER_HPP

// What the system knows a socket by. Internal.
#ifndef NET_DETAIL_IO_NATIVE_HANDLE_HPP
#define NET_DETAIL_IO_NATIVE_HANDLE_HPP

namespace net::inline NET_ABI {

/// What the system knows a socket by, as `nativeHandle()` and `release()` give it: a descriptor; on Windows a SOCKET,
/// or the HANDLE of a named pipe. -1 is none.
#if defined(_WIN32)
using NativeHandle = std::intptr_t;
#else
using NativeHandle = int;
#endif

namespace detail {

inline constexpr NativeHandle no_handle = -1;

/// What a descriptor from elsewhere is (S22).
enum class DescriptorKind { tcp, local, pipe, datagram, terminal, file, unknown };

}  // namespace detail
}  // namespace net::inline NET_ABI

#endif

namespace net::inline NET_ABI::detail {

struct Watcher;

/// The place of one watcher in its poller. It never moves and is never freed before its poller, so the system may be
/// given its address; whom it stands for is known here.
struct Registration {
  Watcher* watcher = nullptr;    // null: it is gone
  Registration* next = nullptr;  // while it is free: the next free one
  std::size_t place = 0;         // the poller's own note
};

/// A descriptor that a loop watches. It is part of its owner, so there is no map to look things up in. It may be
/// dropped, or die, at any moment: whatever the system still reports of it is recognised as gone.
struct Watcher {
  void* owner = nullptr;  // for whoever waits
  Registration* registration = nullptr;
  NativeHandle fd = no_handle;
  std::uint8_t interest = 0;    // readable | writable; 0 is silence
  std::uint8_t registered = 0;  // what the system watches
  std::int16_t failure = 0;     // the errno that the poller was given; the system may have forgotten it since

  Watcher() noexcept = default;
  Watcher(const Watcher&) = delete;
  Watcher& operator=(const Watcher&) = delete;
  ~Watcher() {
    if (registration) registration->watcher = nullptr;
  }
};

/// The registrations of one poller. One that was given up is used again only from the next round on, and only if the
/// system has confirmed that it reports it no more; so what the system reports is alive, or stands for nobody.
class Registrations {
 public:
  Registrations() noexcept { use(first_); }
  Registrations(const Registrations&) = delete;
  Registrations& operator=(const Registrations&) = delete;
  ~Registrations();

  /// Gives the watcher a place; false if there is no memory for it.
  bool add(Watcher& watcher) noexcept;

  /// `confirmed`: the system knows it no more. A place that is not is never used again.
  void remove(Registration& place, bool confirmed) noexcept;

  /// Whether it was given up, properly, since the present round began.
  bool given_up_now(const Registration& place) const noexcept {
    const Registration* at = given_up_;
    while (at && at != &place) at = at->next;
    return at != nullptr;
  }
  void begin_round() noexcept;

  /// Whether one of the watchers has the descriptor.
  bool have(NativeHandle fd) noexcept;

  template <class Each>
  void each(Each&& visit) {
    for (Page* page = pages_; page; page = page->next) {
      for (Registration& place : page->places) {
        if (place.watcher) visit(place);
      }
    }
  }

 private:
  struct Page {
    Page* next = nullptr;
    Registration places[128];
  };

  NET_GNU(noinline) bool add_page() noexcept {
    auto* const page = new (std::nothrow) Page;
    if (page) use(*page);
    return page != nullptr;
  }
  void use(Page& page) noexcept;

  Page first_;  // most loops need no more, and it needs no memory
  Page* pages_ = nullptr;
  Registration* free_ = nullptr;
  Registration* given_up_ = nullptr;
};

}  // namespace net::inline NET_ABI::detail

#endif

namespace net::inline NET_ABI::detail {

inline constexpr unsigned readable = 1;
inline constexpr unsigned writable = 2;
inline constexpr unsigned hung_up = 4;  // only reported, and only beside one of the others

/// What the system refused: a number, and the call; 0: nothing.
struct Refusal {
  int number = 0;
  const char* syscall = "";
};

/// The contract, which every system can keep. Level-triggered. Error and hang-up arrive as readable
/// and writable, with the system's number if it gave one; the end of a stream is never a flag, only what
/// reading says. `hung_up` is a hint that some pollers give: behind what stands there, reading will find the end.
/// Readiness may be spurious. What it reports is alive: a watcher that was dropped, or has died, in this round or
/// earlier, is not reported, however long its descriptor lives on somewhere else.
template <class P>
concept Poller =
    std::default_initializable<P> && requires(P poller, const P& fixed, Watcher& watcher, int milliseconds) {
      { poller.open() } -> std::same_as<Refusal>;  // once; and again in a child process, for what is watched
      { poller.shut() };                           // in a child process: gives up what is the parent's, silently
      { poller.watch(watcher, readable | writable) } -> std::same_as<int>;  // 0, or a negated errno
      { poller.drop(watcher) };  // before the descriptor is closed or given away
      {
        poller.hold(watcher)
      } -> std::same_as<bool>;  // it has a descriptor of which nothing is asked yet; false: no memory
      { poller.has(watcher.fd) } -> std::same_as<bool>;  // whether a watcher has it: watched at some time, or held
      {
        poller.wait(milliseconds, [](Watcher&, unsigned, int) {})
      };  // -1: for ever; void, or a Refusal if it cannot wait at all
      { poller.wake() };                                 // from any thread
      { fixed.native() } -> std::same_as<NativeHandle>;  // readable when wait() has something to do
    };

}  // namespace net::inline NET_ABI::detail

#endif

namespace net::inline NET_ABI::detail {

/// What writing answers, and the size of what reading brought: a number of bytes, or a negated errno, of which this one
/// means "wait until the poller says so".
inline constexpr std::ptrdiff_t would_block = -EAGAIN;

/// The system has no memory for it at the moment (S32.2): it means "later" too, but the poller may say "now" all the
/// time.
constexpr bool short_of_memory(std::ptrdiff_t result) noexcept { return result == -ENOBUFS || result == -ENOMEM; }
constexpr bool means_later(std::ptrdiff_t result) noexcept { return result == would_block || short_of_memory(result); }

/// What one read brought. The bytes lie in the buffer that was offered, or in one that the channel lends until it is
/// read again: whoever reads looks only there. Two words, which fit into registers.
struct ReadResult {
  std::ptrdiff_t size;  // 0 is the end of the stream; less is a negated errno
  const char* bytes;

  std::string_view view() const noexcept { return {bytes, static_cast<std::size_t>(size)}; }
};

/// The contract. Nothing blocks, nothing throws; errors are negated errno values. `start_connect` gives 0,
/// or -EINPROGRESS: then the channel becomes writable and `finish_connect` says how it went.
template <class C>
concept Channel = std::derived_from<C, Watcher> &&
                  requires(C channel, const C& fixed, C& other, char* into, std::size_t size, const IoSlice* slices,
                           const Endpoint& to, std::string_view path, NativeHandle descriptor, bool on, int number) {
                    { channel.open(Family::IPv6) } -> std::same_as<int>;
                    { channel.take_over(other) };  // the other one is closed then, without a word to the peer
                    { channel.adopt_connected(descriptor) } -> std::same_as<bool>;  // is it TCP? not open: no memory
                    { channel.bind(to) } -> std::same_as<int>;
                    { channel.start_connect(to) } -> std::same_as<int>;
                    { channel.start_connect_path(path) } -> std::same_as<int>;
                    { channel.finish_connect() } -> std::same_as<int>;
                    { channel.read(into, size) } -> std::same_as<ReadResult>;
                    { channel.write(slices, size) } -> std::same_as<std::ptrdiff_t>;
                    { channel.shutdown_write() } -> std::same_as<int>;
                    { channel.reset_on_close() } -> std::same_as<int>;
                    { channel.close() };
                    { channel.release() } -> std::same_as<NativeHandle>;
                    { channel.unread() } -> std::same_as<std::string_view>;  // taken from the system; it takes no more
                    { fixed.is_open() } -> std::same_as<bool>;
                    { fixed.native() } -> std::same_as<NativeHandle>;
                    { fixed.is_unconnected() } -> std::same_as<bool>;  // open, and has no other end yet (S22.9)
                    { fixed.local_end() } -> std::same_as<Endpoint>;
                    { fixed.remote_end() } -> std::same_as<Endpoint>;
                    { channel.set_no_delay(on) } -> std::same_as<int>;
                    { channel.set_keep_alive(on, number) } -> std::same_as<int>;
                    { channel.set_type_of_service(number) } -> std::same_as<int>;
                    { fixed.get_type_of_service() } -> std::same_as<int>;
                  };

}  // namespace net::inline NET_ABI::detail

#endif

namespace net::inline NET_ABI::detail {

/// What `accept` says when there is nobody, or a client that has gone already: the next one is another matter. Winsock
/// calls one that has reset its connection ECONNRESET.
constexpr bool means_nobody(int failed) noexcept {
  return failed == would_block || failed == -EINTR || failed == -ECONNABORTED || failed == -ECONNRESET;
}

/// The contract. Nothing blocks, nothing throws; each answer is 0 or a negated errno. `accept` opens the channel that
/// it is given: no machine has to invent a number for a connection.
template <class A, class C>
concept Acceptor =
    std::derived_from<A, Watcher> &&
    requires(A acceptor, const A& fixed, C& into, const Endpoint& at, const ListenFlags& flags, std::string_view path,
             const PathMode& mode, bool* mode_failed, NativeHandle descriptor, int backlog, bool on) {
      { acceptor.listen(at, flags) } -> std::same_as<int>;
      { acceptor.listen_path(path, mode, backlog, mode_failed) } -> std::same_as<int>;
      {
        acceptor.listen_descriptor(descriptor, backlog)
      } -> std::same_as<int>;  // it is the acceptor's, unless it failed; backlog 0: as before
      { acceptor.listen_beside(fixed, backlog) } -> std::same_as<int>;  // where the other one listens already
      { acceptor.accept(into) } -> std::same_as<int>;
      { acceptor.close() };
      { acceptor.release() };                              // the descriptor stays open, and is somebody else's
      { acceptor.set_no_delay(on) } -> std::same_as<int>;  // 0: what is accepted inherits it
      { fixed.has_reserve() } -> std::same_as<bool>;       // for the time when the process has no more (S9.18)
      { fixed.is_open() } -> std::same_as<bool>;
      { fixed.native() } -> std::same_as<NativeHandle>;
      { fixed.local_end() } -> std::same_as<Endpoint>;
    };

}  // namespace net::inline NET_ABI::detail

#endif

// Files, which may block: what the threads of a pool ask of the system. Internal.
#ifndef NET_DETAIL_IO_FILES_HPP
#define NET_DETAIL_IO_FILES_HPP

namespace net::inline NET_ABI::detail {

/// How a file is opened: to be read, or to be written, and then made if it is not there.
struct FileAccess {
  bool writes = false;
  bool appends = false;    // behind what is there; otherwise that is cut off
  bool exclusive = false;  // only if it is not there
  int mode = 0666;         // of a new one
  std::uint64_t start = 0;
};

/// The contract. Errors are negated errno values.
template <class M>
concept MachineFiles = requires(const std::string& path, const FileAccess& access, NativeHandle file,
                                NativeHandle& opened, char* into, const char* from, std::size_t size) {
  { M::open_file(path, access, opened) } -> std::same_as<int>;
  { M::read_file(file, into, size) } -> std::same_as<std::ptrdiff_t>;
  { M::write_file(file, from, size) } -> std::same_as<std::ptrdiff_t>;
  { M::close_file(file) } -> std::same_as<int>;
  // whether opening it, or writing to it, may have to wait for another process
  { M::is_slow_path(path) } -> std::same_as<bool>;
  { M::is_slow_file(file) } -> std::same_as<bool>;
  // what a slow one takes without waiting
  { M::write_slow_file(file, from, size) } -> std::same_as<std::ptrdiff_t>;
};

}  // namespace net::inline NET_ABI::detail

#endif

// Bytes that carry descriptors from one process to another. Internal.
#ifndef NET_DETAIL_IO_MESSAGES_HPP
#define NET_DETAIL_IO_MESSAGES_HPP

namespace net::inline NET_ABI::detail {

/// The descriptors that came with what was received; they are the receiver's, and closed on exec.
struct CameDescriptors {
  NativeHandle first = no_handle;
  bool more = false;  // others came with it, which are closed already
  bool lost = false;  // one came for which this process had no descriptor left

  bool any() const noexcept { return first != no_handle || more || lost; }
};

/// The contract. Nothing blocks; errors are negated errno values, as a channel's. On one machine a descriptor travels
/// beside the bytes, with the first one of what is sent; it is the sender's still, and one call brings those of one
/// call at most. On another one there is a ticket among the bytes, for one process, which opens its own by it, once:
/// there only bytes are sent and received. What a read has under way there comes although the channel can send no more.
template <class M>
concept MachineMessages = requires(typename M::Channel& channel, const IoSlice* slices, char* into, const char* from,
                                   std::size_t size, std::uint32_t number, NativeHandle passed, NativeHandle& opened,
                                   CameDescriptors& came, NativeHandle (&ends)[2]) {
  { M::make_pair(ends) } -> std::same_as<int>;                                      // connected to each other
  { M::send_with(channel, slices, size, passed) } -> std::same_as<std::ptrdiff_t>;  // no_handle: bytes alone
  { M::receive_with(channel, into, size, came) } -> std::same_as<ReadResult>;
  { M::ticket_size } -> std::convertible_to<std::size_t>;          // 0: there are none, and the others fail
  { M::ticket_number() } -> std::same_as<std::uint32_t>;           // of this process
  { M::write_ticket(passed, number, into) } -> std::same_as<int>;  // for the process of that number
  { M::open_ticket(from, opened) } -> std::same_as<int>;           // what it opens is this process's
};

}  // namespace net::inline NET_ABI::detail

#endif

namespace net::inline NET_ABI::detail {

/// Threads, and locks that fork() takes too, so that a child finds whole what they guard.
template <class M>
concept MachineThreads = requires(typename M::Mutex& mutex, typename M::Condition& condition,
                                  typename M::Thread& thread, void (*work)(void*), void* argument) {
  { mutex.lock() };
  { mutex.unlock() };
  { condition.wait(mutex) };
  { condition.wait_ms(mutex, 1) } -> std::same_as<bool>;  // no longer than that; false: it was that long
  { condition.wake_one() };
  { condition.wake_all() };
  { thread.start(work, argument) } -> std::same_as<bool>;
  { thread.join() };
  { M::start_thread(work, argument) } -> std::same_as<bool>;  // one that nobody joins
  { M::processors() } -> std::same_as<std::size_t>;           // how many threads run at the same time; at least 1
};

/// Processes that become two. What was made under another `fork_count` belongs to a parent.
template <class M>
concept MachineForks = requires(void (*step)(), int threads) {
  { M::fork_count() } -> std::same_as<std::uint32_t>;
  { M::at_fork(step, step, step) };   // before it, after it in the parent, after it in the child; each may be null
  { M::count_in_resolver(threads) };  // so many more are inside look_up: fork() waits for them; under a Mutex
};

/// Names of hosts and of interfaces.
template <class M>
concept MachineNames = requires(const std::string& host, Family family, int hints, Vec<Endpoint>& found,
                                std::string_view zone, std::uint32_t index) {
  { M::look_up(host, family, hints, found) } -> std::same_as<Errc>;  // waits for the resolver; may throw bad_alloc
  { M::address_config_hint() } -> std::same_as<int>;                 // only families that this machine has (S12.8)
  { M::known_hints() } -> std::same_as<int>;                         // all that may be asked for
  { M::interface_index(zone) } -> std::same_as<std::uint32_t>;       // 0: there is none
  { M::interface_name(index) } -> std::same_as<std::string>;
};

/// Descriptors from elsewhere, and files of sockets.
template <class M>
concept MachineDescriptors = requires(NativeHandle descriptor, std::string_view path) {
  { M::kind_of(descriptor) } -> std::same_as<DescriptorKind>;
  { M::prepare(descriptor) } -> std::same_as<int>;  // so that it never blocks; 0 or a negated errno
  { M::remove_path(path) };
};

/// Signals of the process. The waker is open while it listens, and is woken in any thread.
template <class M>
concept MachineSignals = requires(typename M::SignalWaker& signal) {
  { M::listen_to_signal(signal) } -> std::same_as<int>;  // 0, or a negated errno
  { M::forget_signal(signal) };                          // the last one puts back what the signal did before
  { signal.signo } -> std::same_as<int&>;
  { signal.waker.descriptor() } -> std::same_as<NativeHandle>;
  { signal.waker.drain() };
  { signal.waker.close() };
};

template <class M>
concept CompleteMachine =
    Poller<typename M::Poller> && Channel<typename M::Channel> && Acceptor<typename M::Acceptor, typename M::Channel> &&
    MachineThreads<M> && MachineForks<M> && MachineNames<M> && MachineDescriptors<M> && MachineFiles<M> &&
    MachineMessages<M> && MachineSignals<M> && requires {
      { M::now_ns() } -> std::same_as<std::uint64_t>;  // of a clock that only goes forward
    };

}  // namespace net::inline NET_ABI::detail

#endif

// Which poller this program waits with. Internal.
#ifndef NET_DETAIL_SYS_POLLER_HPP
#define NET_DETAIL_SYS_POLLER_HPP

// Readiness by kqueue(2), for macOS and the BSDs. Internal.
#ifndef NET_DETAIL_SYS_BSD_KQUEUE_HPP
#define NET_DETAIL_SYS_BSD_KQUEUE_HPP

// Whether the system has kqueue(2), with an event that any thread may trigger. Internal.
#ifndef NET_DETAIL_SYS_BSD_EVENT_HPP
#define NET_DETAIL_SYS_BSD_EVENT_HPP

// Where it is not the system's, as in tests, it is asked for by name.
#if !defined(NET_HAS_KQUEUE) && !defined(__linux__) && __has_include(<sys/event.h>)
#include <sys/types.h>

#include <sys/event.h>
#if defined(EVFILT_USER)  // older versions of NetBSD and OpenBSD lack it
#define NET_HAS_KQUEUE 1
#endif
#endif

#if !defined(NET_HAS_KQUEUE)
#define NET_HAS_KQUEUE 0
#elif NET_HAS_KQUEUE
#include <sys/event.h>
#endif

namespace net::inline NET_ABI::detail::os {

/// Whether the poller takes the error of a socket from the system, and notes it in the watcher.
inline constexpr bool poller_takes_errors = NET_HAS_KQUEUE;

}  // namespace net::inline NET_ABI::detail::os

#endif

// Threads, and what wakes a loop that sleeps. Internal; <thread> and <mutex> would double the lines of this library.
#ifndef NET_DETAIL_SYS_POSIX_THREAD_HPP
#define NET_DETAIL_SYS_POSIX_THREAD_HPP

// Locks that stand in a list of all of their kind, so that fork() can take every one. Internal.
#ifndef NET_DETAIL_BASE_LISTED_LOCK_HPP
#define NET_DETAIL_BASE_LISTED_LOCK_HPP

namespace net::inline NET_ABI::detail {

/// The base of a lock. `Lock` has `lock`, `unlock` and `pause`, which is called over and over while the list is taken.
template <class Lock>
class ListedLock {
 public:
  ListedLock(const ListedLock&) = delete;
  ListedLock& operator=(const ListedLock&) = delete;

  /// Takes all there are. Until they are free again, no lock is made or destroyed.
  static void lock_all() noexcept {
    lock_list();
    for (ListedLock* each = first(); each; each = each->next_) static_cast<Lock*>(each)->lock();
  }
  static void unlock_all() noexcept {
    for (ListedLock* each = first(); each; each = each->next_) static_cast<Lock*>(each)->unlock();
    list_lock().store(0);
  }

 protected:
  ListedLock() noexcept {
    const ListGuard guard;
    next_ = first();
    first() = this;
    if (next_) next_->link_ = &next_;
  }
  ~ListedLock() {
    const ListGuard guard;
    *link_ = next_;
    if (next_) next_->link_ = link_;
  }

 private:
  static ListedLock*& first() noexcept {
    static constinit ListedLock* list = nullptr;
    return list;
  }
  /// Guards the list; held for moments, and while a thread forks.
  static Atomic<int>& list_lock() noexcept {
    static constinit Atomic<int> lock{0};
    return lock;
  }
  static void lock_list() noexcept {
    while (list_lock().exchange(1) != 0) Lock::pause();
  }
  struct ListGuard {
    ListGuard() noexcept { lock_list(); }
    ListGuard(const ListGuard&) = delete;
    ListGuard& operator=(const ListGuard&) = delete;
    ~ListGuard() { list_lock().store(0); }
  };

  ListedLock* next_ = nullptr;
  ListedLock** link_ = &first();  // what points to it
};

}  // namespace net::inline NET_ABI::detail

#endif

// The calls of a POSIX system, with errors returned as negated errno values. Internal.
#ifndef NET_DETAIL_SYS_POSIX_CALLS_HPP
#define NET_DETAIL_SYS_POSIX_CALLS_HPP

// From one type of number to another, which may be the same one on this system. Internal.
#ifndef NET_DETAIL_BASE_CAST_HPP
#define NET_DETAIL_BASE_CAST_HPP

namespace net::inline NET_ABI::detail {

/// Compilers that are asked to say so complain of a cast that changes nothing here, but is needed elsewhere.
template <class To, class From>
constexpr To cast(From value) noexcept {
  if constexpr (std::is_same_v<To, From>) {
    return value;
  } else {
    return static_cast<To>(value);
  }
}

}  // namespace net::inline NET_ABI::detail

#endif

#if !defined(_WIN32)

namespace net::inline NET_ABI::detail::os {

NET_API bool would_block(int error) noexcept;

/// Repeats a call that a signal interrupted; its result, or the negated errno.
template <class Call>
NET_GNU(always_inline) inline auto retried(Call call) noexcept -> decltype(call()) {
  for (;;) {
    const auto result = call();
    if (result >= 0) [[likely]]
      return result;
    if (errno != EINTR) return -errno;
  }
}

/// Nanoseconds of a clock that only goes forward.
NET_API std::uint64_t now_ns() noexcept;

// ── descriptors ────────────────────────────────────────────────────────────

NET_API void close_descriptor(NativeHandle fd) noexcept;

NET_API NativeHandle duplicate(NativeHandle fd) noexcept;

NET_API int set_flag(NativeHandle fd, int level, int name, int value) noexcept;

/// Non-blocking, closed on exec, and never the cause of a SIGPIPE.
NET_API int prepare(NativeHandle fd) noexcept;

/// A new stream socket, or a negated errno.
NET_API int open_socket(int domain) noexcept;

/// The next connection that waits on a listening descriptor, or a negated errno.
NET_API int accept_from(NativeHandle fd) noexcept;

/// A descriptor that is kept only to be given up when there are no others (S9.18). It has a file of its own, as a
/// duplicate has not, so that it helps against ENFILE too; a socket where there is no /dev/null.
NET_API int open_reserve() noexcept;

/// Why nothing was moved. After a signal the poller says when to try again, as after a full buffer.
NET_RARE std::ptrdiff_t nothing_moved() noexcept;

NET_API std::ptrdiff_t receive(NativeHandle fd, void* into, std::size_t size) noexcept;

NET_API std::ptrdiff_t send_one(NativeHandle fd, const void* from, std::size_t size) noexcept;

/// One send of up to `max_slices`.
NET_API std::ptrdiff_t send_slices(NativeHandle fd, const IoSlice* slices, std::size_t count) noexcept;

// ── descriptors of other kinds (S22) ───────────────────────────────────────

NET_API DescriptorKind kind_of(NativeHandle fd) noexcept;

NET_API std::ptrdiff_t read_some(NativeHandle fd, void* into, std::size_t size) noexcept;

/// For what is no socket: no flag keeps SIGPIPE away there, so it is held back, and taken if it was ours.
NET_API std::ptrdiff_t write_slices(NativeHandle fd, const IoSlice* slices, std::size_t count) noexcept;

NET_API int shutdown_write(NativeHandle fd) noexcept;

/// The error that waits on a socket; reading it takes it away.
NET_API int pending_error(NativeHandle fd) noexcept;

/// Makes close() send a reset (S17.12).
NET_API int reset_on_close(NativeHandle fd) noexcept;

// ── options ────────────────────────────────────────────────────────────────

NET_API int set_no_delay(NativeHandle fd, bool on) noexcept;

/// S18.12: a delay of 0 leaves the system's times alone; otherwise probes each second, ten of them.
NET_API int set_keep_alive(NativeHandle fd, bool on, int delay_seconds) noexcept;

NET_API int set_type_of_service(NativeHandle fd, Family family, int value) noexcept;

NET_API int get_type_of_service(NativeHandle fd, Family family) noexcept;

}  // namespace net::inline NET_ABI::detail::os

#endif  // !_WIN32

#endif

#if !defined(_WIN32)

#include <pthread.h>
#include <sched.h>

namespace net::inline NET_ABI::detail::os {

// ── waking a sleeping loop ─────────────────────────────────────────────────

/// A descriptor that becomes readable when `wake` is called, from any thread.
class Waker {
 public:
#if defined(__linux__)
  static constexpr const char* syscall = "eventfd";
#else
  static constexpr const char* syscall = "pipe";
#endif

  Waker() noexcept = default;
  Waker(const Waker&) = delete;
  Waker& operator=(const Waker&) = delete;
  ~Waker() { close(); }

  /// 0, or a negated errno.
  int open() noexcept;
  void close() noexcept;

  NativeHandle descriptor() const noexcept { return ends_[0]; }
  void wake() noexcept;
  void drain() noexcept;

 private:
  int ends_[2] = {no_handle, no_handle};
};

// ── fork ───────────────────────────────────────────────────────────────────

/// How many forks lie between this process and the one that the program began as: what was made with another number
/// belongs to a parent.
NET_API std::uint32_t fork_count() noexcept;

/// So many more threads are inside the C library under locks of its own, which fork() leaves in a child as they are:
/// its resolver's. Only while a Mutex is held.
NET_API void count_in_resolver(int threads) noexcept;

/// Runs the first before a fork() of any thread, the others after it, in the parent and in the child.
NET_API void at_fork(void (*before)(), void (*in_parent)(), void (*in_child)()) noexcept;

// ── threads ────────────────────────────────────────────────────────────────

/// A lock that fork() takes too, so that a child finds whole whatever it guards. It waits for lookups besides, or those
/// of the child might wait for a lock that no thread holds any more. Nobody takes a second one while holding
/// one, or calls the user's code.
class Mutex : public ListedLock<Mutex> {
 public:
  Mutex() noexcept;
  void lock() noexcept { ::pthread_mutex_lock(&mutex_); }
  void unlock() noexcept { ::pthread_mutex_unlock(&mutex_); }
  static void pause() noexcept { ::sched_yield(); }

 private:
  friend class Condition;

  static void lock_before_fork() noexcept;
  static void unlock_in_child() noexcept;

  pthread_mutex_t mutex_ = PTHREAD_MUTEX_INITIALIZER;
};

class Condition {
 public:
  Condition() noexcept = default;
  Condition(const Condition&) = delete;
  Condition& operator=(const Condition&) = delete;
  void wait(Mutex& mutex) noexcept { ::pthread_cond_wait(&condition_, &mutex.mutex_); }
  /// False: it took that long.
  bool wait_ms(Mutex& mutex, int milliseconds) noexcept;
  void wake_one() noexcept { ::pthread_cond_signal(&condition_); }
  void wake_all() noexcept { ::pthread_cond_broadcast(&condition_); }

 private:
  pthread_cond_t condition_ = PTHREAD_COND_INITIALIZER;
};

/// A thread that is joined or detached before this object goes.
class Thread {
 public:
  bool start(void (*work)(void*), void* argument) { return begin(new Start{work, argument}); }
  /// Without memory it is a thread that cannot be started.
  bool try_start(void (*work)(void*), void* argument) noexcept {
    Start* const start = new (std::nothrow) Start{work, argument};
    return start && begin(start);
  }
  void join() noexcept { ::pthread_join(thread_, nullptr); }
  void detach() noexcept { ::pthread_detach(thread_); }

 private:
  struct Start {
    void (*work)(void*);
    void* argument;
  };

  bool begin(Start* start) noexcept;
  static void* run(void* start);

  pthread_t thread_{};
};

/// Starts a thread that nobody joins.
NET_API bool start_thread(void (*work)(void*), void* argument) noexcept;

/// How many threads can run at the same time, at least 1.
NET_API std::size_t processors() noexcept;

}  // namespace net::inline NET_ABI::detail::os

#endif  // !_WIN32

#endif

#if NET_HAS_KQUEUE

#include <time.h>

namespace net::inline NET_ABI::detail {

/// A watcher has a filter for each direction, and each is reported by itself. The system takes the filters of a
/// descriptor away when it is closed, whoever closes it and whatever duplicates there are.
class kqueue_poller {
 public:
  kqueue_poller() noexcept = default;
  kqueue_poller(const kqueue_poller&) = delete;
  kqueue_poller& operator=(const kqueue_poller&) = delete;
  ~kqueue_poller() { shut(); }

  Refusal open() noexcept;

  /// A child process has not got its parent's queue, so there the number is free, or somebody else's.
  void shut() noexcept;

  /// What need not be reported any more is changed in the system only if it is reported once more: most sockets that
  /// stop reading are closed, or read on, before that. Space to write would be reported at once.
  int watch(Watcher& watcher, unsigned mask) noexcept;

  void drop(Watcher& watcher) noexcept;

  template <class Each>
  Refusal wait(int milliseconds, Each&& each) {
    registrations_.begin_round();
    const timespec limit{milliseconds / 1000, milliseconds % 1000 * 1000000L};
    count_ = ::kevent(queue_, nullptr, 0, events_, max_events, milliseconds < 0 ? nullptr : &limit);
    if (count_ < 0) [[unlikely]]
      return cannot_wait();
    for (int i = 0; i < count_; ++i) {
      const Event& event = events_[i];
      Registration& place = *reinterpret_cast<Registration*>(event.udata);
      Watcher* const watcher = place.watcher;
      unsigned what = event.filter == EVFILT_WRITE ? writable : readable;
      if (!watcher || (watcher->interest & what) == 0) [[unlikely]] {
        watcher ? stop_reporting(*watcher, what) : gone(place, event, what);
        continue;
      }
      if (event.flags & EV_EOF) what = note_end(*watcher, event, what);
      each(*watcher, what, int{watcher->failure});
    }
    return {};
  }

  bool has(NativeHandle fd) noexcept { return registrations_.have(fd); }
  bool hold(Watcher& watcher) noexcept { return watcher.registration || registrations_.add(watcher); }

  void wake() noexcept;
  NativeHandle native() const noexcept { return queue_; }

 private:
  using Event = struct ::kevent;
  static constexpr int max_events = 512;

  /// A signal, or it is shut; or its descriptor was closed by somebody else, and it would never wait again.
  Refusal cannot_wait() const noexcept {
    if (errno == EINTR || queue_ < 0) return {};
    return {errno, "kevent"};
  }

  /// The queue's only user event, which wakes it.
  static constexpr std::uintptr_t waker = 0;

  /// One change of one filter: 0, or a negated errno.
  int change(std::uintptr_t of, int filter, int flags, unsigned note, Registration* place) const noexcept;
  int change(const Watcher& watcher, unsigned what, int flags) const noexcept {
    return change(static_cast<std::uintptr_t>(watcher.fd), what == writable ? EVFILT_WRITE : EVFILT_READ, flags, 0,
                  watcher.registration);
  }

  int update(Watcher& watcher) noexcept;
  void stop_reporting(Watcher& watcher, unsigned what) noexcept;

  /// The waker, a watcher that was dropped in this round, or one that died without being dropped: then its filter is
  /// still there, unless another watcher of the same descriptor has taken it over.
  void gone(const Registration& place, const Event& event, unsigned what) noexcept;

  /// The other side has ended, or the connection has failed. The system may give its error only here.
  unsigned note_end(Watcher& watcher, const Event& event, unsigned what) const noexcept;

  int watch_all() noexcept;

  NativeHandle queue_ = no_handle;
  int count_ = 0;              // of events in this round
  std::uint32_t made_in_ = 0;  // which of the processes
  Registration waker_place_;   // stands for no watcher
  Registrations registrations_;
  Event events_[max_events];
};

static_assert(Poller<kqueue_poller>);

}  // namespace net::inline NET_ABI::detail

#endif  // NET_HAS_KQUEUE

#endif

// Readiness by epoll(7), for Linux. Internal.
#ifndef NET_DETAIL_SYS_LINUX_EPOLL_HPP
#define NET_DETAIL_SYS_LINUX_EPOLL_HPP

#if defined(__linux__)

#include <sys/epoll.h>

namespace net::inline NET_ABI::detail {

class epoll_poller {
 public:
  epoll_poller() noexcept = default;
  epoll_poller(const epoll_poller&) = delete;
  epoll_poller& operator=(const epoll_poller&) = delete;
  ~epoll_poller() { shut(); }

  Refusal open() noexcept;

  void shut() noexcept;

  /// What need not be reported any more is changed in the system only if it is reported once more: most sockets that
  /// stop reading are closed, or read on, before that. Space to write would be reported at once.
  int watch(Watcher& watcher, unsigned mask) noexcept;

  /// Closing the descriptor would take it out of epoll only if nobody else has it: a duplicate, another process.
  void drop(Watcher& watcher) noexcept;

  template <class Each>
  NET_GNU(always_inline) Refusal wait(int milliseconds, Each&& each) {
    registrations_.begin_round();
    if (stray_) [[unlikely]]
      milliseconds = wait_with_stray(milliseconds);
    count_ = ::epoll_wait(epoll_, events_, max_events, milliseconds);
    if (count_ < 0) [[unlikely]]
      return cannot_wait();
    for (int i = 0; i < count_; ++i) {
      Registration& place = *static_cast<Registration*>(events_[i].data.ptr);
      Watcher* const watcher = place.watcher;
      const unsigned happened = events_[i].events;
      unsigned what = readable;
      if (!watcher || happened != EPOLLIN || (watcher->interest & readable) == 0) [[unlikely]] {
        what = watcher ? meaning(*watcher, happened) : gone(place);
        if (what == 0) continue;
      }
      each(*watcher, what, 0);
    }
    return {};
  }

  bool has(NativeHandle fd) noexcept { return registrations_.have(fd); }
  bool hold(Watcher& watcher) noexcept { return watcher.registration || registrations_.add(watcher); }

  void wake() noexcept { waker_.wake(); }
  NativeHandle native() const noexcept { return epoll_; }

 private:
  static constexpr int max_events = 512;

  /// A signal, or it is shut; or its descriptor was closed by somebody else, and it would never wait again.
  NET_GNU(noinline) Refusal cannot_wait() const noexcept {
    if (errno == EINTR || epoll_ < 0) return {};
    return {errno, "epoll_wait"};
  }

  /// What the system's flags mean for a watcher; nothing, if it has no interest any more.
  unsigned meaning(Watcher& watcher, unsigned happened) noexcept;

  int update(Watcher& watcher) noexcept;

  static int control(int epoll, int operation, const Watcher& watcher, unsigned mask) noexcept;

  /// The waker, or an event whose watcher is gone, which says nothing. If it was not dropped in this round, its
  /// descriptor was closed behind our back while a duplicate of it lives on: no call can take that out of this epoll,
  /// so a new one replaces it.
  unsigned gone(const Registration& place) noexcept;

  void start_over() noexcept;

  /// A stray that the system lacks the means to take out would be reported all the time (S32.4). So a short wait comes
  /// after a round that has reported one. Gives what is left of the time.
  int wait_with_stray(int milliseconds) noexcept;

  /// Everything that is watched, on another epoll. What cannot be watched any more fails when it is used; if the
  /// system has no space, all of it stays on the one before.
  int watch_all(int epoll) noexcept;
  void all_watched() noexcept {
    registrations_.each([](const Registration& each) {
      if (each.watcher->registered != 0) each.watcher->registered = each.watcher->interest;
    });
  }

  NativeHandle epoll_ = no_handle;
  int count_ = 0;       // of events in this round
  bool stray_ = false;  // something is reported that nobody watches, and could not be taken out
  os::Waker waker_;
  Registration waker_place_;  // stands for no watcher
  Registrations registrations_;
  epoll_event unused_ = {};  // old kernels want one for removal too
  epoll_event events_[max_events];
};

static_assert(Poller<epoll_poller>);

}  // namespace net::inline NET_ABI::detail

#endif  // __linux__

#endif

// Readiness by poll(2), wherever POSIX is: the smallest poller, and the model of one. Internal.
#ifndef NET_DETAIL_SYS_POSIX_POLL_HPP
#define NET_DETAIL_SYS_POSIX_POLL_HPP

#if !defined(_WIN32)

#include <poll.h>

namespace net::inline NET_ABI::detail {

class poll_poller {
 public:
  poll_poller() noexcept = default;
  poll_poller(const poll_poller&) = delete;
  poll_poller& operator=(const poll_poller&) = delete;

  Refusal open();

  void shut() noexcept {
    ready_.clear();
    waker_.close();
  }

  int watch(Watcher& watcher, unsigned mask);

  void drop(Watcher& watcher) noexcept;

  template <class Each>
  Refusal wait(int milliseconds, Each&& each) {
    if (waker_.descriptor() == no_handle) return {};  // it is shut
    registrations_.begin_round();
    int left = ::poll(entries_.begin(), cast<nfds_t>(entries_.size()), milliseconds);
    if (left < 0 && errno != EINTR) return {errno, "poll"};
    // callbacks add and drop entries: work on a copy of what is ready, by place
    ready_.clear();
    for (std::size_t i = 0; left > 0 && i < entries_.size(); ++i) {
      if (entries_[i].revents == 0) continue;
      --left;
      ready_.push({places_[i], entries_[i].revents});
    }
    for (std::size_t i = 0; i < ready_.size(); ++i) {
      const auto [place, happened] = ready_[i];
      Watcher* const watcher = place->watcher;
      if (!watcher) {
        nobody(*place);
        continue;
      }
      unsigned what = 0;
      if (happened & (POLLIN | POLLERR | POLLHUP | POLLNVAL)) what |= readable;
      if (happened & (POLLOUT | POLLERR | POLLHUP | POLLNVAL)) what |= writable;
      what &= watcher->interest;
      if (what == 0) continue;
      if (happened & POLLHUP) what |= hung_up;
      each(*watcher, what, 0);
    }
    return {};
  }

  bool has(NativeHandle fd) noexcept { return registrations_.have(fd); }
  bool hold(Watcher& watcher) noexcept { return watcher.registration || registrations_.add(watcher); }

  void wake() noexcept { waker_.wake(); }
  /// There is no one descriptor that stands for all: none.
  NativeHandle native() const noexcept { return no_handle; }

 private:
  void enter(Watcher& watcher);
  void leave(std::size_t place) noexcept;
  /// The waker, a watcher that was dropped in this round, or one that died without being dropped.
  void nobody(Registration& place) noexcept;

  struct Ready {
    Registration* place;
    short happened;
  };

  os::Waker waker_;
  Registration waker_place_;  // stands for no watcher
  Registrations registrations_;
  Vec<pollfd> entries_;
  Vec<Registration*> places_;
  Vec<Ready> ready_;
};

static_assert(Poller<poll_poller>);

}  // namespace net::inline NET_ABI::detail

#endif  // !_WIN32

#endif

// Readiness by a completion port, for Windows: of sockets, pipes and wakers together. Internal.
#ifndef NET_DETAIL_SYS_WINDOWS_PORT_POLLER_HPP
#define NET_DETAIL_SYS_WINDOWS_PORT_POLLER_HPP

// Readiness of sockets: what select() itself asks the system's socket driver for, as an operation of a port. Internal.
#ifndef NET_DETAIL_SYS_WINDOWS_AFD_HPP
#define NET_DETAIL_SYS_WINDOWS_AFD_HPP

// A completion port, and what it is told of: operations in flight, and whose they are. Internal.
#ifndef NET_DETAIL_SYS_WINDOWS_PORT_HPP
#define NET_DETAIL_SYS_WINDOWS_PORT_HPP

// What this library calls of Windows, declared by itself: <windows.h> brings 19,000 macros, and this none. Internal.
#ifndef NET_DETAIL_SYS_WINDOWS_SYSTEM_HPP
#define NET_DETAIL_SYS_WINDOWS_SYSTEM_HPP

#if defined(_WIN32)

#if defined(_MSC_VER)
#pragma comment(lib, "ws2_32")
#pragma comment(lib, "advapi32")
#endif

// The tags of the Windows headers: a program may include those too, before this or after it.
struct _OVERLAPPED;
struct _OVERLAPPED_ENTRY;
struct _SECURITY_ATTRIBUTES;
struct _RTL_SRWLOCK;
struct _RTL_CONDITION_VARIABLE;
struct _WSABUF;
struct _WSAPROTOCOL_INFOW;
struct WSAData;
struct addrinfoW;
struct pollfd;
struct sockaddr;
struct _STARTUPINFOW;
struct _PROCESS_INFORMATION;
struct _PROC_THREAD_ATTRIBUTE_LIST;
union _LARGE_INTEGER;
struct HINSTANCE__;

namespace net::inline NET_ABI::detail::win {

using Handle = void*;
using Socket = std::uintptr_t;
using Word = unsigned long;
using Procedure = std::intptr_t(__stdcall*)();
#if defined(_WIN64)
using Size = unsigned long long;  // as wide as a pointer, but not always the type of that name
#else
using Size = unsigned long;
#endif
using WaitCallback = void(__stdcall*)(void*, unsigned char);
using Completion = void(__stdcall*)(Word, Word, ::_OVERLAPPED*, Word);

// ── what the calls are given: the structures that those tags stand for, as they lie in memory ──

struct Overlapped {
  std::uintptr_t status;  // an NTSTATUS, once it is done
  std::uintptr_t size;
  Word offset, offset_high;
  Handle event;
};

struct Completed {  // OVERLAPPED_ENTRY
  std::uintptr_t key;
  Overlapped* operation;
  std::uintptr_t status;
  Word size;
};

struct SecurityAttributes {
  Word size;
  void* descriptor;
  int inherits;
};

struct Piece {  // WSABUF
  Word size;
  char* data;
};

struct Ip4 {  // sockaddr_in
  std::uint16_t family, port;
  unsigned char address[4], zero[8];
};

struct Ip6 {  // sockaddr_in6
  std::uint16_t family, port;
  std::uint32_t flow;
  unsigned char address[16];
  std::uint32_t scope;
};

struct AddressInfo {  // ADDRINFOW
  int flags, family, type, protocol;
  std::size_t size;
  wchar_t* name;
  ::sockaddr* address;
  AddressInfo* next;
};

struct PolledSocket {  // WSAPOLLFD
  Socket socket;
  short asked, happened;
};

struct KeepAlive {  // tcp_keepalive
  Word on, idle, interval;
};

struct Linger {
  std::uint16_t on, seconds;
};

struct UnicodeString {
  std::uint16_t size, capacity;
  const wchar_t* text;
};

struct ObjectAttributes {
  Word size;
  Handle root;
  const UnicodeString* name;
  Word attributes;
  void* security;
  void* quality;
};

struct StatusBlock {
  std::uintptr_t status, information;
};

struct ProtocolInfo {  // WSAPROTOCOL_INFOW: who looks at it is Winsock
  Word numbers[29];
  wchar_t name[256];
};

struct StartupInfo {  // STARTUPINFOEXW
  Word size;
  wchar_t *reserved, *desktop, *title;
  Word where[7], flags;
  std::uint16_t show, more_size;
  unsigned char* more;
  Handle input, output, error;
  ::_PROC_THREAD_ATTRIBUTE_LIST* attributes;
};

struct ProcessInfo {  // PROCESS_INFORMATION
  Handle process, thread;
  Word process_id, thread_id;
};

struct AfdPoll {  // AFD_POLL_INFO, for one socket
  std::int64_t timeout;
  Word count, exclusive;
  Handle socket;
  Word events;
  std::int32_t status;
};

// ── constants; none has the name of a macro ──

inline constexpr int family_ip4 = 2, family_ip6 = 23, type_stream = 1, type_datagram = 2, protocol_tcp = 6;
inline constexpr int level_socket = 0xffff, level_ip = 0, level_ip6 = 41;
inline constexpr int option_linger = 0x80, option_keep_alive = 8, option_error = 0x1007, option_type = 0x1008,
                     option_listens = 2;
inline constexpr int option_no_delay = 1, option_only_ip6 = 27, option_type_of_service = 3, option_traffic_class = 39;
inline constexpr Word socket_overlapped = 1, socket_not_inherited = 0x80;
inline constexpr long control_non_blocking = static_cast<long>(0x8004667e);
inline constexpr Word control_keep_alive = 0x98000004, control_base_handle = 0x48000022,
                      control_initial_rtt = 0x98000011;
inline constexpr Word control_afd_poll = 0x00012024;
inline constexpr Socket no_socket = ~Socket{0};
inline constexpr short poll_error = 1;

inline constexpr Word generic_read = 0x80000000, generic_write = 0x40000000;
inline constexpr Word write_attributes = 0x100, read_attributes = 0x80, synchronize = 0x100000;
inline constexpr Word append_data = 4, share_all = 7, create_new = 1, create_always = 2, open_always = 4,
                      attribute_read_only = 1, attribute_normal = 0x80;
inline constexpr Word open_existing = 3, flag_overlapped = 0x40000000, flag_first_instance = 0x80000;
inline constexpr Word flag_security_identification = 0x00110000, pipe_duplex = 3, pipe_no_remote = 8,
                      any_instances = 255;
inline constexpr unsigned char skip_port_on_success = 1, skip_event = 2;
inline constexpr Word handle_inherit = 1, wait_forever = 0xffffffff, all_processors = 0xffff;
inline constexpr Word same_access = 2, create_extended = 0x80000, create_unicode_environment = 0x400,
                      use_handles = 0x100;
inline constexpr Size attribute_handle_list = 0x20002;
inline constexpr Word wait_execute_once = 8, standard_input = static_cast<Word>(-10);
inline constexpr Word type_disk = 1, type_char = 2, type_pipe = 3;
inline constexpr unsigned utf8 = 65001;
inline constexpr Word invalid_characters = 8;  // MB_ERR_INVALID_CHARS
inline constexpr Word error_io_incomplete = 996;

inline Handle no_file() noexcept { return reinterpret_cast<Handle>(~std::uintptr_t{0}); }

// ── calls; they are the same functions, whatever namespace they are declared in ──

#if defined(__clang__)  // mingw's headers do not say of all of them that a DLL has them
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wdll-attribute-on-redeclaration"
#endif
extern "C" {
// kernel32
__declspec(dllimport) int __stdcall CloseHandle(Handle);
__declspec(dllimport) Word __stdcall GetLastError();
__declspec(dllimport) void __stdcall Sleep(Word);
__declspec(dllimport) Handle __stdcall CreateIoCompletionPort(Handle, Handle, Size, Word);
__declspec(dllimport) int __stdcall GetQueuedCompletionStatusEx(Handle, ::_OVERLAPPED_ENTRY*, Word, Word*, Word, int);
__declspec(dllimport) int __stdcall PostQueuedCompletionStatus(Handle, Word, Size, ::_OVERLAPPED*);
__declspec(dllimport) int __stdcall SetFileCompletionNotificationModes(Handle, unsigned char);
__declspec(dllimport) int __stdcall DeviceIoControl(Handle, Word, void*, Word, void*, Word, Word*, ::_OVERLAPPED*);
__declspec(dllimport) int __stdcall CancelIoEx(Handle, ::_OVERLAPPED*);
__declspec(dllimport) Handle __stdcall CreateFileW(const wchar_t*, Word, Word, ::_SECURITY_ATTRIBUTES*, Word, Word,
                                                   Handle);
__declspec(dllimport) Handle __stdcall CreateNamedPipeW(const wchar_t*, Word, Word, Word, Word, Word, Word,
                                                        ::_SECURITY_ATTRIBUTES*);
__declspec(dllimport) int __stdcall ConnectNamedPipe(Handle, ::_OVERLAPPED*);
__declspec(dllimport) int __stdcall WaitNamedPipeW(const wchar_t*, Word);
__declspec(dllimport) int __stdcall ReadFile(Handle, void*, Word, Word*, ::_OVERLAPPED*);
__declspec(dllimport) int __stdcall WriteFile(Handle, const void*, Word, Word*, ::_OVERLAPPED*);
__declspec(dllimport) int __stdcall GetOverlappedResult(Handle, ::_OVERLAPPED*, Word*, int);
__declspec(dllimport) Word __stdcall GetFileType(Handle);
__declspec(dllimport) Word __stdcall SetFilePointer(Handle, long, long*, Word);
__declspec(dllimport) int __stdcall SetHandleInformation(Handle, Word, Word);
__declspec(dllimport) void __stdcall AcquireSRWLockExclusive(::_RTL_SRWLOCK*);
__declspec(dllimport) void __stdcall ReleaseSRWLockExclusive(::_RTL_SRWLOCK*);
__declspec(dllimport) int __stdcall SleepConditionVariableSRW(::_RTL_CONDITION_VARIABLE*, ::_RTL_SRWLOCK*, Word, Word);
__declspec(dllimport) void __stdcall WakeConditionVariable(::_RTL_CONDITION_VARIABLE*);
__declspec(dllimport) void __stdcall WakeAllConditionVariable(::_RTL_CONDITION_VARIABLE*);
__declspec(dllimport) Handle __stdcall CreateThread(::_SECURITY_ATTRIBUTES*, Size, Word(__stdcall*)(void*), void*, Word,
                                                    Word*);
__declspec(dllimport) Word __stdcall WaitForSingleObject(Handle, Word);
__declspec(dllimport) Word __stdcall GetActiveProcessorCount(std::uint16_t);
__declspec(dllimport) Word __stdcall GetCurrentProcessId();
__declspec(dllimport) Handle __stdcall GetCurrentProcess();
__declspec(dllimport) int __stdcall DuplicateHandle(Handle, Handle, Handle, Handle*, Word, int, Word);
__declspec(dllimport) int __stdcall CreateProcessW(const wchar_t*, wchar_t*, ::_SECURITY_ATTRIBUTES*,
                                                   ::_SECURITY_ATTRIBUTES*, int, Word, void*, const wchar_t*,
                                                   ::_STARTUPINFOW*, ::_PROCESS_INFORMATION*);
__declspec(dllimport) int __stdcall InitializeProcThreadAttributeList(::_PROC_THREAD_ATTRIBUTE_LIST*, Word, Word,
                                                                      Size*);
__declspec(dllimport) int __stdcall UpdateProcThreadAttribute(::_PROC_THREAD_ATTRIBUTE_LIST*, Word, Size, void*, Size,
                                                              void*, Size*);
__declspec(dllimport) void __stdcall DeleteProcThreadAttributeList(::_PROC_THREAD_ATTRIBUTE_LIST*);
__declspec(dllimport) int __stdcall TerminateProcess(Handle, unsigned);
__declspec(dllimport) int __stdcall GetExitCodeProcess(Handle, Word*);
__declspec(dllimport) int __stdcall RegisterWaitForSingleObject(Handle*, Handle, WaitCallback, void*, Word, Word);
__declspec(dllimport) int __stdcall UnregisterWaitEx(Handle, Handle);
__declspec(dllimport) Handle __stdcall GetStdHandle(Word);
__declspec(dllimport) wchar_t* __stdcall GetCommandLineW();
__declspec(dllimport) wchar_t* __stdcall GetEnvironmentStringsW();
__declspec(dllimport) int __stdcall FreeEnvironmentStringsW(wchar_t*);
__declspec(dllimport) Word __stdcall GetModuleFileNameW(::HINSTANCE__*, wchar_t*, Word);
__declspec(dllimport) int __stdcall WideCharToMultiByte(unsigned, Word, const wchar_t*, int, char*, int, const char*,
                                                        int*);
__declspec(dllimport) int __stdcall QueryPerformanceCounter(::_LARGE_INTEGER*);
__declspec(dllimport) int __stdcall QueryPerformanceFrequency(::_LARGE_INTEGER*);
__declspec(dllimport) int __stdcall GetConsoleMode(Handle, Word*);
__declspec(dllimport) int __stdcall SetConsoleCtrlHandler(int(__stdcall*)(Word), int);
__declspec(dllimport) int __stdcall MultiByteToWideChar(unsigned, Word, const char*, int, wchar_t*, int);
__declspec(dllimport) ::HINSTANCE__* __stdcall GetModuleHandleW(const wchar_t*);
__declspec(dllimport) Procedure __stdcall GetProcAddress(::HINSTANCE__*, const char*);
__declspec(dllimport) void* __stdcall LocalFree(void*);
// advapi32
__declspec(dllimport) int __stdcall ConvertStringSecurityDescriptorToSecurityDescriptorW(const wchar_t*, Word, void**,
                                                                                         Word*);
// ws2_32
__declspec(dllimport) int __stdcall WSAStartup(std::uint16_t, ::WSAData*);
__declspec(dllimport) int __stdcall WSAGetLastError();
__declspec(dllimport) Socket __stdcall WSASocketW(int, int, int, ::_WSAPROTOCOL_INFOW*, unsigned, Word);
__declspec(dllimport) int __stdcall WSADuplicateSocketW(Socket, Word, ::_WSAPROTOCOL_INFOW*);
__declspec(dllimport) int __stdcall WSAIoctl(Socket, Word, void*, Word, void*, Word, Word*, ::_OVERLAPPED*, Completion);
__declspec(dllimport) int __stdcall WSASend(Socket, ::_WSABUF*, Word, Word*, Word, ::_OVERLAPPED*, Completion);
__declspec(dllimport) int __stdcall WSAPoll(::pollfd*, Word, int);
__declspec(dllimport) int __stdcall closesocket(Socket);
__declspec(dllimport) int __stdcall ioctlsocket(Socket, long, Word*);
__declspec(dllimport) int __stdcall bind(Socket, const ::sockaddr*, int);
__declspec(dllimport) int __stdcall listen(Socket, int);
__declspec(dllimport) int __stdcall connect(Socket, const ::sockaddr*, int);
__declspec(dllimport) Socket __stdcall accept(Socket, ::sockaddr*, int*);
__declspec(dllimport) int __stdcall recv(Socket, char*, int, int);
__declspec(dllimport) int __stdcall send(Socket, const char*, int, int);
__declspec(dllimport) int __stdcall shutdown(Socket, int);
__declspec(dllimport) int __stdcall setsockopt(Socket, int, int, const char*, int);
__declspec(dllimport) int __stdcall getsockopt(Socket, int, int, char*, int*);
__declspec(dllimport) int __stdcall getsockname(Socket, ::sockaddr*, int*);
__declspec(dllimport) int __stdcall getpeername(Socket, ::sockaddr*, int*);
__declspec(dllimport) int __stdcall GetAddrInfoW(const wchar_t*, const wchar_t*, const ::addrinfoW*, ::addrinfoW**);
__declspec(dllimport) void __stdcall FreeAddrInfoW(::addrinfoW*);
}
#if defined(__clang__)
#pragma clang diagnostic pop
#endif

/// A structure of ours as the one of Windows' that it is.
template <class Theirs, class Ours>
Theirs* as(Ours* ours) noexcept {
  return reinterpret_cast<Theirs*>(ours);
}

}  // namespace net::inline NET_ABI::detail::win

#endif  // _WIN32

#endif

#if defined(_WIN32)

namespace net::inline NET_ABI::detail {

class Port;
struct PortEntry;

/// Something that the system was asked for. Its address is what the port reports, so it stays until that has come.
struct PortOperation {
  win::Overlapped overlapped{};  // the first member: the same address
  PortEntry* entry = nullptr;
  bool in_flight = false;

  ::_OVERLAPPED* begin() noexcept {
    overlapped = {};
    return win::as<::_OVERLAPPED>(&overlapped);
  }
};

/// What a port waits for: a socket's readiness, a pipe, a server of pipes, a waker. It turns what is in flight into
/// readiness that lasts. Whoever has it, each operation in flight, and the port's queue keep it alive.
struct PortEntry {
  struct Operations {
    /// Asks the system for what is awaited and not known yet; gives what is ready of it.
    unsigned (*prepare)(PortEntry&) noexcept;
    /// What is ready, for the one who is told of it now.
    unsigned (*take)(PortEntry&) noexcept;
    /// An operation has come to its end: 0, or an errno, and a number of bytes.
    void (*done)(PortEntry&, PortOperation&, int failed, std::size_t size) noexcept;
    /// The time that it has set has come.
    void (*due)(PortEntry&) noexcept;
    /// It belongs to its port from now on; 0 or a negated errno.
    int (*attached)(PortEntry&) noexcept;
    /// Takes back what is in flight.
    void (*cancel)(PortEntry&) noexcept;
    NativeHandle (*native)(const PortEntry&) noexcept;
    void (*free)(PortEntry&) noexcept;
  };
  enum class Place : std::uint8_t { nowhere, queued, ready };

  explicit PortEntry(const Operations& table) noexcept : operations(&table) {}
  PortEntry(const PortEntry&) = delete;
  PortEntry& operator=(const PortEntry&) = delete;

  void retain() noexcept { owners.fetch_add(1); }
  void release() noexcept;
  /// What its watcher awaits; nothing if there is none.
  unsigned interest() const noexcept {
    return registration && registration->watcher ? registration->watcher->interest : 0u;
  }

  const Operations* operations;
  Port* port = nullptr;
  Registration* registration = nullptr;  // by whom it is watched
  PortEntry* next = nullptr;             // in the queue
  PortEntry *next_of_port = nullptr, **link_of_port = nullptr;
  PortEntry *next_due = nullptr, **link_due = nullptr;
  std::uint64_t due_at = 0;  // ms
  Atomic<int> owners{1};
  Place place = Place::nowhere;

 protected:
  ~PortEntry() = default;
};

/// In the order in which they came.
class PortQueue {
 public:
  bool empty() const noexcept { return first_ == nullptr; }
  void push(PortEntry& entry) noexcept {
    entry.next = nullptr;
    *last_ = &entry;
    last_ = &entry.next;
  }
  PortEntry* pop() noexcept {
    PortEntry* const entry = first_;
    if (entry && !(first_ = entry->next)) last_ = &first_;
    return entry;
  }
  void take_all(PortQueue& other) noexcept {
    if (other.empty()) return;
    *last_ = other.first_;
    last_ = other.last_;
    other.first_ = nullptr;
    other.last_ = &other.first_;
  }

 private:
  PortEntry* first_ = nullptr;
  PortEntry** last_ = &first_;
};

class Port {
 public:
  Port() noexcept = default;
  Port(const Port&) = delete;
  Port& operator=(const Port&) = delete;
  ~Port() { shut(); }

  Refusal open() noexcept;
  /// Waits until nothing is in flight any more; what was attached belongs to no port then.
  void shut() noexcept;
  bool is_open() const noexcept { return port_ != nullptr; }

  /// 0 or a negated errno; a second port is EEXIST.
  int attach(PortEntry& entry) noexcept;
  /// What happens to this handle is told here.
  int associate(win::Handle handle, unsigned char modes) noexcept;

  /// It has something to ask the system for, or something to say.
  void queue(PortEntry& entry) noexcept;
  void set_due(PortEntry& entry, std::uint64_t after_ms) noexcept;
  static void forget_due(PortEntry& entry) noexcept;

  /// The system has it from now on.
  void began(PortOperation& operation) noexcept;
  /// In any thread: the operation is done.
  void post(PortOperation& operation) noexcept;
  /// In any thread: nothing is done, but a wait ends.
  void wake() noexcept { (void)tell(nullptr); }

  /// Waits until something is ready, and notes what; -1: for ever.
  Refusal collect(int milliseconds) noexcept;
  /// What is ready: each once a collect(). It is asked again in the next.
  PortEntry* next_ready(unsigned& what) noexcept;

 private:
  static constexpr win::Word max_events = 128;

  bool tell(::_OVERLAPPED* what) noexcept;
  void prepare_all() noexcept;
  void expire() noexcept;
  int wait_time(int milliseconds) const noexcept;
  /// What was dequeued: how many, or a negated errno.
  int dequeue(int milliseconds, bool& woken) noexcept;
  void detach(PortEntry& entry) noexcept;
  friend struct PortEntry;

  win::Handle port_ = nullptr;
  Atomic<int> in_flight_{0};
  PortQueue queue_, ready_;
  PortEntry* all_ = nullptr;
  PortEntry* due_ = nullptr;
};

/// A watcher's `fd` is a socket, or one of these: handles are multiples of four, so the lowest bit tells them apart.
inline NativeHandle tagged(PortEntry& entry) noexcept { return reinterpret_cast<NativeHandle>(&entry) | 1; }
inline PortEntry* entry_of(NativeHandle fd) noexcept {
  return fd != no_handle && (fd & 1) != 0 ? reinterpret_cast<PortEntry*>(fd & ~NativeHandle{1}) : nullptr;
}

}  // namespace net::inline NET_ABI::detail

#endif  // _WIN32

#endif

#if defined(_WIN32)

namespace net::inline NET_ABI::detail {

/// A handle of the driver's. Some sockets share one: with very many on one the driver becomes slow.
struct AfdDevice {
  static constexpr int max_sockets = 32;

  win::Handle handle = nullptr;
  int sockets = 0;
  AfdDevice* next = nullptr;
};

/// The devices of one port.
class AfdDevices {
 public:
  AfdDevices() noexcept = default;
  AfdDevices(const AfdDevices&) = delete;
  AfdDevices& operator=(const AfdDevices&) = delete;
  ~AfdDevices() { close(); }

  /// One with space for a socket more, which has it now; null, and a negated errno, if there is none.
  AfdDevice* take(Port& port, int& failed);
  void close() noexcept;

 private:
  AfdDevice* first_ = nullptr;
};

/// One socket that is watched. The driver answers once: what is awaited still is asked for again before the next wait.
struct AfdEntry : PortEntry {
  static const Operations table;

  AfdEntry(win::Socket watched, AfdDevice& on) noexcept;

  /// What is in flight asks for less than what is awaited now: it is answered too late.
  bool asks_too_little() const noexcept { return poll.in_flight && (wanted(interest()) & ~asked) != 0; }
  unsigned prepare() noexcept;
  void done(int failed) noexcept;
  void cancel() noexcept;

  static win::Word wanted(unsigned interest) noexcept;

  win::Socket socket, base;
  AfdDevice& device;
  win::AfdPoll info{};
  PortOperation poll;
  win::Word asked = 0;
  unsigned ready = 0;
};

}  // namespace net::inline NET_ABI::detail

#endif  // _WIN32

#endif

#if defined(_WIN32)

namespace net::inline NET_ABI::detail {

/// A completion port tells what is done, and not what could be done. So each watcher has an entry of the port's, which
/// asks the system before the loop waits: whether the socket is ready, or for bytes of the pipe. What it learns stays
/// ready until it is used.
class port_poller {
 public:
  port_poller() noexcept = default;
  port_poller(const port_poller&) = delete;
  port_poller& operator=(const port_poller&) = delete;
  ~port_poller() { shut(); }

  Refusal open() noexcept;
  void shut() noexcept;

  int watch(Watcher& watcher, unsigned mask);
  void drop(Watcher& watcher) noexcept;
  bool hold(Watcher& watcher) noexcept;
  bool has(NativeHandle fd) noexcept;

  template <class Each>
  Refusal wait(int milliseconds, Each&& each) {
    registrations_.begin_round();
    if (const Refusal refused = port_.collect(milliseconds); refused.number != 0) return refused;
    unsigned what = 0;
    while (PortEntry* const entry = port_.next_ready(what)) each(*entry->registration->watcher, what, 0);
    return {};
  }

  void wake() noexcept { port_.wake(); }
  /// No descriptor stands for all: none.
  NativeHandle native() const noexcept { return no_handle; }

 private:
  static PortEntry* entry_of_place(const Registration& place) noexcept {
    return reinterpret_cast<PortEntry*>(place.place);
  }
  /// The entry by which the port knows it; a negated errno if there can be none.
  int enter(Watcher& watcher);
  int enter_socket(Watcher& watcher);
  int enter_entry(Watcher& watcher, PortEntry& entry) noexcept;
  bool add(Watcher& watcher) noexcept;
  void leave(Registration& place) noexcept;

  AfdDevices devices_;
  Port port_;
  Registrations registrations_;
};

static_assert(Poller<port_poller>);

}  // namespace net::inline NET_ABI::detail

#endif  // _WIN32

#endif

/// NET_POLLER: what the loop waits with, `epoll`, `kqueue` or `poll`, for who does not want the best one of the
/// system: `-DNET_POLLER=poll`. On Windows it is `port`. After the include it is defined. Files with different ones
/// have different types.
#if !defined(NET_POLLER)
#if defined(__linux__)
#define NET_POLLER epoll
#elif defined(_WIN32)
#define NET_POLLER port
#elif NET_HAS_KQUEUE
#define NET_POLLER kqueue
#else
#define NET_POLLER poll
#endif
#endif

#define NET_JOIN_NOW(a, b) a##b
#define NET_JOIN(a, b) NET_JOIN_NOW(a, b)

#define NET_POLLER_IS_epoll 1
#define NET_POLLER_IS_poll 2
#define NET_POLLER_IS_port 3
#define NET_POLLER_IS_kqueue 4
#if NET_JOIN(NET_POLLER_IS_, NET_POLLER) == 0
#error "net.hpp: NET_POLLER is epoll, kqueue or poll"
#endif

#endif

// What the machines of POSIX systems share; each adds its poller. Internal.
#ifndef NET_DETAIL_SYS_POSIX_MACHINE_HPP
#define NET_DETAIL_SYS_POSIX_MACHINE_HPP

// A descriptor that listens. Internal.
#ifndef NET_DETAIL_SYS_POSIX_ACCEPTOR_HPP
#define NET_DETAIL_SYS_POSIX_ACCEPTOR_HPP

// Addresses of sockets, and what listens on one. Internal.
#ifndef NET_DETAIL_SYS_POSIX_ADDRESS_HPP
#define NET_DETAIL_SYS_POSIX_ADDRESS_HPP

#if !defined(_WIN32)

namespace net::inline NET_ABI::detail::os {

NET_API Endpoint local_end(NativeHandle fd) noexcept;

NET_API Endpoint remote_end(NativeHandle fd) noexcept;

/// A socket that has no other end yet (S22.9).
NET_API bool unconnected(NativeHandle fd) noexcept;

/// The number of an interface by its name or its decimal number, 0 if there is none.
NET_API std::uint32_t interface_index(std::string_view zone) noexcept;

NET_API std::string interface_name(std::uint32_t index);

// ── connecting and listening ───────────────────────────────────────────────

/// A listening TCP descriptor, or a negated errno.
NET_API int listen_on(const Endpoint& at, const ListenFlags& flags) noexcept;

/// Takes the file of a listening Unix socket away; abstract names have none.
NET_API void remove_path(std::string_view path) noexcept;

/// A listening Unix socket, or a negated errno. ENOENT becomes EACCES, as libuv does (S23.6).
NET_API int listen_on_path(std::string_view path, const PathMode& mode, int backlog,
                           bool* mode_failed = nullptr) noexcept;

/// Listens on a descriptor that is bound already; 0 or a negated errno (S22.5). With a backlog of 0 one that listens
/// stays as it is, and any other one is EINVAL.
NET_API int listen_on_descriptor(NativeHandle fd, int backlog) noexcept;

}  // namespace net::inline NET_ABI::detail::os

#endif  // !_WIN32

#endif

// A descriptor that is connected, or connects: TCP, Unix sockets, and whatever else one may be. Internal.
#ifndef NET_DETAIL_SYS_POSIX_CHANNEL_HPP
#define NET_DETAIL_SYS_POSIX_CHANNEL_HPP

#if !defined(_WIN32)

namespace net::inline NET_ABI::detail {

/// A descriptor: TCP and Unix sockets, on every system. The owner watches it, and drops it before `close`.
class fd_channel : public Watcher {
 public:
  fd_channel() noexcept = default;
  explicit fd_channel(NativeHandle descriptor) noexcept { set(descriptor); }
  fd_channel(const fd_channel&) = delete;
  fd_channel& operator=(const fd_channel&) = delete;
  ~fd_channel() { close(); }

  bool is_open() const noexcept { return fd != no_handle; }
  NativeHandle native() const noexcept { return fd; }

  int open(Family family) noexcept;
  void take_over(fd_channel& other) noexcept { set(other.release(), other.not_socket_); }
  /// A descriptor from elsewhere, which is prepared; true if it is TCP. What is no socket is moved with read(2) and
  /// write(2).
  bool adopt_connected(NativeHandle descriptor) noexcept {
    const DescriptorKind kind = os::kind_of(descriptor);
    set(descriptor, kind == DescriptorKind::pipe);
    return kind == DescriptorKind::tcp;
  }
  void close() noexcept {
    if (is_open()) os::close_descriptor(release());
  }
  NativeHandle release() noexcept { return detail::exchange(fd, no_handle); }
  /// What it reads is in the hands of whoever asked at once.
  std::string_view unread() noexcept { return {}; }

  int bind(const Endpoint& to) noexcept;
  int start_connect(const Endpoint& to) noexcept;
  int start_connect_path(std::string_view path) noexcept;
  int finish_connect() noexcept {
    const int failed = os::pending_error(fd);
    return failed != 0 || !os::poller_takes_errors ? -failed : -int{failure};
  }

  ReadResult read(char* into, std::size_t size) noexcept {
    const std::ptrdiff_t got = not_socket_ ? os::read_some(fd, into, size) : os::receive(fd, into, size);
    if constexpr (os::poller_takes_errors) {
      if (got == 0 && failure != 0) return {-failure, into};
    }
    return {got, into};
  }
  std::ptrdiff_t write(const IoSlice* slices, std::size_t count) noexcept;
  int shutdown_write() noexcept { return not_socket_ ? 0 : os::shutdown_write(fd); }
  int reset_on_close() noexcept { return os::reset_on_close(fd); }

  bool is_unconnected() const noexcept { return is_open() && os::unconnected(fd); }
  Endpoint local_end() const noexcept { return os::local_end(fd); }
  Endpoint remote_end() const noexcept { return os::remote_end(fd); }

  int set_no_delay(bool on) noexcept { return os::set_no_delay(fd, on); }
  int set_keep_alive(bool on, int seconds) noexcept { return os::set_keep_alive(fd, on, seconds); }
  int set_type_of_service(int value) noexcept { return os::set_type_of_service(fd, local_end().ip.family, value); }
  int get_type_of_service() const noexcept { return os::get_type_of_service(fd, local_end().ip.family); }

 private:
  bool not_socket_ = false;

  friend class fd_acceptor;

  /// The only way in, so that nothing of an earlier descriptor stays. 0, or the negated errno that it is given.
  int set(int descriptor, bool not_socket = false) noexcept;
};

static_assert(Channel<fd_channel>);

}  // namespace net::inline NET_ABI::detail

#endif  // !_WIN32

#endif

#if !defined(_WIN32)

namespace net::inline NET_ABI::detail {

/// A listening descriptor, with one in reserve for the time when the process has no more (S9.18).
class fd_acceptor : public Watcher {
 public:
  fd_acceptor() noexcept = default;
  fd_acceptor(const fd_acceptor&) = delete;
  fd_acceptor& operator=(const fd_acceptor&) = delete;
  ~fd_acceptor() { close(); }

  bool is_open() const noexcept { return fd != no_handle; }
  NativeHandle native() const noexcept { return fd; }

  int listen(const Endpoint& at, const ListenFlags& flags) noexcept { return set(os::listen_on(at, flags)); }

  int listen_path(std::string_view path, const PathMode& mode, int backlog, bool* mode_failed = nullptr) noexcept {
    return set(os::listen_on_path(path, mode, backlog, mode_failed));
  }
  int listen_descriptor(NativeHandle descriptor, int backlog) noexcept {
    const int failed = os::listen_on_descriptor(descriptor, backlog);
    return failed < 0 ? failed : set(descriptor);
  }

  /// A descriptor of its own for what another acceptor listens on.
  int listen_beside(const fd_acceptor& other, int backlog) noexcept;

  int accept(fd_channel& into) noexcept;
  /// Whether it can turn clients away when the process has run out of descriptors.
  bool has_reserve() const noexcept { return reserve_ >= 0; }

  void close() noexcept;
  void release() noexcept;

  /// Accepted connections inherit it, which saves a call for each.
  int set_no_delay(bool on) noexcept { return os::set_no_delay(fd, on); }
  Endpoint local_end() const noexcept { return os::local_end(fd); }

 private:
  int set(int listening) noexcept;

  /// The next connection's descriptor, or a negated errno.
  NativeHandle next() noexcept;
  /// Accepts what waits and closes it, so that those clients learn of it and the loop does not spin.
  NativeHandle turn_away() noexcept;

  NativeHandle reserve_ = no_handle;
};

static_assert(Acceptor<fd_acceptor, fd_channel>);

}  // namespace net::inline NET_ABI::detail

#endif  // !_WIN32

#endif

// Files of a POSIX system. Internal.
#ifndef NET_DETAIL_SYS_POSIX_FILES_HPP
#define NET_DETAIL_SYS_POSIX_FILES_HPP

#if !defined(_WIN32)

namespace net::inline NET_ABI::detail::os {

NET_API int open_file(const std::string& path, const FileAccess& access, NativeHandle& opened) noexcept;
NET_API std::ptrdiff_t read_file(NativeHandle file, char* into, std::size_t size) noexcept;
NET_API std::ptrdiff_t write_file(NativeHandle file, const char* from, std::size_t size) noexcept;
NET_API int close_file(NativeHandle file) noexcept;
NET_API bool is_slow_path(const std::string& path) noexcept;
NET_API bool is_slow_file(NativeHandle file) noexcept;
NET_API std::ptrdiff_t write_slow_file(NativeHandle file, const char* from, std::size_t size) noexcept;

}  // namespace net::inline NET_ABI::detail::os

#endif  // !_WIN32

#endif

// Descriptors that travel over Unix sockets, by SCM_RIGHTS. Internal.
#ifndef NET_DETAIL_SYS_POSIX_MESSAGES_HPP
#define NET_DETAIL_SYS_POSIX_MESSAGES_HPP

#if !defined(_WIN32)

namespace net::inline NET_ABI::detail::os {

/// There are no tickets.
inline constexpr std::size_t ticket_size = 0;
inline std::uint32_t ticket_number() noexcept { return 0; }
inline int write_ticket(NativeHandle, std::uint32_t, char*) noexcept { return -ENOTSUP; }
inline int open_ticket(const char*, NativeHandle&) noexcept { return -ENOTSUP; }

NET_API int make_pair(NativeHandle (&ends)[2]) noexcept;
NET_API std::ptrdiff_t send_with(NativeHandle local, const IoSlice* slices, std::size_t count,
                                 NativeHandle passed) noexcept;
NET_API std::ptrdiff_t receive_with(NativeHandle local, char* into, std::size_t size, CameDescriptors& came) noexcept;

}  // namespace net::inline NET_ABI::detail::os

#endif  // !_WIN32

#endif

// Names, by the system's resolver. Internal.
#ifndef NET_DETAIL_SYS_POSIX_NAMES_HPP
#define NET_DETAIL_SYS_POSIX_NAMES_HPP

#if !defined(_WIN32)

namespace net::inline NET_ABI::detail::os {

/// What a failure of getaddrinfo(3) means.
NET_API Errc lookup_failure(int failed) noexcept;

/// Asks the system's resolver and waits for it. The addresses come in its order; what failed, or none.
NET_API Errc look_up(const std::string& host, Family family, int hints, Vec<Endpoint>& found);

/// The hint of S12.8: only families that this machine has.
NET_API int address_config_hint() noexcept;

/// All hints that look_up knows.
NET_API int known_hints() noexcept;

}  // namespace net::inline NET_ABI::detail::os

#endif  // !_WIN32

#endif

// Signals of the process, for the loops that ask. Internal.
#ifndef NET_DETAIL_SYS_POSIX_SIGNALS_HPP
#define NET_DETAIL_SYS_POSIX_SIGNALS_HPP

#if !defined(_WIN32)

namespace net::inline NET_ABI::detail::os {

/// Who is woken when a signal comes.
struct SignalWaker {
  Waker waker;
  int signo = 0;
  SignalWaker* next = nullptr;
};

/// 0, or a negated errno. The waker is open from then on; it is woken in any thread.
NET_API int listen_to_signal(SignalWaker& waker) noexcept;
/// The last one puts back what the signal did before.
NET_API void forget_signal(SignalWaker& waker) noexcept;

}  // namespace net::inline NET_ABI::detail::os

#endif  // !_WIN32

#endif

#if !defined(_WIN32)

namespace net::inline NET_ABI::detail {

/// References to functions cost no function of their own.
struct posix_machine {
  using Channel = fd_channel;
  using Acceptor = fd_acceptor;
  using Mutex = os::Mutex;
  using Condition = os::Condition;
  using Thread = os::Thread;
  using SignalWaker = os::SignalWaker;

  static constexpr auto& now_ns = os::now_ns;
  static constexpr auto& start_thread = os::start_thread;
  static constexpr auto& processors = os::processors;
  static constexpr auto& fork_count = os::fork_count;
  static constexpr auto& at_fork = os::at_fork;
  static constexpr auto& count_in_resolver = os::count_in_resolver;
  static constexpr auto& look_up = os::look_up;
  static constexpr auto& address_config_hint = os::address_config_hint;
  static constexpr auto& known_hints = os::known_hints;
  static constexpr auto& interface_index = os::interface_index;
  static constexpr auto& interface_name = os::interface_name;
  static constexpr auto& kind_of = os::kind_of;
  static constexpr auto& prepare = os::prepare;
  static constexpr auto& open_file = os::open_file;
  static constexpr auto& read_file = os::read_file;
  static constexpr auto& write_file = os::write_file;
  static constexpr auto& close_file = os::close_file;
  static constexpr auto& make_pair = os::make_pair;
  static constexpr std::size_t ticket_size = os::ticket_size;
  static constexpr auto& ticket_number = os::ticket_number;
  static constexpr auto& write_ticket = os::write_ticket;
  static constexpr auto& open_ticket = os::open_ticket;
  static constexpr auto& is_slow_path = os::is_slow_path;
  static constexpr auto& is_slow_file = os::is_slow_file;
  static constexpr auto& write_slow_file = os::write_slow_file;
  static constexpr auto& remove_path = os::remove_path;
  static constexpr auto& listen_to_signal = os::listen_to_signal;
  static constexpr auto& forget_signal = os::forget_signal;

  static std::ptrdiff_t send_with(const Channel& channel, const IoSlice* slices, std::size_t count,
                                  NativeHandle passed) noexcept {
    return os::send_with(channel.native(), slices, count, passed);
  }
  static ReadResult receive_with(const Channel& channel, char* into, std::size_t size, CameDescriptors& came) noexcept {
    return {os::receive_with(channel.native(), into, size, came), into};
  }
};

}  // namespace net::inline NET_ABI::detail

#endif  // !_WIN32

#endif

// What this library asks Windows for; its poller is a completion port. Internal.
#ifndef NET_DETAIL_SYS_WINDOWS_MACHINE_HPP
#define NET_DETAIL_SYS_WINDOWS_MACHINE_HPP

// A socket that listens, or a name of pipes. Internal.
#ifndef NET_DETAIL_SYS_WINDOWS_ACCEPTOR_HPP
#define NET_DETAIL_SYS_WINDOWS_ACCEPTOR_HPP

// A socket or a pipe that is connected, or connects. Internal.
#ifndef NET_DETAIL_SYS_WINDOWS_CHANNEL_HPP
#define NET_DETAIL_SYS_WINDOWS_CHANNEL_HPP

// Addresses of sockets, and what listens on one. Internal.
#ifndef NET_DETAIL_SYS_WINDOWS_ADDRESS_HPP
#define NET_DETAIL_SYS_WINDOWS_ADDRESS_HPP

// The calls of Winsock, with errors returned as negated errno values. Internal.
#ifndef NET_DETAIL_SYS_WINDOWS_CALLS_HPP
#define NET_DETAIL_SYS_WINDOWS_CALLS_HPP

#if defined(_WIN32)

namespace net::inline NET_ABI::detail::os {

inline win::Socket socket_of(NativeHandle fd) noexcept { return static_cast<win::Socket>(fd); }
inline win::Handle handle_of(NativeHandle fd) noexcept { return reinterpret_cast<win::Handle>(fd); }

/// One call moves no more than this, so that a count fits everywhere.
inline constexpr std::size_t max_at_once = std::size_t{1} << 30;

/// Winsock wants to be started once; a negated errno if it cannot be.
NET_API int start_winsock() noexcept;

/// A text of Windows', with a NUL behind it; false if it is no UTF-8, has a NUL itself, or does not fit.
NET_API bool to_wide(std::string_view text, wchar_t* into, std::size_t capacity) noexcept;

NET_API void close_socket(NativeHandle fd) noexcept;

/// So that it never blocks, and no child inherits it; 0 or a negated errno.
NET_API int prepare(NativeHandle fd) noexcept;

/// A new stream socket, or a negated errno.
NET_API NativeHandle open_socket(Family family) noexcept;

/// The next connection that waits, or a negated errno.
NET_API NativeHandle accept_from(NativeHandle fd) noexcept;

/// A socket of its own for the same connection, or for what is listened on; or a negated errno.
NET_API NativeHandle duplicate(NativeHandle fd) noexcept;

NET_API std::ptrdiff_t receive(NativeHandle fd, char* into, std::size_t size) noexcept;

/// One send of up to `max_slices`.
NET_API std::ptrdiff_t send_slices(NativeHandle fd, const IoSlice* slices, std::size_t count) noexcept;

NET_API int shutdown_write(NativeHandle fd) noexcept;

/// The error that waits on a socket.
NET_API int pending_error(NativeHandle fd) noexcept;

/// Whether it is a socket that listens.
NET_API bool listens(NativeHandle fd) noexcept;

/// What a handle from elsewhere is (S22).
NET_API DescriptorKind kind_of(NativeHandle fd) noexcept;

// ── options ────────────────────────────────────────────────────────────────

NET_API int set_flag(NativeHandle fd, int level, int name, int value) noexcept;

/// Makes closing send a reset (S17.12).
NET_API int reset_on_close(NativeHandle fd) noexcept;

/// S18.12: a delay of 0 leaves the system's times alone; otherwise probes each second.
NET_API int set_keep_alive(NativeHandle fd, bool on, int delay_seconds) noexcept;

/// S18.16: as well as the system can; neither fails.
NET_API int set_type_of_service(NativeHandle fd, Family family, int value) noexcept;
NET_API int get_type_of_service(NativeHandle fd, Family family) noexcept;

}  // namespace net::inline NET_ABI::detail::os

#endif  // _WIN32

#endif

#if defined(_WIN32)

namespace net::inline NET_ABI::detail::os {

/// The system's form of an address.
struct SystemAddress {
  union {
    win::Ip4 v4;
    win::Ip6 v6;
    unsigned char bytes[128];
  };
  int size = sizeof bytes;

  SystemAddress() noexcept : bytes{} {}
  explicit SystemAddress(const Endpoint& from) noexcept;

  ::sockaddr* get() noexcept { return win::as<::sockaddr>(&bytes[0]); }
  const ::sockaddr* get() const noexcept { return win::as<const ::sockaddr>(&bytes[0]); }

  Endpoint endpoint() const noexcept;
};

NET_API Endpoint local_end(NativeHandle fd) noexcept;
NET_API Endpoint remote_end(NativeHandle fd) noexcept;

/// A socket that has no other end yet (S22.9).
NET_API bool unconnected(NativeHandle fd) noexcept;

/// The number that a zone is: names of interfaces are none on this system, as in Node. 0 if it is no number.
NET_API std::uint32_t interface_index(std::string_view zone) noexcept;
NET_API std::string interface_name(std::uint32_t index);

NET_API int bind_to(NativeHandle fd, const Endpoint& at) noexcept;

/// 0: connected; -EINPROGRESS: wait for writable; else a negated errno.
NET_API int connect_to(NativeHandle fd, Endpoint to) noexcept;

/// A listening TCP socket, or a negated errno.
NET_API NativeHandle listen_on(const Endpoint& at, const ListenFlags& flags) noexcept;

}  // namespace net::inline NET_ABI::detail::os

#endif  // _WIN32

#endif

// One end of a named pipe, as readiness. Internal.
#ifndef NET_DETAIL_SYS_WINDOWS_PIPE_HPP
#define NET_DETAIL_SYS_WINDOWS_PIPE_HPP

// Names of pipes, and who may use them. Internal.
#ifndef NET_DETAIL_SYS_WINDOWS_PIPE_NAME_HPP
#define NET_DETAIL_SYS_WINDOWS_PIPE_NAME_HPP

#if defined(_WIN32)

namespace net::inline NET_ABI::detail {

/// A name as Windows takes it: `\\.\pipe\x` or `\\?\pipe\x`, at most 256 characters.
struct PipeName {
  wchar_t text[257] = {};

  /// 0, or a negated errno: EINVAL for a NUL, what is no UTF-8 or too long (S23.5), ENOENT for what is no pipe's name.
  int set(std::string_view path) noexcept;
};

/// Opens the client's end, or says why not: EBUSY if no instance is free at the moment, ENOTSOCK for what is no pipe.
NET_API win::Handle open_pipe(const PipeName& name, int& failed) noexcept;

/// Whether somebody serves the name.
NET_API bool pipe_exists(const PipeName& name) noexcept;

/// One instance of a server's; `first`: nobody else may serve the name.
NET_API win::Handle make_pipe(const PipeName& name, const PathMode& mode, bool first, int& failed) noexcept;

}  // namespace net::inline NET_ABI::detail

#endif  // _WIN32

#endif

#if defined(_WIN32)

namespace net::inline NET_ABI::detail {

/// What a pipe is asked for takes its time, and works on buffers that must stay. So each end has two of its own: one
/// that a read fills while somebody wants to read, and one that a write empties. A write counts when the system has
/// taken all of it: until then it is would_block, and whoever writes offers the same bytes again, which they do anyhow.
///
/// A pipe has no half-close. As in libuv, whoever ends stays for 50 ms of silence, so that an answer arrives; then it
/// closes, which is the end for the other side, and reads the end itself.
class PipeEntry final : public PortEntry {
 public:
  static const Operations table;

  PipeEntry() noexcept;
  /// It has the handle from now on.
  void set(win::Handle handle) noexcept { handle_ = handle; }
  /// Its port has been given the handle already.
  void associated() noexcept { associated_ = true; }
  /// 0, -EINPROGRESS while all instances are busy, which is ETIMEDOUT in the end, or another negated errno.
  int connect(const PipeName& name, std::uint64_t patience_ms = 30000) noexcept;
  int finish_connect() const noexcept { return -connect_failed_; }

  ReadResult read(std::size_t size) noexcept;
  std::ptrdiff_t write(const IoSlice* slices, std::size_t count) noexcept;
  int shutdown_write() noexcept;
  /// Nobody has it any more; what is in flight is called off.
  void close() noexcept;
  /// What it has taken and nobody has read; it takes no more before it is watched again.
  std::string_view unread() noexcept;
  /// It stays open, and nothing of it is in flight.
  win::Handle release_handle() noexcept;
  int& type_of_service() noexcept { return type_of_service_; }

 private:
  static constexpr std::size_t capacity = 65536;
  static constexpr std::uint64_t silence_ms = 50, busy_ms = 2;

  unsigned ready() const noexcept;
  void start_read() noexcept;
  void read_done(int failed, std::size_t size) noexcept;
  void write_done(int failed, std::size_t size) noexcept;
  bool can_buffer(char*& buffer) noexcept;
  bool call_off_read(std::size_t& came) noexcept;
  void listen_for_silence() noexcept;
  void on_due() noexcept;
  void cancel() noexcept;
  void close_handle() noexcept;
  ~PipeEntry();
  friend struct PipeCalls;

  win::Handle handle_ = nullptr;
  PortOperation reading_, writing_;
  char *in_ = nullptr, *out_ = nullptr;
  std::size_t in_begin_ = 0, in_end_ = 0;
  std::size_t taken_ = 0;  // of the bytes that were offered: to be told yet
  int read_failed_ = 0, write_failed_ = 0, connect_failed_ = 0;
  int type_of_service_ = 0;  // nobody's but the user's
  bool at_end_ = false;
  bool ending_ = false;
  bool connecting_ = false;
  bool associated_ = false;
  std::uint64_t gives_up_at_ = 0;
  PipeName* name_ = nullptr;  // while it connects
};

}  // namespace net::inline NET_ABI::detail

#endif  // _WIN32

#endif

#if defined(_WIN32)

namespace net::inline NET_ABI::detail {

/// TCP by a socket of Winsock's, which reads and writes without waiting as on every other system; a path by a named
/// pipe. The owner watches it, and drops it before `close`.
class windows_channel : public Watcher {
 public:
  windows_channel() noexcept = default;
  windows_channel(const windows_channel&) = delete;
  windows_channel& operator=(const windows_channel&) = delete;
  ~windows_channel() { close(); }

  bool is_open() const noexcept { return fd != no_handle; }
  NativeHandle native() const noexcept {
    const PipeEntry* const pipe = this->pipe();
    return pipe ? pipe->operations->native(*pipe) : fd;
  }

  int open(Family family) noexcept { return set(os::open_socket(family)); }
  void take_over(windows_channel& other) noexcept { fd = detail::exchange(other.fd, no_handle); }
  /// A handle from elsewhere, which is prepared; true if it is TCP.
  bool adopt_connected(NativeHandle handle) noexcept;
  void close() noexcept;
  NativeHandle release() noexcept;
  std::string_view unread() noexcept { return pipe() ? pipe()->unread() : std::string_view(); }

  int bind(const Endpoint& to) noexcept { return os::bind_to(fd, to); }
  int start_connect(const Endpoint& to) noexcept { return os::connect_to(fd, to); }
  int start_connect_path(std::string_view path) noexcept;
  int finish_connect() noexcept { return pipe() ? pipe()->finish_connect() : -os::pending_error(fd); }

  ReadResult read(char* into, std::size_t size) noexcept {
    if (PipeEntry* const pipe = this->pipe()) return pipe->read(size);
    return {os::receive(fd, into, size), into};
  }
  std::ptrdiff_t write(const IoSlice* slices, std::size_t count) noexcept {
    return pipe() ? pipe()->write(slices, count) : os::send_slices(fd, slices, count);
  }
  int shutdown_write() noexcept { return pipe() ? pipe()->shutdown_write() : os::shutdown_write(fd); }
  int reset_on_close() noexcept { return pipe() ? 0 : os::reset_on_close(fd); }

  bool is_unconnected() const noexcept { return is_open() && !pipe() && os::unconnected(fd); }
  Endpoint local_end() const noexcept { return pipe() ? Endpoint{} : os::local_end(fd); }
  Endpoint remote_end() const noexcept { return pipe() ? Endpoint{} : os::remote_end(fd); }

  int set_no_delay(bool on) noexcept {
    return pipe() ? 0 : os::set_flag(fd, win::protocol_tcp, win::option_no_delay, on);
  }
  int set_keep_alive(bool on, int seconds) noexcept { return pipe() ? 0 : os::set_keep_alive(fd, on, seconds); }
  int set_type_of_service(int value) noexcept;
  int get_type_of_service() const noexcept;

 private:
  friend class windows_acceptor;

  PipeEntry* pipe() const noexcept { return static_cast<PipeEntry*>(entry_of(fd)); }
  /// 0, or the negated errno that it is given.
  int set(NativeHandle opened) noexcept { return opened < 0 ? static_cast<int>(opened) : (fd = opened, 0); }
};

static_assert(Channel<windows_channel>);

}  // namespace net::inline NET_ABI::detail

#endif  // _WIN32

#endif

// A name that is listened on: instances of a pipe that wait for clients. Internal.
#ifndef NET_DETAIL_SYS_WINDOWS_PIPE_SERVER_HPP
#define NET_DETAIL_SYS_WINDOWS_PIPE_SERVER_HPP

#if defined(_WIN32)

namespace net::inline NET_ABI::detail {

/// As many as libuv has wait at the same time. When one has a client, the next is made before it is handed out, so that
/// the name is never gone while it is served.
class PipeServerEntry final : public PortEntry {
 public:
  static const Operations table;

  PipeServerEntry(const PipeName& name, const PathMode& mode) noexcept;

  /// 0 or a negated errno; `first`: nobody else may serve the name yet.
  int open(bool first) noexcept;
  /// A client's pipe, attached to this port; null and a negated errno if there is none.
  PipeEntry* accept(int& failed) noexcept;
  /// Nobody has it any more.
  void close() noexcept;
  const PipeName& name() const noexcept { return name_; }
  const PathMode& mode() const noexcept { return mode_; }

 private:
  struct Instance {
    PortOperation connecting;
    win::Handle handle = nullptr;
    bool connected = false;
  };
  static constexpr int instances = 4;
  static constexpr std::uint64_t retry_ms = 50;  // when the system had none

  void make(Instance& instance) noexcept;
  void await(Instance& instance) noexcept;
  void cancel() noexcept;
  void close_handles() noexcept;
  ~PipeServerEntry() { close_handles(); }
  friend struct PipeServerCalls;

  PipeName name_;
  PathMode mode_;
  Instance instances_[instances];
  bool closed_ = false;
};

}  // namespace net::inline NET_ABI::detail

#endif  // _WIN32

#endif

#if defined(_WIN32)

namespace net::inline NET_ABI::detail {

/// A listening socket has another one in reserve for the time when the process has no more (S9.18).
class windows_acceptor : public Watcher {
 public:
  windows_acceptor() noexcept = default;
  windows_acceptor(const windows_acceptor&) = delete;
  windows_acceptor& operator=(const windows_acceptor&) = delete;
  ~windows_acceptor() { close(); }

  bool is_open() const noexcept { return fd != no_handle; }
  NativeHandle native() const noexcept {
    const PipeServerEntry* const pipes = this->pipes();
    return pipes ? pipes->operations->native(*pipes) : fd;
  }

  int listen(const Endpoint& at, const ListenFlags& flags) noexcept { return set(os::listen_on(at, flags)); }
  int listen_path(std::string_view path, const PathMode& mode, int backlog, bool* mode_failed = nullptr) noexcept;
  /// Of another process, which listens already; S22.7: Node takes no other one on this system.
  int listen_descriptor(NativeHandle listening, int backlog) noexcept {
    return backlog == 0 && os::listens(listening) ? set(listening) : -EINVAL;
  }
  /// For what another acceptor listens on.
  int listen_beside(const windows_acceptor& other, int backlog) noexcept;

  int accept(windows_channel& into) noexcept;
  bool has_reserve() const noexcept { return pipes() || reserve_ != no_handle; }

  void close() noexcept;
  void release() noexcept;

  int set_no_delay(bool on) noexcept {
    return pipes() ? 0 : os::set_flag(fd, win::protocol_tcp, win::option_no_delay, on);
  }
  Endpoint local_end() const noexcept { return pipes() ? Endpoint{} : os::local_end(fd); }

 private:
  PipeServerEntry* pipes() const noexcept { return static_cast<PipeServerEntry*>(entry_of(fd)); }
  int set(NativeHandle listening) noexcept;
  /// Instances of a pipe of that name; `first`: nobody else may serve it yet.
  int serve(const PipeName& name, const PathMode& mode, bool first) noexcept;
  void open_reserve() noexcept;
  /// Accepts what waits and closes it, so that those clients learn of it and the loop does not spin.
  NativeHandle turn_away() noexcept;

  NativeHandle reserve_ = no_handle;
};

static_assert(Acceptor<windows_acceptor, windows_channel>);

}  // namespace net::inline NET_ABI::detail

#endif  // _WIN32

#endif

// Files of Windows. Internal.
#ifndef NET_DETAIL_SYS_WINDOWS_FILES_HPP
#define NET_DETAIL_SYS_WINDOWS_FILES_HPP

// The errors of Windows, as the errno values that every machine answers with. Internal.
#ifndef NET_DETAIL_SYS_WINDOWS_ERRORS_HPP
#define NET_DETAIL_SYS_WINDOWS_ERRORS_HPP

#if defined(_WIN32)

namespace net::inline NET_ABI::detail::os {

/// What an error of Windows or of Winsock means, as libuv has it; EIO for one that nobody expects.
NET_API int errno_of(unsigned long code) noexcept;

/// The same, negated, of what failed last: of Windows, and of Winsock.
NET_API int last_error() noexcept;
NET_API int last_socket_error() noexcept;

/// The same of a status that a completed operation carries; 0 for success.
NET_API int status_error(unsigned long status) noexcept;

}  // namespace net::inline NET_ABI::detail::os

#endif  // _WIN32

#endif

#if defined(_WIN32)

namespace net::inline NET_ABI::detail::os {

/// A mode that nobody may write by makes a file that is read only, as in libuv; other processes may open it meanwhile.
NET_API int open_file(const std::string& path, const FileAccess& access, NativeHandle& opened) noexcept;
NET_API std::ptrdiff_t read_file(NativeHandle file, char* into, std::size_t size) noexcept;
NET_API std::ptrdiff_t write_file(NativeHandle file, const char* from, std::size_t size) noexcept;
NET_API int close_file(NativeHandle file) noexcept;
NET_API bool is_slow_path(const std::string& path) noexcept;
NET_API bool is_slow_file(NativeHandle file) noexcept;
NET_API std::ptrdiff_t write_slow_file(NativeHandle file, const char* from, std::size_t size) noexcept;

}  // namespace net::inline NET_ABI::detail::os

#endif  // _WIN32

#endif

// Sockets that travel over pipes, by tickets. Internal.
#ifndef NET_DETAIL_SYS_WINDOWS_MESSAGES_HPP
#define NET_DETAIL_SYS_WINDOWS_MESSAGES_HPP

#if defined(_WIN32)

namespace net::inline NET_ABI::detail::os {

/// Two ends of a pipe that nobody else can open. Neither is one port's yet, and so may still become another process's.
NET_API int make_pair(NativeHandle (&ends)[2]) noexcept;

/// What Winsock says of a socket that it has duplicated for another process. That one has a handle of it from then on,
/// and keeps it until it has opened the ticket and closed what it got.
inline constexpr std::size_t ticket_size = 628;

inline std::uint32_t ticket_number() noexcept { return win::GetCurrentProcessId(); }
/// ENOTSUP for a pipe: it belongs to the port that it was given to first.
NET_API int write_ticket(NativeHandle passed, std::uint32_t process, char* into) noexcept;
/// EPROTO for what is no ticket of a socket, as far as that can be seen: it names a handle of this process.
NET_API int open_ticket(const char* from, NativeHandle& opened) noexcept;

}  // namespace net::inline NET_ABI::detail::os

#endif  // _WIN32

#endif

// Names, by the system's resolver. Internal.
#ifndef NET_DETAIL_SYS_WINDOWS_NAMES_HPP
#define NET_DETAIL_SYS_WINDOWS_NAMES_HPP

#if defined(_WIN32)

namespace net::inline NET_ABI::detail::os {

/// What a failure of GetAddrInfoW means.
NET_API Errc lookup_failure(int failed) noexcept;

/// Asks the system's resolver and waits for it. The addresses come in its order; what failed, or none.
NET_API Errc look_up(const std::string& host, Family family, int hints, Vec<Endpoint>& found);

/// Node asks for no hint on this system (S26).
NET_API int address_config_hint() noexcept;

/// All hints that look_up knows.
NET_API int known_hints() noexcept;

}  // namespace net::inline NET_ABI::detail::os

#endif  // _WIN32

#endif

// Signals of the process, for the loops that ask. Internal.
#ifndef NET_DETAIL_SYS_WINDOWS_SIGNALS_HPP
#define NET_DETAIL_SYS_WINDOWS_SIGNALS_HPP

// What wakes a loop for a signal. Internal; a loop itself is woken by its port.
#ifndef NET_DETAIL_SYS_WINDOWS_WAKER_HPP
#define NET_DETAIL_SYS_WINDOWS_WAKER_HPP

// Threads, locks, and what a process that never becomes two says of forks. Internal.
#ifndef NET_DETAIL_SYS_WINDOWS_THREAD_HPP
#define NET_DETAIL_SYS_WINDOWS_THREAD_HPP

#if defined(_WIN32)

namespace net::inline NET_ABI::detail::os {

/// Nanoseconds of a clock that only goes forward.
NET_API std::uint64_t now_ns() noexcept;

/// A lock that needs nothing made and nothing destroyed.
class Mutex {
 public:
  constexpr Mutex() noexcept = default;
  Mutex(const Mutex&) = delete;
  Mutex& operator=(const Mutex&) = delete;
  void lock() noexcept { win::AcquireSRWLockExclusive(win::as<::_RTL_SRWLOCK>(&lock_)); }
  void unlock() noexcept { win::ReleaseSRWLockExclusive(win::as<::_RTL_SRWLOCK>(&lock_)); }

 private:
  friend class Condition;
  void* lock_ = nullptr;  // SRWLOCK
};

class Condition {
 public:
  constexpr Condition() noexcept = default;
  Condition(const Condition&) = delete;
  Condition& operator=(const Condition&) = delete;
  void wait(Mutex& mutex) noexcept {
    win::SleepConditionVariableSRW(own(), win::as<::_RTL_SRWLOCK>(&mutex.lock_), win::wait_forever, 0);
  }
  /// False: it took that long.
  bool wait_ms(Mutex& mutex, int milliseconds) noexcept {
    return win::SleepConditionVariableSRW(own(), win::as<::_RTL_SRWLOCK>(&mutex.lock_),
                                          static_cast<win::Word>(milliseconds), 0) != 0;
  }
  void wake_one() noexcept { win::WakeConditionVariable(own()); }
  void wake_all() noexcept { win::WakeAllConditionVariable(own()); }

 private:
  ::_RTL_CONDITION_VARIABLE* own() noexcept { return win::as<::_RTL_CONDITION_VARIABLE>(&condition_); }

  void* condition_ = nullptr;  // CONDITION_VARIABLE
};

/// A thread that is joined or detached before this object goes.
class Thread {
 public:
  bool start(void (*work)(void*), void* argument) { return begin(new Start{work, argument}); }
  /// Without memory it is a thread that cannot be started.
  bool try_start(void (*work)(void*), void* argument) noexcept {
    Start* const start = new (std::nothrow) Start{work, argument};
    return start && begin(start);
  }
  void join() noexcept {
    win::WaitForSingleObject(thread_, win::wait_forever);
    detach();
  }
  void detach() noexcept { win::CloseHandle(thread_); }

 private:
  struct Start {
    void (*work)(void*);
    void* argument;
  };

  bool begin(Start* start) noexcept;
  static win::Word __stdcall run(void* given);

  win::Handle thread_ = nullptr;
};

/// Starts a thread that nobody joins.
NET_API bool start_thread(void (*work)(void*), void* argument) noexcept;

/// How many threads can run at the same time, at least 1.
NET_API std::size_t processors() noexcept;

/// There is no fork(): nothing is ever a parent's.
NET_API std::uint32_t fork_count() noexcept;
NET_API void at_fork(void (*before)(), void (*in_parent)(), void (*in_child)()) noexcept;
NET_API void count_in_resolver(int threads) noexcept;

}  // namespace net::inline NET_ABI::detail::os

#endif  // _WIN32

#endif

#if defined(_WIN32)

namespace net::inline NET_ABI::detail {

/// What is readable from `wake` until `drain`, once it is watched.
struct WakerEntry : PortEntry {
  static const Operations table;

  WakerEntry() noexcept : PortEntry(table) { woken.entry = this; }

  void wake() noexcept;
  void settle() noexcept;

  os::Mutex mutex;  // wake() comes in any thread
  PortOperation woken;
  Port* at = nullptr;
  bool awake = false;
  bool posted = false;  // the port has not said so yet
};

namespace os {

/// Becomes readable when `wake` is called, from any thread.
class Waker {
 public:
  Waker() noexcept = default;
  Waker(const Waker&) = delete;
  Waker& operator=(const Waker&) = delete;
  ~Waker() { close(); }

  /// 0, or a negated errno.
  int open() noexcept;
  void close() noexcept;

  NativeHandle descriptor() const noexcept { return entry_ ? tagged(*entry_) : no_handle; }
  void wake() noexcept {
    if (entry_) entry_->wake();
  }
  void drain() noexcept;

 private:
  WakerEntry* entry_ = nullptr;
};

}  // namespace os
}  // namespace net::inline NET_ABI::detail

#endif  // _WIN32

#endif

#if defined(_WIN32)

namespace net::inline NET_ABI::detail::os {

/// Who is woken when a signal comes: SIGINT, SIGBREAK and SIGTERM, of the console or of raise(); SIGHUP (1), when the
/// console's window is closed.
struct SignalWaker {
  Waker waker;
  int signo = 0;
  SignalWaker* next = nullptr;
};

/// No signal of the C library's: it comes when a program has ended that this process has started.
inline constexpr int child_ended = 64;
NET_API void say_child_ended() noexcept;

/// 0, or a negated errno. The waker is open from then on; it is woken in any thread.
NET_API int listen_to_signal(SignalWaker& waker) noexcept;
/// The last one puts back what the signal did before.
NET_API void forget_signal(SignalWaker& waker) noexcept;
/// What the console calls, while somebody listens to what it alone tells.
NET_API int __stdcall on_console(win::Word event);

}  // namespace net::inline NET_ABI::detail::os

#endif  // _WIN32

#endif

#if defined(_WIN32)

namespace net::inline NET_ABI::detail {

/// References to functions cost no function of their own.
struct windows_machine {
  using Channel = windows_channel;
  using Acceptor = windows_acceptor;
  using Mutex = os::Mutex;
  using Condition = os::Condition;
  using Thread = os::Thread;
  using SignalWaker = os::SignalWaker;

  static constexpr auto& now_ns = os::now_ns;
  static constexpr auto& start_thread = os::start_thread;
  static constexpr auto& processors = os::processors;
  static constexpr auto& fork_count = os::fork_count;
  static constexpr auto& at_fork = os::at_fork;
  static constexpr auto& count_in_resolver = os::count_in_resolver;
  static constexpr auto& look_up = os::look_up;
  static constexpr auto& address_config_hint = os::address_config_hint;
  static constexpr auto& known_hints = os::known_hints;
  static constexpr auto& interface_index = os::interface_index;
  static constexpr auto& interface_name = os::interface_name;
  static constexpr auto& kind_of = os::kind_of;
  static constexpr auto& prepare = os::prepare;
  static constexpr auto& open_file = os::open_file;
  static constexpr auto& read_file = os::read_file;
  static constexpr auto& write_file = os::write_file;
  static constexpr auto& close_file = os::close_file;
  static constexpr auto& make_pair = os::make_pair;
  static constexpr std::size_t ticket_size = os::ticket_size;
  static constexpr auto& ticket_number = os::ticket_number;
  static constexpr auto& write_ticket = os::write_ticket;
  static constexpr auto& open_ticket = os::open_ticket;
  static constexpr auto& is_slow_path = os::is_slow_path;
  static constexpr auto& is_slow_file = os::is_slow_file;
  static constexpr auto& write_slow_file = os::write_slow_file;
  static constexpr auto& listen_to_signal = os::listen_to_signal;
  static constexpr auto& forget_signal = os::forget_signal;

  static std::ptrdiff_t send_with(Channel& channel, const IoSlice* slices, std::size_t count, NativeHandle) noexcept {
    return channel.write(slices, count);
  }
  static ReadResult receive_with(Channel& channel, char* into, std::size_t size, CameDescriptors&) noexcept {
    return channel.read(into, size);
  }
  /// A pipe's name is gone with its last handle (S23.16).
  static void remove_path(std::string_view) noexcept {}
};

}  // namespace net::inline NET_ABI::detail

#endif  // _WIN32

#endif

namespace net::inline NET_ABI::detail {

/// All of this system's machine but the poller.
#if defined(_WIN32)
using system_machine = windows_machine;
#else
using system_machine = posix_machine;
#endif

}  // namespace net::inline NET_ABI::detail

// Tests set NET_MACHINE, before this, to a machine of their own: net::detail::NET_MACHINE::Machine.
#if !defined(NET_MACHINE)
#define NET_MACHINE NET_JOIN(on_, NET_POLLER)

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

/// What the loop stands on. Two files built for different machines have different types, and so never share one.
struct Machine : system_machine {
  using Poller = NET_JOIN(NET_POLLER, _poller);
};

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE
#endif

#endif

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

static_assert(CompleteMachine<Machine>, "NET_MACHINE: the machine lacks something that io/machine.hpp asks for");

class LoopCore;

using Callback = Function<void()>;

/// What a loop has done since it began; times in nanoseconds.
struct LoopCounts {
  std::uint64_t turns = 0;
  std::uint64_t events = 0;
  std::uint64_t events_waiting = 0;
  std::uint64_t bytes_in = 0;
  std::uint64_t bytes_out = 0;
  std::uint64_t longest_turn = 0;
  std::uint64_t idle = 0;
  std::size_t sockets = 0;
  std::size_t servers = 0;
  std::size_t timers = 0;
};

/// Everything that a loop keeps. It may outlive its loop: then `loop` is null and it does nothing any more.
struct Handle {
  struct Operations {
    void (*free)(Handle&) noexcept;     // the last reference is gone
    void (*abandon)(Handle&) noexcept;  // the loop is going: close what is open, emit nothing
    void (*ready)(Handle&, Watcher&, unsigned what, int error) = nullptr;  // one of its watchers
    void (*child_gone)(Handle&) = nullptr;  // a connection that it accepted was destroyed
    void (*hand_over)(Handle&) noexcept =
        nullptr;                                  // what was accepted is given to the system, as far as it takes it now
    void (*at_exit)(Handle&) noexcept = nullptr;  // the process ends: what would stay behind is removed
    void (*after_fork)(Handle&) = nullptr;        // the loop goes on in a child: what stayed in the parent is made anew
    void (*give_up)(Handle&) noexcept = nullptr;  // there was no memory for what was to be done with it
    void (*count)(const Handle&, LoopCounts&) noexcept = nullptr;  // adds what it is, and what it has moved
  };

  Handle(LoopCore& core, const Operations& table) noexcept;
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  ~Handle();

  void retain() noexcept { ++owners; }
  void release() noexcept {
    if (--owners == 0) [[unlikely]]
      operations->free(*this);
  }

  LoopCore* loop;
  const Operations* operations;
  Handle* previous = nullptr;
  Handle* next = nullptr;
  std::size_t owners = 0;
};

NET_API void give_up(Handle& who) noexcept;

/// What the loop does with a handle. If there is no memory for it the handle is destroyed: half of it may be done, and
/// nothing would make it go on (S32.5). The caller holds a reference.
template <class F>
NET_GNU(always_inline) inline void or_give_up([[maybe_unused]] Handle& who, F&& f) {
#if defined(__cpp_exceptions)
  try {
    f();
  } catch (const std::bad_alloc&) {
    give_up(who);
    throw;
  }
#else
  f();
#endif
}

/// The same in a destructor: nothing may leave it.
template <class F>
void undo_or_give_up([[maybe_unused]] Handle& who, F&& undo) noexcept {
#if defined(__cpp_exceptions)
  try {
    undo();
  } catch (...) {
    give_up(who);
  }
#else
  undo();
#endif
}

/// The way into a loop from other threads. It outlives the loop, for those who come too late.
struct Mailbox {
  Machine::Mutex mutex;
  LoopCore* loop = nullptr;  // null once the loop is gone
  Queue<Callback> posted;
  Atomic<int> any{0};      // whether to look, without the lock
  Atomic<int> stopped{0};  // stop() was called, and no run() has returned for it yet
  Atomic<std::size_t> owners{1};

  void retain() noexcept { owners.fetch_add(1); }
  void release() noexcept {
    if (owners.fetch_sub(1) == 1) delete this;
  }
  /// False if the loop is gone.
  bool post(Callback callback);
  /// A callback will be posted in any case: there is space for it from now on.
  void expect() {
    const LockGuard locked(mutex);
    posted.expect();
  }
  void expect_no_more() noexcept {
    const LockGuard locked(mutex);
    posted.expect_no_more();
  }
  /// Needs no memory. `note` is called under the lock, which fork() takes too.
  template <class Note>
  void post_expected(Callback callback, Note note) noexcept {
    const LockGuard locked(mutex);
    if (!loop) return posted.expect_no_more();
    note();
    posted.push_expected(std::move(callback));
    notify();
  }
  void post_expected(Callback callback) noexcept {
    post_expected(std::move(callback), [] {});
  }
  /// Under the lock: the loop looks.
  void notify() noexcept;
  /// Makes `run()` return. The loop may go for this very reason while it is called: nothing of it is touched without
  /// the lock that its end takes too.
  void stop() noexcept;
};

struct TimerState : Handle, TimerNode {
  explicit TimerState(LoopCore& core) noexcept;
  /// One that has its owner do `expired`, and keeps neither it nor the loop alive: the owner stops it before it goes.
  static Ref<TimerState> of(Handle& owner, void (*expired)(Handle&));

  Callback callback;
  std::uint64_t length = 1;
  bool repeats = false;
  bool refd = true;  // ref(): keeps the loop alive
  bool cleared = false;
};

struct ImmediateState : Handle {
  explicit ImmediateState(LoopCore& core) noexcept;

  Callback callback;
  bool refd = true;
  bool pending = true;
};

template <class T>
inline constexpr Handle::Operations plain_operations{
    [](Handle& handle) noexcept { delete static_cast<T*>(&handle); },
    [](Handle& handle) noexcept { static_cast<T&>(handle).callback.reset(); }};

/// What a handle has to do on a tick. `Holder` keeps the handle: Ref, or Owing, which keeps its listeners too.
template <class Holder, class F>
struct Tick {
  static constexpr bool moves_as_bytes = detail::moves_as_bytes<F>;

  Holder self;
  F call;

  void operator()() {
    or_give_up(*self, [this] { call(*self); });
  }
};
template <class Holder, class F>
Tick(Holder, F) -> Tick<Holder, F>;

/// A plain function for all steps of a kind, because each lambda in a Function of its own is twenty functions more to
/// compile.
template <class State>
using Step = Tick<Ref<State>, void (*)(State&)>;

/// A step that a handle has to take in a later phase.
struct Job {
  Ref<Handle> who;
  void (*run)(Handle&) = nullptr;
};

/// A step that throws comes again, with or without memory, in a place that was kept for it.
struct AgainOnThrow {
  Handle& who;
  void (*step)(Handle&);
  Place<Job>& place;
  bool passed = false;
  AgainOnThrow(Handle& handle, void (*again)(Handle&), Place<Job>& kept) noexcept
      : who(handle), step(again), place(kept) {}
  AgainOnThrow(const AgainOnThrow&) = delete;
  AgainOnThrow& operator=(const AgainOnThrow&) = delete;
  ~AgainOnThrow() {
    if (!passed) place.push({Ref<Handle>(&who), step});
  }
};

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif

// What a loop reads into. It changes hands when somebody keeps what was read. Internal.
#ifndef NET_DETAIL_LOOP_RECEIVE_BUFFER_HPP
#define NET_DETAIL_LOOP_RECEIVE_BUFFER_HPP

namespace net::inline NET_ABI::detail {

/// One buffer, and others to take its place. Who may want to keep a large piece has it lent first: from then on keeping
/// it needs no memory. What was read into it stays as it is, whoever keeps it or has given it back, until the loop
/// reads again.
class ReceiveBuffer {
 public:
  /// In a bulk echo 128 KiB are 1.1 to 1.3 times as fast as 64; with 256 the echo gains no more, and a sink loses a
  /// fifth where it does not fit into the cache beside the kernel's own.
  static constexpr std::size_t capacity = 131072;
  /// So many may be kept at a time. What has been given back stays for the next one.
  static constexpr std::size_t most_kept = 16;

  ReceiveBuffer() = default;

  char* begin() const noexcept { return now_.begin; }
  bool holds(const char* bytes) const noexcept {
    return reinterpret_cast<std::uintptr_t>(bytes) - reinterpret_cast<std::uintptr_t>(now_.begin) < capacity;
  }

  /// False: these bytes are elsewhere, somebody has it already, or too many are kept. Throws without memory.
  bool lend(const char* bytes);
  bool lent() const noexcept { return lent_; }
  void lend_no_more() noexcept { lent_ = false; }
  /// What was lent is somebody's own now, until it is taken back.
  PageBuffer keep() noexcept;
  void take_back(PageBuffer&& kept) noexcept;

 private:
  PageBuffer now_{capacity};
  PageBuffer spare_[most_kept];
  std::size_t spares_ = 0;
  std::size_t kept_ = 0;  // those and the spare ones are never more than there may be
  bool lent_ = false;
};

}  // namespace net::inline NET_ABI::detail

#endif

// A length of time: a plain number of milliseconds, or any std::chrono duration.
#ifndef NET_DURATION_HPP
#define NET_DURATION_HPP

#if __has_include(<bits/chrono.h>)
#include <bits/chrono.h>  // libstdc++: durations and clocks without the 13,000 lines of calendars
#else
#include <chrono>
#endif

namespace net::inline NET_ABI {

/// A length of time in milliseconds, made from a number of them, as in Node, or from any `std::chrono` duration. A
/// parameter of this type takes `100`, `0.5`, `100ms` or `30s`. What is too short or too long is said where it is used.
class Duration {
 public:
  /// 0 ms.
  constexpr Duration() noexcept = default;

  /// So many milliseconds.
  template <class Number>
    requires std::is_arithmetic_v<Number>
  constexpr Duration(Number milliseconds) noexcept : milliseconds_(static_cast<double>(milliseconds)) {}

  /// As long as that one.
  template <class Rep, class Period>
  constexpr Duration(std::chrono::duration<Rep, Period> length) noexcept
      : milliseconds_(std::chrono::duration<double, std::milli>(length).count()) {}

  /// As given, fractions included.
  constexpr double milliseconds() const noexcept { return milliseconds_; }
  /// Whether both are the same number of milliseconds.
  constexpr bool operator==(const Duration&) const noexcept = default;

 private:
  double milliseconds_ = 0;
};

namespace detail {

/// S2.6: what is below 1, not a number, or above 2^31-1 counts as 1; fractions are cut.
constexpr std::uint64_t timer_ms(Duration length) noexcept {
  const double ms = length.milliseconds();
  return ms >= 1 && ms <= 2147483647.0 ? static_cast<std::uint64_t>(ms) : 1;
}

/// S18.13: fractions are cut; what is below a second, not a number, or 2^31-1 ms and above counts as 0.
constexpr int whole_seconds(Duration length) noexcept {
  const double ms = length.milliseconds();
  return ms >= 1000 && ms < 2147483647.0 ? static_cast<int>(ms / 1000) : 0;
}

}  // namespace detail
}  // namespace net::inline NET_ABI

#endif

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

/// What one read brought for a handle, and was not emitted yet: it lies in the receive buffer, or on the stack.
struct Undelivered {
  const Handle* whose;
  std::string_view bytes;
  Undelivered* outer;
};

struct ServedElsewhere;

class LoopCore {
 public:
  LoopCore();
  LoopCore(const LoopCore&) = delete;
  LoopCore& operator=(const LoopCore&) = delete;
  ~LoopCore() {
    leave_thread();
    abandon_all();
    leave_process();
  }

  /// The thread's newest loop. A raw pointer: objects with destructors in thread-local storage crash under mingw.
  static LoopCore*& current() noexcept {
    static thread_local LoopCore* here = nullptr;
    return here;
  }
  /// It becomes the current loop of this thread, until it is destroyed; loops may go in any order (S31.8).
  void enter_thread() noexcept { older_ = detail::exchange(current(), this); }
  void leave_thread() noexcept;
  LoopCore* older() const noexcept { return older_; }

  /// Who listens for its servers; null: they do.
  const ServedElsewhere* served_elsewhere = nullptr;

  // ── turning ──
  void run();
  bool run_once(int max_ms);
  void stop() noexcept;

  // ── fork and exit (S31) ──
  /// A copy in a child process, which must not touch what is the parent's.
  bool inert() const noexcept { return inert_ || made_in_ != Machine::fork_count(); }
  void after_fork();
  /// What the handles of this thread's loops have accepted is given to the system, and what would stay behind removed.
  static void at_exit() noexcept;
  bool running() const noexcept { return running_; }
  bool alive() const noexcept;
  void run_ticks();
  /// Milliseconds until the loop has something to do by itself; -1: nothing.
  int timeout_ms() const noexcept;

  /// The time at which this turn's events came, or, if nobody has asked since, the time of the asking.
  std::uint64_t now() const noexcept {
    if (now_turn_ != counts_.turns) update_time();
    return now_;
  }
  void update_time() const noexcept {
    now_ = Machine::now_ns() / 1000000u;
    now_turn_ = counts_.turns;
  }

  /// What keeps the loop alive is counted.
  void keep_alive(bool on) noexcept { on ? ++alive_ : --alive_; }

  // ── queues ──
  void next_close(Job&& job) { closing_.push(std::move(job)); }
  /// Callbacks of users, and steps that say whose they are (`Tick` and its like). What has to happen even when no
  /// memory is left is announced (`expect`) before anything begins.
  Queue<Callback>& ticks() noexcept { return ticks_; }
  Queue<Job>& pending() noexcept { return pending_; }
  Queue<Job>& closing() noexcept { return closing_; }
  /// A connection that has just come has often brought its first message. So the next turn asks it before it waits, and
  /// does not wait at all if it had something. Only if nothing but the server and it keeps the loop: nobody else waits.
  void read_speculatively(Ref<Handle> handle, bool (*ask)(Handle&)) {
    if (alive_ <= 2) speculative_ = std::move(handle), ask_ = ask;
  }
  void next_immediate(Ref<ImmediateState> immediate);
  void clear_immediate(ImmediateState& immediate) noexcept;
  void set_immediate_ref(ImmediateState& immediate, bool on) noexcept;

  void start_timer(TimerState& timer, std::uint64_t length, std::uint64_t from);
  void stop_timer(TimerState& timer) noexcept;
  void set_timer_ref(TimerState& timer, bool on) noexcept;

  /// Runs one callback as the loop does: small writes are batched while it runs and leave when it has returned, then
  /// the ticks that it queued run (S2.2). An exception passes through; what was queued stays queued.
  template <class F>
  void run_callback(F&& f) {
    {
      const Inside inside(*this);
      f();
    }
    if (inside_ == 0) [[likely]] {
      if (batch_owner_) batch_flush_(*batch_owner_);
    } else if (inert_) {
      refuse_child();  // the callback forked, and this is the child
    }
    if (!ticks_.empty()) drain_ticks();
  }
  void drain_ticks();

  // ── the write batch: small writes of one listener ──
  static constexpr std::size_t batch_capacity = 16384;
  bool inside() const noexcept { return inside_ > 0; }
  bool batched_by(const Handle& handle) const noexcept { return batch_owner_ == &handle; }
  std::size_t batch_size() const noexcept { return batch_size_; }
  const char* batch_data() const noexcept { return batch_.begin; }
  /// Space for `size` bytes of this owner; what another one had batched leaves first. Null: does not fit.
  char* batch_for(Handle& owner, void (*flush)(Handle&), std::size_t size);
  /// The same, but null also if something has to be done first.
  NET_GNU(always_inline) char* batch_if_free(Handle& owner, void (*flush)(Handle&), std::size_t size) noexcept {
    if (inside_ == 0) return nullptr;
    if (batch_owner_ != &owner) {
      if (batch_owner_) return nullptr;
      batch_owner_ = &owner;
      batch_flush_ = flush;
    }
    const std::size_t filled = batch_size_ + size;
    if (filled > batch_capacity) return nullptr;
    char* place = batch_.begin + batch_size_;
    batch_size_ = filled;
    return place;
  }
  void forget_batch() noexcept { batch_owner_ = nullptr, batch_size_ = 0; }
  /// So many bytes of it have left.
  void shorten_batch(std::size_t gone) noexcept;
  void flush_batch();

  /// The one receive buffer.
  static constexpr std::size_t receive_capacity = ReceiveBuffer::capacity;
  char* receive_buffer() noexcept { return receive_.begin(); }
  /// For who keeps what was read into it.
  ReceiveBuffer& receiving() noexcept { return receive_; }
  /// What is being emitted in pieces.
  Undelivered*& undelivered() noexcept { return undelivered_; }

  /// Newest first.
  Handle* handles() const noexcept { return handles_; }

  // ── what was counted ──
  void count_event() noexcept { ++counts_.events; }
  void count_bytes(std::uint64_t in, std::uint64_t out) noexcept { counts_.bytes_in += in, counts_.bytes_out += out; }
  LoopCounts counts() const noexcept;
  void measure_times() noexcept;

  Machine::Poller& poller() noexcept { return poller_; }
  const Machine::Poller& poller() const noexcept { return poller_; }
  Mailbox& mailbox() const noexcept { return *mailbox_; }
  /// It is being destroyed: posted callbacks are not run any more.
  bool leaving() const noexcept { return mailbox_->loop == nullptr; }

 private:
  friend struct Handle;

  /// The time in which user code runs: small writes wait for its end.
  struct Inside {
    LoopCore& loop;
    explicit Inside(LoopCore& l) noexcept : loop(l) { ++loop.inside_; }
    Inside(const Inside&) = delete;
    Inside& operator=(const Inside&) = delete;
    ~Inside() { --loop.inside_; }
  };

  /// From entering the loop until leaving it, by an exception too. What is left from before runs first.
  struct Running {
    LoopCore& loop;
    explicit Running(LoopCore& l);
    Running(const Running&) = delete;
    Running& operator=(const Running&) = delete;
    ~Running();
  };

  void open_poller();
  static void note_forks();
  void join_process() noexcept;
  void leave_process() noexcept;
  void become_inert() noexcept;
  bool of_this_thread() const noexcept;
  [[noreturn]] void refuse_child() const;

  void turn(int max_ms);
  void poll(int max_ms);
  int measured_wait(int milliseconds);
  template <class Serve>
  void wait_for(int milliseconds, Serve& serve);
  void run_timers();
  void run_jobs(Queue<Job>& jobs);
  void run_pending();
  bool speculative_read_found();
  void run_posted();
  void run_immediates();
  void abandon_all() noexcept;
  void abandon_handles() noexcept;

  Machine::Poller poller_;
  mutable std::uint64_t now_ = 0;
  mutable std::uint64_t now_turn_ = 0;  // in which it was read: most turns need no clock
  std::size_t alive_ = 0;
  std::size_t refd_immediates_ = 0;
  /// A child's copy of a loop is inside for ever, so that nothing which is batched leaves.
  static constexpr int inert_depth = 1 << 30;
  int inside_ = 0;
  bool running_ = false;
  bool inert_ = false;
  std::uint32_t made_in_ = Machine::fork_count();
  LoopCore* older_ = nullptr;  // of this thread
  LoopCore* next_in_process_ = nullptr;
  LoopCore** link_in_process_ = nullptr;  // what points to it

  Queue<Callback> ticks_;
  Queue<Ref<Handle>> made_anew_;  // what afterFork() has not come to yet
  Queue<Job> pending_;
  Queue<Job> closing_;
  Ref<Handle> speculative_;
  bool (*ask_)(Handle&) = nullptr;
  Queue<Ref<ImmediateState>> immediates_;
  Queue<Callback> posted_;
  TimerQueue timers_;
  Mailbox* mailbox_ = nullptr;
  Handle* handles_ = nullptr;

  Handle* batch_owner_ = nullptr;
  void (*batch_flush_)(Handle&) = nullptr;
  std::size_t batch_size_ = 0;
  PageBuffer batch_{batch_capacity};
  ReceiveBuffer receive_;
  Undelivered* undelivered_ = nullptr;
  LoopCounts counts_;
  bool measuring_ = false;
  std::uint64_t woken_at_ = 0;  // ns; 0: no turn is under way
};

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif

// The loop of a thread, its timers and its ticks: Node's event loop as an object.
#ifndef NET_LOOP_HPP
#define NET_LOOP_HPP

// Signals of the process, for the loops that ask for them. Internal; net::Signal is the face.
#ifndef NET_DETAIL_LOOP_SIGNALS_HPP
#define NET_DETAIL_LOOP_SIGNALS_HPP

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

/// One listener of a signal on one loop: a waker that the loop watches like a socket.
struct SignalState : Handle, Machine::SignalWaker {
  static const Operations table;

  SignalState(LoopCore& core, int number) noexcept : Handle(core, table) {
    signo = number;
    watcher.owner = static_cast<Handle*>(this);
  }

  int open() noexcept;

  int listen() noexcept;

  /// S31.4: the parent keeps a waker of its own.
  void listen_again() noexcept {
    if (!is_open) return;
    loop->poller().drop(watcher);
    if (listen() < 0) close();
  }

  void close() noexcept;

  void set_ref(bool on) noexcept {
    if (refd == on || (on && !is_open)) return;
    refd = on;
    loop->keep_alive(on);
  }

  static void on_ready(Handle& handle, Watcher&, unsigned, int);

  Watcher watcher;
  Function<void(int)> callback;
  bool is_open = false;
  bool refd = false;  // as in Node, a signal alone does not keep the loop alive
};

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif

namespace net::inline NET_ABI::detail {

/// For the arguments in the order of other languages: the compiler says which one is right.
template <class F, class Result>
Result callback_comes_first() {
  constexpr bool first = !std::is_same_v<F, F>;
  static_assert(first, "the callback comes first: setTimeout([] { ... }, 100)");
  return {};
}

}  // namespace net::inline NET_ABI::detail

namespace net::inline NET_ABI::inline NET_MACHINE {

class Loop;
class Stopper;

/// What a loop has done since it was made, and what it holds (S36.2).
struct LoopMetrics {
  std::uint64_t turns = 0;
  std::uint64_t events = 0;                ///< that the system reported
  std::uint64_t bytesRead = 0;             ///< by all its sockets
  std::uint64_t bytesWritten = 0;          ///< handed to the system
  std::size_t sockets = 0;                 ///< that are connecting or open
  std::size_t servers = 0;                 ///< that listen
  std::size_t timers = 0;                  ///< that wait
  std::uint64_t eventsWaiting = 0;         ///< those that had come before the loop looked; measured, like what follows
  std::chrono::nanoseconds longestTurn{};  ///< from a wait to the next one
  std::chrono::nanoseconds idleTime{};     ///< spent waiting
};

/// A timer made by `setTimeout` or `setInterval`. A handle: copies are the same timer. Dropping all of them
/// does not stop it.
class Timer : public detail::Identity<Timer> {
 public:
  /// No timer: what is called on it has no effect.
  Timer() noexcept = default;
  explicit Timer(detail::Ref<detail::TimerState> state) noexcept : state_(std::move(state)) {}

  /// Keeps the loop alive until it has fired, as it does at first (S2.8).
  const Timer& ref() const { return set_ref(true); }
  /// Lets the loop end although the timer waits.
  const Timer& unref() const { return set_ref(false); }
  /// Whether `ref()` was the last of the two, as it is at first.
  bool hasRef() const { return state_ && state_->refd; }
  /// Starts again with the same length, also after it has fired (S2.7): so a timer keeps its callback as long as there
  /// is a handle of it. No effect once closed.
  const Timer& refresh() const;
  /// Stops it for good, and drops the callback; harmless if it has fired or was closed. A callback that holds a handle
  /// of its own timer, and is not to stay until the loop goes, closes it.
  void close() const;

  /// Refused: a timer is no wait.
  template <class Unused = void>
  detail::NoWait operator co_await() const {
    constexpr bool is_wait = !std::is_void_v<Unused>;
    static_assert(is_wait, "a timer is nothing to wait for: co_await net::sleep(100)");
    return {};
  }

 private:
  friend struct detail::Access;

  const Timer& set_ref(bool on) const;

  detail::Ref<detail::TimerState> state_;
};

/// A callback for the check phase, made by `setImmediate`. A handle like Timer.
class Immediate : public detail::Identity<Immediate> {
 public:
  /// No immediate: what is called on it has no effect.
  Immediate() noexcept = default;
  explicit Immediate(detail::Ref<detail::ImmediateState> state) noexcept : state_(std::move(state)) {}

  /// Keeps the loop alive until it has run, as it does at first.
  const Immediate& ref() const { return set_ref(true); }
  /// An immediate that alone is left does not keep the loop alive, and then never runs (S2.8).
  const Immediate& unref() const { return set_ref(false); }
  /// Whether it keeps the loop alive.
  bool hasRef() const { return state_ && state_->refd; }
  /// Takes it back, if it has not run.
  void close() const;

 private:
  friend struct detail::Access;

  const Immediate& set_ref(bool on) const;

  detail::Ref<detail::ImmediateState> state_;
};

/// A listener of a signal of the process, made by `onSignal`. A handle like Timer: dropping it does not close it.
class Signal : public detail::Identity<Signal> {
 public:
  /// No listener: what is called on it has no effect.
  Signal() noexcept = default;
  explicit Signal(detail::Ref<detail::SignalState> state) noexcept : state_(std::move(state)) {}

  /// Keeps the loop alive until it is closed; at first it does not, as in Node.
  const Signal& ref() const { return set_ref(true); }
  /// Lets the loop end although it listens.
  const Signal& unref() const { return set_ref(false); }
  /// Whether it keeps the loop alive.
  bool hasRef() const { return state_ && state_->refd; }
  /// Listens no more. When the last one of a signal is closed, what the signal did before is back.
  void close() const;

 private:
  friend struct detail::Access;

  const Signal& set_ref(bool on) const;

  detail::Ref<detail::SignalState> state_;
};

/// The event loop of one thread. A loop and its handles belong to the thread that made it; `post` and `stop`
/// are what other threads may call. The first thread that asks for `current()` has a default loop; every
/// other one makes its own, which is its current one until it is destroyed. Destroying a loop closes what is
/// open, without events; handles that outlive it are closed and harmless.
///
/// One turn (S2.1): what is pending, the poll, posted callbacks, immediates, what closes, timers that are due. After
/// every callback its ticks run (S2.2).
class Loop : private detail::LoopCore {
 public:
  /// Becomes this thread's loop. Throws the system's error if it has no descriptors or memory left for it.
  Loop() {
    at_exit();
    enter_thread();
  }
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  /// This thread's loop. Throws `ERR_NO_LOOP` if it has none and the default one belongs to another thread.
  static Loop& current();

  /// Turns until nothing ref'd is left (S2.9) or `stop()`. An exception from a listener, and an 'error' that
  /// nobody listens to, leave it; then everything is consistent and it can be called again (S2.13).
  void run() { LoopCore::run(); }
  /// One turn that waits at most that long, or for ever, for something to happen. False once nothing ref'd is left, or
  /// for a `stop()`, which it uses up: `while (loop.runOnce()) {}` ends when `run()` would.
  bool runOnce(std::optional<Duration> wait = {});
  /// Makes `run()` return after the present turn, and `runOnce()` give false. Any thread; the loop may end, and be
  /// destroyed, for this very reason while it is called. It is used up by the call that returns for it, not by an
  /// exception that leaves it (S31.9).
  void stop() { LoopCore::stop(); }
  /// What stops this loop from any thread, also when nobody knows whether it still exists.
  Stopper stopper() const;
  /// In the child of a `fork()`, on a loop of the parent: makes it work in this process (S31.2). It has a poller of its
  /// own then; what is open is watched again, and both processes have the same connections; timers, ticks and
  /// immediates stay; lookups under way are asked again; signals are listened to again. Jobs of a WorkerPool that had
  /// begun fail with `ERR_ABORTED`, those that waited for a thread run in both processes, and results that were on
  /// their way come in both. A FileReader or FileWriter that a thread was opening, reading or writing, or was asked to,
  /// fails with `ERR_ABORTED`, and goes on in the parent alone. Throws the system's error if there are no descriptors.
  /// No effect on any other loop. The `fork()` waits for lookups that are under way, at most 200 ms: the child's would
  /// wait for their locks for ever.
  void afterFork() { after_fork(); }
  /// Runs the callback on the loop, in a later phase. Any thread, as long as the loop exists.
  template <class F>
  void post(F&& callback) {
    if constexpr (detail::require_callback<F>()) mailbox().post(std::forward<F>(callback));
  }
  /// Runs the callback when the present one has returned, before the loop does anything else.
  template <class F>
  void nextTick(F&& callback) {
    if constexpr (detail::require_callback<F>()) ticks().push(std::forward<F>(callback));
  }
  /// Runs what `nextTick` queued, and sends what was batched, without a poll: for those who call into the library from
  /// another loop (S2.2). Inside a callback of this loop it does nothing: they run when that has returned.
  void runTicks() { run_ticks(); }
  /// Calls back once, not earlier than after that time; less than 1 ms, or more than 2^31-1, counts as 1 (S2.6).
  template <class F>
  Timer setTimeout(F&& callback, Duration after = 1) {
    return start(std::forward<F>(callback), after, false);
  }
  /// Calls back again and again until `close()`; each time is counted from the start of the callback (S2.7).
  template <class F>
  Timer setInterval(F&& callback, Duration every = 1) {
    return start(std::forward<F>(callback), every, true);
  }
  /// Refused: the time behind the callback.
  template <std::convertible_to<Duration> Time, class F>
  Timer setTimeout(Time&&, F&&) {
    return detail::callback_comes_first<F, Timer>();
  }
  template <std::convertible_to<Duration> Time, class F>
  Timer setInterval(Time&&, F&&) {
    return detail::callback_comes_first<F, Timer>();
  }
  /// Calls back in the next check phase, after the poll (S2.5).
  template <class F>
  Immediate setImmediate(F&& callback) {
    detail::Ref<detail::ImmediateState> state(new detail::ImmediateState(*this));
    if constexpr (detail::require_callback<F>()) state->callback = std::forward<F>(callback);
    next_immediate(state);
    return Immediate(std::move(state));
  }
  /// Calls back on the loop when the process gets the signal: `callback()` or `callback(int signo)`; <csignal> has the
  /// numbers. Several loops, and several listeners, may have the same one; what arrives several times before the loop
  /// looks is emitted once. It does not keep the loop alive, unless `ref()` says so. Throws the system's error for a
  /// number that cannot be listened to (EINVAL), as Node does.
  template <class F>
  Signal onSignal(int signo, F&& callback) {
    detail::Ref<detail::SignalState> state(new detail::SignalState(*this, signo));
    if constexpr (std::is_invocable_v<std::decay_t<F>&, int>) {
      state->callback = std::forward<F>(callback);
    } else {
      state->callback = [call = std::decay_t<F>(std::forward<F>(callback))](int) mutable { detail::call_back(call); };
    }
    const int failed = state->open();
    if (failed < 0) detail::throw_error(detail::system_failure(-failed, "uv_signal_start"));
    return Signal(std::move(state));
  }
  /// The loop's clock in milliseconds, read once a turn.
  std::chrono::milliseconds now() const;
  /// Whether anything ref'd is left.
  bool alive() const { return LoopCore::alive(); }

  /// To live inside another loop: watch this for reading, wake up by `nextTimeout()`, and call `runOnce(0)`.
  /// -1 with the poll(2) poller and on Windows, where no descriptor stands for all: call `runOnce(0)` now and then.
  NativeHandle backendHandle() const { return poller().native(); }
  /// How long until the loop has something to do by itself; empty: only when the handle is readable.
  std::optional<Duration> nextTimeout() const;

  /// What the loop has done (S36.2). `metrics(true)` begins to measure times too, which costs two looks at the clock
  /// and a system call a turn; from then on all calls give them.
  LoopMetrics metrics(bool times);
  LoopMetrics metrics() const { return const_cast<Loop*>(this)->metrics(false); }

 private:
  friend struct detail::Access;

  detail::LoopCore& core() noexcept { return *this; }

  template <class F>
  Timer start(F&& callback, Duration length, bool repeats) {
    detail::Ref<detail::TimerState> state(new detail::TimerState(*this));
    if constexpr (detail::require_callback<F>()) state->callback = std::forward<F>(callback);
    state->repeats = repeats;
    update_time();
    start_timer(*state, detail::timer_ms(length), LoopCore::now());
    return Timer(std::move(state));
  }

  static void at_exit();

  static inline Loop* process_default_ = nullptr;  // none yet, or it has gone
};

/// Stops one loop, from any thread, as `Loop::stop()` does. Copies stop the same loop; it may be kept for ever, and
/// does nothing once the loop is gone.
class Stopper {
 public:
  /// Stops no loop.
  Stopper() noexcept = default;
  /// Any thread. No effect once the loop is gone.
  void stop() const {
    if (mailbox_) mailbox_->stop();
  }

 private:
  friend class Loop;
  explicit Stopper(detail::Mailbox& mailbox) noexcept : mailbox_(&mailbox) {}

  detail::Ref<detail::Mailbox> mailbox_;
};

/// `Loop::current().run()`, and so on: on the loop of this thread. Throw `ERR_NO_LOOP` if it has none.
NET_API void run();
template <class F>
Timer setTimeout(F&& callback, Duration after = 1) {
  return Loop::current().setTimeout(std::forward<F>(callback), after);
}
template <class F>
Timer setInterval(F&& callback, Duration every = 1) {
  return Loop::current().setInterval(std::forward<F>(callback), every);
}
template <class F>
Immediate setImmediate(F&& callback) {
  return Loop::current().setImmediate(std::forward<F>(callback));
}
template <class F>
void nextTick(F&& callback) {
  Loop::current().nextTick(std::forward<F>(callback));
}

/// The same on this thread's loop: as `Loop::onSignal`.
template <class F>
Signal onSignal(int signo, F&& callback) {
  return Loop::current().onSignal(signo, std::forward<F>(callback));
}

/// Refused: the time behind the callback.
template <std::convertible_to<Duration> Time, class F>
Timer setTimeout(Time&&, F&&) {
  return detail::callback_comes_first<F, Timer>();
}
template <std::convertible_to<Duration> Time, class F>
Timer setInterval(Time&&, F&&) {
  return detail::callback_comes_first<F, Timer>();
}

/// Refused: arguments for the callback.
template <class F, class First, class... More>
  requires(std::is_invocable_v<std::decay_t<F>&, First, More...>)
Timer setTimeout(F&&, Duration, First&&, More&&...) {
  return detail::require_callback<F>(), Timer();
}
template <class F, class First, class... More>
  requires(std::is_invocable_v<std::decay_t<F>&, First, More...>)
Immediate setImmediate(F&&, First&&, More&&...) {
  return detail::require_callback<F>(), Immediate();
}
template <class F, class First, class... More>
  requires(std::is_invocable_v<std::decay_t<F>&, First, More...>)
void nextTick(F&&, First&&, More&&...) {
  detail::require_callback<F>();
}

/// `close()` of a timer or an immediate, by Node's names.
NET_API void clearTimeout(const Timer& timer);
NET_API void clearInterval(const Timer& timer);
NET_API void clearImmediate(const Immediate& immediate);

}  // namespace net::inline NET_ABI::inline NET_MACHINE

#endif

/// NET_STOP_TOKEN: defined if an AbortSignal can be made of a `std::stop_token`, which is where the standard library
/// has it.

// <stop_token> would add a third to the lines of this library, for a constructor that few call
#if defined(__GLIBCXX__) && !_GLIBCXX_INLINE_VERSION
namespace std {
class stop_token;
template <class Callback>
class stop_callback;
}  // namespace std
#define NET_STOP_TOKEN 1
#elif defined(__cpp_lib_jthread)
#include <stop_token>
#define NET_STOP_TOKEN 1
#endif

namespace net::inline NET_ABI::detail {

/// What joins a stop token of another library to an AbortSignal; a specialisation has `join(token, state)`.
template <class Token>
struct StopBridge;

template <class Token>
concept StopToken = requires { sizeof(StopBridge<Token>); };

}  // namespace net::inline NET_ABI::detail

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

struct AbortState;

/// What an abort calls, once, on the loop where it was asked for.
struct AbortCall {
  void (*call)(void* who, const Error& reason) = nullptr;
  void* who = nullptr;
};

/// What happens on one loop when a signal aborts. Kept by that loop until it has fired, or was taken off.
struct AbortHook : Handle {
  static const Operations table;

  AbortHook(LoopCore& core, AbortCall to_call) noexcept : Handle(core, table), callback(to_call) {}
  void take_off() noexcept;

  AbortCall callback;
  AbortState* signal = nullptr;  // while it is attached
};

/// What who waits for an abort holds: when it goes, or is replaced, nothing is called any more.
class AbortWatch {
 public:
  AbortWatch() noexcept = default;
  explicit AbortWatch(AbortHook& hook) noexcept : hook_(&hook) {}
  AbortWatch(AbortWatch&& other) noexcept = default;
  AbortWatch& operator=(AbortWatch&& other) noexcept {
    const AbortWatch gone(static_cast<AbortWatch&&>(*this));
    hook_ = static_cast<Ref<AbortHook>&&>(other.hook_);
    return *this;
  }
  ~AbortWatch() {
    if (hook_) hook_->operations->abandon(*hook_);
  }
  explicit operator bool() const noexcept { return static_cast<bool>(hook_); }

 private:
  Ref<AbortHook> hook_;
};

/// Shared by a controller and its signals; any thread. Others ask it by its table: so only a program that makes one has
/// the code of it, and not everyone whose options have space for a signal.
struct AbortState {
  struct Operations {
    void (*free)(AbortState&) noexcept;
    AbortWatch (*attach)(AbortState&, LoopCore&, AbortCall);
    Ref<AbortState> (*either)(AbortState&, AbortState&);
  };
  static const Operations table;

  const Operations* operations = &table;
  Atomic<std::size_t> owners{0};
  Atomic<int> aborted{0};
  bool begun = false;  // under the lock: the reason is known, and nothing is attached any more
  Error reason;
  struct Attached {
    AbortHook* hook;
    Mailbox* home;  // of its loop
  };
  Vec<Attached> attached;
  Vec<Ref<AbortState>> sources;  // it aborts when one of them does
  Vec<AbortState*> followers;    // of which this is a source; each takes itself off
  AbortState* beside = nullptr;  // the next of those that abort together
  Callback kept;                 // what ties it to a stop token

  void retain() noexcept { owners.fetch_add(1); }
  void release() noexcept {
    if (owners.fetch_sub(1) == 1) operations->free(*this);
  }
  ~AbortState();

  /// Calls back on that loop, as long as the watch is there. None: it has aborted already.
  [[nodiscard]] AbortWatch attach(LoopCore& loop, AbortCall callback) {
    return operations->attach(*this, loop, callback);
  }
  /// One that aborts as soon as this one or the other does.
  Ref<AbortState> either(AbortState& other) { return operations->either(*this, other); }

  AbortWatch attach_hook(LoopCore& loop, AbortCall callback);
  /// One lock for all of them: it is held for moments, and seldom.
  static Machine::Mutex& mutex();

  bool remove(AbortHook& hook) noexcept;

  /// Aborts when `source` does, or now.
  void follow(AbortState& source);

  void abort(const Error& why);
  void begin(const Error& why, AbortState**& last) noexcept;
  bool retain_if_owned() noexcept;
  Vec<Attached> take_attached() noexcept;
  void deliver();
  void post_all() noexcept;

  /// The hook belongs to its loop: if that is gone, so is the hook.
  void send(const Attached& to) noexcept;

  void fire(AbortHook& hook);
};

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

namespace net::inline NET_ABI::inline NET_MACHINE {

/// What an operation listens to in order to be called off. Copies are the same signal; any thread may look at it.
/// An empty one never aborts.
class AbortSignal : public detail::Identity<AbortSignal> {
 public:
  /// One that never aborts.
  AbortSignal() noexcept = default;
  explicit AbortSignal(detail::Ref<detail::AbortState> state) noexcept : state_(std::move(state)) {}

  /// Aborts when the token is asked to stop (`std::stop_token`; include `<stop_token>` yourself).
  template <detail::StopToken Token>
  AbortSignal(const Token& token) : state_(new detail::AbortState) {
    detail::StopBridge<Token>::join(token, *state_);
  }

  bool aborted() const noexcept;  ///< from the abort on, for ever
  /// False: an empty one.
  explicit operator bool() const noexcept { return static_cast<bool>(state_); }

  /// A signal that aborts after that time, with `ERR_TIMEOUT` as its reason, by a timer of this thread's loop that does
  /// not keep it alive. Throws `ERR_NO_LOOP` if there is no loop.
  static AbortSignal timeout(Duration after);
  /// A signal that aborts, with the same reason, as soon as one of these does; of none it never does (S34.6).
  static AbortSignal any(std::initializer_list<AbortSignal> sources);
  /// The same without braces, in which g++ 12 can wait for nothing.
  template <std::same_as<AbortSignal>... More>
  static AbortSignal any(const AbortSignal& first, const More&... more) {
    return any(std::initializer_list<AbortSignal>{first, more...});
  }

 private:
  friend struct detail::Access;

  detail::Ref<detail::AbortState> state_;
};

/// Calls off whatever was given its signal. Any thread.
class AbortController {
 public:
  /// With a signal of its own.
  AbortController() : state_(new detail::AbortState) {}
  /// All copies are the same controller; a handle that was moved from still refers to it.
  AbortController(const AbortController&) noexcept = default;
  AbortController& operator=(const AbortController&) noexcept = default;

  /// What operations are given, in their options: any number of them.
  AbortSignal signal() const { return AbortSignal(state_); }
  /// Sockets with the signal are destroyed with an error `ABORT_ERR`; servers close. Once; later calls do nothing.
  /// The reason is that error's `cause()`.
  void abort() const;
  void abort(const Error& reason) const { state_->abort(reason); }

 private:
  detail::Ref<detail::AbortState> state_;
};

}  // namespace net::inline NET_ABI::inline NET_MACHINE

#if defined(NET_STOP_TOKEN)
namespace net::inline NET_ABI::detail {

template <>
struct StopBridge<std::stop_token> {
  template <class State>
  struct Stop {
    State* state;
    void operator()() const { state->abort(make_error(Errc::ERR_ABORTED, "This operation was aborted")); }
  };
  template <class State>
  struct Owner {
    std::stop_callback<Stop<State>>* hook;
    explicit Owner(std::stop_callback<Stop<State>>* given) noexcept : hook(given) {}
    Owner(Owner&& other) noexcept : hook(detail::exchange(other.hook, nullptr)) {}
    ~Owner() { delete hook; }
    void operator()() const {}
  };

  template <class Token, class State>
  static void join(const Token& token, State& state) {
    state.kept = Owner<State>(new std::stop_callback<Stop<State>>(token, Stop<State>{&state}));
  }
};

}  // namespace net::inline NET_ABI::detail
#endif

#endif

// Rules for the addresses not to talk to.
#ifndef NET_BLOCK_LIST_HPP
#define NET_BLOCK_LIST_HPP

// An IP address with a port: a value.
#ifndef NET_SOCKET_ADDRESS_HPP
#define NET_SOCKET_ADDRESS_HPP

// How a URL writes an IPv4 host and a port, for SocketAddress::parse. Internal.
#ifndef NET_DETAIL_TEXT_URL_HOST_HPP
#define NET_DETAIL_TEXT_URL_HOST_HPP

namespace net::inline NET_ABI::detail {

/// One number of a host: decimal, octal after "0", hexadecimal after "0x". Saturates at 2^32: too big is too
/// big.
constexpr const char* read_url_number(const char* p, const char* end, std::uint64_t& value) noexcept {
  if (p == end || decimal_digit(*p) > 9) return nullptr;
  unsigned base = 10;
  if (*p == '0') {
    base = 8;
    ++p;
    if (p != end && (*p == 'x' || *p == 'X')) {
      base = 16;
      ++p;
    }
  }
  value = 0;
  for (; p != end; ++p) {
    const unsigned digit = hex_digit(*p);
    if (digit >= base) return digit == not_a_digit || digit > 9 ? p : nullptr;
    value = value * base + digit;
    if (value >> 32) value = std::uint64_t{1} << 32;
  }
  return p;
}

/// S5.13: one to four numbers; the last one fills the bytes that remain; one dot may follow.
constexpr const char* read_url_ipv4(const char* p, const char* end, std::uint32_t& value) noexcept {
  std::uint64_t address = 0;
  for (int part = 0; part < 4; ++part) {
    std::uint64_t number = 0;
    p = read_url_number(p, end, number);
    if (!p) return nullptr;
    const bool dot = p != end && *p == '.';
    if (dot) ++p;
    if (!dot || p == end || *p == ':') {
      if (number >> (8 * (4 - part))) return nullptr;
      value = static_cast<std::uint32_t>(address | number);
      return p;
    }
    if (number > 255) return nullptr;
    address |= number << (24 - 8 * part);
  }
  return nullptr;
}

/// S5.12, S5.15: nothing, or a colon and decimal digits up to 65535, to the end of the text. -1 if it is
/// neither.
constexpr int read_url_port(const char* p, const char* end) noexcept {
  if (p == end) return 0;
  if (*p != ':') return -1;
  unsigned port = 0;
  for (++p; p != end; ++p) {
    if (decimal_digit(*p) > 9) return -1;
    port = port * 10 + decimal_digit(*p);
    if (port > 65535) return -1;
  }
  return static_cast<int>(port);
}

}  // namespace net::inline NET_ABI::detail

#endif

namespace net::inline NET_ABI {

/// What a SocketAddress is made of: `net::SocketAddress({.address = "::1", .port = 80})`.
struct SocketAddressOptions {
  /// An IP literal. Left out: 127.0.0.1, or :: for IPv6. A text that is empty was not left out, and is no
  /// address.
  std::string_view address = {};
  /// Taken from `address` if left out; IPv4 if that is left out too.
  Family family = Family::unspecified;
  /// 0 to 0xfffff; ignored for IPv4.
  std::uint32_t flowlabel = 0;
  /// 0 to 65535.
  int port = 0;
};

namespace detail {

[[noreturn]] NET_API void throw_bad_flowlabel(std::uint32_t flowlabel);

}  // namespace detail

/// An address, a port and, for IPv6, a flow label. Addresses compare by family, bytes, port and flow label:
/// 127.0.0.1 and ::ffff:127.0.0.1 are different values.
class SocketAddress {
 public:
  /// 127.0.0.1, port 0.
  constexpr SocketAddress() noexcept : SocketAddress(detail::ipv4_address(0x7f000001)) {}

  /// Throws `ERR_INVALID_ARG_VALUE` (family), `ERR_SOCKET_BAD_PORT`, `ERR_OUT_OF_RANGE` (flow label) or
  /// `ERR_INVALID_ADDRESS`, in this order (S5.1 to S5.5). A zone, "%eth0", is dropped (S5.6).
  constexpr explicit SocketAddress(const SocketAddressOptions& options) {
    const bool left_out = options.address.data() == nullptr;
    detail::require_family(options.family);
    const Family family = options.family != Family::unspecified ? options.family : detail::family_of(options.address);
    if (options.port < 0 || options.port > 65535) detail::throw_error(detail::bad_port("options.port", options.port));
    if (family == Family::IPv6 && options.flowlabel > 0xfffff) detail::throw_bad_flowlabel(options.flowlabel);
    const std::string_view any = family == Family::IPv4 ? "127.0.0.1" : "::";
    ip_ = detail::require_ip(left_out ? any : options.address, family);
    port_ = static_cast<std::uint16_t>(options.port);
    if (family == Family::IPv6) flowlabel_ = options.flowlabel;
  }

  /// Refused: the address and the port as arguments.
  template <std::convertible_to<std::string_view> Text, class... Port>
  constexpr explicit SocketAddress(const Text&, const Port&...) {
    constexpr bool braces = std::is_void_v<Text>;
    static_assert(braces,
                  "write net::SocketAddress({.address = \"::1\", .port = 80}), or *net::SocketAddress::parse(text)");
  }

  /// From the bytes of an address; what sockets use.
  constexpr explicit SocketAddress(const detail::IpAddress& ip, std::uint16_t port = 0,
                                   std::uint32_t flowlabel = 0) noexcept
      : ip_(ip), port_(port), flowlabel_(flowlabel) {}

  /// Reads `1.2.3.4`, `1.2.3.4:80`, `[::1]` or `[::1]:80`; IPv4 in all the ways a URL may write it, so
  /// `0x7f.1` is 127.0.0.1 (S5.12 to S5.15). Nothing if the text is anything else. A flow label is not part
  /// of the text.
  static constexpr std::optional<SocketAddress> parse(std::string_view text) noexcept {
    const char* p = text.data();
    const char* const end = p + text.size();
    detail::IpAddress ip;
    if (p != end && *p == '[') {
      detail::Ipv6Groups groups;
      p = detail::read_ipv6(p + 1, end, groups);
      if (!p || p == end || *p != ']') return std::nullopt;
      ++p;
      ip = detail::ipv6_address(groups);
    } else {
      std::uint32_t value = 0;
      p = detail::read_url_ipv4(p, end, value);
      if (!p) return std::nullopt;
      ip = detail::ipv4_address(value);
    }
    const int port = detail::read_url_port(p, end);
    if (port < 0) return std::nullopt;
    return SocketAddress(ip, static_cast<std::uint16_t>(port));
  }

  /// The address in its one normal form: lower case, no leading zeros, the longest zeros as "::" (S5.7,
  /// S5.8).
  std::string address() const { return detail::to_text(ip_); }
  constexpr Family family() const noexcept { return ip_.family; }  ///< IPv4 or IPv6
  constexpr std::uint16_t port() const noexcept { return port_; }  ///< 0 to 65535
  /// 0 for IPv4.
  constexpr std::uint32_t flowlabel() const noexcept { return flowlabel_; }
  /// The 4 or 16 bytes of the address in network order, valid as long as this object.
  constexpr std::span<const std::uint8_t> bytes() const noexcept { return {ip_.bytes, ip_.size()}; }
  /// The same with its family, as the rest of the library takes it.
  constexpr const detail::IpAddress& ip() const noexcept { return ip_; }

  /// "127.0.0.1:80", "[::1]:80"; `parse()` reads it back.
  std::string toString() const;

  /// {"address":"::1","port":80,"family":"ipv6","flowlabel":0} (S5.10).
  std::string toJSON() const;

  /// By family, then bytes, port and flow label.
  friend constexpr bool operator==(const SocketAddress&, const SocketAddress&) noexcept = default;
  friend constexpr auto operator<=>(const SocketAddress&, const SocketAddress&) noexcept = default;

 private:
  detail::IpAddress ip_;
  std::uint16_t port_ = 0;
  std::uint32_t flowlabel_ = 0;
};

/// As `toString()` has it, on whatever takes text.
template <class Stream, std::same_as<SocketAddress> Address>
auto operator<<(Stream& to, const Address& address) -> decltype(to << address.toString()) {
  return to << address.toString();
}

namespace detail {

/// The value as Node's errors show it: on one line if it fits.
NET_API std::string inspect(const SocketAddress& address);

}  // namespace detail
}  // namespace net::inline NET_ABI

/// All of the value counts, as in `==`. Not the same from one version to the next.
template <>
struct std::hash<net::SocketAddress> {
  constexpr std::size_t operator()(const net::SocketAddress& address) const noexcept {
    std::uint64_t mix =
        std::uint64_t{address.flowlabel()} << 32 | std::uint64_t{address.port()} << 8 | address.bytes().size();
    for (const std::uint8_t each : address.bytes()) mix = (mix ^ each) * 0x100000001b3;
    return net::detail::cast<std::size_t>(mix ^ mix >> 32);
  }
};

#endif

namespace net::inline NET_ABI {

namespace detail {
class BlockRules;
struct RuleLine;
}  // namespace detail

/// A list of addresses, ranges and subnets. It is a handle: all copies are the same list. Every member may be
/// called from any thread. An IPv4 address and its IPv4-mapped IPv6 address (`::ffff:1.2.3.4`) are the same
/// to a list (S6.6).
///
/// Where an address is given as text, its family is IPv4 unless said otherwise; `Family::unspecified` takes
/// it from the text. Ports, flow labels and zones do not count. A call that throws leaves the list as it was.
class BlockList {
 public:
  /// An empty list, which blocks nothing.
  BlockList();
  BlockList(const BlockList& other) noexcept;
  BlockList& operator=(const BlockList& other) noexcept;
  ~BlockList();

  /// Blocks one address. Throws `ERR_INVALID_ADDRESS`, also for an address of the other family, or
  /// `ERR_INVALID_ARG_VALUE` for a family that is none (S6.2); so do the others that take text.
  void addAddress(std::string_view address, Family family = Family::IPv4) const;
  void addAddress(const SocketAddress& address) const;

  /// Blocks all addresses from `start` to `end`, both included. Throws `ERR_INVALID_ARG_VALUE` if `start` comes after
  /// `end` (S6.3).
  void addRange(std::string_view start, std::string_view end, Family family = Family::IPv4) const;
  /// Between an IPv4 address and an IPv6 address that is not IPv4-mapped are only addresses written as mapped
  /// ones.
  void addRange(const SocketAddress& start, const SocketAddress& end) const;

  /// Blocks all addresses that begin with the first `prefix` bits of `network`; the other bits do not count. Throws
  /// `ERR_OUT_OF_RANGE` if `prefix` is not 0 to 32, for IPv6 0 to 128 (S6.4).
  void addSubnet(std::string_view network, int prefix, Family family = Family::IPv4) const;
  void addSubnet(const SocketAddress& network, int prefix) const;

  /// True if a rule matches. False for a text that is not an address of the family (S6.5). Where `check` is a macro, as
  /// with Apple's <AssertMacros.h>, write `(list.check)(address)`.
  bool(check)(std::string_view address, Family family = Family::IPv4) const noexcept;
  bool(check)(const SocketAddress& address) const noexcept;

  /// The rules as text, newest first: "Subnet: IPv4 10.0.0.0/8" (S6.9).
  std::vector<std::string> rules() const;

  /// `rules()` as JSON text.
  std::string toJSON() const;

  /// Adds the rules of a JSON list of texts, in its order. Texts that are not rules are ignored. The first
  /// one with a wrong address, order or prefix throws what adding it throws, and the ones before it stay.
  /// Before any is added: throws `ERR_INVALID_ARG_TYPE` if it is not a list of texts, an Error of kind
  /// "SyntaxError" if it is not JSON (S6.11).
  void fromJSON(std::string_view json) const;

  /// A test of the type: true for a BlockList (S6.10).
  template <class T>
  static constexpr bool isBlockList(const T&) noexcept {
    return std::is_same_v<T, BlockList>;
  }

  /// True if both are the same list.
  friend bool operator==(const BlockList& a, const BlockList& b) noexcept { return a.shared_ == b.shared_; }

 private:
  void add(const detail::RuleLine& line) const;

  detail::BlockRules* shared_;
};

}  // namespace net::inline NET_ABI

#endif

namespace net::inline NET_ABI::inline NET_MACHINE {

/// Which sides of a socket are open: both, one, or none (S11.1).
enum class ReadyState : std::uint8_t { opening, open, readOnly, writeOnly, closed };

/// Its name: "opening", "open", … A text that lives for ever.
constexpr std::string_view to_string(ReadyState state) noexcept {
  constexpr std::string_view names[] = {"opening", "open", "readOnly", "writeOnly", "closed"};
  return names[static_cast<std::size_t>(state)];
}

/// Its name, on whatever takes text.
template <class Stream, std::same_as<ReadyState> State>
auto operator<<(Stream& to, State state) -> decltype(to << to_string(state)) {
  return to << to_string(state);
}

/// One end of a connection, or where a server listens; its texts are copies. `path` is for IPC only, and then the
/// others are empty.
struct AddressInfo {
  std::string address = {};
  Family family = Family::unspecified;
  std::uint16_t port = 0;
  std::string path = {};

  /// "127.0.0.1:80", "[::1]:80", or the path.
  std::string toString() const;
};

/// As `toString()` has it, on whatever takes text; nothing if there is no address.
template <class Stream, std::same_as<AddressInfo> Address>
auto operator<<(Stream& to, const Address& address) -> decltype(to << address.toString()) {
  return to << address.toString();
}
template <class Stream, std::same_as<AddressInfo> Address>
auto operator<<(Stream& to, const std::optional<Address>& address) -> decltype(to << address->toString()) {
  return to << (address ? address->toString() : std::string());
}

/// The connection that a server dropped because of `maxConnections` (S9.19).
struct DropInfo {
  std::string localAddress = {};
  std::uint16_t localPort = 0;
  Family localFamily = Family::unspecified;
  std::string remoteAddress = {};
  std::uint16_t remotePort = 0;
  Family remoteFamily = Family::unspecified;
};

/// One answer of a lookup: an IP address as text, and its family.
struct LookupAddress {
  std::string address = {};
  Family family = Family::unspecified;
};

/// What a lookup is asked for (S12.7, S13.2).
struct LookupOptions {
  Family family = Family::unspecified;  ///< of the addresses that are of use; unspecified: either
  int hints = 0;                        ///< flags of getaddrinfo(3): AI_ADDRCONFIG, AI_ALL, AI_V4MAPPED
  bool all = false;                     ///< more than one answer can be used
};

/// Answers a lookup, once: with an error, or with the addresses, which must live as long as the call. On the loop's
/// thread.
using LookupCallback = function<void(const Error&, std::span<const LookupAddress>)>;
/// A lookup of your own (S12.23). It may answer inside the call or later.
using Lookup = function<void(std::string_view host, const LookupOptions&, LookupCallback)>;

/// Received bytes are stored in memory of your own instead of arriving as 'data' (S25). The memory must live as long as
/// the socket. Without `callback`, or without memory, all of it is ignored (S25.8).
struct OnRead {
  std::span<std::byte> buffer = {};                ///< used for every read
  function<std::span<std::byte>()> allocate = {};  ///< or this gives one for each
  /// Gets how many bytes are in it; false pauses, until `resume()` or `read()`.
  function<bool(std::size_t nread, std::span<std::byte> buffer)> callback = {};
};

/// Options of a socket that is made before it connects.
struct SocketOptions {
  NativeHandle fd = -1;               ///< a descriptor to take over (S22); what this loop has already is EEXIST
  bool readable = true;               ///< with `fd`: whether that side is open
  bool writable = true;               ///< the same
  bool allowHalfOpen = false;         ///< do not end when the other side does (S16.9)
  OnRead onread = {};                 ///< memory of your own to read into (S25)
  AbortSignal signal = {};            ///< destroys the socket when it aborts (S20)
  std::size_t highWaterMark = 65536;  ///< bytes, both sides
  bool reusable = false;              ///< keep the listeners after 'close', to connect the same socket again
};

/// Options of `connect`.
struct ConnectOptions {
  int port = -1;                              ///< 0-65535; this or a path must be there
  std::string host = "localhost";             ///< a name or an IP address
  std::string path = {};                      ///< IPC; then port and host are ignored
  std::string localAddress = {};              ///< an IP address to connect from
  int localPort = 0;                          ///< 0: any
  Family family = Family::unspecified;        ///< connect to addresses of this family only
  int hints = 0;                              ///< of the lookup; unknown ones throw `ERR_INVALID_ARG_VALUE`
  Lookup lookup = {};                         ///< asked instead of the system (S12.23)
  bool noDelay = false;                       ///< as `setNoDelay`
  bool keepAlive = false;                     ///< as `setKeepAlive`
  Duration keepAliveInitialDelay = 0;         ///< its delay, cut to whole seconds (S18.13)
  std::optional<bool> autoSelectFamily = {};  ///< try both families (S13.1); empty: the default (S7.8)
  std::optional<Duration> autoSelectFamilyAttemptTimeout = {};  ///< for one address; empty: the default (S7.9)
  std::optional<BlockList> blockList = {};                      ///< addresses that are not connected to (S21)
  Duration timeout = 0;                                         ///< as `setTimeout`, before connecting; 0: none
  bool allowHalfOpen = false;  ///< of a socket that createConnection makes; so are the next three
  OnRead onread = {};
  AbortSignal signal = {};
  bool reusable = false;
};

/// Options of a server. All but the last two are given to every socket that it accepts.
struct ServerOptions {
  bool allowHalfOpen = false;               ///< do not end when the other side does (S16.9)
  std::size_t highWaterMark = 65536;        ///< bytes, both sides
  bool keepAlive = false;                   ///< as `setKeepAlive`
  Duration keepAliveInitialDelay = 0;       ///< cut to whole seconds (S18.13)
  bool noDelay = false;                     ///< as `setNoDelay`
  bool pauseOnConnect = false;              ///< accepted sockets are not read until `resume()` (S14.17)
  std::optional<BlockList> blockList = {};  ///< clients that are turned away silently (S21.6)
  bool reusable = false;                    ///< keep the listeners after 'close', to listen again later
  AbortSignal signal = {};                  ///< closes the server when it aborts, whenever it listens (S20.7)
};

/// Options of `listen`.
struct ListenOptions {
  int port = -1;             ///< 0: any free port
  std::string host = {};     ///< a name or an IP address; empty: all addresses of the machine (S9.4)
  std::string path = {};     ///< IPC; ignored if a port is given
  int backlog = 511;         ///< connections that may wait to be accepted, as far as the system allows
  bool exclusive = false;    ///< in a worker of a cluster: a port of its own (S33.6); else ignored (S9.23)
  bool ipv6Only = false;     ///< no IPv4 connections, on an IPv6 address (S9.21)
  bool reusePort = false;    ///< share the port with others that say so; a worker of a cluster binds it itself
  bool readableAll = false;  ///< a path that all users may read (S23.10)
  bool writableAll = false;  ///< a path that all users may write: connecting needs it
  AbortSignal signal = {};   ///< closes the server when it aborts (S20.7)
  NativeHandle fd = -1;      ///< a descriptor that is bound already (S22.5); what fails leaves it open; not on Windows
};

/// Options of a wait in a coroutine (S34.6). A wait that is given up has taken nothing away.
struct WaitOptions {
  AbortSignal signal = {};               ///< `ABORT_ERR` when it aborts, with its reason as the cause
  std::optional<Duration> timeout = {};  ///< `ERR_TIMEOUT` after so long
};

/// Options of `pipe`.
struct PipeOptions {
  bool end = true;  ///< end the destination when the source ends
};

}  // namespace net::inline NET_ABI::inline NET_MACHINE

#endif

namespace net::inline NET_ABI::detail {

template <class T>
inline constexpr bool is_byte = std::same_as<T, char> || std::same_as<T, unsigned char> || std::same_as<T, std::byte>;

/// A contiguous range of `char`, `unsigned char` or `std::byte`; whatever is a string_view.
template <class T>
concept Payload = (std::is_convertible_v<const std::remove_cvref_t<T>&, std::string_view> &&
                   !std::is_null_pointer_v<std::remove_cvref_t<T>>) ||
                  requires(const T& range) {
                    { range.size() } -> std::convertible_to<std::size_t>;
                    requires is_byte<std::remove_cv_t<std::remove_pointer_t<decltype(range.data())>>>;
                  };

template <class T>
std::string_view bytes_of(const T& data) {
  constexpr bool is_data = Payload<T>;
  static_assert(is_data, "data is text, or a range of char, unsigned char or std::byte; a number is std::to_string(n)");
  if constexpr (!is_data) {
    return {};
  } else if constexpr (std::is_convertible_v<const T&, std::string_view>) {
    return data;
  } else {
    return {reinterpret_cast<const char*>(data.data()), data.size()};
  }
}

template <class T>
inline constexpr bool owns_bytes = false;
template <>
inline constexpr bool owns_bytes<std::string> = true;
template <class T>
inline constexpr bool owns_bytes<std::vector<T>> = is_byte<T>;

/// The bytes of a payload, and, if it was moved in, the string or vector that can be taken over.
template <class T>
WriteSource source_of(T&& data) {
  using Owner = std::remove_cvref_t<T>;
  if constexpr (!std::is_lvalue_reference_v<T> && !std::is_const_v<std::remove_reference_t<T>> && owns_bytes<Owner>) {
    return {bytes_of(data), &data,
            [](void* owner) { return WriteNode::keep<Owner>(std::move(*static_cast<Owner*>(owner))); }};
  } else {
    return {bytes_of(data)};
  }
}

/// A callback of `write` or `end`: takes the error, or nothing.
template <class F>
WriteCallback write_callback(F&& callback) {
  using Callable = std::decay_t<F>;
  if constexpr (std::is_same_v<Callable, std::nullptr_t>) {
    return {};
  } else if constexpr (std::is_invocable_v<Callable&, const Error&>) {
    return WriteCallback(std::forward<F>(callback));
  } else {
    constexpr bool fits = std::is_invocable_v<Callable&>;
    static_assert(fits, "a callback takes (const net::Error&) or nothing; data is text or a range of bytes");
    if constexpr (fits) {
      return WriteCallback([call = Callable(std::forward<F>(callback))](const Error&) mutable { call_back(call); });
    } else {
      return {};
    }
  }
}

/// An argument that is text: not a literal 0 or nullptr, which would be a null `const char*`.
template <class T>
concept TextArgument = std::is_convertible_v<T, std::string_view> && !std::is_arithmetic_v<std::remove_cvref_t<T>> &&
                       !std::same_as<std::remove_cvref_t<T>, std::nullptr_t>;

template <class T>
concept OptionStruct =
    std::same_as<T, ConnectOptions> || std::same_as<T, ListenOptions> || std::same_as<T, ServerOptions>;

/// A listener, or the nullptr that stands for none: what is neither text nor a number nor options.
template <class T>
concept OptionalListener = std::same_as<std::remove_cvref_t<T>, std::nullptr_t> ||
                           (!std::is_convertible_v<T, std::string_view> && !std::is_convertible_v<T, int> &&
                            !OptionStruct<std::remove_cvref_t<T>>);

/// Behind a text; a number is refused.
template <class T>
concept ListenerOrNumber = OptionalListener<T> || std::integral<std::remove_cvref_t<T>>;

template <class F>
constexpr decltype(auto) require_listener(std::remove_reference_t<F>& listener) {
  constexpr bool port_first = OptionalListener<F>;
  static_assert(port_first, "the port comes first: connect(80, \"127.0.0.1\")");
  if constexpr (port_first) {
    return static_cast<F&&>(listener);
  } else {
    return nullptr;
  }
}

/// -1 stands for "no port" in the options; as an argument it is just a bad one.
NET_API int explicit_port(int port);

/// The digits of a whole number. Below 0: something else stands among them.
constexpr double digits_in_base(unsigned base, std::string_view digits) noexcept {
  double number = 0;
  for (const char c : digits) {
    if (hex_digit(c) >= base) return -1;
    number = number * base + hex_digit(c);
  }
  return number;
}

constexpr double times_ten_to(int exponent, double number) noexcept {
  double scale = 1;
  for (; exponent > 0 && number > 0 && number < 1e300; --exponent) number *= 10;
  for (; exponent < 0 && scale < 1e300; ++exponent) scale *= 10;
  return number / scale;
}

/// Digits, with a point among them or an exponent behind them. Below 0: it is none of that.
constexpr double decimal(std::string_view text) noexcept {
  double number = 0;
  int exponent = 0;
  std::size_t at = 0;
  bool any = false, fraction = false;
  for (; at < text.size(); ++at) {
    if (text[at] == '.' && !fraction) {
      fraction = true;
    } else if (const unsigned digit = hex_digit(text[at]); digit < 10) {
      number = number * 10 + digit;
      any = true;
      if (fraction) --exponent;
    } else {
      break;
    }
  }
  if (!any) return -1;
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    const bool down = ++at < text.size() && text[at] == '-';
    if (down || (at < text.size() && text[at] == '+')) ++at;
    if (at == text.size()) return -1;
    int shift = 0;
    for (; at < text.size() && hex_digit(text[at]) < 10; ++at) {
      if (shift < 1000) shift = shift * 10 + static_cast<int>(hex_digit(text[at]));
    }
    exponent += down ? -shift : shift;
  }
  return at == text.size() ? times_ten_to(exponent, number) : -1;
}

/// The number that a text reads as, in JavaScript's ways: "8080", " 0x1F90 ", "1e3". Below 0: it is none, or negative.
constexpr double number_of(std::string_view text) noexcept {
  const char mark = text.size() > 2 && text[0] == '0' ? text[1] : '\0';
  if (mark == 'x' || mark == 'X') return digits_in_base(16, text.substr(2));
  if (mark == 'o' || mark == 'O') return digits_in_base(8, text.substr(2));
  if (mark == 'b' || mark == 'B') return digits_in_base(2, text.substr(2));
  const bool negative = !text.empty() && text[0] == '-';
  if (negative || (!text.empty() && text[0] == '+')) text.remove_prefix(1);
  const double number = text == "Infinity" ? 1e300 : decimal(text);
  return negative && number > 0 ? -1 : number;
}

/// S7.5: a port, which must be a good one, or a path. `name` is the port's in the error.
template <class Options>
Options port_or_path(std::string_view text, std::string_view name) {
  constexpr std::string_view blanks = " \t\n\v\f\r";
  const std::size_t first = text.find_first_not_of(blanks);
  const bool blank = first == std::string_view::npos;
  const double number = blank ? -1 : number_of(text.substr(first, text.find_last_not_of(blanks) + 1 - first));
  Options options;
  if (!blank && number < 0) {
    options.path = text;
  } else if (number >= 0 && number <= 65535 && number == static_cast<int>(number)) {
    options.port = static_cast<int>(number);
  } else {
    throw_error(bad_port(name, text));
  }
  return options;
}

}  // namespace net::inline NET_ABI::detail

#endif

// net::Socket: one connection, TCP or IPC, with Node's methods and events.
#ifndef NET_SOCKET_HPP
#define NET_SOCKET_HPP

// What a 'data' listener gets: a view of received bytes.
#ifndef NET_CHUNK_HPP
#define NET_CHUNK_HPP

// Encodings of text: what bytes mean, and which bytes a text becomes.
#ifndef NET_ENCODING_HPP
#define NET_ENCODING_HPP

namespace net::inline NET_ABI {

/// How bytes and text correspond; `buffer` is bytes as they are.
enum class Encoding : std::uint8_t { buffer, utf8, utf16le, latin1, ascii, hex, base64, base64url };

/// Node's name of the encoding: "utf8", "utf16le", … A text that lives for ever.
constexpr std::string_view to_string(Encoding encoding) noexcept {
  constexpr std::string_view names[] = {"buffer", "utf8", "utf16le", "latin1", "ascii", "hex", "base64", "base64url"};
  return names[static_cast<std::size_t>(encoding)];
}

/// The encoding of a name as Node knows it, in any letter case: "utf8", "utf-8", "ucs2", "binary", … Empty if
/// there is none of that name (S14.20).
constexpr std::optional<Encoding> parseEncoding(std::string_view name) noexcept {
  struct Row {
    std::string_view name;
    Encoding encoding;
  };
  constexpr Row rows[] = {
      {"buffer", Encoding::buffer},      {"utf8", Encoding::utf8},        {"utf-8", Encoding::utf8},
      {"utf16le", Encoding::utf16le},    {"utf-16le", Encoding::utf16le}, {"ucs2", Encoding::utf16le},
      {"ucs-2", Encoding::utf16le},      {"latin1", Encoding::latin1},    {"binary", Encoding::latin1},
      {"ascii", Encoding::ascii},        {"hex", Encoding::hex},          {"base64", Encoding::base64},
      {"base64url", Encoding::base64url}};
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  for (const Row& row : rows) {
    bool same = row.name.size() == name.size();
    for (std::size_t i = 0; same && i < name.size(); ++i) same = lower(name[i]) == row.name[i];
    if (same) return row.encoding;
  }
  return std::nullopt;
}

namespace detail {

NET_API Encoding require_encoding(std::string_view name);

NET_API void append_utf8(std::string& to, std::uint32_t point);

inline constexpr std::uint32_t replacement = 0xFFFD;

/// The length of a well-formed or truncated UTF-8 character at the start of `bytes`.
struct Utf8Step {
  std::size_t size;  // bytes to consume
  bool valid;        // a whole character; else one replacement character stands for them
  bool incomplete;   // more bytes could complete it
};

constexpr Utf8Step utf8_step(std::string_view bytes) noexcept {
  const auto at = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
  const unsigned first = at(0);
  if (first < 0x80) return {1, true, false};
  const std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4) return {1, false, false};
  // the second byte's range rules out overlong forms, surrogates, and what is above U+10FFFF
  const unsigned low = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
  const unsigned high = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
  for (std::size_t i = 1; i < length; ++i) {
    if (i == bytes.size()) return {i, false, true};
    if (at(i) < (i == 1 ? low : 0x80u) || at(i) > (i == 1 ? high : 0xBFu)) return {i, false, false};
  }
  return {length, true, false};
}

NET_API std::string decode_utf8(std::string_view bytes);

NET_API std::string decode_utf16le(std::string_view bytes);

NET_API std::string encode_base64(std::string_view bytes, bool url);

/// Bytes to text, all at once.
NET_API std::string decode(std::string_view bytes, Encoding encoding);

/// The value of a digit in base64, either alphabet, or -1.
constexpr int base64_digit(char c) noexcept {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  return c == '+' || c == '-' ? 62 : c == '/' || c == '_' ? 63 : -1;
}

/// As Node reads it: either alphabet, other characters are passed over, padding ends it.
NET_API std::string decode_base64(std::string_view text);

/// Stops at the first pair that is no hex number (S15.1).
NET_API std::string decode_hex(std::string_view text);

/// The code point at the start of a text in UTF-8, and how many bytes it takes.
struct CodePoint {
  std::uint32_t value;
  std::size_t size;
};

constexpr CodePoint code_point(std::string_view text) noexcept {
  const Utf8Step step = utf8_step(text);
  const auto byte = [&](std::size_t i) { return static_cast<std::uint32_t>(static_cast<unsigned char>(text[i])); };
  if (!step.valid) return {replacement, step.size};
  if (step.size == 1) return {byte(0), 1};
  std::uint32_t value = byte(0) & (0xFFu >> (step.size + 1));
  for (std::size_t i = 1; i < step.size; ++i) value = value << 6 | (byte(i) & 0x3F);
  return {value, step.size};
}

/// Text in UTF-8 to the bytes that it is in another encoding.
NET_API std::string encode(std::string_view text, Encoding encoding);

}  // namespace detail
}  // namespace net::inline NET_ABI

#endif

namespace net::inline NET_ABI {

/// Received bytes. A view, valid until the listener returns: copy what you keep (`toString()`, `std::string(chunk)`).
class Chunk {
 public:
  constexpr Chunk() noexcept = default;                                ///< no bytes
  constexpr Chunk(std::string_view bytes) noexcept : bytes_(bytes) {}  ///< a view of these

  /// The same bytes; each of these is valid as long as the chunk is.
  constexpr std::string_view view() const noexcept { return bytes_; }
  std::span<const std::byte> bytes() const noexcept {
    return {reinterpret_cast<const std::byte*>(bytes_.data()), bytes_.size()};
  }

  /// As those of a `std::string_view`.
  constexpr const char* data() const noexcept { return bytes_.data(); }
  constexpr std::size_t size() const noexcept { return bytes_.size(); }
  constexpr bool empty() const noexcept { return bytes_.empty(); }
  constexpr const char* begin() const noexcept { return bytes_.data(); }
  constexpr const char* end() const noexcept { return bytes_.data() + bytes_.size(); }
  constexpr operator std::string_view() const noexcept { return bytes_; }  ///< the same as `view()`

  /// As those of a `std::string_view`.
  constexpr std::size_t length() const noexcept { return bytes_.size(); }
  constexpr char operator[](std::size_t at) const noexcept { return bytes_[at]; }
  /// Where the text or the byte is found; `std::string_view::npos`: nowhere.
  template <class Text>
  constexpr std::size_t find(const Text& text, std::size_t from = 0) const noexcept {
    return bytes_.find(text, from);
  }
  /// Whether the bytes begin with it, or end with it.
  template <class Text>
  constexpr bool starts_with(const Text& text) const noexcept {
    return bytes_.starts_with(text);
  }
  template <class Text>
  constexpr bool ends_with(const Text& text) const noexcept {
    return bytes_.ends_with(text);
  }
  /// A part of the view.
  constexpr std::string_view substr(std::size_t from, std::size_t count = std::string_view::npos) const {
    return bytes_.substr(from, count);
  }

  /// The bytes as text in UTF-8, as Node's `buffer.toString(encoding)` shows them. A copy, to keep.
  std::string toString(Encoding encoding = Encoding::utf8) const { return detail::decode(bytes_, encoding); }
  /// The same by Node's name of it, "utf8", "hex", …; throws `ERR_UNKNOWN_ENCODING`.
  std::string toString(std::string_view encoding) const { return toString(detail::require_encoding(encoding)); }

  /// Whether the bytes are those.
  template <std::convertible_to<std::string_view> Text>
    requires(!std::same_as<Text, Chunk>)
  friend constexpr bool operator==(const Chunk& chunk, const Text& text) noexcept {
    return chunk.view() == std::string_view(text);
  }
  friend constexpr bool operator==(const Chunk& a, const Chunk& b) noexcept { return a.view() == b.view(); }

  /// A copy of the bytes with other text: `"you said " + chunk`.
  template <std::convertible_to<std::string_view> Text>
  friend std::string operator+(const Chunk& chunk, const Text& text) {
    return std::string(chunk.view()).append(std::string_view(text));
  }
  template <std::convertible_to<std::string_view> Text>
    requires(!std::same_as<Text, Chunk>)
  friend std::string operator+(const Text& text, const Chunk& chunk) {
    return std::string(std::string_view(text)).append(chunk.view());
  }

 private:
  std::string_view bytes_;
};

/// The bytes, on whatever takes text.
template <class Stream>
auto operator<<(Stream& to, const Chunk& chunk) -> decltype(to << chunk.view()) {
  return to << chunk.view();
}

}  // namespace net::inline NET_ABI

#endif

// The way from a socket to its connection. Internal.
#ifndef NET_DETAIL_CONNECT_START_HPP
#define NET_DETAIL_CONNECT_START_HPP

// What a socket is made of: one state machine for reading, writing and ending. Internal; net::Socket is its face.
#ifndef NET_DETAIL_STREAM_STATE_HPP
#define NET_DETAIL_STREAM_STATE_HPP

// Whether a socket or a server keeps its loop alive: what the user says, and what is counted. Internal.
#ifndef NET_DETAIL_LOOP_KEEPS_ALIVE_HPP
#define NET_DETAIL_LOOP_KEEPS_ALIVE_HPP

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

struct KeepsAlive {
  bool refd : 1 = true;      // ref()
  bool counted : 1 = false;  // by the loop

  void count(LoopCore& loop, bool busy) noexcept {
    if (busy == counted) return;
    counted = busy;
    loop.keep_alive(busy);
  }
};

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif

// What is owed to a socket or a server: steps that are still to come, until which its listeners stay. Internal.
#ifndef NET_DETAIL_LOOP_OWING_HPP
#define NET_DETAIL_LOOP_OWING_HPP

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

// The data of a socket: what belongs to one connection, what waits, and what most sockets never need. Internal.
#ifndef NET_DETAIL_STREAM_CONNECTION_HPP
#define NET_DETAIL_STREAM_CONNECTION_HPP

// What few objects have. Internal.
#ifndef NET_DETAIL_BASE_RARE_HPP
#define NET_DETAIL_BASE_RARE_HPP

namespace net::inline NET_ABI::detail {

/// Owns a thing on the heap, and how to free it, which comes with the thing: whoever makes none needs no code of it.
class RareThing {
 public:
  RareThing() noexcept = default;
  RareThing(const RareThing&) = delete;
  RareThing& operator=(const RareThing&) = delete;
  ~RareThing() { clear(); }

  explicit operator bool() const noexcept { return thing_ != nullptr; }
  /// There is none any more before it dies.
  void clear() noexcept {
    void* const gone = thing_;
    thing_ = nullptr;
    if (gone) free_(gone);
  }
  /// What the other one has, if anything.
  void take(RareThing& other) noexcept {
    clear();
    thing_ = other.thing_;
    free_ = other.free_;
    other.thing_ = nullptr;
  }

 protected:
  void* thing_ = nullptr;
  void (*free_)(void*) noexcept = nullptr;
};

/// A T, or none.
template <class T>
class Rare : public RareThing {
 public:
  /// Instead of the one there is.
  template <class... Args>
  T& make(Args&&... args) {
    T* const made = new T(std::forward<Args>(args)...);
    clear();
    thing_ = made;
    free_ = [](void* gone) noexcept { delete static_cast<T*>(gone); };
    return *made;
  }
  T& operator*() const noexcept { return *static_cast<T*>(thing_); }
  T* operator->() const noexcept { return static_cast<T*>(thing_); }
};

}  // namespace net::inline NET_ABI::detail

#endif

// Trying again after a while, where the system had nothing left to give. Internal.
#ifndef NET_DETAIL_LOOP_RETRY_HPP
#define NET_DETAIL_LOOP_RETRY_HPP

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

/// Calls `again` on its owner from the loop, once. It keeps neither of them alive; the owner stops it before it goes.
class Retry {
 public:
  Retry(Handle& owner, void (*again)(Handle&)) noexcept : owner_(owner), again_(again) {}
  Retry(const Retry&) = delete;
  Retry& operator=(const Retry&) = delete;
  ~Retry() { stop(); }

  bool waiting() const noexcept { return timer_ && timer_->queued(); }

  void after(std::uint64_t ms);

  /// For a descriptor (S32.1): about 100 ms, after a second twice as long each time, up to 1 s; at once when this
  /// thread has closed one. All who wait are called in the same turns, so that many cost no more of them than one.
  void when_descriptor_freed();
  /// The shortage is over: the next one begins with short waits again.
  void forget_delay() noexcept { tries_ = 0; }

  void stop() noexcept;

  /// The library has closed a descriptor on this thread.
  static void descriptor_freed() noexcept {
    if (first()) [[unlikely]]
      wake_all();
  }

 private:
  static Retry*& first() noexcept {
    static thread_local constinit Retry* list = nullptr;
    return list;
  }

  /// Only moves their timers, which allocates nothing: who closes something is in the middle of a call of the user's.
  static void wake_all() noexcept;

  void make_timer();
  void join() noexcept;
  void leave() noexcept;

  Handle& owner_;
  void (*again_)(Handle&);
  Ref<TimerState> timer_;
  unsigned tries_ = 0;
  Retry* previous_ = nullptr;
  Retry* next_ = nullptr;
  bool listed_ = false;
};

/// Closes what a poller may watch, a channel or an acceptor: first the poller forgets it, and then somebody who waits
/// for a descriptor may have this one.
template <class Watched>
void close_watched(LoopCore* loop, Watched& watched) noexcept {
  if (loop) loop->poller().drop(watched);
  watched.close();
  Retry::descriptor_freed();
}

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif

// The destinations of a source: what pipe() keeps in it, whatever their types are. Internal.
#ifndef NET_DETAIL_STREAM_PIPE_LINK_HPP
#define NET_DETAIL_STREAM_PIPE_LINK_HPP

namespace net::inline NET_ABI::detail {

/// Stands for the listeners that pipe() adds: they take whatever their event carries.
struct PipeListener {
  template <class... Args>
  void operator()(const Args&...) const {}
};

}  // namespace net::inline NET_ABI::detail

namespace net::inline NET_ABI {

/// What a socket can be piped to: a handle, whose copies are the same object, with what `Socket` has of these, of the
/// same meaning (S24.13). `off` takes what `addListener` gives, and must not throw. If `addListener` takes `true`
/// behind the listener, as in `Emitter`, that puts the one of 'error' before the others.
template <class T>
concept Writable = std::copy_constructible<T> && requires(T& to, Chunk chunk, detail::PipeListener listener) {
  { to.write(chunk) } -> std::convertible_to<bool>;
  to.end();
  to.off(to.template addListener<"drain">(listener));
  to.off(to.template addListener<"finish">(listener));
  to.off(to.template addListener<"close">(listener));
  to.off(to.template addListener<"error">(listener));
  { to.template listenerCount<"error">() } -> std::convertible_to<std::size_t>;
  { to.writableNeedDrain() } -> std::convertible_to<bool>;
};

}  // namespace net::inline NET_ABI

namespace net::inline NET_ABI::detail {

/// One destination of a source. The source's list owns it, and takes it off when the source goes; the listeners at the
/// destination own it too, and do nothing once it is off: a destination may be of a type of which the library does not
/// know when it calls whom.
struct PipeLink {
  struct Operations {
    void (*take_off)(PipeLink&) noexcept;                // the listeners on both sides
    void (*emit_unpipe)(PipeLink&, const void* source);  // 'unpipe'
    bool (*to_close)(const PipeLink&) noexcept;          // whether the destination still has to emit 'close'
    bool (*to_drain)(const PipeLink&,
                     const void* source) noexcept;  // whether it was full, or may be; asked of one that waited
    bool (*gone)(const PipeLink&) noexcept;         // the destination was destroyed, as far as its type tells
    void (*free)(PipeLink&) noexcept;
  };

  explicit PipeLink(const Operations& table) noexcept : operations(&table) {}
  void retain() noexcept { ++owners; }
  void release() noexcept {
    if (--owners == 0) operations->free(*this);
  }

  const Operations* operations;
  std::size_t owners = 0;
  bool awaits_drain = false;
  bool hears_drain = false;  // it was full before
  bool off = false;
};

/// The destinations of one source.
class Pipes {
 public:
  /// By which a socket, of which few are piped, asks them.
  struct Operations {
    void (*clear)(Pipes&) noexcept;
    void (*source_closed)(Pipes&) noexcept;
  };
  static const Operations table;
  const Operations* const operations = &table;

  Pipes() noexcept = default;
  Pipes(const Pipes&) = delete;
  Pipes& operator=(const Pipes&) = delete;
  ~Pipes() { clear(); }

  bool empty() const noexcept { return list_.empty(); }
  std::size_t size() const noexcept { return list_.size(); }
  /// Whether any destination still has to drain before the source may flow.
  bool await_drain() const noexcept;
  /// Whether one of these is still there to do so.
  bool will_drain() const noexcept;
  /// As in Node, from the second destination on those that have to drain are a set, which is there while it is empty.
  bool counts_drains() const noexcept { return several_ || await_drain(); }
  /// This one has to drain.
  void wait_for(PipeLink& full) noexcept;

  void add(Ref<PipeLink> link);
  /// The first one of which `which` says so; null if there is none.
  template <class Which>
  Ref<PipeLink> take(Which&& which) noexcept {
    for (std::size_t i = 0; i < list_.size(); ++i) {
      if (!which(*list_[i])) continue;
      Ref<PipeLink> found = std::move(list_[i]);
      list_.erase(i, i + 1);
      return found;
    }
    return {};
  }
  Vec<Ref<PipeLink>> take_all() noexcept { return detail::exchange(list_, {}); }

  /// Takes all off without a word.
  void clear() noexcept;
  /// The source has closed, and its listeners go. As in Node, a destination that has yet to close gets 'unpipe' then.
  void source_closed() noexcept;

 private:
  Vec<Ref<PipeLink>> list_;
  bool several_ = false;
};

}  // namespace net::inline NET_ABI::detail

#endif

// The states of a socket that are positions in its life, and the steps between them. Internal.
#ifndef NET_DETAIL_STREAM_POSITIONS_HPP
#define NET_DETAIL_STREAM_POSITIONS_HPP

// A position in a life, which changes by steps that its machine allows. Internal.
#ifndef NET_DETAIL_BASE_POSITION_HPP
#define NET_DETAIL_BASE_POSITION_HPP

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

#endif

namespace net::inline NET_ABI::detail {

/// Where a connection is, from the first connect() to 'close'.
enum class Phase : std::uint8_t {
  idle,  // no connection yet
  connecting,
  open,
  discarded,  // destroyed when there was nothing to close: 'close' comes on a tick, and connect() need not wait for it
  closing,    // destroyed: what it had is closed, and 'close' comes in the close phase
  closed      // 'close' came, or nobody will be told
};

/// A connect() that throws leads back to `idle`; one of a wrapped descriptor that had no other end (S22.9) leads from
/// `open` to `connecting`.
constexpr bool is_step(Phase from, Phase to) noexcept {
  switch (from) {
    case Phase::idle: return to != Phase::idle;
    case Phase::connecting:
      return to == Phase::idle || to == Phase::open || to == Phase::closing || to == Phase::closed;
    case Phase::open: return to == Phase::connecting || to == Phase::closing || to == Phase::closed;
    case Phase::discarded:
    case Phase::closing: return to == Phase::closed;
    case Phase::closed: return false;
  }
  return false;
}

/// What was given to write() and is neither in the kernel nor behind another request.
enum class WriteRequest : std::uint8_t {
  none,
  awaits_connection,
  in_flight  // until the kernel has taken it whole
};

/// One that is in flight may grow by what is left of the write batch, and what has failed may fail again.
constexpr bool is_step(WriteRequest from, WriteRequest to) noexcept {
  return to != WriteRequest::awaits_connection || from == WriteRequest::none;
}

/// How far the writing side has come to its end, by Node's words.
enum class WriteEnd : std::uint8_t {
  open,
  ending,        // end() was called
  final_called,  // everything is written: the other side is to learn of it
  prefinished,   // it has, and 'prefinish' came
  finished       // 'finish' came, or nobody listens to it
};

/// From `open` also at once: when both sides end without a listener, or for what was never writable.
constexpr bool is_step(WriteEnd from, WriteEnd to) noexcept {
  switch (from) {
    case WriteEnd::open: return to == WriteEnd::ending || to == WriteEnd::final_called || to == WriteEnd::finished;
    case WriteEnd::ending: return to == WriteEnd::final_called;
    case WriteEnd::final_called: return to == WriteEnd::prefinished || to == WriteEnd::finished;
    case WriteEnd::prefinished: return to == WriteEnd::finished;
    case WriteEnd::finished: return false;
  }
  return false;
}

/// How far the reading side has come to its end.
enum class ReadEnd : std::uint8_t {
  open,
  eof_read,    // the kernel will give no more, and 'end' follows what is buffered
  end_emitted  // or there was nobody to emit it to
};

/// From `open` also at once: when nobody listens to it, or for what was never readable.
constexpr bool is_step(ReadEnd from, ReadEnd to) noexcept { return to > from; }

/// Whether it has failed.
enum class Failure : std::uint8_t {
  none,
  pending,  // the error is known; its 'error' may still come
  emitted   // 'error' came: at most once between two connects (S3.19)
};

constexpr bool is_step(Failure from, Failure to) noexcept { return static_cast<int>(to) == static_cast<int>(from) + 1; }

/// What a task that reads the socket has let it know.
enum class ReaderNote : std::uint8_t {
  none,         // there is no reader
  idle,         // it holds nothing, and no task waits for it
  asked,        // it holds nothing, and a task waits for it
  holds_bytes,  // that nobody has taken: 'end' waits behind them
  holds_part,   // of what a task waits for
  runs_on,      // it takes what still comes: a task waits for 'end' or 'close', behind that
  left          // it has gone before the end, and nobody reads it since (S34.5)
};

/// A reader may have been there before connect(), or another one may have gone. Only one that is there runs on.
constexpr bool is_step(ReaderNote from, ReaderNote to) noexcept {
  return to != ReaderNote::runs_on || (from != ReaderNote::none && from != ReaderNote::left);
}

}  // namespace net::inline NET_ABI::detail

#endif

// An object of the user's that a socket keeps. Internal.
#ifndef NET_DETAIL_STREAM_USER_DATA_HPP
#define NET_DETAIL_STREAM_USER_DATA_HPP

namespace net::inline NET_ABI::detail {

/// One object of any type, or none.
class UserData {
 public:
  UserData() noexcept = default;
  UserData(const UserData&) = delete;
  UserData& operator=(const UserData&) = delete;
  ~UserData() { clear(); }

  explicit operator bool() const noexcept { return object_ != nullptr; }

  /// The one there is, or a new one.
  template <class T>
  T& get() {
    static_assert(std::is_object_v<T> && !std::is_const_v<T>, "data<T>() keeps a T itself");
    if (!object_) keep(new T(), kind_of<T>);
    if (kind_ != &kind_of<T>) throw_error(make_error(Errc::ERR_INVALID_STATE, "The socket's data has another type"));
    return *static_cast<T*>(object_);
  }
  /// What dies may do anything, but not come back to life here.
  void clear() noexcept {
    void* const gone = detail::exchange(object_, nullptr);
    const Kind* const kind = detail::exchange(kind_, nullptr);
    if (gone) kind->destroy(gone);
  }

 private:
  struct Kind {
    void (*destroy)(void*);
  };
  template <class T>
  static inline const Kind kind_of{[](void* object) { delete static_cast<T*>(object); }};

  /// Its constructor may have come here too: then that object counts.
  void keep(void* made, const Kind& kind) {
    if (object_) return kind.destroy(made);
    object_ = made;
    kind_ = &kind;
  }

  void* object_ = nullptr;
  const Kind* kind_ = nullptr;
};

}  // namespace net::inline NET_ABI::detail

#endif

// Bytes to text, piece by piece: characters that are split over pieces come out whole. Internal.
#ifndef NET_DETAIL_TEXT_DECODER_HPP
#define NET_DETAIL_TEXT_DECODER_HPP

namespace net::inline NET_ABI::detail {

/// What is asked of a decoder.
enum class Decode : std::uint8_t {
  piece,  // more bytes
  end,    // what was kept back, as text
  undone  // what was kept back, as it came: somebody else goes on
};

/// S14.22: keeps the bytes of an incomplete character back until the next piece, or the end, comes.
class Decoder {
 public:
  explicit Decoder(Encoding encoding) noexcept : encoding_(encoding) {}

  Encoding encoding() const noexcept { return encoding_; }

  std::string write(std::string_view piece) {
    std::string bytes = detail::exchange(kept_, {});
    bytes.append(piece);
    const std::size_t back = incomplete(bytes);
    kept_.assign(bytes, bytes.size() - back, back);
    bytes.resize(bytes.size() - back);
    return decode(bytes, encoding_);
  }

  /// What was kept back, as far as it means anything.
  std::string end() {
    std::string bytes = detail::exchange(kept_, {});
    if (encoding_ == Encoding::utf16le) bytes.resize(bytes.size() / 2 * 2);
    return decode(bytes, encoding_);
  }

  std::string ask(std::string_view piece, Decode what) {
    return what == Decode::piece ? write(piece) : what == Decode::end ? end() : detail::exchange(kept_, {});
  }

 private:
  /// How many bytes at the end are the beginning of something.
  std::size_t incomplete(std::string_view bytes) const noexcept {
    switch (encoding_) {
      case Encoding::utf8: return incomplete_utf8(bytes);
      case Encoding::utf16le: {
        const std::size_t odd = bytes.size() % 2;
        const std::size_t even = bytes.size() - odd;
        // a high surrogate waits for the low one
        const bool high = even >= 2 && (static_cast<unsigned char>(bytes[even - 1]) & 0xFC) == 0xD8;
        return odd + (high ? 2 : 0);
      }
      case Encoding::base64:
      case Encoding::base64url: return bytes.size() % 3;
      default: return 0;
    }
  }

  static std::size_t incomplete_utf8(std::string_view bytes) noexcept {
    for (std::size_t back = 1; back <= 3 && back <= bytes.size(); ++back) {
      const auto byte = static_cast<unsigned char>(bytes[bytes.size() - back]);
      if ((byte & 0xC0) == 0x80) continue;
      const Utf8Step step = utf8_step(bytes.substr(bytes.size() - back));
      return step.incomplete && step.size == back ? back : 0;
    }
    return 0;
  }

  Encoding encoding_;
  std::string kept_;
};

}  // namespace net::inline NET_ABI::detail

#endif

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

struct SocketState;

using ListenerId = decltype(ListenerRecord::id);

/// A connection on its way. What it does stands behind pointers: a program that only accepts holds none of it.
struct Connecting {
  void (*ready)(SocketState&, Watcher&);  // one of its channels is
  void (*stop)(SocketState&) noexcept;    // closes them, but the one that won, and frees this
};

/// Received bytes that nobody took yet, in the pieces in which they came. Taking some and putting some back costs what
/// these cost, however much there is.
struct ReadBuffer {
  struct Piece {
    std::string bytes;
    std::size_t begin = 0;  // what is before it was taken

    std::size_t size() const noexcept { return bytes.size() - begin; }
    std::string_view view() const noexcept { return std::string_view(bytes).substr(begin); }
    std::string rest() &&;
  };
  Queue<Piece> pieces;
  std::size_t length = 0;

  void push(std::string&& bytes);
  void push_front(std::string_view bytes);
  /// The first `size` bytes, of which there are as many.
  void take(std::size_t size, std::string& into);
};

/// What waits to be sent, and whom to call when it was.
struct Backlog {
  WriteQueue in_flight;  // the request that the kernel has not taken whole
  WriteQueue buffered;   // behind it
  WriteQueue done;       // taken; their callbacks run on a tick
  std::size_t in_flight_length = 0;
  std::size_t batch_callbacks = 0;  // the last so many of `done` are of small writes that are batched
};

/// The library's own once-listeners. Each is there once at most, and goes with its connection. Only `own_read` (S25.5)
/// waits for whichever connection comes, as `read_when_connected` does.
enum OwnListener : unsigned { own_write, own_write_closed, own_end, own_reset, own_read, own_finish, own_count };

/// What is rarely needed of one connection; connect() replaces it as a whole.
struct ColdConnection {
  Error errored;
  Error unwanted;  // destroyed with it while another process was to have the socket
  Endpoint remote;
  bool remote_known = false;
  bool write_progress = false;  // the kernel took something since the idle timer last looked
  std::string unread;           // taken from the kernel, but not emitted: as if it were still there
  Queue<WriteCallback> finish_callbacks;
  Connecting* connecting = nullptr;
  Vec<Endpoint> cancelled;                         // attempts that were under way at destroy() (S13.13), last first
  void (*emit_cancelled)(SocketState&) = nullptr;  // of the last
  Ref<TimerState> linger_timer;                    // ends a socket that throws away what comes
  std::uint64_t lingers_until = 0;                 // bytes_read then
  int path_result = 1;  // of a connect() to a path, until it is emitted; above 0: there is none
};

/// Reading into the user's memory (S25).
struct OnReading {
  OnRead asked;
  std::span<std::byte> buffer = {};
  void (*read)(SocketState&, bool to_the_end);
};

/// What most sockets never need; allocated when they do. Each of the rare things comes with its code, so a program that
/// asks for none of them has none of it.
struct ColdState : ColdConnection {
  explicit ColdState(SocketState& self);

  Ref<TimerState> idle_timer;
  double lingering_ms = 30000;
  double idle_length = -1;  // ms, as given to setTimeout; below 0: not at all
  std::uint64_t last_activity = 0;
  ListenerId own[own_count] = {};
  Rare<std::vector<std::string>> attempted;  // S13.14; kept until the next race
  Rare<BlockList> block_list;
  Function<std::string(std::string_view piece, Decode what)> decode;
  Encoding encoding = Encoding::utf8;
  Rare<OnReading> onread;
  AbortWatch abort_watch;
  Rare<Pipes> pipes;
  std::size_t corks = 0;  // cork() less uncork()
  Retry memory;           // while the system has none for this socket
  int keep_alive_seconds = 0;
  int type_of_service = -1;
  UserData user_data;
};

/// What a socket was made with, or was told; it stays over connections.
struct Settings {
  bool allow_half_open : 1 = false;
  bool reusable : 1 = false;
  bool no_delay : 1 = false;
  bool keep_alive : 1 = false;
};

/// What belongs to one connection. connect() replaces it as a whole, so that nothing of an old one is forgotten.
struct Connection {
  std::size_t write_length = 0;  // bytes that wait, in flight and buffered
  std::uint64_t bytes_read = 0;
  std::uint64_t bytes_sent = 0;  // handed to the kernel, or in flight to it

  // how much had come at the last write, its last 32 bits; above them since when it is known to be quiet, in ms of the
  // loop's clock, and 0 after each write
  std::uint64_t answered = 0;
  // reading
  bool reading : 1 = false;
  // writing
  bool drain_ticking : 1 = false;
  bool shutting_down : 1 = false;
  bool ended_by_other : 1 = false;  // 'end' came: a write after the automatic end is EPIPE (S16.8)
  // the whole
  bool close_ticked : 1 = false;
  bool had_error : 1 = false;
  bool resetting : 1 = false;
  bool is_path : 1 = false;
  bool released : 1 = false;           // its descriptor is another one's; what is buffered is for read()
  bool of_server : 1 = false;          // its server counts it
  bool errors_heard : 1 = false;       // a task has or had it: one that nobody listens to does not leave run()
  bool listeners_dropped : 1 = false;  // after 'close'
  bool unwanted : 1 = false;           // destroyed while another process was to have it
  Position<ReaderNote> reader_note{};
};

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif

// The events of a socket. Internal; net::Socket says what they mean.
#ifndef NET_DETAIL_STREAM_EVENTS_HPP
#define NET_DETAIL_STREAM_EVENTS_HPP

namespace net::inline NET_ABI::inline NET_MACHINE {
class Socket;
}

namespace net::inline NET_ABI::detail {

inline namespace NET_MACHINE {
struct SocketState;
}

template <>
struct Carried<Socket> {
  using type = const SocketState&;
};

}  // namespace net::inline NET_ABI::detail

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

using SocketEvents =
    EventTable<Event<"close", bool>, Event<"connect">, Event<"connectionAttempt", std::string_view, int, Family>,
               Event<"connectionAttemptFailed", std::string_view, int, Family, const Error>,
               Event<"connectionAttemptTimeout", std::string_view, int, Family>, Event<"data", Chunk>, Event<"drain">,
               Event<"end">, Event<"error", const Error>,
               Event<"lookup", const Error, std::string_view, Family, std::string_view>, Event<"ready">,
               Event<"timeout">, Event<"finish">, Event<"prefinish">, Event<"pause">, Event<"resume">,
               Event<"readable">, Event<"pipe", Socket>, Event<"unpipe", Socket>>;

/// Where each stands in the table.
enum : unsigned {
  on_close,
  on_connect,
  on_attempt,
  on_attempt_failed,
  on_attempt_timeout,
  on_data,
  on_drain,
  on_end,
  on_error,
  on_lookup,
  on_ready_event,
  on_timeout,
  on_finish,
  on_prefinish,
  on_pause,
  on_resume,
  on_readable,
  on_pipe,
  on_unpipe
};

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif

// The states and flags that decide whether a read or a write can take its short way, side by side so that one
// comparison asks for all of them. The states themselves stand here: there is no copy that could disagree.
#ifndef NET_DETAIL_STREAM_GATES_HPP
#define NET_DETAIL_STREAM_GATES_HPP

namespace net::inline NET_ABI::detail {

/// Whether 'data' flows; unset until somebody asked for either.
enum class Flow : std::uint8_t { unset, flowing, paused };

template <class Gate>
bool same_flags(const Gate& a, const Gate& b) noexcept {
  std::uint64_t one, other;
  static_assert(sizeof(Gate) == sizeof one);
  std::memcpy(&one, &a, sizeof one);
  std::memcpy(&other, &b, sizeof other);
  return one == other;
}

/// What a read has to look at, together, so that one comparison asks for all of it.
struct ReadGate {
  Flow flow_state = Flow::unset;
  bool read_interest = false;  // the poller is asked for what can be read
  bool users_buffer = false;   // onread
  bool decodes = false;        // setEncoding() was called
  Position<ReadEnd> read_end{};
  bool timed = false;      // setTimeout() is on, or it lingers
  bool by_buffer = false;  // 'readable' was listened to, or 'data' in front: without others what comes is buffered
  bool padding = false;

  bool ended() const noexcept { return read_end != ReadEnd::open; }
  bool end_emitted() const noexcept { return read_end == ReadEnd::end_emitted; }

  /// The common case: it flows, and nothing else is asked for.
  bool can_read_fast() const noexcept {
    const ReadGate common{Flow::flowing, true};
    return same_flags(*this, common);
  }
};

/// What a write has to look at, alike.
struct WriteGate {
  Position<Phase> phase{};
  Position<WriteRequest> request{};
  bool need_drain = false;
  Position<WriteEnd> write_end{};
  Position<Failure> failure{};
  bool corked = false;  // how often is elsewhere
  bool padding[2] = {};

  bool connecting() const noexcept { return phase == Phase::connecting; }
  /// Also while it is connecting.
  bool has_handle() const noexcept { return phase == Phase::connecting || phase == Phase::open; }
  bool destroyed() const noexcept { return phase >= Phase::discarded; }
  bool closed() const noexcept { return phase == Phase::closed; }
  bool writing() const noexcept { return request != WriteRequest::none; }
  bool ending() const noexcept { return write_end != WriteEnd::open; }
  bool errored() const noexcept { return failure != Failure::none; }
  bool finished() const noexcept { return write_end == WriteEnd::finished; }

  /// The common case: connected, and nothing waits.
  bool can_write_fast() const noexcept {
    const WriteGate common{Position<Phase>(Phase::open)};
    return same_flags(*this, common);
  }
};

}  // namespace net::inline NET_ABI::detail

#endif

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

/// Modelled after Node's own streams, function by function, so that events come in Node's order.
struct SocketState : Handle, ReadGate, WriteGate, Connection {
  static const Operations table;

  explicit SocketState(LoopCore& core) noexcept : Handle(core, table) { channel.owner = this; }
  ~SocketState();

  // ── reading from the kernel (read.ipp) ──
  void read();
  void read_slow(bool to_the_end);
  void read_loop(ReadResult got, bool to_the_end);
  void deliver(std::string_view all);
  void deliver_piece(std::string_view piece);
  void deliver_unread();
  bool push(std::string_view bytes);
  void buffer_bytes(std::string&& bytes);
  void on_read_end(std::ptrdiff_t got);
  void on_no_bytes(std::ptrdiff_t got);
  void read_onread(bool to_the_end);
  void next_onread_buffer();
  void push_end();
  bool speculative_read();
  void watch_readable();
  void unwatch_readable();

  // ── the stream's reading side (readable.ipp) ──
  bool read_piece(std::size_t n, bool all, std::string& piece, bool silently = false);
  void read_zero();
  void prime_read();
  bool ends_quietly() const noexcept;
  void end_quietly();
  void flow();
  void emit_readable();
  void emit_readable_now();
  void maybe_read_more();
  void end_readable();
  /// Until somebody reads on.
  bool end_waits() const noexcept { return reader_note == ReaderNote::holds_bytes && flow_state == Flow::paused; }
  void end_readable_now();
  void after_end();

  // ── what is asked of the reading side (flow.ipp) ──
  void pause();
  void resume();
  void resume_now();
  void set_encoding(Encoding encoding);
  void unshift(std::string_view bytes);
  void request_read();
  void data_listener_added();
  void data_listener_removed() noexcept { data_listening = data_listening && listeners.has(on_data); }
  void readable_listener_added();
  void expect_removal();
  void expect_no_removal() noexcept {
    if (removal_expected && loop) loop->ticks().expect_no_more();
    removal_expected = false;
  }
  void readable_listener_removed() noexcept;
  void look_at_readable_listeners();
  // ── when a reader goes (leave.ipp) ──
  void expect_to_be_left(double lingering_ms);
  void leave(std::string_view held, bool before_end) noexcept;
  void taken_over() noexcept;
  void require_no_idle_reader() const;
  void close_is_awaited();
  void end_is_awaited();
  void look_for_end();
  void reader_is_asked(bool holds_part) noexcept;
  void look_after();
  void linger();
  void stop_lingering() noexcept;
  void last_owner_gone() noexcept;
  /// A task has it: an error that comes between two waits is thrown by the next one, and is nobody's after the last.
  void given_to_task() noexcept {
    if (!closed()) errors_heard = true;
  }

  // ── writing (write.ipp) ──
  char* batch(const char* data, std::size_t size) noexcept;
  bool write(const WriteSource& source, WriteCallback callback);
  bool refuse_write(WriteCallback& callback);
  Error refusal(bool names_other) const;
  Callback call_later(const Error& error, WriteCallback callback);
  bool send_now(const char* data, std::size_t size, std::size_t& taken);
  void batch_sent(std::size_t batched, std::ptrdiff_t sent);
  void batch_left(std::size_t batched, std::ptrdiff_t sent);
  static void flush_batched(Handle& self);
  void after_write(const std::size_t& last);
  void prepare_to_emit(WriteQueue& to_call, WriteCallback& callback);
  void emit_written(WriteQueue& to_call);
  // ── what waits for the kernel, or for a connection (send.ipp) ──
  void send_in_flight();
  void in_flight_taken();
  void write_failed(const Error& error);
  void write_failed_later(const Error& error, WriteCallback callback);
  void send_buffered();
  void send_pending_connect();
  void drop_request(const Error& error);
  /// Whether somebody waits for a write that was never handed over, or for the end.
  bool owes_callbacks() const noexcept {
    return (backlog && !backlog->buffered.empty()) || (cold && !cold->finish_callbacks.empty());
  }
  void fail_buffered();
  void call_finish_callbacks(const Error& error);
  void wait_for_connect();
  void cork() { ++ensure_cold().corks, corked = true; }
  void uncork();
  void uncork_all();

  // ── the end of writing (finish.ipp) ──
  void expect_end(const WriteCallback& callback);
  void end(WriteCallback callback);
  void refuse_end(WriteCallback callback);
  Error end_refusal() const;
  bool needs_finish() const noexcept;
  void maybe_finish();
  void call_final();
  void final_done();
  void finish();
  void shutdown_now();

  // ── closing (close.ipp) ──
  void destroy(const Error& error);
  void fail(const Error& error) {
    if (!destroyed()) destroy(error);
  }
  void failed_with(const Error& error);
  void tick_error(Callback& emission);
  Callback emit_later(const Error& error);
  void flush_last() noexcept;
  void emit_error(const Error& error, bool current);
  void close_handle(bool failing);
  void close_channel() noexcept;
  void close_now();
  void expect_close();
  void close_later(void (*step)(Handle&));
  void give_up() noexcept;
  void destroy_always() noexcept;
  void emit_cancelled(Place<Job>& rest);
  void emit_close(bool current, Place<Job>* rest);
  void never_connected();
  void settle() noexcept;
  void drop_listeners() noexcept;
  void destroy_soon();
  void reset_and_destroy();
  void leave_server();
  void watch_signal(const AbortSignal& signal);
  // ── connecting again (reconnect.ipp) ──
  void undestroy();
  void leave_writes_behind();
  // ── descriptors of others, and what the loop keeps (adopt.ipp) ──
  void hand_over() noexcept;
  bool in_order_sent(WriteQueue& queue) noexcept;
  void abandon();
  void drop_captures() noexcept;
  NativeHandle release_descriptor(Machine::Channel* into = nullptr);
  static void close_released(Handle& handle);
  void keep_unread();
  void keep_unread(std::string_view bytes);
  void adopt_descriptor(NativeHandle fd, bool reads, bool writes);
  void give_descriptor_back() noexcept;
  void retain_for_loop() noexcept;
  void release_from_loop() noexcept;

  // ── options and the idle timeout (options.ipp) ──
  void set_up(const SocketOptions& options);
  void set_timeout(double ms);
  void note_timed() noexcept;
  std::uint64_t idle_ms() const noexcept;
  void idle_check();
  void wake_idle();
  void stop_idle() noexcept;
  void touch() {
    if (timed) note_activity();
  }
  void note_activity();
  void set_no_delay(bool on);
  void set_keep_alive(bool on, Duration delay);
  void set_type_of_service(int value);
  int get_type_of_service() const;
  void apply_options();
  bool has_tcp() const noexcept { return channel.is_open() && !connecting() && !is_path; }

  // ── connecting (connect/connected.ipp) ──
  void connected();
  void connect_failed(const Error& error) {
    if (connecting()) fail(error);
  }
  void start_if_asked();
  void catch_up_connected();
  void read_after_connect();
  void stop_connecting() noexcept;
  Endpoint remote();

  // ── events ──
  /// Calls the listeners of one event; false if there is none.
  template <unsigned Event, class... Args>
  NET_GNU(always_inline) inline bool emit_event(const Args&... args) {
    if (!listeners.has(Event)) return false;
    const Ref<SocketState> alive(this);
    using Row = typename EventAt<SocketEvents, Event>::type;
    if constexpr (Event == on_data) {
      return call_listeners(*this, Event, typename Row::Given(args...).at);
    } else {
      return call_listeners_rarely(*this, Event, typename Row::Given(args...).at);
    }
  }
  void emit_error_event(const Error& error);
  /// Whether a new listener of the event changes anything.
  static constexpr bool minds_listeners(unsigned event) noexcept { return event == on_data || event == on_readable; }
  void listener_added(unsigned event);
  void listener_put_in_front(unsigned event);
  void listener_removed(unsigned event) noexcept;
  void all_listeners_go(unsigned event);
  std::size_t own_listeners(unsigned event) const noexcept;

  // ── helpers ──
  void ready_otherwise(unsigned what);
  static void on_ready(Handle& self, Watcher& watcher, unsigned what, int error);
  /// Member functions as plain ones, for what comes later: one function for each, where a lambda is three.
  template <auto Member>
  static void step_of(SocketState& self) {
    (self.*Member)();
  }
  template <auto Member>
  static void tick_step_of(SocketState& self) {
    self.tick(step_of<Member>);
  }
  template <auto Member>
  static void job_of(Handle& self) {
    (static_cast<SocketState&>(self).*Member)();
  }
  /// On the next tick, if the loop still exists, and if the socket is still at the same connection then.
  void tick(void (*step)(SocketState&));
  template <auto Member, class What>
  void tick_with(const What& what);
  /// On the next tick, what ever has become of the connection: what is buffered, and how it flows, stays over them.
  void tick_always(void (*step)(SocketState&));
  /// The same with what is not a function of its own.
  template <class F>
  void tick_call(F&& call);
  /// The same for a callback of the user's, for which no listeners stay.
  template <class F>
  void tick_callback(F&& call);
  void update_watch();
  void wait_for_memory();
  void recount() noexcept;
  Backlog& ensure_backlog() {
    if (!backlog) backlog = new Backlog;
    return *backlog;
  }
  ColdState& ensure_cold() {
    if (!cold) cold = new ColdState(*this);
    return *cold;
  }
  Pipes& ensure_pipes();
  /// An internal once-listener, in its place among the user's.
  void once_inside(OwnListener which, unsigned event, void (*step)(SocketState&));
  void drop_own(OwnListener which) noexcept;
  /// What a connection that is over has moved stays in the loop's metrics.
  void count_bytes() noexcept {
    if (loop) loop->count_bytes(bytes_read, bytes_sent);
  }
  void note_answer() noexcept { answered = static_cast<std::uint32_t>(bytes_read); }
  void note_question() noexcept { answered = static_cast<std::uint32_t>(~bytes_read); }
  /// Nothing waits on either side, and what came has been answered.
  bool is_idle() const noexcept {
    const bool quiet = static_cast<std::uint32_t>(answered) == static_cast<std::uint32_t>(bytes_read);
    return quiet && write_length == 0 && read_length() == 0;
  }
  /// Since when somebody knows that it is idle; now, if nobody did. 0 would say that nobody does: it is 1 ms earlier.
  std::uint32_t idle_since(std::uint32_t now) noexcept {
    if (answered >> 32 == 0) answered |= static_cast<std::uint64_t>(now ? now : ~now) << 32;
    return static_cast<std::uint32_t>(answered >> 32);
  }
  bool is_paused() const noexcept { return asked_flow == Flow::paused || flow_state == Flow::paused; }
  Error error_or(Errc code) const;

  // ── data, hot first; these fill up the last bytes of the connection ──
  // reading
  bool never_read : 1 = true;            // nobody has asked the kernel yet
  bool read_when_connected : 1 = false;  // it was asked for when there was no connection
  bool need_readable : 1 = false;
  bool readable_emitted : 1 = false;
  bool readable_listening : 1 = false;
  bool data_listening : 1 = false;  // as Node counts: not who was put in front, nor that all were removed at once
  bool resume_ticking : 1 = false;
  bool reading_more : 1 = false;
  // the whole
  bool idle_over : 1 = false;     // 'timeout' was emitted, and nothing happened since
  bool kept_by_loop : 1 = false;  // the loop's reference
  bool removed_end_listener : 1 = false;
  bool close_expected : 1 = false;    // the loop has space for its 'close'
  bool removal_expected : 1 = false;  // there is space for what follows when a 'readable' listener is removed
  bool no_memory : 1 = false;         // the system has none: nothing is watched for a moment
  Settings settings;
  KeepsAlive keeps_alive;
  Flow asked_flow = Flow::unset;  // by pause() and resume(), whichever came last

  Machine::Channel channel;
  std::uint64_t generation = 0;  // counts connections, so that what belongs to an old one knows
  std::size_t owed = 0;          // what is queued and may be emitted: 'close' itself, and every tick

  std::size_t read_mark = 65536;
  std::size_t write_mark = 65536;

  Listeners listeners;
  ReadBuffer* buffer = nullptr;
  Backlog* backlog = nullptr;
  ColdState* cold = nullptr;
  Ref<Handle> server;  // a ServerState, if it was accepted

  std::size_t read_length() const noexcept { return buffer ? buffer->length : 0; }
  bool has_space() const noexcept { return !ended() && (read_length() < read_mark || read_length() == 0); }
};

/// S18.1: throws what is wrong with an idle time.
NET_API void require_timeout(Duration idle, double longest = 1e15);

/// Nothing is owed any more after 'close': the listeners go, and with them every cycle, unless the socket is used
/// again. Those that are added later stay, as in Node.
NET_GNU(always_inline) inline void SocketState::settle() noexcept {
  if (--owed == 0 && closed() && !settings.reusable) [[unlikely]]
    drop_listeners();
}

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

/// Socket::connect: throws what is wrong with the options or with the socket, and begins.
NET_API void start_connecting(SocketState& state, const ConnectOptions& options);

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif

// pipe() and unpipe() of a socket: what may be a destination, and what one that is a socket emits. Internal.
#ifndef NET_DETAIL_STREAM_PIPE_SOCKET_HPP
#define NET_DETAIL_STREAM_PIPE_SOCKET_HPP

// source.pipe(destination): bytes from one to the other, never faster than the slower of them. Internal.
#ifndef NET_DETAIL_STREAM_PIPE_HPP
#define NET_DETAIL_STREAM_PIPE_HPP

namespace net::inline NET_ABI::detail {

/// Whether two handles are the same destination: if they are equal, where they can be compared; otherwise, for an
/// Emitter, if they have the same listeners; otherwise if they hold the same bytes.
template <class Destination>
bool same_destination(const Destination& a, const Destination& b) noexcept {
  if constexpr (requires {
                  { a == b } -> std::convertible_to<bool>;
                }) {
    return a == b;
  } else if constexpr (requires { ListenerUse::of(a); }) {
    return ListenerUse::of(a) == ListenerUse::of(b);
  } else {
    return std::memcmp(static_cast<const void*>(&a), static_cast<const void*>(&b), sizeof a) == 0;
  }
}

/// Whether a destination was destroyed, as far as its type tells.
template <class Destination>
bool is_destroyed([[maybe_unused]] const Destination& to) noexcept {
  if constexpr (requires {
                  { to.destroyed() } -> std::convertible_to<bool>;
                }) {
    return static_cast<bool>(to.destroyed());
  } else {
    return false;
  }
}

/// What is emitted to a destination that is no socket: nothing.
struct EmitsNothing {
  template <class To, class From>
  static void piped(const To&, const From&) noexcept {}
  template <class To, class From>
  static void unpiped(const To&, const From&) noexcept {}
  template <class To>
  static bool to_close(const To&) noexcept {
    return false;
  }
  template <class To>
  static bool to_drain(const To& to) noexcept {
    return !is_destroyed(to);
  }
  template <class To>
  static constexpr bool given_away(const To&) noexcept {
    return false;
  }
};

template <class Source>
void finish_unpipe(const Source& source, const Ref<PipeLink>* links, std::size_t count);

/// A destination with its type. `Emits` emits its events.
template <class Source, class Destination, class Emits>
struct PipeTo : PipeLink {
  using State = std::remove_reference_t<decltype(Access::state(std::declval<const Source&>()))>;
  using Link = Ref<PipeTo>;
  template <fixed_string Name>
  using Token = decltype(std::declval<Destination&>().template addListener<Name>(PipeListener{}));
  static const Operations table;

  explicit PipeTo(State& from) noexcept : PipeLink(table), source(&from) {}

  /// The handle of a destination that is its own source; any other link holds its destination.
  static const Destination* itself(const Source& source) noexcept {
    if constexpr (std::is_same_v<Source, Destination>) {
      return &source;
    } else {
      return nullptr;
    }
  }
  /// As long as it is not off.
  Source from() const { return Access::make<Source>(source); }
  Destination to() const { return destination ? *destination : Destination(*itself(from())); }

  void stop() {
    const Source held = from();
    const Ref<PipeLink> link =
        Access::state(held).ensure_pipes().take([this](PipeLink& each) { return &each == this; });
    if (link) finish_unpipe(held, &link, 1);
  }
  void ended() {
    source->listeners.remove(detail::exchange(on_end, 0));
    if (ends) {
      Destination ending = to();
      const auto end = [&] { return ending.end(); };
      call_back(end);
    } else {
      stop();
    }
  }
  void hear_drain(Destination& full) {
    if (on_drain) return;
    on_drain = full.template addListener<"drain">([link = Link(this)](const auto&...) { link->drained(); });
    hears_drain = true;
  }
  void pause_source(const Source& held, Destination& full) {
    hear_drain(full);
    Access::state(held).ensure_pipes().wait_for(*this);
    held.pause();
  }
  /// A destination that was released, or went to another process, takes nothing any more: it is unpiped, and the piece
  /// stays, if nobody else has had it.
  bool given_away(const Source& held, const Destination& to, Chunk chunk) {
    if (off || !Emits::given_away(to)) return false;
    stop();
    if constexpr (requires { held.unshift(chunk); }) {
      if (held.template listenerCount<"data">() == 0) held.unshift(chunk);
    }
    return true;
  }
  /// The source goes on, as in Node: whoever filled the destination, and whoever paused the source meanwhile.
  void drained() {
    if (off) return;
    awaits_drain = false;
    const Source held = from();
    if (!Access::state(held).ensure_pipes().await_drain() && source->data_listening) held.resume();
  }
  void failed(const Error& error) {
    if (off) return;
    Destination failing = to();
    stop();
    // its own listener does not count: an error that nobody else hears leaves run() (S24.8)
    if (failing.template listenerCount<"error">() == 0) throw_error(error);
  }

  void take_off() noexcept {
    source->listeners.remove(on_data);
    source->data_listener_removed();
    source->listeners.remove(on_end);
    take_off(on_drain);
    take_off(on_finish);
    take_off(on_close);
    take_off(on_error);
  }
  template <class One>
  void take_off(std::optional<One>& token) noexcept {
    if (!token) return;
    if constexpr (std::is_same_v<Source, Destination>) {
      // by its state: the source may be going, and then there is no handle of it any more
      if (!destination) source->listeners.remove(token->id());
    }
    if (destination) destination->off(*token);
    token.reset();
  }

  State* source;
  std::optional<Destination> destination;  // none: it is the source itself, which would own itself
  bool ends = true;
  std::uint64_t on_data = 0, on_end = 0;
  std::optional<Token<"drain">> on_drain;
  std::optional<Token<"finish">> on_finish;
  std::optional<Token<"close">> on_close;
  std::optional<Token<"error">> on_error;
};

template <class Source, class Destination, class Emits>
inline constexpr PipeLink::Operations PipeTo<Source, Destination, Emits>::table{
    [](PipeLink& link) noexcept { static_cast<PipeTo&>(link).take_off(); },
    [](PipeLink& link, const void* from) {
      const std::optional<Destination>& to = static_cast<PipeTo&>(link).destination;
      const Source& sender = *static_cast<const Source*>(from);
      Emits::unpiped(to ? *to : *itself(sender), sender);
    },
    [](const PipeLink& link) noexcept {
      const std::optional<Destination>& to = static_cast<const PipeTo&>(link).destination;
      return to && Emits::to_close(*to);
    },
    [](const PipeLink& link, const void* from) noexcept {
      const std::optional<Destination>& to = static_cast<const PipeTo&>(link).destination;
      return Emits::to_drain(to ? *to : *itself(*static_cast<const Source*>(from)));
    },
    [](const PipeLink& link) noexcept {
      const std::optional<Destination>& to = static_cast<const PipeTo&>(link).destination;
      return to && is_destroyed(*to);
    },
    [](PipeLink& link) noexcept { delete static_cast<PipeTo*>(&link); }};

/// Emits for links that are in the list no more (S24.9); the source pauses when they were the last.
template <class Source>
void finish_unpipe(const Source& source, const Ref<PipeLink>* links, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) links[i]->off = true;
  for (std::size_t i = 0; i < count; ++i) links[i]->operations->take_off(*links[i]);
  if (Access::state(source).ensure_pipes().empty()) source.pause();
  // When 'unpipe' was emitted: nobody else would let a source go on that waited for this destination. As in Node, one
  // that will not drain any more does not let it, unless the source has other destinations and something for them.
  struct GoOn {
    const Source& source;
    PipeLink& link;
    bool emitted = false;
    void now() {
      emitted = true;
      const Pipes& pipes = Access::state(source).ensure_pipes();
      const bool waited = detail::exchange(link.awaits_drain, false);
      const bool goes_on =
          (link.hears_drain && (waited || pipes.counts_drains()) && link.operations->to_drain(link, &source)) ||
          (waited && !pipes.empty() && !source.readableEnded());
      if (goes_on && !pipes.await_drain() && Access::state(source).data_listening) source.resume();
    }
    ~GoOn() {
      if (!emitted) undo_or_give_up(Access::state(source), [this] { now(); });
    }
  };
  for (std::size_t i = 0; i < count; ++i) {
    GoOn go_on{source, *links[i]};
    links[i]->operations->emit_unpipe(*links[i], &source);
    go_on.now();
  }
}

template <class Source>
void unpipe_all(const Source& source) {
  const Vec<Ref<PipeLink>> links = Access::state(source).ensure_pipes().take_all();
  if (!links.empty()) finish_unpipe(source, links.begin(), links.size());
}

/// The same pair piped twice is unpiped twice (S24.10).
template <class Emits, class Source, class Destination>
void unpipe_from(const Source& source, const Destination& destination) {
  using To = PipeTo<Source, Destination, Emits>;
  const Ref<PipeLink> link = Access::state(source).ensure_pipes().take([&](PipeLink& each) {
    if (each.operations != &To::table) return false;
    const auto& other = static_cast<To&>(each).destination;
    return same_destination(destination, other ? *other : *To::itself(source));
  });
  if (link) finish_unpipe(source, &link, 1);
}

/// What the source emits. The 'data' listener is called as the user's are: a destination that is unpiped while 'data'
/// is being emitted still gets that piece (S24.13). So the listener has the destination for itself, and does not hold
/// the source back any more.
template <class To, class Source, class Destination>
void hear_source(const Ref<To>& link, const Source& source, Destination& destination) {
  if (!source.readableEnded()) {
    link->on_end = source
                       .template addListener<"end">([link] {
                         if (!link->off) link->ended();
                       })
                       .id();
  } else {
    Access::state(source).tick_call([link](auto&) {
      if (!link->off) link->ended();
    });
  }
  if (!link->destination) {
    if constexpr (std::is_same_v<Source, Destination>) {
      link->on_data = source
                          .template addListener<"data">([link](Source& self, Chunk chunk) {
                            link->awaits_drain = false;
                            if (!self.write(chunk) && !link->off) link->pause_source(self, self);
                          })
                          .id();
    }
  } else {
    link->on_data = source
                        .template addListener<"data">([link, destination](const Source& self, Chunk chunk) mutable {
                          link->awaits_drain = false;
                          if (link->given_away(self, destination, chunk)) return;
                          if (!destination.write(chunk) && !link->off) link->pause_source(self, destination);
                        })
                        .id();
  }
}

/// What the destination emits.
template <class To, class Destination>
void hear_destination(const Ref<To>& link, Destination& destination) {
  const auto stop = [link](const auto&...) {
    if (!link->off) link->stop();
  };
  link->on_finish.emplace(destination.template addListener<"finish">(stop));
  link->on_close.emplace(destination.template addListener<"close">(stop));
  const auto fail = [link](const Error& error) { link->failed(error); };
  if constexpr (requires { destination.template addListener<"error">(fail, true); }) {
    link->on_error.emplace(destination.template addListener<"error">(fail, true));
  } else {
    link->on_error.emplace(destination.template addListener<"error">(fail));
  }
}

/// Joins them.
template <class Emits, class Source, class Destination>
void start_pipe(const Source& source, Destination& destination, PipeOptions options) {
  using To = PipeTo<Source, Destination, Emits>;
  const Ref<To> link(new To(Access::state(source)));
  bool to_itself = false;
  if constexpr (std::is_same_v<Source, Destination>) to_itself = source == destination;
  if (!to_itself) link->destination.emplace(destination);
  link->ends = options.end;
  Access::state(source).ensure_pipes().add(Ref<PipeLink>(link.get()));
  CallOnThrow undo([&] {
    link->off = true;
    (void)Access::state(source).ensure_pipes().take([&](PipeLink& each) { return &each == link.get(); });
    link->take_off();
  });
  hear_source(link, source, destination);
  hear_destination(link, destination);
  // from here on nothing needs memory but the listeners of 'pipe', and nothing is taken back (S32.5)
  if (destination.writableNeedDrain()) link->hear_drain(destination);
  if (auto* const loop = Access::state(source).loop) loop->ticks().reserve(2);
  undo.passed = true;
  Emits::piped(destination, source);
  // a listener of 'pipe' that took it off does not keep the source from flowing, as in Node
  if (link->off && source.destroyed()) return;
  if (destination.writableNeedDrain()) {
    if (!link->off) link->pause_source(source, destination);
  } else if (source.readableFlowing() != std::optional<bool>(true)) {
    source.resume();
  }
}

}  // namespace net::inline NET_ABI::detail

#endif

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

/// What a socket emits when it is a destination.
struct EmitsPipe {
  template <class Socket>
  static void piped(const Socket& to, const Socket& source) {
    (void)Access::state(to).template emit_event<on_pipe>(Access::state(source));
  }
  template <class Socket>
  static void unpiped(const Socket& to, const Socket& source) {
    (void)Access::state(to).template emit_event<on_unpipe>(Access::state(source));
  }
  template <class Socket>
  static bool to_close(const Socket& to) noexcept {
    return Access::state(to).kept_by_loop;
  }
  template <class Socket>
  static bool to_drain(const Socket& to) noexcept {
    return Access::state(to).need_drain;
  }
  template <class Socket>
  static bool given_away(const Socket& to) noexcept {
    return Access::state(to).released;
  }
};

template <class Socket, class Destination>
using DestinationEvents = std::conditional_t<std::is_same_v<Destination, Socket>, EmitsPipe, EmitsNothing>;

template <class Socket, class Destination>
void pipe_socket(const Socket& source, Destination& destination, PipeOptions options) {
  constexpr bool writable = Writable<Destination>;
  static_assert(
      writable,
      "pipe() takes a net::Writable: a socket, or a copyable handle with write(Chunk) that gives a bool, end(), "
      "addListener<Name>(listener) of 'drain', 'finish', 'close' and 'error', off(what that gives), "
      "listenerCount<\"error\">() and writableNeedDrain()");
  if constexpr (writable) {
    Access::state(source).require_no_idle_reader();
    start_pipe<DestinationEvents<Socket, Destination>>(source, destination, options);
  }
}

template <class Socket, class Destination>
void unpipe_socket(const Socket& source, const Destination& destination) {
  static_assert(Writable<Destination>, "unpipe() takes what was given to pipe(), a net::Writable");
  if constexpr (Writable<Destination>) {
    if (Access::state(source).cold) unpipe_from<DestinationEvents<Socket, Destination>>(source, destination);
  }
}

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif

// Steps of a socket that come later, and what is put right when a listener throws. Internal.
#ifndef NET_DETAIL_STREAM_STEPS_HPP
#define NET_DETAIL_STREAM_STEPS_HPP

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

template <auto Member, class What>
struct SocketTickWith {
  static constexpr bool moves_as_bytes = is_plain_bytes<What>;
  Owing<SocketState> self;
  What what;
  std::uint64_t generation;
  void operator()() {
    or_give_up(*self, [this] {
      if (self->generation == generation) ((*self).*Member)(what);
    });
  }
};

template <class F>
void SocketState::tick_call(F&& call) {
  if (loop) loop->ticks().push(Tick{Owing<SocketState>(*this), std::forward<F>(call)});
}
template <class F>
void SocketState::tick_callback(F&& call) {
  if (loop) loop->ticks().push(Tick{Ref<SocketState>(this), std::forward<F>(call)});
}
template <auto Member, class What>
void SocketState::tick_with(const What& what) {
  if (loop) loop->ticks().push(SocketTickWith<Member, What>{Owing<SocketState>(*this), what, generation});
}

/// Whether the socket is still at the connection at which this was made.
struct SameConnection {
  const SocketState& self;
  const std::uint64_t generation;
  explicit SameConnection(const SocketState& socket) noexcept : self(socket), generation(socket.generation) {}
  explicit operator bool() const noexcept { return self.generation == generation; }
};

/// What is to be done if user code throws on the way; `passed` says that it did not.
struct OnThrow {
  SocketState& self;
  void (*undo)(SocketState&);
  SameConnection same{self};
  bool passed = false;
  OnThrow(SocketState& socket, void (*then)(SocketState&)) : self(socket), undo(then) {}
  OnThrow(const OnThrow&) = delete;
  OnThrow& operator=(const OnThrow&) = delete;
  ~OnThrow();
};

/// The same, with a value as it is at that time.
template <class What>
struct OnThrowWith {
  SocketState& self;
  const What& what;
  void (*undo)(SocketState&, const What&);
  SameConnection same{self};
  bool passed = false;
  OnThrowWith(SocketState& socket, const What& with, void (*then)(SocketState&, const What&))
      : self(socket), what(with), undo(then) {}
  OnThrowWith(const OnThrowWith&) = delete;
  OnThrowWith& operator=(const OnThrowWith&) = delete;
  ~OnThrowWith() {
    if (!passed && self.loop && same) undo_or_give_up(self, [this] { undo(self, what); });
  }
};
template <class What>
OnThrowWith(SocketState&, const What&, void (*)(SocketState&, const What&)) -> OnThrowWith<What>;

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif

// Endpoints as texts, with the interface of a link-local address by its name. Internal.
#ifndef NET_DETAIL_SYS_ENDPOINT_TEXT_HPP
#define NET_DETAIL_SYS_ENDPOINT_TEXT_HPP

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

/// The text of the address, with the interface of a link-local one (S11.17).
NET_API std::string endpoint_text(const Endpoint& end);

/// The address that a text is, with its zone resolved; none if it is no address.
NET_API Endpoint parse_endpoint(std::string_view text, int port) noexcept;

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif

namespace net::inline NET_ABI::inline NET_MACHINE {

class Server;

/// One connection. A handle: cheap to copy, all copies are the same socket. The loop keeps an open socket alive, so a
/// program need not store it. After 'close' its listeners are dropped, so a listener may capture its own socket and
/// nothing leaks; they stay if `connect()` was called again by then, or with `.reusable = true`.
///
/// Everything belongs to the thread of its loop. Failures of the outside world arrive as 'error' and then 'close'
/// (S3.18); an 'error' that nobody listens to leaves `run()` as an exception.
///
/// Events, with the arguments of their listeners:
/// - `close` (bool hadError): the last event, once per connection
/// - `connect`, `ready`: the connection is there
/// - `connectionAttempt` (std::string_view ip, int port, Family): an address is tried
/// - `connectionAttemptFailed` (…, const Error&): it failed; `connectionAttemptTimeout` (…): the next one begins
///   (S13.9)
/// - `data` (Chunk): received bytes, valid until the listener returns
/// - `drain`: after `write` returned false, everything is in the kernel
/// - `end`: the other side will send no more
/// - `error` (const Error&): followed by 'close'
/// - `lookup` (const Error&, std::string_view address, Family, std::string_view host): an answer for a name
/// - `timeout`: nothing happened for as long as `setTimeout` said; the socket stays open
/// - `finish`, `prefinish`: all that was written is in the kernel, after `end()`
/// - `readable`: `read()` has something to give, or the end is there (S14.10)
/// - `pause`, `resume`: by the calls of these names; `pipe`, `unpipe` (Socket source): at the destination
class Socket : public Emitter<Socket> {
 public:
  using Events = detail::SocketEvents;

  /// All copies are the same socket. A handle that was moved from still refers to it: none is ever empty.
  Socket(const Socket&) noexcept = default;
  Socket& operator=(const Socket&) noexcept = default;

  /// A socket that is not connected yet, on this thread's loop or on `loop`; with `.fd` it is (S22). Throws
  /// `ERR_OUT_OF_RANGE` or `ERR_INVALID_FD_TYPE` for a descriptor of no stream (S22.4), or the system's error.
  Socket() : Socket(Loop::current()) {}
  explicit Socket(const SocketOptions& options) : Socket(Loop::current(), options) {}
  explicit Socket(Loop& loop, const SocketOptions& options = {});

  // ── connecting ──

  /// Connects; 'connect' follows, or 'error' and 'close'. The listener is a once-listener of 'connect'. Throws
  /// `ERR_MISSING_ARGS`, `ERR_SOCKET_BAD_PORT`, `ERR_INVALID_IP_ADDRESS`, `ERR_OUT_OF_RANGE` or
  /// `ERR_INVALID_ARG_VALUE` (S3.13), and EALREADY or EISCONN if it is connecting or connected; then nothing has
  /// changed. Allowed again from 'close' on (S12.4).
  template <detail::OptionalListener F = std::nullptr_t>
  const Socket& connect(const ConnectOptions& options, F&& listener = nullptr) const {
    once_begun<"connect">(std::forward<F>(listener));
    detail::start_connecting(*state_, options);
    return *this;
  }
  template <detail::OptionalListener F = std::nullptr_t>
  const Socket& connect(int port, std::string_view host = "localhost", F&& listener = nullptr) const {
    return connect_to(port, host, std::forward<F>(listener));
  }
  template <detail::OptionalListener F>
  const Socket& connect(int port, F&& listener) const {
    return connect_to(port, "localhost", std::forward<F>(listener));
  }
  /// A text that reads as a number is a port, any other one the path of an IPC server; blank is a bad port (S7.5).
  template <detail::TextArgument Path, detail::ListenerOrNumber F = std::nullptr_t>
  const Socket& connect(Path&& path, F&& listener = nullptr) const {
    return connect(detail::port_or_path<ConnectOptions>(path, "Port"), detail::require_listener<F>(listener));
  }
  /// The same with a host, which counts for a port only.
  template <detail::TextArgument Port, detail::TextArgument Host, detail::OptionalListener F = std::nullptr_t>
  const Socket& connect(Port&& port, Host&& host, F&& listener = nullptr) const {
    auto options = detail::port_or_path<ConnectOptions>(port, "Port");
    options.host = std::string_view(host);
    return connect(options, std::forward<F>(listener));
  }

  // ── writing ──

  /// Sends bytes: text, or any contiguous range of `char`, `unsigned char` or `std::byte`. They are copied only
  /// if they have to wait; an rvalue string or vector is taken over instead. True: go on; false: better wait for
  /// 'drain', but nothing is lost (S15.4). The callback gets no error once the kernel has taken them, or the
  /// error; it never runs inside the call (S15.7). Small writes of one listener leave in one send, when it returns.
  /// After `end()` it fails with `ERR_STREAM_WRITE_AFTER_END`, also as 'error'; after `destroy()` with
  /// `ERR_STREAM_DESTROYED`, which only the callback gets (S15.15, S15.16).
  template <class Data>
  bool write(Data&& data) const {
    const std::string_view bytes = detail::bytes_of(data);
    return state_->batch(bytes.data(), bytes.size()) != nullptr ||
           state_->write(detail::source_of(std::forward<Data>(data)), {});
  }
  template <class Data, class F>
    requires(!std::same_as<std::remove_cvref_t<F>, Encoding>)
  bool write(Data&& data, F&& callback) const {
    return state_->write(detail::source_of(std::forward<Data>(data)),
                         detail::write_callback(std::forward<F>(callback)));
  }
  /// Sends text in another encoding (S15.1).
  bool write(std::string_view text, Encoding encoding) const;
  template <class F>
  bool write(std::string_view text, Encoding encoding, F&& callback) const {
    return state_->write(detail::source_of(detail::encode(text, encoding)),
                         detail::write_callback(std::forward<F>(callback)));
  }

  /// No more writes: when everything is sent, the other side learns of it, and 'finish' follows (S16). The callback
  /// runs then, or gets the error. Without `allowHalfOpen` a socket whose other side ends does this by itself.
  const Socket& end() const { return state_->end({}), *this; }
  template <class F>
    requires(!detail::Payload<F>)
  const Socket& end(F&& callback) const {
    return state_->end(detail::write_callback(std::forward<F>(callback))), *this;
  }
  /// Writes and then ends.
  template <detail::Payload Data, class F = std::nullptr_t>
    requires(!std::same_as<std::remove_cvref_t<F>, Encoding>)
  const Socket& end(Data&& data, F&& callback = nullptr) const {
    detail::WriteCallback call = detail::write_callback(std::forward<F>(callback));
    if (state_->ending() || state_->destroyed()) return state_->refuse_end(std::move(call)), *this;
    state_->expect_end(call);
    state_->write(detail::source_of(std::forward<Data>(data)), {});
    state_->end(std::move(call));
    return *this;
  }
  template <class F = std::nullptr_t>
  const Socket& end(std::string_view text, Encoding encoding, F&& callback = nullptr) const {
    return end(detail::encode(text, encoding), std::forward<F>(callback));
  }

  /// Holds all writes back until `uncork()` was called as often (S15.22).
  void cork() const { state_->cork(); }
  void uncork() const { state_->uncork(); }

  // ── closing ──

  /// Closes at once; what the kernel has not taken is lost. 'error' follows if one is given, then 'close' (S17.1).
  const Socket& destroy() const { return destroy(detail::no_error()); }
  const Socket& destroy(const Error& error) const { return state_->destroy(error), *this; }
  /// Ends, and closes when everything is sent, without waiting for the other side (S17.9).
  void destroySoon() const { state_->destroy_soon(); }
  /// Closes with a reset, so that the other side gets ECONNRESET (S17.12). Throws `ERR_INVALID_HANDLE_TYPE` for IPC.
  const Socket& resetAndDestroy() const { return state_->reset_and_destroy(), *this; }

  // ── reading ──

  /// No more 'data' until `resume()`; what arrives is buffered up to the high-water mark (S14.6).
  const Socket& pause() const { return state_->pause(), *this; }
  /// 'data' flows, from the next tick on (S14.7).
  const Socket& resume() const { return state_->resume(), *this; }
  /// Whether `pause()`, a pipe or a 'readable' listener holds 'data' back (S11.8).
  bool isPaused() const { return state_->is_paused(); }
  /// Takes what is buffered: all of it, or exactly `n` bytes; empty if there are fewer, unless it is the rest (S14.9).
  std::optional<std::string> read() const { return take(0, true); }
  std::optional<std::string> read(std::size_t n) const { return take(n, false); }

  /// Puts bytes back to the front of what is to be read. After 'end' it destroys the socket with
  /// `ERR_STREAM_UNSHIFT_AFTER_END_EVENT` (S14.11).
  const Socket& unshift(std::string_view bytes) const;
  /// From now on 'data' and `read()` give text in UTF-8, decoded from that encoding; characters that are split over
  /// chunks come out whole (S14.20). It stays over reconnects.
  const Socket& setEncoding(Encoding encoding = Encoding::utf8) const { return state_->set_encoding(encoding), *this; }
  /// The same by Node's name of it, "utf8", "UCS-2", …; throws `ERR_UNKNOWN_ENCODING`.
  const Socket& setEncoding(std::string_view name) const { return setEncoding(detail::require_encoding(name)); }
  /// What `setEncoding` said; empty: bytes.
  std::optional<Encoding> readableEncoding() const;
  /// Writes everything that arrives to the destination, and pauses while that one has to drain; gives the destination,
  /// so that chains work. When this side ends, the destination is ended, unless `.end = false` (S24).
  /// From a socket that is closed nothing will ever come. Throws `ERR_INVALID_STATE` while it has a Reader that no task
  /// waits for: a pipe goes on where that has stopped, when it has gone. The destination is whatever is
  /// `net::Writable`.
  template <class Destination>
  Destination pipe(Destination destination, PipeOptions options = {.end = true}) const {
    detail::pipe_socket(*this, destination, options);
    return destination;
  }
  /// Takes one destination off, or all; this socket pauses when it was the last (S24.9). What is unpiped by a 'data'
  /// listener still gets that piece. A destination of the user's own is the same one if it is equal (`==`); if it
  /// cannot be compared, if it has the same listeners, or else holds the same bytes.
  const Socket& unpipe() const;
  template <class Destination>
  const Socket& unpipe(const Destination& destination) const {
    detail::unpipe_socket(*this, destination);
    return *this;
  }

  // ── options ──

  /// 'timeout' after so long without activity, once; the socket stays open. 0 switches it off and adds
  /// no listener. Throws `ERR_OUT_OF_RANGE` for a negative or infinite time (S18.1).
  const Socket& setTimeout(Duration idle) const;
  template <class F>
  const Socket& setTimeout(Duration idle, F&& listener) const {
    setTimeout(idle);
    if (!state_->destroyed() && idle.milliseconds() > 0) once<"timeout">(std::forward<F>(listener));
    return *this;
  }
  /// What the last `setTimeout` said; empty if there was none.
  std::optional<std::chrono::milliseconds> timeout() const;
  /// Sends small pieces at once. Before the connection it is remembered; no effect on IPC (S18.10).
  const Socket& setNoDelay(bool on = true) const { return state_->set_no_delay(on), *this; }
  /// Probes an idle connection; the delay is cut to whole seconds, 0 leaves the system's (S18.12).
  const Socket& setKeepAlive(bool on = false, Duration initialDelay = 0) const {
    return state_->set_keep_alive(on, initialDelay), *this;
  }
  /// IP_TOS or IPV6_TCLASS, 0-255. Throws `ERR_OUT_OF_RANGE`, or the system's error (S18.16).
  const Socket& setTypeOfService(int value) const { return state_->set_type_of_service(value), *this; }
  /// What the system says; before the connection what was set, or 0. Throws the system's error.
  int getTypeOfService() const { return state_->get_type_of_service(); }
  /// Whether the socket keeps the loop alive while it reads, as it does at first (S19).
  const Socket& ref() const { return set_ref(true); }
  const Socket& unref() const { return set_ref(false); }

  // ── what it is ──

  /// The local end; empty before the connection, after `destroy()`, and for IPC (S11.15).
  std::optional<AddressInfo> address() const;
  std::string localAddress() const { return detail::endpoint_text(local()); }
  std::uint16_t localPort() const { return local().port; }
  Family localFamily() const { return local().ip.family; }
  /// The other end; kept after `destroy()`. "", 0, unspecified: not known (S11.13).
  std::string remoteAddress() const { return detail::endpoint_text(state_->remote()); }
  std::uint16_t remotePort() const { return state_->remote().port; }
  Family remoteFamily() const { return state_->remote().ip.family; }
  /// "ip:port" of the addresses that were tried, if there was more than one to try (S13.14).
  std::vector<std::string> autoSelectFamilyAttemptedAddresses() const;
  /// What `connect` must not connect to; the list is used live (S21.7).
  std::optional<BlockList> blockList() const;
  /// The server that accepted it, also after `destroy()`; none if it connected itself (S11.20).
  std::optional<Server> server() const;
  /// Bytes received on this connection (S11.11).
  std::uint64_t bytesRead() const { return state_->bytes_read; }
  /// Bytes written on this connection, those that still wait included (S11.12).
  std::uint64_t bytesWritten() const;
  /// Like `writableLength()`, 0 without a connection (S11.10).
  std::size_t bufferSize() const { return state_->has_handle() ? state_->write_length : 0; }
  bool connecting() const { return state_->connecting(); }  ///< from `connect()` to 'connect' or a failure (S11.3)
  bool pending() const { return state_->phase != detail::Phase::open; }  ///< no connection, or not yet (S11.3)
  bool destroyed() const { return state_->destroyed(); }                 ///< from `destroy()` or a failure on (S11.4)
  bool closed() const { return state_->destroyed(); }                    ///< the same: it does not wait for 'close'
  /// The error that it failed with; false if there is none (S11.5).
  Error errored() const { return state_->errored() ? state_->cold->errored : Error(); }
  ReadyState readyState() const;  ///< which sides are open (S11.1)
  /// Whether the socket stays open for writing when the other side ends; read at 'end' (S11.21).
  bool allowHalfOpen() const { return state_->settings.allow_half_open; }
  void allowHalfOpen(bool on) const { state_->settings.allow_half_open = on; }
  /// Not destroyed, and neither failed nor ended on that side (S11.6).
  bool readable() const;
  bool writable() const { return !state_->destroyed() && !state_->errored() && !state_->ending(); }
  std::optional<bool> readableFlowing() const;  ///< empty: nobody has asked for 'data' yet (S11.8)
  /// Bytes that wait to be sent, or to be read.
  std::size_t writableLength() const { return state_->write_length; }
  std::size_t readableLength() const { return state_->read_length(); }
  /// How many bytes may wait before `write` returns false, or reading stops.
  std::size_t writableHighWaterMark() const { return state_->write_mark; }
  std::size_t readableHighWaterMark() const { return state_->read_mark; }
  /// Between a `write` that returned false and 'drain' (S15.9).
  bool writableNeedDrain() const { return !state_->destroyed() && !state_->ending() && state_->need_drain; }
  std::size_t writableCorked() const {
    return state_->corked ? state_->cold->corks : 0;
  }  ///< `cork()` without `uncork()`
  bool writableEnded() const { return state_->ending(); }       ///< `end()` was called (S11.7)
  bool writableFinished() const { return state_->finished(); }  ///< 'finish' came
  bool readableEnded() const { return state_->end_emitted(); }  ///< 'end' came

  /// The descriptor, to look at; -1 if there is none. Don't close it.
  NativeHandle nativeHandle() const { return state_->channel.is_open() ? state_->channel.native() : -1; }

  /// Takes the socket out of its loop, open, and gives its descriptor: for another loop, thread or process, by
  /// `.fd`. The handle is closed then, without events. -1 if there is no connection; throws `ERR_INVALID_STATE` while
  /// written bytes still wait. Received bytes that nobody has got yet stay behind: `read()` of this handle gives them
  /// (`readableLength()`), until it connects again, and the next owner may `unshift` them. There are none if it was
  /// paused before they came (`pauseOnConnect`).
  NativeHandle release() const { return state_->loop ? state_->release_descriptor() : -1; }

  /// An object of the user's, made on first use, destroyed with the socket, at the latest with its loop (S36.3). Throws
  /// `ERR_INVALID_STATE` if there is one of another type.
  template <class T>
  T& data() const {
    return state_->ensure_cold().user_data.get<T>();
  }

 private:
  friend class Emitter<Socket>;
  friend struct detail::Access;

  explicit Socket(detail::Ref<detail::SocketState> state) noexcept : state_(std::move(state)) {}
  static Socket from_state(void* state);

  template <fixed_string Name>
  static constexpr void check_event() {
    constexpr bool known = Events::has<Name>;
    static_assert(known,
                  "net::Socket has no event of that name; it has: data end close error connect drain finish timeout "
                  "ready readable pause resume lookup pipe unpipe prefinish connectionAttempt "
                  "connectionAttemptFailed connectionAttemptTimeout");
  }
  /// What is wrong with the port is thrown when the listener is there, as in Node (S7.3).
  template <class F>
  const Socket& connect_to(int port, std::string_view host, F&& listener) const {
    once_begun<"connect">(std::forward<F>(listener));
    return start_at(port, host);
  }
  const Socket& start_at(int port, std::string_view host) const;
  std::optional<std::string> take(std::size_t n, bool all) const;
  const Socket& set_ref(bool on) const;
  detail::Endpoint local() const;

  detail::Ref<detail::SocketState> state_;
};

}  // namespace net::inline NET_ABI::inline NET_MACHINE

#endif

// The connections of a server in a coroutine: one after the other.
#ifndef NET_ACCEPTOR_HPP
#define NET_ACCEPTOR_HPP

#include <coroutine>

// A value that is there or not. Internal; each std::optional<T> costs who compiles some thirty classes.
#ifndef NET_DETAIL_BASE_MAYBE_HPP
#define NET_DETAIL_BASE_MAYBE_HPP

namespace net::inline NET_ABI::detail {

/// What the library does with a std::optional, and no more.
template <class T>
class Maybe {
 public:
  Maybe() noexcept {}
  Maybe(Maybe&& other) noexcept(noexcept(T(static_cast<T&&>(*other)))) {
    if (other.there_) make(static_cast<T&&>(*other));
  }
  Maybe& operator=(Maybe&& other) noexcept(noexcept(T(static_cast<T&&>(*other)))) {
    if (this == &other) return *this;
    reset();
    if (other.there_) make(static_cast<T&&>(*other));
    return *this;
  }
  ~Maybe() { reset(); }

  explicit operator bool() const noexcept { return there_; }
  T& operator*() noexcept { return value_; }
  const T& operator*() const noexcept { return value_; }

  /// Makes a new one in place of what is there. An exception leaves nothing.
  template <class... Args>
  void emplace(Args&&... args) {
    reset();
    make(static_cast<Args&&>(args)...);
  }
  void reset() noexcept {
    if (!there_) return;
    there_ = false;
    value_.~T();
  }

 private:
  template <class... Args>
  void make(Args&&... args) {
    // the & of a user's type may be anything, and the type may be const
    auto& place = const_cast<unsigned char&>(reinterpret_cast<const volatile unsigned char&>(value_));
    ::new (static_cast<void*>(&place)) T(static_cast<Args&&>(args)...);
    there_ = true;
  }

  union {
    T value_;
  };
  bool there_ = false;
};

}  // namespace net::inline NET_ABI::detail

#endif

// What stands where a result is meant, because co_await was forgotten. Internal.
#ifndef NET_DETAIL_CORO_NEEDS_CO_AWAIT_HPP
#define NET_DETAIL_CORO_NEEDS_CO_AWAIT_HPP

namespace net::inline NET_ABI::detail {

/// What `*result` is, or the result itself.
template <class Result, class Unused>
struct TakenOut {
  using type = Result;
};
template <class Result, class Unused>
  requires requires(Result& result) { *result; }
struct TakenOut<Result, Unused> {
  using type = std::remove_reference_t<decltype(*std::declval<Result&>())>;
};

/// A wait for a `Result`: taken for one, it says what is missing.
template <class Result>
class NeedsCoAwait {
 public:
  /// Also where a condition stands: `if (auto line = reader.readLine(100))`.
  template <class To>
    requires(std::same_as<To, Result> || std::same_as<To, bool>)
  explicit(!std::same_as<To, Result>) operator To() const {
    constexpr bool awaited = !std::same_as<To, Result> && !std::same_as<To, bool>;
    static_assert(awaited, "write co_await before it: this is the wait, and not yet its result");
    for (;;) {}
  }
  /// And where the result is taken out: `*reader.readLine(100)`.
  template <class Unused = void>
  typename TakenOut<Result, Unused>::type& operator*() const {
    constexpr bool awaited = !std::same_as<Unused, void>;
    static_assert(awaited, "write co_await before it, in parentheses: *(co_await ...)");
    for (;;) {}
  }
  template <class Unused = void>
  typename TakenOut<Result, Unused>::type* operator->() const {
    return &**this;
  }
};
template <>
class NeedsCoAwait<void> {};

}  // namespace net::inline NET_ABI::detail

#endif

// Where the one task that waits for a reader or an acceptor is noted. Internal.
#ifndef NET_DETAIL_CORO_WAIT_PLACE_HPP
#define NET_DETAIL_CORO_WAIT_PLACE_HPP

// Which tasks run at this moment, so that none is destroyed while it does. Internal.
#ifndef NET_DETAIL_CORO_RUNNING_TASK_HPP
#define NET_DETAIL_CORO_RUNNING_TASK_HPP

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

struct TaskPromiseBase;
class RunningTask;

/// The frame of a task that nobody has taken yet: if something is thrown by then, it is destroyed.
struct UntakenFrame {
  std::coroutine_handle<> frame;

  ~UntakenFrame() {
    if (frame) frame.destroy();
  }
  std::coroutine_handle<> take() noexcept { return detail::exchange(frame, {}); }
};

/// Several tasks that one waits for.
struct JoinedLinks {
  RunningTask* (*running_among)(const JoinedLinks&) noexcept;  ///< one of them, or what it waits for; null: none runs
};

/// Who is told that a task has ended, if no task awaits it.
struct TaskEnd {
  void (*ended)(TaskEnd& self, TaskPromiseBase& promise) = nullptr;  ///< it may destroy the frame
  void (*destroy)(TaskEnd& self) noexcept = nullptr;                 ///< the frame, and what goes with it
};

/// A task among others: whom it waits for, and who goes on when it has ended.
struct TaskLinks {
  std::coroutine_handle<> frame;  // its own
  union {
    TaskEnd* end = nullptr;
    void* caller;  // of one that is awaited: its frame; null as long as it has not suspended
  };
  TaskLinks* outer = nullptr;  // the caller's, if that is a Task; of one that is doomed, the next of them
  union {
    TaskLinks* inner = nullptr;  // of the task that it waits for
    const JoinedLinks* joined;   // if it joins some: those
  };
  bool awaited = false;  // it has begun, and its result is whose it is
  bool joins = false;
};

/// In the frame of a task that waits for several: as long as it does, it is known for which.
class Joining {
 public:
  Joining() noexcept = default;
  Joining(Joining&&) noexcept {}  // handed on, before it waits
  Joining& operator=(Joining&&) = delete;
  ~Joining() { end(); }

  template <class Promise>
  void begin([[maybe_unused]] std::coroutine_handle<Promise> task, const JoinedLinks& tasks) noexcept {
    if constexpr (std::is_base_of_v<TaskLinks, Promise>) {
      who_ = &task.promise();
      who_->joined = &tasks;
      who_->joins = true;
    }
  }
  void end() noexcept {
    if (!who_) return;
    who_->joins = false;
    detail::exchange(who_, nullptr)->inner = nullptr;
  }

 private:
  TaskLinks* who_ = nullptr;
};

/// Stands on the stack of whoever resumes a task, as long as that runs. A task that is destroyed meanwhile, which only
/// what it calls can do, goes when it has come to its next wait.
class RunningTask {
 public:
  explicit RunningTask(std::coroutine_handle<> task) noexcept
      : frame_(task), outer_(detail::exchange(innermost(), this)) {}
  RunningTask(const RunningTask&) = delete;
  RunningTask& operator=(const RunningTask&) = delete;
  ~RunningTask() {
    innermost() = outer_;
    if (doomed_) destroy_doomed();
  }

  /// The library resumes nothing otherwise. When a task has ended, who waited for it goes on in its place.
  static void resume(std::coroutine_handle<> task) {
    RunningTask running(task);
    for (; task; task = running.frame_ = detail::exchange(running.next_, {})) task.resume();
  }
  /// At the end of a task: who waits for it is resumed when it stands there.
  static void resume_after(std::coroutine_handle<> ended, std::coroutine_handle<> waiter) {
    if (innermost() && innermost()->frame_ == ended) {
      innermost()->next_ = waiter;
    } else {
      resume(waiter);
    }
  }
  /// Whether the task, or one that it waits for, runs. If so, it is destroyed later.
  static bool dooms(TaskLinks& task) noexcept { return innermost() && !task.frame.done() && find_and_doom(task); }
  bool dooms_any() const noexcept { return doomed_ != nullptr; }
  /// The innermost that runs of a task and what it waits for; null: none does.
  static RunningTask* in(const TaskLinks& task) noexcept;

 private:
  static RunningTask*& innermost() noexcept {
    static thread_local constinit RunningTask* value = nullptr;
    return value;
  }
  static bool find_and_doom(TaskLinks& task) noexcept;
  void doom(TaskLinks& task) noexcept;
  NET_GNU(cold) void destroy_doomed() noexcept;

  std::coroutine_handle<> frame_;
  std::coroutine_handle<> next_;  // who waited for it, when it has ended
  RunningTask* outer_;
  TaskLinks* doomed_ = nullptr;
};

/// Destroys a task where it stands.
inline void destroy_task(TaskLinks& task) noexcept {
  if (RunningTask::dooms(task)) return;
  if (task.outer) task.outer->inner = nullptr;
  task.frame.destroy();
}

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif

// What can end a wait early: a signal, or a timeout. Internal.
#ifndef NET_DETAIL_CORO_WAIT_LIMIT_HPP
#define NET_DETAIL_CORO_WAIT_LIMIT_HPP

// Options that are written in braces inside co_await. Internal.
#ifndef NET_DETAIL_CORO_BRACED_OPTIONS_HPP
#define NET_DETAIL_CORO_BRACED_OPTIONS_HPP

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

#endif

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

/// One wait is for one task: `ERR_INVALID_STATE`.
[[noreturn]] NET_API void throw_waits_already();

/// Part of what waits. Most waits have none: then it is a null pointer, and costs a look at it.
class WaitLimit {
 public:
  WaitLimit() noexcept = default;
  template <class Options>  // WaitOptions, or braces
  explicit WaitLimit(const Options& options) {
    if (options.signal || options.timeout) limit(options);
  }
  WaitLimit(WaitLimit&& other) noexcept : limits_(detail::exchange(other.limits_, nullptr)) {}
  WaitLimit& operator=(WaitLimit&&) = delete;
  ~WaitLimit() {
    if (limits_) drop();
  }

  /// Throws if the signal has aborted already.
  void require_wanted() const {
    if (limits_) require_not_aborted();
  }
  bool given_up() const noexcept { return limits_ && was_given_up(); }
  /// Throws why the wait was given up, if it was.
  void require_kept() const {
    if (limits_) require_not_given_up();
  }
  /// From now on `give_up(waiting)` may be called, once, from the loop.
  void start(LoopCore& loop, void* waiting, void (*give_up)(void*)) {
    if (limits_) watch(loop, waiting, give_up);
  }
  /// It has come.
  void stop() noexcept {
    if (limits_) forget();
  }

 private:
  struct Limits;

  template <class Options>
  NET_GNU(noinline) void limit(const Options& options) {
    make_limits(options);
  }
  void make_limits(const WaitOptions& options);
  void require_not_aborted() const;
  bool was_given_up() const noexcept;
  void require_not_given_up() const;
  void watch(LoopCore& loop, void* waiting, void (*give_up)(void*));
  void forget() noexcept;
  void drop() noexcept;

  Limits* limits_ = nullptr;
};

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

class WaitPlace;

/// A task in the middle of a wait, noted in the frame that waits. Either side may go first: the frame, or what it waits
/// for.
class WaitingTask {
 public:
  WaitingTask() noexcept = default;
  template <class Options>
  explicit WaitingTask(const Options& options) : limit_(options) {}
  WaitingTask(WaitingTask&& other) noexcept : limit_(std::move(other.limit_)) {}  // handed on, before it waits
  WaitingTask& operator=(WaitingTask&&) = delete;
  ~WaitingTask() {
    if (place_) leave();
  }

  /// Throws if what the wait is to end with has happened already, or if another task waits with this.
  void require_wanted() const {
    if (place_) throw_waits_already();
    limit_.require_wanted();
  }
  bool given_up() const noexcept { return limit_.given_up(); }
  /// Whether it was not given up, and what it was for is not gone.
  bool kept() const noexcept { return !place_ && !given_up(); }
  void require_kept() const {
    if (!kept()) throw_not_kept();
  }
  /// Throws why the wait was given up, or `ERR_STREAM_PREMATURE_CLOSE` if what it was for is gone.
  [[noreturn]] NET_GNU(cold) void throw_not_kept() const;

 private:
  friend class WaitPlace;

  void leave() noexcept;

  std::coroutine_handle<> task_;
  WaitPlace* place_ = nullptr;  // while it waits; when it has gone on, only if what it waited for is gone
  WaitLimit limit_;
};

class WaitPlace {
 public:
  WaitPlace() noexcept = default;
  WaitPlace(const WaitPlace&) = delete;
  WaitPlace& operator=(const WaitPlace&) = delete;
  ~WaitPlace() { forget(); }

  explicit operator bool() const noexcept { return waiting_ != nullptr; }
  /// Throws `ERR_STREAM_PREMATURE_CLOSE` if there is no loop any more: nothing would come.
  void note(WaitingTask& waiting, LoopCore* loop, std::coroutine_handle<> task);
  void resume();
  void forget() noexcept;
  /// What is waited for goes. The task goes on from a tick: nobody is called in here. Without memory for that it stays
  /// where it is until its loop goes, and `who` is destroyed.
  void close(Handle& who) noexcept;

 private:
  struct Orphaned;

  void resume_orphaned();
  static void give_up(void* waiting);

  WaitingTask* waiting_ = nullptr;
};

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif

// net::Server: listens, and makes a net::Socket of every connection.
#ifndef NET_SERVER_HPP
#define NET_SERVER_HPP

// What a server is made of: a listening descriptor, and a count of its connections. Internal; net::Server is its face.
#ifndef NET_DETAIL_LISTEN_STATE_HPP
#define NET_DETAIL_LISTEN_STATE_HPP

// The events of a server. Internal; net::Server says what they mean.
#ifndef NET_DETAIL_LISTEN_EVENTS_HPP
#define NET_DETAIL_LISTEN_EVENTS_HPP

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

using ServerEvents = EventTable<Event<"close">, Event<"connection", Socket>, Event<"error", const Error>,
                                Event<"listening">, Event<"drop", const DropInfo>>;

/// Where each stands in the table.
enum : unsigned { server_close, server_connection, server_error, server_listening, server_drop };

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif

// Who listens for the servers of a loop: in a worker of a cluster, its primary. Internal.
#ifndef NET_DETAIL_LISTEN_SERVED_ELSEWHERE_HPP
#define NET_DETAIL_LISTEN_SERVED_ELSEWHERE_HPP

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

struct ServerState;

/// A table that a loop may have, so that only who includes the cluster pays for it (S33.6).
struct ServedElsewhere {
  /// Answered later, by `opened_elsewhere` or `refused_elsewhere`, unless it was closed or listened again meanwhile.
  void (*listen)(ServerState&, const ListenOptions&);
  void (*left)(ServerState&, std::uint32_t number) noexcept;  // it listens no more
  void (*has_space)(ServerState&);                            // it may have space for a connection that it gave back
};

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

/// The 'close' of a server, which comes on a tick, and again if it was closed again.
enum class ServerClose : std::uint8_t {
  none,
  ticking,
  emitted,
  over  // nothing was owed any more: the listeners of that time have gone
};

/// Listening leads back to `none`: `emitted` is true no longer, and a 'close' that ticks finds a server that listens.
constexpr bool is_step(ServerClose from, ServerClose to) noexcept {
  if (to == ServerClose::over) return from == ServerClose::emitted;
  return from != to && !(from == ServerClose::none && to == ServerClose::emitted);
}

/// Of a path whose file another process removes.
inline constexpr std::uint32_t not_made_here = ~0u;

/// What belongs to one listen(), which replaces it as a whole.
struct Listening {
  std::string path;             // kept after close() (S8.7)
  bool ipc = false;             // so are its connections; by descriptor there is no path
  std::uint32_t made_in = 0;    // which process made it, counted in forks
  std::uint32_t elsewhere = 0;  // by which number the primary of a cluster knows it; 0: nobody else does
  bool looking_up = false;
  bool inherits_no_delay = false;
  bool accepts = true;    // false: its connections are handed over to it
  ListenOptions pending;  // while its host is looked up
};

class LookupAnswer;

struct ServerState : Handle, Listening, MindsNoListeners {
  static const Operations table;
  struct NothingOpen;

  ServerState(LoopCore& core, const ServerOptions& given) : Handle(core, table), options(given) {
    acceptor.owner = static_cast<Handle*>(this);
  }

  // ── listening ──
  void listen(const ListenOptions& asked);
  void begin(const ListenOptions& asked, void (ServerState::*how)(const ListenOptions&));
  void listen_port(const ListenOptions& asked);
  void listen_as(const ServerState& other);
  void start_over() noexcept;
  void reserve_one();
  void listen_path(const ListenOptions& asked);
  void listen_descriptor(const ListenOptions& asked);
  void look_up_host(const ListenOptions& asked);
  void host_known();
  void host_answered(const LookupAnswer& found);
  static const LookupAddress& first_usable(std::span<const LookupAddress> addresses) noexcept;
  void watch_signal(const AbortSignal& signal);
  void set_no_delay(bool on);
  int keep_alive_seconds() const noexcept { return whole_seconds(options.keepAliveInitialDelay); }
  static int backlog_of(const ListenOptions& asked) noexcept { return asked.backlog ? asked.backlog : 511; }
  void bind(const Endpoint& at);
  void bound(int failed, std::string_view address, int port);
  bool ask_elsewhere(const ListenOptions& asked);
  void opened_elsewhere(const ServerState& other, std::uint32_t number, bool accepting);
  void refused_elsewhere(const Error& why);
  void space_changed();
  void opened();
  void emit_listening();
  void close();
  void reserve_close();
  /// 'close' has come, and it does not listen again.
  bool was_closed() const noexcept {
    const bool emitted = closing == ServerClose::emitted || closing == ServerClose::over;
    return !loop || (emitted && !acceptor.is_open() && !looking_up);
  }
  void remove_path() const noexcept;
  void close_if_drained();
  void emit_close();
  void settle() noexcept;
  void stop_listening() noexcept;
  void abandon();

  // ── connections ──
  void accept_one();
  void cannot_accept(int number);
  void accept_again();
  void look_at_shortage() noexcept;
  void accepted(Machine::Channel& channel, std::string_view received = {});
  void take(NativeHandle connection, std::string_view received);
  bool blocks(const Machine::Channel& channel) const;
  void drop(Machine::Channel& channel);
  Vec<Ref<SocketState>> open_connections() const;
  void destroy_connections();
  void close_quiet_connections(std::uint32_t ms);
  void close_idle_connections(Duration idle);
  void end_idle_connections();
  void stop_gracefully(Duration timeout);
  static void on_ready(Handle& self, Watcher&, unsigned, int) { static_cast<ServerState&>(self).accept_one(); }
  static void connection_gone(Handle& self);

  // ── events ──
  /// Calls the listeners of one event; false if there is none.
  template <unsigned Event, class... Args>
  NET_GNU(always_inline) inline bool emit_event(const Args&... args) {
    if (!listeners.has(Event)) return false;
    const Ref<ServerState> alive(this);
    using Row = typename EventAt<ServerEvents, Event>::type;
    if constexpr (Event == server_connection) {
      return call_listeners(*this, Event, typename Row::Given(args...).at);
    } else {
      return call_listeners_rarely(*this, Event, typename Row::Given(args...).at);
    }
  }
  /// With nobody to listen it leaves run() (S1.6).
  void emit_error(const Error& error) {
    if (!emit_event<server_error>(error)) throw_error(error);
  }

  template <auto Member>
  static void step_of(ServerState& self) {
    (self.*Member)();
  }
  template <auto Member>
  static void job_of(Handle& self) {
    (static_cast<ServerState&>(self).*Member)();
  }
  void tick(void (*step)(ServerState&), std::uint64_t of = any_generation) {
    if (loop) loop->ticks().emplace(CurrentStep<ServerState>{Owing<ServerState>(*this), step, of});
  }
  template <class What>
  void tick_with(const What& what, void (*step)(ServerState&, const What&)) {
    if (loop) loop->ticks().push(OwedStepWith<ServerState, What>{Owing<ServerState>(*this), step, what});
  }
  /// A callback of the user's, for which no listeners stay, or what is no step.
  template <class F>
  void tick_callback(F&& call) {
    if (loop) loop->ticks().push(Tick{Ref<ServerState>(this), std::forward<F>(call)});
  }
  /// What keeps the loop alive: a listening descriptor that is ref'd.
  void recount() noexcept;

  Machine::Acceptor acceptor;
  Listeners listeners;
  ServerOptions options;
  std::size_t connections = 0;
  std::optional<std::size_t> max_connections;
  std::uint64_t generation = 0;  // counts listens, so that a late lookup knows
  std::size_t owed = 0;          // what is queued and may be emitted
  KeepsAlive keeps_alive;
  bool kept_by_loop : 1 = false;
  bool drop_max_connection : 1 = false;
  bool shortage_emitted : 1 = false;
  bool close_expected : 1 = false;  // the loop has space for its 'close'
  Position<ServerClose> closing{};
  AbortWatch abort_watch;
  Retry retry{*this, job_of<&ServerState::accept_again>};  // while it cannot accept

  ~ServerState() {
    if (close_expected && loop) loop->ticks().expect_no_more();
  }
};

/// A listen() that throws leaves nothing open.
struct ServerState::NothingOpen {
  ServerState& self;
  bool passed = false;
  ~NothingOpen() {
    if (passed) return;
    self.stop_listening();
    self.abort_watch = {};
  }
};

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif

namespace net::inline NET_ABI::inline NET_MACHINE {

/// A TCP or IPC server. A handle: copies are the same server, and the loop keeps it while it listens. Its listeners
/// are dropped after 'close', unless it listens again by then or was made with `.reusable = true`.
///
/// Events, with the arguments of their listeners:
/// - `listening`: bound; `address()` is known (S9.2)
/// - `connection` (Socket): a client is there; it is being read already (S9.16)
/// - `drop` (const DropInfo&): a client was turned away because of `maxConnections`
/// - `error` (const Error&): listening or accepting failed; the server can listen again (S9.12)
/// - `close`: it listens no more, and all connections are gone (S9.14)
class Server : public Emitter<Server> {
 public:
  using Events = detail::ServerEvents;

  /// All copies are the same server. A handle that was moved from still refers to it: none is ever empty.
  Server(const Server&) noexcept = default;
  Server& operator=(const Server&) noexcept = default;

  /// A server that does not listen yet, on this thread's loop or on `loop`. The listener is one of 'connection' (S8.2).
  explicit Server(const ServerOptions& options = {}) : Server(Loop::current(), options) {}
  explicit Server(Loop& loop, const ServerOptions& options = {});
  template <class F>
  explicit Server(const ServerOptions& options, F&& connectionListener) : Server(options) {
    add_connection_listener(std::forward<F>(connectionListener));
  }
  template <class F>
  explicit Server(Loop& loop, const ServerOptions& options, F&& connectionListener) : Server(loop, options) {
    add_connection_listener(std::forward<F>(connectionListener));
  }

  /// The same with the listener alone.
  template <detail::OptionalListener F>
    requires(!std::is_convertible_v<F, const Server&> && !std::is_same_v<std::remove_cvref_t<F>, Loop>)
  explicit Server(F&& connectionListener) : Server(ServerOptions{}, std::forward<F>(connectionListener)) {}

  /// Refused: a port is for listen().
  template <std::integral Port, class... More>
  explicit Server(Port, More&&...) {
    constexpr bool listens = !std::is_same_v<Port, Port>;
    static_assert(listens, "a server is made without a port: net::createServer(listener).listen(8000)");
  }

  /// Listens; 'listening' follows, or 'error' (S9). The listener is a once-listener of 'listening'. Without a host
  /// the address is known when this returns (S9.3). Throws `ERR_SERVER_ALREADY_LISTEN`, `ERR_SOCKET_BAD_PORT` or
  /// `ERR_INVALID_ARG_VALUE` (S3.15). Allowed again after `close()` and after an error.
  template <detail::OptionalListener F = std::nullptr_t>
    requires(!std::is_convertible_v<F, const ListenOptions&> && !std::is_convertible_v<F, const Server&>)
  const Server& listen(F&& listener = nullptr) const {
    return listen_at(0, {}, 511, std::forward<F>(listener));
  }
  template <detail::OptionalListener F = std::nullptr_t>
  const Server& listen(int port, F&& listener = nullptr) const {
    return listen_at(port, {}, 511, std::forward<F>(listener));
  }
  template <detail::OptionalListener F = std::nullptr_t>
  const Server& listen(int port, std::string_view host, F&& listener = nullptr) const {
    return listen_at(port, host, 511, std::forward<F>(listener));
  }
  template <detail::OptionalListener F = std::nullptr_t>
  const Server& listen(int port, std::string_view host, int backlog, F&& listener = nullptr) const {
    return listen_at(port, host, backlog, std::forward<F>(listener));
  }
  template <detail::OptionalListener F = std::nullptr_t>
  const Server& listen(int port, int backlog, F&& listener = nullptr) const {
    return listen_at(port, {}, backlog, std::forward<F>(listener));
  }
  /// A text that reads as a number is a port, any other one the path of an IPC server (S7.5). Throws
  /// `ERR_SOCKET_BAD_PORT` for one that is empty or blank.
  template <detail::TextArgument Path, detail::OptionalListener F = std::nullptr_t>
  const Server& listen(Path&& path, F&& listener = nullptr) const {
    return listen(path, 511, std::forward<F>(listener));
  }
  template <detail::TextArgument Path, detail::OptionalListener F = std::nullptr_t>
  const Server& listen(Path&& path, int backlog, F&& listener = nullptr) const {
    auto options = detail::port_or_path<ListenOptions>(path, "options.port");
    options.backlog = backlog;
    return listen(options, std::forward<F>(listener));
  }
  /// The same with a host, which counts for a port only.
  template <detail::TextArgument Port, detail::TextArgument Host, detail::OptionalListener F = std::nullptr_t>
  const Server& listen(Port&& port, Host&& host, F&& listener = nullptr) const {
    return listen(port, host, 511, std::forward<F>(listener));
  }
  template <detail::TextArgument Port, detail::TextArgument Host, detail::OptionalListener F = std::nullptr_t>
  const Server& listen(Port&& port, Host&& host, int backlog, F&& listener = nullptr) const {
    auto options = detail::port_or_path<ListenOptions>(port, "options.port");
    options.host = std::string_view(host);
    options.backlog = backlog;
    return listen(options, std::forward<F>(listener));
  }
  /// The same with options: a port, a path, or a descriptor that is bound already (S22.5). Throws
  /// `ERR_INVALID_ARG_VALUE` if none of them is there.
  template <detail::OptionalListener F = std::nullptr_t>
  const Server& listen(const ListenOptions& options, F&& listener = nullptr) const {
    require_idle();
    once_begun<"listening">(std::forward<F>(listener));
    start(options);
    return *this;
  }

  /// Refused: a listener that is not the last.
  template <class F, class... More>
    requires(std::is_class_v<std::remove_cvref_t<F>> && detail::OptionalListener<F> &&
             !std::is_convertible_v<F, const Server&>)
  const Server& listen(F&&, int port, More&&...) const {
    constexpr bool listener_last = std::is_void_v<F>;
    static_assert(listener_last, "the listener comes last: listen(8000, \"127.0.0.1\", [] { ... })");
    return listen(port);
  }
  template <detail::OptionalListener F, class... More>
    requires(std::is_class_v<std::remove_cvref_t<F>>)
  const Server& listen(int port, F&&, std::string_view, More&&...) const {
    constexpr bool listener_last = std::is_void_v<F>;
    static_assert(listener_last, "the listener comes last: listen(8000, \"127.0.0.1\", [] { ... })");
    return listen(port);
  }

  /// Listens on what another server listens on, or throws `ERR_INVALID_ARG_VALUE`; new connections go to either. A
  /// descriptor of its own: closing one leaves the other (S22.6).
  template <detail::OptionalListener F = std::nullptr_t>
  const Server& listen(const Server& other, F&& listener = nullptr) const {
    if (!other.listening()) return listen(ListenOptions{}, std::forward<F>(listener));  // says what is missing
    require_idle();
    once_begun<"listening">(std::forward<F>(listener));
    state_->listen_as(*other.state_);
    return *this;
  }

  /// Stops listening at once; connections go on. The callback runs at 'close', with `ERR_SERVER_NOT_RUNNING` if the
  /// server was not listening (S9.13-S9.15).
  const Server& close() const {
    state_->close();
    return *this;
  }
  template <class F>
  const Server& close(F&& callback) const {
    state_->reserve_close();
    Error error;
    if (!state_->acceptor.is_open()) error = detail::make_error(Errc::ERR_SERVER_NOT_RUNNING);
    once<"close">([call = detail::write_callback(std::forward<F>(callback)), error] { call(error); });
    state_->close();
    return *this;
  }

  /// Where it listens; empty if it does not (S8.6), which with a host is until 'listening'; but a path stays after
  /// `close()` (S8.7).
  std::optional<AddressInfo> address() const;
  /// Gives the number of connections that are not destroyed: callback(const Error&, std::size_t), on the next tick.
  template <class F>
  const Server& getConnections(F&& callback) const {
    constexpr bool fits = std::is_invocable_v<std::decay_t<F>&, const Error&, std::size_t>;
    static_assert(fits, "the callback takes (const net::Error&, std::size_t)");
    if constexpr (fits)
      state_->tick_callback([call = std::decay_t<F>(std::forward<F>(callback))](detail::ServerState& state) mutable {
        detail::call_back(call, detail::no_error(), state.connections);
      });
    return *this;
  }
  /// The connections that are not destroyed, in the order in which they came (S36.2).
  std::vector<Socket> connections() const;
  /// Destroys all of them (S17.1). The server goes on listening, unless it is closed too.
  void closeAllConnections() const { state_->destroy_connections(); }
  /// Closes those that are idle: nothing waits to be read or sent, and what came last was answered by a write. With a
  /// length, those that stay so for it, counted from when a call first found them idle; called again and again, it
  /// closes each connection in time. Throws `ERR_OUT_OF_RANGE` for a negative or infinite one.
  void closeIdleConnections(Duration idle = 0) const { state_->close_idle_connections(idle); }
  /// Whether it has what it listens on: false after `close()` or an error (S8.3).
  bool listening() const { return state_->acceptor.is_open(); }
  /// With so many connections, further ones are dropped; 0 drops all, empty is no limit (S8.4).
  std::optional<std::size_t> maxConnections() const { return state_->max_connections; }
  void maxConnections(std::optional<std::size_t> max) const {
    state_->max_connections = max;
    if (state_->elsewhere) state_->space_changed();
  }
  /// In a worker of a cluster: whether further ones are dropped there, not served by another worker (S33.7). Kept, and
  /// without effect, elsewhere (S8.5).
  bool dropMaxConnection() const { return state_->drop_max_connection; }
  void dropMaxConnection(bool on) const { state_->drop_max_connection = on; }

  // ── its options; what is changed is for connections that come later (S8.1) ──

  /// As the members of `ServerOptions`.
  bool allowHalfOpen() const { return state_->options.allowHalfOpen; }
  void allowHalfOpen(bool on) const { state_->options.allowHalfOpen = on; }
  bool pauseOnConnect() const { return state_->options.pauseOnConnect; }
  void pauseOnConnect(bool on) const { state_->options.pauseOnConnect = on; }
  bool noDelay() const { return state_->options.noDelay; }
  void noDelay(bool on) const { state_->set_no_delay(on); }
  bool keepAlive() const { return state_->options.keepAlive; }
  void keepAlive(bool on) const { state_->options.keepAlive = on; }
  /// In whole seconds, as in Node: what was given as 5,500 ms reads 5.
  std::chrono::seconds keepAliveInitialDelay() const;
  void keepAliveInitialDelay(Duration delay) const { state_->options.keepAliveInitialDelay = delay; }
  /// Bytes, of both sides of a socket.
  std::size_t highWaterMark() const { return state_->options.highWaterMark; }
  void highWaterMark(std::size_t bytes) const { state_->options.highWaterMark = bytes; }
  /// The clients that are turned away; the list is used live (S21.7).
  std::optional<BlockList> blockList() const { return state_->options.blockList; }
  void blockList(std::optional<BlockList> list) const;

  // ── the handle ──

  /// Whether it keeps the loop alive, as it does at first; also for later listens (S19.2).
  const Server& ref() const { return set_ref(true); }
  const Server& unref() const { return set_ref(false); }

  /// The descriptor, to look at; -1 if there is none. Don't close it.
  NativeHandle nativeHandle() const;

 private:
  friend class Emitter<Server>;
  friend struct detail::Access;

  explicit Server(detail::Ref<detail::ServerState> state) noexcept : state_(std::move(state)) {}
  static Server from_state(void* state);

  template <fixed_string Name>
  static constexpr void check_event() {
    constexpr bool known = Events::has<Name>;
    static_assert(known, "net::Server has no event of that name; it has: close connection error listening drop");
  }

  template <class F>
  void add_connection_listener(F&& listener) const {
    if constexpr (!std::is_same_v<std::remove_cvref_t<F>, std::nullptr_t>) on<"connection">(std::forward<F>(listener));
  }
  /// What is wrong with the port is thrown when the listener is there, as in Node (S7.4).
  template <class F>
  const Server& listen_at(int port, std::string_view host, int backlog, F&& listener) const {
    require_idle();
    once_begun<"listening">(std::forward<F>(listener));
    start_at(port, host, backlog);
    return *this;
  }
  void require_idle() const;
  void start(const ListenOptions& options) const;
  void start_at(int port, std::string_view host, int backlog) const;
  const Server& set_ref(bool on) const;

  detail::Ref<detail::ServerState> state_;
};

/// Stops a server in peace: it listens no more; connections that are idle are ended, the others as soon as they are;
/// what is left after `timeout` (ms) is destroyed. Idle is what `Server::closeIdleConnections` says. 'close' comes when
/// all is done: `co_await once<"close">(server)`. A server that listens again meanwhile keeps its connections.
struct StopOptions {
  Duration timeout = 10000;
};
NET_API void stopGracefully(const Server& server, const StopOptions& options = {});
/// The same with the time alone: `stopGracefully(server, 10s)`.
template <std::convertible_to<Duration> Time>
void stopGracefully(const Server& server, Time timeout) {
  stopGracefully(server, StopOptions{.timeout = timeout});
}

/// A server on this thread's loop, or on `loop`; the listener gets every connection: `createServer([](Socket client)
/// {…})`.
template <class F = std::nullptr_t>
  requires(!std::is_convertible_v<F, const ServerOptions&>)
Server createServer(F&& connectionListener = nullptr) {
  return Server(ServerOptions{}, std::forward<F>(connectionListener));
}
/// Refused: a listener that is not the last.
template <class F>
  requires std::is_invocable_v<std::decay_t<F>&, Socket>
Server createServer(F&&, const ServerOptions& options) {
  constexpr bool options_first = std::is_void_v<F>;
  static_assert(options_first, "the options come first: createServer({.allowHalfOpen = true}, listener)");
  return Server(options);
}
template <class F = std::nullptr_t>
Server createServer(const ServerOptions& options, F&& connectionListener = nullptr) {
  return Server(options, std::forward<F>(connectionListener));
}
template <class F = std::nullptr_t>
Server createServer(Loop& loop, const ServerOptions& options, F&& connectionListener = nullptr) {
  return Server(loop, options, std::forward<F>(connectionListener));
}

}  // namespace net::inline NET_ABI::inline NET_MACHINE

#endif

namespace net::inline NET_ABI::inline NET_MACHINE {

/// The connections of a server, awaited. Those that come while the task does something else wait here. One task waits
/// at a time; another one has `ERR_INVALID_STATE` thrown.
class Acceptor {
 public:
  /// Listens to 'connection', 'error' and 'close' of the server from now on. When it goes, connections that nobody has
  /// taken are destroyed.
  explicit Acceptor(const Server& server);
  /// Refused: what is no server.
  template <class Other>
    requires(!std::is_convertible_v<const Other&, const Server&>)
  explicit Acceptor(const Other&) : listeners_(Server()) {
    constexpr bool is_server = std::is_void_v<Other>;
    static_assert(is_server, "an acceptor takes a net::Server, which is told to listen: server.listen(8000)");
  }
  Acceptor(const Acceptor&) = delete;
  Acceptor& operator=(const Acceptor&) = delete;
  /// Calls nobody. A task that waits for it has `ERR_STREAM_PREMATURE_CLOSE` thrown, from a tick.
  ~Acceptor();

  /// Refused: what is awaited is its next connection.
  template <class Unused = void>
  detail::NoWait operator co_await() const {
    constexpr bool is_wait = !std::is_void_v<Unused>;
    static_assert(is_wait, "an acceptor is nothing to wait for: co_await acceptor.next()");
    return {};
  }

  class [[nodiscard("write co_await before it")]] Awaiter : public detail::NeedsCoAwait<std::optional<Socket>> {
   public:
    bool await_ready() {
      waiting_.require_wanted();
      return acceptor_.prepare();
    }
    void await_suspend(std::coroutine_handle<> task);
    std::optional<Socket> await_resume() {
      waiting_.require_kept();
      return acceptor_.take();
    }

   private:
    friend class Acceptor;
    template <class Options>
    Awaiter(Acceptor& acceptor, const Options& options) : acceptor_(acceptor), waiting_(options) {}

    Acceptor& acceptor_;
    detail::WaitingTask waiting_;
  };

  /// `std::optional<Socket>`: the next connection; empty when the server is closed, which it is when its connections
  /// are (S9.14). Throws the Error if listening or accepting failed; `WaitOptions` end the wait (S34.6).
  template <class Options = detail::WaitBraces>
  Awaiter next(Options&& options = detail::without_limit) {
    return {*this, detail::limit_of<Options>(options)};
  }

 private:
  bool prepare();
  void wake() {
    if (waiter_) waiter_.resume();
  }
  std::optional<Socket> take();

  detail::WaitPlace waiter_;
  detail::Queue<Socket> arrived_;  // and nobody took yet
  detail::Maybe<Error> failure_;
  bool closed_ = false;
  detail::OwnListeners<Server> listeners_;
};

}  // namespace net::inline NET_ABI::inline NET_MACHINE

#endif

// createConnection and connect, and what the process has set for choosing between two families.
#ifndef NET_CONNECT_HPP
#define NET_CONNECT_HPP

// What a socket has while it connects, and the defaults of the race. Internal.
#ifndef NET_DETAIL_CONNECT_ATTEMPTS_HPP
#define NET_DETAIL_CONNECT_ATTEMPTS_HPP

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

/// Where an attempt is.
enum class AttemptPhase : std::uint8_t {
  waiting,  // its turn has not come
  running,
  slow,  // it runs, and the next one does too
  over   // it failed, or was called off
};

/// Each to the next; what is over may be closed once more.
constexpr bool is_step(AttemptPhase from, AttemptPhase to) noexcept {
  return to == AttemptPhase::over || static_cast<int>(to) == static_cast<int>(from) + 1;
}

/// One address that is being tried, on a descriptor of its own.
struct Attempt {
  Machine::Channel channel;
  Endpoint to;
  std::string address;
  Family family = Family::unspecified;  // as the lookup says
  Error error;
  Position<AttemptPhase> phase{};

  bool is_under_way() const noexcept { return phase == AttemptPhase::running || phase == AttemptPhase::slow; }
};

/// What a socket has only while it connects.
struct ConnectAttempts : Connecting, Handle {
  static const Operations table;

  std::string host, path, local_address;
  int port = 0;
  int local_port = 0;
  Family family = Family::unspecified;
  bool selecting = false;  // several addresses, which race (S13)
  std::uint64_t attempt_delay = 250;
  Vec<Attempt*> list;  // in order; those from `begun` on have not begun
  std::size_t begun = 0;
  Ref<TimerState> timer;

  Rare<BlockList> block_list;
  bool by_address = false;  // no lookup
  bool started = false;     // connect() has returned: what fails before that is taken back
  bool end_expected = false;

  ConnectAttempts(LoopCore& core, const Connecting& what) : Connecting(what), Handle(core, table) {}
  ~ConnectAttempts() {
    if (end_expected && loop) loop->closing().expect_no_more();
    for (Attempt* attempt : list) delete attempt;
  }

  void expect_end() {
    loop->closing().expect();
    end_expected = true;
  }
  /// It is kept until the turn has ended: functions on the stack may be in the middle of it.
  void end() noexcept;
};

/// S7.8, S7.9: the defaults of the process, read when connect is called.
struct SelectionDefaults {
  Atomic<int> on{1};
  Atomic<int> delay_ms{250};
  static SelectionDefaults& get() {
    static SelectionDefaults defaults;
    return defaults;
  }
};

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif

// What can be wrong with what a socket is asked to connect to, thrown before anything has changed. Internal.
#ifndef NET_DETAIL_CONNECT_CHECKS_HPP
#define NET_DETAIL_CONNECT_CHECKS_HPP

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

/// S22.4, S3.14: what can be wrapped is a stream.
NET_API void require_stream(NativeHandle fd);

NET_API int require_port(int port, std::string_view name);

NET_API void require_attempt_timeout(Duration delay, std::string_view name);

/// S3.13: what is wrong with the options is thrown before anything has changed.
NET_API void require_connectable(const ConnectOptions& options);

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif

namespace net::inline NET_ABI::inline NET_MACHINE {

/// Makes a socket, on this thread's loop or on `loop`, and connects it (S7.2). It takes what `Socket::connect` takes
/// and throws what that throws: options, or `(port, host)`, or `(path)`, and a listener of 'connect'. Of the options,
/// `timeout`, `allowHalfOpen`, `onread`, `signal` and `reusable` are the socket's own.
template <class F = std::nullptr_t>
Socket createConnection(Loop& loop, const ConnectOptions& options, F&& listener = nullptr) {
  const Socket socket(loop, SocketOptions{.allowHalfOpen = options.allowHalfOpen,
                                          .onread = options.onread,
                                          .signal = options.signal,
                                          .reusable = options.reusable});
  if (options.timeout.milliseconds() != 0) socket.setTimeout(options.timeout);
  if (options.signal.aborted()) return socket;  // destroyed already; nothing is connected (S20.3)
  socket.connect(options, std::forward<F>(listener));
  return socket;
}
template <class F = std::nullptr_t>
Socket createConnection(const ConnectOptions& options, F&& listener = nullptr) {
  return createConnection(Loop::current(), options, std::forward<F>(listener));
}
template <class First, class... Rest>
  requires(std::is_convertible_v<First, int> || std::is_convertible_v<First, std::string_view>)
Socket createConnection(Loop& loop, First&& first, Rest&&... rest) {
  const Socket socket(loop);
  constexpr bool fits = requires { socket.connect(std::forward<First>(first), std::forward<Rest>(rest)...); };
  static_assert(fits, "connect takes (port, host, listener), (path, listener) or options in braces and a listener");
  if constexpr (fits) socket.connect(std::forward<First>(first), std::forward<Rest>(rest)...);
  return socket;
}
template <class First, class... Rest>
  requires(std::is_convertible_v<First, int> || std::is_convertible_v<First, std::string_view>)
Socket createConnection(First&& first, Rest&&... rest) {
  return createConnection(Loop::current(), std::forward<First>(first), std::forward<Rest>(rest)...);
}

/// Refused: a listener that is not the last.
template <class F, class Next, class... Rest>
  requires std::is_invocable_v<std::decay_t<F>&>
Socket createConnection(F&&, Next&&, Rest&&...) {
  constexpr bool listener_last = std::is_void_v<F>;
  static_assert(listener_last, "the listener comes last: connect(8000, \"127.0.0.1\", [] { ... })");
  return Socket();
}

/// The same as `createConnection`.
template <class F = std::nullptr_t>
Socket connect(const ConnectOptions& options, F&& listener = nullptr) {
  return createConnection(Loop::current(), options, std::forward<F>(listener));
}
template <class F = std::nullptr_t>
Socket connect(Loop& loop, const ConnectOptions& options, F&& listener = nullptr) {
  return createConnection(loop, options, std::forward<F>(listener));
}
template <class... Args>
  requires requires(Args&&... args) { createConnection(std::forward<Args>(args)...); }
Socket connect(Args&&... args) {
  return createConnection(std::forward<Args>(args)...);
}

/// Whether a name with addresses of both families is tried on both; true at first (S7.8). For the whole process.
NET_API bool getDefaultAutoSelectFamily();
NET_API void setDefaultAutoSelectFamily(bool on);
/// How long one address is tried before the next one is tried too; 250 ms at first (S7.9). For the whole process.
NET_API std::chrono::milliseconds getDefaultAutoSelectFamilyAttemptTimeout();
/// What is below 10 ms becomes 10. Throws `ERR_OUT_OF_RANGE` for less than 1 ms, or more than 2^31-1.
NET_API void setDefaultAutoSelectFamilyAttemptTimeout(Duration delay);

}  // namespace net::inline NET_ABI::inline NET_MACHINE

#endif

// Files as streams: to send one through a socket, or to keep what one receives.
#ifndef NET_FILE_HPP
#define NET_FILE_HPP

// A file that is read as a stream: the next piece is read on a thread while this one is emitted. Internal.
#ifndef NET_DETAIL_FILE_READING_HPP
#define NET_DETAIL_FILE_READING_HPP

// What a stream of a file is made of, to read or to write: it is open, one step of it is under way on a thread, it
// closes. Internal.
#ifndef NET_DETAIL_FILE_STATE_HPP
#define NET_DETAIL_FILE_STATE_HPP

// An open file, and bytes for it, as they go to a thread that may block, and come back. Internal.
#ifndef NET_DETAIL_FILE_FILE_HANDLE_HPP
#define NET_DETAIL_FILE_FILE_HANDLE_HPP

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

/// Whoever has it closes it: the loop, or the thread if the loop has gone meanwhile.
class FileHandle {
 public:
  FileHandle() noexcept = default;
  FileHandle(FileHandle&& other) noexcept : file_(detail::exchange(other.file_, no_handle)) {}
  FileHandle& operator=(FileHandle&& other) noexcept {
    std::swap(file_, other.file_);
    return *this;
  }
  ~FileHandle() { (void)close(); }

  explicit operator bool() const noexcept { return file_ != no_handle; }
  /// 0, or a negated errno; so are the others.
  int open(const std::string& path, const FileAccess& access) noexcept {
    return Machine::open_file(path, access, file_);
  }
  std::ptrdiff_t read(char* into, std::size_t size) noexcept { return Machine::read_file(file_, into, size); }
  /// All of it, unless it fails.
  int write(std::string_view bytes) noexcept {
    while (!bytes.empty()) {
      const std::ptrdiff_t written = Machine::write_file(file_, bytes.data(), bytes.size());
      if (written < 0) return static_cast<int>(written);
      bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    return 0;
  }
  /// Whether writing to it may have to wait for another process: a FIFO, a device.
  bool is_slow() const noexcept { return Machine::is_slow_file(file_); }
  /// How much of it a slow one takes without waiting.
  std::size_t write_some(std::string_view bytes) noexcept {
    std::size_t written = 0;
    while (written < bytes.size()) {
      const std::ptrdiff_t size = Machine::write_slow_file(file_, bytes.data() + written, bytes.size() - written);
      if (size <= 0) break;
      written += static_cast<std::size_t>(size);
    }
    return written;
  }
  int close() noexcept {
    const NativeHandle file = detail::exchange(file_, no_handle);
    return file == no_handle ? 0 : Machine::close_file(file);
  }

 private:
  NativeHandle file_ = no_handle;
};

/// Space for one piece of a file.
class FileBuffer {
 public:
  FileBuffer() noexcept = default;
  explicit FileBuffer(std::size_t size) : bytes_(static_cast<char*>(::operator new(size))), size_(size) {}
  FileBuffer(FileBuffer&& other) noexcept
      : bytes_(detail::exchange(other.bytes_, nullptr)), size_(detail::exchange(other.size_, 0)) {}
  FileBuffer& operator=(FileBuffer&& other) noexcept {
    std::swap(bytes_, other.bytes_);
    std::swap(size_, other.size_);
    return *this;
  }
  ~FileBuffer() { ::operator delete(bytes_); }

  char* bytes() const noexcept { return bytes_; }
  std::size_t size() const noexcept { return size_; }

 private:
  char* bytes_ = nullptr;
  std::size_t size_ = 0;
};

/// What goes to a thread, which has the file meanwhile, and comes back from it.
struct FileStep {
  FileHandle file{};
  FileAccess access{};   // to open it
  std::string bytes{};   // its path, or what is written
  FileBuffer buffer{};   // what is read
  std::size_t size = 0;  // so much of it
  std::ptrdiff_t result = 0;
  bool slow = false;  // known when it was opened
};

/// What the thread does: gives the result.
using FileRun = std::ptrdiff_t (*)(FileStep& step);

struct FileWork {
  FileStep step;
  FileRun run;

  FileStep operator()() {
    step.result = run(step);
    return std::move(step);
  }
  /// In a child of fork(): the thread and the file are the parent's.
  void leave() noexcept { (void)step.file.close(); }
};

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif

// Work off the loop: functions that compute run on threads, and their results come back.
#ifndef NET_WORKER_POOL_HPP
#define NET_WORKER_POOL_HPP

// A piece of work for another thread, and those who wait for it on the loop. Internal; net::Job is the face.
#ifndef NET_DETAIL_WORK_JOB_HPP
#define NET_DETAIL_WORK_JOB_HPP

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

struct JobNothing {};

/// What came of a job: a result, an exception of its own, or an error of the pool.
template <class T>
struct JobOutcome {
  Maybe<std::conditional_t<std::is_void_v<T>, JobNothing, T>> result;
  std::exception_ptr thrown;
  Error failure;

  bool ok() const noexcept { return static_cast<bool>(result); }
  [[noreturn]] void throw_failure() const {
    if (thrown) std::rethrow_exception(thrown);
    throw_error(failure ? failure : make_error(Errc::ERR_ABORTED, "The loop of this job is gone"));
  }
  /// The failure as an Error, whatever was thrown.
  Error error() const {
    return thrown ? error_of(thrown, "A job of the worker pool threw something that is no exception") : failure;
  }
};

/// The pool's half: what a thread of it runs. It knows the loop by its mailbox only, and goes back there to end.
struct WorkItem {
  struct Operations {
    void (*run)(WorkItem&);                 // on a thread of the pool
    void (*drop)(WorkItem&, const Error&);  // instead
    void (*finish)(WorkItem&);              // on the loop
    void (*destroy)(WorkItem&) noexcept;
    void (*leave)(WorkItem&) noexcept;  // in a child of fork(): the thread that runs it has stayed in the parent
  };
  /// What a child of fork() asks of the pool.
  struct Pool {
    bool (*take_over)(WorkItem&);          // to run it there too; false: no thread can start
    void (*withdraw)(WorkItem&) noexcept;  // it is not run there
  };
  /// Changed under a lock that fork() takes too.
  enum Place : int { waiting, running, at_home };

  const Operations* operations;
  Mailbox* mailbox;
  const Pool* pool = nullptr;
  void* of_pool = nullptr;
  Atomic<int> place{waiting};
  std::uint32_t process = 0;   // by its number of forks: whose threads it waits for
  bool home_expected = false;  // there is space for it in the mailbox
  bool unanswered = false;     // the process ends: nobody is told, and the loop that still waits goes on waiting
  WorkItem* next = nullptr;    // in a list
  WorkItem** link = nullptr;
};

/// In a child of fork(): what does not run there goes; what runs in the parent is kept as it was copied, whole or not.
NET_API void leave_to_parent(WorkItem& item) noexcept;

/// The loop's half: belongs to the thread that asked.
template <class T>
struct JobState : Handle {
  using Outcome = JobOutcome<T>;
  /// `last`: nobody needs the result after this one.
  using Then = Function<void(Outcome&, bool last)>;

  static const Operations table;

  explicit JobState(LoopCore& core) : Handle(core, table) {}
  ~JobState() {
    for (std::size_t asking = then.size(); loop && asking > 0; --asking) loop->ticks().expect_no_more();
  }
  /// Who asks is called back on a tick of its own, so that one that throws does not hold up the others. There is
  /// space for that tick from now on: no memory is needed when the job is done (S32.5).
  void ask(Then&& callback) {
    then.reserve(1);
    loop->ticks().expect();
    then.push(std::move(callback));
    if (done) call_one();
  }
  /// Throws if a task has moved it out.
  void require_result() const {
    if (taken) throw_error(make_error(Errc::ERR_INVALID_STATE, "A task has taken the result of this job"));
  }
  /// A thread has it, or will have it.
  void begin() noexcept {
    asked = true;
    retain();
    loop->keep_alive(true);
  }

  void finish(Outcome&& came) {
    if (done) return;
    const Ref<JobState> alive(this);
    outcome = std::move(came);
    done = true;
    work = nullptr;
    loop->keep_alive(false);
    release();
    if (then.empty() && !waiter) {
      // nobody asked: a result may be ignored, a failure may not, but by a task that is gone (S34.9)
      if (!outcome.ok() && !waiter_gone) outcome.throw_failure();
      return;
    }
    for (std::size_t asking = then.size(); asking > 0; --asking) call_one();
    if (waiter) RunningTask::resume(detail::exchange(waiter, {}));
  }
  void call_one() noexcept {
    ++calling;
    loop->ticks().push_expected([self = Ref<JobState>(this)] {
      const bool last = --self->calling == 0 && !self->waiter && self->owners == 1;  // who has the job may ask later
      const Then callback = self->then.pop_front();
      callback(self->outcome, last);
    });
  }
  void abandon() {
    then.clear();
    if (detail::exchange(done, true) || !asked) return;
    if (work && loop->inert() && work->process != Machine::fork_count()) leave_unless_home();
    release();
  }
  /// What had begun goes on in the parent alone; what had not runs here too (S31.3). A result on its way still comes.
  void after_fork() {
    if (done || !work || work->process == Machine::fork_count()) return;
    const int place = work->place.load();
    if (place == WorkItem::at_home) return;
    const bool runs = again_in_child && place == WorkItem::waiting;
    if (runs && work->pool->take_over(*work)) return;
    loop->ticks().push(Step<JobState>{Ref<JobState>(this), runs ? not_started : lost});
    leave_to_parent(*detail::exchange(work, nullptr));
  }
  void leave_unless_home() noexcept {
    if (work->place.load() != WorkItem::at_home) leave_to_parent(*work);
  }
  static void lost(JobState& self) {
    self.fail(make_error(Errc::ERR_ABORTED, "The process was forked while this job ran"));
  }
  static void not_started(JobState& self) { self.fail(system_failure(EAGAIN, "pthread_create")); }
  void fail(const Error& error) {
    Outcome failed;
    failed.failure = error;
    finish(std::move(failed));
  }

  WorkItem* work = nullptr;  // while it is not done
  Outcome outcome;
  Queue<Then> then;  // who was not called back yet
  std::coroutine_handle<> waiter;
  std::size_t calling = 0;
  bool asked = false;
  bool done = false;
  bool waiter_gone = false;
  bool taken = false;          // a task has moved the result out
  bool again_in_child = true;  // when it still waits for a thread
};

template <class T>
inline constexpr Handle::Operations JobState<T>::table{
    [](Handle& handle) noexcept { delete static_cast<JobState*>(&handle); },
    [](Handle& handle) noexcept { static_cast<JobState&>(handle).abandon(); },
    nullptr,
    nullptr,
    nullptr,
    nullptr,
    [](Handle& handle) { static_cast<JobState&>(handle).after_fork(); }};

/// The one owner of a WorkItem.
class WorkRef {
 public:
  explicit WorkRef(WorkItem* item) noexcept : item_(item) {}
  WorkRef(WorkRef&& other) noexcept : item_(detail::exchange(other.item_, nullptr)) {}
  WorkRef& operator=(WorkRef&&) = delete;
  ~WorkRef();
  explicit operator bool() const noexcept { return item_ != nullptr; }
  WorkItem* operator->() const noexcept { return item_; }
  WorkItem& operator*() const noexcept { return *item_; }

  /// Hands it back to the loop that asked; if that is gone, nobody wants it any more.
  void send_home() && noexcept;

 private:
  friend class WorkList;

  WorkItem* item_;
};

/// Items in the order in which they came. It owns them, and needs no memory.
class WorkList {
 public:
  WorkList() noexcept = default;
  WorkList(const WorkList&) = delete;
  WorkList& operator=(const WorkList&) = delete;

  bool empty() const noexcept { return size_ == 0; }
  std::size_t size() const noexcept { return size_; }
  void push(WorkRef work) noexcept;
  /// One of this list.
  WorkRef take(WorkItem& item) noexcept;
  /// Null if there is none.
  WorkRef take_first() noexcept { return first_ ? take(*first_) : WorkRef(nullptr); }

 private:
  WorkItem* first_ = nullptr;
  WorkItem** end_ = &first_;
  std::size_t size_ = 0;
};

template <class T, class F>
struct Work : WorkItem {
  static const Operations table;

  Work(JobState<T>& asked, F&& function)
      : WorkItem{&table, &asked.loop->mailbox()}, state(&asked), call(std::move(function)) {
    mailbox->expect();  // the result goes home without memory
    home_expected = true;
    mailbox->retain();
    asked.work = this;
  }
  ~Work() {
    if (state && mailbox->loop) state->work = nullptr;
    if (home_expected) mailbox->expect_no_more();
    mailbox->release();
  }

  void run() {
#if defined(__cpp_exceptions)
    try {
      compute();
    } catch (...) {
      outcome.thrown = std::current_exception();
    }
#else
    compute();
#endif
  }
  void compute() {
    if constexpr (std::is_void_v<T>) {
      call();
      outcome.result.emplace();
    } else {
      outcome.result.emplace(call());
    }
  }

  JobState<T>* state;  // only on the loop, as long as that is there
  F call;
  JobOutcome<T> outcome;
};

template <class T, class F>
inline constexpr WorkItem::Operations Work<T, F>::table{
    [](WorkItem& item) { static_cast<Work&>(item).run(); },
    [](WorkItem& item, const Error& error) { static_cast<Work&>(item).outcome.failure = error; },
    [](WorkItem& item) {
      auto& work = static_cast<Work&>(item);
      JobState<T>& asked = *detail::exchange(work.state, nullptr);
      work.unanswered ? void(asked.work = nullptr) : asked.finish(std::move(work.outcome));
    },
    [](WorkItem& item) noexcept { delete static_cast<Work*>(&item); },
    []([[maybe_unused]] WorkItem& item) noexcept {
      if constexpr (requires(F& function) { function.leave(); }) static_cast<Work&>(item).call.leave();
    }};

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

struct FileState;

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

namespace net::inline NET_ABI::inline NET_MACHINE {

/// A result that is being computed. A handle: copies are the same job, and it belongs to the loop that asked.
template <class T>
class Job : public detail::NeedsCoAwait<T> {
 public:
  explicit Job(detail::Ref<detail::JobState<T>> state) noexcept : state_(std::move(state)) {}

  /// Calls back on the loop that called `exec`, never inside this call: `callback(T)`, or `callback()`. It is not
  /// called if the job failed: the failure leaves `run()`, as does one that nobody has waited for.
  template <class F>
  Job& then(F&& callback) {
    require_result_for<std::decay_t<F>>();
    return add([call = std::decay_t<F>(std::forward<F>(callback))](Outcome& outcome, bool last) mutable {
      if (!outcome.ok()) outcome.throw_failure();
      give(call, outcome, last);
    });
  }
  /// The same, and `onError(const Error&)` is called if the job threw or was dropped. Of an exception that
  /// is no `net::Error` the error has the text. Both throw `ERR_INVALID_STATE` if a task has taken the result.
  template <class F, class OnError>
  Job& then(F&& callback, OnError&& onError) {
    require_result_for<std::decay_t<F>>();
    return add([call = std::decay_t<F>(std::forward<F>(callback)),
                refuse = std::decay_t<OnError>(std::forward<OnError>(onError))](Outcome& outcome, bool last) mutable {
      if (outcome.ok()) {
        give(call, outcome, last);
      } else {
        detail::call_back(refuse, outcome.error());
      }
    });
  }

  /// `co_await job`: the result, which is moved out, or the exception. One task waits, once; another one gets
  /// `ERR_INVALID_STATE`, unless what was moved out can be had again, as a number can.
  auto operator co_await() const noexcept { return Awaiter{state_}; }

 private:
  using Outcome = detail::JobOutcome<T>;

  struct Awaiter {
    detail::Ref<detail::JobState<T>> state;
    bool waits = false;

    explicit Awaiter(const detail::Ref<detail::JobState<T>>& job) noexcept : state(job) {}
    Awaiter(const Awaiter&) = delete;
    Awaiter& operator=(const Awaiter&) = delete;
    ~Awaiter() {
      if (!waits) return;
      state->waiter = {};
      state->waiter_gone = true;
    }
    bool await_ready() const {
      if (state->waiter)
        detail::throw_error(detail::make_error(Errc::ERR_INVALID_STATE, "A task waits for this job already"));
      state->require_result();
      return state->done;
    }
    void await_suspend(std::coroutine_handle<> waiter) noexcept {
      state->waiter = waiter;
      waits = true;
    }
    T await_resume() {
      waits = false;
      if (!state->outcome.ok()) state->outcome.throw_failure();
      if constexpr (std::is_copy_constructible_v<T>) {
        if (state->calling > 0) return *state->outcome.result;  // others get it too
      }
      if constexpr (!std::is_void_v<T>) {
        state->taken = !std::is_trivially_copyable_v<T>;
        return std::move(*state->outcome.result);
      }
    }
  };

  template <class F>
  void require_result_for() const {
    if constexpr (!std::is_void_v<T>) {
      if constexpr (std::is_invocable_v<F&, T&&> || std::is_invocable_v<F&, T&>) state_->require_result();
    }
  }
  template <class F>
  Job& add(F&& callback) {
    if (state_->loop) state_->ask(std::forward<F>(callback));
    return *this;
  }

  template <class F>
  static void give(F& call, Outcome& outcome, bool last) {
    if constexpr (std::is_void_v<T>) {
      detail::call_back(call);
    } else if constexpr (std::is_invocable_v<F&, T&&>) {
      if constexpr (std::is_copy_constructible_v<T> && std::is_invocable_v<F&, T&>) {
        if (!last) {
          detail::call_back(call, *outcome.result);
          return;
        }
      }
      detail::call_back(call, std::move(*outcome.result));
    } else if constexpr (std::is_invocable_v<F&, T&>) {
      detail::call_back(call, *outcome.result);
    } else {
      detail::call_back(call);
    }
  }

  detail::Ref<detail::JobState<T>> state_;
};

}  // namespace net::inline NET_ABI::inline NET_MACHINE

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

/// What g++ 12 gets from exec() of a lambda with captures. It is awaited by a name.
template <class T, class... Given>
struct JobOfLambda : net::Job<T> {
  using net::Job<T>::Job;
  auto operator co_await() const& noexcept { return net::Job<T>::operator co_await(); }
  auto operator co_await() && noexcept {
    (require_named_lambda<Given>(), ...);
    return net::Job<T>::operator co_await();
  }
};

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

namespace net::inline NET_ABI::inline NET_MACHINE {

/// Threads that compute, so that loops stay responsive. Any thread that has a loop may call `exec`.
class WorkerPool {
 public:
  /// Threads start when there is work for them; 0 counts as 1.
  explicit WorkerPool(std::size_t threads = detail::Machine::processors()) : max_threads_(threads == 0 ? 1 : threads) {
    threads_.reserve(max_threads_);
  }
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;
  /// Waits for what runs. What has not begun is dropped: those who asked get `ERR_ABORTED`. If the process ends by
  /// `exit()`, nobody is told, and loops of other threads run on (S31.6).
  ~WorkerPool();

  /// Runs `f(args…)` on a thread of the pool; its result or its exception comes back to this thread's loop, which
  /// lives until then. The function and its arguments are moved there and back: they must not share anything with
  /// the loop that is not made for threads, handles of the library included. Throws EAGAIN if no thread can start.
  template <class F, class... A>
    requires(std::is_invocable_v<std::decay_t<F>, std::decay_t<A>...>)
  auto exec(F&& f, A&&... args) {
    using T = std::invoke_result_t<std::decay_t<F>, std::decay_t<A>...>;
    static_assert(!std::is_reference_v<T>, "a job gives back a value");
    constexpr bool computes = !detail::GivesTask<T>;
    static_assert(computes, "a task runs on its loop, not on a thread of the pool: spawn it, and await exec() in it");
    detail::Ref<detail::JobState<T>> state(new detail::JobState<T>(detail::Access::core(Loop::current())));
    const bool begun = begin(
        *state,
        [f = std::decay_t<F>(std::forward<F>(f)), ... args = std::decay_t<A>(std::forward<A>(args))]() mutable -> T {
          return std::move(f)(std::move(args)...);
        });
    if (!begun) detail::throw_error(detail::system_failure(EAGAIN, "pthread_create"));
    constexpr bool refused = (detail::is_lambda_destroyed_twice<F>() || ... || detail::is_lambda_destroyed_twice<A>());
    using Result = std::conditional_t<refused, detail::JobOfLambda<T, F, A...>, Job<T>>;
    return Result(std::move(state));
  }
  /// Refused: what cannot be called with these.
  template <class F, class... A>
  void exec(F&&, A&&...) {
    constexpr bool callable = std::is_void_v<F>;
    static_assert(callable, "exec takes what can be called with the arguments behind it, which are moved: exec(f, 1)");
  }

 private:
  friend struct detail::FileState;

  /// False: no thread can start.
  template <class T, class F>
  bool begin(detail::JobState<T>& state, F&& call) {
    if (!submit(detail::WorkRef(new detail::Work<T, std::decay_t<F>>(state, std::forward<F>(call))))) return false;
    state.begin();
    return true;
  }

  void drop(detail::WorkRef work) noexcept;

  /// Whether `exit()` has been called, for destructors of pools that are static.
  struct Exit {
    detail::Atomic<int> begun{0};
    detail::Atomic<int> marks{0};

    static Exit& of_process() noexcept;
  };
  void note_exit() noexcept;

  /// Under the lock: the threads stayed in the parent (S31.3), and what waited for them is the parent's.
  void begin_again_in_child() noexcept;
  /// Under the lock: what comes next will find a thread.
  bool has_thread();

  bool submit(detail::WorkRef work);
  static bool take_over(detail::WorkItem& item);
  static void withdraw(detail::WorkItem& item) noexcept;
  static constexpr detail::WorkItem::Pool for_child{take_over, withdraw};

  /// The process or the loop ends: brings the result into the mailbox. A quick item that waits for a thread is run
  /// here, and one that runs is waited for. One that is not quick is waited for a moment. False: it is not done.
  bool bring_home(detail::WorkItem& item, bool quick) noexcept;

  detail::WorkRef take_dropped() noexcept;
  void run();

  detail::Machine::Mutex mutex_;
  detail::Machine::Condition wake_, came_home_;
  detail::WorkList waiting_;
  detail::WorkList left_;  // in a child of fork(): what waited in the parent
  detail::Vec<detail::Machine::Thread> threads_;
  std::size_t max_threads_;
  std::size_t idle_ = 0;
  std::size_t awaited_ = 0;
  std::uint32_t made_in_ = detail::Machine::fork_count();
  bool closing_ = false;
  int marks_before_ = Exit::of_process().marks.load();
  /// Made beforehand: the destructor needs no memory.
  const Error dropped_ = detail::make_error(Errc::ERR_ABORTED, "The worker pool was destroyed before this job began");
};

}  // namespace net::inline NET_ABI::inline NET_MACHINE

#endif

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

using FileEvents = EventTable<Event<"close">, Event<"error", const Error>, Event<"open">, Event<"data", Chunk>,
                              Event<"end">, Event<"drain">, Event<"finish">>;
enum : unsigned { file_close, file_error, file_open, file_data, file_end, file_drain, file_finish };

/// Where a stream of a file is.
enum class FilePhase : std::uint8_t {
  opening,
  open,
  closing,  // destroyed: 'close' comes when no thread has the file
  closed    // 'close' came, or nobody will be told
};

/// It only goes forward; from `opening` and `open` also at once to the end, with the loop.
constexpr bool is_step(FilePhase from, FilePhase to) noexcept { return to > from; }

struct FileState : Handle, MindsNoListeners {
  FileState(LoopCore& core, const Operations& table, std::string&& name);
  ~FileState() {
    if (close_expected && loop) loop->closing().expect_no_more();
  }

  /// What is done on the loop when a step has come back from its thread.
  using Done = void (*)(FileState& self, FileStep& step);
  /// Gives the file to a thread, with what else the step needs.
  void start(FileStep&& step, FileRun run, Done done);
  /// Waits for the thread, or does its work: what it gives lies in the mailbox then. Null if that may take too long.
  FileStep* come_back(bool quick) noexcept;
  /// Whether it is open now.
  bool opened(int failed);
  /// A step that failed; or it was closed meanwhile: then this is the end. False: it goes on.
  bool is_over(std::ptrdiff_t result, const char* syscall);
  void destroy(const Error& error);
  void close() noexcept;
  void close_now();
  static void job_of_close(Handle& handle) { static_cast<FileState&>(handle).close_now(); }
  void give_up() noexcept;
  void drop_all() noexcept;
  void settle() noexcept;
  /// A handle or a step less. What nobody can use any more, and does not go on by itself, closes: as when the socket is
  /// gone to or from which it was piped.
  void release() noexcept {
    if (owners == 2 && kept_by_loop && phase == FilePhase::open && !busy && !goes_on_by_itself(*this)) {
      destroy(no_error());
    }
    Handle::release();
  }
  /// In a child of fork() that goes on: a step that was under way is the parent's, and what both would go on with from
  /// there is nobody's. True: none was.
  bool is_mine_after_fork();
  bool is_over() const noexcept { return phase == FilePhase::closed || !loop; }
  bool destroyed() const noexcept { return phase >= FilePhase::closing; }
  Error failure(int number, const char* syscall) const;

  template <unsigned Event, class... Args>
  bool emit_event(const Args&... args) {
    if (!listeners.has(Event)) return false;
    const Ref<FileState> alive(this);
    using Row = typename EventAt<FileEvents, Event>::type;
    return call_listeners_rarely(*this, Event, typename Row::Given(args...).at);
  }
  void tick(void (*step)(FileState&)) {
    if (loop) loop->ticks().push(OwedStep<FileState>{Owing<FileState>(*this), step});
  }
  static constexpr bool minds_listeners(unsigned event) noexcept { return event == file_data; }
  void listener_added(unsigned event) {
    if (event == file_data && data_added) data_added(*this);
  }

  const std::string path;
  Listeners listeners;
  FileHandle file;  // while no thread has it
  Error errored;
  std::uint64_t moved = 0;  // bytes
  std::size_t owed = 0;     // what is queued and may be emitted
  bool (*goes_on_by_itself)(const FileState&) noexcept = nullptr;
  void (*data_added)(FileState&) = nullptr;
  void (*before_close)(FileState&) = nullptr;  // calls whom nobody has called yet
  Position<FilePhase> phase{};
  JobState<FileStep>* under_way_at = nullptr;  // the job, as long as a thread has the file
  std::uint32_t begun_in = 0;                  // the process whose thread has the file
  bool busy = false;                           // a thread has it
  bool close_expected = false;
  bool kept_by_loop = false;  // until 'close' was emitted
};

/// The threads that read and write files: the process's own, made when there is the first, and never joined.
NET_API WorkerPool& file_pool();

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

struct FileReading : FileState {
  static const Operations table;

  FileReading(LoopCore& core, std::string&& name, std::size_t piece_size, std::uint64_t start, std::uint64_t end);

  void begin();
  void read_ahead();
  void came(FileBuffer&& buffer, std::ptrdiff_t size);
  void flow();
  void emit_piece();
  void pause() noexcept { asked = Flow::paused; }
  void resume();
  void flow_soon();
  void drop() noexcept;
  void after_fork();

  // what pipe() asks of a source
  Pipes& ensure_pipes() noexcept { return pipes; }
  void data_listener_removed() noexcept {
    if (!listeners.has(file_data)) data_listening = false;
  }
  template <class F>
  void tick_call(F&& call) {
    if (loop) loop->ticks().push(Tick{Owing<FileReading>(*this), std::forward<F>(call)});
  }

  Pipes pipes;
  FileBuffer piece, spare;
  std::ptrdiff_t piece_bytes = -1;  // that were read, and not emitted; 0 is the end, below that there is nothing
  const std::size_t piece_size;
  const std::uint64_t first;
  std::uint64_t left;  // bytes up to the end that was asked for
  Flow asked = Flow::unset;
  bool data_listening = false;
  bool end_emitted = false;
  bool flow_ticking = false;
};

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif

// A file that is written as a stream: what is written meanwhile waits for the next turn of the thread. Internal.
#ifndef NET_DETAIL_FILE_WRITING_HPP
#define NET_DETAIL_FILE_WRITING_HPP

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

/// How far a file that is written has come to its end.
enum class FileEnd : std::uint8_t {
  open,
  ending,   // end() was called
  written,  // all of it, and the file is closed
  finished  // 'finish' came, or nobody listens to it
};

constexpr bool is_step(FileEnd from, FileEnd to) noexcept { return static_cast<int>(to) == static_cast<int>(from) + 1; }

struct FileWriting : FileState {
  static const Operations table;

  FileWriting(LoopCore& core, std::string&& name, const FileAccess& how, std::size_t mark);

  void begin();
  bool write(std::string_view bytes, WriteCallback callback);
  bool refuse(WriteCallback&& callback);
  void end(WriteCallback callback);
  void end(std::string_view last, WriteCallback callback);
  void go_on();
  void go_on_soon();
  void after_fork();
  void hand_over() noexcept;
  void hand_over_to(FileHandle& handle, bool is_slow) noexcept;
  void written(std::string&& bytes);
  void close_file();
  void call_back();
  void fail_callbacks();
  void drop() noexcept;
  bool ending() const noexcept { return write_end != FileEnd::open; }
  bool finished() const noexcept { return write_end == FileEnd::finished; }
  std::size_t length() const noexcept { return waiting.size() + under_way; }

  /// Whom to call when so many bytes were written.
  struct Waiting {
    std::uint64_t up_to;
    WriteCallback callback;
  };

  const FileAccess access;
  const std::size_t mark;
  std::string waiting, spare;
  std::size_t under_way = 0;
  Queue<Waiting> callbacks;
  Queue<WriteCallback> at_finish;
  bool slow = false;     // writing to it may have to wait for another process
  bool ticking = false;  // it goes on from a tick
  bool need_drain = false;
  Position<FileEnd> write_end{};
};

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif

namespace net::inline NET_ABI::inline NET_MACHINE {

/// Options of a FileReader. `start` and `end` are bytes of the file, both included, as in Node.
struct FileReaderOptions {
  std::uint64_t start = 0;                ///< the first byte
  std::optional<std::uint64_t> end = {};  ///< the last byte; without it the file's last
  std::size_t highWaterMark = 262144;     ///< bytes a piece; two of them are kept at most
};

/// A file that is read as a stream: `net::FileReader("page.html").pipe(socket)`. Threads of the process read it while
/// the loop goes on, never more than two pieces ahead. It is opened at once, and read as soon as it has a 'data'
/// listener or is piped or resumed. After 'end' or an error the file is closed. A handle: copies are the same stream.
/// It goes on without one while it flows. One that is held back closes when its last handle goes: for instance when the
/// socket that it was piped to is gone.
///
/// Events: `open`; `data` (Chunk, a view for the time of the call); `end`: all was read; `error` (const Error&), whose
/// `address()` is the path, and which leaves `run()` if nobody listens; `close`: the last one.
class FileReader : public Emitter<FileReader> {
 public:
  using Events = detail::FileEvents;

  /// All copies are the same reader. A handle that was moved from still refers to it: none is ever empty.
  FileReader(const FileReader&) noexcept = default;
  FileReader& operator=(const FileReader&) noexcept = default;

  /// On this thread's loop, or on `loop`. Throws `ERR_OUT_OF_RANGE` for a mark of 0, `ERR_INVALID_ARG_VALUE` for a
  /// path with a NUL.
  explicit FileReader(std::string path, const FileReaderOptions& options = {})
      : FileReader(Loop::current(), std::move(path), options) {}
  FileReader(Loop& loop, std::string path, const FileReaderOptions& options = {});

  /// Holds 'data' back; what a thread reads already is kept.
  const FileReader& pause() const {
    state_->pause();
    return *this;
  }
  const FileReader& resume() const {
    state_->resume();
    return *this;
  }
  /// Sends all of it to a destination, never faster than that takes it, and ends that behind it unless `{.end = false}`
  /// (S24). A destination is a socket, a FileWriter or another `Writable`.
  template <Writable Destination>
  Destination pipe(Destination destination, PipeOptions options = {.end = true}) const {
    detail::start_pipe<detail::EmitsNothing>(*this, destination, options);
    return destination;
  }
  template <Writable Destination>
  const FileReader& unpipe(const Destination& destination) const {
    detail::unpipe_from<detail::EmitsNothing>(*this, destination);
    return *this;
  }
  const FileReader& unpipe() const {
    detail::unpipe_all(*this);
    return *this;
  }
  /// Reads no more: 'error', if one is given, and 'close' follow.
  const FileReader& destroy() const { return destroy(detail::no_error()); }
  const FileReader& destroy(const Error& error) const {
    state_->destroy(error);
    return *this;
  }

  /// The path that it was made with.
  const std::string& path() const noexcept { return state_->path; }
  /// How many bytes were emitted.
  std::uint64_t bytesRead() const noexcept { return state_->moved; }
  /// Whether 'data' is held back by `pause()`; and whether it flows: nothing, before anybody has asked.
  bool isPaused() const noexcept { return state_->asked == detail::Flow::paused; }
  std::optional<bool> readableFlowing() const noexcept {
    if (state_->asked == detail::Flow::unset) return std::nullopt;
    return state_->asked == detail::Flow::flowing;
  }
  /// Whether 'end' was emitted.
  bool readableEnded() const noexcept { return state_->end_emitted; }
  /// Whether it was destroyed, which it is after 'end' too; and with which error, if with one.
  bool destroyed() const noexcept { return state_->destroyed(); }
  const Error& errored() const noexcept { return state_->errored; }

 private:
  friend class Emitter<FileReader>;
  friend struct detail::Access;

  explicit FileReader(detail::FileReading& state) : state_(&state) {}
  static FileReader from_state(void* state) { return FileReader(*static_cast<detail::FileReading*>(state)); }
  template <fixed_string Name>
  static constexpr void check_event() {
    constexpr bool known = Events::has<Name> && Name.view() != "drain" && Name.view() != "finish";
    static_assert(known, "net::FileReader has no event of that name; it has: open data end error close");
  }

  detail::Ref<detail::FileReading> state_;
};

/// Options of a FileWriter.
struct FileWriterOptions {
  bool append = false;                 ///< behind what is there; otherwise the file is emptied
  bool exclusive = false;              ///< fails with EEXIST if there is a file of that name
  int mode = 0666;                     ///< of a new file, less the process's mask
  std::size_t highWaterMark = 262144;  ///< bytes that may wait before `write` says false
};

/// A file that is written as a stream: `socket.pipe(net::FileWriter("upload"))`. Threads of the process write it while
/// the loop goes on. It is opened at once. A handle: copies are the same stream. What was written or ended is carried
/// out without one; a stream that nobody can write to any more closes, without 'finish'. What has not reached the file
/// when the loop is destroyed or the process ends is written then, without events (S31.7); a FIFO or a device gets what
/// it has space for.
///
/// Events: `open`; `drain`: all that waited is written, after a `write` that said false; `finish`: after `end()`, when
/// all was written and the file was closed without an error; `error` (const Error&), whose `address()` is the path, and
/// which leaves `run()` if nobody listens; `close`: the last one.
class FileWriter : public Emitter<FileWriter> {
 public:
  using Events = detail::FileEvents;

  /// All copies are the same writer. A handle that was moved from still refers to it: none is ever empty.
  FileWriter(const FileWriter&) noexcept = default;
  FileWriter& operator=(const FileWriter&) noexcept = default;

  /// On this thread's loop, or on `loop`. Throws `ERR_OUT_OF_RANGE` for a mark of 0, `ERR_INVALID_ARG_VALUE` for a
  /// path with a NUL.
  explicit FileWriter(std::string path, const FileWriterOptions& options = {})
      : FileWriter(Loop::current(), std::move(path), options) {}
  FileWriter(Loop& loop, std::string path, const FileWriterOptions& options = {});

  /// Takes all the bytes; false: better wait for 'drain'. The callback gets the error, or none when they were written.
  template <class Data, class F = std::nullptr_t>
  bool write(const Data& data, F&& callback = nullptr) const {
    return state_->write(detail::bytes_of(data), detail::write_callback(std::forward<F>(callback)));
  }
  /// No more comes: 'finish' and 'close' follow. The callback is called before 'finish', or with the error.
  template <class F = std::nullptr_t>
    requires(!detail::Payload<F>)
  const FileWriter& end(F&& callback = nullptr) const {
    state_->end(detail::write_callback(std::forward<F>(callback)));
    return *this;
  }
  /// Writes and then ends.
  template <detail::Payload Data, class F = std::nullptr_t>
  const FileWriter& end(const Data& data, F&& callback = nullptr) const {
    state_->end(detail::bytes_of(data), detail::write_callback(std::forward<F>(callback)));
    return *this;
  }
  /// Writes no more: what waits is dropped, its callbacks get `ERR_STREAM_DESTROYED` or the error; 'error', if one is
  /// given, and 'close' follow.
  const FileWriter& destroy() const { return destroy(detail::no_error()); }
  const FileWriter& destroy(const Error& error) const {
    state_->destroy(error);
    return *this;
  }

  /// The path that it was made with.
  const std::string& path() const noexcept { return state_->path; }
  /// How many bytes were written, and how many wait.
  std::uint64_t bytesWritten() const noexcept { return state_->moved; }
  std::size_t writableLength() const noexcept { return state_->length(); }
  /// Whether a `write` said false, and 'drain' has not come since.
  bool writableNeedDrain() const noexcept { return state_->need_drain && !state_->ending(); }
  /// Whether `end()` was called, and whether 'finish' was emitted.
  bool writableEnded() const noexcept { return state_->ending(); }
  bool writableFinished() const noexcept { return state_->finished(); }
  /// Whether it was destroyed, which it is after 'finish' too; and with which error, if with one.
  bool destroyed() const noexcept { return state_->destroyed(); }
  const Error& errored() const noexcept { return state_->errored; }

 private:
  friend class Emitter<FileWriter>;
  friend struct detail::Access;

  explicit FileWriter(detail::FileWriting& state) : state_(&state) {}
  static FileWriter from_state(void* state) { return FileWriter(*static_cast<detail::FileWriting*>(state)); }
  template <fixed_string Name>
  static constexpr void check_event() {
    constexpr bool known = Events::has<Name> && Name.view() != "data" && Name.view() != "end";
    static_assert(known, "net::FileWriter has no event of that name; it has: open drain finish error close");
  }

  detail::Ref<detail::FileWriting> state_;
};

}  // namespace net::inline NET_ABI::inline NET_MACHINE

#endif

// pipeline: a pipe that a task waits for, and that leaves nothing open.
#ifndef NET_PIPELINE_HPP
#define NET_PIPELINE_HPP

// Promise: a task waits for what only a callback tells.
#ifndef NET_PROMISE_HPP
#define NET_PROMISE_HPP

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

/// A task that waits for a promise, among others.
struct PromiseWait {
  PromiseWait() noexcept = default;
  PromiseWait(PromiseWait&&) noexcept {}  // handed on, before it waits
  PromiseWait& operator=(PromiseWait&&) = delete;
  ~PromiseWait() { unlink(); }

  void link_to(PromiseWait*& first) noexcept;
  void unlink() noexcept;

  WaitPlace place;
  PromiseWait* next = nullptr;
  PromiseWait** link = nullptr;
};

/// Shared by the handles of a promise, on the loop of the thread that made it.
struct PromiseState : Handle {
  using Handle::Handle;

  /// The first outcome counts. Who waits goes on from a tick.
  void settle();
  void resume_all();

  bool settled = false;
  Maybe<Error> failure;
  PromiseWait* first = nullptr;
};

template <class T>
struct PromiseResult : PromiseState {
  static constexpr Operations operations_of{
      [](Handle& handle) noexcept { delete static_cast<PromiseResult*>(&handle); }, [](Handle&) noexcept {}};

  explicit PromiseResult(LoopCore& core) : PromiseState(core, operations_of) {}

  Maybe<T> value;
};

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

namespace net::inline NET_ABI::inline NET_MACHINE {

/// `Promise<int> p; ask([p](int answer) { p.resolve(answer); }); int answer = co_await p.wait();` Copies are the same
/// promise (S34.8). Made, settled and awaited on one loop.
template <class T = void>
class Promise : public detail::NeedsCoAwait<T> {
  struct Nothing {};
  using Value = std::conditional_t<std::is_void_v<T>, Nothing, T>;
  using State = detail::PromiseResult<Value>;

 public:
  /// On this thread's loop, or on `loop`.
  Promise() : Promise(Loop::current()) {}
  explicit Promise(Loop& loop) : state_(new State(detail::Access::core(loop))) {}
  /// All copies are the same promise; a handle that was moved from still refers to it.
  Promise(const Promise&) noexcept = default;
  Promise& operator=(const Promise&) noexcept = default;

  /// Who waits goes on with the value, on the next tick. Only the first `resolve` or `reject` counts.
  template <class U = Value>
    requires(!std::is_void_v<T> && std::is_constructible_v<Value, U>)
  void resolve(U&& value) const {
    if (state_->settled) return;
    state_->value.emplace(std::forward<U>(value));
    state_->settle();
  }
  void resolve() const
    requires std::is_void_v<T>
  {
    if (state_->settled) return;
    state_->value.emplace();
    state_->settle();
  }
  /// Refused: what is no value of it.
  template <class... Values>
    requires(std::is_void_v<T> ? sizeof...(Values) > 0
                               : sizeof...(Values) != 1 || !(... && std::is_constructible_v<Value, Values>))
  void resolve(Values&&...) const {
    constexpr bool fits = sizeof...(Values) > 99;
    static_assert(fits, "resolve takes the value: net::Promise<int> has resolve(1), net::Promise<> has resolve()");
  }
  /// Who waits has the error thrown, on the next tick.
  void reject(const Error& error) const {
    if (state_->settled) return;
    state_->failure.emplace(error);
    state_->settle();
  }
  /// Whether `resolve` or `reject` was called.
  bool settled() const noexcept { return state_->settled; }

  class [[nodiscard("write co_await before it")]] Awaiter : public detail::NeedsCoAwait<T> {
   public:
    bool await_ready() const {
      waiting_.require_wanted();
      return state_->settled;
    }
    void await_suspend(std::coroutine_handle<> task) {
      wait_.place.note(waiting_, state_->loop, task);
      wait_.link_to(state_->first);
    }
    T await_resume() {
      waiting_.require_kept();
      if (state_->failure) detail::throw_error(*state_->failure);
      if constexpr (std::is_copy_constructible_v<Value> && !std::is_void_v<T>) {
        return *state_->value;
      } else if constexpr (!std::is_void_v<T>) {
        return std::move(*state_->value);
      }
    }

   private:
    friend class Promise;
    template <class Options>
    Awaiter(const detail::Ref<State>& state, const Options& options) : state_(state), waiting_(options) {}

    detail::Ref<State> state_;
    detail::WaitingTask waiting_;
    detail::PromiseWait wait_;
  };

  /// `T`: the value, a copy for each who waits; one that cannot be copied is for one task. Throws what it was rejected
  /// with; `WaitOptions` end the wait (S34.6).
  template <class Options = detail::WaitBraces>
  Awaiter wait(Options&& options = detail::without_limit) const {
    return {state_, detail::limit_of<Options>(options)};
  }
  /// `co_await promise`: the same as `co_await promise.wait()`.
  Awaiter operator co_await() const { return wait(); }

 private:
  detail::Ref<State> state_;
};

}  // namespace net::inline NET_ABI::inline NET_MACHINE

#endif

// Coroutines over the events: Task, spawn, and what a task can wait for.
#ifndef NET_TASK_HPP
#define NET_TASK_HPP

// Waiting for an event in a coroutine: listeners that resume it, gone when it goes on. Internal.
#ifndef NET_DETAIL_CORO_EVENT_AWAITER_HPP
#define NET_DETAIL_CORO_EVENT_AWAITER_HPP

// Copies of what a listener was given, for the task that it returned. Internal.
#ifndef NET_DETAIL_CORO_KEPT_ARGUMENTS_HPP
#define NET_DETAIL_CORO_KEPT_ARGUMENTS_HPP

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

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

/// The arguments of an event that has several, to be taken apart: `auto [address, port, family] = …`. std::tuple
/// would be 2,000 lines for every user.
template <class...>
struct EventArguments;
template <class A, class B>
struct EventArguments<A, B> {
  A first;
  B second;
};
template <class A, class B, class C>
struct EventArguments<A, B, C> {
  A first;
  B second;
  C third;
};
template <class A, class B, class C, class D>
struct EventArguments<A, B, C, D> {
  A first;
  B second;
  C third;
  D fourth;
};

/// What awaiting an event gives: nothing, the one argument, or all of them.
template <class... Args>
struct EventResult {
  using type = EventArguments<std::remove_cv_t<Args>...>;
};
template <class Arg>
struct EventResult<Arg> {
  using type = std::remove_cv_t<Arg>;
};
template <>
struct EventResult<> {
  using type = void;
};

/// After 'close' nothing comes any more, so nobody may wait for it.
NET_API bool is_over(const Socket& socket);
NET_API bool is_over(const Server& server);
/// Its 'close' has come, though it may listen again and be closed again.
inline bool was_closed(const Socket& socket) { return is_over(socket); }
NET_API bool was_closed(const Server& server);
/// A task waits for 'close': what could keep it away lets it come.
NET_API void expect_close(const Socket& socket);
inline void expect_close(const Server&) noexcept {}
/// The same of 'end'.
NET_API void expect_end(const Socket& socket);
NET_API Error closed_error(const Socket& socket);
NET_API Error closed_error(const Server&);
/// The same of streams that are no sockets.
template <class Stream>
bool is_over(const Stream& stream) {
  return Access::state(stream).is_over();
}
template <class Stream>
bool was_closed(const Stream& stream) {
  return is_over(stream);
}
template <class Stream>
void expect_close(const Stream&) noexcept {}
template <class Stream>
void expect_end(const Stream&) noexcept {}
template <class Stream>
  requires requires(const Stream& stream) { Access::state(stream).closed_error(); }
Error closed_error(const Stream& stream) {
  return Access::state(stream).closed_error();
}
template <class Stream>
Error closed_error(const Stream& stream) {
  return stream.errored() ? stream.errored() : make_error(Errc::ERR_STREAM_PREMATURE_CLOSE);
}

/// The event after which an emitter emits nothing any more.
template <class Emitting>
constexpr std::string_view last_event() {
  using Events = typename Emitting::Events;
  return Events::template has<"close"> ? "close" : Events::template has<"exit"> ? "exit" : "disconnect";
}

/// A coroutine that waits for something on an emitter, which may fail instead: the listeners of 'error' and 'close'.
/// It lives in the waiting frame; if that is destroyed, also by one of its other listeners, the listeners go with it.
template <class Emitting>
class Waiting {
 public:
  template <class Options>
  Waiting(const Emitting& emitter, const Options& options) : listeners_(emitter), limit_(options) {}

 protected:
  const Emitting& emitter() const noexcept { return listeners_.emitter(); }
  void require_wanted() const {
    if (waiter_) throw_waits_already();
    limit_.require_wanted();
  }
  void begin(std::coroutine_handle<> waiter) {
    limit_.start(*Access::state(emitter()).loop, this, [](void* self) { static_cast<Waiting*>(self)->go_on(); });
    waiter_ = waiter;
  }
  void listen_for_error() {
    listeners_.template on<"error">([this](const Error& error) { fail(error); });
  }
  void listen_for_close() {
    const auto closed = [this] { fail(closed_error(emitter())); };
    constexpr std::string_view last = last_event<Emitting>();
    if constexpr (last == "close") {
      listeners_.template on<"close">(closed);
    } else if constexpr (last == "exit") {
      listeners_.template on<"exit">(closed);
    } else {
      listeners_.template on<"disconnect">(closed);
    }
  }
  void fail(const Error& error) {
    failure_.emplace(error);
    go_on();
  }
  void require_kept() const {
    limit_.require_kept();
    if (failure_) throw_error(*failure_);
  }
  /// The last thing that is done here: the frame, and this, may be gone after it.
  void go_on() {
    limit_.stop();
    listeners_.off();
    RunningTask::resume(detail::exchange(waiter_, {}));
  }

  OwnListeners<Emitting> listeners_;
  std::coroutine_handle<> waiter_;
  Maybe<Error> failure_;  // a plain Error allocates, even if it is none
  WaitLimit limit_;
};

template <class Emitting, class Row>
class RowAwaiter;

template <class Emitting, fixed_string Name, class... Args>
class [[nodiscard("write co_await before it")]] RowAwaiter<Emitting, Event<Name, Args...>>
    : public Waiting<Emitting>, public NeedsCoAwait<typename EventResult<Args...>::type> {
  using Base = Waiting<Emitting>;
  using Result = typename EventResult<Args...>::type;
  static constexpr bool is_error = Name.view() == "error";
  static constexpr bool is_close = Name.view() == last_event<Emitting>();
  static constexpr bool can_tell_again = is_close && sizeof...(Args) < 2;  // whether it failed is known later too

 public:
  template <class Options>
  RowAwaiter(const Emitting& emitter, const Options& options) : Base(emitter, options) {}

  bool await_ready() {
    this->require_wanted();
    if (is_close ? !was_closed(this->emitter()) : !is_over(this->emitter())) return false;
    if constexpr (can_tell_again && sizeof...(Args) == 1) {
      result_.emplace(static_cast<bool>(this->emitter().errored()));
    } else if constexpr (!can_tell_again) {
      this->failure_.emplace(closed_error(this->emitter()));
    }
    return true;
  }
  void await_suspend(std::coroutine_handle<> waiter) {
    this->begin(waiter);
    if constexpr (is_close) expect_close(this->emitter());
    if constexpr (Name.view() == "end") expect_end(this->emitter());
    this->listeners_.template on<Name>([this](Args&... args) {
      if constexpr (sizeof...(Args) > 0) result_.emplace(Result{args...});
      (..., give_to_task<std::remove_const_t<Args>>(args));
      this->go_on();
    });
    if constexpr (!is_error) this->listen_for_error();
    if constexpr (!is_close) this->listen_for_close();
  }
  Result await_resume() {
    this->require_kept();
    if constexpr (sizeof...(Args) > 0) return std::move(*result_);
  }

 private:
  struct Nothing {};
  std::conditional_t<sizeof...(Args) == 0, Nothing, Maybe<Result>> result_;
};

template <fixed_string Name, class Emitting>
constexpr auto row_of() {
  constexpr bool known = Emitting::Events::template has<Name>;
  static_assert(known,
                "there is no event of that name; on<\"name\">(listener) of a socket or a server says which there are");
  if constexpr (Emitting::Events::template has<Name>) {
    return std::type_identity<
        typename EventAt<typename Emitting::Events, Emitting::Events::index_of(Name.view())>::type>{};
  } else {
    return std::type_identity<Event<Name>>{};
  }
}

template <fixed_string Name, class Emitting>
using EventAwaiter = RowAwaiter<Emitting, typename decltype(row_of<Name, Emitting>())::type>;

class [[nodiscard("write co_await before it")]] ConnectAwaiter : public EventAwaiter<"connect", Socket>,
                                                                 public NeedsCoAwait<Socket> {
  using Base = EventAwaiter<"connect", Socket>;

 public:
  template <class Options>
  ConnectAwaiter(Socket connecting, const Options& options) : Base(connecting, options) {
    Access::state(connecting).given_to_task();
  }
  ConnectAwaiter(ConnectAwaiter&& other)
      : Base(std::move(other)), connected_(detail::exchange(other.connected_, true)) {}
  ~ConnectAwaiter();

  Socket await_resume();

 private:
  bool connected_ = false;
};

/// Space is announced by 'drain', or, when the end was asked for meanwhile, by 'finish'.
class [[nodiscard("write co_await before it")]] WriteAwaiter : public Waiting<Socket> {
 public:
  template <class Options>
  WriteAwaiter(const Socket& socket, bool has_space, const Options& options)
      : Waiting(socket, options), has_space_(has_space) {}

  bool await_ready() {
    require_wanted();
    return has_space_ || was_refused();
  }
  void await_suspend(std::coroutine_handle<> waiter);
  void await_resume() {
    require_kept();
    has_space_ = true;
  }

 private:
  bool was_refused();

  bool has_space_;
};

class [[nodiscard("write co_await before it")]] SleepAwaiter {
 public:
  template <class Options>
  SleepAwaiter(Loop& loop, Duration length, const Options& options) : loop_(loop), length_(length), limit_(options) {}
  SleepAwaiter(SleepAwaiter&&) = default;
  SleepAwaiter& operator=(SleepAwaiter&&) = delete;
  ~SleepAwaiter() { timer_.close(); }

  bool await_ready() const {
    if (waiter_) throw_waits_already();
    limit_.require_wanted();
    return false;
  }
  void await_suspend(std::coroutine_handle<> waiter);
  void await_resume() const { limit_.require_kept(); }

 private:
  void go_on();

  Loop& loop_;
  Duration length_;
  Timer timer_;
  WaitLimit limit_;
  std::coroutine_handle<> waiter_;
};

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif

// What the frame of a Task carries: its result, and who goes on when it has ended. Internal.
#ifndef NET_DETAIL_CORO_TASK_PROMISE_HPP
#define NET_DETAIL_CORO_TASK_PROMISE_HPP

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

/// A callable that lives as long as one of the tasks that it began (S34.1).
struct KeptCallable {
  std::size_t owners = 0;
  void (*destroy)(KeptCallable&) noexcept = nullptr;

  void retain() noexcept { ++owners; }
  void release() noexcept {
    if (--owners == 0) destroy(*this);
  }
};

template <class F>
struct Kept : KeptCallable {
  F call;

  template <class G>
  explicit Kept(G&& g) : call(std::forward<G>(g)) {
    destroy = [](KeptCallable& self) noexcept { delete static_cast<Kept*>(&self); };
  }
};

/// A task on its own. The loop keeps it, so that one that is never resumed is destroyed with the loop.
struct Spawned : Handle, TaskEnd {
  static const Operations table;

  Spawned(LoopCore& core, std::coroutine_handle<> task, Ref<KeptCallable> kept);

  /// The task has ended. The exception leaves run() from a tick, when the frame and all that it held is gone.
  void finish(std::exception_ptr thrown);
  void abandon();

  std::coroutine_handle<> frame;
  Ref<KeptCallable> callable;  // what the frame may refer to
};

struct TaskPromiseBase : TaskLinks {
  /// Whoever waits goes on behind the call that resumed this frame, so that a chain of tasks needs no stack to end; here,
  /// if that call was not the library's. No symmetric transfer, which only optimised builds turn into a jump. It may
  /// destroy this frame: nothing here may be touched afterwards.
  struct Final {
    bool await_ready() const noexcept { return false; }
    template <class P>
    void await_suspend(std::coroutine_handle<P> frame) const noexcept {
      TaskPromiseBase& its = frame.promise();
      if (!its.awaited) {
        if (its.end) its.end->ended(*its.end, its);
      } else if (its.caller) {
        RunningTask::resume_after(frame, std::coroutine_handle<>::from_address(its.caller));
      }
    }
    void await_resume() const noexcept {}
  };

  std::suspend_always initial_suspend() const noexcept { return {}; }
  Final final_suspend() const noexcept { return {}; }
  void unhandled_exception() noexcept { thrown = std::current_exception(); }
  template <class Promise>
  static std::coroutine_handle<Promise> note_frame(Promise& promise) noexcept {
    const auto own = std::coroutine_handle<Promise>::from_promise(promise);
    promise.frame = own;
    return own;
  }

  std::exception_ptr thrown;
};

[[noreturn]] NET_API void throw_awaited();
[[noreturn]] NET_API void throw_moved_away();
/// Runs a task on its own; the loop keeps it, and the task keeps the callable.
NET_API void spawn_task(LoopCore& core, std::coroutine_handle<> frame, TaskPromiseBase& promise,
                        Ref<KeptCallable> callable);

template <class T, class Task>
struct TaskPromise : TaskPromiseBase {
  Task get_return_object() noexcept { return Task(note_frame(*this)); }
  template <class U = T>
  void return_value(U&& result) {
    value.emplace(std::forward<U>(result));
  }
  T take() {
    if (thrown) std::rethrow_exception(detail::exchange(thrown, {}));
    return std::move(*value);
  }

  Maybe<T> value;
};

template <class Task>
struct TaskPromise<void, Task> : TaskPromiseBase {
  Task get_return_object() noexcept { return Task(note_frame(*this)); }
  void return_void() const noexcept {}
  void take() {
    if (thrown) std::rethrow_exception(detail::exchange(thrown, {}));
  }
};

template <class R>
concept TaskLike =
    requires { typename R::promise_type; } && std::derived_from<typename R::promise_type, TaskPromiseBase>;

template <class F>
concept ReturnsTask = requires(std::decay_t<F>& callable) {
  { callable() } -> TaskLike;
};

/// What somebody may have taken for one: a callable beside its arguments, or anything alone.
template <class F, class... Args>
concept NoTask = (sizeof...(Args) == 0 && !ReturnsTask<F>) ||
                 (sizeof...(Args) > 0 && requires(std::decay_t<F>& callable, Args&&... args) {
                   { callable(static_cast<Args&&>(args)...) } -> TaskLike;
                 });

/// What nobody else's function of the name takes beside the library's types: a task, a wait, or something to call.
template <class F>
concept MeansTask = TaskLike<std::remove_cvref_t<F>> || std::invocable<std::decay_t<F>&> ||
                    requires(std::remove_reference_t<F>& wait) { wait.await_ready(); };

/// For what is none: the compiler says what to write.
template <class F, class... Args>
constexpr void require_task() {
  constexpr bool called = sizeof...(Args) == 0;
  static_assert(called, "spawn takes no arguments of a task: call it, net::spawn(f(socket))");
  if constexpr (called && TaskLike<std::remove_cvref_t<F>>) {
    constexpr bool moved = !std::is_lvalue_reference_v<F>;
    static_assert(moved, "a task that has a name is moved: std::move(task)");
    constexpr bool gives_nothing = std::is_void_v<F>;
    static_assert(!moved || gives_nothing, "spawn takes a Task<>: nobody gets the result of this one");
  } else if constexpr (called) {
    constexpr bool is_task = std::is_void_v<F>;
    static_assert(is_task, "spawn takes a Task<>, or what returns one: net::spawn([=]() -> net::Task<> { ... })");
  }
}

/// The library's own way to the frame of a task.
struct TaskUse {
  /// Throws for one that runs already, or has ended: it has to go on where it was awaited, or not at all.
  template <class Task>
  static auto take(Task& task) {
    if (task.frame_ && task.frame_.promise().awaited) throw_awaited();
    return detail::exchange(task.frame_, {});
  }
  /// False: it is no task, or one that was moved away.
  template <TaskLike Task>
  static bool spawn(LoopCore& core, Task&& task, Ref<KeptCallable> callable) {
    const auto frame = take(task);
    if (frame) spawn_task(core, frame, frame.promise(), std::move(callable));
    return static_cast<bool>(frame);
  }
};

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

namespace net::inline NET_ABI::detail {

/// What a task refers to of the listener that began it: the callable, and copies of what it was given.
template <class F, class Arguments>
struct KeptWithArguments : KeptCallable {
  Ref<Kept<F>> callable;
  Arguments given;

  KeptWithArguments(Ref<Kept<F>> called, void* const* args) : callable(std::move(called)), given(args) {
    destroy = [](KeptCallable& self) noexcept { delete static_cast<KeptWithArguments*>(&self); };
  }
};

/// S34.1: a listener that returns a task has it spawned, and lives as long as the last of them, as what it is given
/// does.
template <TaskLike Task>
struct ListenerResult<Task> {
  template <class F, class Call>
  static constexpr bool lasts = refer_to_no_others(typename Parameters<F>::Types{}, Call::given());

  template <class F>
  class Held {
   public:
    template <class G>
    explicit Held(G&& g) : kept_(new Kept<F>(std::forward<G>(g))) {}
    const Ref<Kept<F>>& kept() const noexcept { return kept_; }

   private:
    Ref<Kept<F>> kept_;
  };

  template <class Listener, class F>
  static void call(const Held<F>& held, void* state, void* const* args) {
    const Ref<Kept<F>> kept = held.kept();
    LoopCore* loop = nullptr;
    Listener::each_handle(state, args, [&loop](const auto& handle) {
      if (!loop) loop = Access::state(handle).loop;
      give_to_task(handle);
    });
    using Arguments = typename Listener::template TakenIn<KeptArguments>;
    constexpr typename Listener::Indices taken;
    if constexpr (Arguments::any) {
      const Ref<KeptWithArguments<F, Arguments>> both(new KeptWithArguments<F, Arguments>(kept, args));
      TaskUse::spawn(*loop, Listener::call_with(kept->call, state, both->given.at, taken), both);
    } else {
      TaskUse::spawn(*loop, Listener::call_with(kept->call, state, args, taken), kept);
    }
  }
};

}  // namespace net::inline NET_ABI::detail

#endif

namespace net::inline NET_ABI::inline NET_MACHINE {

/// A coroutine that waits with `co_await` and ends with `co_return`. It starts when it is awaited, or handed to
/// `spawn`, or returned by a listener (S34.1); an exception that escapes it arrives where it is awaited. Dropping a
/// task destroys it where it stands.
///
/// Its parameters are values: a `Socket` is cheap to copy. One that takes a handle by reference, or a Chunk, does not
/// compile (S34.2). What else it takes by reference, or as a view, has to last as long as it runs.
template <class T = void>
class [[nodiscard("write co_await before it, or give it to net::spawn")]] Task : public detail::NeedsCoAwait<T> {
  static_assert(!std::is_reference_v<T>, "a task returns a value; return a pointer for a reference");

 public:
  using promise_type = detail::TaskPromise<T, Task>;

  /// No task: awaiting it throws `ERR_INVALID_STATE`, as awaiting one that was moved away does.
  Task() noexcept = default;
  explicit Task(std::coroutine_handle<promise_type> frame) noexcept : frame_(frame) {}
  Task(Task&& other) noexcept : frame_(detail::exchange(other.frame_, {})) {}
  Task& operator=(Task&& other) noexcept {
    if (this != &other) {
      destroy();
      frame_ = detail::exchange(other.frame_, {});
    }
    return *this;
  }
  ~Task() { destroy(); }

  /// Runs the task; its result, or its exception. Awaited again it throws `ERR_INVALID_STATE`: the result was given
  /// away.
  auto operator co_await() const noexcept { return Awaiter{frame_}; }

 private:
  friend struct detail::TaskUse;

  struct Awaiter {
    std::coroutine_handle<promise_type> frame;

    bool await_ready() const {
      if (!frame) return true;
      detail::TaskLinks& task = frame.promise();
      if (detail::exchange(task.awaited, true)) detail::throw_awaited();
      task.caller = nullptr;
      return frame.done();
    }
    /// A task that ends without waiting does not suspend its caller: a loop of them needs no stack.
    template <class Promise>
    bool await_suspend(std::coroutine_handle<Promise> caller) const {
      const detail::RunningTask running(frame);
      frame.resume();
      if (running.dooms_any()) return true;  // nobody goes on with a task that was destroyed
      if (frame.done()) return false;
      detail::TaskLinks& task = frame.promise();
      task.caller = caller.address();
      if constexpr (std::is_base_of_v<detail::TaskLinks, Promise>) {
        task.outer = &caller.promise();
        task.outer->inner = &task;
      }
      return true;
    }
    T await_resume() const {
      if (!frame) detail::throw_moved_away();
      auto& promise = frame.promise();
      if (promise.outer) detail::exchange(promise.outer, nullptr)->inner = nullptr;
      return promise.take();
    }
  };

  void destroy() noexcept {
    if (frame_) detail::destroy_task(frame_.promise());
  }

  std::coroutine_handle<promise_type> frame_;
};

}  // namespace net::inline NET_ABI::inline NET_MACHINE

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

/// Whether it is a handle, which listeners are lent by reference.
template <class Value>
inline constexpr bool is_lent = false;
template <class Value>
  requires(std::is_class_v<Value> && requires { sizeof(Value); } && std::is_base_of_v<Emitter<Value>, Value>)
inline constexpr bool is_lent<Value> = true;

template <class Parameter, class Value = std::remove_cvref_t<Parameter>>
inline constexpr bool is_borrowed = std::is_same_v<Value, Chunk> || (std::is_reference_v<Parameter> && is_lent<Value>);

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

namespace net::inline NET_ABI::inline NET_MACHINE {

/// Runs a task on the loop by itself: at once, up to its first wait. An exception that escapes it leaves `run()`,
/// when its frame is gone. It does not keep the loop alive, what it waits for does; what it never waited through is
/// destroyed with its loop. Throws `ERR_INVALID_STATE` if it was awaited already, or moved away.
NET_API void spawn(Loop& loop, Task<>&& task);
/// The same on this thread's loop.
NET_API void spawn(Task<>&& task);

/// The same with what returns a task: `spawn([=]() -> Task<> { … })`. The callable, and so its captures, live until the
/// task has ended (S34.1).
template <detail::ReturnsTask F>
void spawn(Loop& loop, F&& callable) {
  const detail::Ref<detail::Kept<std::decay_t<F>>> kept(new detail::Kept<std::decay_t<F>>(std::forward<F>(callable)));
  detail::TaskUse::spawn(detail::Access::core(loop), kept->call(), kept);
}
template <detail::ReturnsTask F>
void spawn(F&& callable) {
  spawn(Loop::current(), std::forward<F>(callable));
}

/// Refused: what is no task, or one that has a name and is not moved.
template <class F, class... Args>
  requires(detail::NoTask<F, Args...> && (sizeof...(Args) > 0 || detail::MeansTask<F>) && !std::same_as<F, Task<>>)
void spawn(F&&, Args&&...) {
  detail::require_task<F, Args...>();
}
template <class F, class... Args>
  requires(detail::NoTask<F, Args...> && (sizeof...(Args) > 0 || detail::MeansTask<F>) && !std::same_as<F, Task<>>)
void spawn(Loop&, F&&, Args&&...) {
  detail::require_task<F, Args...>();
}

/// `co_await once<"connect">(socket)`: waits for an event of a socket, a server or any other emitter. The result is
/// what its listeners are given: nothing, a value, or several for `auto [a, b, c]`; views among them are valid until
/// the next wait. Throws the Error if 'error' comes first, and `ERR_SOCKET_CLOSED`, `ERR_SERVER_NOT_RUNNING` or
/// `ERR_IPC_CHANNEL_CLOSED` if the last event does.
/// `WaitOptions`, also in braces, end the wait (S34.6), here and below.
template <fixed_string Name, class Emitting, class Options = detail::WaitBraces>
auto once(const Emitting& emitter, Options&& options = detail::without_limit) {
  return detail::EventAwaiter<Name, Emitting>(emitter, detail::limit_of<Options>(options));
}
/// Refused: the name as an argument.
template <class First, detail::TextArgument Second, class... More>
detail::SleepAwaiter once(First&&, Second&&, More&&...) {
  constexpr bool name_before_the_parenthesis = std::is_void_v<First>;
  static_assert(name_before_the_parenthesis,
                "write the name of the event before the parenthesis: once<\"data\">(socket)");
  return detail::SleepAwaiter(Loop::current(), 0, detail::without_limit);
}

/// `Socket socket = co_await connected(8000)`: a socket that is connected. Takes a port and a host, a path, or options,
/// and throws the Error that connecting fails with. If the task is destroyed meanwhile, or the wait is given up, so is
/// the socket.
template <class Options = detail::BracedConnectOptions, class Wait = detail::WaitBraces>
  requires detail::OptionsOrBraces<Options, ConnectOptions, detail::BracedConnectOptions>
detail::ConnectAwaiter connected(Loop& loop, Options&& options, Wait&& wait = detail::without_limit) {
  detail::require_lasting<Options>();
  return detail::ConnectAwaiter(createConnection(loop, options), detail::limit_of<Wait>(wait));
}
template <class Options = detail::BracedConnectOptions, class Wait = detail::WaitBraces>
  requires detail::OptionsOrBraces<Options, ConnectOptions, detail::BracedConnectOptions>
detail::ConnectAwaiter connected(Options&& options, Wait&& wait = detail::without_limit) {
  return connected(Loop::current(), std::forward<Options>(options), std::forward<Wait>(wait));
}
template <class Wait = detail::WaitBraces>
detail::ConnectAwaiter connected(int port, std::string_view host = "localhost", Wait&& wait = detail::without_limit) {
  return detail::ConnectAwaiter(createConnection(port, host), detail::limit_of<Wait>(wait));
}
template <class Wait = detail::WaitBraces>
  requires(!std::integral<std::remove_cvref_t<Wait>>)
detail::ConnectAwaiter connected(std::string_view path, Wait&& wait = detail::without_limit) {
  return detail::ConnectAwaiter(createConnection(path), detail::limit_of<Wait>(wait));
}
/// Refused: arguments in another order.
template <detail::TextArgument Host, std::integral Port, class... More>
detail::ConnectAwaiter connected(Host&&, Port, More&&...) {
  constexpr bool port_first = std::is_void_v<Host>;
  static_assert(port_first, "the port comes first: connected(80, \"127.0.0.1\")");
  return detail::ConnectAwaiter(Socket(), detail::without_limit);
}
/// Refused: a listener.
template <std::convertible_to<int> Port, class Listener>
  requires(!std::convertible_to<Listener, std::string_view>)
detail::ConnectAwaiter connected(Port&&, Listener&&) {
  constexpr bool host_second = std::is_void_v<Port>;
  static_assert(host_second, "connected takes (port, host), (path) or options in braces, and gives what is awaited");
  return detail::ConnectAwaiter(Socket(), detail::without_limit);
}

/// `co_await write(socket, data)`: writes at once, as `Socket::write` does, and comes back when there is space for
/// more: immediately, or with 'drain'. Throws the Error if the socket fails or is closed first.
template <class Data, class Options = detail::WaitBraces>
detail::WriteAwaiter write(const Socket& socket, Data&& data, Options&& options = detail::without_limit) {
  const auto& limit = detail::limit_of<Options>(options);
  const bool has_space = socket.write(std::forward<Data>(data));
  return detail::WriteAwaiter(socket, has_space, limit);
}

/// `co_await sleep(100)`: goes on after so long, at least 1 ms, as `setTimeout` counts it.
template <class Options = detail::WaitBraces>
detail::SleepAwaiter sleep(Duration length, Options&& options = detail::without_limit) {
  return detail::SleepAwaiter(Loop::current(), length, detail::limit_of<Options>(options));
}

}  // namespace net::inline NET_ABI::inline NET_MACHINE

// What a task takes is there as long as it runs.
template <class T, class... Parameters>
struct std::coroutine_traits<net::Task<T>, Parameters...> {
  static constexpr bool lasts = !(... || net::detail::is_borrowed<Parameters>);
  static_assert(lasts,
                "take it by value: this parameter of a task is gone when the task goes on; a net::Socket or net::Server "
                "itself, and a std::string for a net::Chunk (S34.2)");
  using promise_type = typename net::Task<T>::promise_type;
};

#endif

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

/// What can be piped, and what it can be piped to, that the library knows the end of.
template <class Stream>
concept PipelineEnd =
    std::same_as<Stream, Socket> || std::same_as<Stream, FileReader> || std::same_as<Stream, FileWriter>;

/// Both ends of a pipeline. Unless all has arrived they are destroyed with it.
template <class Source, class Destination>
struct PipelineEnds {
  PipelineEnds(const Source& source, const Destination& destination) : from(source), to(destination) {
    from.template on<"error">([this](const Error& error) { over.reject(error); });
    from.template on<"close">([this] {
      if (!from.emitter().readableEnded()) over.reject(make_error(Errc::ERR_STREAM_PREMATURE_CLOSE));
    });
    to.template on<"error">([this](const Error& error) { over.reject(error); });
    to.template on<"finish">([this] {
      if (from.emitter().readableEnded()) over.resolve();  // somebody else may have ended it before
    });
    to.template on<"close">([this] { over.reject(make_error(Errc::ERR_STREAM_PREMATURE_CLOSE)); });
  }
  PipelineEnds(const PipelineEnds&) = delete;
  PipelineEnds& operator=(const PipelineEnds&) = delete;
  ~PipelineEnds() {
    from.off();
    to.off();
    if (arrived) return;
    undo_or_give_up(Access::state(from.emitter()), [this] { from.emitter().destroy(); });
    undo_or_give_up(Access::state(to.emitter()), [this] { to.emitter().destroy(); });
  }

  OwnListeners<Source> from;
  OwnListeners<Destination> to;
  Promise<> over;
  bool arrived = false;
};

template <class Source, class Destination>
Task<> run_pipeline(Source source, Destination destination, WaitOptions options) {
  PipelineEnds<Source, Destination> ends(source, destination);
  if (source.destroyed() && !source.readableEnded()) throw_error(closed_error(source));
  if (destination.destroyed()) throw_error(closed_error(destination));
  source.pipe(destination);
  co_await ends.over.wait(options);
  ends.arrived = true;
}

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

namespace net::inline NET_ABI::inline NET_MACHINE {

/// `co_await pipeline(client, net::FileWriter("upload"))`: pipes a socket or a file into another one, and waits until
/// all has been written: for 'finish'. If one of them fails, or closes before, both are destroyed, and the error is
/// thrown: `ERR_STREAM_PREMATURE_CLOSE` if there is none, as Node's `stream.pipeline` has it. They are destroyed as
/// well if the wait is given up, by its `WaitOptions` or because the task goes.
template <detail::PipelineEnd From, detail::PipelineEnd To, class Limit = detail::WaitBraces>
Task<> pipeline(const From& source, const To& destination, Limit&& options = detail::without_limit) {
  return detail::run_pipeline(source, destination, WaitOptions(detail::limit_of<Limit>(options)));
}

}  // namespace net::inline NET_ABI::inline NET_MACHINE

#endif

// Reading a socket in a coroutine: one thing at a time, in order.
#ifndef NET_READER_HPP
#define NET_READER_HPP

// What a reader has received, and nobody has taken. Internal.
#ifndef NET_DETAIL_CORO_RECEIVED_BYTES_HPP
#define NET_DETAIL_CORO_RECEIVED_BYTES_HPP

namespace net::inline NET_ABI::detail {

/// A view of what was taken last stays valid until more is added, or `settle` is called. So the bytes are copied into
/// memory of its own. Large ones need not be: the task that gets them asks again at once, most of the time, and if it
/// does not, the buffer that they were read into becomes its own.
class ReceivedBytes {
 public:
  /// Fewer are copied: a buffer is too much to be kept for them.
  static constexpr std::size_t large = 4096;

  ReceivedBytes() noexcept = default;
  ReceivedBytes(const ReceivedBytes&) = delete;
  ReceivedBytes& operator=(const ReceivedBytes&) = delete;
  ~ReceivedBytes() {
    ::operator delete(own_);
    ::operator delete(aside_);
  }

  std::string_view rest() const noexcept { return rest_; }
  void skip(std::size_t bytes) noexcept { rest_.remove_prefix(bytes); }

  /// Copies them behind the rest.
  void add(std::string_view bytes) {
    if (!rest_.empty() || bytes.size() - 1 >= capacity_) [[unlikely]]
      return add_slowly(bytes);
    std::memmove(own_, bytes.data(), bytes.size());
    rest_ = {own_, bytes.size()};
  }

  /// The same when nobody has asked for them: views that somebody has stay valid, until `settle`.
  void add_unasked(std::string_view bytes);

  /// The rest is these bytes, where they are; there is no other. False: they cannot be kept if need be.
  bool borrow(std::string_view bytes, ReceiveBuffer& from) {
    if (!from.lend(bytes.data())) return false;
    rest_ = bytes;
    return true;
  }
  /// What of it is left moves to memory of its own; who has got views has them no more.
  void own_rest();
  /// What was borrowed stays where it is.
  void keep(ReceiveBuffer& from) noexcept { kept_ = from.keep(); }
  /// Whether it has memory for views alone.
  bool keeps() const noexcept { return aside_ || kept_.begin; }
  /// Gives back what it keeps; the rest is in memory of its own then, and nobody has views.
  void settle(ReceiveBuffer& to);
  /// The same at the end, when nobody wants the rest.
  void give_back(ReceiveBuffer& to) noexcept {
    if (kept_.begin) to.take_back(std::move(kept_));
  }

 private:
  void add_slowly(std::string_view bytes);
  bool is_own(const char* bytes) const noexcept {
    return reinterpret_cast<std::uintptr_t>(bytes) - reinterpret_cast<std::uintptr_t>(own_) < capacity_;
  }

  std::string_view rest_;
  char* own_ = nullptr;
  std::size_t capacity_ = 0;
  char* aside_ = nullptr;  // it was its own
  PageBuffer kept_;
};

}  // namespace net::inline NET_ABI::detail

#endif

namespace net::inline NET_ABI {

/// The order of the bytes of a number: `big` is that of the network.
enum class Endian : std::uint8_t { big, little };

}  // namespace net::inline NET_ABI

namespace net::inline NET_ABI::detail {

/// What a reader is asked for.
struct ReadRequest {
  enum class Kind : std::uint8_t { chunk, exact, line, delimited, prefixed };

  Kind kind = Kind::chunk;
  Endian endian = Endian::big;
  std::uint8_t prefix = 0;  // bytes of the length in front
  std::size_t amount = 0;   // so many bytes, or no more than these
  const std::string* delimiter = nullptr;
};

/// The number that these bytes are.
NET_API std::uint64_t number_of(std::string_view bytes, Endian endian) noexcept;

/// How a result is made of the bytes that were found.
struct AsChunk {
  using type = Chunk;
  static Chunk of(std::string_view bytes, Endian) noexcept { return bytes; }
};
struct AsString {
  using type = std::string;
  static std::string of(std::string_view bytes, Endian) { return std::string(bytes); }
};
template <class T>
struct AsNumber {
  using type = T;
  static T of(std::string_view bytes, Endian endian) noexcept { return static_cast<T>(number_of(bytes, endian)); }
};

}  // namespace net::inline NET_ABI::detail

namespace net::inline NET_ABI::inline NET_MACHINE {

/// Options of a Reader.
struct ReaderOptions {
  Duration lingering = 30000;  ///< how long what still comes is thrown away, once this side has ended (S34.5)
};

/// What a socket receives, awaited. Between two waits the socket is paused, so that what the task does not take
/// stays with the other side. One task reads at a time. The reader hears the socket's errors: they are thrown by the
/// next wait, and so is `ERR_STREAM_PREMATURE_CLOSE` if the socket was closed before its end came.
///
/// It does not own the socket. When it goes before the end, another reader, a listener or `pipe` goes on where it
/// stopped. If there is none, and this side has ended, what the other side still sends is thrown away until that ends
/// too, for `lingering` and 16 MiB at most; then the socket is destroyed. If it has not ended, the socket is destroyed
/// with its last handle (S34.5). A task that has ended its side and waits for 'close' beside its reader waits no longer
/// either: the reader keeps what still comes, 1 MiB at most. An error then ends no program: 'close' shows it.
///
/// Each function takes `WaitOptions` last, also in braces: `co_await reader.readLine(100, {.timeout = 5s})` (S34.6).
class Reader {
  template <class As>
  class Awaiter;
  template <class As>
  class DelimitedAwaiter;

 public:
  /// Pauses the socket until the first wait. Throws `ERR_OUT_OF_RANGE` for a `lingering` below 0 or without end.
  explicit Reader(const Socket& socket, const ReaderOptions& options = {});
  /// Refused: what is no socket.
  template <class Other>
    requires(!std::is_convertible_v<const Other&, const Socket&>)
  explicit Reader(const Other&, const ReaderOptions& = {}) : listeners_(Socket()) {
    constexpr bool is_socket = std::is_void_v<Other>;
    static_assert(is_socket, "a reader reads a net::Socket; one that is optional is *socket");
  }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;
  /// Calls nobody. A task that waits for it has `ERR_STREAM_PREMATURE_CLOSE` thrown, from a tick.
  ~Reader();

  /// `std::optional<Chunk>`: what is there, at least a byte; empty at the end. A view, until the reader is asked again.
  template <class Options = detail::WaitBraces>
  auto next(Options&& options = detail::without_limit) {
    return wait_for<detail::AsChunk>({}, std::forward<Options>(options));
  }
  /// `std::optional<std::string>`: exactly so many bytes; empty at the end. Throws `ERR_STREAM_PREMATURE_CLOSE` if that
  /// comes in their middle, as all that follow do.
  template <class Options = detail::WaitBraces>
  auto read(std::size_t n, Options&& options = detail::without_limit) {
    return wait_for<detail::AsString>({.kind = Kind::exact, .amount = n}, std::forward<Options>(options));
  }
  /// `std::optional<std::string>`: a line without its line feed, and without a carriage return before that; empty at
  /// the end. What stands before the end without a line feed is a line too. Throws EMSGSIZE for a line of more bytes
  /// than the limit; then the reader stays where it is.
  template <class Options = detail::WaitBraces>
  auto readLine(std::size_t limit, Options&& options = detail::without_limit) {
    return wait_for<detail::AsString>({.kind = Kind::line, .amount = limit}, std::forward<Options>(options));
  }
  /// Refused: a line without a limit.
  template <class Unused = void>
  void readLine() {
    constexpr bool limited = !std::is_void_v<Unused>;
    static_assert(limited, "readLine takes a limit, in bytes: readLine(4096)");
  }
  /// `std::optional<std::string>`: what stands before the delimiter, which is taken too; empty at the end. Throws
  /// EMSGSIZE for more bytes than the limit, `ERR_STREAM_PREMATURE_CLOSE` if the end comes first, and
  /// `ERR_INVALID_ARG_VALUE` for an empty delimiter.
  template <class Options = detail::WaitBraces>
  auto readUntil(std::string_view delimiter, std::size_t limit, Options&& options = detail::without_limit) {
    return wait_until<detail::AsString>(delimiter, limit, std::forward<Options>(options));
  }
  /// The same up to one byte.
  template <std::same_as<char> Char, class Options = detail::WaitBraces>
  auto readUntil(Char delimiter, std::size_t limit, Options&& options = detail::without_limit) {
    return wait_until<detail::AsString>({&delimiter, 1}, limit, std::forward<Options>(options));
  }
  /// `std::optional<std::string>`: of a length of so many bytes, 1 to 8, and then so many bytes, the latter; empty at
  /// the end. Throws EMSGSIZE for more than the limit, `ERR_STREAM_PREMATURE_CLOSE` for an end in the middle, and
  /// `ERR_OUT_OF_RANGE` for a length that is not of 1 to 8 bytes.
  template <class Options = detail::WaitBraces>
  auto readPrefixed(int bytes, Endian endian, std::size_t limit, Options&& options = detail::without_limit) {
    return wait_for<detail::AsString>(prefixed(bytes, endian, limit), std::forward<Options>(options));
  }

  /// Refused: no loop waits by itself.
  template <class Unused = void>
  const Chunk* begin() {
    constexpr bool awaited = !std::is_void_v<Unused>;
    static_assert(awaited, "write while (auto chunk = co_await reader.next()) { ... }");
    return nullptr;
  }
  /// Refused: as the above.
  const Chunk* end();
  template <class Unused = void>
  detail::NoWait operator co_await() const {
    constexpr bool is_wait = !std::is_void_v<Unused>;
    static_assert(is_wait, "a reader is asked: co_await reader.next(), co_await reader.readLine(4096)");
    return {};
  }
  /// Refused: how much is missing, or stands elsewhere.
  template <class Unused = void>
  void read() {
    constexpr bool counted = !std::is_void_v<Unused>;
    static_assert(counted, "read takes the number of bytes, read(16); what is there comes by next()");
  }
  template <class Memory, class... More>
    requires(std::is_pointer_v<std::decay_t<Memory>>)
  void read(Memory&&, More&&...) {
    constexpr bool counted = std::is_void_v<Memory>;
    static_assert(counted, "read takes the number of bytes, and gives a string: auto text = co_await reader.read(16)");
  }
  template <class Delimiter>
  void readUntil(Delimiter&&) {
    constexpr bool limited = std::is_void_v<Delimiter>;
    static_assert(limited, "readUntil takes a delimiter and a limit, in bytes: readUntil(\"\\r\\n\\r\\n\", 8192)");
  }
  template <std::integral Limit, detail::TextArgument Delimiter, class... More>
  void readUntil(Limit, Delimiter&&, More&&...) {
    constexpr bool limited = std::is_void_v<Delimiter>;
    static_assert(limited, "the delimiter comes first: readUntil(\"\\r\\n\\r\\n\", 8192)");
  }
  template <std::integral Bytes, class Limit = int>
    requires(!std::same_as<std::remove_cvref_t<Limit>, Endian>)
  void readPrefixed(Bytes, Limit&& = 0) {
    constexpr bool limited = std::is_void_v<Limit>;
    static_assert(
        limited,
        "readPrefixed takes the length's bytes, their order and a limit: readPrefixed(4, net::Endian::big, 65536)");
  }

  /// `std::optional<Chunk>`: the same as views, for who counts allocations: valid until the reader is asked again.
  template <class Options = detail::WaitBraces>
  auto readView(std::size_t n, Options&& options = detail::without_limit) {
    return wait_for<detail::AsChunk>({.kind = Kind::exact, .amount = n}, std::forward<Options>(options));
  }
  template <class Options = detail::WaitBraces>
  auto readLineView(std::size_t limit, Options&& options = detail::without_limit) {
    return wait_for<detail::AsChunk>({.kind = Kind::line, .amount = limit}, std::forward<Options>(options));
  }
  template <class Options = detail::WaitBraces>
  auto readUntilView(std::string_view delimiter, std::size_t limit, Options&& options = detail::without_limit) {
    return wait_until<detail::AsChunk>(delimiter, limit, std::forward<Options>(options));
  }
  template <class Options = detail::WaitBraces>
  auto readPrefixedView(int bytes, Endian endian, std::size_t limit, Options&& options = detail::without_limit) {
    return wait_for<detail::AsChunk>(prefixed(bytes, endian, limit), std::forward<Options>(options));
  }

  /// `std::optional<std::uint8_t>` and so on: a number without a sign, of so many bits; empty at the end.
  template <class Options = detail::WaitBraces>
  auto readUint8(Endian endian = Endian::big, Options&& options = detail::without_limit) {
    return number<std::uint8_t>(endian, std::forward<Options>(options));
  }
  template <class Options = detail::WaitBraces>
  auto readUint16(Endian endian = Endian::big, Options&& options = detail::without_limit) {
    return number<std::uint16_t>(endian, std::forward<Options>(options));
  }
  template <class Options = detail::WaitBraces>
  auto readUint32(Endian endian = Endian::big, Options&& options = detail::without_limit) {
    return number<std::uint32_t>(endian, std::forward<Options>(options));
  }
  template <class Options = detail::WaitBraces>
  auto readUint64(Endian endian = Endian::big, Options&& options = detail::without_limit) {
    return number<std::uint64_t>(endian, std::forward<Options>(options));
  }

 private:
  using Kind = detail::ReadRequest::Kind;
  using Note = detail::ReaderNote;

  template <class As>
  class [[nodiscard("write co_await before it")]] Awaiter
      : public detail::NeedsCoAwait<std::optional<typename As::type>> {
   public:
    bool await_ready() {
      waiting_.require_wanted();
      return reader_.prepare(request_);
    }
    void await_suspend(std::coroutine_handle<> task) { reader_.wait(waiting_, task); }
    std::optional<typename As::type> await_resume() {
      if (!waiting_.kept()) reader_.throw_not_kept(waiting_);
      if (!reader_.has_found()) return reader_.require_end(), std::nullopt;
      return As::of(reader_.take(), request_.endian);
    }

   private:
    friend class Reader;
    template <class Options>
    Awaiter(Reader& reader, const detail::ReadRequest& request, const Options& options)
        : reader_(reader), request_(request), waiting_(options) {}

    Reader& reader_;
    detail::ReadRequest request_;
    detail::WaitingTask waiting_;
  };

  /// The one that needs a delimiter pays for its place in the frame.
  template <class As>
  class [[nodiscard("write co_await before it")]] DelimitedAwaiter : public Awaiter<As> {
   public:
    bool await_ready() {
      this->request_.delimiter = &delimiter_;
      return Awaiter<As>::await_ready();
    }

   private:
    friend class Reader;
    template <class Options>
    DelimitedAwaiter(Reader& reader, std::string_view delimiter, std::size_t limit, const Options& options)
        : Awaiter<As>(reader, {.kind = Kind::delimited, .amount = limit}, options), delimiter_(delimiter) {}

    std::string delimiter_;
  };

  template <class As, class Options>
  Awaiter<As> wait_for(const detail::ReadRequest& request, Options&& options) {
    return {*this, request, detail::limit_of<Options>(options)};
  }
  template <class As, class Options>
  DelimitedAwaiter<As> wait_until(std::string_view delimiter, std::size_t limit, Options&& options) {
    const auto& waits = detail::limit_of<Options>(options);
    require_delimiter(delimiter);
    return {*this, delimiter, limit, waits};
  }
  template <class T, class Options>
  Awaiter<detail::AsNumber<T>> number(Endian endian, Options&& options) {
    return wait_for<detail::AsNumber<T>>({.kind = Kind::exact, .endian = endian, .amount = sizeof(T)},
                                         std::forward<Options>(options));
  }
  static void require_delimiter(std::string_view delimiter);
  static detail::ReadRequest prefixed(int bytes, Endian endian, std::size_t limit);

  /// Whether what is asked for can be given: found, or the end or a failure are known.
  bool prepare(const detail::ReadRequest& request);
  bool settle();
  void find();
  void settle_line();
  void settle_delimited();
  void settle_prefixed();
  void found(std::size_t from, std::size_t size, std::size_t with_end) noexcept {
    from_ = from, size_ = size, skip_ = with_end;
  }
  void wait(detail::WaitingTask& waiting, std::coroutine_handle<> task);
  [[noreturn]] NET_GNU(cold) NET_GNU(noinline) void throw_not_kept(const detail::WaitingTask& waiting) {
    if (waiting.given_up()) pause();  // what comes meanwhile is for whoever asks next
    waiting.throw_not_kept();
  }
  bool has_found() const noexcept { return size_ != none; }
  std::string_view take() noexcept {
    const std::string_view taken(rest().data() + from_, detail::exchange(size_, none));
    held_.skip(skip_);
    return taken;
  }
  /// Throws what there is instead, unless that is the end.
  void require_end();
  void received(std::string_view bytes);
  void received_much(std::string_view bytes);
  void resume(detail::ReceiveBuffer* lent);
  void note_part();
  void pause();
  void fail(const Error& error);
  void wake();
  const Socket& socket() const noexcept { return listeners_.emitter(); }
  std::string_view rest() const noexcept { return held_.rest(); }

  static constexpr std::size_t none = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_held = 1 << 20;  // while a task waits for 'close'

  detail::WaitPlace waiter_;
  detail::ReceivedBytes held_;
  std::size_t searched_ = 0;  // of the rest, holds no end of what is asked for
  std::size_t from_ = 0;      // of what was found for the task
  std::size_t size_ = none;   // none: nothing
  std::size_t skip_ = 0;      // the same with what stands before and behind it
  const detail::ReadRequest* request_ = nullptr;
  bool ended_ = false;
  bool too_long_ = false;
  bool* gone_ = nullptr;  // set if the reader goes while it resumes its task
  detail::Maybe<Error> failure_;
  detail::OwnListeners<Socket> listeners_;
};

}  // namespace net::inline NET_ABI::inline NET_MACHINE

#endif

// Tasks side by side: all, race, any, and TaskGroup.
#ifndef NET_TASK_GROUP_HPP
#define NET_TASK_GROUP_HPP

// Tasks that run side by side for one that waits. Internal.
#ifndef NET_DETAIL_CORO_JOINED_TASKS_HPP
#define NET_DETAIL_CORO_JOINED_TASKS_HPP

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

struct JoinedTasks;

/// One of them, on the heap; its frame goes with it.
struct JoinedTask : TaskEnd {
  JoinedTask(JoinedTasks& all, TaskPromiseBase& its, Ref<KeptCallable> kept);
  JoinedTask(const JoinedTask&) = delete;
  JoinedTask& operator=(const JoinedTask&) = delete;
  ~JoinedTask() { promise->frame.destroy(); }

  /// It is none of them any more, and goes.
  void drop() noexcept;

  JoinedTasks* joined;
  TaskPromiseBase* promise;
  Ref<KeptCallable> callable;
  JoinedTask* next = nullptr;
  JoinedTask** link = nullptr;
  bool over = false;
};

/// When the waiting is over: when all have ended or one has failed, when one has ended, when one has succeeded.
enum class JoinRule : std::uint8_t { all, group, race, any };

/// The tasks run at once. Whoever waits goes on from a tick: then none of them is running, so those that are not
/// over can be destroyed where they stand.
struct JoinedTasks : Handle, JoinedLinks {
  static const Operations table;

  JoinedTasks(LoopCore& core, JoinRule how);
  ~JoinedTasks();

  /// Null for a group that an error has ended: it never runs.
  template <class Task>
  JoinedTask* add(Task task, Ref<KeptCallable> callable = {}) {
    const auto frame = TaskUse::take(task);
    if (!frame) throw_moved_away();
    return begin(frame, frame.promise(), std::move(callable));
  }

  /// A race of none has no winner, ever.
  bool settled() const noexcept { return decided || (running == 0 && rule != JoinRule::race); }
  /// Throws what the one that decided has thrown.
  void rethrow() const {
    if (failure) std::rethrow_exception(failure);
  }
  /// Destroys those that still run.
  void cancel() noexcept;
  /// The same, and whoever waits goes on: there will be none any more.
  void close() noexcept;
  void wait(WaitingTask& waiting, std::coroutine_handle<> task) { waiter.note(waiting, loop, task); }

  JoinRule rule;
  bool decided = false;
  bool resuming = false;  // a tick is on its way
  std::size_t running = 0;
  JoinedTask* first = nullptr;
  JoinedTask* winner = nullptr;
  std::exception_ptr failure;
  WaitPlace waiter;

 private:
  friend struct JoinedTask;

  JoinedTask* begin(std::coroutine_handle<> frame, TaskPromiseBase& promise, Ref<KeptCallable> callable);
  static RunningTask* find_running(const JoinedLinks& links) noexcept;
  static void on_end(TaskEnd& end, TaskPromiseBase& promise);
  void decide(JoinedTask& task);
  void resume_later() noexcept;
  void resume();
};

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif

// What joined tasks give: all results, or one. Internal.
#ifndef NET_DETAIL_CORO_RESULTS_HPP
#define NET_DETAIL_CORO_RESULTS_HPP

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

/// The result of a task of void among others.
struct Nothing {};
template <class T>
using ResultOf = std::conditional_t<std::is_void_v<T>, Nothing, T>;

template <class T>
ResultOf<T> result_of(JoinedTask& task) {
  auto& promise = static_cast<typename Task<T>::promise_type&>(*task.promise);
  if constexpr (std::is_void_v<T>) {
    promise.take();
    return {};
  } else {
    return promise.take();
  }
}

template <std::size_t At, class T>
struct Result {
  T value;
};

/// To be taken apart: `auto [a, b] = …`. std::tuple would be 2,000 lines for every user.
template <class Indices, class... T>
struct ResultTuple;
template <std::size_t... At, class... T>
struct ResultTuple<std::index_sequence<At...>, T...> : Result<At, T>... {
  template <std::size_t Index>
  auto& get() & noexcept {
    return value_at<Index>(*this);
  }
  template <std::size_t Index>
  const auto& get() const& noexcept {
    return value_at<Index>(*this);
  }
  template <std::size_t Index>
  auto&& get() && noexcept {
    return std::move(value_at<Index>(*this));
  }

 private:
  template <std::size_t Index, class U>
  static U& value_at(Result<Index, U>& at) noexcept {
    return at.value;
  }
  template <std::size_t Index, class U>
  static const U& value_at(const Result<Index, U>& at) noexcept {
    return at.value;
  }
};

/// Tasks of different types, in a row.
template <std::size_t At, class T>
struct JoinedAt {
  Task<T> task;
  JoinedTask* joined = nullptr;
};

template <class Indices, class... T>
class AllOf;
template <std::size_t... At, class... T>
class AllOf<std::index_sequence<At...>, T...> : JoinedAt<At, T>... {
 public:
  explicit AllOf(Task<T>&&... tasks) : JoinedAt<At, T>{std::move(tasks)}... {}

  void begin(JoinedTasks& tasks) {
    (...,
     (static_cast<JoinedAt<At, T>&>(*this).joined = tasks.add(std::move(static_cast<JoinedAt<At, T>&>(*this).task))));
  }
  auto take(JoinedTasks& tasks) {
    tasks.rethrow();
    if constexpr (!(... && std::is_void_v<T>)) {
      return ResultTuple<std::index_sequence<At...>, ResultOf<T>...>{
          {result_of<T>(*static_cast<JoinedAt<At, T>&>(*this).joined)}...};
    }
  }
};
template <class... T>
using AllResults = AllOf<std::index_sequence_for<T...>, T...>;

/// Tasks of one type.
template <class T>
class OfVector {
 public:
  explicit OfVector(std::vector<Task<T>>&& tasks) : tasks_(std::move(tasks)) {}

  void begin(JoinedTasks& tasks) {
    joined_.reserve(tasks_.size());
    for (Task<T>& task : tasks_) joined_.push(tasks.add(std::move(task)));
  }

 protected:
  std::vector<Task<T>> tasks_;
  Vec<JoinedTask*> joined_;
};

template <class T>
struct AllOfVector : OfVector<T> {
  using OfVector<T>::OfVector;

  auto take(JoinedTasks& tasks) {
    tasks.rethrow();
    if constexpr (!std::is_void_v<T>) {
      std::vector<T> results;
      results.reserve(this->joined_.size());
      for (JoinedTask* const task : this->joined_) results.push_back(result_of<T>(*task));
      return results;
    }
  }
};

template <class T>
struct OneResult : OfVector<T> {
  using OfVector<T>::OfVector;

  T take(JoinedTasks& tasks) {
    tasks.rethrow();
    if (!tasks.winner) throw_error(aggregate_failure(failures(), "All promises were rejected"));
    return static_cast<T>(result_of<T>(*tasks.winner));
  }

 private:
  Vec<Error> failures() const {
    Vec<Error> all;
    for (const JoinedTask* task : this->joined_) all.push(error_of(task->promise->thrown, "unknown exception"));
    return all;
  }
};

template <class T, class... Tasks>
std::vector<Task<T>> vector_of(Tasks&&... tasks) {
  std::vector<Task<T>> all;
  all.reserve(sizeof...(tasks));
  (..., all.push_back(std::move(tasks)));
  return all;
}

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

template <class Indices, class... T>
struct std::tuple_size<net::detail::ResultTuple<Indices, T...>> : std::integral_constant<std::size_t, sizeof...(T)> {};
template <std::size_t Index, class Indices, class... T>
struct std::tuple_element<Index, net::detail::ResultTuple<Indices, T...>> {
  using type =
      std::remove_cvref_t<decltype(std::declval<net::detail::ResultTuple<Indices, T...>&>().template get<Index>())>;
};

#endif

// A wait as a task, to stand beside others. Internal.
#ifndef NET_DETAIL_CORO_TASK_OF_HPP
#define NET_DETAIL_CORO_TASK_OF_HPP

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

template <class Wait>
concept HasAwaiter = requires(Wait&& wait) {
  static_cast<Wait&&>(wait).operator co_await();
  requires !std::same_as<decltype(static_cast<Wait&&>(wait).operator co_await()), NoWait>;
};

template <class Wait>
concept IsAwaiter = requires(Wait& wait, std::coroutine_handle<> task) {
  wait.await_ready();
  wait.await_suspend(task);
  wait.await_resume();
};

/// What can be waited for beside others: it has no name, or can be copied.
template <class Given>
concept Awaited = (HasAwaiter<std::remove_cvref_t<Given>> || IsAwaiter<std::remove_cvref_t<Given>>) &&
                  std::constructible_from<std::remove_cvref_t<Given>, Given>;

/// One among the arguments shows that the library's function is meant, and not another one of its name.
template <class Given>
concept MeansWait = TaskLike<std::remove_cvref_t<Given>> || HasAwaiter<std::remove_cvref_t<Given>> ||
                    IsAwaiter<std::remove_cvref_t<Given>> || ReturnsTask<Given>;

template <class Wait>
auto result_type_of() {
  if constexpr (HasAwaiter<Wait>) {
    return std::type_identity<decltype(std::declval<Wait>().operator co_await().await_resume())>{};
  } else {
    return std::type_identity<decltype(std::declval<Wait&>().await_resume())>{};
  }
}
template <class Given>
using AwaitResult = typename decltype(result_type_of<std::remove_cvref_t<Given>>())::type;

/// A view that is gone when the task that waits for all goes on, which is later.
template <class Result>
inline constexpr bool is_momentary = std::is_same_v<Result, Chunk>;
template <class... Args>
inline constexpr bool is_momentary<EventArguments<Args...>> = true;

template <class Result, class Wait>
Task<Result> wait_as_task(Wait wait) {
  co_return co_await std::move(wait);
}

template <class Given>
constexpr bool require_wait() {
  constexpr bool awaited = Awaited<Given>;
  static_assert(awaited,
                "all, race and any take tasks and waits: f(), net::sleep(5), promise; a task with a name is moved: "
                "std::move(task)");
  return awaited;
}

/// The task that waits for it; a task is one already.
template <class Given>
Task<AwaitResult<Given>> task_of(Given&& wait) {
  constexpr bool lasts = !is_momentary<AwaitResult<Given>>;
  static_assert(lasts, "what this event gives is gone by then: take it in a task, or from a net::Reader");
  if constexpr (TaskLike<std::remove_cvref_t<Given>>) {
    return std::forward<Given>(wait);
  } else {
    return wait_as_task<AwaitResult<Given>>(std::remove_cvref_t<Given>(std::forward<Given>(wait)));
  }
}

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

template <class Outcome>
using JoinedResult = decltype(std::declval<Outcome&>().take(std::declval<JoinedTasks&>()));

/// What waits for joined tasks: `Outcome` makes the result of them.
template <class Outcome>
class [[nodiscard("write co_await before it")]] JoinAwaiter : public NeedsCoAwait<JoinedResult<Outcome>> {
 public:
  template <class... Tasks>
  explicit JoinAwaiter(JoinRule rule, Tasks&&... tasks)
      : joined_(new JoinedTasks(Access::core(Loop::current()), rule)), outcome_(std::forward<Tasks>(tasks)...) {}

  bool await_ready() {
    outcome_.begin(*joined_);
    if (!joined_->settled()) return false;
    joined_->cancel();
    return true;
  }
  template <class Promise>
  void await_suspend(std::coroutine_handle<Promise> task) {
    joined_->wait(waiting_, task);
    joining_.begin(task, *joined_);
  }
  auto await_resume() {
    joining_.end();
    return outcome_.take(*joined_);
  }

 private:
  Ref<JoinedTasks> joined_;
  Outcome outcome_;
  WaitingTask waiting_;
  Joining joining_;
};

template <class First, class... More>
auto one_of(JoinRule rule, std::remove_reference_t<First>& first, std::remove_reference_t<More>&... waits) {
  if constexpr ((require_wait<First>() && ... && require_wait<More>())) {
    using T = AwaitResult<First>;
    constexpr bool alike = (... && std::same_as<T, AwaitResult<More>>);
    static_assert(alike,
                  "race and any give one type of result; a limit of time stands in the wait: reader.readLine(100, "
                  "{.timeout = 5s})");
    if constexpr (alike) {
      return JoinAwaiter<OneResult<T>>(
          rule, vector_of<T>(task_of(static_cast<First&&>(first)), task_of(static_cast<More&&>(waits))...));
    }
  }
}

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

namespace net::inline NET_ABI::inline NET_MACHINE {

/// `auto [a, b] = co_await all(first(), second())`: runs tasks, and waits such as `reader.readLine(100)`, side by side,
/// and gives all results; of a vector of tasks, a vector. The first error is thrown, and then the others are destroyed
/// where they stand (S34.7). A result of void is left out if there are no others.
template <class... Waits>
  requires(sizeof...(Waits) == 0 || (... || detail::MeansWait<Waits>))
auto all(Waits&&... waits) {
  if constexpr ((... && detail::require_wait<Waits>())) {
    return detail::JoinAwaiter<detail::AllResults<detail::AwaitResult<Waits>...>>(
        detail::JoinRule::all, detail::task_of(std::forward<Waits>(waits))...);
  }
}
template <class T>
auto all(std::vector<Task<T>>&& tasks) {
  return detail::JoinAwaiter<detail::AllOfVector<T>>(detail::JoinRule::all, std::move(tasks));
}

/// The result of the task or wait that ends first, or what it has thrown; the others are destroyed. All give the same
/// type. Of none it never ends.
template <class First, class... More>
  requires(detail::MeansWait<First> || (... || detail::MeansWait<More>))
auto race(First&& first, More&&... waits) {
  return detail::one_of<First, More...>(detail::JoinRule::race, first, waits...);
}
template <class T>
auto race(std::vector<Task<T>>&& tasks) {
  return detail::JoinAwaiter<detail::OneResult<T>>(detail::JoinRule::race, std::move(tasks));
}

/// The result of the task or wait that succeeds first; the others are destroyed. If all fail, their errors as one
/// (`errors()`).
template <class First, class... More>
  requires(detail::MeansWait<First> || (... || detail::MeansWait<More>))
auto any(First&& first, More&&... waits) {
  return detail::one_of<First, More...>(detail::JoinRule::any, first, waits...);
}
template <class T>
auto any(std::vector<Task<T>>&& tasks) {
  return detail::JoinAwaiter<detail::OneResult<T>>(detail::JoinRule::any, std::move(tasks));
}

/// Tasks that belong together. An error of one destroys the others where they stand, and leaves `join()`; one that
/// nobody joins for is dropped. The destructor destroys what still runs.
class TaskGroup {
 public:
  /// On this thread's loop, or on `loop`.
  TaskGroup() : TaskGroup(Loop::current()) {}
  explicit TaskGroup(Loop& loop)
      : joined_(new detail::JoinedTasks(detail::Access::core(loop), detail::JoinRule::group)) {}
  TaskGroup(const TaskGroup&) = delete;
  TaskGroup& operator=(const TaskGroup&) = delete;
  ~TaskGroup() { joined_->close(); }

  /// Runs the task: at once, up to its first wait. One that comes after an error, before that was joined, never runs.
  void spawn(Task<>&& task) { joined_->add(std::move(task)); }
  /// The same with what returns a task: `spawn([=]() -> Task<> { … })`. The callable lives until the task has ended.
  template <detail::ReturnsTask F>
  void spawn(F&& callable) {
    const detail::Ref<detail::Kept<std::decay_t<F>>> kept(new detail::Kept<std::decay_t<F>>(std::forward<F>(callable)));
    joined_->add(kept->call(), kept);
  }
  /// Refused: what is no task, or one that has a name and is not moved.
  template <class F, class... Args>
    requires(detail::NoTask<F, Args...> && !std::same_as<F, Task<>>)
  void spawn(F&&, Args&&...) {
    detail::require_task<F, Args...>();
  }
  /// How many run.
  std::size_t size() const noexcept { return joined_->running; }

  /// Refused: what is awaited is its end.
  template <class Unused = void>
  detail::NoWait operator co_await() const {
    constexpr bool is_wait = !std::is_void_v<Unused>;
    static_assert(is_wait, "a group is nothing to wait for: co_await group.join()");
    return {};
  }

  class [[nodiscard("write co_await before it")]] Awaiter {
   public:
    bool await_ready();
    template <class Promise>
    void await_suspend(std::coroutine_handle<Promise> task) {
      joined_->wait(waiting_, task);
      joining_.begin(task, *joined_);
    }
    void await_resume();

   private:
    friend class TaskGroup;
    template <class Options>
    Awaiter(detail::JoinedTasks& joined, const Options& options) : joined_(&joined), waiting_(options) {}

    detail::Ref<detail::JoinedTasks> joined_;
    detail::WaitingTask waiting_;
    detail::Joining joining_;
  };

  /// Until all have ended, also those that are added meanwhile; throws the first error, and the group can be used
  /// again. If the wait is given up the tasks go on. One task waits at a time.
  template <class Options = detail::WaitBraces>
  Awaiter join(Options&& options = detail::without_limit) {
    return {*joined_, detail::limit_of<Options>(options)};
  }

 private:
  detail::Ref<detail::JoinedTasks> joined_;
};

}  // namespace net::inline NET_ABI::inline NET_MACHINE

// Refused: `auto [a, b] = all(…)` takes a wait apart.
template <class Outcome>
struct std::tuple_size<net::detail::JoinAwaiter<Outcome>> {
  static constexpr bool awaited = std::is_void_v<Outcome>;
  static_assert(awaited, "write co_await before it: auto [a, b] = co_await net::all(first(), second())");
  static constexpr std::size_t value = 0;
};

#endif

#endif

// Behind the guard, for whoever has included it before.
#if defined(NET_IMPLEMENTATION) && !defined(NET_SEPARATE)
#error "NET_IMPLEMENTATION needs NET_SEPARATE, in all files of the program"
#elif defined(NET_IMPLEMENTATION) && defined(NET_BODIES) && !NET_BODIES
#error "define NET_IMPLEMENTATION before the first include of net.hpp, which may be that of a precompiled header"
#endif

// The bodies of listeners.hpp. Internal.
#ifndef NET_DETAIL_EVENTS_LISTENERS_IPP
#define NET_DETAIL_EVENTS_LISTENERS_IPP

#if NET_BODIES

namespace net::inline NET_ABI::detail {

NET_API std::size_t Listeners::count(unsigned event) const noexcept {
  std::size_t found = 0;
  for (const ListenerRecord* r = first_; r; r = r->next) found += r->event == event && !r->is(ListenerRecord::removed);
  return found;
}

NET_API int Listeners::remove(std::uint64_t id) noexcept {
  for (ListenerRecord* r = first_; r; r = r->next) {
    if (r->id != id || r->is(ListenerRecord::removed)) continue;
    const int event = r->event;
    retire(*r);
    if (depth_ == 0) settle();
    return event;
  }
  return -1;
}

NET_API std::uint32_t Listeners::remove_own(std::uint64_t first, std::uint64_t last) noexcept {
  std::uint32_t events = 0;
  for (ListenerRecord* r = first_; r; r = r->next) {
    if (r->id < first || r->id > last || !r->is(ListenerRecord::own) || r->is(ListenerRecord::removed)) continue;
    events |= 1u << r->event;
    retire(*r);
  }
  if (depth_ == 0) settle();
  return events;
}

NET_API void Listeners::remove_all(unsigned event) noexcept {
  for (ListenerRecord* r = first_; r; r = r->next) {
    if (r->event == event) mark_removed(*r);
  }
  present_ &= ~(1u << event);
  if (depth_ == 0) settle();
}

NET_API void Listeners::mark_removed(ListenerRecord& r) noexcept {
  if (r.is(ListenerRecord::removed)) return;
  r.mark(ListenerRecord::removed);
  r.gone = depth_;
  present_ |= unsettled;
}

NET_API void Listeners::retire(ListenerRecord& r) noexcept {
  mark_removed(r);
  for (const ListenerRecord* other = first_; other; other = other->next) {
    if (other->event == r.event && !other->is(ListenerRecord::removed)) return;
  }
  present_ &= ~(1u << r.event);
}

NET_GNU(noinline) NET_API Listeners::Turn Listeners::turn_of(ListenerRecord& r) noexcept {
  if (r.is(ListenerRecord::removed) && (r.is(ListenerRecord::own) || depth_ > r.gone)) return Turn::none;
  if (!r.is(ListenerRecord::once)) return Turn::call;
  if (r.is(ListenerRecord::fired)) return Turn::none;
  r.mark(ListenerRecord::fired);
  if (r.is(ListenerRecord::removed)) return Turn::call;
  retire(r);
  return Turn::last;
}

NET_GNU(noinline) NET_API void Listeners::settle() noexcept {
  if ((present_ & unsettled) == 0) return;
  if (depth_ > 0) {
    for (ListenerRecord* r = first_; r; r = r->next) {
      if (r->gone > depth_) r->gone = depth_;
    }
    return;
  }
  present_ &= ~unsettled;
  ListenerRecord* dead = nullptr;
  ListenerRecord** end = &dead;
  last_ = nullptr;
  for (ListenerRecord** link = &first_; *link;) {
    ListenerRecord* const r = *link;
    if (r->is(ListenerRecord::removed)) {
      *link = r->next;
      r->next = nullptr;
      *end = r;
      end = &r->next;
    } else {
      last_ = r;
      link = &r->next;
    }
  }
  while (dead) destroy(*detail::exchange(dead, dead->next));
}

NET_API void Listeners::link(ListenerRecord* record, bool front) noexcept {
  if (front || !first_) {
    record->next = first_;
    first_ = record;
    if (!last_) last_ = record;
  } else {
    record->next = nullptr;
    last_->next = record;
    last_ = record;
  }
}

NET_API void* Listeners::allocate(std::size_t size) {
  size = rounded(size);
  if (blocks_) {
    for (ListenerRecord** at = &blocks_->spare; *at; at = &(*at)->next) {
      if ((*at)->size * unit == size) return detail::exchange(*at, (*at)->next);
    }
    if (blocks_->size - blocks_->used >= size) {
      void* place = reinterpret_cast<char*>(blocks_ + 1) + blocks_->used;
      blocks_->used += static_cast<std::uint32_t>(size);
      return place;
    }
  }
  std::size_t place = blocks_ ? std::size_t{blocks_->size} * 2 : first_block;
  if (place > largest_block) place = largest_block;
  if (place < size) place = size;
  auto* block =
      ::new (::operator new(sizeof(Block) + place)) Block{blocks_, nullptr, 0, static_cast<std::uint32_t>(place)};
  if (blocks_) block->spare = detail::exchange(blocks_->spare, nullptr);
  blocks_ = block;
  block->used = static_cast<std::uint32_t>(size);
  return block + 1;
}

NET_API void Listeners::recycle(void* place, std::size_t size) noexcept {
  auto* spare = ::new (place) ListenerRecord;
  spare->size = static_cast<std::uint16_t>(rounded(size) / unit);
  spare->next = detail::exchange(blocks_->spare, spare);
}

}  // namespace net::inline NET_ABI::detail

#endif
#endif

// The bodies of error.hpp. Internal.
#ifndef NET_ERROR_IPP
#define NET_ERROR_IPP

#if NET_BODIES

#include <cstdio>
#include <cstdlib>

namespace net::inline NET_ABI::detail {

/// What an Error says; shared by its copies, never changed after it was made.
struct ErrorText {
  std::string message, syscall, address, local_address, host;
  std::string_view name, kind = "Error";
  int number = 0;
  int port = -1;
  int local_port = -1;
  Vec<Error> attempts;
  Vec<Error> cause;  // none or one
  Atomic<std::size_t> owners{1};
};

/// A text that is being written; deleted unless an Error has taken it over. Made and deleted where Error is known,
/// since clang++ 14 wants to know what a vector holds by then.
class NewText {
 public:
  NewText();
  NewText(NewText&& other) noexcept : text_(other.release()) {}
  ~NewText();
  ErrorText* operator->() const noexcept { return text_; }
  ErrorText* release() noexcept {
    ErrorText* const text = text_;
    text_ = nullptr;
    return text;
  }

 private:
  ErrorText* text_;
};

}  // namespace net::inline NET_ABI::detail

namespace net::inline NET_ABI {

NET_API const std::error_category& error_category() noexcept {
  static const detail::Category category;
  detail::link_one_way_only();
  return category;
}

NET_API std::error_code make_error_code(Errc code) noexcept { return {static_cast<int>(code), error_category()}; }

NET_API Error::Error(std::error_code code, std::string message) : std::system_error(code) {
  if (message.empty()) message = code.message();
  text_ = new detail::ErrorText;
  text_->name = code.category() == error_category() ? detail::name_of(static_cast<Errc>(code.value()))
                                                    : detail::system_error_name(code.value());
  text_->message = std::move(message);
}

NET_API Error& Error::operator=(const Error& other) noexcept {
  if (other.text_) other.text_->owners.fetch_add(1);
  release();
  std::system_error::operator=(other);
  text_ = other.text_;
  return *this;
}

NET_API Error::Error(std::error_code code, detail::NewText& text) : std::system_error(code), text_(text.release()) {}

NET_API Error::Error(const Error& other) noexcept : std::system_error(other), text_(other.text_) {
  if (text_) text_->owners.fetch_add(1);
}

NET_API Error::Error(std::string message) : std::system_error(std::error_code{}), text_(new detail::ErrorText) {
  text_->message = std::move(message);
}

NET_API int Error::port() const noexcept { return text_ ? text_->port : -1; }

NET_API int Error::localPort() const noexcept { return text_ ? text_->local_port : -1; }

NET_API int Error::number() const noexcept { return text_ ? text_->number : 0; }

NET_API std::string_view Error::name() const noexcept { return text_ ? text_->name : std::string_view{}; }

NET_API std::string_view Error::kind() const noexcept { return text_ ? text_->kind : std::string_view{}; }

NET_API std::string_view Error::syscall() const noexcept {
  return text_ ? std::string_view(text_->syscall) : std::string_view{};
}

NET_API std::string_view Error::address() const noexcept {
  return text_ ? std::string_view(text_->address) : std::string_view{};
}

NET_API std::string_view Error::localAddress() const noexcept {
  return text_ ? std::string_view(text_->local_address) : std::string_view{};
}

NET_API std::string_view Error::hostname() const noexcept {
  return text_ ? std::string_view(text_->host) : std::string_view{};
}

NET_API std::span<const Error> Error::errors() const noexcept {
  if (!text_) return {};
  return {text_->attempts.begin(), text_->attempts.size()};
}

NET_API Error Error::cause() const { return text_ && !text_->cause.empty() ? text_->cause[0] : Error(); }

NET_API const char* Error::what() const noexcept { return text_ ? text_->message.c_str() : ""; }

NET_API void Error::release() noexcept {
  if (text_ && text_->owners.fetch_sub(1) == 1) delete text_;
}

}  // namespace net::inline NET_ABI

namespace net::inline NET_ABI::detail {

NET_RARE NewText::NewText() : text_(new ErrorText) {}

NET_RARE NewText::~NewText() { delete text_; }

[[noreturn]] NET_API void throw_error(const Error& error) {
#if defined(__cpp_exceptions)
  throw error;
#else
  std::fprintf(stderr, "net: %s\n", error.what());
  std::abort();
#endif
}

NET_API const Error& no_error() {
  alignas(Error) static unsigned char storage[sizeof(Error)];
  static const Error* const none = ::new (static_cast<void*>(storage)) Error;  // outlives every static object
  return *none;
}

NET_RARE std::string escape_nul(std::string_view path) {
  std::string text;
  for (const char byte : path) byte == '\0' ? text.append("\\0") : text += byte;
  return text;
}

NET_RARE std::string quoted(std::string_view given) {
  std::string text = "'";
  for (const char byte : given) byte == '\0' ? text.append("\\x00") : text += byte;
  return text.append("'");
}

NET_RARE std::string with_port(std::string_view address, int port) {
  std::string text = escape_nul(address);
  if (port > 0) text.append(":").append(std::to_string(port));
  return text;
}

NET_RARE NewText system_text(int number, std::string_view syscall) {
  NewText text;
  text->name = system_error_name(number);
  text->syscall = syscall;
  text->number = -number;
  text->message.append(syscall).append(" ").append(text->name);
  return text;
}

NET_RARE Error system_failure(int number, std::string_view syscall) {
  NewText text = system_text(number, syscall);
  return {std::error_code(number, std::generic_category()), text};
}

NET_RARE Error address_failure(int number, std::string_view syscall, std::string_view address, int port) {
  NewText text = system_text(number, syscall);
  if (!address.empty()) text->message.append(" ").append(with_port(address, port));
  text->address = address;
  if (port > 0) text->port = port;
  return {std::error_code(number, std::generic_category()), text};
}

NET_RARE Error local_failure(int number, std::string_view syscall, std::string_view address, int port,
                             std::string_view local_address, int local_port, bool asked) {
  NewText text = system_text(number, syscall);
  text->message.append(" ").append(with_port(address, port));
  text->message.append(" - Local (").append(local_address).append(":").append(std::to_string(local_port)).append(")");
  text->address = address;
  if (port > 0) text->port = port;
  if (asked) {
    text->local_address = local_address;
    text->local_port = local_port;
  }
  return {std::error_code(number, std::generic_category()), text};
}

NET_RARE Error listen_failure(int number, std::string_view address, int port) {
  NewText text = system_text(number, "listen");
  text->message.append(": ").append(system_error_description(number));
  if (!address.empty()) text->message.append(" ").append(with_port(address, port));
  text->address = address;
  if (port != 0) text->port = port;
  return {std::error_code(number, std::generic_category()), text};
}

NET_RARE Error lookup_failure(Errc code, std::string_view host) {
  NewText text;
  text->name = name_of(code);
  text->syscall = "getaddrinfo";
  text->host = host;
  text->number = lookup_number(code);
  text->message.append("getaddrinfo ").append(text->name).append(" ").append(host);
  return {make_error_code(code), text};
}

NET_RARE Error lookup_failure(int number, std::string_view host) {
  NewText text = system_text(number, "getaddrinfo");
  text->host = host;
  text->message.append(" ").append(escape_nul(host));
  return {std::error_code(number, std::generic_category()), text};
}

NET_RARE Error aggregate_failure(Vec<Error>&& attempts, std::string_view message) {
  NewText text;
  text->message = message;
  text->kind = "AggregateError";
  std::error_code code;
  if (!attempts.empty()) {
    text->name = attempts[0].name();
    code = attempts[0].code();
  }
  text->attempts = std::move(attempts);
  return {code, text};
}

NET_RARE NewText coded_text(Errc code, std::string message) {
  NewText text;
  text->name = name_of(code);
  text->kind = kind_of(code);
  text->message = std::move(message);
  return text;
}

NET_RARE Error make_error(Errc code, std::string message) {
  NewText text = coded_text(code, std::move(message));
  return {make_error_code(code), text};
}

NET_RARE Error make_error(Errc code) { return make_error(code, std::string(message_of(code))); }

NET_RARE Error abort_failure(const Error& reason) {
  NewText text = coded_text(Errc::ERR_ABORTED, std::string(message_of(Errc::ERR_ABORTED)));
  text->cause.push(reason);
  return {make_error_code(Errc::ERR_ABORTED), text};
}

NET_RARE Error invalid_value(std::string_view name, std::string_view reason, std::string_view received) {
  std::string message = name.find('.') == std::string_view::npos ? "The argument '" : "The property '";
  message.append(name).append("' ").append(reason).append(". Received ").append(received);
  return make_error(Errc::ERR_INVALID_ARG_VALUE, std::move(message));
}

NET_RARE std::string number_text(double value) {
  if (value != value) return "NaN";
  if (!(value < 1e15 && value > -1e15)) return value > 0 ? "Infinity" : "-Infinity";
  if (value == static_cast<double>(static_cast<long long>(value))) return std::to_string(static_cast<long long>(value));
  std::string text = std::to_string(value);
  text.erase(text.find_last_not_of('0') + 1);
  return text;
}

NET_RARE Error out_of_range(std::string_view name, std::string_view range, std::string_view received) {
  std::string message = "The value of \"";
  message.append(name).append("\" is out of range. It must be ").append(range).append(". Received ").append(received);
  return make_error(Errc::ERR_OUT_OF_RANGE, std::move(message));
}

NET_RARE Error bad_port(std::string_view name, long long value) {
  std::string message(name);
  message.append(" should be >= 0 and < 65536. Received type number (").append(std::to_string(value)).append(").");
  return make_error(Errc::ERR_SOCKET_BAD_PORT, std::move(message));
}

NET_RARE Error bad_port(std::string_view name, std::string_view value) {
  std::string message(name);
  message.append(" should be >= 0 and < 65536. Received type string (").append(quoted(value)).append(").");
  return make_error(Errc::ERR_SOCKET_BAD_PORT, std::move(message));
}

NET_API bool has_nul(std::string_view host) noexcept { return host.find('\0') != std::string_view::npos; }

NET_RARE Error nul_in_host(std::string_view host) {
  return invalid_value("options.host", "must be a string without null bytes", quoted(host));
}

NET_RARE Error bad_ip(std::string_view text) {
  return make_error(Errc::ERR_INVALID_IP_ADDRESS, "Invalid IP address: " + escape_nul(text));
}

NET_RARE Error bad_family(int family, std::string_view host, int port) {
  std::string message = "Invalid address family: " + std::to_string(family) + " ";
  message.append(escape_nul(host)).append(":").append(std::to_string(port));
  NewText text = coded_text(Errc::ERR_INVALID_ADDRESS_FAMILY, std::move(message));
  text->host = host;
  text->port = port;
  return {make_error_code(Errc::ERR_INVALID_ADDRESS_FAMILY), text};
}

NET_API Error error_of([[maybe_unused]] const std::exception_ptr& thrown, const char* otherwise) {
#if defined(__cpp_exceptions)
  try {
    std::rethrow_exception(thrown);
  } catch (const Error& error) {
    return error;
  } catch (const std::exception& error) {
    return Error(error.what());
  } catch (...) {}
#endif
  return Error(otherwise);
}

NET_RARE Error end_after_destroy() {
  return make_error(Errc::ERR_STREAM_DESTROYED, "Cannot call end after a stream was destroyed");
}

NET_RARE Error ended_by_other_party() {
  NewText text;
  text->name = "EPIPE";
  text->message = "This socket has been ended by the other party";
  return {std::error_code(EPIPE, std::generic_category()), text};
}

NET_API std::string Category::message(int value) const { return std::string(name_of(static_cast<Errc>(value))); }

}  // namespace net::inline NET_ABI::detail

#endif
#endif

// The bodies of ip_address.hpp. Internal.
#ifndef NET_DETAIL_TEXT_IP_ADDRESS_IPP
#define NET_DETAIL_TEXT_IP_ADDRESS_IPP

#if NET_BODIES

namespace net::inline NET_ABI::detail {

NET_API std::string to_text(const IpAddress& ip) {
  if (!ip) return {};
  IpText text;
  write_ip(text, ip);
  return std::string(text.view());
}

[[noreturn]] NET_API void throw_bad_family(Family family) {
  throw_error(invalid_value("options.family", "is invalid", std::to_string(static_cast<int>(family))));
}

}  // namespace net::inline NET_ABI::detail

#endif
#endif

// The bodies of write_queue.hpp. Internal.
#ifndef NET_DETAIL_STREAM_WRITE_QUEUE_IPP
#define NET_DETAIL_STREAM_WRITE_QUEUE_IPP

#if NET_BODIES

namespace net::inline NET_ABI::detail {

NET_API WriteNode* WriteNode::copy(const char* bytes, std::size_t size) {
  void* memory = ::operator new(sizeof(WriteNode) + size);
  auto* node = ::new (memory) WriteNode;
  char* to = reinterpret_cast<char*>(node + 1);
  if (size > 0) std::memcpy(to, bytes, size);
  node->data = to;
  node->size = size;
  node->destroy = [](WriteNode* n) noexcept {
    n->~WriteNode();
    ::operator delete(n);
  };
  return node;
}

NET_API WriteNode* WriteSource::node(std::size_t taken) const {
  if (!owner) return WriteNode::copy(bytes.data() + taken, bytes.size() - taken);
  WriteNode* const kept = keep(owner);
  kept->sent = taken;
  return kept;
}

NET_API void WriteQueue::pop() noexcept {
  WriteNode* node = first_;
  first_ = node->next;
  if (!first_) last_ = nullptr;
  if (unsent_ == node) unsent_ = first_;
  node->destroy(node);
}

NET_API void WriteQueue::move_to(WriteQueue& to) noexcept {
  if (!first_) {
    last_ = unsent_ = nullptr;
    return;
  }
  (to.last_ ? to.last_->next : to.first_) = first_;
  to.last_ = last_;
  first_ = last_ = unsent_ = nullptr;
}

NET_API void WriteQueue::move_last_to(WriteQueue& to, std::size_t count) noexcept {
  std::size_t keep = 0;
  for (const WriteNode* node = first_; node; node = node->next) ++keep;
  keep = keep < count ? 0 : keep - count;
  WriteQueue kept;
  for (; keep > 0; --keep) {
    WriteNode* node = first_;
    first_ = node->next;
    kept.push(node);
  }
  move_to(to);
  kept.move_to(*this);
}

NET_API std::size_t WriteQueue::slices(IoSlice* slices, std::size_t max) noexcept {
  if (!unsent_) unsent_ = first_;
  std::size_t count = 0;
  for (const WriteNode* node = unsent_; node && count < max; node = node->next) {
    if (node->sent < node->size) slices[count++] = {node->data + node->sent, node->size - node->sent};
  }
  return count;
}

NET_API void WriteQueue::consume(std::size_t bytes) noexcept {
  for (WriteNode* node = unsent_; node; node = node->next) {
    const std::size_t left = node->size - node->sent;
    const std::size_t taken = left < bytes ? left : bytes;
    node->sent += taken;
    bytes -= taken;
    unsent_ = node;
    if (node->sent < node->size || bytes == 0) return;
  }
}

NET_API void WriteQueue::push(WriteNode* node) noexcept {
  node->next = nullptr;
  (last_ ? last_->next : first_) = node;
  last_ = node;
}

}  // namespace net::inline NET_ABI::detail

#endif
#endif

// The bodies of timer_queue.hpp. Internal.
#ifndef NET_DETAIL_LOOP_TIMER_QUEUE_IPP
#define NET_DETAIL_LOOP_TIMER_QUEUE_IPP

#if NET_BODIES

namespace net::inline NET_ABI::detail {

NET_API void TimerQueue::reserve_one() {
  const std::size_t needed = heap_.size() + kept_ + 1;
  if (needed > heap_.capacity()) [[unlikely]]
    heap_.reserve(needed < 8 ? 8 : 2 * needed);
}

NET_API void TimerQueue::insert(TimerNode& node, std::uint64_t due) {
  node.due = due;
  node.order = ++made_;
  heap_.push(&node);
  node.place = heap_.size() - 1;
  rise(node.place);
}

NET_API void TimerQueue::remove(TimerNode& node) noexcept {
  const std::size_t hole = node.place;
  node.place = TimerNode::absent;
  TimerNode* last = heap_.back();
  heap_.pop();
  if (last == &node) return;
  put(hole, last);
  rise(hole);
  sink(last->place);
}

NET_API void TimerQueue::rise(std::size_t at) noexcept {
  TimerNode* node = heap_[at];
  while (at > 0 && before(*node, *heap_[(at - 1) / 2])) {
    put(at, heap_[(at - 1) / 2]);
    at = (at - 1) / 2;
  }
  put(at, node);
}

NET_API void TimerQueue::sink(std::size_t at) noexcept {
  TimerNode* node = heap_[at];
  for (std::size_t child = 2 * at + 1; child < heap_.size(); child = 2 * at + 1) {
    if (child + 1 < heap_.size() && before(*heap_[child + 1], *heap_[child])) ++child;
    if (!before(*heap_[child], *node)) break;
    put(at, heap_[child]);
    at = child;
  }
  put(at, node);
}

}  // namespace net::inline NET_ABI::detail

#endif
#endif

// The bodies of watcher.hpp. Internal.
#ifndef NET_DETAIL_IO_WATCHER_IPP
#define NET_DETAIL_IO_WATCHER_IPP

#if NET_BODIES

namespace net::inline NET_ABI::detail {

NET_API Registrations::~Registrations() {
  each([](Registration& place) { place.watcher->registration = nullptr; });
  while (pages_ != &first_) {
    Page* const page = pages_;
    pages_ = page->next;
    delete page;
  }
}

NET_API bool Registrations::add(Watcher& watcher) noexcept {
  if (!free_ && !add_page()) return false;
  Registration* const place = free_;
  free_ = place->next;
  place->watcher = &watcher;
  watcher.registration = place;
  return true;
}

NET_API bool Registrations::have(NativeHandle fd) noexcept {
  bool found = false;
  each([&](const Registration& place) { found |= place.watcher->fd == fd; });
  return found;
}

NET_API void Registrations::remove(Registration& place, bool confirmed) noexcept {
  place.watcher->registration = nullptr;
  place.watcher = nullptr;
  if (!confirmed) return;
  place.next = given_up_;
  given_up_ = &place;
}

NET_API void Registrations::begin_round() noexcept {
  while (given_up_) {
    Registration* const place = given_up_;
    given_up_ = place->next;
    place->next = free_;
    free_ = place;
  }
}

NET_API void Registrations::use(Page& page) noexcept {
  page.next = pages_;
  pages_ = &page;
  for (Registration& place : page.places) {
    place.next = free_;
    free_ = &place;
  }
}

}  // namespace net::inline NET_ABI::detail

#endif
#endif

// The bodies of calls.hpp. Internal.
#ifndef NET_DETAIL_SYS_POSIX_CALLS_IPP
#define NET_DETAIL_SYS_POSIX_CALLS_IPP

#if NET_BODIES

// The headers of a POSIX system, and slices as it takes them, for the bodies that call it. Internal.
#ifndef NET_DETAIL_SYS_POSIX_HEADERS_HPP
#define NET_DETAIL_SYS_POSIX_HEADERS_HPP

#if !defined(_WIN32)

#include <arpa/inet.h>
#include <fcntl.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#if defined(__linux__)
#include <sys/eventfd.h>
#endif

namespace net::inline NET_ABI::detail::os {

#if defined(MSG_NOSIGNAL)
inline constexpr int send_flags = MSG_NOSIGNAL;
#else
inline constexpr int send_flags = 0;  // SO_NOSIGPIPE does it there
#endif

/// The first slices in the system's form, as many as one call takes.
struct Pieces {
  iovec each[max_slices];
  std::size_t count;

  NET_GNU(always_inline) Pieces(const IoSlice* slices, std::size_t offered) noexcept
      : count(offered < max_slices ? offered : max_slices) {
    for (std::size_t i = 0; i < count; ++i) each[i] = {const_cast<char*>(slices[i].data), slices[i].size};
  }
};

/// Whether one call makes a descriptor that is non-blocking and closed on exec: of a socket, a connection, a pipe.
#if defined(SOCK_NONBLOCK) && defined(SOCK_CLOEXEC) && !defined(__APPLE__)
#define NET_HAS_ACCEPT4 1
#else
#define NET_HAS_ACCEPT4 0
#endif

}  // namespace net::inline NET_ABI::detail::os

#endif  // !_WIN32

#endif

#if !defined(_WIN32)

namespace net::inline NET_ABI::detail::os {

NET_API bool would_block(int error) noexcept {
#if EAGAIN != EWOULDBLOCK
  if (error == EWOULDBLOCK) return true;
#endif
  return error == EAGAIN;
}

NET_API std::uint64_t now_ns() noexcept {
  timespec t{};
  ::clock_gettime(CLOCK_MONOTONIC, &t);
  return static_cast<std::uint64_t>(t.tv_sec) * 1000000000u + static_cast<std::uint64_t>(t.tv_nsec);
}

NET_API void close_descriptor(NativeHandle fd) noexcept { ::close(fd); }

NET_API NativeHandle duplicate(NativeHandle fd) noexcept {
  return retried([&] { return ::fcntl(fd, F_DUPFD_CLOEXEC, 0); });
}

NET_API int set_flag(NativeHandle fd, int level, int name, int value) noexcept {
  return ::setsockopt(fd, level, name, &value, sizeof value) == 0 ? 0 : -errno;
}

NET_API int prepare(NativeHandle fd) noexcept {
  const int flags = ::fcntl(fd, F_GETFL);
  if (flags < 0) return -errno;
  if ((flags & O_NONBLOCK) == 0 && ::fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0) return -errno;
  if (::fcntl(fd, F_SETFD, FD_CLOEXEC) < 0) return -errno;
#if defined(SO_NOSIGPIPE)
  set_flag(fd, SOL_SOCKET, SO_NOSIGPIPE, 1);
#endif
  return 0;
}

NET_API int open_socket(int domain) noexcept {
#if NET_HAS_ACCEPT4
  const int fd = ::socket(domain, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  return fd >= 0 ? fd : -errno;
#else
  const int fd = ::socket(domain, SOCK_STREAM, 0);
  if (fd < 0) return -errno;
  if (const int failed = prepare(fd); failed < 0) {
    close_descriptor(fd);
    return failed;
  }
  return fd;
#endif
}

NET_API int accept_from(NativeHandle fd) noexcept {
#if NET_HAS_ACCEPT4
  return retried([&] { return ::accept4(fd, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC); });
#else
  const int accepted = retried([&] { return ::accept(fd, nullptr, nullptr); });
  if (accepted >= 0) prepare(accepted);
  return accepted;
#endif
}

NET_API int open_reserve() noexcept {
  const int opened = retried([] { return ::open("/dev/null", O_RDONLY | O_CLOEXEC); });
  return opened >= 0 || opened == -EMFILE || opened == -ENFILE ? opened : open_socket(AF_UNIX);
}

NET_RARE std::ptrdiff_t nothing_moved() noexcept {
#if defined(__APPLE__)
  if (errno == EPROTOTYPE) return -EPIPE;  // what it says of a connection that is just being closed
#endif
  return errno == EINTR ? -EAGAIN : -errno;
}

NET_API std::ptrdiff_t receive(NativeHandle fd, void* into, std::size_t size) noexcept {
  const std::ptrdiff_t got = ::recv(fd, into, size, 0);
  return got >= 0 ? got : nothing_moved();
}

NET_API std::ptrdiff_t send_one(NativeHandle fd, const void* from, std::size_t size) noexcept {
  const std::ptrdiff_t sent = ::send(fd, from, size, send_flags);
  return sent >= 0 ? sent : nothing_moved();
}

NET_API std::ptrdiff_t send_slices(NativeHandle fd, const IoSlice* slices, std::size_t count) noexcept {
  Pieces pieces(slices, count);
  msghdr message{};
  message.msg_iov = pieces.each;
  message.msg_iovlen = cast<decltype(message.msg_iovlen)>(pieces.count);
  return retried([&] { return ::sendmsg(fd, &message, send_flags); });
}

NET_API DescriptorKind kind_of(NativeHandle fd) noexcept {
  struct stat status{};
  if (::fstat(fd, &status) != 0) {  // a file whose size does not fit is a file
    return errno == EOVERFLOW ? DescriptorKind::file : DescriptorKind::unknown;
  }
  if (S_ISFIFO(status.st_mode)) return DescriptorKind::pipe;
  if (S_ISREG(status.st_mode)) return DescriptorKind::file;
  if (!S_ISSOCK(status.st_mode)) {
    if (::isatty(fd)) return DescriptorKind::terminal;
    return S_ISCHR(status.st_mode) ? DescriptorKind::file : DescriptorKind::unknown;  // /dev/null, as libuv guesses
  }
  int type = 0;
  socklen_t size = sizeof type;
  if (::getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) != 0) return DescriptorKind::unknown;
  if (type == SOCK_DGRAM) return DescriptorKind::datagram;
  if (type != SOCK_STREAM) return DescriptorKind::unknown;
  sockaddr_storage name{};
  size = sizeof name;
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&name), &size) != 0) return DescriptorKind::unknown;
  return name.ss_family == AF_UNIX                                 ? DescriptorKind::local
         : name.ss_family == AF_INET || name.ss_family == AF_INET6 ? DescriptorKind::tcp
                                                                   : DescriptorKind::unknown;
}

NET_API std::ptrdiff_t read_some(NativeHandle fd, void* into, std::size_t size) noexcept {
  return retried([&] { return ::read(fd, into, size); });
}

NET_API std::ptrdiff_t write_slices(NativeHandle fd, const IoSlice* slices, std::size_t count) noexcept {
  const Pieces pieces(slices, count);
  std::size_t whole = 0;
  for (std::size_t i = 0; i < pieces.count; ++i) whole += slices[i].size;
  sigset_t broken, before, waiting;
  (void)sigemptyset(&broken);  // macros on some systems
  (void)sigaddset(&broken, SIGPIPE);
  ::sigpending(&waiting);
  ::pthread_sigmask(SIG_BLOCK, &broken, &before);
  const std::ptrdiff_t sent = retried([&] { return ::writev(fd, pieces.each, static_cast<int>(pieces.count)); });
  // one that waited for space when the reader went counts what it had written, and signals all the same
  const bool signaled = sent == -EPIPE || (sent >= 0 && static_cast<std::size_t>(sent) < whole);
  if (signaled && !sigismember(&waiting, SIGPIPE)) {
    int signal = 0;
    ::sigpending(&waiting);
    if (sigismember(&waiting, SIGPIPE)) ::sigwait(&broken, &signal);
  }
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return sent;
}

NET_API int shutdown_write(NativeHandle fd) noexcept { return ::shutdown(fd, SHUT_WR) == 0 ? 0 : -errno; }

NET_API int pending_error(NativeHandle fd) noexcept {
  int error = 0;
  socklen_t size = sizeof error;
  return ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 ? error : errno;
}

NET_API int reset_on_close(NativeHandle fd) noexcept {
  const linger now{1, 0};
  return ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now) == 0 ? 0 : -errno;
}

NET_API int set_no_delay(NativeHandle fd, bool on) noexcept { return set_flag(fd, IPPROTO_TCP, TCP_NODELAY, on); }

NET_API int set_keep_alive(NativeHandle fd, bool on, int delay_seconds) noexcept {
  if (const int failed = set_flag(fd, SOL_SOCKET, SO_KEEPALIVE, on); failed < 0) return failed;
  if (!on || delay_seconds < 1) return 0;
#if defined(TCP_KEEPIDLE)
  if (const int failed = set_flag(fd, IPPROTO_TCP, TCP_KEEPIDLE, delay_seconds); failed < 0) return failed;
#elif defined(TCP_KEEPALIVE)
  if (const int failed = set_flag(fd, IPPROTO_TCP, TCP_KEEPALIVE, delay_seconds); failed < 0) return failed;
#endif
#if defined(TCP_KEEPINTVL) && defined(TCP_KEEPCNT)
  if (const int failed = set_flag(fd, IPPROTO_TCP, TCP_KEEPINTVL, 1); failed < 0) return failed;
  return set_flag(fd, IPPROTO_TCP, TCP_KEEPCNT, 10);
#else
  return 0;
#endif
}

NET_API int set_type_of_service(NativeHandle fd, Family family, int value) noexcept {
  return family == Family::IPv6 ? set_flag(fd, IPPROTO_IPV6, IPV6_TCLASS, value)
                                : set_flag(fd, IPPROTO_IP, IP_TOS, value);
}

NET_API int get_type_of_service(NativeHandle fd, Family family) noexcept {
  int value = 0;
  socklen_t size = sizeof value;
  const int failed = family == Family::IPv6 ? ::getsockopt(fd, IPPROTO_IPV6, IPV6_TCLASS, &value, &size)
                                            : ::getsockopt(fd, IPPROTO_IP, IP_TOS, &value, &size);
  return failed ? -errno : value;
}

}  // namespace net::inline NET_ABI::detail::os

#endif  // !_WIN32

#endif
#endif

// The bodies of thread.hpp. Internal.
#ifndef NET_DETAIL_SYS_POSIX_THREAD_IPP
#define NET_DETAIL_SYS_POSIX_THREAD_IPP

#if NET_BODIES

#if !defined(_WIN32)

namespace net::inline NET_ABI::detail::os {

NET_API int Waker::open() noexcept {
  close();
#if defined(__linux__)
  ends_[0] = ends_[1] = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  if (ends_[0] < 0) return -errno;
#elif NET_HAS_ACCEPT4
  if (::pipe2(ends_, O_NONBLOCK | O_CLOEXEC) != 0) return -errno;
#else
  if (::pipe(ends_) != 0) return -errno;
  for (const int end : ends_) {
    if (const int failed = prepare(end); failed < 0) return close(), failed;
  }
#endif
  return 0;
}

NET_API void Waker::close() noexcept {
  if (ends_[1] >= 0 && ends_[1] != ends_[0]) ::close(ends_[1]);
  if (ends_[0] >= 0) ::close(ends_[0]);
  ends_[0] = ends_[1] = no_handle;
}

NET_API void Waker::wake() noexcept {
  const std::uint64_t one = 1;
  (void)retried([&] { return ::write(ends_[1], &one, sizeof one); });
}

NET_API void Waker::drain() noexcept {
  std::uint64_t counts[16];
  while (retried([&] { return ::read(ends_[0], counts, sizeof counts); }) == static_cast<ssize_t>(sizeof counts)) {}
}

/// What fork() has to know of this process.
struct Forks {
  Atomic<std::uint32_t> count{0};
  Atomic<int> in_resolver{0};

  static Forks& instance() noexcept {
    static constinit Forks forks;
    return forks;
  }
};

NET_API std::uint32_t fork_count() noexcept { return Forks::instance().count.load(); }

NET_API void count_in_resolver(int threads) noexcept { Forks::instance().in_resolver.fetch_add(threads); }

NET_API void at_fork(void (*before)(), void (*in_parent)(), void (*in_child)()) noexcept {
  (void)::pthread_atfork(before, in_parent, in_child);
}

NET_API bool Condition::wait_ms(Mutex& mutex, int milliseconds) noexcept {
  timespec until{};
  ::clock_gettime(CLOCK_REALTIME, &until);
  const long ns = until.tv_nsec + milliseconds % 1000 * 1'000'000L;
  until.tv_sec += milliseconds / 1000 + ns / 1'000'000'000;
  until.tv_nsec = ns % 1'000'000'000;
  return ::pthread_cond_timedwait(&condition_, &mutex.mutex_, &until) == 0;
}

NET_API Mutex::Mutex() noexcept {
  static constinit Atomic<int> noted{0};
  if (noted.exchange(1) != 0) return;
  at_fork(lock_before_fork, unlock_all, unlock_in_child);
}

NET_API void Mutex::lock_before_fork() noexcept {
  // a lookup that takes longer waits for a name server, and holds nothing
  constexpr std::uint64_t longest_wait = 200000000;  // ns
  const std::uint64_t began = now_ns();
  for (lock_all(); Forks::instance().in_resolver.load() > 0 && now_ns() - began < longest_wait; lock_all()) {
    unlock_all();
    const timespec moment{0, 100'000};
    ::nanosleep(&moment, nullptr);
  }
}

NET_API void Mutex::unlock_in_child() noexcept {
  Forks::instance().count.fetch_add(1);
  Forks::instance().in_resolver.store(0);
  unlock_all();
}

NET_API bool Thread::begin(Start* start) noexcept {
  const int failed = ::pthread_create(&thread_, nullptr, run, start);
  if (failed) delete start;
  return failed == 0;
}

NET_API void* Thread::run(void* start) {
  const Start now = *static_cast<Start*>(start);
  delete static_cast<Start*>(start);
  now.work(now.argument);
  return nullptr;
}

NET_API bool start_thread(void (*work)(void*), void* argument) noexcept {
  Thread thread;
  if (!thread.try_start(work, argument)) return false;
  thread.detach();
  return true;
}

NET_API std::size_t processors() noexcept {
  const long count = ::sysconf(_SC_NPROCESSORS_ONLN);
  return count > 0 ? static_cast<std::size_t>(count) : 1;
}

}  // namespace net::inline NET_ABI::detail::os

#endif  // !_WIN32

#endif
#endif

// The bodies of kqueue.hpp. Internal.
#ifndef NET_DETAIL_SYS_BSD_KQUEUE_IPP
#define NET_DETAIL_SYS_BSD_KQUEUE_IPP

#if NET_BODIES

#if NET_HAS_KQUEUE

namespace net::inline NET_ABI::detail {

NET_API Refusal kqueue_poller::open() noexcept {
  shut();
  queue_ = ::kqueue();
  if (queue_ < 0) return {errno, "kqueue"};
  made_in_ = os::fork_count();
  ::fcntl(queue_, F_SETFD, FD_CLOEXEC);
  int failed = change(waker, EVFILT_USER, EV_ADD | EV_CLEAR, 0, &waker_place_);
  if (failed == 0) failed = watch_all();
  return failed < 0 ? Refusal{-failed, "kevent"} : Refusal{};
}

NET_API void kqueue_poller::shut() noexcept {
  count_ = 0;
  const NativeHandle queue = detail::exchange(queue_, no_handle);
  if (queue >= 0 && made_in_ == os::fork_count()) os::close_descriptor(queue);
}

NET_API int kqueue_poller::change(std::uintptr_t of, int filter, int flags, unsigned note,
                                  Registration* place) const noexcept {
  Event wanted{};
  wanted.ident = of;
  wanted.filter = static_cast<decltype(wanted.filter)>(filter);
  wanted.flags = static_cast<decltype(wanted.flags)>(flags);
  wanted.fflags = note;
  wanted.udata = reinterpret_cast<decltype(wanted.udata)>(place);
  return os::retried([&] { return ::kevent(queue_, &wanted, 1, nullptr, 0, nullptr); });
}

NET_API int kqueue_poller::watch(Watcher& watcher, unsigned mask) noexcept {
  watcher.interest = static_cast<std::uint8_t>(mask);
  if ((mask & ~unsigned{watcher.registered}) == 0 && ((watcher.registered & ~mask) & writable) == 0) return 0;
  return update(watcher);
}

NET_API int kqueue_poller::update(Watcher& watcher) noexcept {
  if (!watcher.registration && !registrations_.add(watcher)) return -ENOMEM;
  if ((watcher.registered & ~unsigned{watcher.interest}) & writable) stop_reporting(watcher, writable);
  for (const unsigned what : {readable, writable}) {
    if (((watcher.interest & ~unsigned{watcher.registered}) & what) == 0) continue;
    if (const int failed = change(watcher, what, EV_ADD); failed < 0) return failed;
    watcher.registered = static_cast<std::uint8_t>(watcher.registered | what);
  }
  return 0;
}

NET_API void kqueue_poller::stop_reporting(Watcher& watcher, unsigned what) noexcept {
  if ((watcher.registered & what) == 0) return;  // it was reported in this round, and taken out in it
  change(watcher, what, EV_DELETE);              // fails if the descriptor is closed, and with it the filter gone
  watcher.registered = static_cast<std::uint8_t>(watcher.registered & ~what);
}

NET_API void kqueue_poller::drop(Watcher& watcher) noexcept {
  watcher.interest = 0;
  stop_reporting(watcher, readable);
  stop_reporting(watcher, writable);
  if (watcher.registration) registrations_.remove(*watcher.registration, true);
}

NET_API void kqueue_poller::gone(const Registration& place, const Event& event, unsigned what) noexcept {
  if (&place == &waker_place_ || registrations_.given_up_now(place)) return;
  bool taken = false;
  registrations_.each([&](const Registration& each) {
    const Watcher& other = *each.watcher;
    taken |= static_cast<std::uintptr_t>(other.fd) == event.ident && (other.registered & what) != 0;
  });
  if (!taken) change(event.ident, what == writable ? EVFILT_WRITE : EVFILT_READ, EV_DELETE, 0, nullptr);
}

NET_API unsigned kqueue_poller::note_end(Watcher& watcher, const Event& event, unsigned what) const noexcept {
  if (event.fflags != 0) watcher.failure = static_cast<std::int16_t>(event.fflags);
  return what == readable ? what | hung_up : what;
}

NET_API void kqueue_poller::wake() noexcept { change(waker, EVFILT_USER, 0, NOTE_TRIGGER, &waker_place_); }

/// Everything that is watched, on a new queue. What cannot be watched any more fails when it is used.
NET_API int kqueue_poller::watch_all() noexcept {
  int refused = 0;
  registrations_.each([&](const Registration& each) {
    Watcher& watcher = *each.watcher;
    if (watcher.registered == 0) return;
    watcher.registered = 0;
    const int failed = update(watcher);
    if (failed == -ENOMEM) refused = failed;
    watcher.registered = watcher.interest;
  });
  return refused;
}

}  // namespace net::inline NET_ABI::detail

#endif
#endif
#endif

// The bodies of epoll.hpp. Internal.
#ifndef NET_DETAIL_SYS_LINUX_EPOLL_IPP
#define NET_DETAIL_SYS_LINUX_EPOLL_IPP

#if NET_BODIES

#if defined(__linux__)

namespace net::inline NET_ABI::detail {

NET_API Refusal epoll_poller::open() noexcept {
  shut();
  if (const int failed = waker_.open(); failed < 0) return {-failed, os::Waker::syscall};
  epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
  if (epoll_ < 0) return {errno, "epoll_create1"};
  if (const int failed = watch_all(epoll_); failed < 0) return {-failed, "epoll_ctl"};
  all_watched();
  return {};
}

NET_API void epoll_poller::shut() noexcept {
  count_ = 0;
  stray_ = false;
  if (epoll_ >= 0) os::close_descriptor(detail::exchange(epoll_, no_handle));
  waker_.close();
}

NET_API int epoll_poller::watch(Watcher& watcher, unsigned mask) noexcept {
  watcher.interest = static_cast<std::uint8_t>(mask);
  if ((mask & ~unsigned{watcher.registered}) == 0 && ((watcher.registered & ~mask) & writable) == 0) return 0;
  return update(watcher);
}

NET_API void epoll_poller::drop(Watcher& watcher) noexcept {
  watcher.interest = 0;
  const bool gone = watcher.registered == 0 || ::epoll_ctl(epoll_, EPOLL_CTL_DEL, watcher.fd, &unused_) == 0;
  watcher.registered = 0;
  if (watcher.registration) registrations_.remove(*watcher.registration, gone);
}

NET_GNU(noinline) NET_API unsigned epoll_poller::meaning(Watcher& watcher, unsigned happened) noexcept {
  unsigned what = 0;
  if (happened & (EPOLLIN | EPOLLRDHUP | EPOLLERR | EPOLLHUP)) what |= readable;
  if (happened & (EPOLLOUT | EPOLLERR | EPOLLHUP)) what |= writable;
  if (watcher.registered != watcher.interest && (what & ~unsigned{watcher.interest}) != 0) update(watcher);
  what &= watcher.interest;
  return what != 0 && (happened & EPOLLHUP) != 0 ? what | hung_up : what;
}

NET_GNU(noinline) NET_API int epoll_poller::update(Watcher& watcher) noexcept {
  const unsigned mask = watcher.interest;
  if (!watcher.registration && !registrations_.add(watcher)) return -ENOMEM;
  // an empty mask would still report errors and hang-ups for ever: silence is removal
  const int operation = mask == 0 ? EPOLL_CTL_DEL : watcher.registered == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;
  if (const int failed = control(epoll_, operation, watcher, mask); failed < 0) return failed;
  watcher.registered = static_cast<std::uint8_t>(mask);
  return 0;
}

NET_API int epoll_poller::control(int epoll, int operation, const Watcher& watcher, unsigned mask) noexcept {
  epoll_event event{};
  event.events = (mask & readable ? EPOLLIN | EPOLLRDHUP : 0u) | (mask & writable ? EPOLLOUT : 0u);
  event.data.ptr = watcher.registration;
  return ::epoll_ctl(epoll, operation, watcher.fd, &event) == 0 ? 0 : -errno;
}

NET_GNU(noinline) NET_API unsigned epoll_poller::gone(const Registration& place) noexcept {
  if (&place == &waker_place_) {
    waker_.drain();
    return 0;
  }
  if (!registrations_.given_up_now(place) && !stray_) start_over();
  return 0;
}

NET_API void epoll_poller::start_over() noexcept {
  const int fresh = ::epoll_create1(EPOLL_CLOEXEC);
  stray_ = fresh < 0 || watch_all(fresh) < 0 ||
           // under the same number: a program that watches it from another loop goes on
           os::retried([&] { return ::dup3(fresh, epoll_, O_CLOEXEC); }) < 0;
  if (fresh >= 0) os::close_descriptor(fresh);
  if (stray_) return;
  all_watched();
  count_ = 0;  // what is ready is reported again
}

NET_GNU(noinline) NET_API int epoll_poller::wait_with_stray(int milliseconds) noexcept {
  stray_ = false;
  constexpr int step = 50;
  const int wait = milliseconds >= 0 && milliseconds < step ? milliseconds : step;
  pollfd waker{waker_.descriptor(), POLLIN, 0};
  if (::poll(&waker, 1, wait) < 0) {  // not even one descriptor is allowed
    const timespec sleep{0, wait * 1000000L};
    ::nanosleep(&sleep, nullptr);
  }
  return milliseconds < 0 ? milliseconds : milliseconds - wait;
}

NET_API int epoll_poller::watch_all(int epoll) noexcept {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.ptr = &waker_place_;
  if (::epoll_ctl(epoll, EPOLL_CTL_ADD, waker_.descriptor(), &event) != 0) return -errno;
  int refused = 0;
  registrations_.each([&](const Registration& each) {
    const Watcher& watcher = *each.watcher;
    if (watcher.registered == 0 || watcher.interest == 0 || refused < 0) return;
    const int failed = control(epoll, EPOLL_CTL_ADD, watcher, watcher.interest);
    if (failed == -ENOSPC || failed == -ENOMEM) refused = failed;
  });
  return refused;
}

}  // namespace net::inline NET_ABI::detail

#endif  // __linux__
#endif
#endif

// The bodies of poll.hpp. Internal.
#ifndef NET_DETAIL_SYS_POSIX_POLL_IPP
#define NET_DETAIL_SYS_POSIX_POLL_IPP

#if NET_BODIES

#if !defined(_WIN32)

namespace net::inline NET_ABI::detail {

NET_API Refusal poll_poller::open() {
  if (const int failed = waker_.open(); failed < 0) return {-failed, os::Waker::syscall};
  if (entries_.empty()) {
    // the first entry is the waker's; waiting for it needs no memory either
    ready_.reserve(4);
    entries_.push({});
    places_.push(&waker_place_);
  }
  entries_[0] = {waker_.descriptor(), POLLIN, 0};
  return {};
}

NET_API int poll_poller::watch(Watcher& watcher, unsigned mask) {
  watcher.interest = static_cast<std::uint8_t>(mask);
  if (mask == watcher.registered) return 0;
  if (mask == 0) {
    leave(watcher.registration->place);
  } else {
    if (!watcher.registration && !registrations_.add(watcher)) return -ENOMEM;
    if (watcher.registered == 0) enter(watcher);
    entries_[watcher.registration->place].events =
        static_cast<short>((mask & readable ? POLLIN : 0) | (mask & writable ? POLLOUT : 0));
  }
  watcher.registered = static_cast<std::uint8_t>(mask);
  return 0;
}

NET_API void poll_poller::drop(Watcher& watcher) noexcept {
  watcher.interest = 0;
  if (watcher.registered != 0) leave(watcher.registration->place);
  watcher.registered = 0;
  if (watcher.registration) registrations_.remove(*watcher.registration, true);
}

NET_API void poll_poller::enter(Watcher& watcher) {
  // space for everything first: what fails leaves nothing half done, and waiting needs no memory
  if (ready_.capacity() <= entries_.size()) ready_.reserve(2 * (entries_.size() + 1));
  if (places_.capacity() <= entries_.size()) places_.reserve(2 * (entries_.size() + 1));
  entries_.push({watcher.fd, 0, 0});
  places_.push(watcher.registration);
  watcher.registration->place = entries_.size() - 1;
}

NET_API void poll_poller::leave(std::size_t place) noexcept {
  entries_[place] = entries_.back();
  places_[place] = places_.back();
  places_[place]->place = place;
  entries_.pop();
  places_.pop();
}

NET_API void poll_poller::nobody(Registration& place) noexcept {
  if (&place == &waker_place_) {
    waker_.drain();
  } else if (!registrations_.given_up_now(place)) {
    leave(place.place);
  }
}

}  // namespace net::inline NET_ABI::detail

#endif  // !_WIN32

#endif
#endif

// The bodies of port.hpp. Internal.
#ifndef NET_DETAIL_SYS_WINDOWS_PORT_IPP
#define NET_DETAIL_SYS_WINDOWS_PORT_IPP

#if NET_BODIES

#if defined(_WIN32)

namespace net::inline NET_ABI::detail {

NET_API void PortEntry::release() noexcept {
  if (owners.fetch_sub(1) != 1) return;
  if (port) port->detach(*this);
  operations->free(*this);
}

NET_API Refusal Port::open() noexcept {
  shut();
  port_ = win::CreateIoCompletionPort(win::no_file(), nullptr, 0, 1);
  return port_ ? Refusal{} : Refusal{-os::last_error(), "CreateIoCompletionPort"};
}

NET_API void Port::shut() noexcept {
  if (!port_) return;
  for (PortEntry* entry = all_; entry; entry = entry->next_of_port) entry->operations->cancel(*entry);
  // what the system still has must not be freed; a few seconds are for a system that never gives it back
  bool woken = false;
  for (int tries = 0; in_flight_.load() > 0 && tries < 50; ++tries) dequeue(100, woken);
  ready_.take_all(queue_);
  while (PortEntry* const entry = ready_.pop()) {
    entry->place = PortEntry::Place::nowhere;
    entry->release();
  }
  while (all_) detach(*all_);
  win::CloseHandle(detail::exchange(port_, nullptr));
}

NET_API int Port::attach(PortEntry& entry) noexcept {
  if (entry.port == this) return 0;
  if (entry.port || !port_) return -EEXIST;
  entry.port = this;
  entry.link_of_port = &all_;
  entry.next_of_port = detail::exchange(all_, &entry);
  if (entry.next_of_port) entry.next_of_port->link_of_port = &entry.next_of_port;
  const int failed = entry.operations->attached(entry);
  if (failed < 0) detach(entry);
  return failed;
}

NET_API void Port::detach(PortEntry& entry) noexcept {
  forget_due(entry);
  *entry.link_of_port = entry.next_of_port;
  if (entry.next_of_port) entry.next_of_port->link_of_port = entry.link_of_port;
  entry.port = nullptr;
}

NET_API int Port::associate(win::Handle handle, unsigned char modes) noexcept {
  if (!win::CreateIoCompletionPort(handle, port_, 0, 0)) return os::last_error();
  return win::SetFileCompletionNotificationModes(handle, modes) ? 0 : os::last_error();
}

NET_API void Port::queue(PortEntry& entry) noexcept {
  if (entry.place != PortEntry::Place::nowhere) return;
  entry.place = PortEntry::Place::queued;
  entry.retain();
  queue_.push(entry);
}

NET_API void Port::set_due(PortEntry& entry, std::uint64_t after_ms) noexcept {
  forget_due(entry);
  entry.due_at = os::now_ns() / 1000000 + after_ms + 1;  // the clock's millisecond has begun already
  entry.link_due = &due_;
  entry.next_due = detail::exchange(due_, &entry);
  if (entry.next_due) entry.next_due->link_due = &entry.next_due;
}

NET_API void Port::forget_due(PortEntry& entry) noexcept {
  if (!entry.link_due) return;
  *entry.link_due = entry.next_due;
  if (entry.next_due) entry.next_due->link_due = entry.link_due;
  entry.link_due = nullptr;
}

NET_API void Port::began(PortOperation& operation) noexcept {
  operation.in_flight = true;
  operation.entry->retain();
  in_flight_.fetch_add(1);
}

/// Telling needs memory of the system's: without it whoever tells waits, since a wait that is not ended may last for
/// ever.
NET_API bool Port::tell(::_OVERLAPPED* what) noexcept {
  while (!win::PostQueuedCompletionStatus(port_, 0, 0, what)) {
    if (os::last_error() != -ENOMEM) return false;  // there is no port
    win::Sleep(1);
  }
  return true;
}

NET_API void Port::post(PortOperation& operation) noexcept {
  began(operation);
  if (tell(operation.begin())) return;
  operation.in_flight = false;
  in_flight_.fetch_sub(1);
  operation.entry->release();
}

NET_API void Port::prepare_all() noexcept {
  PortQueue now;
  now.take_all(queue_);
  while (PortEntry* const entry = now.pop()) {
    entry->place = PortEntry::Place::nowhere;
    if (entry->operations->prepare(*entry) != 0) {
      entry->place = PortEntry::Place::ready;
      ready_.push(*entry);
    } else {
      entry->release();
    }
  }
}

NET_API PortEntry* Port::next_ready(unsigned& what) noexcept {
  while (PortEntry* const entry = ready_.pop()) {
    entry->place = PortEntry::Place::nowhere;
    what = entry->operations->take(*entry) & entry->interest();
    queue(*entry);
    entry->release();
    if (what != 0) return entry;
  }
  return nullptr;
}

NET_API void Port::expire() noexcept {
  if (!due_) return;
  const std::uint64_t now = os::now_ns() / 1000000;
  for (PortEntry* entry = due_; entry;) {
    PortEntry* const next = entry->next_due;
    if (entry->due_at <= now) {
      forget_due(*entry);
      entry->operations->due(*entry);
      queue(*entry);
    }
    entry = next;
  }
}

NET_API int Port::wait_time(int milliseconds) const noexcept {
  if (!ready_.empty()) return 0;
  if (!due_) return milliseconds;
  const std::uint64_t now = os::now_ns() / 1000000;
  for (const PortEntry* entry = due_; entry; entry = entry->next_due) {
    const int left = entry->due_at > now ? static_cast<int>(entry->due_at - now) : 0;
    if (milliseconds < 0 || left < milliseconds) milliseconds = left;
  }
  return milliseconds;
}

NET_API int Port::dequeue(int milliseconds, bool& woken) noexcept {
  win::Completed events[max_events];
  win::Word count = 0;
  const win::Word wait = milliseconds < 0 ? win::wait_forever : static_cast<win::Word>(milliseconds);
  if (!win::GetQueuedCompletionStatusEx(port_, win::as<::_OVERLAPPED_ENTRY>(&events[0]), max_events, &count, wait, 0)) {
    const int failed = os::last_error();
    return failed == -ETIMEDOUT ? 0 : failed;
  }
  for (win::Word i = 0; i < count; ++i) {
    if (!events[i].operation) {
      woken = true;
      continue;
    }
    auto& operation = *reinterpret_cast<PortOperation*>(events[i].operation);
    PortEntry& entry = *operation.entry;
    const auto status = static_cast<win::Word>(operation.overlapped.status);
    operation.in_flight = false;
    in_flight_.fetch_sub(1);
    entry.operations->done(entry, operation, os::status_error(status), events[i].size);
    queue(entry);
    entry.release();
  }
  return static_cast<int>(count);
}

NET_API Refusal Port::collect(int milliseconds) noexcept {
  if (!port_) return {};
  const std::uint64_t until = milliseconds > 0 ? os::now_ns() + static_cast<std::uint64_t>(milliseconds) * 1000000 : 0;
  for (bool woken = false;;) {
    prepare_all();
    const int count = dequeue(wait_time(milliseconds), woken);
    if (count < 0) return {-count, "GetQueuedCompletionStatusEx"};
    expire();
    prepare_all();
    if (!ready_.empty() || woken || milliseconds == 0) return {};
    if (milliseconds < 0) continue;
    // the system's clock is a coarse one: whoever waits is not woken too early
    const std::uint64_t now = os::now_ns();
    if (now >= until) return {};
    milliseconds = static_cast<int>((until - now + 999999) / 1000000);
  }
}

}  // namespace net::inline NET_ABI::detail

#endif  // _WIN32
#endif
#endif

// The bodies of afd.hpp. Internal.
#ifndef NET_DETAIL_SYS_WINDOWS_AFD_IPP
#define NET_DETAIL_SYS_WINDOWS_AFD_IPP

#if NET_BODIES

#if defined(_WIN32)

namespace net::inline NET_ABI::detail {

// The events of the driver.
inline constexpr win::Word afd_receive = 1, afd_send = 4, afd_disconnect = 8, afd_abort = 0x10, afd_local_close = 0x20;
inline constexpr win::Word afd_accept = 0x80, afd_connect_fail = 0x100;

/// \Device\Afd is no file that CreateFileW would open.
NET_API win::Handle open_afd() noexcept {
  using Create = std::int32_t(__stdcall*)(win::Handle*, win::Word, const win::ObjectAttributes*, win::StatusBlock*,
                                          std::int64_t*, win::Word, win::Word, win::Word, win::Word, void*, win::Word);
  static const auto create = reinterpret_cast<Create>(
      reinterpret_cast<void*>(win::GetProcAddress(win::GetModuleHandleW(L"ntdll.dll"), "NtCreateFile")));
  static constexpr wchar_t path[] = L"\\Device\\Afd\\net.hpp";
  const win::UnicodeString name{sizeof path - sizeof(wchar_t), sizeof path, path};
  const win::ObjectAttributes attributes{sizeof attributes, nullptr, &name, 0, nullptr, nullptr};
  constexpr win::Word shared = 3, open = 1;
  win::StatusBlock status{};
  win::Handle device = nullptr;
  if (!create ||
      create(&device, win::synchronize, &attributes, &status, nullptr, 0, shared, open, 0, nullptr, 0) != 0) {
    return nullptr;
  }
  return device;
}

NET_API AfdDevice* AfdDevices::take(Port& port, int& failed) {
  for (AfdDevice* device = first_; device; device = device->next) {
    if (device->sockets < AfdDevice::max_sockets) return ++device->sockets, device;
  }
  auto* const device = new AfdDevice;
  device->handle = open_afd();
  if (!device->handle) {
    delete device;
    failed = -EMFILE;
    return nullptr;
  }
  failed = port.associate(device->handle, win::skip_event);
  if (failed < 0) {
    win::CloseHandle(device->handle);
    delete device;
    return nullptr;
  }
  device->sockets = 1;
  device->next = detail::exchange(first_, device);
  return device;
}

NET_API void AfdDevices::close() noexcept {
  while (AfdDevice* const device = first_) {
    first_ = device->next;
    win::CloseHandle(device->handle);
    delete device;
  }
}

NET_API AfdEntry::AfdEntry(win::Socket watched, AfdDevice& on) noexcept
    : PortEntry(table), socket(watched), base(watched), device(on) {
  poll.entry = this;
  // what other programs have put between us and the driver is left out
  win::Word size = 0;
  win::Socket below = 0;
  if (win::WSAIoctl(socket, win::control_base_handle, nullptr, 0, &below, sizeof below, &size, nullptr, nullptr) == 0) {
    base = below;
  }
}

NET_API win::Word AfdEntry::wanted(unsigned interest) noexcept {
  win::Word events = 0;
  if (interest & readable) events |= afd_receive | afd_accept | afd_disconnect;
  if (interest & writable) events |= afd_send;
  return events != 0 ? events | afd_abort | afd_connect_fail | afd_local_close : 0;
}

NET_API void AfdEntry::cancel() noexcept {
  if (poll.in_flight) win::CancelIoEx(device.handle, win::as<::_OVERLAPPED>(&poll.overlapped));
}

NET_API unsigned AfdEntry::prepare() noexcept {
  ready &= interest();
  if (ready != 0) return ready;
  const win::Word events = wanted(interest());
  if (events == 0 || poll.in_flight) return 0;
  info = {INT64_MAX, 1, 0, reinterpret_cast<win::Handle>(base), events, 0};
  win::Word size = 0;
  if (!win::DeviceIoControl(device.handle, win::control_afd_poll, &info, sizeof info, &info, sizeof info, &size,
                            poll.begin()) &&
      os::last_error() != -EAGAIN) {
    return ready = interest();  // no socket, or none any more: whoever uses it is told so
  }
  asked = events;
  port->began(poll);
  return 0;
}

NET_API void AfdEntry::done(int failed) noexcept {
  if (failed == ECANCELED || !registration) return;
  if (failed != 0) {
    ready = readable | writable;
    return;
  }
  const win::Word events = info.count > 0 ? info.events : 0;
  if (events & afd_local_close) return;  // somebody else has closed it: silence, as of any number without a socket
  if (events & (afd_receive | afd_accept | afd_disconnect)) ready |= readable;
  if (events & afd_send) ready |= writable;
  if (events & (afd_abort | afd_connect_fail)) ready |= readable | writable;
}

NET_API constexpr PortEntry::Operations AfdEntry::table{
    [](PortEntry& entry) noexcept { return static_cast<AfdEntry&>(entry).prepare(); },
    [](PortEntry& entry) noexcept { return detail::exchange(static_cast<AfdEntry&>(entry).ready, 0u); },
    [](PortEntry& entry, PortOperation&, int failed, std::size_t) noexcept {
      static_cast<AfdEntry&>(entry).done(failed);
    },
    nullptr,
    [](PortEntry&) noexcept { return 0; },
    [](PortEntry& entry) noexcept { static_cast<AfdEntry&>(entry).cancel(); },
    [](const PortEntry& entry) noexcept {
      return static_cast<NativeHandle>(static_cast<const AfdEntry&>(entry).socket);
    },
    [](PortEntry& entry) noexcept {
      auto& self = static_cast<AfdEntry&>(entry);
      --self.device.sockets;
      delete &self;
    }};

}  // namespace net::inline NET_ABI::detail

#endif  // _WIN32
#endif
#endif

// The bodies of port_poller.hpp. Internal.
#ifndef NET_DETAIL_SYS_WINDOWS_PORT_POLLER_IPP
#define NET_DETAIL_SYS_WINDOWS_PORT_POLLER_IPP

#if NET_BODIES

#if defined(_WIN32)

namespace net::inline NET_ABI::detail {

NET_API Refusal port_poller::open() noexcept {
  shut();
  if (const int failed = os::start_winsock(); failed < 0) return {-failed, "WSAStartup"};
  if (const Refusal refused = port_.open(); refused.number != 0) return refused;
  registrations_.each([this](Registration& place) {
    if (place.watcher->interest != 0) watch(*place.watcher, place.watcher->interest);
  });
  return {};
}

NET_API void port_poller::shut() noexcept {
  registrations_.each([this](Registration& place) {
    leave(place);
    place.watcher->registered = 0;
  });
  port_.shut();
  devices_.close();
}

NET_API bool port_poller::add(Watcher& watcher) noexcept {
  if (watcher.registration) return true;
  if (!registrations_.add(watcher)) return false;
  watcher.registration->place = 0;
  return true;
}

NET_API bool port_poller::hold(Watcher& watcher) noexcept {
  if (!add(watcher)) return false;
  PortEntry* const entry = entry_of(watcher.fd);
  return !entry || enter_entry(watcher, *entry) == 0;
}

NET_API int port_poller::watch(Watcher& watcher, unsigned mask) {
  watcher.interest = static_cast<std::uint8_t>(mask);
  if (!port_.is_open()) return 0;
  if (mask != 0) {
    if (!add(watcher)) return -ENOMEM;
    if (const int failed = enter(watcher); failed < 0) return failed;
    port_.queue(*entry_of_place(*watcher.registration));
  }
  watcher.registered = static_cast<std::uint8_t>(mask);
  return 0;
}

NET_API int port_poller::enter(Watcher& watcher) {
  PortEntry* const entry = entry_of(watcher.fd);
  return entry ? enter_entry(watcher, *entry) : enter_socket(watcher);
}

NET_API int port_poller::enter_entry(Watcher& watcher, PortEntry& entry) noexcept {
  Registration& place = *watcher.registration;
  if (const int failed = port_.attach(entry); failed < 0) return failed;
  if (place.place == 0) entry.retain();
  entry.registration = &place;
  place.place = reinterpret_cast<std::size_t>(&entry);
  return 0;
}

/// What has no memory throws, and has changed nothing.
NET_API int port_poller::enter_socket(Watcher& watcher) {
  Registration& place = *watcher.registration;
  if (place.place != 0 && !static_cast<AfdEntry*>(entry_of_place(place))->asks_too_little()) return 0;
  struct Taken {
    AfdDevice* device;
    ~Taken() {
      if (device) --device->sockets;
    }
  };
  int failed = 0;
  Taken taken{devices_.take(port_, failed)};
  if (!taken.device) return failed;
  auto* const entry = new AfdEntry(os::socket_of(watcher.fd), *taken.device);
  taken.device = nullptr;  // it is the entry's
  if ((failed = port_.attach(*entry)) < 0) return entry->release(), failed;
  leave(place);  // what was asked before is answered to nobody; the new one asks for all of it
  entry->registration = &place;
  place.place = reinterpret_cast<std::size_t>(entry);
  return 0;
}

/// What is in flight for a socket is of no use any more; a pipe is its channel's, and goes on.
NET_API void port_poller::leave(Registration& place) noexcept {
  PortEntry* const entry = entry_of_place(place);
  place.place = 0;
  if (!entry) return;
  entry->registration = nullptr;
  if (entry->operations == &AfdEntry::table) entry->operations->cancel(*entry);
  entry->release();
}

NET_API void port_poller::drop(Watcher& watcher) noexcept {
  watcher.interest = watcher.registered = 0;
  if (!watcher.registration) return;
  leave(*watcher.registration);
  registrations_.remove(*watcher.registration, true);
}

NET_API bool port_poller::has(NativeHandle fd) noexcept {
  bool found = false;
  registrations_.each([&](const Registration& place) {
    const PortEntry* const entry = entry_of(place.watcher->fd);
    found |= (entry ? entry->operations->native(*entry) : place.watcher->fd) == fd;
  });
  return found;
}

}  // namespace net::inline NET_ABI::detail

#endif  // _WIN32
#endif
#endif

// The bodies of address.hpp. Internal.
#ifndef NET_DETAIL_SYS_POSIX_ADDRESS_IPP
#define NET_DETAIL_SYS_POSIX_ADDRESS_IPP

#if NET_BODIES

// Addresses in the system's form. Internal.
#ifndef NET_DETAIL_SYS_POSIX_SYSTEM_ADDRESS_HPP
#define NET_DETAIL_SYS_POSIX_SYSTEM_ADDRESS_HPP

#if !defined(_WIN32)

namespace net::inline NET_ABI::detail::os {

/// The system's form of an address of any kind.
struct SystemAddress {
  union {
    sockaddr any;
    sockaddr_in v4;
    sockaddr_in6 v6;
    sockaddr_un local;
    sockaddr_storage storage;
  };
  socklen_t size = sizeof(sockaddr_storage);

  SystemAddress() noexcept { std::memset(&storage, 0, sizeof storage); }

  explicit SystemAddress(const Endpoint& from) noexcept;

  /// False if the path does not fit (S23.5) or holds a NUL that is not its first byte (S23.7).
  bool set_path(std::string_view path) noexcept;

  Endpoint endpoint() const noexcept;
};

NET_API int bind_to(NativeHandle fd, const SystemAddress& address) noexcept;

/// 0: connected; -EINPROGRESS: wait for writable; else a negated errno.
NET_API int connect_to(NativeHandle fd, const SystemAddress& address) noexcept;

}  // namespace net::inline NET_ABI::detail::os

#endif  // !_WIN32

#endif

#if !defined(_WIN32)

namespace net::inline NET_ABI::detail::os {

NET_API SystemAddress::SystemAddress(const Endpoint& from) noexcept : SystemAddress() {
  if (from.ip.family == Family::IPv6) {
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(from.port);
    v6.sin6_scope_id = from.scope;
    std::memcpy(&v6.sin6_addr, from.ip.bytes, 16);
    size = sizeof v6;
  } else {
    v4.sin_family = AF_INET;
    v4.sin_port = htons(from.port);
    std::memcpy(&v4.sin_addr, from.ip.bytes, 4);
    size = sizeof v4;
  }
}

NET_API bool SystemAddress::set_path(std::string_view path) noexcept {
  const bool abstract = !path.empty() && path[0] == '\0';
  if (path.empty() || path.size() > sizeof local.sun_path) return false;
#if !defined(__linux__)
  if (abstract) return false;
#endif
  if (!abstract && path.find('\0') != std::string_view::npos) return false;
  local.sun_family = AF_UNIX;
  std::memcpy(local.sun_path, path.data(), path.size());
  const std::size_t end = abstract || path.size() == sizeof local.sun_path ? path.size() : path.size() + 1;
  size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + end);
  return true;
}

NET_API Endpoint SystemAddress::endpoint() const noexcept {
  Endpoint to;
  if (any.sa_family == AF_INET6) {
    to.ip.family = Family::IPv6;
    to.port = ntohs(v6.sin6_port);
    to.scope = v6.sin6_scope_id;
    std::memcpy(to.ip.bytes, &v6.sin6_addr, 16);
  } else if (any.sa_family == AF_INET) {
    to.ip.family = Family::IPv4;
    to.port = ntohs(v4.sin_port);
    std::memcpy(to.ip.bytes, &v4.sin_addr, 4);
  }
  return to;
}

NET_API Endpoint local_end(NativeHandle fd) noexcept {
  SystemAddress name;
  return ::getsockname(fd, &name.any, &name.size) == 0 ? name.endpoint() : Endpoint{};
}

NET_API Endpoint remote_end(NativeHandle fd) noexcept {
  SystemAddress name;
  return ::getpeername(fd, &name.any, &name.size) == 0 ? name.endpoint() : Endpoint{};
}

NET_API bool unconnected(NativeHandle fd) noexcept {
  SystemAddress name;
  return ::getpeername(fd, &name.any, &name.size) != 0 && errno == ENOTCONN;
}

NET_API std::uint32_t interface_index(std::string_view zone) noexcept {
  std::uint32_t number = 0;
  bool decimal = !zone.empty() && zone.size() < 10;
  for (const char c : zone) {
    decimal = decimal && c >= '0' && c <= '9';
    number = number * 10 + static_cast<std::uint32_t>(c - '0');
  }
  if (decimal) return number;
  char name[IF_NAMESIZE] = {};
  if (zone.empty() || zone.size() >= sizeof name) return 0;
  std::memcpy(name, zone.data(), zone.size());
  return ::if_nametoindex(name);
}

NET_API std::string interface_name(std::uint32_t index) {
  char name[IF_NAMESIZE] = {};
  return ::if_indextoname(index, name) ? name : std::to_string(index);
}

NET_API int bind_to(NativeHandle fd, const SystemAddress& address) noexcept {
  return ::bind(fd, &address.any, address.size) == 0 ? 0 : -errno;
}

NET_API int connect_to(NativeHandle fd, const SystemAddress& address) noexcept {
  if (::connect(fd, &address.any, address.size) == 0) return 0;
  // an interrupted connect goes on by itself
  return errno == EINTR ? -EINPROGRESS : -errno;
}

NET_API int listen_on(const Endpoint& at, const ListenFlags& flags) noexcept {
  const int fd = open_socket(at.ip.family == Family::IPv6 ? AF_INET6 : AF_INET);
  if (fd < 0) return fd;
  int failed = set_flag(fd, SOL_SOCKET, SO_REUSEADDR, 1);
  if (failed == 0 && at.ip.family == Family::IPv6) failed = set_flag(fd, IPPROTO_IPV6, IPV6_V6ONLY, flags.ipv6_only);
  if (failed == 0 && flags.reuse_port) {
#if defined(SO_REUSEPORT_LB)
    failed = set_flag(fd, SOL_SOCKET, SO_REUSEPORT_LB, 1);
#elif (defined(__linux__) || defined(__DragonFly__)) && defined(SO_REUSEPORT)
    failed = set_flag(fd, SOL_SOCKET, SO_REUSEPORT, 1);
#else  // the others have the option, but it shares the connections out to the last one
    failed = -ENOTSUP;
#endif
  }
  if (failed == 0) failed = bind_to(fd, SystemAddress(at));
  if (failed == 0 && ::listen(fd, flags.backlog) != 0) failed = -errno;
  if (failed == 0) return fd;
  close_descriptor(fd);
  return failed;
}

NET_API void remove_path(std::string_view path) noexcept {
  if (path.empty() || path[0] == '\0') return;
  char name[sizeof(sockaddr_un::sun_path) + 1] = {};
  if (path.size() >= sizeof name) return;
  std::memcpy(name, path.data(), path.size());
  ::unlink(name);
}

NET_API int listen_on_path(std::string_view path, const PathMode& mode, int backlog, bool* mode_failed) noexcept {
  SystemAddress address;
  if (!address.set_path(path)) return -EINVAL;
  const int fd = open_socket(AF_UNIX);
  if (fd < 0) return fd;
  int failed = bind_to(fd, address);
  const bool bound = failed == 0;
  if (failed == -ENOENT) failed = -EACCES;
  if (bound && (mode.readable_all || mode.writable_all) && path[0] != '\0') {
    const mode_t bits =
        (mode.readable_all ? S_IRUSR | S_IRGRP | S_IROTH : 0u) | (mode.writable_all ? S_IWUSR | S_IWGRP | S_IWOTH : 0u);
    char name[sizeof(sockaddr_un::sun_path) + 1] = {};
    std::memcpy(name, path.data(), path.size());
    if (::chmod(name, bits) != 0) failed = -errno;
    if (mode_failed) *mode_failed = failed != 0;
  }
  if (failed == 0 && ::listen(fd, backlog) != 0) failed = -errno;
  if (failed == 0) return fd;
  close_descriptor(fd);
  if (bound) remove_path(path);
  return failed;
}

NET_API int listen_on_descriptor(NativeHandle fd, int backlog) noexcept {
  const DescriptorKind kind = kind_of(fd);
  if (kind != DescriptorKind::tcp && kind != DescriptorKind::local) return -EINVAL;
  if (const int failed = prepare(fd); failed < 0) return failed;
  int listens = 0;
  socklen_t size = sizeof listens;
  if (backlog == 0 && ::getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) == 0) return listens ? 0 : -EINVAL;
  return ::listen(fd, backlog == 0 ? 511 : backlog) == 0 ? 0 : -errno;
}

}  // namespace net::inline NET_ABI::detail::os

#endif  // !_WIN32

#endif
#endif

// The bodies of channel.hpp. Internal.
#ifndef NET_DETAIL_SYS_POSIX_CHANNEL_IPP
#define NET_DETAIL_SYS_POSIX_CHANNEL_IPP

#if NET_BODIES

#if !defined(_WIN32)

namespace net::inline NET_ABI::detail {

NET_API int fd_channel::open(Family family) noexcept {
  return set(os::open_socket(family == Family::IPv6 ? AF_INET6 : AF_INET));
}

NET_API int fd_channel::bind(const Endpoint& to) noexcept {
  if (const int failed = os::set_flag(fd, SOL_SOCKET, SO_REUSEADDR, 1); failed < 0) return failed;
  return os::bind_to(fd, os::SystemAddress(to));
}

NET_API int fd_channel::start_connect(const Endpoint& to) noexcept { return os::connect_to(fd, os::SystemAddress(to)); }

NET_API int fd_channel::start_connect_path(std::string_view path) noexcept {
  os::SystemAddress address;
  if (!address.set_path(path)) return -EINVAL;
  if (!is_open()) {
    if (const int failed = set(os::open_socket(AF_UNIX)); failed < 0) return failed;
  }
  return os::connect_to(fd, address);
}

NET_API std::ptrdiff_t fd_channel::write(const IoSlice* slices, std::size_t count) noexcept {
  if (not_socket_) return os::write_slices(fd, slices, count);
  return count == 1 ? os::send_one(fd, slices->data, slices->size) : os::send_slices(fd, slices, count);
}

NET_API int fd_channel::set(int descriptor, bool not_socket) noexcept {
  if (descriptor < 0) return descriptor;
  fd = descriptor;
  if constexpr (os::poller_takes_errors) failure = 0;
  not_socket_ = not_socket;
  return 0;
}

}  // namespace net::inline NET_ABI::detail

#endif  // !_WIN32

#endif
#endif

// The bodies of acceptor.hpp. Internal.
#ifndef NET_DETAIL_SYS_POSIX_ACCEPTOR_IPP
#define NET_DETAIL_SYS_POSIX_ACCEPTOR_IPP

#if NET_BODIES

#if !defined(_WIN32)

namespace net::inline NET_ABI::detail {

NET_API int fd_acceptor::listen_beside(const fd_acceptor& other, int backlog) noexcept {
  const NativeHandle same = os::duplicate(other.fd);
  if (same < 0) return same;
  const int failed = listen_descriptor(same, backlog);
  if (failed < 0) os::close_descriptor(same);
  return failed;
}

NET_API int fd_acceptor::accept(fd_channel& into) noexcept { return into.set(next()); }

NET_API NativeHandle fd_acceptor::next() noexcept {
  const int accepted = os::accept_from(fd);
  if ((accepted == -EMFILE || accepted == -ENFILE) && reserve_ >= 0) return turn_away();
  if (reserve_ < 0 && accepted != -EMFILE && accepted != -ENFILE) [[unlikely]]
    reserve_ = os::open_reserve();
  return accepted;
}

NET_API void fd_acceptor::close() noexcept {
  if (is_open()) os::close_descriptor(fd);
  release();
}

NET_API void fd_acceptor::release() noexcept {
  fd = no_handle;
  if (reserve_ >= 0) os::close_descriptor(detail::exchange(reserve_, no_handle));
}

NET_API int fd_acceptor::set(int listening) noexcept {
  if (listening < 0) return listening;
  fd = listening;
  reserve_ = os::open_reserve();
  return 0;
}

NET_API NativeHandle fd_acceptor::turn_away() noexcept {
  os::close_descriptor(detail::exchange(reserve_, no_handle));
  NativeHandle accepted = os::accept_from(fd);
  for (int left = 512; accepted >= 0; accepted = os::accept_from(fd)) {
    os::close_descriptor(accepted);
    if (--left == 0) {
      accepted = -EAGAIN;
      break;
    }
  }
  reserve_ = os::open_reserve();
  return accepted;
}

}  // namespace net::inline NET_ABI::detail

#endif  // !_WIN32

#endif
#endif

// The bodies of files.hpp. Internal.
#ifndef NET_DETAIL_SYS_POSIX_FILES_IPP
#define NET_DETAIL_SYS_POSIX_FILES_IPP

#if NET_BODIES

#if !defined(_WIN32)

namespace net::inline NET_ABI::detail::os {

NET_API int open_file(const std::string& path, const FileAccess& access, NativeHandle& opened) noexcept {
  int flags = O_CLOEXEC | O_NOCTTY;
#if defined(O_LARGEFILE)
  flags |= O_LARGEFILE;  // more than 2 GiB, where a program is of 32 bits
#endif
  if (access.writes) flags |= O_WRONLY | O_CREAT | (access.appends ? O_APPEND : 0);
  if (access.writes && !access.appends && access.start == 0) flags |= O_TRUNC;
  if (access.exclusive) flags |= O_EXCL;
  const int fd = retried([&] { return ::open(path.c_str(), flags, static_cast<mode_t>(access.mode)); });
  if (fd < 0) return fd;
  if (access.start > 0 && ::lseek(fd, static_cast<off_t>(access.start), SEEK_SET) < 0) {
    const int failed = -errno;
    close_descriptor(fd);
    return failed;
  }
  opened = fd;
  return 0;
}

NET_API std::ptrdiff_t read_file(NativeHandle file, char* into, std::size_t size) noexcept {
  return retried([&] { return ::read(file, into, size); });
}

/// A file may be a FIFO whose reader has gone: no SIGPIPE comes out.
NET_API std::ptrdiff_t write_file(NativeHandle file, const char* from, std::size_t size) noexcept {
  const IoSlice bytes{from, size};
  return write_slices(file, &bytes, 1);
}

/// Not again after a signal: the descriptor is gone, and may be another one's already.
NET_API int close_file(NativeHandle file) noexcept { return ::close(file) == 0 || errno == EINTR ? 0 : -errno; }

inline bool is_quick(const struct stat& status) noexcept { return S_ISREG(status.st_mode) || S_ISBLK(status.st_mode); }

/// What is not there yet becomes a file.
NET_API bool is_slow_path(const std::string& path) noexcept {
  struct stat status{};
  return ::stat(path.c_str(), &status) == 0 && !is_quick(status);
}

NET_API bool is_slow_file(NativeHandle file) noexcept {
  struct stat status{};
  return ::fstat(file, &status) != 0 || !is_quick(status);
}

/// A pipe that is writable takes so much at once, and others who have it are not made to mind O_NONBLOCK.
NET_API std::ptrdiff_t write_slow_file(NativeHandle file, const char* from, std::size_t size) noexcept {
  constexpr std::size_t taken = 512;  // of every POSIX system
  pollfd asked{file, POLLOUT, 0};
  if (retried([&] { return ::poll(&asked, 1, 0); }) <= 0) return -EAGAIN;
  return write_file(file, from, size < taken ? size : taken);
}

}  // namespace net::inline NET_ABI::detail::os

#endif  // !_WIN32

#endif
#endif

// The bodies of messages.hpp. Internal.
#ifndef NET_DETAIL_SYS_POSIX_MESSAGES_IPP
#define NET_DETAIL_SYS_POSIX_MESSAGES_IPP

#if NET_BODIES

#if !defined(_WIN32)

namespace net::inline NET_ABI::detail::os {

NET_API int make_pair(NativeHandle (&ends)[2]) noexcept {
#if NET_HAS_ACCEPT4
  return ::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) == 0 ? 0 : -errno;
#else
  if (::socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0) return -errno;
  int failed = prepare(ends[0]);
  if (failed == 0) failed = prepare(ends[1]);
  if (failed == 0) return 0;
  for (const NativeHandle end : ends) close_descriptor(end);
  return failed;
#endif
}

/// Too many descriptors of this user's are under way: that passes, as a shortage of memory does.
NET_API std::ptrdiff_t send_with(NativeHandle local, const IoSlice* slices, std::size_t count,
                                 NativeHandle passed) noexcept {
  if (passed == no_handle)
    return count == 1 ? send_one(local, slices->data, slices->size) : send_slices(local, slices, count);
  Pieces pieces(slices, count);
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof passed)] = {};
  msghdr message{};
  message.msg_iov = pieces.each;
  message.msg_iovlen = cast<decltype(message.msg_iovlen)>(pieces.count);
  message.msg_control = control;
  message.msg_controllen = cast<decltype(message.msg_controllen)>(sizeof control);
  cmsghdr* const rights = CMSG_FIRSTHDR(&message);
  rights->cmsg_level = SOL_SOCKET;
  rights->cmsg_type = SCM_RIGHTS;
  rights->cmsg_len = cast<decltype(rights->cmsg_len)>(CMSG_LEN(sizeof passed));
  std::memcpy(CMSG_DATA(rights), &passed, sizeof passed);
  const std::ptrdiff_t sent = retried([&] { return ::sendmsg(local, &message, send_flags); });
  return sent == -ETOOMANYREFS ? -ENOBUFS : sent;
}

/// There is space for all that one call can bring, so that none stays open unseen: all but the first are closed.
NET_API std::ptrdiff_t receive_with(NativeHandle local, char* into, std::size_t size, CameDescriptors& came) noexcept {
  constexpr std::size_t max_descriptors = 253;  // of Linux's; others pass fewer
  alignas(cmsghdr) char control[CMSG_SPACE(max_descriptors * sizeof(int))];
  iovec piece{into, size};
  msghdr message{};
  message.msg_iov = &piece;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = cast<decltype(message.msg_controllen)>(sizeof control);
#if defined(MSG_CMSG_CLOEXEC)
  const std::ptrdiff_t got = ::recvmsg(local, &message, MSG_CMSG_CLOEXEC);
#else
  const std::ptrdiff_t got = ::recvmsg(local, &message, 0);
#endif
  if (got < 0) return nothing_moved();
  came.lost = (message.msg_flags & MSG_CTRUNC) != 0;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wsign-compare"  // in musl's CMSG_NXTHDR
  for (cmsghdr* each = CMSG_FIRSTHDR(&message); each; each = CMSG_NXTHDR(&message, each)) {
#pragma GCC diagnostic pop
    if (each->cmsg_level != SOL_SOCKET || each->cmsg_type != SCM_RIGHTS) continue;
    const std::size_t count = (each->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count; ++i) {
      int fd = no_handle;
      std::memcpy(&fd, CMSG_DATA(each) + i * sizeof fd, sizeof fd);
#if !defined(MSG_CMSG_CLOEXEC)
      (void)::fcntl(fd, F_SETFD, FD_CLOEXEC);
#endif
      if (came.first == no_handle) {
        came.first = fd;
      } else {
        came.more = true;
        close_descriptor(fd);
      }
    }
  }
  return got;
}

}  // namespace net::inline NET_ABI::detail::os

#endif  // !_WIN32

#endif
#endif

// The bodies of names.hpp. Internal.
#ifndef NET_DETAIL_SYS_POSIX_NAMES_IPP
#define NET_DETAIL_SYS_POSIX_NAMES_IPP

#if NET_BODIES

#if !defined(_WIN32)

namespace net::inline NET_ABI::detail::os {

NET_RARE Errc lookup_failure(int failed) noexcept {
  switch (failed) {
#if defined(EAI_NODATA) && EAI_NODATA != EAI_NONAME
    case EAI_NODATA:
#endif
#if defined(EAI_ADDRFAMILY)
    case EAI_ADDRFAMILY:
#endif
    case EAI_NONAME: return Errc::ERR_LOOKUP_NOT_FOUND;
    case EAI_AGAIN: return Errc::ERR_LOOKUP_TRY_AGAIN;
    case EAI_FAIL: return Errc::ERR_LOOKUP_FAILED;
    case EAI_FAMILY: return Errc::ERR_LOOKUP_BAD_FAMILY;
    case EAI_BADFLAGS: return Errc::ERR_LOOKUP_BAD_FLAGS;
    case EAI_MEMORY: return Errc::ERR_LOOKUP_NO_MEMORY;
    default: return Errc::ERR_LOOKUP_OTHER;
  }
}

NET_RARE Errc look_up(const std::string& host, Family family, int hints, Vec<Endpoint>& found) {
  addrinfo asked{};
  asked.ai_family = family == Family::IPv4 ? AF_INET : family == Family::IPv6 ? AF_INET6 : AF_UNSPEC;
  asked.ai_socktype = SOCK_STREAM;
  asked.ai_flags = hints;
  addrinfo* all = nullptr;
  if (const int failed = ::getaddrinfo(host.c_str(), nullptr, &asked, &all); failed != 0) return lookup_failure(failed);
  const struct Freed {
    addrinfo* all;
    ~Freed() { ::freeaddrinfo(all); }
  } freed{all};
  for (const addrinfo* at = all; at; at = at->ai_next) {
    if (at->ai_family != AF_INET && at->ai_family != AF_INET6) continue;
    SystemAddress address;
    std::memcpy(&address.storage, at->ai_addr, at->ai_addrlen);
    found.push(address.endpoint());
  }
  return found.empty() ? Errc::ERR_LOOKUP_NOT_FOUND : Errc{};
}

NET_API int address_config_hint() noexcept { return AI_ADDRCONFIG; }
NET_API int known_hints() noexcept {
  int known = AI_ADDRCONFIG;
#if defined(AI_ALL) && defined(AI_V4MAPPED)
  known |= AI_ALL | AI_V4MAPPED;
#endif
  return known;
}

}  // namespace net::inline NET_ABI::detail::os

#endif  // !_WIN32

#endif
#endif

// The bodies of signals.hpp. Internal.
#ifndef NET_DETAIL_SYS_POSIX_SIGNALS_IPP
#define NET_DETAIL_SYS_POSIX_SIGNALS_IPP

#if NET_BODIES

#if !defined(_WIN32)

namespace net::inline NET_ABI::detail::os {

/// Who listens to which signal, in the whole process. The handler runs in any thread at any instruction: it takes a
/// spin lock, which nobody holds in a thread that can be interrupted, and writes to the wakers.
class SignalRegistry {
 public:
  static SignalRegistry& instance() noexcept {
    static constinit SignalRegistry registry;
    return registry;
  }

  /// 0, or a negated errno. The first one installs the handler; it interrupts no system call.
  int add(SignalWaker& waker) noexcept;

  /// The last one puts back the handler that was there before.
  void remove(SignalWaker& waker) noexcept;

 private:
  constexpr SignalRegistry() noexcept = default;

  /// No signal reaches this thread while it holds the lock, or its handler would wait for itself.
  void enter(sigset_t& before) noexcept;
  void leave(const sigset_t& before) noexcept {
    lock_.store(0);
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  }

  struct Guard {
    SignalRegistry& registry;
    sigset_t before;

    explicit Guard(SignalRegistry& locked) noexcept : registry(locked) { registry.enter(before); }
    Guard(const Guard&) = delete;
    Guard& operator=(const Guard&) = delete;
    ~Guard() { registry.leave(before); }
  };

  /// S31.4: between fork() and the end of these no signal is handled, and the child begins with what was there before.
  void note_forks() noexcept;

  static void on_signal(int signo);

  bool listened(int signo) const noexcept;

  Atomic<int> lock_{0};
  Atomic<int> noted_{0};
  Atomic<int> process_{0};  // which one listens
  SignalWaker* first_ = nullptr;
  struct sigaction before_[NSIG] = {};
  sigset_t before_fork_ = {};
};

NET_API int SignalRegistry::add(SignalWaker& waker) noexcept {
  if (const int failed = waker.waker.open(); failed < 0) return failed;
  note_forks();
  const Guard guard(*this);
  process_.store(::getpid());
  if (!listened(waker.signo)) {
    struct sigaction action{};
    action.sa_handler = &on_signal;
    action.sa_flags = SA_RESTART;
    sigfillset(&action.sa_mask);
    struct sigaction old{};
    if (::sigaction(waker.signo, &action, &old) != 0) return -errno;
    before_[waker.signo] = old;
  }
  waker.next = detail::exchange(first_, &waker);
  return 0;
}

NET_API void SignalRegistry::remove(SignalWaker& waker) noexcept {
  const Guard guard(*this);
  SignalWaker** at = &first_;
  while (*at && *at != &waker) at = &(*at)->next;
  if (!*at) return;
  *at = waker.next;
  if (!listened(waker.signo)) ::sigaction(waker.signo, &before_[waker.signo], nullptr);
}

NET_API void SignalRegistry::enter(sigset_t& before) noexcept {
  sigset_t all;
  sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  while (lock_.exchange(1) != 0) {}
}

NET_API void SignalRegistry::note_forks() noexcept {
  if (noted_.exchange(1) != 0) return;
  at_fork(
      [] {
        sigset_t before;
        instance().enter(before);
        instance().before_fork_ = before;
      },
      [] {
        const sigset_t before = instance().before_fork_;
        instance().leave(before);
      },
      [] {
        SignalRegistry& self = instance();
        for (const SignalWaker* each = self.first_; each; each = each->next) {
          ::sigaction(each->signo, &self.before_[each->signo], nullptr);
        }
        self.first_ = nullptr;
        self.leave(self.before_fork_);
      });
}

NET_API void SignalRegistry::on_signal(int signo) {
  const int kept = errno;
  SignalRegistry& self = instance();
  if (self.process_.load() != ::getpid()) {
    // a child that no fork handler ran in, such as that of vfork(): the child gets it, not the parent
    ::sigaction(signo, &self.before_[signo], nullptr);
    ::raise(signo);
  } else {
    while (self.lock_.exchange(1) != 0) {}
    for (SignalWaker* each = self.first_; each; each = each->next) {
      if (each->signo == signo) each->waker.wake();
    }
    self.lock_.store(0);
  }
  errno = kept;
}

NET_API bool SignalRegistry::listened(int signo) const noexcept {
  for (const SignalWaker* each = first_; each; each = each->next) {
    if (each->signo == signo) return true;
  }
  return false;
}

NET_API int listen_to_signal(SignalWaker& waker) noexcept { return SignalRegistry::instance().add(waker); }
NET_API void forget_signal(SignalWaker& waker) noexcept { SignalRegistry::instance().remove(waker); }

}  // namespace net::inline NET_ABI::detail::os

#endif  // !_WIN32

#endif
#endif

// The bodies of calls.hpp. Internal.
#ifndef NET_DETAIL_SYS_WINDOWS_CALLS_IPP
#define NET_DETAIL_SYS_WINDOWS_CALLS_IPP

#if NET_BODIES

#if defined(_WIN32)

namespace net::inline NET_ABI::detail::os {

NET_API int start_winsock() noexcept {
  // never ended: the process's end does it, and a socket may outlive whoever opened it
  static const int failed = [] {
    alignas(std::max_align_t) unsigned char data[1024];
    return win::WSAStartup(0x0202, win::as<::WSAData>(&data[0]));
  }();
  return failed == 0 ? 0 : -errno_of(static_cast<win::Word>(failed));
}

NET_API bool to_wide(std::string_view text, wchar_t* into, std::size_t capacity) noexcept {
  if (text.find('\0') != std::string_view::npos || text.size() > 0xffff) return false;
  int length = 0;
  if (!text.empty()) {
    length = win::MultiByteToWideChar(win::utf8, win::invalid_characters, text.data(), static_cast<int>(text.size()),
                                      into, static_cast<int>(capacity) - 1);
    if (length <= 0) return false;
  }
  into[length] = L'\0';
  return true;
}

NET_API void close_socket(NativeHandle fd) noexcept { win::closesocket(socket_of(fd)); }

NET_API int prepare(NativeHandle fd) noexcept {
  win::SetHandleInformation(handle_of(fd), win::handle_inherit, 0);
  if (kind_of(fd) == DescriptorKind::local) return 0;  // an overlapped pipe never blocks
  win::Word on = 1;
  return win::ioctlsocket(socket_of(fd), win::control_non_blocking, &on) == 0 ? 0 : last_socket_error();
}

NET_API NativeHandle open_socket(Family family) noexcept {
  if (const int failed = start_winsock(); failed < 0) return failed;
  const int domain = family == Family::IPv6 ? win::family_ip6 : win::family_ip4;
  const win::Socket opened = win::WSASocketW(domain, win::type_stream, win::protocol_tcp, nullptr, 0,
                                             win::socket_overlapped | win::socket_not_inherited);
  if (opened == win::no_socket) return last_socket_error();
  const auto fd = static_cast<NativeHandle>(opened);
  win::Word on = 1;
  if (win::ioctlsocket(opened, win::control_non_blocking, &on) == 0) return fd;
  const int failed = last_socket_error();
  close_socket(fd);
  return failed;
}

NET_API NativeHandle accept_from(NativeHandle fd) noexcept {
  const win::Socket accepted = win::accept(socket_of(fd), nullptr, nullptr);
  if (accepted == win::no_socket) return last_socket_error();
  const auto taken = static_cast<NativeHandle>(accepted);
  win::SetHandleInformation(handle_of(taken), win::handle_inherit, 0);
  win::Word on = 1;
  win::ioctlsocket(accepted, win::control_non_blocking, &on);
  return taken;
}

NET_API NativeHandle duplicate(NativeHandle fd) noexcept {
  alignas(std::max_align_t) unsigned char buffer[1024];
  auto* const protocol = win::as<::_WSAPROTOCOL_INFOW>(&buffer[0]);
  if (win::WSADuplicateSocketW(socket_of(fd), win::GetCurrentProcessId(), protocol) != 0) return last_socket_error();
  constexpr int as_it_says = -1;
  const win::Socket same = win::WSASocketW(as_it_says, as_it_says, as_it_says, protocol, 0,
                                           win::socket_overlapped | win::socket_not_inherited);
  return same == win::no_socket ? last_socket_error() : static_cast<NativeHandle>(same);
}

NET_API std::ptrdiff_t receive(NativeHandle fd, char* into, std::size_t size) noexcept {
  const int got = win::recv(socket_of(fd), into, static_cast<int>(size < max_at_once ? size : max_at_once), 0);
  if (got > 0) return got;
  if (got < 0) return last_socket_error();
  if (size == 0) return 0;
  // Wine forgets a reset and says that it was the end; what it still knows is that there was an error
  win::PolledSocket polled{socket_of(fd), 0, 0};
  const bool reset = win::WSAPoll(win::as<::pollfd>(&polled), 1, 0) > 0 && (polled.happened & win::poll_error) != 0;
  return reset ? -ECONNRESET : 0;
}

NET_API std::ptrdiff_t send_slices(NativeHandle fd, const IoSlice* slices, std::size_t count) noexcept {
  if (count == 1) {
    const std::size_t size = slices->size < max_at_once ? slices->size : max_at_once;
    const int sent = win::send(socket_of(fd), slices->data, static_cast<int>(size), 0);
    return sent >= 0 ? sent : last_socket_error();
  }
  win::Piece pieces[max_slices];
  if (count > max_slices) count = max_slices;
  std::size_t total = 0, used = 0;
  for (; used < count && total < max_at_once; ++used) {
    const std::size_t left = max_at_once - total;
    const std::size_t size = slices[used].size < left ? slices[used].size : left;
    pieces[used] = {static_cast<win::Word>(size), const_cast<char*>(slices[used].data)};
    total += size;
  }
  win::Word sent = 0;
  const int failed = win::WSASend(socket_of(fd), win::as<::_WSABUF>(&pieces[0]), static_cast<win::Word>(used), &sent, 0,
                                  nullptr, nullptr);
  return failed == 0 ? static_cast<std::ptrdiff_t>(sent) : last_socket_error();
}

NET_API int shutdown_write(NativeHandle fd) noexcept {
  return win::shutdown(socket_of(fd), 1) == 0 ? 0 : last_socket_error();
}

NET_API int pending_error(NativeHandle fd) noexcept {
  int error = 0, size = sizeof error;
  if (win::getsockopt(socket_of(fd), win::level_socket, win::option_error, win::as<char>(&error), &size) != 0) {
    return -last_socket_error();
  }
  return error == 0 ? 0 : errno_of(static_cast<win::Word>(error));
}

NET_API bool listens(NativeHandle fd) noexcept {
  int on = 0, size = sizeof on;
  const int failed = win::getsockopt(socket_of(fd), win::level_socket, win::option_listens, win::as<char>(&on), &size);
  return failed == 0 && on != 0;
}

NET_API DescriptorKind kind_of(NativeHandle fd) noexcept {
  if (fd < 0 || start_winsock() < 0) return DescriptorKind::unknown;
  int type = 0, size = sizeof type;
  if (win::getsockopt(socket_of(fd), win::level_socket, win::option_type, win::as<char>(&type), &size) == 0) {
    return type == win::type_stream     ? DescriptorKind::tcp
           : type == win::type_datagram ? DescriptorKind::datagram
                                        : DescriptorKind::unknown;
  }
  switch (win::GetFileType(handle_of(fd))) {
    case win::type_pipe: return DescriptorKind::local;
    case win::type_char: {  // a console, or NUL, as libuv guesses
      win::Word mode = 0;
      return win::GetConsoleMode(handle_of(fd), &mode) != 0 ? DescriptorKind::terminal : DescriptorKind::file;
    }
    case win::type_disk: return DescriptorKind::file;
    default: return DescriptorKind::unknown;
  }
}

NET_API int set_flag(NativeHandle fd, int level, int name, int value) noexcept {
  return win::setsockopt(socket_of(fd), level, name, win::as<const char>(&value), sizeof value) == 0
             ? 0
             : last_socket_error();
}

NET_API int reset_on_close(NativeHandle fd) noexcept {
  const win::Linger now{1, 0};
  return win::setsockopt(socket_of(fd), win::level_socket, win::option_linger, win::as<const char>(&now), sizeof now) ==
                 0
             ? 0
             : last_socket_error();
}

NET_API int set_keep_alive(NativeHandle fd, bool on, int delay_seconds) noexcept {
  if (const int failed = set_flag(fd, win::level_socket, win::option_keep_alive, on); failed < 0) return failed;
  if (!on || delay_seconds < 1) return 0;
  constexpr int longest = 0x7fffffff / 1000;
  if (delay_seconds > longest) delay_seconds = longest;
  win::KeepAlive times{1, static_cast<win::Word>(delay_seconds) * 1000, 1000};
  win::Word size = 0;
  const int failed =
      win::WSAIoctl(socket_of(fd), win::control_keep_alive, &times, sizeof times, nullptr, 0, &size, nullptr, nullptr);
  return failed == 0 ? 0 : last_socket_error();
}

NET_API int set_type_of_service(NativeHandle fd, Family family, int value) noexcept {
  const bool six = family == Family::IPv6;
  (void)set_flag(fd, six ? win::level_ip6 : win::level_ip,
                 six ? win::option_traffic_class : win::option_type_of_service, value);
  return 0;
}

NET_API int get_type_of_service(NativeHandle fd, Family family) noexcept {
  const bool six = family == Family::IPv6;
  int value = 0, size = sizeof value;
  const int failed =
      win::getsockopt(socket_of(fd), six ? win::level_ip6 : win::level_ip,
                      six ? win::option_traffic_class : win::option_type_of_service, win::as<char>(&value), &size);
  return failed == 0 ? value : 0;
}

}  // namespace net::inline NET_ABI::detail::os

#endif  // _WIN32
#endif
#endif

// The bodies of address.hpp. Internal.
#ifndef NET_DETAIL_SYS_WINDOWS_ADDRESS_IPP
#define NET_DETAIL_SYS_WINDOWS_ADDRESS_IPP

#if NET_BODIES

#if defined(_WIN32)

namespace net::inline NET_ABI::detail::os {

/// From one order of bytes to the other, whichever is the machine's.
constexpr std::uint16_t network_order(std::uint16_t port) noexcept {
  return static_cast<std::uint16_t>(port << 8 | port >> 8);
}

NET_API SystemAddress::SystemAddress(const Endpoint& from) noexcept : SystemAddress() {
  if (from.ip.family == Family::IPv6) {
    win::Ip6 six{};
    six.family = win::family_ip6;
    six.port = network_order(from.port);
    six.scope = from.scope;
    std::memcpy(six.address, from.ip.bytes, 16);
    std::memcpy(bytes, &six, sizeof six);
    size = sizeof six;
  } else {
    win::Ip4 four{};
    four.family = win::family_ip4;
    four.port = network_order(from.port);
    std::memcpy(four.address, from.ip.bytes, 4);
    std::memcpy(bytes, &four, sizeof four);
    size = sizeof four;
  }
}

NET_API Endpoint SystemAddress::endpoint() const noexcept {
  win::Ip6 six;
  std::memcpy(&six, bytes, sizeof six);
  Endpoint to;
  if (six.family == win::family_ip6) {
    to.ip.family = Family::IPv6;
    to.port = network_order(six.port);
    to.scope = six.scope;
    std::memcpy(to.ip.bytes, six.address, 16);
  } else if (six.family == win::family_ip4) {
    win::Ip4 four;
    std::memcpy(&four, bytes, sizeof four);
    to.ip.family = Family::IPv4;
    to.port = network_order(four.port);
    std::memcpy(to.ip.bytes, four.address, 4);
  }
  return to;
}

NET_API Endpoint local_end(NativeHandle fd) noexcept {
  SystemAddress name;
  return win::getsockname(socket_of(fd), name.get(), &name.size) == 0 ? name.endpoint() : Endpoint{};
}

NET_API Endpoint remote_end(NativeHandle fd) noexcept {
  SystemAddress name;
  return win::getpeername(socket_of(fd), name.get(), &name.size) == 0 ? name.endpoint() : Endpoint{};
}

NET_API bool unconnected(NativeHandle fd) noexcept {
  SystemAddress name;
  return win::getpeername(socket_of(fd), name.get(), &name.size) != 0 && last_socket_error() == -ENOTCONN;
}

NET_API std::uint32_t interface_index(std::string_view zone) noexcept {
  std::uint32_t number = 0;
  if (zone.empty() || zone.size() >= 10) return 0;
  for (const char c : zone) {
    if (c < '0' || c > '9') return 0;
    number = number * 10 + static_cast<std::uint32_t>(c - '0');
  }
  return number;
}

NET_API std::string interface_name(std::uint32_t index) { return std::to_string(index); }

NET_API int bind_to(NativeHandle fd, const Endpoint& at) noexcept {
  const SystemAddress address(at);
  return win::bind(socket_of(fd), address.get(), address.size) == 0 ? 0 : last_socket_error();
}

NET_API int connect_to(NativeHandle fd, Endpoint to) noexcept {
  // elsewhere the address of all is this machine; here it is none
  bool any = true, loopback = false;
  const int length = to.ip.family == Family::IPv6 ? 16 : 4;
  for (int i = 0; i < length; ++i) any = any && to.ip.bytes[i] == 0;
  if (any) {
    if (length == 4) to.ip.bytes[0] = 127;
    to.ip.bytes[length - 1] = 1;
  }
  loopback = length == 4 ? to.ip.bytes[0] == 127 : any;
  if (loopback) {
    // a port where nobody listens is refused at once, and not after two seconds of asking again
    const struct {
      std::uint16_t round_trip_ms;
      unsigned char tries;
    } once{0xffff, 0xfe};
    win::Word size = 0;
    win::WSAIoctl(socket_of(fd), win::control_initial_rtt, const_cast<void*>(static_cast<const void*>(&once)),
                  sizeof once, nullptr, 0, &size, nullptr, nullptr);
  }
  const SystemAddress address(to);
  if (win::connect(socket_of(fd), address.get(), address.size) == 0) return 0;
  const int failed = last_socket_error();
  return failed == -EAGAIN ? -EINPROGRESS : failed;
}

/// No SO_REUSEADDR: here it would let another program steal the port, and a port is free again at once without it.
NET_API NativeHandle listen_on(const Endpoint& at, const ListenFlags& flags) noexcept {
  if (flags.reuse_port) return -ENOTSUP;
  const NativeHandle fd = open_socket(at.ip.family);
  if (fd < 0) return fd;
  int failed = 0;
  if (at.ip.family == Family::IPv6) failed = set_flag(fd, win::level_ip6, win::option_only_ip6, flags.ipv6_only);
  if (failed == 0) failed = bind_to(fd, at);
  if (failed == 0 && win::listen(socket_of(fd), flags.backlog) != 0) failed = last_socket_error();
  if (failed == 0) return fd;
  close_socket(fd);
  return failed;
}

}  // namespace net::inline NET_ABI::detail::os

#endif  // _WIN32
#endif
#endif

// The bodies of pipe_name.hpp. Internal.
#ifndef NET_DETAIL_SYS_WINDOWS_PIPE_NAME_IPP
#define NET_DETAIL_SYS_WINDOWS_PIPE_NAME_IPP

#if NET_BODIES

#if defined(_WIN32)

namespace net::inline NET_ABI::detail {

NET_API int PipeName::set(std::string_view path) noexcept {
  if (path.empty() || path.find('\0') != std::string_view::npos) return -EINVAL;
  const auto slash = [&](std::size_t at) { return path[at] == '\\' || path[at] == '/'; };
  const auto letter = [&](std::size_t at, char lower) { return path[at] == lower || path[at] == lower - 'a' + 'A'; };
  constexpr std::size_t prefix = 9;  // \\.\pipe\ ...
  const bool named = path.size() > prefix && slash(0) && slash(1) && (path[2] == '.' || path[2] == '?') && slash(3) &&
                     letter(4, 'p') && letter(5, 'i') && letter(6, 'p') && letter(7, 'e') && slash(8);
  if (!named) return -ENOENT;
  return os::to_wide(path, text, sizeof text / sizeof text[0]) ? 0 : -EINVAL;
}

NET_API win::Handle open_pipe(const PipeName& name, int& failed) noexcept {
  // a server may give only one of the directions
  constexpr win::Word ways[] = {win::generic_read | win::generic_write, win::generic_read | win::write_attributes,
                                win::generic_write | win::read_attributes};
  for (const win::Word way : ways) {
    const win::Handle opened = win::CreateFileW(name.text, way, 0, nullptr, win::open_existing,
                                                win::flag_overlapped | win::flag_security_identification, nullptr);
    if (opened != win::no_file()) {
      if (win::GetFileType(opened) == win::type_pipe) return failed = 0, opened;
      win::CloseHandle(opened);  // a name with dots may lead out of the pipes
      return failed = -ENOTSOCK, nullptr;
    }
    failed = os::last_error();
    if (failed != -EPERM) break;
  }
  return nullptr;
}

NET_API bool pipe_exists(const PipeName& name) noexcept {
  return win::WaitNamedPipeW(name.text, 1) || os::last_error() != -ENOENT;
}

NET_API win::Handle make_pipe(const PipeName& name, const PathMode& mode, bool first, int& failed) noexcept {
  // the owner, the system and administrators everything; all others what was asked for, as libuv has it
  constexpr const wchar_t* lists[] = {nullptr, L"D:(A;;GA;;;OW)(A;;GA;;;SY)(A;;GA;;;BA)(A;;0x80100100;;;WD)",
                                      L"D:(A;;GA;;;OW)(A;;GA;;;SY)(A;;GA;;;BA)(A;;0x40100080;;;WD)",
                                      L"D:(A;;GA;;;OW)(A;;GA;;;SY)(A;;GA;;;BA)(A;;0xC0100180;;;WD)"};
  const wchar_t* const list = lists[(mode.readable_all ? 1 : 0) + (mode.writable_all ? 2 : 0)];
  win::SecurityAttributes security{sizeof security, nullptr, 0};
  if (list && !win::ConvertStringSecurityDescriptorToSecurityDescriptorW(list, 1, &security.descriptor, nullptr)) {
    failed = os::last_error();
    return nullptr;
  }
  constexpr win::Word buffer = 65536;
  const win::Handle made = win::CreateNamedPipeW(
      name.text, win::pipe_duplex | win::flag_overlapped | (first ? win::flag_first_instance : 0), win::pipe_no_remote,
      win::any_instances, buffer, buffer, 0, win::as<::_SECURITY_ATTRIBUTES>(&security));
  failed = made == win::no_file() ? os::last_error() : 0;
  if (security.descriptor) win::LocalFree(security.descriptor);
  return failed == 0 ? made : nullptr;
}

}  // namespace net::inline NET_ABI::detail

#endif  // _WIN32
#endif
#endif

// The bodies of pipe.hpp. Internal.
#ifndef NET_DETAIL_SYS_WINDOWS_PIPE_IPP
#define NET_DETAIL_SYS_WINDOWS_PIPE_IPP

#if NET_BODIES

#if defined(_WIN32)

namespace net::inline NET_ABI::detail {

NET_API PipeEntry::PipeEntry() noexcept : PortEntry(table) { reading_.entry = writing_.entry = this; }

NET_API PipeEntry::~PipeEntry() {
  close_handle();
  delete[] in_;
  delete[] out_;
  delete name_;
}

NET_API void PipeEntry::close_handle() noexcept {
  if (handle_) win::CloseHandle(detail::exchange(handle_, nullptr));
}

// ── connecting ─────────────────────────────────────────────────────────────

NET_API int PipeEntry::connect(const PipeName& name, std::uint64_t patience_ms) noexcept {
  int failed = 0;
  handle_ = open_pipe(name, failed);
  if (failed != -EBUSY) return failed;
  name_ = new (std::nothrow) PipeName(name);
  if (!name_) return -ENOMEM;
  connecting_ = true;
  gives_up_at_ = os::now_ns() / 1000000 + patience_ms;
  if (port) port->set_due(*this, busy_ms);
  return -EINPROGRESS;
}

NET_API void PipeEntry::on_due() noexcept {
  if (!connecting_) {  // nothing came for a while after the end: it is over for both sides
    cancel();
    close_handle();
    at_end_ = true;
    return;
  }
  int failed = 0;
  handle_ = open_pipe(*name_, failed);
  if (failed == -EBUSY) {
    if (os::now_ns() / 1000000 < gives_up_at_) return port->set_due(*this, busy_ms);
    failed = -ETIMEDOUT;
  }
  if (failed == 0) failed = port->associate(handle_, win::skip_port_on_success | win::skip_event);
  connect_failed_ = -failed;
  connecting_ = false;
}

// ── reading ────────────────────────────────────────────────────────────────

NET_API bool PipeEntry::can_buffer(char*& buffer) noexcept {
  if (!buffer) buffer = new (std::nothrow) char[capacity];
  return buffer != nullptr;
}

NET_API ReadResult PipeEntry::read(std::size_t size) noexcept {
  if (in_begin_ == in_end_ && port && !at_end_ && read_failed_ == 0) start_read();
  if (in_begin_ < in_end_) {
    const char* const bytes = in_ + in_begin_;
    if (size > in_end_ - in_begin_) size = in_end_ - in_begin_;
    in_begin_ += size;
    return {static_cast<std::ptrdiff_t>(size), bytes};
  }
  if (read_failed_ != 0) return {-(read_failed_ == ENOMEM ? detail::exchange(read_failed_, 0) : read_failed_), nullptr};
  return {at_end_ ? 0 : would_block, nullptr};
}

/// What was lent before is not looked at any more.
NET_API void PipeEntry::start_read() noexcept {
  if (reading_.in_flight || connecting_ || !handle_) return;
  if (!can_buffer(in_)) {
    read_failed_ = ENOMEM;
    return;
  }
  win::Word size = 0;
  while (win::ReadFile(handle_, in_, static_cast<win::Word>(capacity), &size, reading_.begin())) {
    if (size > 0) return read_done(0, size);  // none: the other side has written nothing, as it may
  }
  const int failed = -os::last_error();
  failed == EAGAIN ? port->began(reading_) : read_done(failed, size);
}

NET_API void PipeEntry::read_done(int failed, std::size_t size) noexcept {
  in_begin_ = 0;
  in_end_ = size;
  if (failed == EPIPE) {
    at_end_ = true;
  } else if (failed != ECANCELED) {
    read_failed_ = failed;
  }
  if (ending_) at_end_ || read_failed_ ? Port::forget_due(*this) : listen_for_silence();
}

// ── writing ────────────────────────────────────────────────────────────────

NET_API std::ptrdiff_t PipeEntry::write(const IoSlice* slices, std::size_t count) noexcept {
  if (!port || writing_.in_flight || connecting_) return would_block;
  if (taken_ > 0) return static_cast<std::ptrdiff_t>(detail::exchange(taken_, 0));
  if (write_failed_ != 0) return -write_failed_;
  if (!handle_) return -EPIPE;
  if (!can_buffer(out_)) return -ENOMEM;
  std::size_t size = 0;
  for (std::size_t i = 0; i < count && size < capacity; ++i) {
    const std::size_t part = slices[i].size < capacity - size ? slices[i].size : capacity - size;
    if (part > 0) std::memcpy(out_ + size, slices[i].data, part);
    size += part;
  }
  if (size == 0) return 0;
  win::Word written = 0;
  if (win::WriteFile(handle_, out_, static_cast<win::Word>(size), &written, writing_.begin())) {
    return static_cast<std::ptrdiff_t>(written);
  }
  const int failed = os::last_error();
  if (failed != would_block) return failed;
  port->began(writing_);
  return would_block;
}

NET_API void PipeEntry::write_done(int failed, std::size_t size) noexcept {
  taken_ = size;
  if (failed != ECANCELED) write_failed_ = failed;
}

// ── the end ────────────────────────────────────────────────────────────────

NET_API int PipeEntry::shutdown_write() noexcept {
  if (at_end_ || read_failed_ != 0) return 0;
  ending_ = true;
  if (port) listen_for_silence();
  return 0;
}

/// What came and was not taken yet is no silence.
NET_API void PipeEntry::listen_for_silence() noexcept {
  if (in_begin_ < in_end_) return Port::forget_due(*this);
  port->set_due(*this, silence_ms);
}

NET_API void PipeEntry::cancel() noexcept {
  if (handle_ && (reading_.in_flight || writing_.in_flight)) win::CancelIoEx(handle_, nullptr);
}

NET_API void PipeEntry::close() noexcept {
  Port::forget_due(*this);
  connecting_ = ending_ = false;
  cancel();
  close_handle();
  release();
}

/// Whether it was done before that, and with how much; the port tells it once more. The handle is no event that could
/// be waited for (skip_event): it never says that a read has ended, or always.
NET_API bool PipeEntry::call_off_read(std::size_t& came) noexcept {
  cancel();
  win::Word size = 0;
  while (!win::GetOverlappedResult(handle_, win::as<::_OVERLAPPED>(&reading_.overlapped), &size, 0)) {
    if (win::GetLastError() != win::error_io_incomplete) return false;
    win::Sleep(1);
  }
  came = size;
  return true;
}

NET_API std::string_view PipeEntry::unread() noexcept {
  std::size_t came = 0;
  if (reading_.in_flight && call_off_read(came)) return {in_, came};
  return {in_ + in_begin_, in_end_ - in_begin_};
}

NET_API win::Handle PipeEntry::release_handle() noexcept {
  Port::forget_due(*this);
  (void)unread();
  return detail::exchange(handle_, nullptr);
}

// ── readiness ──────────────────────────────────────────────────────────────

NET_API unsigned PipeEntry::ready() const noexcept {
  if (connecting_) return 0;
  unsigned what = in_begin_ < in_end_ || at_end_ || read_failed_ != 0 || connect_failed_ != 0 ? unsigned{readable} : 0u;
  if (!writing_.in_flight) what |= writable;
  return what;
}

struct PipeCalls {
  static unsigned prepare(PortEntry& entry) noexcept {
    auto& self = static_cast<PipeEntry&>(entry);
    const unsigned interest = self.interest();
    const bool reads = (interest & readable) != 0 || self.ending_;
    if (reads && self.in_begin_ == self.in_end_ && !self.at_end_ && self.read_failed_ == 0) self.start_read();
    if (self.ending_ && !self.link_due && !self.at_end_ && self.read_failed_ == 0) self.listen_for_silence();
    return self.ready() & interest;
  }
  static unsigned take(PortEntry& entry) noexcept { return static_cast<PipeEntry&>(entry).ready(); }
  static void done(PortEntry& entry, PortOperation& operation, int failed, std::size_t size) noexcept {
    auto& self = static_cast<PipeEntry&>(entry);
    &operation == &self.reading_ ? self.read_done(failed, size) : self.write_done(failed, size);
  }
  static void due(PortEntry& entry) noexcept { static_cast<PipeEntry&>(entry).on_due(); }
  static int attached(PortEntry& entry) noexcept {
    auto& self = static_cast<PipeEntry&>(entry);
    if (self.connecting_) return self.port->set_due(self, PipeEntry::busy_ms), 0;
    if (!self.handle_ || self.associated_) return 0;
    return self.port->associate(self.handle_, win::skip_port_on_success | win::skip_event);
  }
  static void cancel(PortEntry& entry) noexcept { static_cast<PipeEntry&>(entry).cancel(); }
  static NativeHandle native(const PortEntry& entry) noexcept {
    const win::Handle handle = static_cast<const PipeEntry&>(entry).handle_;
    return handle ? reinterpret_cast<NativeHandle>(handle) : no_handle;
  }
  static void free(PortEntry& entry) noexcept { delete static_cast<PipeEntry*>(&entry); }
};

NET_API constexpr PortEntry::Operations PipeEntry::table{&PipeCalls::prepare, &PipeCalls::take,     &PipeCalls::done,
                                                         &PipeCalls::due,     &PipeCalls::attached, &PipeCalls::cancel,
                                                         &PipeCalls::native,  &PipeCalls::free};

}  // namespace net::inline NET_ABI::detail

#endif  // _WIN32
#endif
#endif

// The bodies of channel.hpp. Internal.
#ifndef NET_DETAIL_SYS_WINDOWS_CHANNEL_IPP
#define NET_DETAIL_SYS_WINDOWS_CHANNEL_IPP

#if NET_BODIES

#if defined(_WIN32)

namespace net::inline NET_ABI::detail {

NET_API bool windows_channel::adopt_connected(NativeHandle handle) noexcept {
  if (os::kind_of(handle) != DescriptorKind::local) {
    fd = handle;
    return true;
  }
  if (auto* const entry = new (std::nothrow) PipeEntry) {
    entry->set(os::handle_of(handle));
    fd = tagged(*entry);
  }
  return false;
}

NET_API void windows_channel::close() noexcept {
  if (!is_open()) return;
  if (PipeEntry* const entry = pipe()) {
    fd = no_handle;
    entry->close();
  } else {
    os::close_socket(detail::exchange(fd, no_handle));
  }
}

NET_API NativeHandle windows_channel::release() noexcept {
  PipeEntry* const entry = pipe();
  if (!entry) return detail::exchange(fd, no_handle);
  const auto handle = reinterpret_cast<NativeHandle>(entry->release_handle());
  close();
  return handle == 0 ? no_handle : handle;
}

NET_API int windows_channel::start_connect_path(std::string_view path) noexcept {
  PipeName name;
  if (const int failed = name.set(path); failed < 0) return failed;
  auto* const entry = new (std::nothrow) PipeEntry;
  if (!entry) return -ENOMEM;
  const int result = entry->connect(name);
  fd = tagged(*entry);
  return result;
}

NET_API int windows_channel::set_type_of_service(int value) noexcept {
  if (PipeEntry* const entry = pipe()) return entry->type_of_service() = value, 0;
  return os::set_type_of_service(fd, local_end().ip.family, value);
}
NET_API int windows_channel::get_type_of_service() const noexcept {
  return pipe() ? pipe()->type_of_service() : os::get_type_of_service(fd, local_end().ip.family);
}

}  // namespace net::inline NET_ABI::detail

#endif  // _WIN32
#endif
#endif

// The bodies of pipe_server.hpp. Internal.
#ifndef NET_DETAIL_SYS_WINDOWS_PIPE_SERVER_IPP
#define NET_DETAIL_SYS_WINDOWS_PIPE_SERVER_IPP

#if NET_BODIES

#if defined(_WIN32)

namespace net::inline NET_ABI::detail {

NET_API PipeServerEntry::PipeServerEntry(const PipeName& name, const PathMode& mode) noexcept
    : PortEntry(table), name_(name), mode_(mode) {
  for (Instance& each : instances_) each.connecting.entry = this;
}

NET_API int PipeServerEntry::open(bool first) noexcept {
  if (first && pipe_exists(name_)) return -EADDRINUSE;
  int failed = 0;
  instances_[0].handle = make_pipe(name_, mode_, first, failed);
  if (failed == -EPERM || failed == -EBUSY) failed = first ? -EADDRINUSE : -EACCES;
  return failed == -ENOENT ? -EACCES : failed;
}

NET_API void PipeServerEntry::make(Instance& instance) noexcept {
  int failed = 0;
  instance.handle = make_pipe(name_, mode_, false, failed);
  if (instance.handle && port->associate(instance.handle, win::skip_port_on_success | win::skip_event) < 0) {
    win::CloseHandle(detail::exchange(instance.handle, nullptr));
  }
}

NET_API void PipeServerEntry::await(Instance& instance) noexcept {
  if (instance.connected || instance.connecting.in_flight) return;
  if (!instance.handle) make(instance);
  if (!instance.handle) return;  // tried again after a while
  if (win::ConnectNamedPipe(instance.handle, instance.connecting.begin())) {
    instance.connected = true;
    return;
  }
  constexpr win::Word pending = 997, there_already = 535, gone_again = 232;
  const win::Word failed = win::GetLastError();
  if (failed == pending) return port->began(instance.connecting);
  if (failed == there_already || failed == gone_again) {
    instance.connected = true;  // who is gone may have left something to read
  } else {
    win::CloseHandle(detail::exchange(instance.handle, nullptr));
  }
}

NET_API PipeEntry* PipeServerEntry::accept(int& failed) noexcept {
  failed = would_block;
  if (!port) return nullptr;
  for (Instance& each : instances_) {
    if (!each.connected) continue;
    auto* const pipe = new (std::nothrow) PipeEntry;
    if (!pipe) return failed = -ENOMEM, nullptr;
    pipe->set(detail::exchange(each.handle, nullptr));
    each.connected = false;
    await(each);
    pipe->associated();
    failed = port->attach(*pipe);
    if (failed == 0) return pipe;
    pipe->close();
    return nullptr;
  }
  return nullptr;
}

NET_API void PipeServerEntry::cancel() noexcept {
  for (Instance& each : instances_) {
    if (each.connecting.in_flight) win::CancelIoEx(each.handle, win::as<::_OVERLAPPED>(&each.connecting.overlapped));
  }
}

NET_API void PipeServerEntry::close_handles() noexcept {
  for (Instance& each : instances_) {
    if (each.handle) win::CloseHandle(detail::exchange(each.handle, nullptr));
    each.connected = false;
  }
}

NET_API void PipeServerEntry::close() noexcept {
  closed_ = true;
  Port::forget_due(*this);
  cancel();
  close_handles();
  release();
}

struct PipeServerCalls {
  static unsigned prepare(PortEntry& entry) noexcept {
    auto& self = static_cast<PipeServerEntry&>(entry);
    if (!self.closed_) {
      bool lacks = false;
      for (auto& each : self.instances_) {
        self.await(each);
        lacks |= !each.handle;
      }
      if (lacks) self.port->set_due(self, PipeServerEntry::retry_ms);
    }
    return take(entry) & self.interest();
  }
  static unsigned take(PortEntry& entry) noexcept {
    for (const auto& each : static_cast<PipeServerEntry&>(entry).instances_) {
      if (each.connected) return readable;
    }
    return 0;
  }
  static void done(PortEntry& entry, PortOperation& operation, int failed, std::size_t) noexcept {
    auto& self = static_cast<PipeServerEntry&>(entry);
    if (self.closed_) return;
    for (auto& each : self.instances_) {
      if (&each.connecting != &operation) continue;
      if (failed == 0 || failed == EPIPE) {
        each.connected = true;
      } else if (each.handle) {
        win::CloseHandle(detail::exchange(each.handle, nullptr));
      }
    }
  }
  /// Whatever is due is prepared anyhow.
  static void due(PortEntry&) noexcept {}
  static int attached(PortEntry& entry) noexcept {
    auto& self = static_cast<PipeServerEntry&>(entry);
    return self.port->associate(self.instances_[0].handle, win::skip_port_on_success | win::skip_event);
  }
  static void cancel(PortEntry& entry) noexcept { static_cast<PipeServerEntry&>(entry).cancel(); }
  static NativeHandle native(const PortEntry& entry) noexcept {
    const win::Handle handle = static_cast<const PipeServerEntry&>(entry).instances_[0].handle;
    return handle ? reinterpret_cast<NativeHandle>(handle) : no_handle;
  }
  static void free(PortEntry& entry) noexcept { delete static_cast<PipeServerEntry*>(&entry); }
};

NET_API constexpr PortEntry::Operations PipeServerEntry::table{
    &PipeServerCalls::prepare,  &PipeServerCalls::take,   &PipeServerCalls::done,   &PipeServerCalls::due,
    &PipeServerCalls::attached, &PipeServerCalls::cancel, &PipeServerCalls::native, &PipeServerCalls::free};

}  // namespace net::inline NET_ABI::detail

#endif  // _WIN32
#endif
#endif

// The bodies of acceptor.hpp. Internal.
#ifndef NET_DETAIL_SYS_WINDOWS_ACCEPTOR_IPP
#define NET_DETAIL_SYS_WINDOWS_ACCEPTOR_IPP

#if NET_BODIES

#if defined(_WIN32)

namespace net::inline NET_ABI::detail {

NET_API int windows_acceptor::set(NativeHandle listening) noexcept {
  if (listening < 0) return static_cast<int>(listening);
  fd = listening;
  open_reserve();
  return 0;
}

NET_API void windows_acceptor::open_reserve() noexcept {
  const NativeHandle opened = os::open_socket(Family::IPv4);
  reserve_ = opened < 0 ? no_handle : opened;
}

NET_API int windows_acceptor::listen_path(std::string_view path, const PathMode& mode, int, bool*) noexcept {
  PipeName name;
  if (const int failed = name.set(path); failed < 0) return failed == -ENOENT ? -EACCES : failed;
  return serve(name, mode, true);
}

NET_API int windows_acceptor::serve(const PipeName& name, const PathMode& mode, bool first) noexcept {
  auto* const pipes = new (std::nothrow) PipeServerEntry(name, mode);
  if (!pipes) return -ENOMEM;
  const int failed = pipes->open(first);
  if (failed < 0) {
    pipes->close();
  } else {
    fd = tagged(*pipes);
  }
  return failed;
}

NET_API int windows_acceptor::listen_beside(const windows_acceptor& other, int) noexcept {
  const PipeServerEntry* const there = other.pipes();
  return there ? serve(there->name(), there->mode(), false) : set(os::duplicate(other.fd));
}

NET_API int windows_acceptor::accept(windows_channel& into) noexcept {
  if (PipeServerEntry* const pipes = this->pipes()) {
    int failed = 0;
    if (PipeEntry* const pipe = pipes->accept(failed)) into.fd = tagged(*pipe);
    return failed;
  }
  NativeHandle accepted = os::accept_from(fd);
  if (accepted == -EMFILE && reserve_ != no_handle) accepted = turn_away();
  if (reserve_ == no_handle && accepted != -EMFILE) open_reserve();
  return into.set(accepted);
}

NET_API NativeHandle windows_acceptor::turn_away() noexcept {
  os::close_socket(detail::exchange(reserve_, no_handle));
  NativeHandle accepted = os::accept_from(fd);
  for (int left = 512; accepted >= 0; accepted = os::accept_from(fd)) {
    os::close_socket(accepted);
    if (--left == 0) {
      accepted = -EAGAIN;
      break;
    }
  }
  open_reserve();
  return accepted;
}

NET_API void windows_acceptor::close() noexcept {
  if (!is_open()) return;
  if (PipeServerEntry* const pipes = this->pipes()) {
    pipes->close();
  } else {
    os::close_socket(fd);
  }
  release();
}

NET_API void windows_acceptor::release() noexcept {
  fd = no_handle;
  if (reserve_ != no_handle) os::close_socket(detail::exchange(reserve_, no_handle));
}

}  // namespace net::inline NET_ABI::detail

#endif  // _WIN32
#endif
#endif

// The bodies of errors.hpp. Internal.
#ifndef NET_DETAIL_SYS_WINDOWS_ERRORS_IPP
#define NET_DETAIL_SYS_WINDOWS_ERRORS_IPP

#if NET_BODIES

#if defined(_WIN32)

namespace net::inline NET_ABI::detail::os {

NET_API int errno_of(unsigned long code) noexcept {
  switch (code) {
    case 2:
    case 3:
    case 15:
    case 53:
    case 123:
    case 161:
    case 267: return ENOENT;  // no such file, path, drive, computer; bad name, path name, directory
    case 5:
    case 1314: return EPERM;  // access denied, no privilege
    case 10013:
    case 740:
    case 998:
    case 1920: return EACCES;
    case 4:
    case 10024: return EMFILE;
    case 6:
    case 10009: return EBADF;
    case 8:
    case 14:
    case 1450:
    case 1453:
    case 1455:
    case 1816: return ENOMEM;  // no memory, resources, quota
    case 10055: return ENOBUFS;
    case 50:
    case 10045: return ENOTSUP;
    case 1:
    case 120: return ENOSYS;
    case 10052:  // a connection whose probes were not answered
    case 10054:
    case 64: return ECONNRESET;
    case 109:
    case 232:
    case 233:
    case 230:
    case 10058: return EPIPE;  // broken, no data, not connected
    case 10057: return ENOTCONN;
    case 13:
    case 87:
    case 122:
    case 10022:
    case 10046:
    case 170000: return EINVAL;
    case 121:
    case 10060:
    case 258:
    case 1460: return ETIMEDOUT;
    case 206:
    case 111: return ENAMETOOLONG;
    case 231:
    case 170:
    case 32:
    case 33: return EBUSY;
    case 995:
    case 10004: return ECANCELED;
    case 1225:
    case 10061: return ECONNREFUSED;
    case 1231:
    case 10051: return ENETUNREACH;
    case 1232:
    case 10065: return EHOSTUNREACH;
    case 1236:
    case 10053: return ECONNABORTED;
    case 1227:
    case 10048: return EADDRINUSE;
    case 1214:
    case 10049: return EADDRNOTAVAIL;
    case 1228:
    case 1229:
    case 2250: return ENOTCONN;
    case 19: return EROFS;  // write protected
    case 1113: return EINVAL;  // no such character
    case 10014: return EFAULT;
    case 10035:
    case 997: return EAGAIN;
    case 10036: return EINPROGRESS;
    case 10037: return EALREADY;
    case 10038: return ENOTSOCK;
    case 10039: return EDESTADDRREQ;
    case 10040: return EMSGSIZE;
    case 10041: return EPROTOTYPE;
    case 10042: return ENOPROTOOPT;
    case 10043: return EPROTONOSUPPORT;
    case 10047: return EAFNOSUPPORT;
    case 10050:
    case 10091: return ENETDOWN;
    case 10056: return EISCONN;
    case 183:
    case 80: return EEXIST;
    case 39:
    case 112: return ENOSPC;
    default: return EIO;
  }
}

NET_API int last_error() noexcept { return -errno_of(win::GetLastError()); }
NET_API int last_socket_error() noexcept { return -errno_of(static_cast<unsigned long>(win::WSAGetLastError())); }

NET_API int status_error(unsigned long status) noexcept {
  switch (status) {
    case 0x00000000:
    case 0x80000005:
    case 0x00000103: return 0;  // done; more of the message; not yet
    case 0xc0000120:
    case 0xc0000121: return ECANCELED;
    case 0xc000014b:
    case 0xc00000b0:
    case 0xc00000b1:
    case 0xc00000ae: return EPIPE;
    case 0xc0000008: return EBADF;
    case 0xc0000017:
    case 0xc000009a: return ENOMEM;
    case 0xc000020d:
    case 0xc000013b:
    case 0xc000013c: return ECONNRESET;
    case 0xc0000236: return ECONNREFUSED;
    case 0xc00000b5: return ETIMEDOUT;
    default: return (status & 0xc0000000) == 0xc0000000 ? EIO : 0;
  }
}

}  // namespace net::inline NET_ABI::detail::os

#endif  // _WIN32
#endif
#endif

// The bodies of files.hpp. Internal.
#ifndef NET_DETAIL_SYS_WINDOWS_FILES_IPP
#define NET_DETAIL_SYS_WINDOWS_FILES_IPP

#if NET_BODIES && defined(_WIN32)

namespace net::inline NET_ABI::detail::os {

inline win::Handle file_of(NativeHandle file) noexcept { return reinterpret_cast<win::Handle>(file); }

NET_API int open_file(const std::string& path, const FileAccess& access, NativeHandle& opened) noexcept {
  constexpr std::size_t capacity = 4096;
  wchar_t name[capacity];
  if (path.find('\0') != path.npos) return -EINVAL;
  if (!to_wide(path, name, capacity)) return -ENAMETOOLONG;
  const win::Word rights = !access.writes   ? win::generic_read
                           : access.appends ? win::append_data | win::write_attributes | win::synchronize
                                            : win::generic_write;
  const bool empties = access.writes && !access.appends && access.start == 0;
  const win::Word how = !access.writes     ? win::open_existing
                        : access.exclusive ? win::create_new
                        : empties          ? win::create_always
                                           : win::open_always;
  const win::Word attributes =
      access.writes && (access.mode & 0222) == 0 ? win::attribute_read_only : win::attribute_normal;
  const win::Handle file = win::CreateFileW(name, rights, win::share_all, nullptr, how, attributes, nullptr);
  if (file == win::no_file()) return last_error();
  if (access.start > 0) {
    long high = static_cast<long>(access.start >> 32);
    const win::Word low = win::SetFilePointer(file, static_cast<long>(access.start & 0xffffffff), &high, 0);
    if (const win::Word failed = low == ~win::Word{0} ? win::GetLastError() : 0; failed != 0) {
      win::CloseHandle(file);
      return -errno_of(failed);
    }
  }
  opened = reinterpret_cast<NativeHandle>(file);
  return 0;
}

NET_API std::ptrdiff_t read_file(NativeHandle file, char* into, std::size_t size) noexcept {
  win::Word moved = 0;
  const auto asked = static_cast<win::Word>(size < max_at_once ? size : max_at_once);
  if (win::ReadFile(file_of(file), into, asked, &moved, nullptr)) return static_cast<std::ptrdiff_t>(moved);
  constexpr win::Word end_of_file = 38, broken_pipe = 109;
  const win::Word failed = win::GetLastError();
  return failed == end_of_file || failed == broken_pipe ? 0 : -errno_of(failed);
}

NET_API std::ptrdiff_t write_file(NativeHandle file, const char* from, std::size_t size) noexcept {
  win::Word moved = 0;
  const auto asked = static_cast<win::Word>(size < max_at_once ? size : max_at_once);
  if (win::WriteFile(file_of(file), from, asked, &moved, nullptr)) return static_cast<std::ptrdiff_t>(moved);
  return last_error();
}

NET_API int close_file(NativeHandle file) noexcept { return win::CloseHandle(file_of(file)) ? 0 : last_error(); }

/// A pipe whose instances are all in use is an error at once.
NET_API bool is_slow_path(const std::string&) noexcept { return false; }

NET_API bool is_slow_file(NativeHandle file) noexcept {
  constexpr win::Word disk = 1;
  return win::GetFileType(file_of(file)) != disk;
}

NET_API std::ptrdiff_t write_slow_file(NativeHandle, const char*, std::size_t) noexcept { return -EAGAIN; }

}  // namespace net::inline NET_ABI::detail::os

#endif
#endif

// The bodies of messages.hpp. Internal.
#ifndef NET_DETAIL_SYS_WINDOWS_MESSAGES_IPP
#define NET_DETAIL_SYS_WINDOWS_MESSAGES_IPP

#if NET_BODIES

#if defined(_WIN32)

namespace net::inline NET_ABI::detail::os {

NET_API int make_pair(NativeHandle (&ends)[2]) noexcept {
  static constinit Atomic<unsigned> count{0};
  int failed = 0;
  for (int tries = 0; tries < 10; ++tries) {  // somebody who guesses the name only makes it another one
    char text[96];
    const int size = std::snprintf(text, sizeof text, R"(\\.\pipe\net.hpp-%lu-%u-%llx)", win::GetCurrentProcessId(),
                                   count.fetch_add(1), static_cast<unsigned long long>(now_ns()));
    PipeName name;
    if ((failed = name.set({text, static_cast<std::size_t>(size)})) < 0) return failed;
    const win::Handle served = make_pipe(name, {}, true, failed);
    if (!served) continue;
    const win::Handle opened = open_pipe(name, failed);
    if (opened) {
      ends[0] = reinterpret_cast<NativeHandle>(served);
      ends[1] = reinterpret_cast<NativeHandle>(opened);
      return 0;
    }
    win::CloseHandle(served);
  }
  return failed;
}

inline bool is_stream(NativeHandle handle) noexcept {
  int type = 0, size = sizeof type;
  return win::getsockopt(socket_of(handle), win::level_socket, win::option_type, win::as<char>(&type), &size) == 0 &&
         type == win::type_stream;
}

NET_API int write_ticket(NativeHandle passed, std::uint32_t process, char* into) noexcept {
  if (!is_stream(passed)) return -ENOTSUP;
  win::ProtocolInfo info{};
  static_assert(sizeof info == ticket_size);
  if (win::WSADuplicateSocketW(socket_of(passed), process, win::as<::_WSAPROTOCOL_INFOW>(&info)) != 0) {
    return last_socket_error();
  }
  std::memcpy(into, &info, sizeof info);
  return 0;
}

NET_API int open_ticket(const char* from, NativeHandle& opened) noexcept {
  if (const int failed = start_winsock(); failed < 0) return failed;
  win::ProtocolInfo info;
  std::memcpy(&info, from, sizeof info);
  constexpr int as_it_says = -1;
  const win::Socket same = win::WSASocketW(as_it_says, as_it_says, as_it_says, win::as<::_WSAPROTOCOL_INFOW>(&info), 0,
                                           win::socket_overlapped | win::socket_not_inherited);
  if (same == win::no_socket) {
    const int failed = last_socket_error();
    return failed == -EMFILE || short_of_memory(failed) ? failed : -EPROTO;
  }
  if (!is_stream(static_cast<NativeHandle>(same))) return -EPROTO;
  opened = static_cast<NativeHandle>(same);
  return 0;
}

}  // namespace net::inline NET_ABI::detail::os

#endif  // _WIN32
#endif
#endif

// The bodies of names.hpp. Internal.
#ifndef NET_DETAIL_SYS_WINDOWS_NAMES_IPP
#define NET_DETAIL_SYS_WINDOWS_NAMES_IPP

#if NET_BODIES

#if defined(_WIN32)

namespace net::inline NET_ABI::detail::os {

NET_API Errc lookup_failure(int failed) noexcept {
  switch (failed) {
    case 11001:                                     // no such host
    case 11004:                                     // no address of that kind
    case 10108: return Errc::ERR_LOOKUP_NOT_FOUND;  // no such service
    case 11002: return Errc::ERR_LOOKUP_TRY_AGAIN;
    case 11003: return Errc::ERR_LOOKUP_FAILED;
    case 10047: return Errc::ERR_LOOKUP_BAD_FAMILY;
    case 10022: return Errc::ERR_LOOKUP_BAD_FLAGS;
    case 8: return Errc::ERR_LOOKUP_NO_MEMORY;
    case -9: return Errc::ERR_LOOKUP_NOT_FOUND;  // Wine's word for an address of the other family
    default: return Errc::ERR_LOOKUP_OTHER;
  }
}

NET_API Errc look_up(const std::string& host, Family family, int hints, Vec<Endpoint>& found) {
  if (host.empty()) return Errc::ERR_LOOKUP_NOT_FOUND;  // for Windows that would be this machine
  wchar_t name[1024];                                   // a name that does not fit is nobody's
  if (start_winsock() < 0) return Errc::ERR_LOOKUP_OTHER;
  if (!to_wide(host, name, sizeof name / sizeof name[0])) return Errc::ERR_LOOKUP_NOT_FOUND;
  win::AddressInfo asked{};
  asked.family = family == Family::IPv4 ? win::family_ip4 : family == Family::IPv6 ? win::family_ip6 : 0;
  asked.type = win::type_stream;
  asked.flags = hints;
  ::addrinfoW* all = nullptr;
  const int failed = win::GetAddrInfoW(name, nullptr, win::as<const ::addrinfoW>(&asked), &all);
  if (failed != 0) return lookup_failure(failed);
  const struct Freed {
    ::addrinfoW* all;
    ~Freed() { win::FreeAddrInfoW(all); }
  } freed{all};
  for (const auto* at = win::as<const win::AddressInfo>(all); at; at = at->next) {
    SystemAddress address;
    if (at->size > sizeof address.bytes) continue;
    std::memcpy(address.bytes, at->address, at->size);
    if (const Endpoint end = address.endpoint()) found.push(end);
  }
  return found.empty() ? Errc::ERR_LOOKUP_NOT_FOUND : Errc{};
}

NET_API int address_config_hint() noexcept { return 0; }
NET_API int known_hints() noexcept { return 0x400 | 0x100 | 0x800; }  // ADDRCONFIG, ALL, V4MAPPED

}  // namespace net::inline NET_ABI::detail::os

#endif  // _WIN32
#endif
#endif

// The bodies of thread.hpp. Internal.
#ifndef NET_DETAIL_SYS_WINDOWS_THREAD_IPP
#define NET_DETAIL_SYS_WINDOWS_THREAD_IPP

#if NET_BODIES

#if defined(_WIN32)

namespace net::inline NET_ABI::detail::os {

NET_API std::uint64_t now_ns() noexcept {
  constexpr std::uint64_t second = 1000000000;
  std::int64_t ticks = 0, a_second = 1;
  win::QueryPerformanceCounter(win::as<::_LARGE_INTEGER>(&ticks));
  win::QueryPerformanceFrequency(win::as<::_LARGE_INTEGER>(&a_second));
  const auto count = static_cast<std::uint64_t>(ticks), rate = static_cast<std::uint64_t>(a_second);
  return count / rate * second + count % rate * second / rate;  // the product of all of it would not fit
}

NET_API bool Thread::begin(Start* start) noexcept {
  thread_ = win::CreateThread(nullptr, 0, &run, start, 0, nullptr);
  if (!thread_) delete start;
  return thread_ != nullptr;
}

NET_API win::Word __stdcall Thread::run(void* given) {
  const Start now = *static_cast<Start*>(given);
  delete static_cast<Start*>(given);
  now.work(now.argument);
  return 0;
}

NET_API bool start_thread(void (*work)(void*), void* argument) noexcept {
  Thread thread;
  if (!thread.try_start(work, argument)) return false;
  thread.detach();
  return true;
}

NET_API std::size_t processors() noexcept {
  const win::Word count = win::GetActiveProcessorCount(win::all_processors);
  return count > 0 ? count : 1;
}

NET_API std::uint32_t fork_count() noexcept { return 0; }
NET_API void at_fork(void (*)(), void (*)(), void (*)()) noexcept {}
NET_API void count_in_resolver(int) noexcept {}

}  // namespace net::inline NET_ABI::detail::os

#endif  // _WIN32
#endif
#endif

// The bodies of waker.hpp. Internal.
#ifndef NET_DETAIL_SYS_WINDOWS_WAKER_IPP
#define NET_DETAIL_SYS_WINDOWS_WAKER_IPP

#if NET_BODIES

#if defined(_WIN32)

namespace net::inline NET_ABI::detail {

NET_API void WakerEntry::wake() noexcept {
  const LockGuard locked(mutex);
  if (detail::exchange(awake, true) || !at || detail::exchange(posted, true)) return;
  at->post(woken);
}

/// The port must not be told any more.
NET_API void WakerEntry::settle() noexcept {
  const LockGuard locked(mutex);
  at = nullptr;
}

NET_API constexpr PortEntry::Operations WakerEntry::table{
    [](PortEntry& entry) noexcept {
      auto& self = static_cast<WakerEntry&>(entry);
      const LockGuard locked(self.mutex);
      return self.awake ? self.interest() & readable : 0u;
    },
    [](PortEntry& entry) noexcept {
      auto& self = static_cast<WakerEntry&>(entry);
      const LockGuard locked(self.mutex);
      return self.awake ? readable : 0u;
    },
    [](PortEntry& entry, PortOperation&, int, std::size_t) noexcept {
      auto& self = static_cast<WakerEntry&>(entry);
      const LockGuard locked(self.mutex);
      self.posted = false;
    },
    nullptr,
    [](PortEntry& entry) noexcept {
      auto& self = static_cast<WakerEntry&>(entry);
      const LockGuard locked(self.mutex);
      self.at = self.port;
      return 0;
    },
    [](PortEntry& entry) noexcept { static_cast<WakerEntry&>(entry).settle(); },
    [](const PortEntry&) noexcept { return no_handle; },
    [](PortEntry& entry) noexcept { delete static_cast<WakerEntry*>(&entry); }};

namespace os {

NET_API int Waker::open() noexcept {
  close();
  entry_ = new (std::nothrow) WakerEntry;
  return entry_ ? 0 : -ENOMEM;
}

NET_API void Waker::close() noexcept {
  if (!entry_) return;
  entry_->settle();
  detail::exchange(entry_, nullptr)->release();
}

NET_API void Waker::drain() noexcept {
  if (!entry_) return;
  const LockGuard locked(entry_->mutex);
  entry_->awake = false;
}

}  // namespace os
}  // namespace net::inline NET_ABI::detail

#endif  // _WIN32
#endif
#endif

// The bodies of signals.hpp. Internal.
#ifndef NET_DETAIL_SYS_WINDOWS_SIGNALS_IPP
#define NET_DETAIL_SYS_WINDOWS_SIGNALS_IPP

#if NET_BODIES

#include <csignal>

#if defined(_WIN32)

namespace net::inline NET_ABI::detail::os {

/// Who listens to which signal, in the whole process. The C library calls its handlers in a thread of the console's, or
/// in the one that raises, and forgets them first; what the console's window says comes by a handler of its own.
class SignalRegistry {
 public:
  static SignalRegistry& instance() noexcept {
    static constinit SignalRegistry registry;
    return registry;
  }

  int add(SignalWaker& waker) noexcept;
  void remove(SignalWaker& waker) noexcept;

  /// What the C library calls.
  static void __cdecl on_signal(int signo);

  void deliver(int signo) noexcept {
    const LockGuard locked(mutex_);
    (void)wake(signo);
  }

  /// Of the console: whether somebody listens to what it says.
  bool deliver_event(win::Word event) noexcept {
    const int signo = event == window_closed ? hang_up : event == session_ends ? SIGTERM : 0;
    return signo != 0 && deliver_last(signo);
  }

 private:
  using Handler = void(__cdecl*)(int);
  static constexpr int hang_up = 1, max_signals = 32;
  static constexpr win::Word window_closed = 2, session_ends = 6;

  constexpr SignalRegistry() noexcept = default;

  /// Of the C library; the others come from elsewhere.
  static bool is_of_the_library(int signo) noexcept { return signo != hang_up && signo != child_ended; }
  void hear_console() noexcept;
  void put_back(int signo) noexcept;
  bool listened(int signo) const noexcept;
  bool wake(int signo) noexcept;
  bool deliver_last(int signo) noexcept;
  bool deliver_again(int signo) noexcept;

  Mutex changing_;  // whoever adds or removes; a handler never waits for it
  Mutex mutex_;
  SignalWaker* first_ = nullptr;
  Handler before_[max_signals] = {};
  bool hears_console_ = false;
  bool ending_ = false;  // the console waits for the handler, with its list of handlers locked
};

NET_API int SignalRegistry::add(SignalWaker& waker) noexcept {
  if (waker.signo != child_ended && (waker.signo <= 0 || waker.signo >= max_signals)) return -EINVAL;
  if (const int failed = waker.waker.open(); failed < 0) return failed;
  const LockGuard alone(changing_);
  {
    const LockGuard locked(mutex_);
    if (!listened(waker.signo) && is_of_the_library(waker.signo)) {
      const Handler old = std::signal(waker.signo, &on_signal);
      if (old == SIG_ERR) {
        waker.waker.close();
        return -EINVAL;
      }
      before_[waker.signo] = old;
    }
    waker.next = detail::exchange(first_, &waker);
  }
  hear_console();
  return 0;
}

/// The console calls its handlers with their list locked, and they lock ours. A handler of a DLL's must not outlive it.
NET_API void SignalRegistry::hear_console() noexcept {
  bool wanted = false;
  {
    const LockGuard locked(mutex_);
    wanted = ending_ || listened(hang_up) || listened(SIGTERM);
  }
  if (wanted != detail::exchange(hears_console_, wanted)) win::SetConsoleCtrlHandler(&on_console, wanted);
}

NET_API void SignalRegistry::remove(SignalWaker& waker) noexcept {
  const LockGuard alone(changing_);
  {
    const LockGuard locked(mutex_);
    SignalWaker** at = &first_;
    while (*at && *at != &waker) at = &(*at)->next;
    if (!*at) return;
    *at = waker.next;
    if (is_of_the_library(waker.signo) && !listened(waker.signo)) put_back(waker.signo);
  }
  hear_console();
}

/// Somebody else's, who came later, stays.
NET_API void SignalRegistry::put_back(int signo) noexcept {
  const Handler now = std::signal(signo, before_[signo]);
  if (now != &on_signal) std::signal(signo, now);
}

NET_API bool SignalRegistry::listened(int signo) const noexcept {
  for (const SignalWaker* each = first_; each; each = each->next) {
    if (each->signo == signo) return true;
  }
  return false;
}

NET_API bool SignalRegistry::wake(int signo) noexcept {
  bool any = false;
  for (SignalWaker* each = first_; each; each = each->next) {
    if (each->signo != signo) continue;
    each->waker.wake();
    any = true;
  }
  return any;
}

NET_API void __cdecl SignalRegistry::on_signal(int signo) {
  if (!instance().deliver_again(signo)) std::raise(signo);
}

/// False: the last one went while this call was on its way, and the signal is whose it was before.
NET_API bool SignalRegistry::deliver_again(int signo) noexcept {
  const LockGuard locked(mutex_);
  const bool still = listened(signo);
  std::signal(signo, still ? &on_signal : before_[signo]);
  return wake(signo);
}

NET_API bool SignalRegistry::deliver_last(int signo) noexcept {
  const LockGuard locked(mutex_);
  const bool any = wake(signo);
  ending_ |= any;
  return any;
}

NET_API int __stdcall on_console(win::Word event) {
  if (!SignalRegistry::instance().deliver_event(event)) return 0;
  // the process ends when this returns, or a few seconds later: that is what is left for the listener
  win::WaitForSingleObject(reinterpret_cast<win::Handle>(~std::uintptr_t{0}), win::wait_forever);
  return 1;
}

NET_API void say_child_ended() noexcept { SignalRegistry::instance().deliver(child_ended); }
NET_API int listen_to_signal(SignalWaker& waker) noexcept { return SignalRegistry::instance().add(waker); }
NET_API void forget_signal(SignalWaker& waker) noexcept { SignalRegistry::instance().remove(waker); }

}  // namespace net::inline NET_ABI::detail::os

#endif  // _WIN32
#endif
#endif

// The bodies of handle.hpp. Internal.
#ifndef NET_DETAIL_LOOP_HANDLE_IPP
#define NET_DETAIL_LOOP_HANDLE_IPP

#if NET_BODIES

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

NET_API void give_up(Handle& who) noexcept {
  if (who.operations->give_up) who.operations->give_up(who);
}

NET_API TimerState::TimerState(LoopCore& core) noexcept : Handle(core, plain_operations<TimerState>) {}

NET_API Ref<TimerState> TimerState::of(Handle& owner, void (*expired)(Handle&)) {
  Ref<TimerState> timer(new TimerState(*owner.loop));
  timer->refd = false;
  timer->callback = [&owner, expired] {
    const Ref<Handle> alive(&owner);
    or_give_up(owner, [&] { expired(owner); });
  };
  return timer;
}

NET_API ImmediateState::ImmediateState(LoopCore& core) noexcept : Handle(core, plain_operations<ImmediateState>) {}

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif
#endif

// The bodies of receive_buffer.hpp. Internal.
#ifndef NET_DETAIL_LOOP_RECEIVE_BUFFER_IPP
#define NET_DETAIL_LOOP_RECEIVE_BUFFER_IPP

#if NET_BODIES

namespace net::inline NET_ABI::detail {

NET_API bool ReceiveBuffer::lend(const char* bytes) {
  if (lent_ || kept_ == most_kept || !holds(bytes)) return false;
  if (spares_ == 0) {
    spare_[0] = PageBuffer(capacity);
    spares_ = 1;
  }
  lent_ = true;
  return true;
}

NET_API PageBuffer ReceiveBuffer::keep() noexcept {
  ++kept_;
  lent_ = false;
  PageBuffer next = std::move(spare_[--spares_]);
  return detail::exchange(now_, std::move(next));
}

NET_API void ReceiveBuffer::take_back(PageBuffer&& kept) noexcept {
  --kept_;
  spare_[spares_++] = std::move(kept);
}

}  // namespace net::inline NET_ABI::detail

#endif
#endif

// How a loop begins and ends; timers, the mailbox, the write batch. Internal.
#ifndef NET_DETAIL_LOOP_CORE_IPP
#define NET_DETAIL_LOOP_CORE_IPP

#if NET_BODIES

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

NET_API LoopCore::LoopCore() {
  link_one_way_only();
  note_forks();
  (void)no_error();  // nobody needs memory for it afterwards
  open_poller();
  mailbox_ = new Mailbox;
  mailbox_->loop = this;
  update_time();
  join_process();
}

NET_API void LoopCore::stop() noexcept {
  if (current() == this) return mailbox_->stopped.store(1);
  Mailbox* const mailbox = mailbox_;
  mailbox->retain();
  mailbox->stop();
  mailbox->release();
}

NET_API void LoopCore::shorten_batch(std::size_t gone) noexcept {
  batch_size_ -= gone;
  for (std::size_t i = 0; i < batch_size_; ++i) batch_.begin[i] = batch_.begin[i + gone];
  if (batch_size_ == 0) batch_owner_ = nullptr;
}

NET_API LoopCore::Running::Running(LoopCore& l) : loop(l) {
  if (loop.running_) throw_error(make_error(Errc::ERR_INVALID_STATE, "The loop is running already"));
  if (loop.inert()) loop.refuse_child();
  loop.running_ = true;
  loop.update_time();
}

NET_API Handle::Handle(LoopCore& core, const Operations& table) noexcept
    : loop(&core), operations(&table), next(core.handles_) {
  if (next) next->previous = this;
  core.handles_ = this;
}

NET_API Handle::~Handle() {
  if (next) next->previous = previous;
  if (previous) {
    previous->next = next;
  } else if (loop) {
    loop->handles_ = next;
  }
}

NET_API bool Mailbox::post(Callback callback) {
  const LockGuard locked(mutex);
  if (!loop) return false;
  posted.push(std::move(callback));
  notify();
  return true;
}

NET_API void Mailbox::notify() noexcept {
  if (any.exchange(1) == 0) loop->poller().wake();
}

NET_API void Mailbox::stop() noexcept {
  const LockGuard locked(mutex);
  stopped.store(1);
  if (loop) loop->poller().wake();
}

NET_API char* LoopCore::batch_for(Handle& owner, void (*flush)(Handle&), std::size_t size) {
  if (batch_owner_ != &owner) flush_batch();
  return batch_if_free(owner, flush, size);
}

NET_API void LoopCore::start_timer(TimerState& timer, std::uint64_t length, std::uint64_t from) {
  if (timer.queued()) {
    timers_.remove(timer);  // it leaves the space that it needs
  } else {
    timers_.reserve_one();
    timer.retain();
    if (timer.refd) keep_alive(true);
  }
  timer.length = length;
  timers_.insert(timer, from + length);
}

NET_API void LoopCore::stop_timer(TimerState& timer) noexcept {
  if (!timer.queued()) return;
  timers_.remove(timer);
  if (timer.refd) keep_alive(false);
  timer.release();
}

NET_API void LoopCore::set_timer_ref(TimerState& timer, bool on) noexcept {
  if (timer.refd != on && timer.queued()) keep_alive(on);
  timer.refd = on;
}

NET_API void LoopCore::clear_immediate(ImmediateState& immediate) noexcept {
  set_immediate_ref(immediate, false);
  immediate.pending = false;
  immediate.callback.reset();
}

NET_API void LoopCore::set_immediate_ref(ImmediateState& immediate, bool on) noexcept {
  if (immediate.refd == on) return;
  immediate.refd = on;
  if (!immediate.pending) return;
  keep_alive(on);
  on ? ++refd_immediates_ : --refd_immediates_;
}

NET_API void LoopCore::leave_thread() noexcept {
  for (LoopCore** at = &current(); *at; at = &(*at)->older_) {
    if (*at != this) continue;
    *at = older_;
    return;
  }
}

/// Closes what is open, without a word to anyone; handles of users stay, closed.
NET_API void LoopCore::abandon_all() noexcept {
  if (!inert()) {
    if (batch_owner_) batch_owner_->operations->hand_over(*batch_owner_);
    for (Handle* handle = handles_; handle; handle = handle->next) {
      if (handle->operations->hand_over) handle->operations->hand_over(*handle);
    }
    const LockGuard locked(mailbox_->mutex);
    mailbox_->loop = nullptr;
  }
  forget_batch();
  mailbox_->posted.clear();
  if (inert()) mailbox_->loop = nullptr;  // only now: results that were on their way tell their jobs that they are gone
  // what dies may be the user's, and leave something new behind: again, until there is nothing
  while (handles_ || !timers_.empty() || (ticks_.size() | pending_.size() | closing_.size() | posted_.size()) != 0) {
    abandon_handles();
  }
  mailbox_->release();
}

NET_API void LoopCore::abandon_handles() noexcept {
  Handle* const all = handles_;
  for (Handle* handle = all; handle; handle = handle->next) handle->retain();
  // listeners that die here may let go of other handles, which stay in the list until all are abandoned; new ones
  // stand before them
  for (Handle* handle = all; handle; handle = handle->next) handle->operations->abandon(*handle);
  while (!timers_.empty()) stop_timer(static_cast<TimerState&>(*timers_.first()));
  ticks_.clear();
  pending_.clear();
  closing_.clear();
  speculative_ = {};
  immediates_.clear();
  posted_.clear();
  if (!all) return;
  (all->previous ? all->previous->next : handles_) = nullptr;
  for (Handle* handle = all; handle;) {
    Handle* const next = handle->next;
    if (handle->operations->ready) handle->operations->abandon(*handle);  // what died may have opened it again
    handle->previous = handle->next = nullptr;
    handle->loop = nullptr;
    handle->release();
    handle = next;
  }
}

NET_API void LoopCore::next_immediate(Ref<ImmediateState> immediate) {
  immediates_.reserve(1);
  if (immediate->refd) ++refd_immediates_, keep_alive(true);
  immediates_.push(std::move(immediate));
}

NET_API void LoopCore::flush_batch() {
  if (!batch_owner_) return;
  if (inert_) return forget_batch();
  batch_flush_(*batch_owner_);
}

NET_API LoopCore::Running::~Running() {
  loop.running_ = false;
  // small writes of a listener that threw leave all the same
  if (loop.batch_owner_ && loop.inside_ == 0) loop.batch_owner_->operations->hand_over(*loop.batch_owner_);
}

NET_API void LoopCore::open_poller() {
  if (const Refusal refused = poller_.open(); refused.number != 0) {
    throw_error(system_failure(refused.number, refused.syscall));
  }
}

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif
#endif

// What becomes of loops when the process forks, or ends. Internal.
#ifndef NET_DETAIL_LOOP_FORK_IPP
#define NET_DETAIL_LOOP_FORK_IPP

#if NET_BODIES

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

/// All loops of the process. In a child, whichever thread has forked, none of them may touch what is the parent's.
struct ProcessLoops {
  Machine::Mutex mutex;  // fork() takes it too, so a child finds the list whole
  LoopCore* first = nullptr;

  static ProcessLoops& instance() {
    static ProcessLoops& all = *new ProcessLoops;
    return all;
  }
};

NET_API void LoopCore::at_exit() noexcept {
  for (LoopCore* loop = current(); loop; loop = loop->older_) {
    if (loop->inert()) continue;
    for (Handle* handle = loop->handles_; handle; handle = handle->next) {
      if (handle->operations->hand_over) handle->operations->hand_over(*handle);
      if (handle->operations->at_exit) handle->operations->at_exit(*handle);
    }
  }
}

NET_API void LoopCore::join_process() noexcept {
  ProcessLoops& all = ProcessLoops::instance();
  const LockGuard locked(all.mutex);
  next_in_process_ = detail::exchange(all.first, this);
  link_in_process_ = &all.first;
  if (next_in_process_) next_in_process_->link_in_process_ = &next_in_process_;
}

NET_API void LoopCore::leave_process() noexcept {
  const LockGuard locked(ProcessLoops::instance().mutex);
  *link_in_process_ = next_in_process_;
  if (next_in_process_) next_in_process_->link_in_process_ = link_in_process_;
}

NET_API void LoopCore::note_forks() {
  (void)ProcessLoops::instance();  // a child needs no memory for it
  static Atomic<int> noted{0};
  if (noted.exchange(1) != 0) return;
  Machine::at_fork(nullptr, nullptr, [] {
    for (LoopCore* loop = ProcessLoops::instance().first; loop; loop = loop->next_in_process_) loop->become_inert();
  });
}

NET_API bool LoopCore::of_this_thread() const noexcept {
  for (const LoopCore* mine = current(); mine; mine = mine->older_) {
    if (mine == this) return true;
  }
  return false;
}

/// Runs in the child before fork() returns there: the round that is under way ends, and what was batched is the
/// parent's to send. The threads of other loops did not come along, so nobody is in them any more.
NET_API void LoopCore::become_inert() noexcept {
  if (!of_this_thread()) {
    running_ = inert_ = false;
    inside_ = 0;
    older_ = nullptr;
  }
  if (!inert_) inside_ += inert_depth;
  inert_ = true;
  forget_batch();
  poller_.shut();
}

NET_API void LoopCore::refuse_child() const {
  throw_error(make_error(Errc::ERR_INVALID_STATE,
                         "This loop belongs to the parent process: call afterFork() to use it in this one"));
}

/// S31.2: a poller and a waker of its own; what is watched is watched again, the rest is where it was. It belongs to
/// the thread that asks for it, whose it was before or not.
NET_API void LoopCore::after_fork() {
  if (inert()) {
    std::size_t count = 0;
    for (Handle* handle = handles_; handle; handle = handle->next) count += handle->operations->after_fork ? 1 : 0;
    made_anew_.clear();
    made_anew_.reserve(count);
    open_poller();
    if (!of_this_thread()) enter_thread();
    if (inert_) inside_ -= inert_depth;
    inert_ = false;
    made_in_ = Machine::fork_count();
    mailbox_->loop = this;
    for (Handle* handle = handles_; handle; handle = handle->next) {
      // the oldest first: jobs are in the order in which they were asked for
      if (handle->operations->after_fork) made_anew_.push_front(Ref<Handle>(handle));
    }
  }
  // one for which there is no memory is the first when this is called again
  while (!made_anew_.empty()) {
    const Ref<Handle> handle(made_anew_.first());
    handle->operations->after_fork(*handle);
    (void)made_anew_.pop_front();
  }
}

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif
#endif

// One turn of the loop, phase by phase. Internal.
#ifndef NET_DETAIL_LOOP_TURN_IPP
#define NET_DETAIL_LOOP_TURN_IPP

#if NET_BODIES

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

/// The handle that is being served. It lives until its callback has returned or thrown.
struct Served {
  Handle* handle = nullptr;

  Served() noexcept = default;
  Served(const Served&) = delete;
  Served& operator=(const Served&) = delete;
  ~Served() {
    if (handle) handle->release();
  }
  NET_GNU(always_inline) void begin(Handle& next) noexcept {
    next.retain();
    handle = &next;
  }
  NET_GNU(always_inline) void end() noexcept {
    Handle* const last = detail::exchange(handle, nullptr);
    if (--last->owners == 0) [[unlikely]]
      last->operations->free(*last);
  }
};

/// S32.4: a poller that cannot wait leaves run() as an exception, instead of turning for ever.
template <class Serve>
NET_GNU(always_inline) inline void LoopCore::wait_for(int milliseconds, Serve& serve) {
  if constexpr (requires { Refusal(poller_.wait(milliseconds, serve)); }) {
    const Refusal refused = poller_.wait(milliseconds, serve);
    if (refused.number != 0) [[unlikely]]
      throw_error(system_failure(refused.number, refused.syscall));
  } else {
    poller_.wait(milliseconds, serve);
  }
}

NET_GNU(always_inline) inline void LoopCore::poll(int max_ms) {
  int wait = timeout_ms();
  if (max_ms >= 0 && (wait < 0 || wait > max_ms)) wait = max_ms;
  if (measuring_) [[unlikely]]
    wait = measured_wait(wait);
  Served served;
  const auto serve = [this, &served](Watcher& watcher, unsigned what, int error) {
    run_callback([&] {
      Handle& owner = *static_cast<Handle*>(watcher.owner);
      served.begin(owner);
      owner.loop->count_event();
      owner.operations->ready(owner, watcher, what, error);
      served.end();
    });
  };
#if defined(__cpp_exceptions)
  try {
    wait_for(wait, serve);
  } catch (const std::bad_alloc&) {
    if (served.handle) give_up(*served.handle);
    throw;
  }
#else
  wait_for(wait, serve);
#endif
}

/// One turn, in the order of S2.1: what is pending, the poll, posted callbacks, immediates, what closes, timers.
NET_GNU(always_inline) inline void LoopCore::turn(int max_ms) {
  if (!pending_.empty()) {
    run_jobs(pending_);
    if (mailbox_->stopped.load() != 0 || !alive()) max_ms = 0;
  }
  ++counts_.turns;
  if (!speculative_ || !speculative_read_found()) poll(max_ms);
  if ((posted_.size() | pending_.size() | immediates_.size() | closing_.size()) != 0 || mailbox_->any.load() != 0) {
    run_posted();
    run_pending();
    if (!immediates_.empty()) run_immediates();
    run_jobs(closing_);
  }
  if (!timers_.empty()) {
    update_time();
    run_timers();
  }
}

/// Waits without serving: what is ready is reported again at once. So the time between two waits is known.
NET_RARE int LoopCore::measured_wait(int milliseconds) {
  const std::uint64_t begun = Machine::now_ns();
  if (woken_at_ != 0 && begun - woken_at_ > counts_.longest_turn) counts_.longest_turn = begun - woken_at_;
  std::uint64_t ready = 0;
  const auto count = [&ready](Watcher&, unsigned, int) { ++ready; };
  wait_for(0, count);
  counts_.events_waiting += ready;
  if (ready == 0 && milliseconds != 0 && mailbox_->any.load() == 0 && mailbox_->stopped.load() == 0) {
    wait_for(milliseconds, count);
  }
  woken_at_ = Machine::now_ns();
  counts_.idle += woken_at_ - begun;
  return 0;
}

NET_API void LoopCore::measure_times() noexcept { measuring_ = true; }

NET_API LoopCounts LoopCore::counts() const noexcept {
  LoopCounts all = counts_;
  all.timers = timers_.size();
  for (const Handle* each = handles_; each; each = each->next) {
    if (each->operations->count) each->operations->count(*each, all);
  }
  return all;
}

NET_API void LoopCore::run_timers() {
  const std::uint64_t until = now_;
  while (!timers_.empty() && timers_.first()->due <= until) {
    const Ref<TimerState> timer(&static_cast<TimerState&>(*timers_.first()));
    // the callback lives as long as it runs, whatever it does to its timer; an interval goes on if it throws (S2.7)
    struct Call {
      TimerState& timer;
      std::uint64_t started;
      Callback callback;
      TimerQueue::Place place;  // for starting it again
      ~Call() {
        place.leave();
        if (timer.cleared || !timer.loop) return;
        timer.callback = std::move(callback);
        if (timer.repeats && !timer.queued()) timer.loop->start_timer(timer, timer.length, started);
      }
    };
    run_callback([&] {
      Call call{*timer, now_, {}, TimerQueue::Place(timers_)};
      stop_timer(*timer);
      call.callback = std::move(timer->callback);
      call.callback();
    });
  }
}

NET_API void LoopCore::run_immediates() {
  // one made by an immediate waits for the next turn (S2.5)
  for (std::size_t left = immediates_.size(); left > 0; --left) {
    const Ref<ImmediateState> immediate = immediates_.pop_front();
    if (!immediate->pending) continue;
    set_immediate_ref(*immediate, false);
    immediate->pending = false;
    run_callback([&] { immediate->callback(); });
  }
}

NET_API void LoopCore::drain_ticks() {
  do {
    {
      const Inside inside(*this);
      while (!ticks_.empty() && !inert_) {
        const Callback tick = ticks_.pop_front();
        tick();
      }
    }
    if (inert_) refuse_child();
    if (inside_ == 0) flush_batch();
  } while (!ticks_.empty());
}

NET_API void LoopCore::run_jobs(Queue<Job>& jobs) {
  for (std::size_t left = jobs.size(); left > 0 && !jobs.empty(); --left) {
    const Job job = jobs.pop_front();
    run_callback([&] { or_give_up(*job.who, [&] { job.run(*job.who); }); });
  }
}

/// What is done but was not emitted yet; a few times, so that it cannot starve the rest.
NET_API void LoopCore::run_pending() {
  for (int rounds = 8; rounds > 0 && !pending_.empty(); --rounds) run_jobs(pending_);
}

NET_GNU(noinline) NET_API bool LoopCore::speculative_read_found() {
  const Ref<Handle> asked = std::move(speculative_);
  bool had = false;
  run_callback([&] { or_give_up(*asked, [&] { had = ask_(*asked); }); });
  return had;
}

NET_API void LoopCore::run_posted() {
  if (mailbox_->any.load() != 0) {
    const LockGuard locked(mailbox_->mutex);
    if (posted_.empty()) {
      posted_.take_all(mailbox_->posted);
    } else {
      posted_.reserve(mailbox_->posted.size());
      while (!mailbox_->posted.empty()) posted_.push(mailbox_->posted.pop_front());
    }
    mailbox_->any.store(0);
  }
  for (std::size_t left = posted_.size(); left > 0 && !posted_.empty(); --left) {
    const Callback callback = posted_.pop_front();
    run_callback([&] { callback(); });
  }
}

NET_API int LoopCore::timeout_ms() const noexcept {
  if ((ticks_.size() | pending_.size() | closing_.size() | posted_.size() | refd_immediates_) != 0) return 0;
  if (mailbox_->any.load() != 0) return 0;
  if (timers_.empty()) return -1;
  const std::uint64_t due = timers_.first()->due, at = now();
  return due <= at ? 0 : due - at > 0x7fffffff ? 0x7fffffff : static_cast<int>(due - at);
}

NET_API void LoopCore::run() {
  const Running running(*this);
  flush_batch();
  drain_ticks();
  run_timers();
  while (mailbox_->stopped.load() == 0 && alive()) turn(-1);
  mailbox_->stopped.store(0);  // used up by this return, and not by an exception (S31.9)
}

NET_API void LoopCore::run_ticks() {
  if (inside_ != 0) return;  // they run when the callback that is under way returns
  if (inert()) refuse_child();
  flush_batch();
  if (!ticks_.empty()) drain_ticks();
}

NET_API bool LoopCore::run_once(int max_ms) {
  const Running running(*this);
  flush_batch();
  const bool ready = timeout_ms() == 0;  // what is done before the poll is done by this turn: it need not wait too
  drain_ticks();
  run_timers();
  const bool stopped = mailbox_->stopped.load() != 0;
  turn(ready || stopped || !alive() ? 0 : max_ms);
  return mailbox_->stopped.exchange(0) == 0 && alive();  // used up here too: runOnce() reports it
}

NET_API bool LoopCore::alive() const noexcept {
  return alive_ > 0 || !closing_.empty() || !posted_.empty() || mailbox_->any.load() != 0;
}

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif
#endif

// The bodies of signals.hpp. Internal.
#ifndef NET_DETAIL_LOOP_SIGNALS_IPP
#define NET_DETAIL_LOOP_SIGNALS_IPP

#if NET_BODIES

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

NET_API constexpr Handle::Operations SignalState::table{
    [](Handle& handle) noexcept { delete static_cast<SignalState*>(&handle); },
    [](Handle& handle) noexcept { static_cast<SignalState&>(handle).close(); },
    &SignalState::on_ready,
    nullptr,
    nullptr,
    nullptr,
    [](Handle& handle) { static_cast<SignalState&>(handle).listen_again(); }};

NET_API int SignalState::open() noexcept {
  const int failed = listen();
  if (failed < 0) return failed;
  is_open = true;
  retain();
  return 0;
}

NET_API int SignalState::listen() noexcept {
  if (const int failed = Machine::listen_to_signal(*this); failed < 0) return failed;
  watcher.fd = waker.descriptor();
  const int failed = loop->poller().watch(watcher, readable);
  if (failed < 0) {
    loop->poller().drop(watcher);
    Machine::forget_signal(*this);
  }
  return failed;
}

NET_API void SignalState::close() noexcept {
  if (!detail::exchange(is_open, false)) return;
  set_ref(false);
  Machine::forget_signal(*this);
  loop->poller().drop(watcher);
  waker.close();
  callback.reset();
  release();
}

NET_API void SignalState::on_ready(Handle& handle, Watcher&, unsigned, int) {
  const Ref<SignalState> self(static_cast<SignalState*>(&handle));
  self->waker.drain();
  // the callback lives as long as it runs, even if it closes its signal
  struct Call {
    SignalState& state;
    Function<void(int)> callback;
    ~Call() {
      if (state.is_open) state.callback = std::move(callback);
    }
  } const call{*self, std::move(self->callback)};
  if (call.callback) call.callback(self->signo);
}

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif
#endif

// The bodies of loop.hpp. Internal.
#ifndef NET_LOOP_IPP
#define NET_LOOP_IPP

#if NET_BODIES

namespace net::inline NET_ABI::inline NET_MACHINE {

NET_API const Timer& Timer::refresh() const {
  if (state_ && state_->loop && !state_->cleared) {
    state_->loop->update_time();
    state_->loop->start_timer(*state_, state_->length, state_->loop->now());
  }
  return *this;
}

NET_API void Timer::close() const {
  if (!state_ || !state_->loop) return;
  state_->cleared = true;
  state_->loop->stop_timer(*state_);
  state_->callback.reset();
}

NET_API Stopper Loop::stopper() const { return Stopper(mailbox()); }

NET_API Loop& Loop::current() {
  if (!detail::LoopCore::current()) {
    static detail::Atomic<int> taken{0};
    if (taken.exchange(1) != 0) detail::throw_error(detail::make_error(Errc::ERR_NO_LOOP));
    struct GiveBack {
      bool made = false;
      ~GiveBack() {
        if (!made) taken.store(0);
      }
    } give_back;
    // in storage of its own: exit() in another thread must not take it away from the one that runs it (S31.6)
    alignas(Loop) static unsigned char storage[sizeof(Loop)];
    process_default_ = ::new (static_cast<void*>(storage)) Loop;
    give_back.made = true;
  }
  return static_cast<Loop&>(*detail::LoopCore::current());
}

/// Once for the process: when it ends on a thread that has loops, nothing that they have accepted is lost, and the
/// default one is destroyed, unless the end was asked for from one of its own callbacks.
NET_API void Loop::at_exit() {
  static struct AtExit {
    ~AtExit() {
      LoopCore::at_exit();
      Loop* const loop = process_default_;
      for (const LoopCore* mine = LoopCore::current(); mine; mine = mine->older()) {
        if (mine != loop) continue;
        if (!loop->running()) detail::exchange(process_default_, nullptr)->~Loop();
        return;
      }
    }
  } the_end;
  (void)the_end;
}

NET_API void run() { Loop::current().run(); }

NET_API void clearTimeout(const Timer& timer) { timer.close(); }

NET_API void clearInterval(const Timer& timer) { timer.close(); }

NET_API void clearImmediate(const Immediate& immediate) { immediate.close(); }

NET_API const Timer& Timer::set_ref(bool on) const {
  if (state_ && state_->loop) state_->loop->set_timer_ref(*state_, on);
  return *this;
}

NET_API void Immediate::close() const {
  if (state_ && state_->loop) state_->loop->clear_immediate(*state_);
}

NET_API const Immediate& Immediate::set_ref(bool on) const {
  if (state_ && state_->loop && state_->pending) state_->loop->set_immediate_ref(*state_, on);
  return *this;
}

NET_API void Signal::close() const {
  if (state_ && state_->loop) state_->close();
}

NET_API const Signal& Signal::set_ref(bool on) const {
  if (state_ && state_->loop) state_->set_ref(on);
  return *this;
}

NET_API bool Loop::runOnce(std::optional<Duration> wait) {
  if (!wait) return run_once(-1);
  const double ms = wait->milliseconds();
  return run_once(ms >= 2147483647.0 ? -1 : ms > 0 ? static_cast<int>(ms) : 0);
}

NET_API LoopMetrics Loop::metrics(bool times) {
  if (times) measure_times();
  const detail::LoopCounts counted = counts();
  LoopMetrics shown;
  shown.turns = counted.turns;
  shown.events = counted.events;
  shown.bytesRead = counted.bytes_in;
  shown.bytesWritten = counted.bytes_out;
  shown.sockets = counted.sockets;
  shown.servers = counted.servers;
  shown.timers = counted.timers;
  shown.eventsWaiting = counted.events_waiting;
  shown.longestTurn = std::chrono::nanoseconds(counted.longest_turn);
  shown.idleTime = std::chrono::nanoseconds(counted.idle);
  return shown;
}

NET_API std::chrono::milliseconds Loop::now() const { return std::chrono::milliseconds(LoopCore::now()); }

NET_API std::optional<Duration> Loop::nextTimeout() const {
  const int ms = timeout_ms();
  return ms < 0 ? std::nullopt : std::optional<Duration>(ms);
}

}  // namespace net::inline NET_ABI::inline NET_MACHINE

#endif
#endif

// The bodies of abort.hpp. Internal.
#ifndef NET_ABORT_IPP
#define NET_ABORT_IPP

#if NET_BODIES

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

NET_API constexpr Handle::Operations AbortHook::table{
    [](Handle& handle) noexcept { delete static_cast<AbortHook*>(&handle); },
    [](Handle& handle) noexcept { static_cast<AbortHook&>(handle).take_off(); }};

NET_API constexpr AbortState::Operations AbortState::table{
    [](AbortState& self) noexcept { delete &self; },
    [](AbortState& self, LoopCore& loop, AbortCall callback) { return self.attach_hook(loop, callback); },
    [](AbortState& self, AbortState& other) {
      const Ref<AbortState> both(new AbortState);
      both->follow(self);
      both->follow(other);
      return both;
    }};

NET_API AbortWatch AbortState::attach_hook(LoopCore& loop, AbortCall callback) {
  if (aborted.load() != 0) return {};
  // whoever aborts, and wherever, needs no memory for it
  struct MailboxPlace {
    Mailbox* home;
    explicit MailboxPlace(Mailbox& mailbox) : home(&mailbox) { mailbox.expect(); }
    ~MailboxPlace() {
      if (home) home->expect_no_more();
    }
  } place(loop.mailbox());
  const Ref<AbortHook> hook(new AbortHook(loop, callback));
  const LockGuard locked(mutex());
  if (begun) {
    aborted.store(1);
    return {};
  }
  attached.push({hook.get(), place.home});
  detail::exchange(place.home, nullptr)->retain();
  hook->retain();
  hook->signal = this;
  retain();
  return AbortWatch(*hook);
}

NET_API bool AbortState::remove(AbortHook& hook) noexcept {
  Mailbox* home = nullptr;
  {
    const LockGuard locked(mutex());
    std::size_t at = 0;
    while (at < attached.size() && attached[at].hook != &hook) ++at;
    if (at == attached.size()) return false;
    home = attached[at].home;
    attached.erase(at, at + 1);
  }
  home->expect_no_more();
  home->release();
  return true;
}

NET_API void AbortState::follow(AbortState& source) {
  const LockGuard locked(mutex());
  if (begun) return;
  if (source.begun) {
    begun = true;
    reason = source.reason;
    aborted.store(1);
    return;
  }
  sources.push(Ref<AbortState>(&source));
  source.followers.push(this);
}

NET_API void AbortState::abort(const Error& why) {
  // those that abort together are kept until each has told its hooks; one that throws does not stop the others
  struct Together {
    AbortState* first = nullptr;

    ~Together() {
      while (first) next()->post_all();
    }
    Ref<AbortState> next() noexcept {
      const Ref<AbortState> taken(first);
      first = taken->beside;
      taken->release();
      return taken;
    }
  } together;
  {
    const LockGuard locked(mutex());
    if (begun) return;
    retain();
    AbortState** last = &together.first;
    begin(why, last);
  }
  while (together.first) together.next()->deliver();
}

/// Under the lock, and without memory: this one and all that follow it stand in a row, each with a reference.
NET_API void AbortState::begin(const Error& why, AbortState**& last) noexcept {
  begun = true;
  reason = why;
  *last = this;
  last = &beside;
  for (AbortState* const follower : followers) {
    if (!follower->begun && follower->retain_if_owned()) follower->begin(why, last);
  }
}

/// One without owners is being destroyed, and waits for the lock.
NET_API bool AbortState::retain_if_owned() noexcept {
  std::size_t count = owners.load();
  while (count != 0) {
    if (owners.compare_exchange(count, count + 1)) return true;
  }
  return false;
}

NET_API Vec<AbortState::Attached> AbortState::take_attached() noexcept {
  const LockGuard locked(mutex());
  return std::move(attached);
}

NET_API void AbortState::deliver() {
  Vec<Attached> taken = take_attached();
  LoopCore* const current = LoopCore::current();
  Mailbox* const here = current ? &current->mailbox() : nullptr;
  // other loops first: whoever sees that it has aborted finds their callbacks posted
  for (const Attached& each : taken) {
    if (each.home != here) send(each);
  }
  aborted.store(1);
  // a hook that throws does not keep the others from firing: what is left then comes as a posted callback
  struct Rest {
    AbortState& self;
    Vec<Attached>& taken;
    Mailbox* here;
    std::size_t at = 0;

    ~Rest() {
      for (; at < taken.size(); ++at) {
        if (taken[at].home == here) self.send(taken[at]);
      }
    }
  } rest{*this, taken, here};
  while (rest.at < taken.size()) {
    const Attached next = taken[rest.at++];
    if (next.home != here) continue;
    next.home->expect_no_more();
    next.home->release();
    fire(*next.hook);
  }
}

NET_API void AbortState::post_all() noexcept {
  for (const Attached& each : take_attached()) send(each);
  aborted.store(1);
}

NET_API void AbortState::fire(AbortHook& hook) {
  if (!hook.signal) return;
  aborted.store(1);
  const Ref<AbortHook> alive(&hook);
  const AbortCall callback = detail::exchange(hook.callback, {});
  const Error why = reason;
  hook.signal = nullptr;
  release();
  hook.release();
  if (callback.call) callback.call(callback.who, why);
}

/// Takes the hook off; one to which a posted callback is already on the way is not called then.
NET_API void AbortHook::take_off() noexcept {
  callback = {};
  AbortState* const from = signal;
  if (!from) return;
  const bool listed = from->remove(*this);
  if (!listed && loop && !loop->leaving()) return;  // the posted callback gives the reference back
  signal = nullptr;
  from->release();
  release();
}

NET_API AbortState::~AbortState() {
  for (const Attached& each : attached) each.home->release();
  if (sources.empty()) return;
  const LockGuard locked(mutex());
  for (const Ref<AbortState>& source : sources) {
    Vec<AbortState*>& followers_of = source->followers;
    for (std::size_t i = followers_of.size(); i > 0; --i) {
      if (followers_of[i - 1] == this) followers_of.erase(i - 1, i);
    }
  }
}

NET_API Machine::Mutex& AbortState::mutex() {
  static Machine::Mutex& shared = *new Machine::Mutex;
  return shared;
}

NET_API void AbortState::send(const Attached& to) noexcept {
  to.home->post_expected([hook = to.hook, alive = Ref<AbortState>(this)] { alive->fire(*hook); });
  to.home->release();
}

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

namespace net::inline NET_ABI::inline NET_MACHINE {

NET_API AbortSignal AbortSignal::timeout(Duration after) {
  const detail::Ref<detail::AbortState> state(new detail::AbortState);
  net::setTimeout(
      [state] { state->abort(detail::make_error(Errc::ERR_TIMEOUT, "The operation was aborted due to timeout")); },
      after)
      .unref();
  return AbortSignal(state);
}

NET_API AbortSignal AbortSignal::any(std::initializer_list<AbortSignal> sources) {
  const detail::Ref<detail::AbortState> state(new detail::AbortState);
  for (const AbortSignal& signal : sources) {
    if (signal) state->follow(detail::Access::state(signal));
  }
  return AbortSignal(state);
}

NET_API bool AbortSignal::aborted() const noexcept { return state_ && state_->aborted.load() != 0; }

NET_API void AbortController::abort() const {
  state_->abort(detail::make_error(Errc::ERR_ABORTED, "This operation was aborted"));
}

}  // namespace net::inline NET_ABI::inline NET_MACHINE

#endif
#endif

// The bodies of socket_address.hpp. Internal.
#ifndef NET_SOCKET_ADDRESS_IPP
#define NET_SOCKET_ADDRESS_IPP

#if NET_BODIES

namespace net::inline NET_ABI::detail {

[[noreturn]] NET_API void throw_bad_flowlabel(std::uint32_t flowlabel) {
  throw_error(out_of_range("options.flowlabel", ">= 0 && <= 1048575", std::to_string(flowlabel)));
}

}  // namespace net::inline NET_ABI::detail

namespace net::inline NET_ABI {

NET_API std::string SocketAddress::toString() const {
  detail::IpText text;
  if (ip_.family == Family::IPv6) text.push('[');
  detail::write_ip(text, ip_);
  if (ip_.family == Family::IPv6) text.push(']');
  text.push(':');
  text.push_number(port_, 10);
  return std::string(text.view());
}

NET_API std::string SocketAddress::toJSON() const {
  std::string text = "{\"address\":\"";
  text.append(address()).append("\",\"port\":").append(std::to_string(port_)).append(",\"family\":\"");
  text.append(ip_.family == Family::IPv4 ? "ipv4" : "ipv6").append("\",\"flowlabel\":");
  return text.append(std::to_string(flowlabel_)).append("}");
}

}  // namespace net::inline NET_ABI

namespace net::inline NET_ABI::detail {

NET_API std::string inspect(const SocketAddress& address) {
  const std::string members[] = {
      "address: '" + address.address() + "'",
      "port: " + std::to_string(address.port()),
      std::string("family: '") + (address.family() == Family::IPv4 ? "ipv4" : "ipv6") + "'",
      "flowlabel: " + std::to_string(address.flowlabel()),
  };
  std::size_t length = 0;
  for (const std::string& member : members) length += member.size();
  const bool fits = length <= 61;
  std::string text = "SocketAddress {";
  for (const std::string& member : members) {
    text.append(&member == members ? "" : ",").append(fits ? " " : "\n  ").append(member);
  }
  return text.append(fits ? " }" : "\n}");
}

}  // namespace net::inline NET_ABI::detail

#endif
#endif

// The bodies of block_list.hpp. Internal.
#ifndef NET_BLOCK_LIST_IPP
#define NET_BLOCK_LIST_IPP

#if NET_BODIES

// Reads back what BlockList::rules() writes. Internal.
#ifndef NET_DETAIL_BLOCK_LIST_RULE_LINE_HPP
#define NET_DETAIL_BLOCK_LIST_RULE_LINE_HPP

// The rules behind a BlockList: what they say, and which addresses they match. Internal.
#ifndef NET_DETAIL_BLOCK_LIST_RULES_HPP
#define NET_DETAIL_BLOCK_LIST_RULES_HPP

// A lock for many readers or one writer, to be held for moments. Internal.
#ifndef NET_DETAIL_BASE_SHARED_LOCK_HPP
#define NET_DETAIL_BASE_SHARED_LOCK_HPP

namespace net::inline NET_ABI::detail {

/// Waiting is spinning, so whoever holds it only looks something up or puts it in its place, and calls nothing of the
/// user's. fork() takes all of them (sys/fork): a child finds them free, and whole what they guard.
class SharedLock : public ListedLock<SharedLock> {
 public:
  void lock_shared() noexcept {
    while (state_.fetch_add(1) >= writer) {
      state_.fetch_sub(1);
      while (state_.load() >= writer) {}
    }
  }
  void unlock_shared() noexcept { state_.fetch_sub(1); }

  void lock() noexcept {
    // One number holds both counts, so of two that come together each sees the other or is seen by it.
    while (state_.fetch_add(writer) >= writer) {
      state_.fetch_sub(writer);
      while (state_.load() >= writer) {}
    }
    while (state_.load() % writer != 0) {}
  }
  void unlock() noexcept { state_.fetch_sub(writer); }

  static void pause() noexcept {}

 private:
  static constexpr std::uint64_t writer = std::uint64_t{1} << 32;

  Atomic<std::uint64_t> state_{0};
};

/// Who writes holds a LockGuard.
class ReadGuard {
 public:
  explicit ReadGuard(SharedLock& lock) noexcept : lock_(lock) { lock_.lock_shared(); }
  ReadGuard(const ReadGuard&) = delete;
  ReadGuard& operator=(const ReadGuard&) = delete;
  ~ReadGuard() { lock_.unlock_shared(); }

 private:
  SharedLock& lock_;
};

}  // namespace net::inline NET_ABI::detail

#endif

// A set of numbers kept as sorted intervals: quick to ask, quick to add to in any order. Internal.
#ifndef NET_DETAIL_BLOCK_LIST_INTERVAL_SET_HPP
#define NET_DETAIL_BLOCK_LIST_INTERVAL_SET_HPP

// Where to look among sorted keys, so that a search need not begin in the middle of all of them. Internal.
#ifndef NET_DETAIL_BLOCK_LIST_KEY_INDEX_HPP
#define NET_DETAIL_BLOCK_LIST_KEY_INDEX_HPP

namespace net::inline NET_ABI::detail {

/// Cuts the span from the first key to the last one into equal slots, and knows for each where its keys are.
/// Keys are given by their leading 64 bits; where many share those, or crowd in one slot, the search has more
/// left to do.
class KeyIndex {
 public:
  KeyIndex() {
    begins_.reserve(2);
    begins_.push(0);
    begins_.push(0);
  }

  struct Part {
    std::size_t begin, end;
  };

  /// The keys up to `begin` come before all of the slot of `leading`, those from `end` on after it.
  Part part_of(std::uint64_t leading) const noexcept {
    const std::size_t slot = slot_of(leading);
    return {begins_[slot], begins_[slot + 1]};
  }

  /// For a count of keys, at most 2^30, so that twice as many can still be counted. What it knows is void until
  /// `rebuild`.
  void resize(std::size_t count) {
    if (count > std::size_t{1} << 30)
      throw_error(make_error(Errc::ERR_OUT_OF_RANGE, "A list of so many rules is not possible"));
    std::size_t rows = 1;
    while (rows < count) rows *= 2;
    begins_.reserve(rows + 1);
    while (begins_.size() < rows + 1) begins_.push(0);
  }

  /// `leading(i)` is the i-th of `count` sorted keys. Allocates nothing.
  template <class Leading>
  void rebuild(std::size_t count, Leading leading) noexcept {
    const std::size_t rows = begins_.size() - 1;
    base_ = leading(0);
    shift_ = 0;
    while (shift_ < 63 && (leading(count - 1) - base_) >> shift_ >= rows) ++shift_;
    std::size_t slot = 0;
    for (std::size_t i = 0; i < count; ++i) {
      for (const std::size_t own = slot_of(leading(i)); slot <= own; ++slot)
        begins_[slot] = static_cast<std::uint32_t>(i);
    }
    for (; slot <= rows; ++slot) begins_[slot] = static_cast<std::uint32_t>(count);
  }

  /// A key was put among the others.
  void insert(std::uint64_t leading) noexcept {
    for (std::size_t slot = slot_of(leading) + 1; slot < begins_.size(); ++slot) ++begins_[slot];
  }

  /// There are more keys than slots by far.
  bool crowded(std::size_t count) const noexcept { return count >= 2 * begins_.size(); }

 private:
  /// What is before the first key, or after the last one, belongs to the slot at that end.
  std::size_t slot_of(std::uint64_t leading) const noexcept {
    const std::uint64_t slot = leading < base_ ? 0 : (leading - base_) >> shift_;
    const std::uint64_t last = begins_.size() - 2;
    return static_cast<std::size_t>(slot < last ? slot : last);
  }

  Vec<std::uint32_t> begins_;
  std::uint64_t base_ = 0;
  unsigned shift_ = 0;
};

}  // namespace net::inline NET_ABI::detail

#endif

namespace net::inline NET_ABI::detail {

/// An IPv6 address as a number.
struct Wide {
  std::uint64_t high = 0, low = 0;

  // Without branches: the outcome of a comparison in a search is as good as random.
  friend constexpr bool operator<=(const Wide& a, const Wide& b) noexcept {
    return bool((a.high < b.high) | ((a.high == b.high) & (a.low <= b.low)));
  }
  friend constexpr bool operator==(const Wide&, const Wide&) noexcept = default;
};

constexpr std::uint64_t leading_bits(std::uint32_t key) noexcept { return key; }
constexpr std::uint64_t leading_bits(Wide key) noexcept { return key.high; }

/// The next number; the last one stays.
constexpr std::uint32_t after(std::uint32_t key) noexcept { return key + (key != UINT32_MAX); }
constexpr Wide after(Wide key) noexcept {
  if (key.low != UINT64_MAX) return {key.high, key.low + 1};
  return key.high != UINT64_MAX ? Wide{key.high + 1, 0} : key;
}

/// Intervals that touch or overlap become one. They stand in order in pages, so that adding moves one page at
/// most; a search looks through the starts of the pages, then through a page: both are short enough to stay
/// in the cache.
template <class Key>
class IntervalSet {
 public:
  bool contains(Key key) const noexcept {
    const std::size_t pages = pages_up_to(key);
    if (pages == 0) return false;
    const Page& page = pages_[pages - 1];
    return key <= page[count_up_to(page.begin(), page.size(), key) - 1].last;
  }

  /// Both ends are in it; `first <= last`.
  void add(Key first, Key last) {
    if (pages_.empty()) return begin_with(first, last);
    // The new interval takes the place of those from `begin` in `page` to before `end` in `end_page`.
    const Key reach = after(last);
    const std::size_t page = page_of(first);
    const std::size_t end_page = page_of(reach);
    const std::size_t end = count_up_to(pages_[end_page].begin(), pages_[end_page].size(), reach);
    std::size_t begin = count_up_to(pages_[page].begin(), pages_[page].size(), first);
    if (begin > 0 && first <= after(pages_[page][begin - 1].last)) --begin;

    if (page < end_page || begin < end) {
      const Interval& swallowed = pages_[end_page][end - 1];
      if (last <= swallowed.last) last = swallowed.last;
      if (begin < pages_[page].size() && pages_[page][begin].first <= first) first = pages_[page][begin].first;
    }
    // Whatever may fail to get memory comes before the first change.
    Page& home = pages_[page];
    reserve_one(home);
    erase(page, begin, end_page, end);
    home.insert(begin, Interval{first, last});
    starts_[page] = home[0].first;
    if (home.size() >= page_limit) split(page);
  }

 private:
  struct Interval {
    Key first, last;
  };
  using Page = Vec<Interval>;

  static constexpr std::size_t page_limit = 32;

  static constexpr const Key& first_of(const Key& key) noexcept { return key; }
  static constexpr const Key& first_of(const Interval& interval) noexcept { return interval.first; }

  /// How many of the sorted items begin at or before `key`.
  template <class Item>
  static std::size_t count_up_to(const Item* items, std::size_t count, const Key& key) noexcept {
    const auto up_to = [&](std::size_t i) { return static_cast<std::size_t>(first_of(items[i]) <= key); };
    std::size_t found = 0;
    while (count > page_limit) {
      const std::size_t half = count / 2;
      found += half * up_to(found + half - 1);
      count -= half;
    }
    // Of the rest, every fourth and then those between: unlike in halving, no load waits for the one before.
    const std::size_t end = found + count;
    std::size_t fourths = 0;
    for (std::size_t i = found + 3; i < end; i += 4) fourths += up_to(i);
    found += 4 * fourths;
    const std::size_t stop = found + 4 < end ? found + 4 : end;
    for (std::size_t i = found; i < stop; ++i) found += up_to(i);
    return found;
  }

  /// The page in which `key` is, or would be.
  std::size_t page_of(Key key) const noexcept {
    const std::size_t pages = pages_up_to(key);
    return pages == 0 ? 0 : pages - 1;
  }

  /// How many pages start at or before `key`.
  std::size_t pages_up_to(Key key) const noexcept {
    const auto [begin, end] = index_.part_of(leading_bits(key));
    return begin + count_up_to(starts_.begin() + begin, end - begin, key);
  }

  void rebuild_index() noexcept {
    index_.rebuild(starts_.size(), [this](std::size_t i) { return leading_bits(starts_[i]); });
  }

  void begin_with(Key first, Key last) {
    starts_.reserve(1);
    index_.resize(1);
    Page page;
    page.push({first, last});
    pages_.push(std::move(page));
    starts_.push(first);
    rebuild_index();
  }

  /// Leaves `page` there, even if nothing is left in it.
  void erase(std::size_t page, std::size_t begin, std::size_t end_page, std::size_t end) noexcept {
    Page& home = pages_[page];
    if (page == end_page) {
      home.erase(begin, end);
      return;
    }
    home.erase(begin, home.size());
    Page& rest = pages_[end_page];
    rest.erase(0, end);
    if (rest.empty()) {
      ++end_page;
    } else {
      starts_[end_page] = rest[0].first;
    }
    pages_.erase(page + 1, end_page);
    starts_.erase(page + 1, end_page);
    rebuild_index();
  }

  /// Both halves get just the memory they need: what is added in order would leave every lower half as it is.
  void split(std::size_t page) {
    Page lower = pages_[page].part(0, page_limit / 2);
    Page upper = pages_[page].part(page_limit / 2, pages_[page].size());
    reserve_one(starts_);
    reserve_one(pages_);
    if (index_.crowded(starts_.size())) {
      index_.resize(starts_.size());
      rebuild_index();
    }
    const Key start = upper[0].first;
    starts_.insert(page + 1, start);
    pages_.insert(page + 1, std::move(upper));
    pages_[page] = std::move(lower);
    index_.insert(leading_bits(start));
  }

  template <class Items>
  static void reserve_one(Items& items) {
    if (items.size() == items.capacity()) items.reserve(2 * items.size());
  }

  Vec<Key> starts_;
  Vec<Page> pages_;
  KeyIndex index_;
};

}  // namespace net::inline NET_ABI::detail

#endif

namespace net::inline NET_ABI::detail {

enum class RuleKind : std::uint8_t { address, range, subnet };

/// As it was added. `last` is the end of a range, `prefix` the length of a subnet.
struct BlockRule {
  RuleKind kind;
  std::uint8_t prefix = 0;
  IpAddress first, last = {};
};

/// S6.9: "Address: IPv4 1.1.1.1", "Range: IPv4 10.0.0.1-10.0.0.10", "Subnet: IPv6 8592:757c:efae:4e45::/64".
NET_API std::string rule_text(const BlockRule& rule);

inline constexpr Wide first_mapped{0, 0xffff00000000}, last_mapped{0, 0xffffffffffff};

/// The address as a number; an IPv4 address as the IPv4-mapped one.
constexpr Wide wide(const IpAddress& ip) noexcept {
  Wide number;
  if (ip.family == Family::IPv4) {
    for (int i = 0; i < 4; ++i) number.low = number.low << 8 | ip.bytes[i];
    number.low |= first_mapped.low;
    return number;
  }
  for (int i = 0; i < 8; ++i) number.high = number.high << 8 | ip.bytes[i];
  for (int i = 8; i < 16; ++i) number.low = number.low << 8 | ip.bytes[i];
  return number;
}

constexpr bool is_mapped(Wide ip) noexcept { return ip.high == 0 && ip.low >> 32 == 0xffff; }
constexpr std::uint32_t ipv4_part(Wide ip) noexcept { return static_cast<std::uint32_t>(ip.low); }
constexpr Wide later(Wide a, Wide b) noexcept { return a <= b ? b : a; }
constexpr Wide earlier(Wide a, Wide b) noexcept { return a <= b ? a : b; }

/// S6.3: false only for ends that can be compared: an IPv4 address and one that is not IPv4-mapped cannot.
constexpr bool in_order(const IpAddress& start, const IpAddress& end) noexcept {
  const Wide first = wide(start), last = wide(end);
  return start.family == end.family || (is_mapped(first) && is_mapped(last)) ? first <= last : true;
}

/// Shared by the copies of a BlockList. Matching knows two sets, as S6.6 needs it: what an IPv4 address is
/// looked up in, written either way, and what an IPv6 address is looked up in besides.
class BlockRules {
 public:
  BlockRules() : check_(&look), free_(&destroy) {}
  BlockRules(const BlockRules&) = delete;
  BlockRules& operator=(const BlockRules&) = delete;

  void retain() noexcept { owners_.fetch_add(1); }
  void release() noexcept {
    if (owners_.fetch_sub(1) == 1) free_(this);
  }

  void add(const BlockRule& rule);

  bool matches(const IpAddress& ip) const noexcept { return check_(*this, ip); }

  /// A copy, oldest first.
  Vec<BlockRule> rules() const {
    const ReadGuard guard(lock_);
    return rules_.part(0, rules_.size());
  }

 private:
  static bool look(const BlockRules& self, const IpAddress& ip) noexcept;
  static void destroy(BlockRules* self) noexcept { delete self; }

  void match_subnet(const BlockRule& rule);

  void match_range(const IpAddress& start, const IpAddress& end);

  static constexpr Wide host_bits(unsigned prefix) noexcept {
    if (prefix < 64) return {UINT64_MAX >> prefix, UINT64_MAX};
    return {0, prefix < 128 ? UINT64_MAX >> (prefix - 64) : 0};
  }

  // behind pointers: options may hold a list, and a program that makes none should contain nothing of it
  bool (*const check_)(const BlockRules&, const IpAddress&) noexcept;
  void (*const free_)(BlockRules*) noexcept;
  Atomic<std::size_t> owners_{1};
  mutable SharedLock lock_;
  Vec<BlockRule> rules_;
  IntervalSet<std::uint32_t> ipv4_;
  IntervalSet<Wide> ipv6_;
};

}  // namespace net::inline NET_ABI::detail

#endif

namespace net::inline NET_ABI::detail {

/// The parts of a rule's text, if it is one. They have the shape of addresses, but need not be any.
struct RuleLine {
  constexpr explicit operator bool() const noexcept { return family != Family::unspecified; }

  RuleKind kind = RuleKind::address;
  Family family = Family::unspecified;
  std::string_view first, last;
  int prefix = 0;
};

/// Four numbers of one to three digits, joined by dots.
constexpr bool has_ipv4_shape(std::string_view text) noexcept {
  int digits = 0, dots = 0;
  for (const char c : text) {
    if (c == '.') {
      if (digits == 0) return false;
      ++dots;
      digits = 0;
    } else if (decimal_digit(c) > 9 || ++digits > 3) {
      return false;
    }
  }
  return dots == 3 && digits > 0;
}

constexpr bool has_ipv6_shape(std::string_view text) noexcept {
  for (const char c : text) {
    if (c != ':' && c != '.' && hex_digit(c) == not_a_digit) return false;
  }
  return !text.empty();
}

constexpr bool has_shape(std::string_view text, Family family) noexcept {
  return family == Family::IPv4 ? has_ipv4_shape(text) : has_ipv6_shape(text);
}

/// The ends of a range may be of two families (S6.3).
constexpr Family end_family(const RuleLine& line) noexcept {
  if (line.last.find(':') != std::string_view::npos) return Family::IPv6;
  return has_ipv4_shape(line.last) ? Family::IPv4 : line.family;
}

constexpr bool read_prefix(std::string_view text, Family family, int& prefix) noexcept {
  if (text.empty() || text.size() > (family == Family::IPv4 ? 2U : 3U)) return false;
  for (const char c : text) {
    if (decimal_digit(c) > 9) return false;
    prefix = prefix * 10 + static_cast<int>(decimal_digit(c));
  }
  return true;
}

/// Nothing if the line is not a rule (S6.11).
constexpr RuleLine read_rule_line(std::string_view text) noexcept {
  const auto take = [&text](std::string_view word) {
    if (!text.starts_with(word)) return false;
    text.remove_prefix(word.size());
    return true;
  };
  const auto cut_at = [&text](char separator) {
    const std::size_t at = text.find(separator);
    const std::string_view rest = at == std::string_view::npos ? std::string_view{} : text.substr(at + 1);
    text = text.substr(0, at);
    return rest;
  };
  RuleLine line;
  if (take("Range: ")) {
    line.kind = RuleKind::range;
  } else if (take("Subnet: ")) {
    line.kind = RuleKind::subnet;
  } else if (!take("Address: ")) {
    return {};
  }
  line.family = take("IPv4 ") ? Family::IPv4 : take("IPv6 ") ? Family::IPv6 : Family::unspecified;
  if (line.family == Family::unspecified) return {};
  if (line.kind == RuleKind::range) {
    line.last = cut_at('-');
    if (!has_shape(line.last, end_family(line))) return {};
  }
  if (line.kind == RuleKind::subnet && !read_prefix(cut_at('/'), line.family, line.prefix)) return {};
  line.first = text;
  if (!has_shape(line.first, line.family)) return {};
  return line;
}

}  // namespace net::inline NET_ABI::detail

#endif

// What fork() does with the locks of those that know of no system. Internal.
#ifndef NET_DETAIL_SYS_FORK_HPP
#define NET_DETAIL_SYS_FORK_HPP

namespace net::inline NET_ABI::detail {

/// From now on fork() of any thread takes every SharedLock, also where there is no loop.
NET_API void take_shared_locks_at_fork() noexcept;

}  // namespace net::inline NET_ABI::detail

#endif

// Reads a JSON text that should be a list of strings. Internal.
#ifndef NET_DETAIL_TEXT_JSON_STRINGS_HPP
#define NET_DETAIL_TEXT_JSON_STRINGS_HPP

namespace net::inline NET_ABI::detail {

/// Checks the whole text against the grammar of JSON, without recursion: any depth is fine.
class JsonStrings {
 public:
  explicit JsonStrings(std::string_view text) : text_(text), valid_(document()) {}

  /// The text is JSON.
  bool valid() const noexcept { return valid_; }
  /// Where it stopped being JSON; the end of the text if only more was missing.
  std::size_t position() const noexcept { return at_; }
  /// It is a list, and all its items are strings.
  bool is_list() const noexcept { return list_; }
  /// The items. A character beyond ASCII that was escaped stands as one byte above 127.
  std::vector<std::string>& strings() noexcept { return strings_; }

 private:
  bool document() {
    skip_space();
    list_ = peek() == '[';
    for (;;) {
      if (!value()) return false;
      // `value` leaves a container open only if an item of it is due.
      if (due_) continue;
      if (!close_containers()) return false;
      if (open_.empty()) return at_ == text_.size();
    }
  }

  /// One scalar, or the beginning of a container; an empty one as a whole.
  bool value() {
    due_ = false;
    skip_space();
    const char c = peek();
    const bool item = open_.size() == 1;
    if (c == '"') {
      std::string text;
      if (!string(text)) return false;
      if (item && list_) strings_.push_back(std::move(text));
      return true;
    }
    if (item) list_ = false;
    if (c == '[' || c == '{') return open(c == '[' ? ']' : '}');
    if (c == 't') return word("true");
    if (c == 'f') return word("false");
    if (c == 'n') return word("null");
    return number();
  }

  bool open(char closer) {
    ++at_;
    skip_space();
    if (peek() == closer) {
      ++at_;
      return true;
    }
    open_.push_back(closer);
    due_ = true;
    return closer == ']' || key();
  }

  /// After a value: closes what ends here, until a comma makes another item due or nothing is open.
  bool close_containers() {
    for (;;) {
      skip_space();
      if (open_.empty()) return true;
      const char c = peek();
      if (c != ',' && c != open_.back()) return false;
      ++at_;
      if (c == ',') return open_.back() == ']' || key();
      open_.pop_back();
    }
  }

  bool key() {
    std::string name;
    skip_space();
    if (!string(name)) return false;
    skip_space();
    return take(':');
  }

  bool string(std::string& out) {
    if (!take('"')) return false;
    for (; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      if (c == '"') {
        ++at_;
        return true;
      }
      if (static_cast<unsigned char>(c) < 0x20) return false;
      if (c != '\\') {
        out.push_back(c);
      } else if (++at_; !escape(out)) {
        return false;
      }
    }
    return false;
  }

  /// Ends on the last character of the escape.
  bool escape(std::string& out) {
    const std::string_view letters = "\"\\/bfnrt", meanings = "\"\\/\b\f\n\r\t";
    const char c = peek();
    if (c != 'u') {
      const std::size_t which = letters.find(c);
      if (which == std::string_view::npos || at_ >= text_.size()) return false;
      out.push_back(meanings[which]);
      return true;
    }
    unsigned code = 0;
    for (int i = 0; i < 4; ++i) {
      ++at_;
      const unsigned digit = hex_digit(peek());
      if (digit == not_a_digit) return false;
      code = code << 4 | digit;
    }
    out.push_back(static_cast<char>(code < 128 ? code : 255));
    return true;
  }

  bool number() {
    if (peek() == '-') ++at_;
    if (!take('0') && !digits()) return false;
    if (take('.') && !digits()) return false;
    if (take('e') || take('E')) {
      if (!take('+')) take('-');
      return digits();
    }
    return true;
  }

  bool digits() {
    const std::size_t start = at_;
    while (decimal_digit(peek()) <= 9) ++at_;
    return at_ > start;
  }

  bool word(std::string_view letters) {
    for (const char letter : letters) {
      if (!take(letter)) return false;
    }
    return true;
  }

  void skip_space() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n' || text_[at_] == '\r'))
      ++at_;
  }

  /// '\0' at the end, which nothing in JSON begins with.
  char peek() const noexcept { return at_ < text_.size() ? text_[at_] : '\0'; }

  bool take(char c) {
    if (peek() != c) return false;
    ++at_;
    return true;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::string open_;
  bool due_ = false;
  bool list_ = false;
  std::vector<std::string> strings_;
  bool valid_;
};

/// JSON.parse throws an error without a code, so only its kind says which it is.
[[noreturn]] NET_API void throw_bad_json(std::string_view text, std::size_t position);
[[noreturn]] NET_API void throw_not_a_list(std::string_view text);

}  // namespace net::inline NET_ABI::detail

#endif

namespace net::inline NET_ABI {

NET_API BlockList::BlockList() : shared_(new detail::BlockRules) {
  detail::link_one_way_only();
  detail::take_shared_locks_at_fork();
}
// Where an optional one is copied or destroyed, g++ takes one that was never made for one that was not initialised.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
NET_API BlockList::BlockList(const BlockList& other) noexcept : shared_(other.shared_) { shared_->retain(); }
NET_API BlockList::~BlockList() { shared_->release(); }
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif

NET_API BlockList& BlockList::operator=(const BlockList& other) noexcept {
  other.shared_->retain();
  shared_->release();
  shared_ = other.shared_;
  return *this;
}

NET_API void BlockList::addRange(const SocketAddress& start, const SocketAddress& end) const {
  if (!detail::in_order(start.ip(), end.ip())) {
    detail::throw_error(detail::invalid_value("start", "must come before end", detail::inspect(start)));
  }
  shared_->add({.kind = detail::RuleKind::range, .first = start.ip(), .last = end.ip()});
}

NET_API void BlockList::addSubnet(const SocketAddress& network, int prefix) const {
  const bool ipv4 = network.family() == Family::IPv4;
  if (prefix < 0 || prefix > (ipv4 ? 32 : 128)) {
    detail::throw_error(
        detail::out_of_range("prefix", ipv4 ? ">= 0 && <= 32" : ">= 0 && <= 128", std::to_string(prefix)));
  }
  shared_->add({.kind = detail::RuleKind::subnet, .prefix = static_cast<std::uint8_t>(prefix), .first = network.ip()});
}

NET_API std::vector<std::string> BlockList::rules() const {
  const detail::Vec<detail::BlockRule> rules = shared_->rules();
  std::vector<std::string> texts;
  texts.reserve(rules.size());
  for (std::size_t i = rules.size(); i > 0; --i) texts.push_back(detail::rule_text(rules[i - 1]));
  return texts;
}

NET_API std::string BlockList::toJSON() const {
  std::string json = "[";
  for (const std::string& rule : rules()) json.append(json.size() > 1 ? ",\"" : "\"").append(rule).append("\"");
  return json.append("]");
}

NET_API void BlockList::fromJSON(std::string_view json) const {
  detail::JsonStrings list(json);
  if (!list.valid()) detail::throw_bad_json(json, list.position());
  if (!list.is_list()) detail::throw_not_a_list(json);
  for (const std::string& text : list.strings()) {
    if (const detail::RuleLine line = detail::read_rule_line(text)) add(line);
  }
}

NET_API void BlockList::add(const detail::RuleLine& line) const {
  switch (line.kind) {
    case detail::RuleKind::address: return addAddress(line.first, line.family);
    case detail::RuleKind::subnet: return addSubnet(line.first, line.prefix, line.family);
    case detail::RuleKind::range: {
      const SocketAddress start(detail::require_ip(line.first, line.family));
      return addRange(start, SocketAddress(detail::require_ip(line.last, detail::end_family(line))));
    }
  }
}

NET_API void BlockList::addAddress(std::string_view address, Family family) const {
  addAddress(SocketAddress(detail::require_ip(address, family)));
}

NET_API void BlockList::addAddress(const SocketAddress& address) const {
  shared_->add({.kind = detail::RuleKind::address, .first = address.ip()});
}

NET_API void BlockList::addRange(std::string_view start, std::string_view end, Family family) const {
  const SocketAddress first(detail::require_ip(start, family));
  addRange(first, SocketAddress(detail::require_ip(end, family)));
}

NET_API void BlockList::addSubnet(std::string_view network, int prefix, Family family) const {
  addSubnet(SocketAddress(detail::require_ip(network, family)), prefix);
}

NET_API bool(BlockList::check)(std::string_view address, Family family) const noexcept {
  return shared_->matches(detail::parse_ip(address, family));
}

NET_API bool(BlockList::check)(const SocketAddress& address) const noexcept { return shared_->matches(address.ip()); }

}  // namespace net::inline NET_ABI

#endif
#endif

// The bodies of options.hpp. Internal.
#ifndef NET_OPTIONS_IPP
#define NET_OPTIONS_IPP

#if NET_BODIES

namespace net::inline NET_ABI::inline NET_MACHINE {

NET_API std::string AddressInfo::toString() const {
  if (!path.empty()) return path;
  return (family == Family::IPv6 ? "[" + address + "]" : address) + ":" + std::to_string(port);
}

}  // namespace net::inline NET_ABI::inline NET_MACHINE

#endif
#endif

// The bodies of payload.hpp. Internal.
#ifndef NET_DETAIL_STREAM_PAYLOAD_IPP
#define NET_DETAIL_STREAM_PAYLOAD_IPP

#if NET_BODIES

namespace net::inline NET_ABI::detail {

NET_API int explicit_port(int port) {
  if (port < 0) throw_error(bad_port("Port", port));
  return port;
}

}  // namespace net::inline NET_ABI::detail

#endif
#endif

// The bodies of encoding.hpp. Internal.
#ifndef NET_ENCODING_IPP
#define NET_ENCODING_IPP

#if NET_BODIES

namespace net::inline NET_ABI::detail {

NET_API Encoding require_encoding(std::string_view name) {
  const std::optional<Encoding> encoding = parseEncoding(name);
  if (!encoding) throw_error(make_error(Errc::ERR_UNKNOWN_ENCODING, "Unknown encoding: " + std::string(name)));
  return *encoding;
}

NET_API void append_utf8(std::string& to, std::uint32_t point) {
  const auto put = [&](std::uint32_t byte) { to.push_back(static_cast<char>(byte)); };
  if (point < 0x80) {
    put(point);
  } else if (point < 0x800) {
    put(0xC0 | point >> 6), put(0x80 | (point & 0x3F));
  } else if (point < 0x10000) {
    put(0xE0 | point >> 12), put(0x80 | (point >> 6 & 0x3F)), put(0x80 | (point & 0x3F));
  } else {
    put(0xF0 | point >> 18), put(0x80 | (point >> 12 & 0x3F)), put(0x80 | (point >> 6 & 0x3F)),
        put(0x80 | (point & 0x3F));
  }
}

NET_API std::string decode_utf8(std::string_view bytes) {
  std::string text;
  text.reserve(bytes.size());
  while (!bytes.empty()) {
    const Utf8Step step = utf8_step(bytes);
    if (step.valid) {
      text.append(bytes.substr(0, step.size));
    } else {
      append_utf8(text, replacement);
    }
    bytes.remove_prefix(step.size);
  }
  return text;
}

NET_API std::string decode_utf16le(std::string_view bytes) {
  std::string text;
  const auto unit = [&](std::size_t i) -> std::uint32_t {
    return static_cast<unsigned char>(bytes[i]) | static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[i + 1]))
                                                      << 8;
  };
  for (std::size_t i = 0; i + 1 < bytes.size(); i += 2) {
    std::uint32_t point = unit(i);
    if (point >= 0xD800 && point < 0xDC00 && i + 3 < bytes.size() && unit(i + 2) >= 0xDC00 && unit(i + 2) < 0xE000) {
      point = 0x10000 + ((point - 0xD800) << 10) + (unit(i + 2) - 0xDC00);
      i += 2;
    } else if (point >= 0xD800 && point < 0xE000) {
      point = replacement;
    }
    append_utf8(text, point);
  }
  return text;
}

NET_API std::string encode_base64(std::string_view bytes, bool url) {
  const std::string_view digits = url ? "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
                                      : "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t count = bytes.size() - i < 3 ? bytes.size() - i : 3;
    std::uint32_t group = 0;
    for (std::size_t k = 0; k < 3; ++k)
      group = group << 8 | (k < count ? static_cast<unsigned char>(bytes[i + k]) : 0u);
    for (std::size_t k = 0; k < 4; ++k) {
      if (k <= count) {
        text.push_back(digits[group >> (18 - 6 * k) & 63]);
      } else if (!url) {
        text.push_back('=');
      }
    }
  }
  return text;
}

NET_API std::string decode(std::string_view bytes, Encoding encoding) {
  std::string text;
  switch (encoding) {
    case Encoding::buffer: return std::string(bytes);
    case Encoding::utf8: return decode_utf8(bytes);
    case Encoding::utf16le: return decode_utf16le(bytes);
    case Encoding::latin1:
      for (const char c : bytes) append_utf8(text, static_cast<unsigned char>(c));
      return text;
    case Encoding::ascii:
      for (const char c : bytes) text.push_back(static_cast<char>(c & 0x7F));
      return text;
    case Encoding::hex:
      for (const char c : bytes) {
        text.push_back("0123456789abcdef"[static_cast<unsigned char>(c) >> 4]);
        text.push_back("0123456789abcdef"[static_cast<unsigned char>(c) & 15]);
      }
      return text;
    case Encoding::base64:
    case Encoding::base64url: return encode_base64(bytes, encoding == Encoding::base64url);
  }
  return text;
}

NET_API std::string decode_base64(std::string_view text) {
  std::string bytes;
  std::uint32_t group = 0;
  int bits = 0;
  for (const char c : text) {
    if (c == '=') break;
    const int digit = base64_digit(c);
    if (digit < 0) continue;
    group = group << 6 | static_cast<std::uint32_t>(digit);
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    bytes.push_back(static_cast<char>(group >> bits & 0xFF));
  }
  return bytes;
}

NET_API std::string decode_hex(std::string_view text) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
    const unsigned high = hex_digit(text[i]), low = hex_digit(text[i + 1]);
    if (high == not_a_digit || low == not_a_digit) break;
    bytes.push_back(static_cast<char>(high << 4 | low));
  }
  return bytes;
}

NET_API std::string encode(std::string_view text, Encoding encoding) {
  std::string bytes;
  switch (encoding) {
    case Encoding::buffer:
    case Encoding::utf8: return std::string(text);
    case Encoding::hex: return decode_hex(text);
    case Encoding::base64:
    case Encoding::base64url: return decode_base64(text);
    default: break;
  }
  while (!text.empty()) {
    const CodePoint point = code_point(text);
    text.remove_prefix(point.size);
    const std::uint32_t high = point.value >= 0x10000 ? 0xD800 + ((point.value - 0x10000) >> 10) : point.value;
    const auto put = [&](std::uint32_t unit) {
      bytes.push_back(static_cast<char>(unit & 0xFF));
      if (encoding == Encoding::utf16le) bytes.push_back(static_cast<char>(unit >> 8 & 0xFF));
    };
    put(high);
    if (point.value >= 0x10000) put(0xDC00 + ((point.value - 0x10000) & 0x3FF));
  }
  return bytes;
}

}  // namespace net::inline NET_ABI::detail

#endif
#endif

// The bodies of retry.hpp. Internal.
#ifndef NET_DETAIL_LOOP_RETRY_IPP
#define NET_DETAIL_LOOP_RETRY_IPP

#if NET_BODIES

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

NET_RARE void Retry::when_descriptor_freed() {
  make_timer();
  constexpr std::uint64_t step = 100;
  const std::uint64_t delay = tries_ < 10 ? step : tries_ < 14 ? (step << (tries_ - 9)) : 1000;
  if (tries_ < 14) ++tries_;
  owner_.loop->update_time();
  const std::uint64_t now = owner_.loop->now(), due = (now + (delay < 1000 ? delay : 1000) + step / 2) / step * step;
  owner_.loop->start_timer(*timer_, due - now, now);
  join();
}

NET_RARE void Retry::wake_all() noexcept {
  while (Retry* const each = first()) {
    each->leave();
    if (each->waiting()) each->owner_.loop->start_timer(*each->timer_, 0, each->owner_.loop->now());
  }
}

NET_RARE void Retry::make_timer() {
  if (timer_) return;
  Ref<TimerState> made(new TimerState(*owner_.loop));
  made->refd = false;
  made->callback = [this] {
    leave();
    const Ref<Handle> alive(&owner_);
    or_give_up(owner_, [this] { again_(owner_); });
  };
  timer_ = std::move(made);
}

NET_API void Retry::join() noexcept {
  if (listed_) return;
  listed_ = true;
  previous_ = nullptr;
  next_ = detail::exchange(first(), this);
  if (next_) next_->previous_ = this;
}

NET_RARE void Retry::after(std::uint64_t ms) {
  make_timer();
  owner_.loop->update_time();
  owner_.loop->start_timer(*timer_, ms, owner_.loop->now());
}

NET_API void Retry::stop() noexcept {
  leave();
  if (timer_ && owner_.loop) owner_.loop->stop_timer(*timer_);
}

NET_API void Retry::leave() noexcept {
  if (!detail::exchange(listed_, false)) return;
  (previous_ ? previous_->next_ : first()) = next_;
  if (next_) next_->previous_ = previous_;
}

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif
#endif

// The bodies of pipe_link.hpp. Internal.
#ifndef NET_DETAIL_STREAM_PIPE_LINK_IPP
#define NET_DETAIL_STREAM_PIPE_LINK_IPP

#if NET_BODIES

namespace net::inline NET_ABI::detail {

NET_API constexpr Pipes::Operations Pipes::table{[](Pipes& self) noexcept { self.clear(); },
                                                 [](Pipes& self) noexcept { self.source_closed(); }};

NET_API bool Pipes::await_drain() const noexcept {
  for (const auto& link : list_) {
    if (link->awaits_drain) return true;
  }
  return false;
}

NET_API bool Pipes::will_drain() const noexcept {
  for (const auto& link : list_) {
    if (link->awaits_drain && !link->operations->gone(*link)) return true;
  }
  return false;
}

NET_API void Pipes::wait_for(PipeLink& full) noexcept {
  if (list_.size() == 1) {
    several_ = false;
    list_[0]->awaits_drain = false;
  }
  full.awaits_drain = true;
}

NET_API void Pipes::source_closed() noexcept {
  while (const Ref<PipeLink> link = take([](PipeLink& each) { return !each.operations->to_close(each); })) {
    link->off = true;
    link->operations->take_off(*link);
  }
}

NET_API void Pipes::add(Ref<PipeLink> link) {
  list_.push(std::move(link));
  if (list_.size() == 2) several_ = true;
}

NET_API void Pipes::clear() noexcept {
  const Vec<Ref<PipeLink>> gone = take_all();
  for (const auto& link : gone) link->off = true;
  for (const auto& link : gone) link->operations->take_off(*link);
}

}  // namespace net::inline NET_ABI::detail

#endif
#endif

// The bodies of position.hpp. Internal.
#ifndef NET_DETAIL_BASE_POSITION_IPP
#define NET_DETAIL_BASE_POSITION_IPP

#if NET_BODIES

namespace net::inline NET_ABI::detail {

[[noreturn]] NET_API void wrong_step(int from, int to) noexcept {
  std::fprintf(stderr, "net: internal error: a transition from state %d to %d is not allowed\n", from, to);
  std::abort();
}

}  // namespace net::inline NET_ABI::detail

#endif
#endif

// The bodies of state.hpp. Internal.
#ifndef NET_DETAIL_STREAM_STATE_IPP
#define NET_DETAIL_STREAM_STATE_IPP

#if NET_BODIES

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

// The table of events, and the numbers by which they are emitted.
static_assert(SocketEvents::index<"close"> == on_close);
static_assert(SocketEvents::index<"connect"> == on_connect);
static_assert(SocketEvents::index<"connectionAttempt"> == on_attempt);
static_assert(SocketEvents::index<"connectionAttemptFailed"> == on_attempt_failed);
static_assert(SocketEvents::index<"connectionAttemptTimeout"> == on_attempt_timeout);
static_assert(SocketEvents::index<"data"> == on_data);
static_assert(SocketEvents::index<"drain"> == on_drain);
static_assert(SocketEvents::index<"end"> == on_end);
static_assert(SocketEvents::index<"error"> == on_error);
static_assert(SocketEvents::index<"lookup"> == on_lookup);
static_assert(SocketEvents::index<"ready"> == on_ready_event);
static_assert(SocketEvents::index<"timeout"> == on_timeout);
static_assert(SocketEvents::index<"finish"> == on_finish);
static_assert(SocketEvents::index<"prefinish"> == on_prefinish);
static_assert(SocketEvents::index<"pause"> == on_pause);
static_assert(SocketEvents::index<"resume"> == on_resume);
static_assert(SocketEvents::index<"readable"> == on_readable);
static_assert(SocketEvents::index<"pipe"> == on_pipe);
static_assert(SocketEvents::index<"unpipe"> == on_unpipe);

NET_API constexpr Handle::Operations SocketState::table{
    [](Handle& handle) noexcept { static_cast<SocketState&>(handle).last_owner_gone(); },
    [](Handle& handle) noexcept { static_cast<SocketState&>(handle).abandon(); },
    &SocketState::on_ready,
    nullptr,
    [](Handle& handle) noexcept { static_cast<SocketState&>(handle).hand_over(); },
    nullptr,
    nullptr,
    [](Handle& handle) noexcept { static_cast<SocketState&>(handle).give_up(); },
    [](const Handle& handle, LoopCounts& counts) noexcept {
      const auto& self = static_cast<const SocketState&>(handle);
      counts.sockets += self.has_handle();
      counts.bytes_in += self.bytes_read;
      counts.bytes_out += self.bytes_sent;
    }};

NET_API void ReadBuffer::take(std::size_t size, std::string& into) {
  into.clear();
  if (size == 0) return;
  if (pieces.first().size() != size) into.reserve(size);  // if there is no memory, nothing is taken
  length -= size;
  while (size > 0) {
    Piece& first = pieces.first();
    if (first.size() > size) {
      into.append(first.bytes, first.begin, size);
      first.begin += size;
      return;
    }
    size -= first.size();
    if (into.empty() && size == 0) {
      into = pieces.pop_front().rest();
    } else {
      into.append(first.bytes, first.begin);
      (void)pieces.pop_front();
    }
  }
}

/// What keeps the loop alive (S2.10, S2.11): a socket that reads and is ref'd; a connection, a write or a shutdown
/// under way.
NET_API void SocketState::recount() noexcept {
  if (!loop) return;
  const bool busy = connecting() || (writing() && !destroyed()) || shutting_down || (read_interest && keeps_alive.refd);
  keeps_alive.count(*loop, busy);
}

/// Tells the poller what is awaited, and the loop whether that keeps it alive.
NET_API void SocketState::update_watch() {
  if (channel.is_open() && !connecting()) {
    unsigned mask = (read_interest ? readable : 0u) | (request == WriteRequest::in_flight ? writable : 0u);
    if (no_memory) [[unlikely]]
      mask = 0;
    if (const int failed = loop->poller().watch(channel, mask); failed < 0) fail(system_failure(-failed, "read"));
  }
  recount();
}

NET_API ColdState::ColdState(SocketState& self)
    : memory(self, [](Handle& handle) {
        const Ref<SocketState> socket(static_cast<SocketState*>(&handle));
        socket->no_memory = false;
        socket->update_watch();
      }) {}

/// S32.2: the poller says "now", and the system has no memory for it. It would say so again at once.
NET_RARE void SocketState::wait_for_memory() {
  ColdState& kept = ensure_cold();
  kept.memory.after(10);
  no_memory = true;
  update_watch();
}

NET_API void SocketState::on_ready(Handle& handle, Watcher& watcher, unsigned what, int) {
  auto& self = static_cast<SocketState&>(handle);
  if (self.connecting()) [[unlikely]]
    return self.cold->connecting->ready(self, watcher);
  if (what == readable) [[likely]]
    return self.read();
  self.ready_otherwise(what);
}

NET_GNU(noinline) NET_API void SocketState::ready_otherwise(unsigned what) {
  if (what & readable) read_slow((what & hung_up) != 0);
  if ((what & writable) && request == WriteRequest::in_flight && channel.is_open()) send_in_flight();
}

NET_API Pipes& SocketState::ensure_pipes() {
  ColdState& kept = ensure_cold();
  return kept.pipes ? *kept.pipes : kept.pipes.make();
}

NET_API void SocketState::once_inside(OwnListener which, unsigned event, void (*step)(SocketState&)) {
  struct Body {
    SocketState* self;
    void (*step)(SocketState&);
    std::uint64_t generation;
  };
  struct Record : ListenerRecord {
    Body body;
    explicit Record(const Body& from) : ListenerRecord{}, body(from) {}
  };
  static constexpr ListenerRecord::Operations calls{
      [](ListenerRecord& record, void*, void* const*) {
        const Body body = static_cast<Record&>(record).body;
        if (body.generation == body.self->generation || body.generation == any_generation) body.step(*body.self);
      },
      [](ListenerRecord&) noexcept {}};
  ListenerId& own = ensure_cold().own[which];
  if (own == 0)
    own = listeners.add<Record>(event, ListenerRecord::once, false, calls,
                                Body{this, step, which == own_read ? any_generation : generation});
}

NET_API void SocketState::drop_own(OwnListener which) noexcept {
  if (cold && cold->own[which] != 0) listeners.remove(detail::exchange(cold->own[which], 0));
}

/// What it has failed with, or else this.
NET_API Error SocketState::error_or(Errc code) const { return errored() ? cold->errored : make_error(code); }

NET_API std::string ReadBuffer::Piece::rest() && {
  if (begin > 0) bytes.erase(0, begin);
  return std::move(bytes);
}

NET_API void ReadBuffer::push(std::string&& bytes) {
  const std::size_t size = bytes.size();
  pieces.push({std::move(bytes)});
  length += size;
}

NET_API void ReadBuffer::push_front(std::string_view bytes) {
  pieces.push_front({std::string(bytes)});
  length += bytes.size();
}

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif
#endif

// The bodies of steps.hpp. Internal.
#ifndef NET_DETAIL_STREAM_STEPS_IPP
#define NET_DETAIL_STREAM_STEPS_IPP

#if NET_BODIES

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

// A step is made in its place in the queue: it comes several times with each connection, and moving it there costs
// more.
NET_API void SocketState::tick(void (*step)(SocketState&)) {
  if (loop) loop->ticks().emplace(CurrentStep<SocketState>{Owing<SocketState>(*this), step, generation});
}

NET_API void SocketState::tick_always(void (*step)(SocketState&)) {
  if (loop) loop->ticks().emplace(CurrentStep<SocketState>{Owing<SocketState>(*this), step, any_generation});
}

NET_API OnThrow::~OnThrow() {
  if (!passed && self.loop && same) undo_or_give_up(self, [this] { undo(self); });
}

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif
#endif

// The bodies of endpoint_text.hpp. Internal.
#ifndef NET_DETAIL_SYS_ENDPOINT_TEXT_IPP
#define NET_DETAIL_SYS_ENDPOINT_TEXT_IPP

#if NET_BODIES

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

NET_API std::string endpoint_text(const Endpoint& end) {
  std::string text = to_text(end.ip);
  if (is_link_local(end.ip) && end.scope != 0) text.append("%").append(Machine::interface_name(end.scope));
  return text;
}

NET_API Endpoint parse_endpoint(std::string_view text, int port) noexcept {
  Endpoint end;
  end.ip = parse_ip(text);
  end.port = static_cast<std::uint16_t>(port);
  if (end.ip.family == Family::IPv6) end.scope = Machine::interface_index(zone_of(text));
  return end;
}

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif
#endif

// What becomes of a socket when its connection is there, or is not wanted any more. Internal.
#ifndef NET_DETAIL_CONNECT_CONNECTED_IPP
#define NET_DETAIL_CONNECT_CONNECTED_IPP

#if NET_BODIES

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

/// S12.15: one callback, so that ticks queued in 'connect' run after 'ready'.
NET_API void SocketState::connected() {
  phase.move_to(Phase::open);
  stop_connecting();
  touch();
  apply_options();
  OnThrow again{*this, tick_step_of<&SocketState::catch_up_connected>};
  emit_event<on_connect>();
  if (again.same) start_if_asked();
  if (again.same) emit_event<on_ready_event>();
  again.passed = true;
  if (again.same) read_after_connect();
}

NET_API void SocketState::start_if_asked() {
  if (!read_when_connected) return;
  read_when_connected = false;
  if (!destroyed()) watch_readable();
}

/// A listener of 'connect' threw: what was to happen behind it happens now.
NET_API void SocketState::catch_up_connected() {
  start_if_asked();
  read_after_connect();
  // a callback of what is sent now may throw too
  OnThrow again{*this, tick_step_of<&SocketState::catch_up_connected>};
  if (request == WriteRequest::awaits_connection) send_pending_connect();
  if (again.same && resetting) reset_and_destroy();
  if (again.same && write_end == WriteEnd::final_called && !shutting_down && !destroyed()) call_final();
  again.passed = true;
}

NET_API void SocketState::read_after_connect() {
  if (destroyed()) {
    if (!is_paused()) need_readable = true;  // as Node's read(0) leaves it, for a connection that may follow
    return;
  }
  is_paused() ? void(loop->poller().hold(channel)) : read_zero();
  update_watch();
}

NET_API void SocketState::stop_connecting() noexcept {
  if (cold && cold->connecting) cold->connecting->stop(*this);
}

/// Asked of the system once, since it does not know any more after a reset.
NET_API Endpoint SocketState::remote() {
  if (connecting()) return {};
  if (cold && cold->remote_known) return cold->remote;
  if (!channel.is_open() || is_path) return {};
  const Endpoint end = channel.remote_end();
  if (end) {
    ensure_cold().remote = end;
    cold->remote_known = true;
  }
  return end;
}

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif
#endif

// The bodies of start.hpp. Internal.
#ifndef NET_DETAIL_CONNECT_START_IPP
#define NET_DETAIL_CONNECT_START_IPP

#if NET_BODIES

// What takes a socket from its options to an open channel, step by step. Internal.
#ifndef NET_DETAIL_CONNECT_CONNECTOR_HPP
#define NET_DETAIL_CONNECT_CONNECTOR_HPP

// Names to addresses by the system's resolver, on threads of its own. Internal.
#ifndef NET_DETAIL_CONNECT_LOOKUP_HPP
#define NET_DETAIL_CONNECT_LOOKUP_HPP

// Host names that are not ASCII, in the form in which resolvers know them: "bücher.test" is "xn--bcher-kva.test".
// Internal. The system's own AI_IDN reads names in the charset of the process's locale, which nobody has to set.
#ifndef NET_DETAIL_TEXT_IDNA_HPP
#define NET_DETAIL_TEXT_IDNA_HPP

namespace net::inline NET_ABI::detail {

/// One character of UTF-8, from `at` on; a number that is no character if it is not well-formed.
constexpr std::uint32_t next_character(std::string_view text, std::size_t& at) noexcept {
  constexpr std::uint32_t bad = 0xffffffff;
  const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
  const std::uint32_t first = byte(at);
  if (first < 0x80) return ++at, first;
  const std::size_t more = first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : 1;
  if (first < 0xc2 || first > 0xf4) return bad;
  std::uint32_t character = first & (0x3fu >> more);
  for (std::size_t i = 1; i <= more; ++i) {
    if ((byte(at + i) & 0xc0) != 0x80) return bad;
    character = character << 6 | (byte(at + i) & 0x3f);
  }
  const bool too_long = (more == 2 && character < 0x800) || (more == 3 && character < 0x10000);
  if (too_long || character > 0x10ffff || (character >= 0xd800 && character < 0xe000)) return bad;
  at += more + 1;
  return character;
}

/// Small letters, and the plain forms of full-width ones and of dots: what UTS #46 maps names to, as far as capital
/// letters of Latin, Greek, Cyrillic and Armenian go.
constexpr std::uint32_t mapped_character(std::uint32_t c) noexcept {
  if (c == 0x3002 || c == 0xff0e || c == 0xff61) return '.';
  if (c >= 0xff01 && c <= 0xff5e) c -= 0xfee0;
  if (c < 0x80) return c >= 'A' && c <= 'Z' ? c + 32 : c;
  if (c >= 0xc0 && c <= 0xde && c != 0xd7) return c + 32;
  if (c == 0x178) return 0xff;
  if (c == 0x1e9e) return 0xdf;
  const auto within = [c](std::uint32_t from, std::uint32_t to) { return c >= from && c <= to; };
  const bool even_is_capital = within(0x100, 0x12f) || within(0x132, 0x137) || within(0x14a, 0x177) ||
                               within(0x1de, 0x1ef) || within(0x1f8, 0x21f) || within(0x222, 0x233) ||
                               within(0x460, 0x481) || within(0x48a, 0x4bf) || within(0x4d0, 0x52f) ||
                               within(0x1e00, 0x1e95) || within(0x1ea0, 0x1eff);
  if (even_is_capital) return c | 1;
  const bool odd_is_capital =
      within(0x139, 0x148) || within(0x179, 0x17e) || within(0x1cd, 0x1dc) || within(0x4c1, 0x4ce);
  if (odd_is_capital) return (c + 1) & ~1u;
  if (c == 0x386) return 0x3ac;
  if (within(0x388, 0x38a)) return c + 37;
  if (c == 0x38c) return 0x3cc;
  if (within(0x38e, 0x38f)) return c + 63;
  if (within(0x391, 0x3ab)) return c + 32;
  if (within(0x400, 0x40f)) return c + 80;
  if (within(0x410, 0x42f)) return c + 32;
  if (within(0x531, 0x556)) return c + 48;
  return c;
}

/// What stands between characters and is no part of a name.
constexpr bool ignored_character(std::uint32_t c) noexcept {
  return c == 0xad || c == 0x200b || c == 0x2060 || c == 0xfeff || (c >= 0xfe00 && c <= 0xfe0f);
}

/// What would have to be composed with its neighbours first: without the tables for that it is refused.
constexpr bool needs_composing(std::uint32_t c) noexcept {
  return c == 0x130 || (c >= 0x300 && c <= 0x36f) || (c >= 0x1100 && c <= 0x11ff);
}

/// RFC 3492: a label as letters, digits and hyphens; all its ASCII characters first.
inline void append_punycode(const Vec<char32_t>& label, std::string& to) {
  constexpr std::uint32_t base = 36, min = 1, max = 26, skew = 38, damp = 700;
  std::uint32_t basic = 0;
  for (const char32_t c : label) {
    if (c < 0x80) to += static_cast<char>(c), ++basic;
  }
  std::uint32_t handled = basic;
  if (basic > 0) to += '-';
  std::uint32_t n = 128, delta = 0, bias = 72;
  const auto size = static_cast<std::uint32_t>(label.size());
  while (handled < size) {
    std::uint32_t next = 0xffffffff;
    for (const char32_t c : label) {
      if (c >= n && c < next) next = c;
    }
    delta += (next - n) * (handled + 1);
    n = next;
    for (const char32_t c : label) {
      if (c < n) ++delta;
      if (c != n) continue;
      std::uint32_t q = delta;
      for (std::uint32_t k = base;; k += base) {
        const std::uint32_t t = k <= bias ? min : k >= bias + max ? max : k - bias;
        const std::uint32_t digit = q < t ? q : t + (q - t) % (base - t);
        to += static_cast<char>(digit < 26 ? 'a' + digit : '0' + (digit - 26));
        if (q < t) break;
        q = (q - t) / (base - t);
      }
      delta = handled == basic ? delta / damp : delta / 2;
      ++handled;
      delta += delta / handled;
      std::uint32_t k = 0;
      for (; delta > (base - min) * max / 2; k += base) delta /= base - min;
      bias = k + (base - min + 1) * delta / (delta + skew);
      delta = 0;
    }
    ++delta;
    ++n;
  }
}

/// The name as resolvers know it; a name of ASCII stays as it is. False: it is no UTF-8, or longer than any name, or
/// in a form that only whole tables of Unicode could normalise.
inline bool to_ascii_host(std::string_view host, std::string& ascii) {
  bool is_ascii = true;
  for (const char c : host) is_ascii = is_ascii && static_cast<unsigned char>(c) < 0x80;
  if (is_ascii) {
    ascii = host;
    return true;
  }
  if (host.size() > 1024) return false;
  ascii.clear();
  Vec<char32_t> label;
  bool foreign = false;
  const auto end_of_label = [&] {
    if (foreign) {
      ascii.append("xn--");
      append_punycode(label, ascii);
    } else {
      for (const char32_t c : label) ascii += static_cast<char>(c);
    }
    label.clear();
    foreign = false;
  };
  for (std::size_t at = 0; at < host.size();) {
    const std::uint32_t c = mapped_character(next_character(host, at));
    if (c > 0x10ffff || needs_composing(c)) return false;
    if (ignored_character(c)) continue;
    if (c == '.') {
      end_of_label();
      ascii += '.';
    } else {
      label.push(static_cast<char32_t>(c));
      foreign = foreign || c >= 0x80;
    }
  }
  end_of_label();
  return true;
}

}  // namespace net::inline NET_ABI::detail

#endif

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

struct LookupState;

/// A question on its way, made whole before it is asked: neither waiting for a thread nor going home with the answer
/// needs memory.
struct Question {
  LookupState* state;
  Mailbox* home;
  std::string name;  // as resolvers know it
  LookupOptions options;
  Vec<LookupAddress> found = {};
  Errc failed = {};
  Question* next = nullptr;

  Question(LookupState& asks, Mailbox& at, std::string&& encoded, const LookupOptions& asked) noexcept
      : state(&asks), home(&at), name(std::move(encoded)), options(asked) {
    home->retain();
  }
  Question(const Question&) = delete;
  Question& operator=(const Question&) = delete;
  ~Question() { home->release(); }

  void find();
  void ask_system();
};

/// A few threads that wait for the system's resolver, shared by all loops of the process, and never joined:
/// a lookup cannot be called off, and nobody should wait for one at the end of a program.
class ResolverPool {
 public:
  /// This process's: the threads of another one's did not come along (S31.3), and its lock may be held for ever.
  static ResolverPool& instance();

  /// False: no thread can be started, and there is none that it could wait for (S32.3).
  bool submit(Question& question) noexcept;

 private:
  static constexpr int max_threads = 4;

  ResolverPool() noexcept = default;

  [[noreturn]] void work() noexcept;

  const std::uint32_t made_in_ = Machine::fork_count();
  Machine::Mutex mutex_;
  Machine::Condition waiting_;
  Question* first_ = nullptr;
  Question* last_ = nullptr;
  std::size_t waiting_questions_ = 0;
  std::size_t idle_ = 0;
  int threads_ = 0;
};

/// What a lookup has brought. Its error is made by who is asked for it, since that needs memory: whoever waits for the
/// answer is to be given up without it.
class LookupAnswer {
 public:
  LookupAnswer(const LookupState& asked, const Question& question) noexcept : asked_(asked), question_(question) {}
  Error error() const;
  std::span<const LookupAddress> addresses() const noexcept {
    return {question_.found.begin(), question_.found.size()};
  }

 private:
  const LookupState& asked_;
  const Question& question_;
};

/// A lookup that was asked for. The loop keeps it, so that its callback dies on the loop's thread; the pool knows
/// only its mailbox, and an answer that comes after the loop has gone finds nobody.
struct LookupState : Handle {
  using Done = Function<void(const LookupAnswer&)>;

  static const Operations table;

  LookupState(LoopCore& core, std::string name, const LookupOptions& asked) noexcept
      : Handle(core, table), host(std::move(name)), options(asked) {}

  /// Goes home with its question, and brings the answer.
  struct PostedAnswer {
    Question* question;

    explicit PostedAnswer(Question* with) noexcept : question(with) {}
    PostedAnswer(PostedAnswer&& other) noexcept : question(detail::exchange(other.question, nullptr)) {}
    ~PostedAnswer() { delete question; }
    void operator()() const { question->state->answer(*question); }
  };

  /// Once, and in a child process once more: the first answer counts, each question holds a reference.
  void ask();

  void answer(const Question& question);

  void abandon() noexcept;

  std::string host;
  LookupOptions options;
  Done callback;
  std::uint32_t questions = 0;
  int refused = 0;  // an errno: it was not even asked
};

/// Asks the system's resolver without blocking the loop; keeps the loop alive until it has answered (S2.11).
NET_API void look_up(LoopCore& loop, std::string host, LookupOptions options, LookupState::Done done);

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

/// Begins to connect; everything that the options can be blamed for was thrown before.
struct Connector {
  SocketState& self;
  ConnectAttempts& attempts() const;

  /// Everything that needs memory, before anything has changed.
  Ref<ConnectAttempts> prepare(const ConnectOptions& options) const;

  void start(const Ref<ConnectAttempts>& attempts, const ConnectOptions& options) const;

  // ── by path ──

  void start_path() const;

  void path_done(int result) const;

  // ── by name ──

  void start_lookup(const ConnectOptions& options) const;

  void looked_up(const Error& error, std::span<const LookupAddress> addresses) const;

  /// S12.11: what a custom lookup may answer wrongly.
  Error mistake_of(const LookupAddress& found) const;

  void add_attempt(ConnectAttempts& to, const LookupAddress& found) const;

  /// S13.5: families alternate, beginning with that of the first address; within a family the order stays.
  void interleave() const;

  // ── attempts ──

  /// Begins with the next address; those begun earlier go on.
  void next_attempt() const;

  /// False: it has failed already, and the next one is due.
  bool begin(Attempt& attempt) const;

  /// Gives what the system says at once (S12.17).
  Error start(Attempt& attempt) const;

  static int open(Attempt& attempt);
  static std::string_view any_of(Family family) noexcept;
  int remote_port() const;

  std::string attempted_text(const Attempt& attempt) const;

  Error bind(Attempt& attempt) const;

  void watch(Machine::Channel& channel) const;

  /// Before the connection was under way: a single attempt fails with it, a race goes on (S12.17, S13.8), without a
  /// word of an address that could not be bound to.
  bool failed_early(Attempt& attempt, const Error& error, bool emits) const;

  /// The system says how an attempt ended.
  void attempt_ready(Attempt& attempt) const;

  /// S3.3: a local port was asked for, so the message names the local end.
  Error late_failure(const Attempt& attempt, int number) const;

  void won(Attempt& attempt) const;

  void close(Attempt& attempt) const;

  // ── the race ──

  void start_delay() const;

  void delay_over() const;

  /// No address is left to begin with: when none is under way any more, all have failed (S13.12).
  void all_begun() const;

  // ── the end of it ──

  void single_failed(const Error& error, const std::string& address, int port, Family family) const;

  void give_up(const Error& error) const;
  /// On the next tick, if the socket is still at the same connection then.
  void give_up_later(const Error& error) const;

  // ── what the socket asks of it (Connecting) ──

  static void ready(SocketState& self, Watcher& watcher);

  static void stop(SocketState& self) noexcept;

  static void emit_cancelled(SocketState& self);
};

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

NET_API void start_connecting(SocketState& state, const ConnectOptions& options) {
  require_connectable(options);
  if (!state.loop) throw_error(make_error(Errc::ERR_NO_LOOP, "The loop of this socket is gone"));
  // a wrapped descriptor of IPC that has no other end yet (S22.9)
  const bool wrapped = state.is_path && !state.connecting() && !options.path.empty() && state.channel.is_unconnected();
  if (!wrapped && state.has_handle()) {
    throw_error(address_failure(state.connecting() ? EALREADY : EISCONN, "connect", options.host, options.port));
  }
  if (state.phase == Phase::closing)
    throw_error(make_error(Errc::ERR_SOCKET_CLOSED, "Socket is closing: connect again from 'close' on"));
  const Ref<ConnectAttempts> attempts = Connector{state}.prepare(options);
  if (!wrapped) {
    if (state.users_buffer) state.next_onread_buffer();
    state.undestroy();
  }
  if (options.noDelay) state.settings.no_delay = true;
  if (options.keepAlive) state.set_keep_alive(true, options.keepAliveInitialDelay);
  Connector{state}.start(attempts, options);
}

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif
#endif

// Descriptors that come and go, and what the loop keeps of a socket. Internal.
#ifndef NET_DETAIL_STREAM_ADOPT_IPP
#define NET_DETAIL_STREAM_ADOPT_IPP

#if NET_BODIES

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

/// Takes the open descriptor out of the loop, or into another channel of it. The socket is closed then, without events.
NET_API NativeHandle SocketState::release_descriptor(Machine::Channel* into) {
  if (!channel.is_open() || phase != Phase::open) return no_handle;
  if (loop->batched_by(*this)) loop->flush_batch();
  if (writing() || write_length > 0) {
    throw_error(make_error(Errc::ERR_INVALID_STATE, "The socket still has bytes to send: release it after 'drain'"));
  }
  loop->closing().reserve(1);
  leave_writes_behind();
  keep_unread();
  if (!into) keep_unread(channel.unread());
  loop->next_close({Ref<Handle>(this), close_released});
  ++owed;
  ++generation;  // ticks that are on the way emit nothing
  released = close_ticked = true;
  loop->poller().drop(channel);
  if (into) into->take_over(channel);
  const NativeHandle fd = channel.release();
  phase.move_to(Phase::closed);
  read_interest = shutting_down = false;
  stop_idle();
  recount();
  if (cold) cold->abort_watch = {};
  leave_server();
  return fd;
}

/// There is no 'close' for those who know; tasks that wait for what will not come any more are told.
NET_API void SocketState::close_released(Handle& handle) {
  auto& self = static_cast<SocketState&>(handle);
  struct Settle {
    SocketState& socket;
    ~Settle() {
      socket.release_from_loop();
      socket.settle();
    }
  } const settle{self};
  if (!self.released) return;  // it is connected anew
  const bool had_error = false;
  const EventAt<SocketEvents, on_close>::type::Given args(had_error);
  self.listeners.each_own(on_close, [&](ListenerRecord& record) { record.operations->call(record, &self, args.at); });
}

/// What was taken from the kernel and not emitted yet is nowhere else: it stays here, as what is buffered does.
NET_API void SocketState::keep_unread() {
  for (Undelivered* each = loop->undelivered(); each; each = each->outer) {
    if (each->whose != this) continue;
    keep_unread(each->bytes);
    each->bytes = {};
  }
  if (!cold) return;
  keep_unread(cold->unread);
  cold->unread.clear();
}

NET_API void SocketState::keep_unread(std::string_view bytes) {
  if (bytes.empty()) return;
  bytes_read += bytes.size();
  std::string text = decodes ? cold->decode(bytes, Decode::piece) : std::string(bytes);
  if (!text.empty()) buffer_bytes(std::move(text));
}

/// S22.1: a descriptor that is connected; it is read at once.
NET_API void SocketState::adopt_descriptor(NativeHandle fd, bool reads, bool writes) {
  expect_close();
  is_path = !channel.adopt_connected(fd);
  if (!channel.is_open()) throw_error(system_failure(ENOMEM, "open"));  // it stays whose it was
  loop->poller().hold(channel);
  phase.move_to(Phase::open);
  retain_for_loop();
  if (!reads) read_end.move_to(ReadEnd::end_emitted);
  if (!writes) write_end.move_to(WriteEnd::finished);
  if (reads) read_zero();
  recount();
}

/// As if it had not been adopted.
NET_RARE void SocketState::give_descriptor_back() noexcept {
  if (!channel.is_open()) return;
  loop->poller().drop(channel);
  (void)channel.release();
  phase.move_to(Phase::closed);
  read_interest = false;
  recount();
  release_from_loop();
}

/// The loop's own reference: taken when there is something to keep, given back after 'close'.
NET_API void SocketState::retain_for_loop() noexcept {
  if (kept_by_loop) return;
  kept_by_loop = true;
  retain();
}

NET_API void SocketState::release_from_loop() noexcept {
  if (has_handle() || !kept_by_loop) return;
  kept_by_loop = false;
  release();
}

/// What was accepted is given to the kernel, as far as it takes it now; needs no memory, and emits nothing.
NET_API void SocketState::hand_over() noexcept {
  if (!channel.is_open() || connecting() || errored() || loop->inert()) return;
  if (backlog && !in_order_sent(backlog->in_flight)) return;
  if (loop->batched_by(*this)) {
    const IoSlice batched{loop->batch_data(), loop->batch_size()};
    const std::ptrdiff_t sent = channel.write(&batched, 1);
    if (sent > 0) loop->shorten_batch(static_cast<std::size_t>(sent));
    if (loop->batched_by(*this)) return;
  }
  if (backlog && !corked) (void)in_order_sent(backlog->buffered);
}

/// Whether the kernel has taken all of it.
NET_API bool SocketState::in_order_sent(WriteQueue& queue) noexcept {
  for (;;) {
    IoSlice slices[max_slices];
    const std::size_t count = queue.slices(slices, max_slices);
    if (count == 0) return true;
    const std::ptrdiff_t sent = channel.write(slices, count);
    if (sent <= 0) return false;
    queue.consume(static_cast<std::size_t>(sent));
  }
}

/// The loop is going: everything is closed, and nothing is emitted.
NET_API void SocketState::abandon() {
  do {
    hand_over();
    if (connecting()) stop_connecting();
    if (channel.is_open()) {
      loop->poller().drop(channel);
      channel.close();
    }
    if (!closed()) phase.move_to(Phase::closed);
    request.move_to(WriteRequest::none);
    read_interest = false;
    drop_captures();
    if (!kept_by_loop) return;
    kept_by_loop = false;
    release();
  } while (has_handle());  // what died has connected it again
}

/// All in which the user may have put something: what dies there may do anything.
NET_API void SocketState::drop_captures() noexcept {
  if (cold) {
    cold->idle_timer = {};
    cold->finish_callbacks.clear();
    cold->abort_watch = {};
    if (cold->pipes) cold->pipes->operations->clear(*cold->pipes);
    users_buffer = false;
    cold->onread.clear();
    cold->user_data.clear();
  }
  delete detail::exchange(backlog, nullptr);
  server = {};
  listeners.clear();
}

NET_API SocketState::~SocketState() {
  if (channel.is_open() && loop) loop->poller().drop(channel);
  stop_connecting();
  stop_idle();
  count_bytes();
  if (close_expected && loop) loop->closing().expect_no_more();
  expect_no_removal();
  delete buffer;
  delete backlog;
  delete cold;
}

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif
#endif

// How a socket closes: destroy(), reset, 'error' and 'close'. Internal.
#ifndef NET_DETAIL_STREAM_CLOSE_IPP
#define NET_DETAIL_STREAM_CLOSE_IPP

#if NET_BODIES

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

// ── destroy() ──────────────────────────────────────────────────────────────

NET_API void SocketState::destroy(const Error& error) {
  if (destroyed() || !loop) {
    if (released && !unwanted && error) ensure_cold().unwanted = error;
    unwanted = released;
    return;
  }
  const Ref<SocketState> alive(this);
  // what needs memory comes first: a destroy() that fails has done nothing
  loop->ticks().reserve(4);
  if (!close_expected) loop->closing().reserve(1);
  Callback emission;
  if (error) {
    if (!errored()) (void)ensure_cold();
    emission = emit_later(error);
  }
  if (owes_callbacks()) {
    tick(step_of<&SocketState::fail_buffered>);
  }
  const bool failing = static_cast<bool>(error);
  if (failing) failed_with(error);
  ++owed;  // until 'close' was emitted
  if (connecting()) stop_connecting();
  phase.move_to(has_handle() ? Phase::closing : Phase::discarded);
  if (cold) stop_idle();
  if (phase == Phase::closing) {
    close_handle(failing);
    tick_error(emission);
  } else {
    tick_error(emission);
    tick_callback([asked = generation](SocketState& self) { self.emit_close(self.generation == asked, nullptr); });
  }
  leave_server();
}

/// The first error is the one that it failed with.
NET_RARE void SocketState::failed_with(const Error& error) {
  if (errored()) return;
  ensure_cold().errored = error;
  failure.move_to(Failure::pending);
}

/// One connection less, and only once for each (S9.17).
NET_API void SocketState::leave_server() {
  if (!of_server) return;
  of_server = false;
  server->operations->child_gone(*server);
}

/// 'error' on a tick. Without one, what silences 'data' and 'end' is set: on a tick too, if a read() may still give
/// what is left.
NET_API void SocketState::tick_error(Callback& emission) {
  if (emission) return loop->ticks().push(std::move(emission));
  if (close_ticked) return;
  if (!ended() && !buffer) {  // there is nothing that could be emitted until then
    close_ticked = true;
  } else {
    tick([](SocketState& self) { self.close_ticked = true; });
  }
}

NET_RARE Callback SocketState::emit_later(const Error& error) {
  return Tick{Owing<SocketState>(*this),
              [error, asked = generation](SocketState& self) { self.emit_error(error, self.generation == asked); }};
}

/// It is emitted even if there is a new connection already, whose error it is not.
NET_API void SocketState::emit_error(const Error& error, bool current) {
  if (current) {
    close_ticked = true;
    if (failure == Failure::emitted) return;
    failure.move_to(Failure::emitted);
  }
  emit_error_event(error);
}

/// Closes the descriptor now; 'close' comes in the close phase (S17.2).
NET_API void SocketState::close_handle(bool failing) {
  had_error = failing;
  if (channel.is_open()) {
    if (loop->batched_by(*this)) flush_last();
    if (resetting && !loop->inert()) channel.reset_on_close();
  }
  close_channel();
  close_later(job_of<&SocketState::close_now>);
}

/// The descriptor goes, if there is one; what is left is to emit 'close'.
NET_API void SocketState::close_channel() noexcept {
  if (channel.is_open()) close_watched(loop, channel);
  read_interest = shutting_down = false;
  recount();
}

/// What the system does not take of it is lost, and needs no memory.
NET_API void SocketState::flush_last() noexcept {
#if defined(__cpp_exceptions)
  try {
    loop->flush_batch();
  } catch (...) {
    loop->forget_batch();
  }
#else
  loop->flush_batch();
#endif
}

/// For destructors: without the memory for more it is closed without a word.
NET_API void SocketState::destroy_always() noexcept {
  undo_or_give_up(*this, [this] { destroy(no_error()); });
}

/// From now on its 'close' needs no memory.
NET_API void SocketState::expect_close() {
  if (close_expected) return;
  loop->closing().expect();
  close_expected = true;
}
NET_API void SocketState::close_later(void (*step)(Handle&)) {
  if (close_expected) {
    close_expected = false;
    loop->closing().push_expected({Ref<Handle>(this), step});
  } else {
    loop->next_close({Ref<Handle>(this), step});
  }
}

/// S32.5: there was no memory for something that had to be done. It is closed, and of its events only 'close' is left;
/// the exception says why.
NET_RARE void SocketState::give_up() noexcept {
  if (!loop || destroyed()) return;
  const Ref<SocketState> alive(this);
  ++owed;  // until 'close' was emitted
  if (connecting()) stop_connecting();
  phase.move_to(Phase::closing);
  stop_idle();
  had_error = true;
  if (loop->batched_by(*this)) loop->forget_batch();
  close_channel();
  if (close_expected) close_later(job_of<&SocketState::close_now>);
  leave_server();
}

/// The close phase: a write that was in flight learns that it was cancelled, and then 'close' (S17.6).
NET_API void SocketState::close_now() {
  if (!writing() && !cold) return emit_close(true, nullptr);
  Place<Job> rest(loop->closing());  // from which this step has just come
  emit_cancelled(rest);
  emit_close(true, &rest);
}

NET_RARE void SocketState::emit_cancelled(Place<Job>& rest) {
  // whatever the callbacks and listeners in here throw, 'close' comes, with or without memory
  AgainOnThrow again(*this, job_of<&SocketState::close_now>, rest);
  // usually what was in flight; also callbacks that a tick was to call for which there was no memory
  const bool waits = request != WriteRequest::awaits_connection && backlog && !backlog->in_flight.empty();
  if (request == WriteRequest::in_flight || waits) write_failed(system_failure(ECANCELED, "write"));
  if (owes_callbacks()) fail_buffered();
  recount();
  // attempts of a race that destroy() stopped are emitted (S13.13)
  while (cold && !cold->cancelled.empty()) {
    cold->emit_cancelled(*this);
    loop->drain_ticks();  // this was a callback of its own (S2.2)
  }
  again.passed = true;
}

/// 'close' is the last event, unless its listeners ask for more. `current`: there is no new connection already. `rest`:
/// for what is left when a listener throws.
NET_API void SocketState::emit_close(bool current, Place<Job>* rest) {
  struct Emitted {
    SocketState& self;
    Ref<SocketState> alive;
    ~Emitted() {
      self.release_from_loop();
      self.settle();
    }
  } const emitted{*this, Ref<SocketState>(this)};
  if (cold) cold->abort_watch = {};
  if (!current) return void(emit_event<on_close>(false));
  phase.move_to(Phase::closed);
  if (request != WriteRequest::awaits_connection || !rest) return void(emit_event<on_close>(had_error));
  // a write that waited for the connection learns of the end in its place among these listeners
  CallOnThrow again([this, rest, same = SameConnection(*this)] {
    if (!same || request != WriteRequest::awaits_connection) return;
    ++owed;
    rest->push({Ref<Handle>(this), job_of<&SocketState::never_connected>});
  });
  emit_event<on_close>(had_error);
  again.passed = true;
}

NET_RARE void SocketState::never_connected() {
  const Owing<SocketState> last(*this);
  --owed;
  // unless it connects again: then the new connection has its own
  if (!closed() || request != WriteRequest::awaits_connection) return;
  write_failed(make_error(Errc::ERR_SOCKET_CLOSED_BEFORE_CONNECTION));
}

NET_API void SocketState::drop_listeners() noexcept {
  if (listeners_dropped) return;
  listeners_dropped = true;
  listeners.clear();
  expect_no_removal();
  data_listening = false;
  if (cold && cold->pipes) cold->pipes->operations->source_closed(*cold->pipes);
}

/// S20: destroyed as soon as the signal aborts; forgotten after 'close'.
NET_API void SocketState::watch_signal(const AbortSignal& signal) {
  if (!signal) return;
  AbortState& state = Access::state(signal);
  ensure_cold().abort_watch = state.attach(*loop, {[](void* who, const Error& reason) {
                                                     auto& self = *static_cast<SocketState*>(who);
                                                     const Ref<Handle> alive(&self);
                                                     or_give_up(self, [&] { self.destroy(abort_failure(reason)); });
                                                   },
                                                   this});
  if (!cold->abort_watch) destroy(abort_failure(state.reason));
}

NET_API void SocketState::destroy_soon() {
  if (finished()) return destroy(no_error());
  once_inside(own_finish, on_finish, [](SocketState& self) { self.destroy(no_error()); });
  if (!destroyed() && !errored() && !ending()) end({});
}

NET_API void SocketState::reset_and_destroy() {
  if (destroyed() || !loop) return;
  if (is_path && has_handle()) throw_error(make_error(Errc::ERR_INVALID_HANDLE_TYPE));  // S17.15
  if (connecting()) {
    resetting = true;
    once_inside(own_reset, on_connect, step_of<&SocketState::reset_and_destroy>);
  } else if (has_handle()) {
    resetting = true;
    destroy(no_error());
  } else {
    destroy(make_error(Errc::ERR_SOCKET_CLOSED));
  }
}

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif
#endif

// How the writing side of a socket ends: end(), the shutdown, 'finish'. Internal.
#ifndef NET_DETAIL_STREAM_FINISH_IPP
#define NET_DETAIL_STREAM_FINISH_IPP

#if NET_BODIES

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

// ── end() ──────────────────────────────────────────────────────────────────

/// Space for what an end() needs, before its data is written: one that throws has done nothing.
NET_API void SocketState::expect_end(const WriteCallback& callback) {
  if (!loop) return;
  if (callback) ensure_cold().finish_callbacks.reserve(1);
  loop->ticks().reserve(2);
  loop->pending().reserve(1);
}

/// end(), after its data was written.
NET_API void SocketState::end(WriteCallback callback) {
  expect_end(callback);
  uncork_all();
  Callback refused;
  if (callback && loop && (ending() || destroyed() || errored())) {
    if (const Error why = end_refusal()) refused = call_later(why, std::move(callback));
  }
  if (!errored() && !ending()) {
    write_end.move_to(WriteEnd::ending);
    maybe_finish();
    if (reader_note == ReaderNote::left) [[unlikely]]
      linger();
  }
  if (refused) {
    loop->ticks().push(std::move(refused));
  } else if (callback && loop) {
    cold->finish_callbacks.push(std::move(callback));
  }
}

/// The end(data) of what takes no data any more (S16.8).
NET_API void SocketState::refuse_end(WriteCallback callback) {
  const Error why = refusal(false);
  if (!callback || !loop) return fail(why), uncork_all();
  Callback later = call_later(why, std::move(callback));
  loop->ticks().reserve(5);  // with what a destroy() takes
  fail(why);
  uncork_all();
  loop->ticks().push(std::move(later));
}

/// What the callback of an end() gets that does not come with 'finish'.
NET_API Error SocketState::end_refusal() const {
  if (finished()) return make_error(Errc::ERR_STREAM_ALREADY_FINISHED);
  if (destroyed()) return end_after_destroy();
  return errored() ? cold->errored : no_error();
}

NET_API bool SocketState::needs_finish() const noexcept {
  return ending() && !finished() && !destroyed() && write_length == 0 && !errored() && !writing();
}

NET_API void SocketState::maybe_finish() {
  if (write_end != WriteEnd::ending || !needs_finish()) return;
  const bool later = connecting();
  if (later) once_inside(own_end, on_connect, step_of<&SocketState::call_final>);
  write_end.move_to(WriteEnd::final_called);
  if (!later) call_final();
}

/// Everything was written, and the other side learns of it, if there is one.
NET_API void SocketState::call_final() {
  if (!has_handle()) return final_done();
  if (shutting_down) return;
  loop->pending().push({Ref<Handle>(this), job_of<&SocketState::shutdown_now>});
  shutting_down = true;
  recount();
}

NET_API void SocketState::shutdown_now() {
  if (!shutting_down) return;
  if (loop->batched_by(*this)) loop->flush_batch();
  if (writing()) return;  // part of the batch is still on its way: again when it is gone
  shutting_down = false;
  recount();
  if (destroyed()) return;
  // when the other side has ended too, close() follows at once and says the same with one call less
  if (!end_emitted()) {
    const int failed = channel.shutdown_write();
    if (failed < 0 && failed != -ENOTCONN) return fail(system_failure(-failed, "shutdown"));  // S16.16
  } else if (!listeners.has(on_prefinish) && !listeners.has(on_finish) && !(cold && !cold->finish_callbacks.empty()) &&
             needs_finish()) {
    // nobody listens on the ticks between here and there
    write_end.move_to(WriteEnd::finished);
    close_ticked = true;
    return destroy(no_error());
  }
  final_done();
}

NET_API void SocketState::final_done() {
  if (!needs_finish()) return;
  Place<Callback> place(loop->ticks());
  write_end.move_to(WriteEnd::prefinished);
  OnThrow again{*this, tick_step_of<&SocketState::finish>};
  emit_event<on_prefinish>();
  again.passed = true;
  if (again.same) {
    place.push(CurrentStep<SocketState>{Owing<SocketState>(*this), step_of<&SocketState::finish>, generation});
  }
}

NET_API void SocketState::finish() {
  const SameConnection same(*this);
  if (!finished()) {
    write_end.move_to(WriteEnd::finished);
    OnThrow again{*this, tick_step_of<&SocketState::finish>};
    call_finish_callbacks(no_error());
    emit_event<on_finish>();
    again.passed = true;
  }
  if (same && end_emitted()) destroy(no_error());
}

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif
#endif

// What the user asks of the reading side: to pause, to go on, to decode, to take bytes back. Internal.
#ifndef NET_DETAIL_STREAM_FLOW_IPP
#define NET_DETAIL_STREAM_FLOW_IPP

#if NET_BODIES

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

NET_API void SocketState::pause() {
  if (users_buffer && !connecting()) unwatch_readable();  // at once (S25.5)
  if (flow_state != Flow::paused) {
    flow_state = Flow::paused;
    emit_event<on_pause>();
  }
  asked_flow = Flow::paused;
}

NET_API void SocketState::resume() {
  if (users_buffer && !connecting() && !ended()) watch_readable();
  if (flow_state != Flow::flowing) {
    if (!resume_ticking) {
      tick_always(step_of<&SocketState::resume_now>);
      resume_ticking = true;
    }
    flow_state = readable_listening ? Flow::paused : Flow::flowing;
  }
  asked_flow = Flow::flowing;
  if (reader_note == ReaderNote::left) [[unlikely]]
    taken_over();
}

NET_API void SocketState::resume_now() {
  if (!reading) read_zero();
  resume_ticking = false;
  emit_event<on_resume>();
  flow();
  if (flow_state == Flow::flowing && !reading) read_zero();
}

/// S14.20, S14.21: from now on 'data' is text; what is buffered is decoded at once.
NET_API void SocketState::set_encoding(Encoding encoding) {
  ColdState& kept = ensure_cold();
  Function<std::string(std::string_view, Decode)> decode =
      [decoder = Decoder(encoding)](std::string_view piece, Decode what) mutable { return decoder.ask(piece, what); };
  // what is there becomes one piece; what was decoded already is text, and stays as it is
  std::string text;
  for (std::size_t i = 0; buffer && i < buffer->pieces.size(); ++i) {
    const std::string_view piece = buffer->pieces[i].view();
    decodes ? void(text += piece) : void(text += decode(piece, Decode::piece));
  }
  ReadBuffer one;
  if (!text.empty()) one.push(std::move(text));
  // from here on nothing needs memory
  kept.encoding = encoding;
  kept.decode = std::move(decode);
  decodes = true;
  if (!buffer) return;
  std::swap(*buffer, one);
  if (buffer->length == 0) delete detail::exchange(buffer, nullptr);
}

/// S14.11: back to the front of what is to be read, as a piece of its own. As in Node a listener gets it at once only
/// if it flows, has been read from, and nothing else waits.
NET_API void SocketState::unshift(std::string_view bytes) {
  if (bytes.empty()) return;
  if (end_emitted()) return fail(make_error(Errc::ERR_STREAM_UNSHIFT_AFTER_END_EVENT));
  if (destroyed() || errored()) return;
  loop->ticks().reserve(2);  // what follows needs no memory
  if (flow_state == Flow::flowing && !never_read && !buffer && data_listening) {
    emit_event<on_data>(bytes);
  } else {
    if (!buffer) buffer = new ReadBuffer;
    buffer->push_front(bytes);
    if (need_readable) emit_readable();
  }
  maybe_read_more();
}

/// Node's _read: the kernel may be read, now or when the connection is there.
NET_API void SocketState::request_read() {
  if (phase != Phase::open) {
    if (!users_buffer) {
      read_when_connected = true;
    } else {
      // in its place among the listeners: a pause before it is too early, one after it is not
      once_inside(own_read, on_connect, [](SocketState& self) {
        self.drop_own(own_read);
        self.watch_readable();
      });
    }
  } else {
    watch_readable();
  }
}

NET_API void SocketState::data_listener_added() {
  // one that has just been removed counts until the next tick
  if (listeners.has(on_readable)) readable_listening = true;
  if (flow_state != Flow::paused || reader_note == ReaderNote::left) resume();
  data_listening = true;
}

NET_API void SocketState::readable_listener_added() {
  expect_removal();
  loop->ticks().reserve(1);
  by_buffer = true;
  if (end_emitted() || readable_listening) return;
  readable_listening = need_readable = true;
  flow_state = Flow::paused;
  readable_emitted = false;
  if (read_length() > 0) {
    emit_readable();
  } else if (!reading) {
    tick_always(step_of<&SocketState::read_zero>);
  }
}

/// What follows when a 'readable' listener is removed comes on a tick, and a destructor may remove it. So there is
/// space for that tick while there are such listeners, unless it is owed already.
NET_API void SocketState::expect_removal() {
  if (removal_expected) return;
  loop->ticks().expect();
  removal_expected = true;
}

NET_API void SocketState::readable_listener_removed() noexcept {
  if (!removal_expected) return;  // it is owed, and looks at all of them
  loop->ticks().push_expected(CurrentStep<SocketState>{
      Owing<SocketState>(*this), step_of<&SocketState::look_at_readable_listeners>, any_generation});
  removal_expected = listeners.has(on_readable) && loop->ticks().expect_if_space();
}

NET_API void SocketState::look_at_readable_listeners() {
  readable_listening = listeners.has(on_readable);
  if (readable_listening && !removal_expected) {
    removal_expected = loop->ticks().expect_if_space();  // this step has just left its own
  } else if (!readable_listening) {
    expect_no_removal();
  }
  if (resume_ticking && asked_flow == Flow::flowing) {
    flow_state = Flow::flowing;
  } else if (data_listening) {
    resume();
  } else if (!readable_listening) {
    flow_state = Flow::unset;
  }
}

/// With nobody to listen it leaves run() (S1.6); 'close' follows all the same.
NET_API void SocketState::emit_error_event(const Error& error) {
  if (!emit_event<on_error>(error) && !errors_heard) throw_error(error);
}

NET_API void SocketState::listener_added(unsigned event) {
  if (!loop) return;
  if (event == on_data) data_listener_added();
  if (event == on_readable) readable_listener_added();
}

NET_API void SocketState::listener_put_in_front(unsigned event) {
  if (event == on_readable && loop) expect_removal();
  if (event == on_data || event == on_readable) by_buffer = true;
}

NET_API void SocketState::listener_removed(unsigned event) noexcept {
  if (!loop) return;
  if (event == on_data) data_listener_removed();
  if (event == on_readable) readable_listener_removed();
}

/// As in Node what follows comes even if there were none.
NET_API void SocketState::all_listeners_go(unsigned event) {
  if (!loop) return;
  if (event == on_readable || event == all_events) tick_always(step_of<&SocketState::look_at_readable_listeners>);
  if (event == on_end || event == all_events) removed_end_listener = true;
  if (event == on_error || event == all_events) errors_heard = false;
}

/// How many listeners the library itself has on an event, as Node counts them.
NET_API std::size_t SocketState::own_listeners(unsigned event) const noexcept {
  if (event == on_error) return errors_heard;
  return event == on_end && !removed_end_listener;
}

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif
#endif

// What becomes of a socket whose reader has gone before its end (S34.5). Internal.
#ifndef NET_DETAIL_STREAM_LEAVE_IPP
#define NET_DETAIL_STREAM_LEAVE_IPP

#if NET_BODIES

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

/// So much is thrown away of what the other side still sends.
inline constexpr std::uint64_t max_lingering_bytes = 16 << 20;

/// Whether one is there.
constexpr bool says_reader(ReaderNote note) noexcept { return note != ReaderNote::none && note != ReaderNote::left; }

/// A reader that no task waits for keeps the socket paused, and may hold what came before: a pipe beside it would stand
/// still.
NET_API void SocketState::require_no_idle_reader() const {
  if (reader_note != ReaderNote::idle && reader_note != ReaderNote::holds_bytes) return;
  if (destroyed() || end_emitted()) return;
  throw_error(make_error(Errc::ERR_INVALID_STATE,
                         "A net::Reader that no task waits for keeps this socket paused: it has to go before pipe()"));
}

/// A reader begins: what has to be done when it goes needs no memory then.
NET_API void SocketState::expect_to_be_left(double lingering_ms) {
  if (loop) loop->closing().expect();
  if (lingering_ms >= 0) ensure_cold().lingering_ms = lingering_ms;
  taken_over();
  reader_note.move_to(ReaderNote::idle);
}

/// The reader has gone, and what it held is the stream's again. Its destructor calls this, so no listener is called
/// here. Until the end of this turn another reader, a listener or pipe() may take over.
NET_API void SocketState::leave(std::string_view held, bool before_end) noexcept {
  reader_note.move_to(ReaderNote::none);
  given_to_task();
  if (!before_end || destroyed() || !loop || loop->inert()) {
    if (loop) loop->closing().expect_no_more();
    return;
  }
  if (users_buffer && !connecting()) undo_or_give_up(*this, [this] { unwatch_readable(); });
  flow_state = asked_flow = Flow::paused;
  reader_note.move_to(ReaderNote::left);
  loop->closing().push_expected({Ref<Handle>(this), job_of<&SocketState::look_after>});
  if (held.empty() || listeners.has(on_data)) return;  // whoever else listened had it already
  undo_or_give_up(*this, [&] {
    if (!buffer) buffer = new ReadBuffer;
    buffer->push_front(held);
  });
}

/// Somebody reads it.
NET_API void SocketState::taken_over() noexcept {
  if (reader_note != ReaderNote::left) return;
  reader_note.move_to(ReaderNote::none);
  if (phase == Phase::open) retain_for_loop();
}

NET_API void SocketState::look_after() {
  if (reader_note != ReaderNote::left) return;
  if (destroyed() || end_emitted() || connecting()) {
    reader_note.move_to(ReaderNote::none);
  } else if (data_listening || readable_listening || (cold && cold->pipes && !cold->pipes->empty())) {
    if (data_listening) resume();
    taken_over();
  } else if (ending()) {
    or_give_up(*this, [this] { linger(); });
  } else {
    if (ended()) read_zero();  // what waited behind the reader's bytes
    if (kept_by_loop) {
      kept_by_loop = false;  // whoever has a handle may still use it
      release();
    }
  }
}

/// This side has ended: what the other one still sends is thrown away until it ends too, so that no reset overtakes
/// what was written.
NET_API void SocketState::linger() {
  taken_over();
  stop_lingering();
  ColdState& kept = ensure_cold();
  kept.lingers_until = bytes_read + max_lingering_bytes;
  kept.linger_timer = TimerState::of(*this, [](Handle& self) { static_cast<SocketState&>(self).destroy(no_error()); });
  const double ms = kept.lingering_ms;
  loop->start_timer(*kept.linger_timer, ms < 1 ? 1 : static_cast<std::uint64_t>(ms), loop->now());
  note_timed();
  resume();
}

/// The loop keeps a timer that runs, whoever has forgotten it.
NET_API void SocketState::stop_lingering() noexcept {
  if (!loop || !cold || !cold->linger_timer) return;
  loop->stop_timer(*detail::exchange(cold->linger_timer, {}));
  note_timed();
}

/// A task waits for 'close', and a reader that nobody asks would keep the other side's end away from it. So the reader
/// takes what still comes, for whoever asks it after all, in the same time as above. Until this side has ended, the
/// task may have to answer what came, and 'end' would come too early: if the reader holds nothing, the end is looked
/// for.
NET_API void SocketState::close_is_awaited() {
  if (!says_reader(reader_note) || destroyed()) return;
  if (ending()) {
    reader_note.move_to(ReaderNote::runs_on);
    linger();
  } else {
    tick_always(step_of<&SocketState::look_for_end>);  // the reader may be giving its task something just now
  }
}

/// Up to the next bytes, which the reader holds.
NET_API void SocketState::look_for_end() {
  if (reader_note == ReaderNote::idle && !destroyed() && !ending()) resume();
}

/// The same for a task that waits for 'end', which has no time for it.
NET_API void SocketState::end_is_awaited() {
  if (!says_reader(reader_note) || destroyed() || end_emitted()) return;
  reader_note.move_to(ReaderNote::runs_on);
  resume();
}

NET_API void SocketState::reader_is_asked(bool holds_part) noexcept {
  if (reader_note == ReaderNote::runs_on) [[unlikely]]
    stop_lingering();
  reader_note.move_to(holds_part ? ReaderNote::holds_part : ReaderNote::asked);
}

/// Nobody has it any more. If a reader left it open, it is closed first.
NET_API void SocketState::last_owner_gone() noexcept {
  if (reader_note != ReaderNote::left || destroyed() || !loop || loop->leaving() || loop->inert()) {
    delete this;
    return;
  }
  const Ref<Handle> alive(this);
  taken_over();
  destroy_always();
}

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif
#endif

// What a socket is made with, its idle timeout, and the options of its descriptor. Internal.
#ifndef NET_DETAIL_STREAM_OPTIONS_IPP
#define NET_DETAIL_STREAM_OPTIONS_IPP

#if NET_BODIES

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

NET_API void SocketState::set_up(const SocketOptions& options) {
  settings.allow_half_open = options.allowHalfOpen;
  settings.reusable = options.reusable;
  read_mark = write_mark = options.highWaterMark;
  if (options.onread.callback && (options.onread.buffer.data() || options.onread.allocate)) {
    users_buffer = true;
    ensure_cold().onread.make(OnReading{options.onread, options.onread.buffer,
                                        [](SocketState& self, bool to_the_end) { self.read_onread(to_the_end); }});
  }
  // whatever throws leaves the descriptor to whoever has it
  CallOnThrow kept([this] { give_descriptor_back(); });
  if (options.fd != -1) {
    require_stream(options.fd);
    // whose it is already would find it closed (S22.2)
    if (loop->poller().has(options.fd)) throw_error(system_failure(EEXIST, "open"));
    // one that blocks would stop the loop
    if (const int failed = Machine::prepare(options.fd); failed < 0) throw_error(system_failure(-failed, "open"));
    if (users_buffer) next_onread_buffer();  // S25.4
    adopt_descriptor(options.fd, options.readable, options.writable);
  }
  watch_signal(options.signal);
  kept.passed = true;
}

NET_API void require_timeout(Duration idle, double longest) {
  const double ms = idle.milliseconds();
  if (!(ms >= 0 && ms <= longest)) throw_error(out_of_range("msecs", "a non-negative finite number", number_text(ms)));
}

/// S18.1: 'timeout' after so long without activity; 0 switches it off. Activity only notes the time: the timer,
/// when it fires, looks whether it is due.
NET_API void SocketState::set_timeout(double ms) {
  ColdState& kept = ensure_cold();
  kept.idle_length = ms;
  idle_over = false;
  note_timed();
  if (ms == 0) {
    if (kept.idle_timer) loop->stop_timer(*kept.idle_timer);
    return;
  }
  if (!kept.idle_timer) kept.idle_timer = TimerState::of(*this, job_of<&SocketState::idle_check>);
  loop->update_time();
  cold->last_activity = loop->now();
  loop->start_timer(*kept.idle_timer, idle_ms(), cold->last_activity);
}

/// Whether reads and writes are noted: for the idle time, and for how long a socket lingers.
NET_API void SocketState::note_timed() noexcept { timed = cold && (cold->idle_length > 0 || cold->linger_timer); }

/// Above 2^31-1 counts as that, below 1 as 1 (S18.8).
NET_API std::uint64_t SocketState::idle_ms() const noexcept {
  const double ms = cold->idle_length;
  return ms > 2147483647.0 ? 2147483647u : ms < 1 ? 1u : static_cast<std::uint64_t>(ms);
}

NET_API void SocketState::idle_check() {
  if (destroyed()) return;
  // a peer that takes a large write slowly is not idle (S18.5)
  if (writing() && detail::exchange(cold->write_progress, false)) cold->last_activity = loop->now();
  if (loop->now() < cold->last_activity + idle_ms())
    return loop->start_timer(*cold->idle_timer, idle_ms(), cold->last_activity);
  idle_over = true;  // the next activity starts it again (S18.4)
  emit_event<on_timeout>();
}

NET_GNU(noinline) NET_API void SocketState::note_activity() {
  cold->last_activity = loop->now();
  if (idle_over) wake_idle();
  if (cold->linger_timer && bytes_read > cold->lingers_until && !destroyed()) destroy(no_error());
}

NET_API void SocketState::wake_idle() {
  idle_over = false;
  if (!destroyed()) loop->start_timer(*cold->idle_timer, idle_ms(), cold->last_activity);
}

/// For good: another connection begins without it, unless setTimeout() is called again.
NET_API void SocketState::stop_idle() noexcept {
  if (loop && cold && cold->idle_timer) loop->stop_timer(*cold->idle_timer);
  stop_lingering();
  timed = idle_over = false;
}

// ── options of the descriptor ──────────────────────────────────────────────

NET_API void SocketState::set_no_delay(bool on) {
  if (settings.no_delay != on && has_tcp()) channel.set_no_delay(on);
  settings.no_delay = on;
}

/// Whole seconds (S18.13); only a change is passed to the system.
NET_API void SocketState::set_keep_alive(bool on, Duration delay) {
  const int seconds = whole_seconds(delay);
  const bool changed = settings.keep_alive != on || (on && (cold ? cold->keep_alive_seconds : 0) != seconds);
  settings.keep_alive = on;
  if (on && (seconds != 0 || cold)) ensure_cold().keep_alive_seconds = seconds;
  if (changed && has_tcp()) channel.set_keep_alive(on, seconds);
}

NET_API void SocketState::set_type_of_service(int value) {
  if (value < 0 || value > 255) throw_error(out_of_range("tos", ">= 0 && <= 255", std::to_string(value)));
  ensure_cold().type_of_service = value;
  if (!has_tcp()) return;
  if (const int failed = channel.set_type_of_service(value); failed < 0)
    throw_error(system_failure(-failed, "setTypeOfService"));
}

NET_API int SocketState::get_type_of_service() const {
  if (!has_tcp()) return cold && cold->type_of_service > 0 ? cold->type_of_service : 0;
  const int value = channel.get_type_of_service();
  if (value < 0) throw_error(system_failure(-value, "getTypeOfService"));
  return value;
}

/// What was asked for before there was a connection.
NET_API void SocketState::apply_options() {
  if (is_path || !channel.is_open()) return;
  if (settings.no_delay) channel.set_no_delay(true);
  if (settings.keep_alive) channel.set_keep_alive(true, cold ? cold->keep_alive_seconds : 0);
  if (cold && cold->type_of_service >= 0) {
    if (const int failed = channel.set_type_of_service(cold->type_of_service); failed < 0) {
      emit_error_event(system_failure(-failed, "setTypeOfService"));
    }
  }
}

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif
#endif

// From the kernel into the stream. Internal.
#ifndef NET_DETAIL_STREAM_READ_IPP
#define NET_DETAIL_STREAM_READ_IPP

#if NET_BODIES

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

/// One 'data' carries at most this much (S14.4), however much one read brought.
inline constexpr std::size_t max_chunk = 65536;

// ── from the kernel ────────────────────────────────────────────────────────

NET_API void SocketState::watch_readable() {
  if (read_interest || !channel.is_open() || destroyed()) return;
  read_interest = true;
  update_watch();
  if (cold && !cold->unread.empty()) {
    loop->pending().push({Ref<Handle>(this), job_of<&SocketState::deliver_unread>});
  }
}

NET_API void SocketState::unwatch_readable() {
  if (!read_interest) return;
  read_interest = false;
  update_watch();
}

NET_GNU(noinline) NET_API void SocketState::read() {
  if (!can_read_fast() || buffer || (cold && !cold->unread.empty())) return read_slow(false);
  const ReadResult got = channel.read(loop->receive_buffer(), LoopCore::receive_capacity);
  if (got.size > 0 && static_cast<std::size_t>(got.size) <= max_chunk) [[likely]] {
    bytes_read += static_cast<std::size_t>(got.size);
    need_readable = reading = true;  // what the next read would note
    if (listeners.has(on_data)) emit_event<on_data>(got.view());
    if ((ended() || buffer) && !destroyed() && !has_space()) [[unlikely]] {
      reading = false;  // what the listener put back filled it up
      unwatch_readable();
    }
    return;
  }
  read_loop(got, false);
}

/// Whether an accepted connection's first message, or its end, is there already; then it is emitted.
NET_API bool SocketState::speculative_read() {
  if (!read_interest) return false;
  read();
  return bytes_read != 0 || !read_interest;
}

NET_GNU(noinline) NET_API void SocketState::read_slow(bool to_the_end) {
  if (!read_interest) return;
  if (users_buffer) return cold->onread->read(*this, to_the_end);
  if (cold && !cold->unread.empty()) return deliver_unread();
  read_loop(channel.read(loop->receive_buffer(), LoopCore::receive_capacity), to_the_end);
}

/// Bounded: no socket may starve the rest.
NET_GNU(noinline) NET_API void SocketState::read_loop(ReadResult got, bool to_the_end) {
  for (int reads = 8; got.size > 0; got = channel.read(loop->receive_buffer(), LoopCore::receive_capacity)) {
    deliver(got.view());
    if (!read_interest || --reads == 0) return;
    // when the connection is over the end stands behind this, and one more read is less than one more turn
    if (static_cast<std::size_t>(got.size) < LoopCore::receive_capacity && !to_the_end) return;
    loop->flush_batch();
    loop->drain_ticks();  // S2.2: before the next 'data'
    if (!read_interest) return;
  }
  on_no_bytes(got.size);
}

/// There is nothing now, the kernel is out of memory, or this is the end.
NET_API void SocketState::on_no_bytes(std::ptrdiff_t got) {
  if (got != would_block) short_of_memory(got) ? wait_for_memory() : on_read_end(got);
}

/// The kernel will give no more: the end of the stream, or an error.
NET_API void SocketState::on_read_end(std::ptrdiff_t got) {
  if (got == 0 && ends_quietly()) return end_quietly();
  touch();
  unwatch_readable();
  if (got < 0) return fail(system_failure(static_cast<int>(-got), "read"));
  if (end_emitted()) return;
  push_end();
  read_zero();
}

/// S25: into the user's memory, one callback a read.
NET_API void SocketState::read_onread(bool to_the_end) {
  for (int reads = 32; reads > 0 && read_interest; --reads) {
    const std::span<std::byte> into = cold->onread->buffer;
    if (into.empty()) return on_read_end(-ENOBUFS);  // reading nothing would look like the end
    const ReadResult lent = channel.read(reinterpret_cast<char*>(into.data()), into.size());
    const std::ptrdiff_t got = lent.size;
    if (got <= 0) return on_no_bytes(got);
    if (lent.bytes != reinterpret_cast<char*>(into.data())) {
      std::memcpy(into.data(), lent.bytes, static_cast<std::size_t>(got));  // the channel's own buffer
    }
    touch();
    bytes_read += static_cast<std::uint64_t>(got);
    const SameConnection same(*this);
    const bool more_wanted = cold->onread->asked.callback(static_cast<std::size_t>(got), into);
    if (!same) return;
    next_onread_buffer();
    if (!more_wanted) unwatch_readable();
    if (static_cast<std::size_t>(got) < into.size() && !to_the_end) return;
    loop->flush_batch();
    loop->drain_ticks();
  }
}

/// S25.4: no buffer at all leaves the one before; an empty one is one.
NET_API void SocketState::next_onread_buffer() {
  if (!cold->onread || !cold->onread->asked.allocate) return;
  const std::span<std::byte> given = cold->onread->asked.allocate();
  if (given.data() && cold->onread) cold->onread->buffer = given;
}

/// Emits what one read brought, in pieces; between two of them ticks run (S2.2). What cannot be emitted, because a
/// listener paused or threw, is kept as if it were still in the kernel; without memory for it the socket is given up.
NET_API void SocketState::deliver(std::string_view all) {
  if (all.size() <= max_chunk) return deliver_piece(all);
  struct Rest : Undelivered {
    SocketState& self;
    LoopCore& loop;
    SameConnection same{self};
    Rest(SocketState& socket, std::string_view all)
        : Undelivered{&socket, all, socket.loop->undelivered()}, self(socket), loop(*socket.loop) {
      loop.undelivered() = this;
    }
    Rest(const Rest&) = delete;
    Rest& operator=(const Rest&) = delete;
    ~Rest() {
      loop.undelivered() = outer;
      if (!bytes.empty()) undo_or_give_up(self, [this] { keep(); });
    }
    void keep() {
      const std::string_view left = detail::exchange(bytes, {});
      if (self.destroyed() || !same) return;
      self.ensure_cold().unread.insert(0, left);
      if (!self.read_interest) return;
      self.read_interest = false;  // so that starting again delivers it from the loop
      self.watch_readable();
    }
  } rest(*this, all);
  for (;;) {
    const std::string_view piece = rest.bytes.substr(0, max_chunk);
    rest.bytes.remove_prefix(piece.size());
    deliver_piece(piece);
    if (rest.bytes.empty()) return;
    loop->flush_batch();
    loop->drain_ticks();
    if (!read_interest || destroyed() || !rest.same) return rest.keep();
  }
}

NET_API void SocketState::deliver_piece(std::string_view piece) {
  bytes_read += piece.size();
  touch();
  if (!push(piece) && !destroyed()) unwatch_readable();
}

NET_API void SocketState::deliver_unread() {
  if (!read_interest || destroyed() || !cold) return;
  const std::string unread = detail::exchange(cold->unread, {});
  if (!unread.empty()) deliver(unread);
}

/// What a read from the kernel brings into the stream; false: no more for now.
NET_API bool SocketState::push(std::string_view bytes) {
  if (destroyed()) return false;
  reading = false;
  std::string text;
  if (decodes) {
    text = cold->decode(bytes, Decode::piece);
    bytes = text;
  }
  if (bytes.empty()) {
    maybe_read_more();
  } else if (flow_state == Flow::flowing && !buffer && (data_listening || !by_buffer)) {
    need_readable = reading = true;  // what the next read would note
    if (listeners.has(on_data)) emit_event<on_data>(bytes);
    if (buffer && !has_space()) reading = false;  // what the listener put back filled it up
  } else {
    buffer_bytes(decodes ? std::move(text) : std::string(bytes));
    if (need_readable) emit_readable();
    maybe_read_more();
  }
  return has_space();
}

NET_API void SocketState::buffer_bytes(std::string&& bytes) {
  if (!buffer) buffer = new ReadBuffer;
  buffer->push(std::move(bytes));
}

NET_API void SocketState::push_end() {
  reading = false;
  if (ended()) return;
  if (decodes) {
    std::string rest = cold->decode({}, Decode::end);
    if (!rest.empty()) buffer_bytes(std::move(rest));
  }
  read_end.move_to(ReadEnd::eof_read);
  need_readable = false;
  readable_emitted = true;
  emit_readable_now();
}

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif
#endif

// From the buffer to the listeners: 'data', 'readable' and 'end'. Internal.
#ifndef NET_DETAIL_STREAM_READABLE_IPP
#define NET_DETAIL_STREAM_READABLE_IPP

#if NET_BODIES

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

// ── to the listeners ───────────────────────────────────────────────────────

/// A read of more than the mark raises it, as in Node: to the next power of two.
inline void raise_read_mark(SocketState& self, std::size_t n) noexcept {
  if (n <= self.read_mark) return;
  std::size_t power = 1;
  while (power < n && power < std::size_t{1} << 30) power <<= 1;
  self.read_mark = power;
}

/// How much of what is buffered a read takes: Node's howMuchToRead.
inline std::size_t amount_to_take(const SocketState& self, std::size_t n, bool all) noexcept {
  const std::size_t there = self.read_length();
  if (there == 0 || (!all && n == 0)) return 0;
  if (!all) return n <= there ? n : self.ended() ? there : 0;
  if (self.flow_state != Flow::flowing || self.released) return there;
  return self.buffer->pieces.first().size();
}

/// Takes one piece out of the buffer: `n` bytes, or, if `all` and not flowing, everything. False: nothing to give.
NET_API bool SocketState::read_piece(std::size_t n, bool all, std::string& piece, bool silently) {
  if (!all) raise_read_mark(*this, n);
  if (all || n != 0) readable_emitted = false;
  const std::size_t length = read_length();
  if (!all && n == 0 && need_readable && ((read_mark != 0 ? length >= read_mark : length > 0) || ended())) {
    length == 0 && ended() ? end_readable() : emit_readable();
    return false;
  }
  const std::size_t take = amount_to_take(*this, n, all);
  if (take == 0 && ended()) {
    if (length == 0) end_readable();
    return false;
  }
  bool more_wanted = need_readable || length == 0 || length - take < read_mark;
  if (ended() || reading || destroyed() || errored()) more_wanted = false;
  if (more_wanted) {
    reading = true;
    never_read = false;
    if (length == 0) need_readable = true;
    request_read();
  }
  if (take == 0) {
    need_readable = length <= read_mark;
  } else {
    buffer->take(take, piece);
  }
  if (read_length() == 0) {
    if (buffer) delete detail::exchange(buffer, nullptr);
    if (!ended()) need_readable = true;
    if ((all || n != take) && ended()) end_readable();
  }
  if (take == 0) return false;
  if (!close_ticked && !silently) emit_event<on_data>(std::string_view(piece));
  return true;
}

NET_API void SocketState::read_zero() {
  std::string nothing;
  (void)read_piece(0, false, nothing);
}

/// What read_zero() does on a socket that has never been read from.
NET_API void SocketState::prime_read() {
  need_readable = reading = true;
  never_read = false;
  request_read();
}

NET_API void SocketState::flow() {
  if (flow_state != Flow::flowing || released) return;
  if (!buffer && !ended() && reading) {  // there is nothing, and what comes will be emitted
    readable_emitted = false;
    need_readable = true;
    return;
  }
  // a listener that throws does not hold up the rest
  OnThrow again{*this, [](SocketState& self) { self.tick_always(step_of<&SocketState::flow>); }};
  std::string piece;
  // S14.18: nothing after destroy(): what is left is taken without a word
  while (flow_state == Flow::flowing && read_piece(0, true, piece, destroyed())) {}
  again.passed = true;
}

NET_API void SocketState::emit_readable() {
  need_readable = false;
  if (readable_emitted) return;
  readable_emitted = true;
  tick_always(step_of<&SocketState::emit_readable_now>);
}

NET_API void SocketState::emit_readable_now() {
  if (!destroyed() && !errored() && (read_length() > 0 || ended())) {
    emit_event<on_readable>();
    readable_emitted = false;
  }
  need_readable = flow_state != Flow::flowing && !ended() && read_length() <= read_mark;
  flow();
}

/// Reads on, on a tick, until the high-water mark is reached.
NET_API void SocketState::maybe_read_more() {
  if (reading_more) return;
  reading_more = true;
  tick_always([](SocketState& self) {
    if (!self.reading && !self.ended() &&
        (self.read_length() < self.read_mark || (self.flow_state == Flow::flowing && self.read_length() == 0))) {
      self.read_zero();
    }
    self.reading_more = false;
  });
}

/// The other side has ended, and nobody listens to what follows from it.
NET_API bool SocketState::ends_quietly() const noexcept {
  constexpr unsigned followed_by[] = {on_end, on_readable, on_prefinish, on_finish};
  for (const unsigned event : followed_by) {
    if (listeners.has(event)) return false;
  }
  return can_read_fast() && can_write_fast() && !buffer && !end_emitted() && !settings.allow_half_open &&
         !removed_end_listener;
}

/// Where 'end' and the ticks around it would lead, in one step (S16.8).
NET_API void SocketState::end_quietly() {
  read_interest = reading = need_readable = false;
  read_end.move_to(ReadEnd::end_emitted);
  ended_by_other = true;
  write_end.move_to(WriteEnd::final_called);
  call_final();
}

NET_API void SocketState::end_readable() {
  if (end_emitted() || end_waits()) return;
  tick(step_of<&SocketState::end_readable_now>);
}

NET_API void SocketState::end_readable_now() {
  if (errored() || close_ticked || end_emitted() || end_waits() || read_length() > 0) return;
  read_end.move_to(ReadEnd::end_emitted);
  if (!settings.allow_half_open && !removed_end_listener) ended_by_other = true;
  OnThrow again{*this, step_of<&SocketState::after_end>};
  emit_event<on_end>();
  again.passed = true;
  if (again.same) after_end();
}

/// S16.6, S16.11: the own end follows, on a tick; or everything is over.
NET_API void SocketState::after_end() {
  const bool still_writable = !destroyed() && !errored() && !ending();
  if (still_writable && !settings.allow_half_open) {
    tick([](SocketState& self) {
      if (!self.destroyed() && !self.errored() && !self.ending()) self.end({});
    });
  } else if (finished()) {
    destroy(no_error());
  }
}

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif
#endif

// How a socket begins anew: what belongs to the old connection stays behind. Internal.
#ifndef NET_DETAIL_STREAM_RECONNECT_IPP
#define NET_DETAIL_STREAM_RECONNECT_IPP

#if NET_BODIES

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

/// S12.21: a new connection finds everything as new, except what is named here and what is no part of a connection.
NET_API void SocketState::undestroy() {
  ColdConnection fresh;  // what needs memory comes first
  leave_writes_behind();
  for (unsigned which = 0; which < own_count; ++which) {
    if (which != own_read) drop_own(static_cast<OwnListener>(which));
  }
  if (released) delete detail::exchange(buffer, nullptr);
  count_bytes();
  static_cast<Connection&>(*this) = Connection();
  static_cast<ReadGate&>(*this) = {.flow_state = flow_state,
                                   .users_buffer = users_buffer,
                                   .decodes = decodes,
                                   .timed = timed,
                                   .by_buffer = by_buffer};
  static_cast<WriteGate&>(*this) = {.corked = corked};
  if (cold) static_cast<ColdConnection&>(*cold) = std::move(fresh);
  ++generation;
}

/// Writes and ends whose callbacks had not been called when their connection made way for another one. They are called
/// on a tick, and do nothing to the new connection, unless they were made for it: before the first connect() (S15.14).
struct LeftWrites {
  std::size_t owners = 0;
  Ref<SocketState> socket;
  Backlog* backlog = nullptr;
  Queue<WriteCallback> ends;
  Error in_flight, buffered, ended;
  bool finishes = false;
  bool fails = false;
  std::uint64_t generation = 0;  // of the connection that follows

  ~LeftWrites() { delete backlog; }
  void retain() noexcept { ++owners; }
  void release() noexcept {
    if (--owners == 0) delete this;
  }

  /// Whoever throws does not hold up the others, with or without memory.
  static void settle(LeftWrites& self) {
    Place<Callback> place(self.socket->loop->ticks());  // from which this step has just come
    CallOnThrow again([&] { place.push(self.step()); });
    if (self.backlog) {
      call_all(self.backlog->done, no_error());
      call_all(self.backlog->in_flight, self.in_flight);
      call_all(self.backlog->buffered, self.buffered);
    }
    while (!self.ends.empty()) {
      const WriteCallback callback = self.ends.pop_front();
      callback(self.ended);
    }
    SocketState& socket = *self.socket;
    if (detail::exchange(self.finishes, false)) socket.emit_event<on_finish>();
    again.passed = true;
    if (self.fails && socket.generation == self.generation) {
      or_give_up(socket, [&] { socket.fail(self.in_flight); });
    }
  }
  Callback step() noexcept {
    return [left = Ref<LeftWrites>(this)] { settle(*left); };
  }

 private:
  static void call_all(WriteQueue& queue, const Error& error) {
    while (!queue.empty()) {
      const WriteCallback callback = std::move(queue.first()->callback);
      queue.pop();
      if (callback) callback(error);
    }
  }
};

NET_API void SocketState::leave_writes_behind() {
  const bool flying = backlog && !backlog->in_flight.empty();
  const bool waits =
      flying || (backlog && !backlog->done.empty()) || owes_callbacks() || write_end == WriteEnd::prefinished;
  if (waits) {
    const Ref<LeftWrites> left(new LeftWrites);
    left->socket = Ref<SocketState>(this);
    loop->ticks().reserve(1);
    if (flying) {
      left->in_flight = request == WriteRequest::awaits_connection
                            ? make_error(Errc::ERR_SOCKET_CLOSED_BEFORE_CONNECTION)
                            : error_or(Errc::ERR_SOCKET_CLOSED);
      left->buffered = left->ended = left->in_flight;
    } else {
      left->buffered = error_or(Errc::ERR_STREAM_DESTROYED);
      left->ended = errored() ? cold->errored : write_end >= WriteEnd::prefinished ? no_error() : end_after_destroy();
    }
    left->finishes = write_end == WriteEnd::prefinished && !channel.is_open();
    left->fails = flying && !destroyed();
    left->generation = generation + 1;
    // nothing needs memory any more
    left->backlog = detail::exchange(backlog, nullptr);
    if (cold) left->ends.swap(cold->finish_callbacks);
    loop->ticks().push(left->step());
  }
  delete detail::exchange(backlog, nullptr);
}

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif
#endif

// What waits to be sent: in flight, buffered, before the connection, and when it fails. Internal.
#ifndef NET_DETAIL_STREAM_SEND_IPP
#define NET_DETAIL_STREAM_SEND_IPP

#if NET_BODIES

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

// ── in flight ──────────────────────────────────────────────────────────────

/// The kernel has space again.
NET_API void SocketState::send_in_flight() {
  if (loop->inert()) return;  // a listener forked: what is in flight is the parent's to send (S31.1)
  for (int sends = 32; sends > 0; --sends) {
    IoSlice slices[max_slices];
    const std::size_t count = backlog->in_flight.slices(slices, max_slices);
    if (count == 0) return in_flight_taken();
    const std::ptrdiff_t sent = channel.write(slices, count);
    if (sent == would_block) return;
    if (short_of_memory(sent)) return wait_for_memory();
    if (sent < 0) return write_failed(system_failure(static_cast<int>(-sent), "write"));
    backlog->in_flight.consume(static_cast<std::size_t>(sent));
    if (cold) cold->write_progress = true;
    std::size_t offered = 0;
    for (std::size_t i = 0; i < count; ++i) offered += slices[i].size;
    if (static_cast<std::size_t>(sent) < offered) return;
  }
}

NET_API void SocketState::in_flight_taken() {
  touch();
  request.move_to(WriteRequest::none);
  write_length -= detail::exchange(backlog->in_flight_length, 0);
  // the callbacks of this request are called now, before those of the next one
  std::size_t count = 0;
  for (const WriteNode* node = backlog->in_flight.first(); node; node = node->next) ++count;
  backlog->in_flight.move_to(backlog->done);
  if (!backlog->buffered.empty()) send_buffered();
  if (!writing()) update_watch();
  if (shutting_down && !writing()) {
    loop->pending().push({Ref<Handle>(this), job_of<&SocketState::shutdown_now>});
  }
  after_write(count);
}

/// All that was buffered becomes the next request.
NET_API void SocketState::send_buffered() {
  if (corked || destroyed() || !backlog || backlog->buffered.empty()) return;
  if (loop->inert()) return;
  if (loop->batched_by(*this)) {
    loop->flush_batch();  // it is older; what the kernel does not take of it is in flight, and this stays behind it
    if (writing() || errored()) return;
  }
  const std::size_t size = write_length - backlog->in_flight_length;
  std::size_t count = 0;
  bool callbacks = false;
  for (const WriteNode* node = backlog->buffered.first(); node; node = node->next)
    ++count, callbacks = callbacks || node->callback;
  backlog->buffered.move_to(backlog->in_flight);
  backlog->in_flight_length = size;
  if (connecting()) return wait_for_connect();
  if (!has_handle()) return write_failed_later(make_error(Errc::ERR_SOCKET_CLOSED), {});
  request.move_to(WriteRequest::in_flight);
  bytes_sent += size;
  touch();
  for (;;) {
    IoSlice slices[max_slices];
    const std::size_t slice_count = backlog->in_flight.slices(slices, max_slices);
    if (slice_count == 0) break;
    const std::ptrdiff_t sent = channel.write(slices, slice_count);
    if (means_later(sent)) return update_watch();
    if (sent < 0) return write_failed_later(system_failure(static_cast<int>(-sent), "write"), {});
    backlog->in_flight.consume(static_cast<std::size_t>(sent));
  }
  // taken at once: called on a tick
  request.move_to(WriteRequest::none);
  write_length -= detail::exchange(backlog->in_flight_length, 0);
  if (callbacks || (need_drain && write_length == 0 && !drain_ticking)) {
    backlog->in_flight.move_to(backlog->done);
    drain_ticking = true;
    tick_with<&SocketState::after_write>(count);
  } else {
    // not by way of `done`, where those of an earlier request may still wait
    while (count-- > 0) backlog->in_flight.pop();
    maybe_finish();
  }
}

NET_API void SocketState::uncork() {
  if (!corked) return;
  corked = --cold->corks > 0;
  if (!writing()) send_buffered();
}

NET_API void SocketState::uncork_all() {
  if (!corked) return;
  cold->corks = 1;
  uncork();
}

// ── before the connection ──────────────────────────────────────────────────

/// The first write waits for 'connect', in its place among the listeners (S15.12, S15.13).
NET_API void SocketState::wait_for_connect() {
  once_inside(own_write_closed, on_close, [](SocketState& self) {
    if (self.request == WriteRequest::awaits_connection)
      self.write_failed(make_error(Errc::ERR_SOCKET_CLOSED_BEFORE_CONNECTION));
  });
  CallOnThrow undo([this] { drop_own(own_write_closed); });
  once_inside(own_write, on_connect, [](SocketState& self) {
    self.drop_own(own_write_closed);
    if (self.request == WriteRequest::awaits_connection) self.send_pending_connect();
  });
  undo.passed = true;
  request.move_to(WriteRequest::awaits_connection);
}

NET_API void SocketState::send_pending_connect() {
  request.move_to(WriteRequest::in_flight);
  if (!channel.is_open()) return write_failed(make_error(Errc::ERR_SOCKET_CLOSED));
  bytes_sent += backlog->in_flight_length;
  touch();
  send_in_flight();
  if (writing()) update_watch();
}

// ── failure ────────────────────────────────────────────────────────────────

/// Forgets the request that was under way.
NET_RARE void SocketState::drop_request(const Error& error) {
  request.move_to(WriteRequest::none);
  if (backlog) write_length -= detail::exchange(backlog->in_flight_length, 0);
  failed_with(error);
}

/// Known inside write(): emitted on the next tick. What needs memory comes first: a write() that throws is none.
NET_RARE void SocketState::write_failed_later(const Error& error, WriteCallback callback) {
  (void)ensure_cold();
  WriteQueue& failed = ensure_backlog().in_flight;
  loop->ticks().reserve(1);
  Callback emission = SocketTickWith<&SocketState::write_failed, Error>{Owing<SocketState>(*this), error, generation};
  WriteNode* node = WriteNode::copy(nullptr, 0);
  node->callback = std::move(callback);
  failed.push(node);
  drop_request(error);
  loop->ticks().push(std::move(emission));
  update_watch();
}

/// The callbacks of what was in flight, of what waited behind it, of end(); then 'error' (S15.19, S15.20).
NET_RARE void SocketState::write_failed(const Error& error) {
  drop_request(error);
  OnThrowWith again{*this, error,
                    +[](SocketState& self, const Error& why) { self.tick_with<&SocketState::write_failed>(why); }};
  while (again.same && backlog && !backlog->in_flight.empty()) {
    const WriteCallback callback = std::move(backlog->in_flight.first()->callback);
    backlog->in_flight.pop();
    if (callback) callback(error);
  }
  if (again.same) fail_buffered();
  again.passed = true;
  if (!again.same) return;
  fail(error);
  update_watch();
}

/// Everything that can no longer be sent learns of it; also what waits for the end.
NET_API void SocketState::fail_buffered() {
  if (writing()) return;
  OnThrow again{*this, tick_step_of<&SocketState::fail_buffered>};
  while (again.same && backlog && !backlog->buffered.empty()) {
    WriteNode* node = backlog->buffered.first();
    const WriteCallback callback = std::move(node->callback);
    write_length -= node->size;
    backlog->buffered.pop();
    if (callback) callback(error_or(Errc::ERR_STREAM_DESTROYED));
  }
  if (again.same) call_finish_callbacks(errored() ? cold->errored : end_after_destroy());
  again.passed = true;
}

NET_API void SocketState::call_finish_callbacks(const Error& error) {
  const SameConnection same(*this);
  while (same && cold && !cold->finish_callbacks.empty()) {
    const WriteCallback callback = cold->finish_callbacks.pop_front();
    callback(error);
  }
}

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif
#endif

// One write of a socket: into the write batch, to the kernel, or behind what waits. Internal.
#ifndef NET_DETAIL_STREAM_WRITE_IPP
#define NET_DETAIL_STREAM_WRITE_IPP

#if NET_BODIES

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

// ── one write ──────────────────────────────────────────────────────────────

/// The common case of a small write: batched, to leave when the listener has returned. Null: it is another case.
/// Nothing in here needs a stack frame.
NET_GNU(noinline) NET_API char* SocketState::batch(const char* data, std::size_t size) noexcept {
  if (!can_write_fast() || timed || size - 1 >= LoopCore::batch_capacity / 2 || write_mark <= LoopCore::batch_capacity)
    return nullptr;
  char* const place = loop->batch_if_free(*this, &flush_batched, size);
  if (!place) return nullptr;
  bytes_sent += size;
  note_answer();
  return static_cast<char*>(std::memcpy(place, data, size));
}

/// One write, and the ways that it can go.
struct OneWrite {
  SocketState& socket;
  const WriteSource& source;
  WriteCallback& callback;

  std::size_t size() const noexcept { return source.bytes.size(); }
  bool has_to_wait() const { return socket.writing() || socket.corked || socket.errored(); }

  /// Into the write batch. False: it does not fit there.
  bool batch() {
    LoopCore& loop = *socket.loop;
    if (size() > LoopCore::batch_capacity / 2 || socket.write_mark <= LoopCore::batch_capacity || !loop.inside())
      return false;
    WriteQueue to_call;
    if (callback || socket.need_drain) socket.prepare_to_emit(to_call, callback);
    if (size() > 0) {
      char* const place = loop.batch_for(socket, &SocketState::flush_batched, size());
      if (!place) {
        if (!to_call.empty()) callback = std::move(to_call.first()->callback);
        return false;
      }
      std::memcpy(place, source.bytes.data(), size());
    }
    socket.bytes_sent += size();
    socket.touch();
    if (!to_call.empty()) ++socket.backlog->batch_callbacks;
    if (!to_call.empty() || socket.need_drain) socket.emit_written(to_call);
    return true;
  }

  /// Behind what waits.
  void wait_behind() {
    WriteQueue& behind = socket.ensure_backlog().buffered;
    WriteNode* const node = source.node(0);
    node->callback = std::move(callback);
    behind.push(node);
    socket.write_length += size();
  }

  /// First of what waits for the connection.
  void wait_for_connect() {
    (void)socket.ensure_backlog();
    WriteQueue first;
    first.push(source.node(0));
    socket.wait_for_connect();
    first.first()->callback = std::move(callback);
    first.move_to(socket.backlog->in_flight);
    socket.backlog->in_flight_length = size();
    socket.write_length += size();
  }

  /// To the kernel; what it does not take is in flight.
  void send() {
    std::size_t taken = 0;
    socket.touch();
    WriteQueue to_call;
    if (callback || socket.need_drain) socket.prepare_to_emit(to_call, callback);
    // if there is no memory for the rest of what the kernel took a part of, nothing can be right any more
    struct Half {
      SocketState& self;
      const std::size_t& taken;
      bool corked;
      bool passed = false;
      ~Half() {
        if (!passed && (taken > 0 || corked)) self.give_up();
      }
    } half{socket, taken, socket.loop->batched_by(socket)};
    const bool sent = socket.send_now(source.bytes.data(), size(), taken);
    if (sent && (taken < size() || socket.writing())) {
      leave_in_flight(taken, to_call);
    } else {
      socket.bytes_sent += size();
      if (!sent)
        socket.write_failed_later(socket.cold->errored, to_call.empty() ? WriteCallback() : taken_from(to_call));
      else if (!to_call.empty() || socket.need_drain)
        socket.emit_written(to_call);
    }
    half.passed = true;
  }

 private:
  static WriteCallback taken_from(WriteQueue& to_call) { return std::move(to_call.first()->callback); }

  /// Behind what is left of the batch, if anything is.
  void leave_in_flight(std::size_t taken, WriteQueue& to_call) {
    (void)socket.ensure_backlog();
    WriteNode* const node = source.node(taken);
    if (!to_call.empty()) node->callback = taken_from(to_call);
    socket.bytes_sent += size();
    socket.backlog->in_flight.push(node);
    socket.backlog->in_flight_length += size();
    socket.write_length += size();
    socket.request.move_to(WriteRequest::in_flight);
    socket.update_watch();
  }
};

/// Takes all the bytes, always; the result only advises (S15.4).
NET_API bool SocketState::write(const WriteSource& source, WriteCallback callback) {
  if (ending() || destroyed()) return refuse_write(callback);
  if (loop->inert()) return false;  // the connection is the parent's (S31.1)
  note_answer();
  OneWrite one{*this, source, callback};
  if (!one.has_to_wait() && phase == Phase::open && one.batch()) return true;
  if (one.has_to_wait()) {  // perhaps since the batch before it went
    one.wait_behind();
  } else if (connecting()) {
    one.wait_for_connect();
  } else if (!has_handle()) {
    write_failed_later(make_error(Errc::ERR_SOCKET_CLOSED), std::move(callback));
  } else {
    one.send();
  }
  const bool has_space = write_length < write_mark || write_length == 0;
  if (!has_space) need_drain = true;
  return has_space && !errored() && !destroyed();
}

/// Sends what is batched and then these bytes, in one call. False: the connection is broken, `cold->errored` says
/// how. What is left of the batch is in flight then; `taken` counts only the new bytes.
NET_API bool SocketState::send_now(const char* data, std::size_t size, std::size_t& taken) {
  const std::size_t batched = loop->batched_by(*this) ? loop->batch_size() : 0;
  if (batched + size == 0) return true;
  const IoSlice slices[2] = {{loop->batch_data(), batched}, {data, size}};
  std::ptrdiff_t sent = channel.write(batched > 0 ? slices : slices + 1, batched > 0 && size > 0 ? 2 : 1);
  const bool broken = sent < 0 && !means_later(sent);
  if (broken) failed_with(system_failure(static_cast<int>(-sent), "write"));
  if (batched > 0) batch_sent(batched, sent);
  const std::size_t done = sent < 0 ? 0 : static_cast<std::size_t>(sent);
  taken = done < batched ? 0 : done - batched;
  return !broken;
}

/// What the kernel did not take of the batch is in flight from now on, unless the connection is broken.
NET_API void SocketState::batch_sent(std::size_t batched, std::ptrdiff_t sent) {
  const std::size_t done = sent < 0 ? 0 : static_cast<std::size_t>(sent);
  if (done < batched) {
    const std::size_t left = batched - done;
    WriteQueue& rest = ensure_backlog().in_flight;
    rest.push(WriteNode::copy(loop->batch_data() + done, left));
    backlog->in_flight_length += left;
    write_length += left;
    request.move_to(sent >= 0 || means_later(sent) ? WriteRequest::in_flight : WriteRequest::none);
    // those who were to be called on a tick wait for the rest
    backlog->done.move_last_to(backlog->in_flight, backlog->batch_callbacks);
  }
  if (backlog) backlog->batch_callbacks = 0;
  loop->forget_batch();
}

/// The listener that batched small writes has returned, or another socket wants the space.
NET_API void SocketState::flush_batched(Handle& handle) {
  auto& self = static_cast<SocketState&>(handle);
  LoopCore& loop = *self.loop;
  if (!self.channel.is_open()) return loop.forget_batch();
  const IoSlice all{loop.batch_data(), loop.batch_size()};
  const std::ptrdiff_t sent = self.channel.write(&all, 1);
  if (sent == static_cast<std::ptrdiff_t>(loop.batch_size())) [[likely]] {
    if (self.backlog) self.backlog->batch_callbacks = 0;
    return loop.forget_batch();
  }
  self.batch_left(loop.batch_size(), sent);
}

/// The kernel did not take all of it, or nothing at all any more.
NET_RARE void SocketState::batch_left(std::size_t batched, std::ptrdiff_t sent) {
  or_give_up(*this, [&] {
    batch_sent(batched, sent);
    if (sent >= 0 || means_later(sent)) return update_watch();
    const Error error = system_failure(static_cast<int>(-sent), "write");
    failed_with(error);
    tick_with<&SocketState::write_failed>(error);
  });
}

/// What the callback of a write needs, before anything is written.
NET_API void SocketState::prepare_to_emit(WriteQueue& to_call, WriteCallback& callback) {
  loop->ticks().reserve(1);
  if (!callback) return;
  (void)ensure_backlog();
  to_call.push(WriteNode::copy(nullptr, 0));
  to_call.first()->callback = std::move(callback);
}

/// The kernel took the whole write at once: 'drain' if it is owed, and the callback, on a tick.
NET_API void SocketState::emit_written(WriteQueue& to_call) {
  if (to_call.empty()) {
    if (write_length == 0 && !drain_ticking) {
      drain_ticking = true;
      tick([](SocketState& self) { self.after_write(0); });
    }
    return;
  }
  to_call.move_to(backlog->done);
  drain_ticking = true;
  tick([](SocketState& self) { self.after_write(1); });
}

/// 'drain', if it is owed, and then the callbacks of `count` writes.
NET_API void SocketState::after_write(const std::size_t& last) {
  std::size_t count = last;
  drain_ticking = false;
  if (loop->batched_by(*this)) loop->flush_batch();
  // an exception in 'drain' or in a callback does not swallow what comes behind it
  OnThrowWith again{*this, count, +[](SocketState& self, const std::size_t& left) {
                      self.tick_with<&SocketState::after_write>(left);
                    }};
  if (need_drain && !ending() && !destroyed() && write_length == 0) {
    need_drain = false;
    emit_event<on_drain>();
  }
  while (count > 0 && again.same && backlog && !backlog->done.empty()) {
    --count;
    const WriteCallback callback = std::move(backlog->done.first()->callback);
    backlog->done.pop();
    if (callback) callback(no_error());
  }
  again.passed = true;
  if (!again.same) return;
  if (destroyed()) fail_buffered();
  maybe_finish();
}

/// S15.15-S15.17, S16.8: what a write in a wrong state gets; the write of an end(data) does not say who ended (S16.5).
NET_RARE Error SocketState::refusal(bool names_other) const {
  if (!ending()) return make_error(Errc::ERR_STREAM_DESTROYED);
  return names_other && ended_by_other ? ended_by_other_party() : make_error(Errc::ERR_STREAM_WRITE_AFTER_END);
}

/// The callback comes before 'error'. If there is no memory for that one, neither comes.
NET_RARE bool SocketState::refuse_write(WriteCallback& callback) {
  const Error error = refusal(true);
  if (!callback || !loop) return fail(error), false;
  loop->ticks().push(call_later(error, std::move(callback)));
  CallOnThrow undo([this] { loop->ticks().take_back(); });
  fail(error);
  undo.passed = true;
  return false;
}

/// A callback on the next tick, whatever becomes of the connection.
NET_RARE Callback SocketState::call_later(const Error& error, WriteCallback callback) {
  return Tick{Ref<SocketState>(this), [error, call = std::move(callback)](SocketState&) { call(error); }};
}

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif
#endif

// The bodies of socket.hpp. Internal.
#ifndef NET_SOCKET_IPP
#define NET_SOCKET_IPP

#if NET_BODIES

namespace net::inline NET_ABI::inline NET_MACHINE {

NET_API Socket::Socket(Loop& loop, const SocketOptions& options)
    : state_(new detail::SocketState(detail::Access::core(loop))) {
  state_->set_up(options);
}

NET_API const Socket& Socket::start_at(int port, std::string_view host) const {
  detail::start_connecting(*state_, {.port = detail::explicit_port(port), .host = std::string(host)});
  return *this;
}

NET_API std::optional<AddressInfo> Socket::address() const {
  const detail::Endpoint end = local();
  if (!end) return std::nullopt;
  return AddressInfo{detail::endpoint_text(end), end.ip.family, end.port, {}};
}

NET_API std::optional<std::string> Socket::take(std::size_t n, bool all) const {
  std::string piece;
  if (state_->users_buffer && state_->phase == detail::Phase::open && !state_->ended())
    state_->watch_readable();  // S25.5
  if (!state_->loop) return std::nullopt;
  state_->loop->ticks().reserve(2);  // what follows needs no memory
  if (!state_->read_piece(n, all, piece)) return std::nullopt;
  return piece;
}

NET_API bool Socket::write(std::string_view text, Encoding encoding) const {
  return state_->write(detail::source_of(detail::encode(text, encoding)), {});
}

NET_API const Socket& Socket::unshift(std::string_view bytes) const {
  if (state_->loop) state_->unshift(bytes);
  return *this;
}

NET_API std::optional<Encoding> Socket::readableEncoding() const {
  if (!state_->decodes) return std::nullopt;
  return state_->cold->encoding;
}

NET_API const Socket& Socket::unpipe() const {
  if (state_->cold) detail::unpipe_all(*this);
  return *this;
}

NET_API const Socket& Socket::setTimeout(Duration idle) const {
  detail::require_timeout(idle, 1.7976931348623157e308);  // all that is finite: it counts as 2^31-1 (S18.8)
  if (!state_->destroyed() && state_->loop) state_->set_timeout(idle.milliseconds());
  return *this;
}

NET_API std::optional<std::chrono::milliseconds> Socket::timeout() const {
  if (!state_->cold || state_->cold->idle_length < 0) return std::nullopt;
  const double ms = state_->cold->idle_length;
  return ms < 9e18 ? std::chrono::milliseconds(static_cast<std::int64_t>(ms)) : (std::chrono::milliseconds::max)();
}

NET_API std::vector<std::string> Socket::autoSelectFamilyAttemptedAddresses() const {
  return state_->cold && state_->cold->attempted ? *state_->cold->attempted : std::vector<std::string>{};
}

NET_API std::optional<BlockList> Socket::blockList() const {
  if (!state_->cold || !state_->cold->block_list) return std::nullopt;
  return *state_->cold->block_list;
}

NET_API std::uint64_t Socket::bytesWritten() const {
  const std::size_t handed = state_->backlog && state_->request != detail::WriteRequest::awaits_connection
                                 ? state_->backlog->in_flight_length
                                 : 0;
  return state_->bytes_sent + (state_->write_length - handed);
}

NET_API ReadyState Socket::readyState() const {
  if (connecting()) return ReadyState::opening;
  if (readable()) return writable() ? ReadyState::open : ReadyState::readOnly;
  return writable() ? ReadyState::writeOnly : ReadyState::closed;
}

NET_API bool Socket::readable() const {
  return !state_->destroyed() && !state_->end_emitted() && state_->failure != detail::Failure::emitted;
}

NET_API std::optional<bool> Socket::readableFlowing() const {
  if (state_->flow_state == detail::Flow::unset) return std::nullopt;
  return state_->flow_state == detail::Flow::flowing;
}

NET_API const Socket& Socket::set_ref(bool on) const {
  state_->keeps_alive.refd = on;
  state_->recount();
  return *this;
}

NET_API Socket Socket::from_state(void* state) {
  return Socket(detail::Ref<detail::SocketState>(static_cast<detail::SocketState*>(state)));
}

NET_API detail::Endpoint Socket::local() const {
  return state_->channel.is_open() && !state_->connecting() ? state_->channel.local_end() : detail::Endpoint{};
}

}  // namespace net::inline NET_ABI::inline NET_MACHINE

#endif
#endif

// The bodies of running_task.hpp. Internal.
#ifndef NET_DETAIL_CORO_RUNNING_TASK_IPP
#define NET_DETAIL_CORO_RUNNING_TASK_IPP

#if NET_BODIES

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

NET_API RunningTask* RunningTask::in(const TaskLinks& task) noexcept {
  for (const TaskLinks* at = &task; at; at = at->inner) {
    for (RunningTask* running = innermost(); running; running = running->outer_) {
      if (running->frame_ == at->frame) return running;
    }
    if (at->joins) return at->joined->running_among(*at->joined);
  }
  return nullptr;
}

NET_API bool RunningTask::find_and_doom(TaskLinks& task) noexcept {
  RunningTask* const running = in(task);
  if (running) running->doom(task);
  return running != nullptr;
}

/// Nobody is told of its end any more.
NET_API void RunningTask::doom(TaskLinks& task) noexcept {
  if (task.outer) detail::exchange(task.outer, nullptr)->inner = nullptr;
  if (task.awaited) {
    task.caller = nullptr;
  } else if (task.end) {
    task.end->ended = [](TaskEnd&, TaskPromiseBase&) {};
  }
  TaskLinks** last = &doomed_;  // what others wait for was doomed before them, and goes before them
  while (*last) last = &(*last)->outer;
  *last = &task;
}

NET_API void RunningTask::destroy_doomed() noexcept {
  while (TaskLinks* const task = doomed_) {
    doomed_ = detail::exchange(task->outer, nullptr);
    if (!task->awaited && task->end) {
      task->end->destroy(*task->end);
    } else {
      task->frame.destroy();
    }
  }
}

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif
#endif

// The bodies of braced_options.hpp. Internal.
#ifndef NET_DETAIL_CORO_BRACED_OPTIONS_IPP
#define NET_DETAIL_CORO_BRACED_OPTIONS_IPP

#if NET_BODIES

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

NET_API BracedConnectOptions::operator ConnectOptions() const {
  return {.port = port,
          .host = std::string(host),
          .path = std::string(path),
          .localAddress = std::string(localAddress),
          .localPort = localPort,
          .family = family,
          .hints = hints,
          .lookup = lookup.copy(),
          .noDelay = noDelay,
          .keepAlive = keepAlive,
          .keepAliveInitialDelay = keepAliveInitialDelay,
          .autoSelectFamily = autoSelectFamily,
          .autoSelectFamilyAttemptTimeout = autoSelectFamilyAttemptTimeout,
          .blockList = blockList.copy(),
          .timeout = timeout,
          .allowHalfOpen = allowHalfOpen,
          .onread = onread,
          .signal = signal.copy(),
          .reusable = reusable};
}

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif
#endif

// The bodies of wait_limit.hpp. Internal.
#ifndef NET_DETAIL_CORO_WAIT_LIMIT_IPP
#define NET_DETAIL_CORO_WAIT_LIMIT_IPP

#if NET_BODIES

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

struct WaitLimit::Limits {
  explicit Limits(const WaitOptions& given) : options(given) {}

  WaitOptions options;
  void* waiting = nullptr;
  void (*give_up)(void*) = nullptr;
  Maybe<Error> why;
  AbortWatch aborts;
  Ref<TimerState> timer;

  /// Whoever waits goes on, and may destroy all of this.
  void over(const Error& error) {
    void (*const go_on)(void*) = detail::exchange(give_up, nullptr);
    if (!go_on) return;
    why.emplace(error);
    go_on(waiting);
  }
};

NET_API void throw_waits_already() {
  throw_error(make_error(Errc::ERR_INVALID_STATE, "Another task is in this wait already"));
}

NET_API void WaitLimit::make_limits(const WaitOptions& options) {
  if (options.timeout) require_timeout(*options.timeout);
  limits_ = new Limits(options);
}

NET_API void WaitLimit::require_not_aborted() const {
  const AbortSignal& signal = limits_->options.signal;
  if (signal.aborted()) throw_error(abort_failure(Access::state(signal).reason));
}

NET_API bool WaitLimit::was_given_up() const noexcept { return static_cast<bool>(limits_->why); }

NET_API void WaitLimit::require_not_given_up() const {
  if (limits_->why) throw_error(*limits_->why);
}

NET_API void WaitLimit::watch(LoopCore& loop, void* waiting, void (*give_up)(void*)) {
  Limits& limits = *limits_;
  if (limits.options.timeout) {
    limits.timer = Ref<TimerState>(new TimerState(loop));
    limits.timer->callback = [&limits] { limits.over(make_error(Errc::ERR_TIMEOUT)); };
    const double ms = limits.options.timeout->milliseconds();
    loop.start_timer(*limits.timer, ms < 1 ? 1 : static_cast<std::uint64_t>(ms), loop.now());
  }
  if (limits.options.signal) {
    const auto over = [](void* who, const Error& reason) { static_cast<Limits*>(who)->over(abort_failure(reason)); };
    limits.aborts = Access::state(limits.options.signal).attach(loop, {over, &limits});
    if (!limits.aborts) require_not_aborted();
  }
  limits.waiting = waiting;
  limits.give_up = give_up;
}

NET_API void WaitLimit::forget() noexcept {
  limits_->give_up = nullptr;
  limits_->aborts = {};
  if (!limits_->timer) return;
  const Ref<TimerState> timer = detail::exchange(limits_->timer, {});
  if (timer->loop) timer->loop->stop_timer(*timer);
}

NET_API void WaitLimit::drop() noexcept {
  forget();
  delete detail::exchange(limits_, nullptr);
}

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif
#endif

// The bodies of wait_place.hpp. Internal.
#ifndef NET_DETAIL_CORO_WAIT_PLACE_IPP
#define NET_DETAIL_CORO_WAIT_PLACE_IPP

#if NET_BODIES

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

NET_API void WaitingTask::leave() noexcept { place_->forget(); }

NET_API void WaitPlace::note(WaitingTask& waiting, LoopCore* loop, std::coroutine_handle<> task) {
  if (!loop) throw_error(make_error(Errc::ERR_STREAM_PREMATURE_CLOSE));
  waiting.limit_.start(*loop, &waiting, give_up);
  waiting.task_ = task;
  waiting.place_ = this;
  waiting_ = &waiting;
}

NET_API void WaitPlace::resume() {
  const std::coroutine_handle<> task = waiting_->task_;
  forget();
  RunningTask::resume(task);
}

NET_API void WaitPlace::forget() noexcept {
  if (!waiting_) return;
  waiting_->limit_.stop();
  detail::exchange(waiting_, nullptr)->place_ = nullptr;
}

/// Owned by the tick that resumes the task.
struct WaitPlace::Orphaned {
  WaitPlace place;
  std::size_t owners = 0;

  void retain() noexcept { ++owners; }
  void release() noexcept {
    if (--owners == 0) delete this;
  }
};

NET_API void WaitPlace::close(Handle& who) noexcept {
  if (!waiting_ || !who.loop || who.loop->inert()) return;
  undo_or_give_up(who, [&] {
    const Ref<Orphaned> orphaned(new Orphaned);
    who.loop->ticks().push([orphaned] { orphaned->place.resume_orphaned(); });
    waiting_->limit_.stop();
    waiting_->place_ = &orphaned->place;
    orphaned->place.waiting_ = detail::exchange(waiting_, nullptr);
  });
}

NET_API void WaitPlace::resume_orphaned() {
  if (waiting_) RunningTask::resume(waiting_->task_);
}

NET_API void WaitingTask::throw_not_kept() const {
  if (!place_) limit_.require_kept();
  throw_error(make_error(Errc::ERR_STREAM_PREMATURE_CLOSE));
}

NET_API void WaitPlace::give_up(void* waiting) {
  if (WaitPlace* const place = static_cast<WaitingTask*>(waiting)->place_) place->resume();
}

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif
#endif

// Connections that arrive at a server. Internal.
#ifndef NET_DETAIL_LISTEN_ACCEPT_IPP
#define NET_DETAIL_LISTEN_ACCEPT_IPP

#if NET_BODIES

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

NET_API void ServerState::connection_gone(Handle& handle) {
  auto& self = static_cast<ServerState&>(handle);
  --self.connections;
  if (self.elsewhere) [[unlikely]]
    self.space_changed();
  self.close_if_drained();
}

/// Accepts one connection per wake-up: asking for another one costs more than being woken again.
NET_API void ServerState::accept_one() {
  Machine::Channel channel;
  const int failed = acceptor.accept(channel);
  if (failed == 0) return accepted(channel);
  if (!means_nobody(failed)) cannot_accept(-failed);
}

/// What the poller would report again at once is left alone for a while (S32.1, S32.2), and emitted once; other
/// failures are of one client.
NET_RARE void ServerState::cannot_accept(int number) {
  const bool no_memory = short_of_memory(-number);
  const bool lasting = number == EMFILE || number == ENFILE || number == EBADF || number == EINVAL ||
                       number == ENOTSOCK || number == EOPNOTSUPP;
  if (no_memory || lasting) {
    no_memory ? retry.after(10) : retry.when_descriptor_freed();
    loop->poller().watch(acceptor, 0);
    if (no_memory || shortage_emitted) return;
    shortage_emitted = true;
  }
  emit_error(system_failure(number, "accept"));
}

/// The listening descriptor is watched again only when it is of use.
NET_RARE void ServerState::accept_again() {
  if (!acceptor.is_open()) return;
  const Ref<ServerState> alive(this);
  Machine::Channel channel;
  const int failed = acceptor.accept(channel);
  if (failed < 0 && !means_nobody(failed)) return cannot_accept(-failed);
  if (loop->poller().watch(acceptor, readable) < 0) {
    retry.when_descriptor_freed();
  } else {
    retry.forget_delay();
  }
  if (failed == 0) return accepted(channel);
  look_at_shortage();
}

/// The next shortage is emitted again when there is a reserve once more; until then it is still the same one.
NET_API void ServerState::look_at_shortage() noexcept { shortage_emitted = !acceptor.has_reserve(); }

/// Whether the block list turns it away. A client that is gone cannot be asked for, and is not let through (S21.6).
NET_API bool ServerState::blocks(const Machine::Channel& channel) const {
  if (!options.blockList) return false;
  const Endpoint remote = channel.remote_end();
  return remote ? (options.blockList->check)(SocketAddress(remote.ip)) : static_cast<bool>(acceptor.local_end());
}

NET_API void ServerState::accepted(Machine::Channel& channel, std::string_view received) {
  if (shortage_emitted) [[unlikely]]
    look_at_shortage();
  const Ref<SocketState> socket(new SocketState(*loop));
  SocketState& state = *socket;
  state.channel.take_over(channel);
  if (max_connections && connections >= *max_connections) return drop(state.channel);
  if (blocks(state.channel)) return;
  state.phase.move_to(Phase::open);
  state.is_path = ipc;
  state.settings.allow_half_open = options.allowHalfOpen;
  state.read_mark = state.write_mark = options.highWaterMark;
  state.settings.no_delay = options.noDelay;
  if (options.noDelay && !inherits_no_delay && !state.is_path) state.channel.set_no_delay(true);
  if (options.keepAlive) {
    const int seconds = keep_alive_seconds();
    state.settings.keep_alive = true;
    if (seconds != 0) state.ensure_cold().keep_alive_seconds = seconds;
    if (!state.is_path) state.channel.set_keep_alive(true, seconds);
  }
  state.expect_close();
  if (!received.empty()) [[unlikely]]
    state.buffer_bytes(std::string(received));
  state.retain_for_loop();
  state.server = Ref<Handle>(this);
  state.of_server = true;
  ++connections;
  or_give_up(state, [&] {
    if (options.pauseOnConnect) {
      state.flow_state = Flow::paused;
      loop->poller().hold(state.channel);
    } else {
      state.prime_read();  // reading starts before the event; nothing is emitted before the listener returns (S9.16)
    }
    emit_event<server_connection>(state);
  });
  if (!state.read_interest || !loop) return;
  loop->read_speculatively(socket, [](Handle& self) { return static_cast<SocketState&>(self).speculative_read(); });
}

/// One that somebody else has accepted for it, and what it has received since.
NET_API void ServerState::take(NativeHandle connection, std::string_view received) {
  Machine::Channel channel;
  (void)channel.adopt_connected(connection);
  accepted(channel, received);
}

NET_RARE void ServerState::drop(Machine::Channel& channel) {
  const Endpoint local = channel.local_end(), remote = channel.remote_end();
  emit_event<server_drop>(DropInfo{endpoint_text(local), local.port, local.ip.family, endpoint_text(remote),
                                   remote.port, remote.ip.family});
}

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif
#endif

// The connections of a server: which there are, and how they are closed. Internal.
#ifndef NET_DETAIL_LISTEN_CONNECTIONS_IPP
#define NET_DETAIL_LISTEN_CONNECTIONS_IPP

#if NET_BODIES

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

/// They are among the loop's handles, so that nobody pays for a list of them.
NET_API Vec<Ref<SocketState>> ServerState::open_connections() const {
  Vec<Ref<SocketState>> newest_first, all;
  if (!loop) return all;
  newest_first.reserve(connections);
  for (Handle* each = loop->handles(); each; each = each->next) {
    if (each->operations != &SocketState::table) continue;
    auto& socket = static_cast<SocketState&>(*each);
    if (socket.of_server && socket.server.get() == this) newest_first.push(Ref<SocketState>(&socket));
  }
  all.reserve(newest_first.size());
  for (std::size_t i = newest_first.size(); i > 0; --i) all.push(std::move(newest_first[i - 1]));
  return all;
}

NET_API void ServerState::destroy_connections() {
  for (const Ref<SocketState>& socket : open_connections()) socket->destroy(no_error());
}

/// The time counts from when somebody first asked while the connection was quiet.
NET_API void ServerState::close_quiet_connections(std::uint32_t ms) {
  const auto now = static_cast<std::uint32_t>(loop->now());
  for (const Ref<SocketState>& socket : open_connections()) {
    if (socket->is_idle() && now - socket->idle_since(now) >= ms) socket->destroy_soon();
  }
}

NET_API void ServerState::close_idle_connections(Duration idle) {
  require_timeout(idle);
  if (!loop) return;
  const double ms = idle.milliseconds();
  const std::uint32_t whole = ms < 1 ? 0 : ms < 4e9 ? static_cast<std::uint32_t>(ms) : 4000000000u;
  close_quiet_connections(whole);
  if (whole == 0) return;
  const Ref<TimerState> again(new TimerState(*loop));
  again->refd = false;
  again->callback = [self = Ref<ServerState>(this), whole] {
    if (self->loop) self->close_quiet_connections(whole);
  };
  loop->start_timer(*again, whole, loop->now());
}

/// A write that comes too late for one that was ended is not the end of the program.
NET_API void ServerState::end_idle_connections() {
  for (const Ref<SocketState>& socket : open_connections()) {
    if (socket->ending() || !socket->is_idle()) continue;
    socket->errors_heard = true;
    socket->end({});
  }
}

/// Nobody tells when a connection has answered: it is looked at often, but only while the server stops.
NET_API void ServerState::stop_gracefully(Duration timeout) {
  require_timeout(timeout);
  if (!loop) return;
  close();
  end_idle_connections();
  constexpr std::uint64_t often = 10;  // ms
  const Ref<TimerState> look(new TimerState(*loop));
  look->refd = false;
  look->repeats = true;
  const double ends = static_cast<double>(loop->now()) + timeout.milliseconds();
  look->callback = [self = Ref<ServerState>(this), timer = look.get(), ends] {
    const bool over = self->connections == 0 || self->acceptor.is_open();
    const bool late = static_cast<double>(timer->loop->now()) >= ends;
    if (over || late) timer->cleared = true;
    if (over) return;
    late ? self->destroy_connections() : self->end_idle_connections();
  };
  loop->start_timer(*look, often, loop->now());
}

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif
#endif

// How a server listens and closes. Internal.
#ifndef NET_DETAIL_LISTEN_STATE_IPP
#define NET_DETAIL_LISTEN_STATE_IPP

#if NET_BODIES

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

// The table of events, and the numbers by which they are emitted.
static_assert(ServerEvents::index<"close"> == server_close);
static_assert(ServerEvents::index<"connection"> == server_connection);
static_assert(ServerEvents::index<"error"> == server_error);
static_assert(ServerEvents::index<"listening"> == server_listening);
static_assert(ServerEvents::index<"drop"> == server_drop);

NET_API constexpr Handle::Operations ServerState::table{
    [](Handle& handle) noexcept { delete static_cast<ServerState*>(&handle); },
    [](Handle& handle) noexcept { static_cast<ServerState&>(handle).abandon(); },
    &ServerState::on_ready,
    &ServerState::connection_gone,
    nullptr,
    [](Handle& handle) noexcept {
      if (const auto& self = static_cast<ServerState&>(handle); self.acceptor.is_open()) self.remove_path();
    },
    nullptr,
    nullptr,
    [](const Handle& handle, LoopCounts& counts) noexcept {
      counts.servers += static_cast<const ServerState&>(handle).acceptor.is_open();
    }};

NET_API void ServerState::recount() noexcept {
  if (loop) keeps_alive.count(*loop, acceptor.is_open() && keeps_alive.refd);
}

NET_API void ServerState::start_over() noexcept {
  abort_watch = {};
  static_cast<Listening&>(*this) = Listening();
  ++generation;
}

/// Telling how it went, and later of the end, needs no memory.
NET_API void ServerState::reserve_one() {
  loop->ticks().reserve(3);
  if (close_expected) return;
  loop->ticks().expect();
  close_expected = true;
}

NET_API void ServerState::listen(const ListenOptions& asked) {
  begin(asked, asked.fd >= 0      ? &ServerState::listen_descriptor
               : asked.port == -1 ? &ServerState::listen_path
                                  : &ServerState::listen_port);
}

/// Whoever knows the way names it: a program that listens by port has no code of the other ways.
NET_API void ServerState::begin(const ListenOptions& asked, void (ServerState::*how)(const ListenOptions&)) {
  reserve_one();
  start_over();
  NothingOpen unless{*this};
  watch_signal(asked.signal);
  (this->*how)(asked);
  unless.passed = true;
}

/// A descriptor of its own for what another server listens on.
NET_API void ServerState::listen_as(const ServerState& other) {
  reserve_one();
  start_over();
  ipc = other.ipc;
  NothingOpen unless{*this};
  watch_signal({});
  const int failed = acceptor.listen_beside(other.acceptor, 511);
  bound(failed, "", 0);
  unless.passed = true;
}

NET_API void ServerState::listen_port(const ListenOptions& asked) {
  if (!asked.host.empty()) return look_up_host(asked);
  if (ask_elsewhere(asked)) return;
  // all addresses: one socket for both families, or IPv4 alone where IPv6 is not available (S9.4)
  Endpoint any = parse_endpoint("::", asked.port);
  const ListenFlags flags{asked.ipv6Only, asked.reusePort, backlog_of(asked)};
  int failed = acceptor.listen(any, flags);
  if (failed == -EAFNOSUPPORT || failed == -EADDRNOTAVAIL || (failed == -EINVAL && !asked.ipv6Only)) {
    any = parse_endpoint("0.0.0.0", asked.port);
    failed = acceptor.listen(any, flags);
  }
  bound(failed, to_text(any.ip), asked.port);
}

/// S22.5: until it is watched it stays with whoever has it: what fails does not close it.
NET_API void ServerState::listen_descriptor(const ListenOptions& asked) {
  struct GiveBack {
    ServerState& self;
    bool taken = false;
    ~GiveBack() {
      if (taken || !self.acceptor.is_open()) return;
      self.loop->poller().drop(self.acceptor);
      self.acceptor.release();
    }
  };
  ipc = Machine::kind_of(asked.fd) == DescriptorKind::local;
  const auto take = [&]() -> int {
    if (loop->poller().has(asked.fd)) return -EEXIST;
    GiveBack unless{*this};
    int failed = acceptor.listen_descriptor(asked.fd, backlog_of(asked));
    if (failed == 0) failed = loop->poller().watch(acceptor, readable);
    unless.taken = failed == 0;
    return failed;
  };
  bound(take(), "", 0);
}

/// S23.2: the file is there when listen() returns.
NET_API void ServerState::listen_path(const ListenOptions& asked) {
  if (ask_elsewhere(asked)) return;
  path = asked.path;
  ipc = true;
  made_in = Machine::fork_count();
  const PathMode mode{asked.readableAll, asked.writableAll};
  bool mode_failed = false;
  const int failed = acceptor.listen_path(path, mode, backlog_of(asked), &mode_failed);
  if (mode_failed) throw_error(system_failure(-failed, "uv_pipe_chmod"));  // S23.11
  bound(failed, path, -1);
}

/// S20.7: aborting closes the server; an aborted one closes on the next tick. It may have a signal of its own.
NET_API void ServerState::watch_signal(const AbortSignal& given) {
  if (!given && !options.signal) return;
  Ref<AbortState> signal(&Access::state(given ? given : options.signal));
  if (given && options.signal) signal = signal->either(Access::state(options.signal));
  abort_watch =
      signal->attach(*loop, {[](void* self, const Error&) { static_cast<ServerState*>(self)->close(); }, this});
  if (!abort_watch) tick(step_of<&ServerState::close>);
}

/// Even an IP literal is looked up first (S9.5); the answer binds one address (S9.6).
NET_API void ServerState::look_up_host(const ListenOptions& asked) {
  if (has_nul(asked.host)) {
    // like a name that is not found
    return tick_with(nul_in_host(asked.host), +[](ServerState& self, const Error& error) { self.emit_error(error); });
  }
  pending = asked;
  pending.signal = {};  // it is watched already
  looking_up = true;
  // a literal is known, but answered on a tick; it keeps the loop alive no longer than that
  if (isIP(pending.host) != 0) return tick(step_of<&ServerState::host_known>, generation);
  detail::look_up(*loop, pending.host, {Family::unspecified, Machine::address_config_hint(), true},
                  [self = Ref<ServerState>(this), of = generation](const LookupAnswer& found) {
                    if (self->generation == of) self->host_answered(found);
                  });
}

NET_API void ServerState::host_known() {
  if (!looking_up) return;
  looking_up = false;
  bind(parse_endpoint(pending.host, pending.port));
}

NET_API void ServerState::host_answered(const LookupAnswer& found) {
  if (!looking_up) return;
  looking_up = false;
  const Owing<ServerState> owing(*this);
  if (const Error error = found.error()) return emit_error(error);
  bind(parse_endpoint(first_usable(found.addresses()).address, pending.port));
}

/// S9.6: not one that is of use on its link alone, unless there is no other.
NET_API const LookupAddress& ServerState::first_usable(std::span<const LookupAddress> addresses) noexcept {
  for (const LookupAddress& found : addresses) {
    if (!is_link_local(parse_ip(found.address))) return found;
  }
  return addresses.front();
}

NET_API void ServerState::bind(const Endpoint& at) {
  pending.host = endpoint_text(at);
  if (ask_elsewhere(pending)) return;
  loop->ticks().reserve(1);  // telling how it went needs no memory
  const ListenFlags flags{pending.ipv6Only, pending.reusePort, backlog_of(pending)};
  bound(acceptor.listen(at, flags), pending.host, pending.port);
}

/// The events come on the next tick, how ever it went (S9.2, S9.12).
NET_API void ServerState::bound(int failed, std::string_view address, int port) {
  {
    NothingOpen unless{*this};  // a poller without memory throws
    if (failed == 0) failed = loop->poller().watch(acceptor, accepts ? readable : 0u);
    unless.passed = true;
  }
  if (failed == 0) return opened();
  stop_listening();  // its file too, if it was only not watched
  tick_with(
      listen_failure(-failed, address, port), +[](ServerState& self, const Error& error) { self.emit_error(error); });
}

/// S33.6: in a worker of a cluster the primary listens, unless the server wants a port of its own.
NET_API bool ServerState::ask_elsewhere(const ListenOptions& asked) {
  if (!loop->served_elsewhere || asked.exclusive || asked.reusePort) return false;
  looking_up = true;
  if (asked.port == -1) path = asked.path, made_in = not_made_here;
  loop->served_elsewhere->listen(*this, asked);
  return true;
}

/// The answer: a descriptor of its own of what another server listens on.
NET_API void ServerState::opened_elsewhere(const ServerState& other, std::uint32_t number, bool accepting) {
  const Owing<ServerState> owing(*this);
  looking_up = false;
  ipc = other.ipc;
  elsewhere = number;
  accepts = accepting;
  loop->ticks().reserve(1);
  bound(acceptor.listen_beside(other.acceptor, 0), "", 0);
}

NET_API void ServerState::refused_elsewhere(const Error& why) {
  const Owing<ServerState> owing(*this);
  looking_up = false;
  emit_error(why);
}

/// A connection is gone, or more are allowed.
NET_API void ServerState::space_changed() {
  if (elsewhere && loop && loop->served_elsewhere) loop->served_elsewhere->has_space(*this);
}

NET_API void ServerState::opened() {
  if (!kept_by_loop) {
    kept_by_loop = true;
    retain();
  }
  if (closing == ServerClose::emitted || closing == ServerClose::over) closing.move_to(ServerClose::none);
  shortage_emitted = false;
  retry.forget_delay();
  if (options.noDelay) set_no_delay(true);
  recount();
  tick(step_of<&ServerState::emit_listening>, generation);
}

NET_API void ServerState::emit_listening() {
  if (acceptor.is_open()) emit_event<server_listening>();
}

/// What is set on the listening descriptor is inherited: one call less a connection.
NET_API void ServerState::set_no_delay(bool on) {
  options.noDelay = on;
  if (acceptor.is_open() && !ipc) inherits_no_delay = acceptor.set_no_delay(on) == 0 && on;
}

/// Stops listening at once; 'close' when the last connection is gone too (S9.13, S9.14).
NET_API void ServerState::close() {
  looking_up = false;
  stop_listening();
  close_if_drained();
}

/// A close() that throws, for want of memory, has done nothing, and its callback is not called.
NET_API void ServerState::reserve_close() {
  if (loop) loop->ticks().reserve(1);
}

NET_API void ServerState::stop_listening() noexcept {
  retry.stop();
  if (elsewhere && loop->served_elsewhere) loop->served_elsewhere->left(*this, elsewhere);
  elsewhere = 0;
  if (!acceptor.is_open()) return;
  close_watched(loop, acceptor);
  remove_path();
  recount();
}

/// The file is removed by the process that made it: after a fork() the parent still listens there.
NET_API void ServerState::remove_path() const noexcept {
  if (!path.empty() && made_in == Machine::fork_count()) Machine::remove_path(path);
}

NET_API void ServerState::close_if_drained() {
  if (acceptor.is_open() || connections > 0 || closing == ServerClose::ticking || !loop) return;
  CurrentStep<ServerState> step{Owing<ServerState>(*this), step_of<&ServerState::emit_close>, any_generation};
  if (close_expected) {
    close_expected = false;
    loop->ticks().push_expected(std::move(step));
  } else {
    loop->ticks().push(std::move(step));
  }
  closing.move_to(ServerClose::ticking);
}

NET_API void ServerState::emit_close() {
  struct Emitted {
    ServerState& self;
    Ref<ServerState> alive;
    ~Emitted() {
      if (self.acceptor.is_open() || self.looking_up || !self.kept_by_loop) return;
      self.kept_by_loop = false;
      self.release();
    }
  } const emitted{*this, Ref<ServerState>(this)};
  closing.move_to(acceptor.is_open() ? ServerClose::none : ServerClose::emitted);
  emit_event<server_close>();
}

/// When nothing is owed any more after 'close' the listeners go, and with them every cycle, unless it is used again.
/// Those that are added later stay, as in Node.
NET_API void ServerState::settle() noexcept {
  if (--owed > 0 || closing != ServerClose::emitted || acceptor.is_open() || looking_up) return;
  abort_watch = {};
  if (options.reusable) return;
  closing.move_to(ServerClose::over);
  listeners.clear();
}

NET_API void ServerState::abandon() {
  do {
    stop_listening();
    abort_watch = {};
    listeners.clear();
    if (!kept_by_loop) return;
    kept_by_loop = false;
    release();
  } while (acceptor.is_open());  // a listener that died has opened it again
}

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif
#endif

// The bodies of server.hpp. Internal.
#ifndef NET_SERVER_IPP
#define NET_SERVER_IPP

#if NET_BODIES

namespace net::inline NET_ABI::inline NET_MACHINE {

NET_API Server::Server(Loop& loop, const ServerOptions& options)
    : state_(new detail::ServerState(detail::Access::core(loop), options)) {}

NET_API std::optional<AddressInfo> Server::address() const {
  if (!state_->path.empty()) return AddressInfo{{}, Family::unspecified, 0, state_->path};
  if (!state_->acceptor.is_open()) return std::nullopt;
  const detail::Endpoint end = state_->acceptor.local_end();
  return AddressInfo{detail::endpoint_text(end), end.ip.family, end.port, {}};
}

NET_API void Server::require_idle() const {
  if (!state_->loop) detail::throw_error(detail::make_error(Errc::ERR_NO_LOOP, "The loop of this server is gone"));
  if (state_->acceptor.is_open()) detail::throw_error(detail::make_error(Errc::ERR_SERVER_ALREADY_LISTEN));
}

NET_API void Server::start(const ListenOptions& options) const {
  if (options.fd < 0 && options.port == -1) {
    if (options.path.empty()) {
      detail::throw_error(
          detail::make_error(Errc::ERR_INVALID_ARG_VALUE,
                             "The argument 'options' must have the property \"port\" or \"path\". Received {}"));
    }
    if (options.path[0] == '\0' && (options.readableAll || options.writableAll)) {
      // the spelling is Node's
      detail::throw_error(
          detail::make_error(Errc::ERR_INVALID_ARG_VALUE,
                             "The argument 'options' can not set readableAll or writableAllt to true when path is "
                             "abstract unix socket. Received " +
                                 detail::escape_nul(options.path)));
    }
  } else if (options.fd < 0 && (options.port < 0 || options.port > 65535)) {
    detail::throw_error(detail::bad_port("options.port", options.port));
  }
  state_->listen(options);
}

NET_API void Server::start_at(int port, std::string_view host, int backlog) const {
  if (port < 0 || port > 65535) detail::throw_error(detail::bad_port("options.port", port));
  state_->begin({.port = port, .host = std::string(host), .backlog = backlog}, &detail::ServerState::listen_port);
}

NET_API std::vector<Socket> Server::connections() const {
  std::vector<Socket> all;
  for (const auto& state : state_->open_connections()) all.push_back(detail::Access::make<Socket>(state.get()));
  return all;
}

NET_API void stopGracefully(const Server& server, const StopOptions& options) {
  detail::Access::state(server).stop_gracefully(options.timeout);
}

NET_API std::optional<Server> Socket::server() const {
  if (!state_->server) return std::nullopt;
  return detail::Access::make<Server>(static_cast<detail::ServerState*>(state_->server.get()));
}

NET_API std::chrono::seconds Server::keepAliveInitialDelay() const {
  return std::chrono::seconds(state_->keep_alive_seconds());
}

NET_API void Server::blockList(std::optional<BlockList> list) const { state_->options.blockList = std::move(list); }

NET_API NativeHandle Server::nativeHandle() const {
  return state_->acceptor.is_open() ? state_->acceptor.native() : -1;
}

NET_API Server Server::from_state(void* state) {
  return Server(detail::Ref<detail::ServerState>(static_cast<detail::ServerState*>(state)));
}

NET_API const Server& Server::set_ref(bool on) const {
  state_->keeps_alive.refd = on;
  state_->recount();
  return *this;
}

}  // namespace net::inline NET_ABI::inline NET_MACHINE

#endif
#endif

// The bodies of acceptor.hpp. Internal.
#ifndef NET_ACCEPTOR_IPP
#define NET_ACCEPTOR_IPP

#if NET_BODIES

namespace net::inline NET_ABI::inline NET_MACHINE {

NET_API Acceptor::Acceptor(const Server& server) : listeners_(server) {
  listeners_.on<"connection">([this](Socket socket) {
    detail::Access::state(socket).given_to_task();
    arrived_.push(std::move(socket));
    wake();
  });
  listeners_.on<"error">([this](const Error& error) {
    failure_.emplace(error);
    wake();
  });
  listeners_.on<"close">([this] {
    closed_ = true;
    wake();
  });
}

NET_API Acceptor::~Acceptor() {
  listeners_.off();
  waiter_.close(detail::Access::state(listeners_.emitter()));
  // nobody will ever serve them
  while (!arrived_.empty()) detail::Access::state(arrived_.pop_front()).destroy_always();
}

NET_API bool Acceptor::prepare() {
  if (waiter_)
    detail::throw_error(detail::make_error(Errc::ERR_INVALID_STATE, "A task waits for this acceptor already"));
  return !arrived_.empty() || failure_ || closed_ || detail::Access::state(listeners_.emitter()).was_closed();
}

NET_API void Acceptor::Awaiter::await_suspend(std::coroutine_handle<> task) {
  acceptor_.waiter_.note(waiting_, detail::Access::state(acceptor_.listeners_.emitter()).loop, task);
}

NET_API std::optional<Socket> Acceptor::take() {
  if (!arrived_.empty()) return arrived_.pop_front();
  if (failure_) {
    const Error error = *failure_;
    failure_.reset();
    detail::throw_error(error);
  }
  return std::nullopt;
}

}  // namespace net::inline NET_ABI::inline NET_MACHINE

#endif
#endif

// The bodies of attempts.hpp. Internal.
#ifndef NET_DETAIL_CONNECT_ATTEMPTS_IPP
#define NET_DETAIL_CONNECT_ATTEMPTS_IPP

#if NET_BODIES

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

NET_API constexpr Handle::Operations ConnectAttempts::table{
    [](Handle& handle) noexcept { delete static_cast<ConnectAttempts*>(&handle); }, [](Handle&) noexcept {}};

NET_API void ConnectAttempts::end() noexcept {
  if (loop && detail::exchange(end_expected, false)) {
    loop->closing().push_expected({Ref<Handle>(static_cast<Handle*>(this)), [](Handle&) {}});
  }
  release();
}

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif
#endif

// The bodies of checks.hpp. Internal.
#ifndef NET_DETAIL_CONNECT_CHECKS_IPP
#define NET_DETAIL_CONNECT_CHECKS_IPP

#if NET_BODIES

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

NET_API void require_stream(NativeHandle fd) {
  if (fd < 0) throw_error(out_of_range("fd", ">= 0 && <= 2147483647", std::to_string(fd)));
  switch (Machine::kind_of(fd)) {
    case DescriptorKind::tcp:
    case DescriptorKind::local:
    case DescriptorKind::pipe: return;
    case DescriptorKind::datagram: throw_error(make_error(Errc::ERR_INVALID_FD_TYPE, "Unsupported fd type: UDP"));
    case DescriptorKind::terminal: throw_error(make_error(Errc::ERR_INVALID_FD_TYPE, "Unsupported fd type: TTY"));
    case DescriptorKind::file: throw_error(make_error(Errc::ERR_INVALID_FD_TYPE, "Unsupported fd type: FILE"));
    case DescriptorKind::unknown: throw_error(make_error(Errc::ERR_INVALID_FD_TYPE, "Unsupported fd type: UNKNOWN"));
  }
}

NET_API int require_port(int port, std::string_view name) {
  if (port < 0 || port > 65535) throw_error(bad_port(name, port));
  return port;
}

NET_API void require_attempt_timeout(Duration delay, std::string_view name) {
  const double ms = delay.milliseconds();
  if (!(ms >= 1 && ms <= 2147483647.0)) throw_error(out_of_range(name, ">= 1 && <= 2147483647", number_text(ms)));
}

NET_API void require_connectable(const ConnectOptions& options) {
  if (!options.path.empty()) return;
  if (options.port == -1) throw_error(make_error(Errc::ERR_MISSING_ARGS));
  require_port(options.port, "Port");
  if (!options.localAddress.empty() && isIP(options.localAddress) == 0) {
    throw_error(bad_ip(options.localAddress));
  }
  if (has_nul(options.host)) throw_error(nul_in_host(options.host));
  if (options.autoSelectFamilyAttemptTimeout) {
    require_attempt_timeout(*options.autoSelectFamilyAttemptTimeout, "options.autoSelectFamilyAttemptTimeout");
  }
  const bool resolves = isIP(options.host) == 0 && !options.lookup;
  if (resolves && (options.hints & ~Machine::known_hints()) != 0) {
    throw_error(invalid_value("hints", "is invalid", std::to_string(options.hints)));
  }
}

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif
#endif

// The bodies of connect.hpp. Internal.
#ifndef NET_CONNECT_IPP
#define NET_CONNECT_IPP

#if NET_BODIES

namespace net::inline NET_ABI::inline NET_MACHINE {

NET_API bool getDefaultAutoSelectFamily() { return detail::SelectionDefaults::get().on.load() != 0; }

NET_API void setDefaultAutoSelectFamily(bool on) { detail::SelectionDefaults::get().on.store(on); }

NET_API std::chrono::milliseconds getDefaultAutoSelectFamilyAttemptTimeout() {
  return std::chrono::milliseconds(detail::SelectionDefaults::get().delay_ms.load());
}

NET_API void setDefaultAutoSelectFamilyAttemptTimeout(Duration delay) {
  detail::require_attempt_timeout(delay, "value");
  const double ms = delay.milliseconds();
  detail::SelectionDefaults::get().delay_ms.store(ms < 10 ? 10 : static_cast<int>(ms));
}

}  // namespace net::inline NET_ABI::inline NET_MACHINE

#endif
#endif

// The bodies of job.hpp. Internal.
#ifndef NET_DETAIL_WORK_JOB_IPP
#define NET_DETAIL_WORK_JOB_IPP

#if NET_BODIES

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

NET_API void WorkRef::send_home() && noexcept {
  Mailbox* const mailbox = item_->mailbox;
  mailbox->retain();
  item_->home_expected = false;
  Atomic<int>& place = item_->place;
  mailbox->post_expected([home = std::move(*this)] { home->operations->finish(*home); },
                         [&place] { place.store(WorkItem::at_home); });
  mailbox->release();
}

NET_API void WorkList::push(WorkRef work) noexcept {
  WorkItem* const item = detail::exchange(work.item_, nullptr);
  item->next = nullptr;
  item->link = end_;
  *end_ = item;
  end_ = &item->next;
  ++size_;
}

NET_API WorkRef WorkList::take(WorkItem& item) noexcept {
  *item.link = item.next;
  (item.next ? item.next->link : end_) = item.link;
  --size_;
  return WorkRef(&item);
}

/// Its function may have been copied while a thread was changing it, so nothing of it is destroyed. It stays in a list,
/// where leak checkers find it.
NET_API void leave_to_parent(WorkItem& item) noexcept {
  if (item.place.load() == WorkItem::waiting) return item.pool->withdraw(item);
  static constinit Atomic<WorkItem*> left{nullptr};
  item.operations->leave(item);
  item.next = left.exchange(&item);
}

NET_API WorkRef::~WorkRef() {
  if (item_) item_->operations->destroy(*item_);
}

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif
#endif

// The bodies of worker_pool.hpp. Internal.
#ifndef NET_WORKER_POOL_IPP
#define NET_WORKER_POOL_IPP

#if NET_BODIES

namespace net::inline NET_ABI::inline NET_MACHINE {

NET_API WorkerPool::~WorkerPool() {
  {
    const detail::LockGuard locked(mutex_);
    begin_again_in_child();
    closing_ = true;
    wake_.wake_all();
  }
  while (detail::WorkRef work = take_dropped()) drop(std::move(work));
  for (detail::Machine::Thread& thread : threads_) thread.join();
}

NET_API detail::WorkRef WorkerPool::take_dropped() noexcept {
  const detail::LockGuard locked(mutex_);
  detail::WorkRef work = (left_.empty() ? waiting_ : left_).take_first();
  if (work) work->place.store(detail::WorkItem::running);
  return work;
}

NET_API void WorkerPool::begin_again_in_child() noexcept {
  if (made_in_ == detail::Machine::fork_count()) return;
  made_in_ = detail::Machine::fork_count();
  for (detail::Machine::Condition* each : {&wake_, &came_home_}) {
    ::new (static_cast<void*>(each)) detail::Machine::Condition;
  }
  threads_.clear();
  idle_ = awaited_ = 0;
  while (detail::WorkRef work = waiting_.take_first()) left_.push(std::move(work));
}

NET_API WorkerPool::Exit& WorkerPool::Exit::of_process() noexcept {
  static constinit Exit exit;
  return exit;
}

/// exit() runs first what was registered last: the destructor of a pool that exit() calls sees a mark that was set
/// after the pool was made. One mark is good for all pools before it. A program that makes more pools than this while
/// it runs has no static ones among them.
NET_API void WorkerPool::note_exit() noexcept {
  constexpr int max_marks = 256;
  Exit& exit = Exit::of_process();
  if (exit.marks.load() != marks_before_ || marks_before_ == max_marks) return;
  if (std::atexit([] { Exit::of_process().begun.store(1); }) == 0) exit.marks.fetch_add(1);
}

NET_API bool WorkerPool::has_thread() {
  if (idle_ <= waiting_.size() && threads_.size() < max_threads_) {
    detail::Machine::Thread thread;
    if (thread.start([](void* pool) { static_cast<WorkerPool*>(pool)->run(); }, this)) threads_.push(thread);
  }
  return !threads_.empty();
}

NET_API bool WorkerPool::submit(detail::WorkRef work) {
  note_exit();
  const detail::LockGuard locked(mutex_);
  begin_again_in_child();
  if (!has_thread()) return false;
  work->pool = &for_child;
  work->of_pool = this;
  work->process = made_in_;
  waiting_.push(std::move(work));
  wake_.wake_one();
  return true;
}

NET_API bool WorkerPool::take_over(detail::WorkItem& item) {
  WorkerPool& pool = *static_cast<WorkerPool*>(item.of_pool);
  const detail::LockGuard locked(pool.mutex_);
  pool.begin_again_in_child();
  if (pool.closing_ || !pool.has_thread()) return false;
  item.process = pool.made_in_;
  pool.waiting_.push(pool.left_.take(item));
  pool.wake_.wake_one();
  return true;
}

NET_API void WorkerPool::withdraw(detail::WorkItem& item) noexcept {
  WorkerPool& pool = *static_cast<WorkerPool*>(item.of_pool);
  const auto take = [&] {
    const detail::LockGuard locked(pool.mutex_);
    pool.begin_again_in_child();
    return pool.left_.take(item);
  };
  const detail::WorkRef gone = take();  // which is destroyed without the lock: it may hold what is the user's
}

NET_API void WorkerPool::run() {
  mutex_.lock();
  for (;;) {
    while (waiting_.empty() && !closing_) {
      ++idle_;
      wake_.wait(mutex_);
      --idle_;
    }
    if (closing_) return mutex_.unlock();
    {
      detail::WorkRef work = waiting_.take_first();
      work->place.store(detail::WorkItem::running);
      mutex_.unlock();
      work->operations->run(*work);
      std::move(work).send_home();
    }
    mutex_.lock();
    if (awaited_ > 0) came_home_.wake_all();
  }
}

NET_API bool WorkerPool::bring_home(detail::WorkItem& item, bool quick) noexcept {
  const auto take = [&] {
    const detail::LockGuard locked(mutex_);
    if (!quick || item.place.load() != detail::WorkItem::waiting) return detail::WorkRef(nullptr);
    item.place.store(detail::WorkItem::running);
    return waiting_.take(item);
  };
  if (detail::WorkRef work = take()) {
    work->operations->run(*work);
    std::move(work).send_home();
    return true;
  }
  constexpr int moment = 200;  // ms
  const detail::LockGuard locked(mutex_);
  ++awaited_;
  bool in_time = true;
  while (in_time && item.place.load() != detail::WorkItem::at_home) {
    if (quick) {
      came_home_.wait(mutex_);
    } else {
      in_time = came_home_.wait_ms(mutex_, moment);
    }
  }
  --awaited_;
  return item.place.load() == detail::WorkItem::at_home;
}

NET_API void WorkerPool::drop(detail::WorkRef work) noexcept {
  work->unanswered = Exit::of_process().begun.load() != 0;
  work->operations->drop(*work, dropped_);
  std::move(work).send_home();
}

}  // namespace net::inline NET_ABI::inline NET_MACHINE

#endif
#endif

// The bodies of state.hpp. Internal.
#ifndef NET_DETAIL_FILE_STATE_IPP
#define NET_DETAIL_FILE_STATE_IPP

#if NET_BODIES

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

NET_API WorkerPool& file_pool() {
  static WorkerPool& pool = *new WorkerPool(4);
  return pool;
}

NET_API FileState::FileState(LoopCore& core, const Operations& table, std::string&& name)
    : Handle(core, table), path(std::move(name)) {
  loop->closing().expect();  // its 'close' needs no memory
  close_expected = kept_by_loop = true;
  retain();
}

NET_API void FileState::start(FileStep&& step, FileRun run, Done done) {
  or_give_up(*this, [&] {
    const Ref<JobState<FileStep>> job(new JobState<FileStep>(*loop));
    job->again_in_child = false;
    job->ask([self = Ref<FileState>(this), done](JobOutcome<FileStep>& outcome, bool) {
      self->busy = false;
      if (!outcome.result) return self->give_up();
      self->file = std::move((*outcome.result).file);
      or_give_up(*self, [&] { done(*self, *outcome.result); });
    });
    begun_in = Machine::fork_count();
    under_way_at = job.get();
    step.file = std::move(file);
    busy = file_pool().begin(*job, FileWork{std::move(step), run});
    if (!busy) destroy(system_failure(EAGAIN, "pthread_create"));
  });
}

NET_API FileStep* FileState::come_back(bool quick) noexcept {
  WorkItem* const item = under_way_at->work;
  if (!item || !file_pool().bring_home(*item, quick)) return nullptr;
  auto& result = static_cast<Work<FileStep, FileWork>&>(*item).outcome.result;
  return result ? &*result : nullptr;
}

NET_API Error FileState::failure(int number, const char* syscall) const {
  return address_failure(number, syscall, path, 0);
}

NET_API bool FileState::opened(int failed) {
  if (is_over(failed, "open")) return false;
  phase.move_to(FilePhase::open);
  return true;
}

NET_API bool FileState::is_over(std::ptrdiff_t result, const char* syscall) {
  if (phase == FilePhase::closing) {
    close();
  } else if (result < 0) {
    destroy(failure(static_cast<int>(-result), syscall));
  }
  return destroyed();
}

/// The file is closed when no thread has it; 'error', if there is one, comes before 'close'.
NET_API void FileState::destroy(const Error& error) {
  if (destroyed() || !loop) return;
  if (error) {
    tick([](FileState& self) {
      if (!self.emit_event<file_error>(self.errored)) throw_error(self.errored);
    });
    errored = error;
  }
  phase.move_to(FilePhase::closing);
  if (!busy) close();
}

NET_API bool FileState::is_mine_after_fork() {
  if (!busy || begun_in == Machine::fork_count()) return true;
  destroy(make_error(Errc::ERR_ABORTED, "The process was forked while a thread had this file"));
  return false;
}

NET_API void FileState::close() noexcept {
  (void)file.close();
  if (!detail::exchange(close_expected, false)) return;
  ++owed;
  loop->closing().push_expected({Ref<Handle>(this), job_of_close});
}

NET_API void FileState::close_now() {
  if (before_close) {
    // whatever is thrown here, 'close' comes
    Place<Job> place(loop->closing());  // from which this step has just come
    AgainOnThrow again(*this, job_of_close, place);
    before_close(*this);
    again.passed = true;
  }
  struct Settle {
    FileState& self;
    ~Settle() { self.settle(); }
  } const settle{*this};
  phase.move_to(FilePhase::closed);
  emit_event<file_close>();
}

/// S32.5: without the memory for what comes next it is closed, and of its events only 'close' is left.
NET_API void FileState::give_up() noexcept {
  if (is_over()) return;
  if (!destroyed()) phase.move_to(FilePhase::closing);
  if (!busy) close();
}

/// After 'close', or with the loop: whatever the user has put in goes, and nothing is emitted any more.
NET_API void FileState::drop_all() noexcept {
  if (phase != FilePhase::closed) phase.move_to(FilePhase::closed);
  (void)file.close();
  listeners.clear();
  if (detail::exchange(kept_by_loop, false)) release();
}

NET_API void FileState::settle() noexcept {
  if (--owed == 0 && phase == FilePhase::closed) operations->abandon(*this);
}

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif
#endif

// The bodies of reading.hpp. Internal.
#ifndef NET_DETAIL_FILE_READING_IPP
#define NET_DETAIL_FILE_READING_IPP

#if NET_BODIES

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

NET_API constexpr Handle::Operations FileReading::table{
    .free = [](Handle& handle) noexcept { delete static_cast<FileReading*>(&handle); },
    .abandon = [](Handle& handle) noexcept { static_cast<FileReading&>(handle).drop(); },
    .after_fork = [](Handle& handle) { static_cast<FileReading&>(handle).after_fork(); },
    .give_up = [](Handle& handle) noexcept { static_cast<FileReading&>(handle).give_up(); }};

/// Both included; without an end it is the largest number.
constexpr std::uint64_t bytes_between(std::uint64_t start, std::uint64_t end) noexcept {
  if (end < start) return 0;
  const std::uint64_t distance = end - start;
  return distance + (distance < ~std::uint64_t{} ? 1 : 0);
}

NET_API FileReading::FileReading(LoopCore& core, std::string&& name, std::size_t size, std::uint64_t start,
                                 std::uint64_t end)
    : FileState(core, table, std::move(name)), piece_size(size), first(start), left(bytes_between(start, end)) {
  data_added = [](FileState& state) {
    auto& self = static_cast<FileReading&>(state);
    if (self.asked != Flow::paused) self.resume();
    self.data_listening = true;
  };
  goes_on_by_itself = [](const FileState& state) noexcept {
    const auto& self = static_cast<const FileReading&>(state);
    return self.asked == Flow::flowing || self.pipes.will_drain();
  };
}

NET_API void FileReading::begin() {
  start(
      {.access = {.start = first}, .bytes = path},
      [](FileStep& step) -> std::ptrdiff_t { return step.file.open(step.bytes, step.access); },
      [](FileState& state, FileStep& step) {
        if (!state.opened(static_cast<int>(step.result))) return;
        static_cast<FileReading&>(state).flow();
        state.emit_event<file_open>();
      });
}

/// The next piece, if there is place for it: one is kept, and another one may be under way.
NET_API void FileReading::read_ahead() {
  if (busy || phase != FilePhase::open || piece_bytes >= 0 || end_emitted) return;
  if (loop->inert()) return;  // the file is the parent's (S31.1)
  const std::size_t size = left < piece_size ? cast<std::size_t>(left) : piece_size;
  if (!spare.bytes()) spare = FileBuffer(piece_size);
  start(
      {.buffer = std::move(spare), .size = size},
      [](FileStep& step) { return step.file.read(step.buffer.bytes(), step.size); },
      [](FileState& state, FileStep& step) {
        if (!state.is_over(step.result, "read"))
          static_cast<FileReading&>(state).came(std::move(step.buffer), step.result);
      });
}

NET_API void FileReading::came(FileBuffer&& buffer, std::ptrdiff_t size) {
  spare = detail::exchange(piece, std::move(buffer));
  piece_bytes = size;
  left -= static_cast<std::uint64_t>(size);
  flow();
}

/// As long as somebody wants it: what is there is emitted, and the next piece comes meanwhile.
NET_API void FileReading::flow() {
  if (asked != Flow::flowing || phase != FilePhase::open) return;
  if (piece_bytes < 0) return read_ahead();
  if (piece_bytes > 0) return emit_piece();
  piece_bytes = -1;
  end_emitted = true;
  struct Destroy {
    FileReading& self;
    ~Destroy() {
      undo_or_give_up(self, [this] { self.destroy(no_error()); });
    }
  } const destroy_then{*this};
  emit_event<file_end>();
}

NET_API void FileReading::emit_piece() {
  const Ref<FileReading> alive(this);
  FileBuffer bytes = std::move(piece);
  const Chunk chunk(std::string_view(bytes.bytes(), static_cast<std::size_t>(detail::exchange(piece_bytes, -1))));
  moved += chunk.size();
  read_ahead();
  emit_event<file_data>(chunk);
  if (!spare.bytes()) spare = std::move(bytes);
}

NET_API void FileReading::resume() {
  flow_soon();
  asked = Flow::flowing;
}

NET_API void FileReading::flow_soon() {
  if (flow_ticking || destroyed()) return;
  tick([](FileState& state) {
    auto& self = static_cast<FileReading&>(state);
    self.flow_ticking = false;
    self.flow();
  });
  flow_ticking = true;
}

NET_API void FileReading::after_fork() {
  if (is_mine_after_fork()) flow_soon();
}

NET_API void FileReading::drop() noexcept {
  pipes.source_closed();
  drop_all();
}

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif
#endif

// The bodies of writing.hpp. Internal.
#ifndef NET_DETAIL_FILE_WRITING_IPP
#define NET_DETAIL_FILE_WRITING_IPP

#if NET_BODIES

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

NET_API constexpr Handle::Operations FileWriting::table{
    .free = [](Handle& handle) noexcept { delete static_cast<FileWriting*>(&handle); },
    .abandon = [](Handle& handle) noexcept { static_cast<FileWriting&>(handle).drop(); },
    .hand_over = [](Handle& handle) noexcept { static_cast<FileWriting&>(handle).hand_over(); },
    .after_fork = [](Handle& handle) { static_cast<FileWriting&>(handle).after_fork(); },
    .give_up = [](Handle& handle) noexcept { static_cast<FileWriting&>(handle).give_up(); }};

NET_API FileWriting::FileWriting(LoopCore& core, std::string&& name, const FileAccess& how, std::size_t high_water_mark)
    : FileState(core, table, std::move(name)), access(how), mark(high_water_mark) {
  before_close = [](FileState& state) { static_cast<FileWriting&>(state).fail_callbacks(); };
  goes_on_by_itself = [](const FileState& state) noexcept {
    const auto& self = static_cast<const FileWriting&>(state);
    return self.ending() || self.length() > 0;
  };
}

NET_API void FileWriting::begin() {
  start(
      {.access = access, .bytes = path},
      [](FileStep& step) -> std::ptrdiff_t {
        const int failed = step.file.open(step.bytes, step.access);
        step.slow = failed == 0 && step.file.is_slow();
        return failed;
      },
      [](FileState& state, FileStep& step) {
        if (!state.opened(static_cast<int>(step.result))) return;
        auto& self = static_cast<FileWriting&>(state);
        self.slow = step.slow;
        self.go_on();
        self.emit_event<file_open>();
      });
}

/// Takes all the bytes, always; the result only advises (S15.4). Whatever needs memory comes first (S32.5).
NET_API bool FileWriting::write(std::string_view bytes, WriteCallback callback) {
  if (ending() || destroyed() || !loop) return refuse(std::move(callback));
  if (callback) callbacks.reserve(1);
  go_on_soon();
  waiting.append(bytes);
  const bool has_space = length() < mark;
  if (!has_space) need_drain = true;
  if (callback) callbacks.push({moved + length(), std::move(callback)});
  return has_space;
}

NET_API bool FileWriting::refuse(WriteCallback&& callback) {
  if (!loop) return false;
  const Error error = make_error(ending() ? Errc::ERR_STREAM_WRITE_AFTER_END : Errc::ERR_STREAM_DESTROYED);
  Callback later;
  if (callback) {
    later = Callback(Tick{Ref<FileWriting>(this), [error, call = std::move(callback)](FileWriting&) { call(error); }});
  }
  loop->ticks().reserve(2);
  if (later) loop->ticks().push(std::move(later));
  destroy(error);
  return false;
}

/// 'finish' follows when all is written, and then 'close'.
NET_API void FileWriting::end(WriteCallback callback) {
  if (write_end >= FileEnd::written || destroyed()) {
    if (callback) (void)refuse(std::move(callback));
    return;
  }
  if (callback) at_finish.reserve(1);
  go_on_soon();
  if (callback) at_finish.push(std::move(callback));
  if (!ending()) write_end.move_to(FileEnd::ending);
}

NET_API void FileWriting::end(std::string_view last, WriteCallback callback) {
  if (ending() || destroyed() || !loop) return void(refuse(std::move(callback)));
  if (callback) at_finish.reserve(1);
  (void)write(last, {});
  end(std::move(callback));
}

/// A call of the user's only asks for it: what fails then fails in the loop.
NET_API void FileWriting::go_on_soon() {
  if (busy || ticking || phase != FilePhase::open) return;
  tick([](FileState& state) {
    auto& self = static_cast<FileWriting&>(state);
    self.ticking = false;
    self.loop->keep_alive(false);
    self.go_on();
    self.call_back();  // those who wrote nothing
  });
  loop->keep_alive(true);
  ticking = true;
}

NET_API void FileWriting::after_fork() {
  if (is_mine_after_fork()) go_on_soon();
}

/// S31.7: the loop or the process ends, and no thread will write what waits. A file is waited for, whatever it takes; a
/// FIFO takes what it has space for.
NET_API void FileWriting::hand_over() noexcept {
  if (destroyed() || loop->inert()) return;
  if (!busy) return hand_over_to(file, slow);
  if (begun_in != Machine::fork_count()) return;
  const bool opening = phase == FilePhase::opening;
  FileStep* const step = come_back(opening ? !Machine::is_slow_path(path) : !slow);
  if (step && step->result >= 0) hand_over_to(step->file, opening ? step->slow : slow);
}

NET_API void FileWriting::hand_over_to(FileHandle& handle, bool is_slow) noexcept {
  if (!is_slow) {
    (void)handle.write(waiting);
    waiting.clear();
  } else {
    waiting.erase(0, handle.write_some(waiting));
  }
}

NET_API void FileWriting::go_on() {
  if (busy || phase != FilePhase::open || loop->inert()) return;  // in a child the file is the parent's (S31.1)
  if (waiting.empty()) {
    if (write_end == FileEnd::ending) close_file();
    return;
  }
  under_way = waiting.size();
  start(
      {.bytes = detail::exchange(waiting, std::move(spare))},
      [](FileStep& step) -> std::ptrdiff_t { return step.file.write(step.bytes); },
      [](FileState& state, FileStep& step) {
        if (!state.is_over(step.result, "write")) static_cast<FileWriting&>(state).written(std::move(step.bytes));
      });
}

NET_API void FileWriting::written(std::string&& bytes) {
  moved += detail::exchange(under_way, 0);
  bytes.clear();
  spare = std::move(bytes);
  go_on();  // the thread need not wait for the listeners
  call_back();
}

/// What the system could not write it may say only now.
NET_API void FileWriting::close_file() {
  start(
      {}, [](FileStep& step) -> std::ptrdiff_t { return step.file.close(); },
      [](FileState& state, FileStep& step) {
        if (state.is_over(step.result, "close")) return;
        auto& self = static_cast<FileWriting&>(state);
        self.write_end.move_to(FileEnd::written);
        self.call_back();
      });
}

/// For all that is done. Whatever one throws, the others follow on a tick.
NET_API void FileWriting::call_back() {
  CallOnThrow again([this] {
    undo_or_give_up(*this, [this] { tick([](FileState& state) { static_cast<FileWriting&>(state).call_back(); }); });
  });
  while (!callbacks.empty() && callbacks.first().up_to <= moved) {
    const Waiting done = callbacks.pop_front();
    done.callback(no_error());
  }
  if (need_drain && length() == 0 && !ending() && !destroyed()) {
    need_drain = false;
    emit_event<file_drain>();
  }
  if (write_end < FileEnd::written) return void(again.passed = true);
  while (!at_finish.empty()) {
    const WriteCallback callback = at_finish.pop_front();
    callback(no_error());
  }
  if (!finished()) {
    write_end.move_to(FileEnd::finished);
    emit_event<file_finish>();
  }
  destroy(no_error());
  again.passed = true;
}

/// What was not written is never written.
NET_API void FileWriting::fail_callbacks() {
  const Error error = errored ? errored : make_error(Errc::ERR_STREAM_DESTROYED);
  while (!callbacks.empty() || !at_finish.empty()) {
    const WriteCallback callback =
        !callbacks.empty() ? std::move(callbacks.pop_front().callback) : at_finish.pop_front();
    callback(error);
  }
}

NET_API void FileWriting::drop() noexcept {
  callbacks.clear();
  at_finish.clear();
  drop_all();
}

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif
#endif

// The bodies of file.hpp. Internal.
#ifndef NET_FILE_IPP
#define NET_FILE_IPP

#if NET_BODIES

namespace net::inline NET_ABI::detail {

NET_API void require_high_water_mark(std::size_t mark);
NET_API void require_high_water_mark(std::size_t mark) {
  if (mark == 0) throw_error(out_of_range("highWaterMark", ">= 1", "0"));
}

/// It would be cut there, and another file be opened.
NET_API void require_path_without_nul(const std::string& path);
NET_API void require_path_without_nul(const std::string& path) {
  if (has_nul(path)) {
    throw_error(invalid_value("path", "must be a string, Uint8Array, or URL without null bytes", detail::quoted(path)));
  }
}

}  // namespace net::inline NET_ABI::detail

namespace net::inline NET_ABI::inline NET_MACHINE {

NET_API FileReader::FileReader(Loop& loop, std::string path, const FileReaderOptions& options) {
  detail::require_path_without_nul(path);
  detail::require_high_water_mark(options.highWaterMark);
  state_ = detail::Ref<detail::FileReading>(new detail::FileReading(detail::Access::core(loop), std::move(path),
                                                                    options.highWaterMark, options.start,
                                                                    options.end.value_or(~std::uint64_t{})));
  state_->begin();
}

NET_API FileWriter::FileWriter(Loop& loop, std::string path, const FileWriterOptions& options) {
  detail::require_path_without_nul(path);
  detail::require_high_water_mark(options.highWaterMark);
  const detail::FileAccess access{
      .writes = true, .appends = options.append, .exclusive = options.exclusive, .mode = options.mode};
  state_ = detail::Ref<detail::FileWriting>(
      new detail::FileWriting(detail::Access::core(loop), std::move(path), access, options.highWaterMark));
  state_->begin();
}

}  // namespace net::inline NET_ABI::inline NET_MACHINE

#endif
#endif

// The bodies of promise.hpp. Internal.
#ifndef NET_PROMISE_IPP
#define NET_PROMISE_IPP

#if NET_BODIES

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

/// Behind the others: who waits first goes on first.
NET_API void PromiseWait::link_to(PromiseWait*& first) noexcept {
  PromiseWait** at = &first;
  while (*at) at = &(*at)->next;
  *at = this;
  link = at;
}

NET_API void PromiseWait::unlink() noexcept {
  if (!link) return;
  *link = next;
  if (next) next->link = link;
  link = nullptr;
  next = nullptr;
}

NET_API void PromiseState::settle() {
  if (first && loop) loop->ticks().push([self = Ref<PromiseState>(this)] { self->resume_all(); });
  settled = true;
}

/// One of a foreign type may throw: the others go on all the same.
NET_API void PromiseState::resume_all() {
  Place<Callback> place(loop->ticks());  // from which this step has just come
  CallOnThrow again([&] { place.push([self = Ref<PromiseState>(this)] { self->resume_all(); }); });
  while (PromiseWait* const waiting = first) {
    waiting->unlink();
    if (waiting->place) waiting->place.resume();
  }
  again.passed = true;
}

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif
#endif

// The bodies of event_awaiter.hpp. Internal.
#ifndef NET_DETAIL_CORO_EVENT_AWAITER_IPP
#define NET_DETAIL_CORO_EVENT_AWAITER_IPP

#if NET_BODIES

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

NET_API bool is_over(const Socket& socket) { return Access::state(socket).closed() || !Access::state(socket).loop; }

NET_API bool is_over(const Server& server) { return !Access::state(server).loop; }

NET_API bool was_closed(const Server& server) { return Access::state(server).was_closed(); }

NET_API void expect_close(const Socket& socket) { Access::state(socket).close_is_awaited(); }

NET_API void expect_end(const Socket& socket) { Access::state(socket).end_is_awaited(); }

NET_API Error closed_error(const Socket& socket) {
  const Error error = socket.errored();
  return error ? error : make_error(Errc::ERR_SOCKET_CLOSED);
}

NET_API Error closed_error(const Server&) { return make_error(Errc::ERR_SERVER_NOT_RUNNING); }

NET_API void WriteAwaiter::await_suspend(std::coroutine_handle<> waiter) {
  begin(waiter);
  listeners_.on<"drain">([this] { go_on(); });
  listeners_.on<"finish">([this] { go_on(); });
  listen_for_error();
  listen_for_close();
}

NET_API ConnectAwaiter::~ConnectAwaiter() {
  if (!connected_) Access::state(emitter()).destroy_always();
}

NET_API Socket ConnectAwaiter::await_resume() {
  Base::await_resume();
  connected_ = true;
  return emitter();
}

NET_RARE bool WriteAwaiter::was_refused() {
  if (is_over(emitter())) {
    const Error error = emitter().errored();
    failure_.emplace(error ? error : make_error(Errc::ERR_STREAM_DESTROYED));
  }
  return static_cast<bool>(failure_);
}

NET_API void SleepAwaiter::await_suspend(std::coroutine_handle<> waiter) {
  limit_.start(Access::core(loop_), this, [](void* self) { static_cast<SleepAwaiter*>(self)->go_on(); });
  timer_ = loop_.setTimeout([this] { go_on(); }, length_);
  waiter_ = waiter;
}

NET_API void SleepAwaiter::go_on() {
  limit_.stop();
  timer_.close();
  RunningTask::resume(detail::exchange(waiter_, {}));
}

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif
#endif

// The bodies of task_promise.hpp. Internal.
#ifndef NET_DETAIL_CORO_TASK_PROMISE_IPP
#define NET_DETAIL_CORO_TASK_PROMISE_IPP

#if NET_BODIES

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

NET_API constexpr Handle::Operations Spawned::table{
    [](Handle& handle) noexcept { delete static_cast<Spawned*>(&handle); },
    [](Handle& handle) noexcept { static_cast<Spawned&>(handle).abandon(); }};

NET_API Spawned::Spawned(LoopCore& core, std::coroutine_handle<> task, Ref<KeptCallable> kept)
    : Handle(core, table),
      TaskEnd{[](TaskEnd& self, TaskPromiseBase& promise) {
        static_cast<Spawned&>(self).finish(std::move(promise.thrown));
      }},
      frame(task),
      callable(std::move(kept)) {
  core.ticks().expect();  // for what escapes it
  retain();
}

NET_API void Spawned::abandon() {
  if (!frame) return;
  detail::exchange(frame, {}).destroy();
  callable = {};
  release();
}

NET_API void Spawned::finish(std::exception_ptr thrown) {
  detail::exchange(frame, {}).destroy();
  callable = {};
  if (thrown) {
    loop->ticks().push_expected([thrown = std::move(thrown)] { std::rethrow_exception(thrown); });
  } else {
    loop->ticks().expect_no_more();
  }
  release();
}

NET_API void throw_awaited() { throw_error(make_error(Errc::ERR_INVALID_STATE, "This task was awaited already")); }

NET_API void throw_moved_away() { throw_error(make_error(Errc::ERR_INVALID_STATE, "This task was moved away")); }

NET_API void spawn_task(LoopCore& core, std::coroutine_handle<> frame, TaskPromiseBase& promise,
                        Ref<KeptCallable> callable) {
  UntakenFrame untaken{frame};
  promise.end = new Spawned(core, frame, std::move(callable));
  RunningTask::resume(untaken.take());
}

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif
#endif

// The bodies of task.hpp. Internal.
#ifndef NET_TASK_IPP
#define NET_TASK_IPP

#if NET_BODIES

namespace net::inline NET_ABI::inline NET_MACHINE {

NET_API void spawn(Loop& loop, Task<>&& task) {
  if (!detail::TaskUse::spawn(detail::Access::core(loop), std::move(task), {})) detail::throw_moved_away();
}

NET_API void spawn(Task<>&& task) { spawn(Loop::current(), std::move(task)); }

}  // namespace net::inline NET_ABI::inline NET_MACHINE

#endif
#endif

// The bodies of received_bytes.hpp. Internal.
#ifndef NET_DETAIL_CORO_RECEIVED_BYTES_IPP
#define NET_DETAIL_CORO_RECEIVED_BYTES_IPP

#if NET_BODIES

namespace net::inline NET_ABI::detail {

/// The rest stays where it is if there is space behind it. What is added may be of what was there before.
NET_GNU(noinline) NET_API void ReceivedBytes::add_slowly(std::string_view bytes) {
  if (bytes.empty()) return;
  const std::size_t before = rest_.size(), size = before + bytes.size();
  const std::size_t at = !rest_.empty() && is_own(rest_.data()) ? static_cast<std::size_t>(rest_.data() - own_) : 0;
  if (size > capacity_ || is_own(bytes.data())) {
    const std::size_t twice = capacity_ * 2;
    const std::size_t capacity = size <= capacity_ ? capacity_ : size < twice ? twice : size;
    char* const memory = static_cast<char*>(::operator new(capacity));
    if (before > 0) std::memcpy(memory, rest_.data(), before);
    std::memcpy(memory + before, bytes.data(), bytes.size());
    ::operator delete(detail::exchange(own_, memory));
    capacity_ = capacity;
    rest_ = {own_, size};
    return;
  }
  char* const begin = at + size <= capacity_ ? own_ + at : own_;
  if (before > 0 && rest_.data() != begin) std::memmove(begin, rest_.data(), before);
  std::memcpy(begin + before, bytes.data(), bytes.size());
  rest_ = {begin, size};
}

NET_GNU(noinline) NET_API void ReceivedBytes::add_unasked(std::string_view bytes) {
  if (!aside_) {
    aside_ = detail::exchange(own_, nullptr);
    capacity_ = 0;
  }
  add(bytes);
}

NET_API void ReceivedBytes::own_rest() {
  if (rest_.empty() || is_own(rest_.data())) return;
  if (rest_.size() > capacity_) {
    char* const memory = static_cast<char*>(::operator new(rest_.size()));
    ::operator delete(detail::exchange(own_, memory));
    capacity_ = rest_.size();
  }
  std::memcpy(own_, rest_.data(), rest_.size());
  rest_ = {own_, rest_.size()};
}

NET_API void ReceivedBytes::settle(ReceiveBuffer& to) {
  own_rest();
  ::operator delete(detail::exchange(aside_, nullptr));
  give_back(to);
}

}  // namespace net::inline NET_ABI::detail

#endif
#endif

// The bodies of reader.hpp. Internal.
#ifndef NET_READER_IPP
#define NET_READER_IPP

#if NET_BODIES

namespace net::inline NET_ABI::detail {

NET_API std::uint64_t number_of(std::string_view bytes, Endian endian) noexcept {
  std::uint64_t number = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const char byte = bytes[endian == Endian::big ? i : bytes.size() - 1 - i];
    number = number << 8 | static_cast<unsigned char>(byte);
  }
  return number;
}

}  // namespace net::inline NET_ABI::detail

namespace net::inline NET_ABI::inline NET_MACHINE {

NET_API Reader::Reader(const Socket& socket, const ReaderOptions& options) : listeners_(socket) {
  detail::require_timeout(options.lingering);
  const double lingering = options.lingering.milliseconds();
  detail::Access::state(socket).expect_to_be_left(lingering == ReaderOptions().lingering.milliseconds() ? -1
                                                                                                        : lingering);
  // one that was closed or read before emits nothing any more
  ended_ = socket.readableEnded();
  if (const Error error = socket.errored()) {
    failure_.emplace(error);
  } else if (socket.destroyed() && !ended_) {
    failure_.emplace(detail::make_error(Errc::ERR_STREAM_PREMATURE_CLOSE));
  }
  socket.pause();
  listeners_.on<"data">([this](Chunk chunk) { received(chunk); });
  listeners_.on<"end">([this] {
    ended_ = true;
    wake();
  });
  listeners_.on<"error">([this](const Error& error) { fail(error); });
  listeners_.on<"close">([this] {
    if (!ended_) fail(detail::make_error(Errc::ERR_STREAM_PREMATURE_CLOSE));
  });
}

/// Calls nobody, and allocates nothing, unless a task waits.
NET_API Reader::~Reader() {
  if (gone_) *gone_ = true;
  listeners_.off();
  waiter_.close(detail::Access::state(socket()));
  detail::SocketState& state = detail::Access::state(socket());
  state.leave(rest(), !ended_ && !failure_);
  if (state.loop) held_.give_back(state.loop->receiving());
}

NET_API void Reader::require_delimiter(std::string_view delimiter) {
  if (delimiter.empty()) detail::throw_error(detail::invalid_value("delimiter", "must not be empty", "''"));
}

NET_API detail::ReadRequest Reader::prefixed(int bytes, Endian endian, std::size_t limit) {
  if (bytes < 1 || bytes > 8) detail::throw_error(detail::out_of_range("bytes", ">= 1 && <= 8", std::to_string(bytes)));
  return {.kind = Kind::prefixed, .endian = endian, .prefix = static_cast<std::uint8_t>(bytes), .amount = limit};
}

NET_API bool Reader::prepare(const detail::ReadRequest& request) {
  if (waiter_) detail::throw_error(detail::make_error(Errc::ERR_INVALID_STATE, "A task waits for this reader already"));
  request_ = &request;
  searched_ = 0;
  return settle();
}

NET_API bool Reader::settle() {
  size_ = none;
  too_long_ = false;
  if (request_->kind != Kind::chunk) {
    find();
  } else if (const std::size_t there = rest().size()) {
    found(0, there, there);
  }
  return size_ != none || too_long_ || ended_ || static_cast<bool>(failure_);
}

/// Apart from the pieces as they come: those are the common case.
NET_GNU(noinline) NET_API void Reader::find() {
  switch (request_->kind) {
    case Kind::chunk: break;
    case Kind::exact:
      if (rest().size() >= request_->amount) found(0, request_->amount, request_->amount);
      break;
    case Kind::line: settle_line(); break;
    case Kind::delimited: settle_delimited(); break;
    case Kind::prefixed: settle_prefixed(); break;
  }
  // each message of several that came together is one more to answer
  if (has_found()) detail::Access::state(socket()).note_question();
}

NET_API void Reader::settle_line() {
  const std::string_view rest = this->rest();
  const std::size_t at = rest.find('\n', searched_);
  std::size_t size = at == rest.npos ? rest.size() : at;
  // a carriage return at the end of what is there may belong to the line feed that follows
  if (size > 0 && rest[size - 1] == '\r' && (at != rest.npos || !ended_)) --size;
  too_long_ = size > request_->amount;
  if (too_long_) return;
  if (at != rest.npos) {
    found(0, size, at + 1);
  } else if (ended_ && !failure_ && !rest.empty()) {
    found(0, size, rest.size());
  } else {
    searched_ = rest.size();
  }
}

NET_API void Reader::settle_delimited() {
  const std::string_view rest = this->rest();
  const std::size_t length = request_->delimiter->size();
  const std::size_t at = rest.find(*request_->delimiter, searched_);
  // what is there may hold all of the delimiter but its last byte
  const std::size_t kept = rest.size() < length - 1 ? rest.size() : length - 1;
  too_long_ = (at == rest.npos ? rest.size() - kept : at) > request_->amount;
  if (too_long_) return;
  at != rest.npos ? found(0, at, at + length) : void(searched_ = rest.size() - kept);
}

NET_API void Reader::settle_prefixed() {
  const std::string_view rest = this->rest();
  const std::size_t prefix = request_->prefix;
  if (rest.size() < prefix) return;
  const std::uint64_t size = detail::number_of(rest.substr(0, prefix), request_->endian);
  too_long_ = size > request_->amount;
  if (too_long_ || rest.size() - prefix < size) return;
  found(prefix, static_cast<std::size_t>(size), prefix + static_cast<std::size_t>(size));
}

NET_API void Reader::require_end() {
  if (too_long_) {
    detail::throw_error(Error(std::make_error_code(std::errc::message_size),
                              (request_->kind == Kind::line ? "A line is longer than " : "A message is longer than ") +
                                  std::to_string(request_->amount) + " bytes"));
  }
  if (failure_) detail::throw_error(*failure_);
  if (!rest().empty()) detail::throw_error(detail::make_error(Errc::ERR_STREAM_PREMATURE_CLOSE));
}

NET_API void Reader::received(std::string_view bytes) {
  if (!waiter_) {  // the task that let it flow may be gone, or wait for 'close'
    held_.add_unasked(bytes);
    return pause();
  }
  if (bytes.size() >= detail::ReceivedBytes::large && rest().empty()) return received_much(bytes);
  held_.add(bytes);
  if (!settle()) return note_part();
  resume(nullptr);
}

/// The task may have asked for all of it, and ask again before it does anything else: then nothing is copied.
NET_GNU(noinline) NET_API void Reader::received_much(std::string_view bytes) {
  detail::ReceiveBuffer& buffer = detail::Access::state(socket()).loop->receiving();
  const bool borrowed = held_.borrow(bytes, buffer);
  if (!borrowed) held_.add(bytes);
  if (settle()) return resume(borrowed ? &buffer : nullptr);
  if (borrowed) {
    buffer.lend_no_more();
    held_.skip(bytes.size());
    held_.add(bytes);
  }
  note_part();
}

/// The task may destroy this reader, also behind another 'data'; one of a foreign type may throw, and the reader lives
/// on.
NET_API void Reader::resume(detail::ReceiveBuffer* lent) {
  bool gone = false;
  struct Resuming {
    Reader& reader;
    const bool& gone;
    bool* outer;
    detail::ReceiveBuffer* lent;
    ~Resuming() {
      if (!gone) {
        reader.gone_ = outer;
      } else if (outer) {
        *outer = true;
      }
      if (lent) [[unlikely]]
        end_loan();
    }
    /// What was lent stays with the task that got it, unless that has asked again.
    void end_loan() const noexcept {
      const auto asked = [this] {
        const std::string_view rest = reader.rest();
        return reader.waiter_ && (rest.empty() || !lent->holds(rest.data()));
      };
      if (!gone && !asked()) reader.held_.keep(*lent);
      lent->lend_no_more();
    }
  };
  {
    const Resuming resuming{*this, gone, detail::exchange(gone_, &gone), lent};
    waiter_.resume();
    if (gone) return;
    if (lent && waiter_) held_.own_rest();  // throws without memory
  }
  if (!waiter_) pause();
}

NET_API void Reader::pause() {
  detail::SocketState& state = detail::Access::state(socket());
  if (state.reader_note == Note::runs_on && rest().size() < max_held) return;
  socket().pause();
  state.reader_note.move_to(rest().empty() ? Note::idle : Note::holds_bytes);
}

/// It would be lost if the socket went to another process now.
NET_API void Reader::note_part() {
  if (!rest().empty()) detail::Access::state(socket()).reader_note.move_to(Note::holds_part);
}

NET_API void Reader::fail(const Error& error) {
  if (!failure_) failure_.emplace(error);
  wake();
}

NET_API void Reader::wait(detail::WaitingTask& waiting, std::coroutine_handle<> task) {
  detail::SocketState& state = detail::Access::state(socket());
  if (held_.keeps() && state.loop) [[unlikely]]
    held_.settle(state.loop->receiving());
  state.reader_is_asked(!rest().empty());
  if (state.is_paused()) state.resume();
  waiter_.note(waiting, state.loop, task);
}

NET_API void Reader::wake() {
  if (waiter_ && settle()) waiter_.resume();
}

}  // namespace net::inline NET_ABI::inline NET_MACHINE

#endif
#endif

// The bodies of joined_tasks.hpp. Internal.
#ifndef NET_DETAIL_CORO_JOINED_TASKS_IPP
#define NET_DETAIL_CORO_JOINED_TASKS_IPP

#if NET_BODIES

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

NET_API JoinedTask::JoinedTask(JoinedTasks& all, TaskPromiseBase& its, Ref<KeptCallable> kept)
    : joined(&all), promise(&its), callable(std::move(kept)) {
  ended = JoinedTasks::on_end;
  destroy = [](TaskEnd& self) noexcept { delete static_cast<JoinedTask*>(&self); };
  its.end = this;
  next = detail::exchange(all.first, this);
  link = &all.first;
  if (next) next->link = &next;
}

NET_API void JoinedTask::drop() noexcept {
  *link = next;
  if (next) next->link = link;
  if (!RunningTask::dooms(*promise)) delete this;
}

NET_API constexpr Handle::Operations JoinedTasks::table{
    [](Handle& handle) noexcept { delete static_cast<JoinedTasks*>(&handle); },
    [](Handle& handle) noexcept { static_cast<JoinedTasks&>(handle).cancel(); }};

NET_API JoinedTasks::JoinedTasks(LoopCore& core, JoinRule how)
    : Handle(core, table), JoinedLinks{find_running}, rule(how) {
  core.ticks().expect();  // for the one that goes on
}

NET_API JoinedTasks::~JoinedTasks() {
  while (first) first->drop();
  if (loop && !resuming) loop->ticks().expect_no_more();
}

NET_API JoinedTask* JoinedTasks::begin(std::coroutine_handle<> frame, TaskPromiseBase& promise,
                                       Ref<KeptCallable> callable) {
  UntakenFrame untaken{frame};
  if (decided && rule == JoinRule::group) return nullptr;
  auto* const task = new JoinedTask(*this, promise, std::move(callable));
  (void)untaken.take();
  ++running;
  if (decided) return task;  // it will never run
  const Ref<JoinedTasks> alive(this);
  RunningTask::resume(frame);
  return task;
}

/// It stands at its end, so it may be destroyed in here.
NET_API void JoinedTasks::on_end(TaskEnd& end, TaskPromiseBase& promise) {
  auto& task = static_cast<JoinedTask&>(end);
  JoinedTasks& self = *task.joined;
  const Ref<JoinedTasks> alive(&self);
  task.over = true;
  --self.running;
  const bool failed = promise.thrown != nullptr;
  if (!self.decided) {
    const bool ends = self.rule == JoinRule::race || (self.rule == JoinRule::any ? !failed : failed);
    if (ends) self.decide(task);
  }
  if (self.settled()) self.resume_later();
  if (self.rule == JoinRule::group) task.drop();
}

NET_API void JoinedTasks::decide(JoinedTask& task) {
  decided = true;
  winner = &task;
  failure = task.promise->thrown;
}

NET_API void JoinedTasks::resume_later() noexcept {
  if (!loop || detail::exchange(resuming, true)) return;
  loop->ticks().push_expected([self = Ref<JoinedTasks>(this)] { self->resume(); });
}

NET_API void JoinedTasks::resume() {
  loop->ticks().expect();  // a group may be waited for again
  resuming = false;
  if (decided) cancel();
  if (settled() && waiter) waiter.resume();
}

NET_API void JoinedTasks::cancel() noexcept {
  for (JoinedTask* task = first; task;) {
    if (task->over) {
      task = task->next;
      continue;
    }
    --running;
    task->drop();
    task = first;  // what a frame destroys may have been another one
  }
}

NET_API void JoinedTasks::close() noexcept {
  cancel();
  if (waiter) resume_later();
}

NET_API RunningTask* JoinedTasks::find_running(const JoinedLinks& links) noexcept {
  for (const JoinedTask* task = static_cast<const JoinedTasks&>(links).first; task; task = task->next) {
    if (RunningTask* const running = RunningTask::in(*task->promise)) return running;
  }
  return nullptr;
}

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif
#endif

// The bodies of task_group.hpp. Internal.
#ifndef NET_TASK_GROUP_IPP
#define NET_TASK_GROUP_IPP

#if NET_BODIES

namespace net::inline NET_ABI::inline NET_MACHINE {

NET_API bool TaskGroup::Awaiter::await_ready() {
  waiting_.require_wanted();
  if (joined_->waiter) {
    detail::throw_error(detail::make_error(Errc::ERR_INVALID_STATE, "A task waits for this group already"));
  }
  return joined_->running == 0 && !joined_->resuming;
}

NET_API void TaskGroup::Awaiter::await_resume() {
  joining_.end();
  waiting_.require_kept();
  joined_->decided = false;
  joined_->winner = nullptr;
  if (joined_->failure) std::rethrow_exception(detail::exchange(joined_->failure, {}));
}

}  // namespace net::inline NET_ABI::inline NET_MACHINE

#endif
#endif

// The bodies of rules.hpp. Internal.
#ifndef NET_DETAIL_BLOCK_LIST_RULES_IPP
#define NET_DETAIL_BLOCK_LIST_RULES_IPP

#if NET_BODIES

namespace net::inline NET_ABI::detail {

NET_API std::string rule_text(const BlockRule& rule) {
  std::string text = rule.kind == RuleKind::address ? "Address: "
                     : rule.kind == RuleKind::range ? "Range: "
                                                    : "Subnet: ";
  text.append(to_string(rule.first.family)).append(" ").append(to_text(rule.first));
  if (rule.kind == RuleKind::range) text.append("-").append(to_text(rule.last));
  if (rule.kind == RuleKind::subnet) text.append("/").append(std::to_string(rule.prefix));
  return text;
}

NET_API void BlockRules::add(const BlockRule& rule) {
  const LockGuard guard(lock_);
  // Doubling would take up to 72 bytes a rule.
  if (rules_.size() == rules_.capacity()) rules_.reserve(rules_.size() + rules_.size() / 4 + 4);
  if (rule.kind == RuleKind::subnet) {
    match_subnet(rule);
  } else {
    match_range(rule.first, rule.kind == RuleKind::range ? rule.last : rule.first);
  }
  rules_.push(rule);
}

NET_API bool BlockRules::look(const BlockRules& self, const IpAddress& ip) noexcept {
  if (!ip) return false;
  const Wide number = wide(ip);
  const ReadGuard guard(self.lock_);
  if (is_mapped(number) && self.ipv4_.contains(ipv4_part(number))) return true;
  return ip.family == Family::IPv6 && self.ipv6_.contains(number);
}

NET_API void BlockRules::match_subnet(const BlockRule& rule) {
  const unsigned prefix = rule.prefix + (rule.first.family == Family::IPv4 ? 96U : 0U);
  const Wide mask = host_bits(prefix);
  Wide first = wide(rule.first);
  first = {first.high & ~mask.high, first.low & ~mask.low};
  const Wide last{first.high | mask.high, first.low | mask.low};
  if (first <= last_mapped && first_mapped <= last) {
    ipv4_.add(ipv4_part(later(first, first_mapped)), ipv4_part(earlier(last, last_mapped)));
  }
  if (prefix < 96 || !is_mapped(first)) ipv6_.add(first, last);
}

NET_API void BlockRules::match_range(const IpAddress& start, const IpAddress& end) {
  Wide first = wide(start), last = wide(end);
  if (is_mapped(first) && is_mapped(last)) {
    ipv4_.add(ipv4_part(first), ipv4_part(last));
    return;
  }
  // An IPv4 end can be compared with mapped addresses only, and never on the IPv4 side.
  if (start.family != end.family) {
    first = later(first, first_mapped);
    last = earlier(last, last_mapped);
  }
  if (first <= last) ipv6_.add(first, last);
}

}  // namespace net::inline NET_ABI::detail

#endif
#endif

// The bodies of fork.hpp. Internal.
#ifndef NET_DETAIL_SYS_FORK_IPP
#define NET_DETAIL_SYS_FORK_IPP

#if NET_BODIES

namespace net::inline NET_ABI::detail {

NET_API void take_shared_locks_at_fork() noexcept {
  static constinit Atomic<int> noted{0};
  if (noted.load() != 0 || noted.exchange(1) != 0) return;
  os::at_fork(SharedLock::lock_all, SharedLock::unlock_all, SharedLock::unlock_all);
}

}  // namespace net::inline NET_ABI::detail

#endif
#endif

// The bodies of json_strings.hpp. Internal.
#ifndef NET_DETAIL_TEXT_JSON_STRINGS_IPP
#define NET_DETAIL_TEXT_JSON_STRINGS_IPP

#if NET_BODIES

namespace net::inline NET_ABI::detail {

[[noreturn]] NET_API void throw_bad_json(std::string_view text, std::size_t position) {
  NewText error;
  error->kind = "SyntaxError";
  error->message = position >= text.size() ? "Unexpected end of JSON input"
                                           : "Unexpected character in JSON at position " + std::to_string(position);
  throw_error(Error(std::make_error_code(std::errc::invalid_argument), error));
}

[[noreturn]] NET_API void throw_not_a_list(std::string_view text) {
  const std::size_t start = text.find_first_not_of(" \t\n\r");
  const char c = start == std::string_view::npos ? ' ' : text[start];
  std::string message = "The \"data\" argument must be of type string or string[]. Received ";
  message.append(c == '['   ? "an instance of Array"
                 : c == '{' ? "an instance of Object"
                 : c == 'n' ? "null"
                            : "another type");
  throw_error(make_error(Errc::ERR_INVALID_ARG_TYPE, std::move(message)));
}

}  // namespace net::inline NET_ABI::detail

#endif
#endif

// The bodies of lookup.hpp. Internal.
#ifndef NET_DETAIL_CONNECT_LOOKUP_IPP
#define NET_DETAIL_CONNECT_LOOKUP_IPP

#if NET_BODIES

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

NET_API constexpr Handle::Operations LookupState::table{
    [](Handle& handle) noexcept { delete static_cast<LookupState*>(&handle); },
    [](Handle& handle) noexcept { static_cast<LookupState&>(handle).abandon(); },
    nullptr,
    nullptr,
    nullptr,
    nullptr,
    [](Handle& handle) {
      if (auto& self = static_cast<LookupState&>(handle); self.callback) self.ask();
    }};

NET_RARE void Question::ask_system() {
  Vec<Endpoint> ends;
  failed = Machine::look_up(name, options.family, options.hints, ends);
  found.reserve(ends.size());
  for (const Endpoint& end : ends) found.push({endpoint_text(end), end.ip.family});
}

NET_RARE void Question::find() {
#if defined(__cpp_exceptions)
  try {
    ask_system();
  } catch (...) {
    found.clear();
    failed = Errc::ERR_LOOKUP_NO_MEMORY;
  }
#else
  ask_system();
#endif
}

NET_API ResolverPool& ResolverPool::instance() {
  static constinit Atomic<ResolverPool*> pool{nullptr};
  ResolverPool* shared = pool.load();
  while (!shared || shared->made_in_ != Machine::fork_count()) {
    auto* const fresh = new ResolverPool;
    if (pool.compare_exchange(shared, fresh)) return *fresh;
    delete fresh;
  }
  return *shared;
}

NET_API bool ResolverPool::submit(Question& question) noexcept {
  const LockGuard locked(mutex_);
  // one that was woken is idle until it runs: those who wait already will take it
  if (idle_ <= waiting_questions_ && threads_ < max_threads &&
      Machine::start_thread([](void* pool) { static_cast<ResolverPool*>(pool)->work(); }, this)) {
    ++threads_;
    Machine::count_in_resolver(1);
  }
  if (threads_ == 0) return false;
  (last_ ? last_->next : first_) = &question;
  last_ = &question;
  ++waiting_questions_;
  waiting_.wake_one();
  return true;
}

NET_API void LookupState::ask() {
  std::string name;
  const int wrong = to_ascii_host(host, name) ? 0 : EINVAL;
  PostedAnswer posted(new Question(*this, loop->mailbox(), std::move(name), options));
  ResolverPool& pool = ResolverPool::instance();
  loop->mailbox().expect();
  refused = wrong != 0 ? wrong : pool.submit(*posted.question) ? 0 : EAGAIN;
  retain();
  ++questions;
  if (refused == 0) {
    posted.question = nullptr;  // the pool's
  } else {
    loop->mailbox().post_expected(Callback(std::move(posted)));  // from the loop, like any other answer
  }
}

NET_API void LookupState::answer(const Question& question) {
  const Ref<LookupState> alive(this);
  --questions;
  release();
  if (!callback) return;
  const Done done = std::move(callback);
  loop->keep_alive(false);
  done(LookupAnswer(*this, question));
}

NET_RARE Error LookupAnswer::error() const {
  if (asked_.refused != 0) return lookup_failure(asked_.refused, asked_.host);
  return question_.failed == Errc{} ? no_error() : lookup_failure(question_.failed, asked_.host);
}

NET_API void LookupState::abandon() noexcept {
  callback.reset();
  while (questions > 0) {
    --questions;
    release();
  }
}

NET_RARE void ResolverPool::work() noexcept {
  mutex_.lock();
  for (;;) {
    while (!first_) {
      ++idle_;
      Machine::count_in_resolver(-1);
      waiting_.wait(mutex_);
      Machine::count_in_resolver(1);
      --idle_;
    }
    Question& question = *first_;
    first_ = question.next;
    if (!first_) last_ = nullptr;
    --waiting_questions_;
    mutex_.unlock();
    question.find();
    Mailbox& home = *question.home;
    home.retain();  // the posted callback may be the last that knows it
    home.post_expected(Callback(LookupState::PostedAnswer(&question)));
    home.release();
    mutex_.lock();
  }
}

NET_API void look_up(LoopCore& loop, std::string host, LookupOptions options, LookupState::Done done) {
  const Ref<LookupState> state(new LookupState(loop, std::move(host), options));
  state->callback = std::move(done);
  state->ask();
  loop.keep_alive(true);
}

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif
#endif

// How a socket begins to connect: by path, by name, by address; and how it gives up. Internal.
#ifndef NET_DETAIL_CONNECT_CONNECTOR_IPP
#define NET_DETAIL_CONNECT_CONNECTOR_IPP

#if NET_BODIES

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

NET_API ConnectAttempts& Connector::attempts() const { return static_cast<ConnectAttempts&>(*self.cold->connecting); }

NET_API Ref<ConnectAttempts> Connector::prepare(const ConnectOptions& options) const {
  Ref<ConnectAttempts> attempts(new ConnectAttempts(*self.loop, {ready, stop}));
  attempts->path = options.path;
  attempts->host = options.host.empty() ? "localhost" : options.host;
  attempts->port = options.port;
  attempts->local_address = options.localAddress;
  attempts->local_port = options.localPort;
  attempts->by_address = options.path.empty() && isIP(attempts->host) != 0;
  if (attempts->by_address) add_attempt(*attempts, {attempts->host, family_of(attempts->host)});
  if (options.blockList) attempts->block_list.make(*options.blockList);
  (void)self.ensure_cold();
  self.loop->ticks().reserve(2);
  self.expect_close();
  attempts->expect_end();
  return attempts;
}

NET_API void Connector::start(const Ref<ConnectAttempts>& attempts, const ConnectOptions& options) const {
  self.retain_for_loop();
  self.phase.move_to(Phase::connecting);
  self.is_path = !options.path.empty();
  self.cold->connecting = attempts.get();
  attempts->retain();
  self.touch();
  self.recount();
  self.cold->block_list.take(attempts->block_list);
  if (attempts->by_address) {
    return self.tick([](SocketState& socket) {
      if (socket.connecting()) Connector{socket}.next_attempt();
    });
  }
  // what is thrown from here on leaves connect(): then it has not begun
  const Ref<SocketState> alive(&self);
  CallOnThrow undo([&socket = self, same = SameConnection(self)] {
    if (!socket.connecting() || !same || !socket.loop) return;
    socket.stop_connecting();
    socket.phase.move_to(Phase::idle);
    if (socket.channel.is_open()) close_watched(socket.loop, socket.channel);
    socket.recount();
    socket.release_from_loop();
  });
  self.is_path ? start_path() : start_lookup(options);
  attempts->started = true;
  undo.passed = true;
}

NET_API void Connector::start_path() const {
  const std::string path = attempts().path;
  const SameConnection same(self);
  self.emit_event<on_attempt>(path, -1, Family::unspecified);
  if (!self.connecting() || !self.cold->connecting || !same) return;
  const int result = self.channel.start_connect_path(path);
  if (result == -EINVAL && !self.channel.is_open()) {
    return give_up(address_failure(EINVAL, "connect", path, -1));
  }
  if (result == -EINPROGRESS) {
    watch(self.channel);
  } else {
    // known already, but emitted from the loop
    self.loop->pending().push({Ref<Handle>(&self), [](Handle& handle) {
                                 auto& socket = static_cast<SocketState&>(handle);
                                 if (socket.connecting() && socket.cold->path_result <= 0)
                                   Connector{socket}.path_done(socket.cold->path_result);
                               }});
    self.cold->path_result = result;
  }
}

NET_API void Connector::path_done(int result) const {
  const std::string path = attempts().path;
  if (result < 0) return single_failed(address_failure(-result, "connect", path, -1), path, -1, Family::unspecified);
  self.connected();
}

NET_API void Connector::start_lookup(const ConnectOptions& options) const {
  ConnectAttempts& p = attempts();
  p.family = options.family;
  const bool by_default = SelectionDefaults::get().on.load() != 0;
  p.selecting = options.family == Family::unspecified && options.localAddress.empty() &&
                options.autoSelectFamily.value_or(by_default);
  p.attempt_delay = options.autoSelectFamilyAttemptTimeout
                        ? static_cast<std::uint64_t>(options.autoSelectFamilyAttemptTimeout->milliseconds())
                        : static_cast<std::uint64_t>(SelectionDefaults::get().delay_ms.load());
  if (p.attempt_delay < 10) p.attempt_delay = 10;
  LookupOptions asked{p.family, options.hints, p.selecting};
  if (asked.family == Family::unspecified && asked.hints == 0) asked.hints = Machine::address_config_hint();  // S12.8
  struct Answer {
    Ref<SocketState> socket;
    SameConnection same;
    void operator()(const Error& error, std::span<const LookupAddress> addresses) const {
      const Connector connector{*socket};
      // a second answer, or one that comes when the socket has gone on, counts for nothing
      if (!socket->connecting() || !same || !connector.attempts().list.empty()) return;
      if (!connector.attempts().started) return connector.looked_up(error, addresses);
      or_give_up(*socket, [&] { connector.looked_up(error, addresses); });
    }
  };
  const Answer answer{Ref<SocketState>(&self), SameConnection(self)};
  if (options.lookup) {
    options.lookup(p.host, asked, answer);
  } else {
    look_up(*self.loop, p.host, asked, [answer](const LookupAnswer& found) {
      or_give_up(*answer.socket, [&] { answer(found.error(), found.addresses()); });
    });
  }
}

NET_API void Connector::looked_up(const Error& error, std::span<const LookupAddress> addresses) const {
  const Ref<SocketState> alive(&self);
  const std::string host = attempts().host;
  const SameConnection same(self);
  self.touch();
  if (error || addresses.empty()) {
    const Error none = error ? error : lookup_failure(Errc::ERR_LOOKUP_NOT_FOUND, host);
    self.emit_event<on_lookup>(none, "", Family::unspecified, host);
    return give_up_later(none);
  }
  if (!attempts().selecting) addresses = addresses.first(1);
  Error invalid;
  for (const LookupAddress& found : addresses) {
    self.emit_event<on_lookup>(no_error(), found.address, found.family, host);
    if (!self.connecting() || !same) return;
    const Error wrong = mistake_of(found);
    if (!wrong) {
      add_attempt(attempts(), found);
    } else if (!invalid) {
      invalid = wrong;
    }
  }
  if (attempts().list.empty()) return give_up_later(invalid);
  attempts().selecting = attempts().list.size() > 1;
  if (attempts().selecting) {
    self.ensure_cold().attempted.make();
    interleave();
  }
  next_attempt();
}

NET_API Error Connector::mistake_of(const LookupAddress& found) const {
  if (isIP(found.address) == 0) return bad_ip(found.address);
  if (found.family == Family::IPv4 || found.family == Family::IPv6) return Error();
  return bad_family(static_cast<int>(found.family), attempts().host, attempts().port);
}

NET_API void Connector::add_attempt(ConnectAttempts& to, const LookupAddress& found) const {
  for (const Attempt* same : to.list) {
    if (same->address == found.address && same->family == found.family) return;
  }
  std::string address = found.address;
  self.ensure_cold().cancelled.reserve(to.list.size() + 1);  // calling it off needs no memory
  to.list.reserve(to.list.size() + 1);
  auto* attempt = new Attempt;
  to.list.push(attempt);
  attempt->channel.owner = static_cast<Handle*>(&self);
  attempt->to = parse_endpoint(address, to.port);
  attempt->address = std::move(address);
  attempt->family = found.family;
}

NET_API void Connector::interleave() const {
  Vec<Attempt*> queues[2], ordered;
  const Family first = attempts().list[0]->family;
  for (Attempt* attempt : attempts().list) queues[attempt->family != first].push(attempt);
  for (std::size_t i = 0; ordered.size() < attempts().list.size(); ++i) {
    for (const auto& queue : queues) {
      if (i < queue.size()) ordered.push(queue[i]);
    }
  }
  attempts().list = std::move(ordered);
}

NET_API void Connector::single_failed(const Error& error, const std::string& address, int port, Family family) const {
  self.phase.move_to(Phase::open);  // as in Node, until it is destroyed
  const std::string kept = address;
  self.stop_connecting();
  self.recount();
  const SameConnection same(self);
  self.emit_event<on_attempt_failed>(kept, port, family, error);
  if (same) self.fail(error);
}

NET_API void Connector::give_up(const Error& error) const { self.fail(error); }

NET_API void Connector::give_up_later(const Error& error) const { self.tick_with<&SocketState::connect_failed>(error); }

NET_API void Connector::ready(SocketState& self, Watcher& watcher) {
  const Ref<SocketState> alive(&self);
  const Connector connector{self};
  if (self.is_path) return connector.path_done(self.channel.finish_connect());
  for (Attempt* attempt : connector.attempts().list) {
    if (&attempt->channel == &watcher) return connector.attempt_ready(*attempt);
  }
}

NET_API void Connector::stop(SocketState& self) noexcept {
  LoopCore* const loop = self.loop;
  ConnectAttempts* const attempts = static_cast<ConnectAttempts*>(detail::exchange(self.cold->connecting, nullptr));
  self.cold->emit_cancelled = emit_cancelled;
  for (Attempt* attempt : attempts->list) {
    if (!attempt->channel.is_open()) continue;
    const bool called_off = self.connecting() && attempts->selecting && attempt->phase == AttemptPhase::running;
    if (called_off) self.cold->cancelled.push(attempt->to);
    close_watched(loop, attempt->channel);
  }
  if (attempts->timer && loop) loop->stop_timer(*attempts->timer);
  attempts->end();
}

NET_API void Connector::emit_cancelled(SocketState& self) {
  const Endpoint to = self.cold->cancelled.back();
  self.cold->cancelled.pop();
  const std::string address = endpoint_text(to);
  self.emit_event<on_attempt_failed>(address, to.port, to.ip.family,
                                     address_failure(ECANCELED, "connect", address, to.port));
}

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif
#endif

// Attempts, and the race between them. Internal.
#ifndef NET_DETAIL_CONNECT_RACE_IPP
#define NET_DETAIL_CONNECT_RACE_IPP

#if NET_BODIES

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

NET_API void Connector::next_attempt() const {
  const Ref<SocketState> alive(&self);
  const SameConnection same(self);
  if (attempts().timer) self.loop->stop_timer(*attempts().timer);
  while (self.connecting() && same) {
    if (attempts().begun == attempts().list.size()) return all_begun();
    Attempt& attempt = *attempts().list[attempts().begun++];
    if (begin(attempt)) {
      if (self.connecting() && same && attempts().begun < attempts().list.size()) start_delay();
      return;
    }
  }
}

NET_API bool Connector::begin(Attempt& attempt) const {
  if (const Error error = bind(attempt); error) return failed_early(attempt, error, false);
  const bool blocked = self.cold->block_list && attempt.family == attempt.to.ip.family &&
                       (self.cold->block_list->check)(SocketAddress(attempt.to.ip));
  const auto block_error = [&] {
    return make_error(Errc::ERR_IP_BLOCKED, "IP(" + attempt.address + ") is blocked by net.BlockList");
  };
  if (attempts().selecting && blocked) return failed_early(attempt, block_error(), true);
  const SameConnection same(self);
  self.emit_event<on_attempt>(attempt.address, remote_port(), attempt.family);
  if (!self.connecting() || !same) return true;
  if (blocked) return give_up(block_error()), true;
  if (attempts().selecting) self.cold->attempted->push_back(attempted_text(attempt));
  if (const Error error = start(attempt); error) return failed_early(attempt, error, true);
  attempt.phase.move_to(AttemptPhase::running);
  watch(attempt.channel);
  return true;
}

NET_API Error Connector::start(Attempt& attempt) const {
  const int port = attempts().port;
  const bool mismatch = attempt.family != attempt.to.ip.family;
  if (mismatch && !attempt.channel.is_open()) return address_failure(EINVAL, "connect", attempt.address, port);
  const int opened = open(attempt);
  const int result = opened < 0 ? opened : mismatch ? -EINVAL : attempt.channel.start_connect(attempt.to);
  if (result >= 0 || result == -EINPROGRESS || result == -ECONNREFUSED) return Error();
  const Endpoint local = opened < 0 ? Endpoint{} : attempt.channel.local_end();
  return local_failure(-result, "connect", attempt.address, port,
                       local ? to_text(local.ip) : std::string(any_of(attempt.family)), local.port, false);
}

NET_API int Connector::open(Attempt& attempt) {
  return attempt.channel.is_open() ? 0 : attempt.channel.open(attempt.family);
}

NET_API std::string_view Connector::any_of(Family family) noexcept { return family == Family::IPv6 ? "::" : "0.0.0.0"; }

NET_API int Connector::remote_port() const { return attempts().port; }

NET_API std::string Connector::attempted_text(const Attempt& attempt) const {
  return attempt.address + ":" + std::to_string(attempts().port);
}

NET_API Error Connector::bind(Attempt& attempt) const {
  const ConnectAttempts& p = attempts();
  if (p.local_address.empty() && p.local_port == 0) return Error();
  const std::string address = p.local_address.empty() ? std::string(any_of(attempt.family)) : p.local_address;
  int failed = open(attempt);
  if (failed < 0) return address_failure(-failed, "bind", address, p.local_port);
  if (p.local_port < 0 || p.local_port > 65535) {
    failed = -EADDRINUSE;
  } else if (const Endpoint from = parse_endpoint(address, p.local_port); from.ip.family != attempt.family) {
    failed = -EINVAL;
  } else {
    failed = attempt.channel.bind(from);
  }
  return failed < 0 ? address_failure(-failed, "bind", address, p.local_port) : Error();
}

NET_API void Connector::watch(Machine::Channel& channel) const {
  if (const int failed = self.loop->poller().watch(channel, writable); failed < 0) {
    give_up_later(system_failure(-failed, "connect"));
  }
}

NET_API bool Connector::failed_early(Attempt& attempt, const Error& error, bool emits) const {
  close(attempt);
  if (!attempts().selecting) return give_up(error), true;
  attempt.error = error;
  if (emits) self.emit_event<on_attempt_failed>(attempt.address, attempts().port, attempt.family, error);
  return false;
}

NET_API void Connector::attempt_ready(Attempt& attempt) const {
  const int result = attempt.channel.finish_connect();
  self.touch();
  if (result == 0) return won(attempt);
  attempt.phase.move_to(AttemptPhase::over);
  const ConnectAttempts& p = attempts();
  const Error error = p.local_port != 0 || !p.local_address.empty()
                          ? late_failure(attempt, -result)
                          : address_failure(-result, "connect", attempt.address, p.port);
  close(attempt);
  if (!p.selecting) return single_failed(error, attempt.address, p.port, attempt.to.ip.family);
  attempt.error = error;
  const SameConnection same(self);
  const bool current = &attempt == p.list[p.begun - 1];
  self.emit_event<on_attempt_failed>(attempt.address, p.port, attempt.to.ip.family, error);
  if (!self.connecting() || !same) return;
  if (current || attempts().begun == attempts().list.size()) next_attempt();
}

NET_API Error Connector::late_failure(const Attempt& attempt, int number) const {
  const ConnectAttempts& p = attempts();
  if (p.local_port == 0) return address_failure(number, "connect", attempt.address, p.port);
  const std::string address = p.local_address.empty() ? std::string(any_of(attempt.to.ip.family)) : p.local_address;
  return local_failure(number, "connect", attempt.address, p.port, address, p.local_port, true);
}

NET_API void Connector::won(Attempt& attempt) const {
  self.loop->poller().drop(attempt.channel);
  self.channel.take_over(attempt.channel);
  if (const Endpoint remote = self.channel.remote_end()) {
    self.cold->remote = remote;
    self.cold->remote_known = true;
  }
  self.connected();
}

NET_API void Connector::close(Attempt& attempt) const {
  attempt.phase.move_to(AttemptPhase::over);
  if (attempt.channel.is_open()) close_watched(self.loop, attempt.channel);
}

NET_API void Connector::start_delay() const {
  ConnectAttempts& p = attempts();
  if (!p.timer) {
    p.timer = TimerState::of(self, [](Handle& socket) { Connector{static_cast<SocketState&>(socket)}.delay_over(); });
  }
  self.loop->update_time();
  self.loop->start_timer(*p.timer, p.attempt_delay, self.loop->now());
}

NET_API void Connector::delay_over() const {
  if (!self.connecting()) return;
  Attempt& slow = *attempts().list[attempts().begun - 1];
  if (slow.phase == AttemptPhase::running) slow.phase.move_to(AttemptPhase::slow);
  const SameConnection same(self);
  self.emit_event<on_attempt_timeout>(slow.address, attempts().port, slow.to.ip.family);
  if (self.connecting() && same) next_attempt();
}

NET_API void Connector::all_begun() const {
  Vec<Error> errors;
  for (const Attempt* attempt : attempts().list) {
    if (attempt->is_under_way()) return;
    if (attempt->error) errors.push(attempt->error);
  }
  give_up(errors.empty() ? make_error(Errc::ERR_SOCKET_CONNECTION_TIMEOUT) : aggregate_failure(std::move(errors)));
}

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif
#endif
