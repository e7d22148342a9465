// AbortController and AbortSignal: calling off a connection or a server, from any thread.
#ifndef NET_ABORT_HPP
#define NET_ABORT_HPP

#include <concepts>
#include <cstddef>
#include <initializer_list>
#include <utility>

#include <net/detail/base/exchange.hpp>
#include <net/detail/base/identity.hpp>
#include <net/detail/base/vec.hpp>
#include <net/detail/loop/core.hpp>
#include <net/duration.hpp>
#include <net/error.hpp>
#include <net/loop.hpp>

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

#include <net/abort.ipp>

#endif
