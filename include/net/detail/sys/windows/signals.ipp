// The bodies of signals.hpp. Internal.
#ifndef NET_DETAIL_SYS_WINDOWS_SIGNALS_IPP
#define NET_DETAIL_SYS_WINDOWS_SIGNALS_IPP

#include <net/detail/sys/windows/signals.hpp>

#if NET_BODIES

#include <cerrno>
#include <csignal>

#include <net/detail/base/exchange.hpp>
#include <net/detail/base/lock_guard.hpp>

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
