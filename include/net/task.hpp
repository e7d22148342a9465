// Coroutines over the events: Task, spawn, and what a task can wait for.
#ifndef NET_TASK_HPP
#define NET_TASK_HPP

#include <coroutine>
#include <exception>
#include <optional>
#include <string_view>
#include <type_traits>
#include <utility>

#include <net/connect.hpp>
#include <net/detail/coro/event_awaiter.hpp>
#include <net/detail/coro/task_promise.hpp>
#include <net/duration.hpp>
#include <net/error.hpp>
#include <net/loop.hpp>
#include <net/options.hpp>

namespace net::inline NET_ABI::inline NET_MACHINE {

/// A coroutine that waits with `co_await` and ends with `co_return`. It starts when it is awaited, or handed to
/// `spawn`; an exception that escapes it arrives where it is awaited. Dropping a task destroys it where it stands.
///
/// Its parameters should be values (a `Socket` is cheap to copy): what a reference or a lambda's capture refers to
/// may be gone when it goes on.
template <class T = void>
class [[nodiscard]] Task {
  static_assert(!std::is_reference_v<T>, "a task returns a value; return a pointer for a reference");

 public:
  using promise_type = detail::Promise<T, Task>;

  Task() noexcept = default;
  explicit Task(std::coroutine_handle<promise_type> frame) noexcept : frame_(frame) {}
  Task(Task&& other) noexcept : frame_(std::exchange(other.frame_, {})) {}
  Task& operator=(Task&& other) noexcept {
    if (this != &other) {
      if (frame_) frame_.destroy();
      frame_ = std::exchange(other.frame_, {});
    }
    return *this;
  }
  ~Task() {
    if (frame_) frame_.destroy();
  }

  /// Runs the task; its result, or its exception. Once.
  auto operator co_await() const noexcept { return Awaiter{frame_}; }

 private:
  friend void spawn(Loop& loop, Task<> task);

  struct Awaiter {
    std::coroutine_handle<promise_type> frame;

    bool await_ready() const noexcept { return !frame || frame.done(); }
    /// A task that ends without waiting does not suspend its caller: a loop of them needs no stack.
    bool await_suspend(std::coroutine_handle<> caller) const {
      frame.resume();
      if (frame.done()) return false;
      frame.promise().caller = caller;
      return true;
    }
    T await_resume() const {
      if (!frame) detail::throw_error(detail::make_error(Errc::ERR_INVALID_STATE, "This task was moved away"));
      return frame.promise().take();
    }
  };

  std::coroutine_handle<promise_type> frame_;
};

/// Runs a task on the loop by itself: at once, up to its first wait. An exception that escapes it leaves `run()`,
/// when its frame is gone. It does not keep the loop alive, what it waits for does; what it never waited through is
/// destroyed with its loop.
NET_API void spawn(Loop& loop, Task<> task);
/// The same on this thread's loop.
NET_API void spawn(Task<> task);

/// `co_await once<"connect">(socket)`: waits for an event of a socket or a server. The result is what its listeners
/// are given: nothing, a value, or several for `auto [a, b, c]`; views among them are valid until the next wait. Throws
/// the Error if 'error' comes first, and `ERR_SOCKET_CLOSED` or `ERR_SERVER_NOT_RUNNING` if 'close' does.
template <fixed_string Name, class Emitting>
auto once(const Emitting& emitter) {
  return detail::EventAwaiter<Name, Emitting>(emitter);
}

/// `Socket socket = co_await connected(8000)`: takes what `createConnection` takes, throws the Error it fails with.
/// If the task is destroyed meanwhile, so is the socket. Name what you connect with braces, since g++ 12 destroys
/// braced arguments in a `co_await` twice: `auto connecting = connected({.port = 8000}); … = co_await connecting;`
NET_API detail::ConnectAwaiter connected(Loop& loop, const ConnectOptions& options);
NET_API detail::ConnectAwaiter connected(const ConnectOptions& options);
NET_API detail::ConnectAwaiter connected(int port, std::string_view host = "localhost");
NET_API detail::ConnectAwaiter connected(std::string_view path);

/// `co_await write(socket, data)`: writes at once, as `Socket::write` does, and comes back when there is space for
/// more: immediately, or with 'drain'. Throws the Error if the socket fails or is closed first.
template <detail::Payload Data>
detail::WriteAwaiter write(const Socket& socket, Data&& data) {
  const bool has_space = socket.write(std::forward<Data>(data));
  return detail::WriteAwaiter(socket, has_space);
}

/// `co_await sleep(100)`: goes on after so long, at least 1 ms.
NET_API detail::SleepAwaiter sleep(Duration length);

}  // namespace net::inline NET_ABI::inline NET_MACHINE

#include <net/task.ipp>

#endif
