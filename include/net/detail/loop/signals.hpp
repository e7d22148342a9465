// Signals of the process, told to the loops that ask for them. Internal; net::Signal is the face.
#ifndef NET_DETAIL_LOOP_SIGNALS_HPP
#define NET_DETAIL_LOOP_SIGNALS_HPP

#include <cerrno>
#include <utility>

#include <net/detail/base/atomic.hpp>
#include <net/detail/base/function.hpp>
#include <net/detail/io/poller.hpp>
#include <net/detail/loop/core.hpp>
#include <net/detail/sys/posix/thread.hpp>

namespace net::inline NET_ABI::detail {

/// Someone to be rung when a signal comes.
struct SignalBell {
  os::Waker bell;
  int signo = 0;
  SignalBell* next = nullptr;
};

/// Who listens to which signal, in the whole process. The handler runs in any thread at any instruction: it takes a
/// spin lock, which nobody holds in a thread that can be interrupted, and writes to the wakers.
class SignalRegistry {
 public:
  static SignalRegistry& instance() noexcept {
    static constinit SignalRegistry registry;
    return registry;
  }

  /// 0, or a negated errno. The first one installs the handler; it interrupts no system call.
  int add(SignalBell& bell) noexcept {
    if (const int failed = bell.bell.open(); failed < 0) return failed;
    note_forks();
    const Guard guard(*this);
    process_.store(::getpid());
    if (!listened(bell.signo)) {
      struct sigaction action{};
      action.sa_handler = &on_signal;
      action.sa_flags = SA_RESTART;
      sigfillset(&action.sa_mask);
      struct sigaction old{};
      if (::sigaction(bell.signo, &action, &old) != 0) return -errno;
      before_[bell.signo] = old;
    }
    bell.next = std::exchange(first_, &bell);
    return 0;
  }

  /// The last one puts back the handler that was there before.
  void remove(SignalBell& bell) noexcept {
    const Guard guard(*this);
    SignalBell** at = &first_;
    while (*at && *at != &bell) at = &(*at)->next;
    if (!*at) return;
    *at = bell.next;
    if (!listened(bell.signo)) ::sigaction(bell.signo, &before_[bell.signo], nullptr);
  }

 private:
  constexpr SignalRegistry() noexcept = default;

  /// No signal reaches this thread while it holds the lock, or its handler would wait for itself.
  void enter(sigset_t& before) noexcept {
    sigset_t all;
    sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before);
    while (lock_.exchange(1) != 0) {}
  }
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
  void note_forks() noexcept {
    if (noted_.exchange(1) != 0) return;
    os::at_fork(
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
          for (const SignalBell* bell = self.first_; bell; bell = bell->next) {
            ::sigaction(bell->signo, &self.before_[bell->signo], nullptr);
          }
          self.first_ = nullptr;
          self.leave(self.before_fork_);
        });
  }

  static void on_signal(int signo) {
    const int kept = errno;
    SignalRegistry& self = instance();
    if (self.process_.load() != ::getpid()) {
      // a child that no fork handler ran in, such as that of vfork(): the parent is not told, the child is
      ::sigaction(signo, &self.before_[signo], nullptr);
      ::raise(signo);
    } else {
      while (self.lock_.exchange(1) != 0) {}
      for (SignalBell* bell = self.first_; bell; bell = bell->next) {
        if (bell->signo == signo) bell->bell.wake();
      }
      self.lock_.store(0);
    }
    errno = kept;
  }

  bool listened(int signo) const noexcept {
    for (const SignalBell* bell = first_; bell; bell = bell->next) {
      if (bell->signo == signo) return true;
    }
    return false;
  }

  Atomic<int> lock_{0};
  Atomic<int> noted_{0};
  Atomic<int> process_{0};  // which one listens
  SignalBell* first_ = nullptr;
  struct sigaction before_[NSIG] = {};
  sigset_t before_fork_ = {};
};

}  // namespace net::inline NET_ABI::detail

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

/// One listener of a signal on one loop: a bell that the loop watches like a socket.
struct SignalState : Handle, SignalBell {
  static const Operations table;

  SignalState(LoopCore& core, int number) noexcept : Handle(core, table) {
    signo = number;
    watcher.owner = static_cast<Handle*>(this);
  }

  int open() noexcept {
    const int failed = listen();
    if (failed < 0) return failed;
    is_open = true;
    retain();
    return 0;
  }

  int listen() noexcept {
    if (const int failed = SignalRegistry::instance().add(*this); failed < 0) return failed;
    watcher.fd = bell.descriptor();
    const int failed = loop->poller().watch(watcher, readable);
    if (failed < 0) {
      loop->poller().drop(watcher);
      SignalRegistry::instance().remove(*this);
    }
    return failed;
  }

  /// S31.4: the parent keeps its own bell.
  void listen_again() noexcept {
    if (!is_open) return;
    loop->poller().drop(watcher);
    if (listen() < 0) close();
  }

  void close() noexcept {
    if (!std::exchange(is_open, false)) return;
    set_ref(false);
    SignalRegistry::instance().remove(*this);
    loop->poller().drop(watcher);
    bell.close();
    callback.reset();
    release();
  }

  void set_ref(bool on) noexcept {
    if (refd == on || (on && !is_open)) return;
    refd = on;
    loop->keep_alive(on);
  }

  static void rung(Handle& handle, Watcher&, unsigned, int) {
    const Ref<SignalState> self(static_cast<SignalState*>(&handle));
    self->bell.drain();
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
  bool refd = false;  // as in Node, a signal alone does not keep the loop alive
};

inline constexpr Handle::Operations SignalState::table{
    [](Handle& handle) noexcept { delete static_cast<SignalState*>(&handle); },
    [](Handle& handle) noexcept { static_cast<SignalState&>(handle).close(); },
    &SignalState::rung,
    nullptr,
    nullptr,
    nullptr,
    [](Handle& handle) { static_cast<SignalState&>(handle).listen_again(); }};

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif
