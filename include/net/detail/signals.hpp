// Signals of the process, told to the loops that ask for them. Internal; net::Signal is the face.
#ifndef NET_DETAIL_SIGNALS_HPP
#define NET_DETAIL_SIGNALS_HPP

#include <cerrno>
#include <utility>

#include <net/detail/atomic.hpp>
#include <net/detail/function.hpp>
#include <net/detail/loop_core.hpp>
#include <net/detail/os_thread.hpp>
#include <net/detail/poller.hpp>

namespace net::inline NET_ABI::detail {

/// Someone to be rung when a signal comes.
struct SignalBell {
  os::Bell bell;
  int signo = 0;
  SignalBell* next = nullptr;
};

/// Who listens to which signal, in the whole process. The handler runs in any thread at any instruction: it takes a
/// spin lock, which nobody holds in a thread that can be interrupted, and writes to the bells.
class SignalRegistry {
 public:
  static SignalRegistry& instance() noexcept {
    static constinit SignalRegistry registry;
    return registry;
  }

  /// 0, or a negated errno. The first one installs the handler; it interrupts no system call.
  int add(SignalBell& bell) noexcept {
    if (bell.bell.descriptor() < 0) return -EMFILE;
    const Guard guard(lock_);
    if (!listened(bell.signo)) {
      struct sigaction action{};
      action.sa_handler = &on_signal;
      action.sa_flags = SA_RESTART;
      ::sigfillset(&action.sa_mask);
      struct sigaction old{};
      if (::sigaction(bell.signo, &action, &old) != 0) return -errno;
      before_[bell.signo] = old;
    }
    bell.next = std::exchange(first_, &bell);
    return 0;
  }

  /// The last one puts back the handler that was there before.
  void remove(SignalBell& bell) noexcept {
    const Guard guard(lock_);
    SignalBell** at = &first_;
    while (*at && *at != &bell) at = &(*at)->next;
    if (!*at) return;
    *at = bell.next;
    if (!listened(bell.signo)) ::sigaction(bell.signo, &before_[bell.signo], nullptr);
  }

 private:
  constexpr SignalRegistry() noexcept = default;

  static void take(Atomic<int>& lock) noexcept {
    while (lock.exchange(1) != 0) {}
  }

  /// No signal reaches this thread while it holds the lock, or its handler would wait for itself.
  struct Guard {
    Atomic<int>& lock;
    sigset_t before;

    explicit Guard(Atomic<int>& held) noexcept : lock(held) {
      sigset_t all;
      ::sigfillset(&all);
      ::pthread_sigmask(SIG_SETMASK, &all, &before);
      take(lock);
    }
    Guard(const Guard&) = delete;
    Guard& operator=(const Guard&) = delete;
    ~Guard() {
      lock.store(0);
      ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    }
  };

  static void on_signal(int signo) {
    const int kept = errno;
    SignalRegistry& self = instance();
    take(self.lock_);
    for (SignalBell* bell = self.first_; bell; bell = bell->next) {
      if (bell->signo == signo) bell->bell.ring();
    }
    self.lock_.store(0);
    errno = kept;
  }

  bool listened(int signo) const noexcept {
    for (const SignalBell* bell = first_; bell; bell = bell->next) {
      if (bell->signo == signo) return true;
    }
    return false;
  }

  Atomic<int> lock_{0};
  SignalBell* first_ = nullptr;
  struct sigaction before_[NSIG] = {};
};

}  // namespace net::inline NET_ABI::detail

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

/// One listener of a signal on one loop: a bell that the loop watches like a socket.
struct SignalState : Handle, SignalBell {
  static const Operations table;

  SignalState(LoopCore& core, int number) noexcept : Handle(core, table) {
    signo = number;
    watcher.owner = static_cast<Handle*>(this);
    watcher.fd = bell.descriptor();
  }

  int open() noexcept {
    int failed = SignalRegistry::instance().add(*this);
    if (failed == 0) {
      failed = loop->poller().watch(watcher, readable);
      if (failed < 0) SignalRegistry::instance().remove(*this);
    }
    if (failed < 0) return failed;
    is_open = true;
    retain();
    return 0;
  }

  void close() noexcept {
    if (!std::exchange(is_open, false)) return;
    want(false);
    SignalRegistry::instance().remove(*this);
    loop->poller().drop(watcher, false);
    callback.reset();
    // the poller may have its watcher among what is ready: it lives to the end of the turn
    loop->next_close({Ref<Handle>(this), [](Handle&) {}});
    release();
  }

  void want(bool on) noexcept {
    if (wanted == on || (on && !is_open)) return;
    wanted = on;
    loop->keep_alive(on);
  }

  static void rung(Handle& handle, Watcher&, unsigned, int) {
    const Ref<SignalState> self(static_cast<SignalState*>(&handle));
    self->bell.silence();
    // the callback lives as long as it runs, even if it closes its signal
    struct Call {
      SignalState& state;
      Function<void(int)> callback;
      ~Call() {
        if (state.is_open) state.callback = std::move(callback);
      }
    } const call{*self, std::move(self->callback)};
    if (call.callback) call.callback(self->signo);
  }

  Watcher watcher;
  Function<void(int)> callback;
  bool is_open = false;
  bool wanted = false;  // as in Node, a signal alone does not keep the loop alive
};

inline constexpr Handle::Operations SignalState::table{
    [](Handle& handle) noexcept { delete static_cast<SignalState*>(&handle); },
    [](Handle& handle) noexcept { static_cast<SignalState&>(handle).close(); }, &SignalState::rung};

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif
