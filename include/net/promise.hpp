// Promise: a task waits for what only a callback tells.
#ifndef NET_PROMISE_HPP
#define NET_PROMISE_HPP

#include <coroutine>
#include <type_traits>
#include <utility>

#include <net/detail/base/maybe.hpp>
#include <net/detail/base/on_throw.hpp>
#include <net/detail/coro/needs_co_await.hpp>
#include <net/detail/coro/wait_place.hpp>
#include <net/error.hpp>
#include <net/loop.hpp>

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

#include <net/promise.ipp>

#endif
