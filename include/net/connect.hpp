// createConnection and connect, and what the process has set for choosing between two families.
#ifndef NET_CONNECT_HPP
#define NET_CONNECT_HPP

#include <cstddef>
#include <string_view>
#include <type_traits>
#include <utility>

#include <net/detail/connect/attempts.hpp>
#include <net/detail/connect/checks.hpp>
#include <net/socket.hpp>

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

#include <net/connect.ipp>

#endif
