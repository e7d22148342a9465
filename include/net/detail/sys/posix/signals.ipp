// The bodies of signals.hpp. Internal.
#ifndef NET_DETAIL_SYS_POSIX_SIGNALS_IPP
#define NET_DETAIL_SYS_POSIX_SIGNALS_IPP

#include <net/detail/sys/posix/signals.hpp>

#if NET_BODIES

#include <cerrno>
#include <utility>

#include <net/detail/base/atomic.hpp>
#include <net/detail/base/exchange.hpp>
#include <net/detail/sys/posix/headers.hpp>

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
