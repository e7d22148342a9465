// Coroutines over the events: Task, spawn, and what a task can wait for.
#ifndef NET_TASK_HPP
#define NET_TASK_HPP

#include <concepts>
#include <coroutine>
#include <exception>
#include <optional>
#include <string_view>
#include <type_traits>
#include <utility>

#include <net/connect.hpp>
#include <net/detail/base/exchange.hpp>
#include <net/detail/coro/event_awaiter.hpp>
#include <net/detail/coro/needs_co_await.hpp>
#include <net/detail/coro/task_promise.hpp>
#include <net/duration.hpp>
#include <net/error.hpp>
#include <net/loop.hpp>
#include <net/options.hpp>

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

#include <net/task.ipp>

#endif
