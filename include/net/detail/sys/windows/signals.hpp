// Signals of the process, for the loops that ask. Internal.
#ifndef NET_DETAIL_SYS_WINDOWS_SIGNALS_HPP
#define NET_DETAIL_SYS_WINDOWS_SIGNALS_HPP

#include <net/detail/sys/windows/waker.hpp>

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

#include <net/detail/sys/windows/signals.ipp>

#endif
