// A move-only callable with capacity for 24 bytes. Internal; std::function costs 12,000 lines and wants copies.
#ifndef NET_DETAIL_BASE_FUNCTION_HPP
#define NET_DETAIL_BASE_FUNCTION_HPP

#include <concepts>
#include <cstddef>
#include <new>
#include <type_traits>
#include <utility>

#include <net/detail/base/atomic.hpp>
#include <net/detail/base/exchange.hpp>

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
