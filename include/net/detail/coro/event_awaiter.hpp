// Waiting for an event in a coroutine: listeners that resume it, gone when it goes on. Internal.
#ifndef NET_DETAIL_CORO_EVENT_AWAITER_HPP
#define NET_DETAIL_CORO_EVENT_AWAITER_HPP

#include <coroutine>
#include <string_view>
#include <type_traits>
#include <utility>

#include <net/connect.hpp>
#include <net/detail/base/exchange.hpp>
#include <net/detail/base/maybe.hpp>
#include <net/detail/coro/kept_arguments.hpp>
#include <net/detail/coro/needs_co_await.hpp>
#include <net/detail/coro/running_task.hpp>
#include <net/detail/coro/wait_limit.hpp>
#include <net/duration.hpp>
#include <net/emitter.hpp>
#include <net/error.hpp>
#include <net/loop.hpp>
#include <net/server.hpp>
#include <net/socket.hpp>

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

#include <net/detail/coro/event_awaiter.ipp>

#endif
