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
  int add(SignalBell& bell) noexcept;

  /// The last one puts back the handler that was there before.
  void remove(SignalBell& bell) noexcept;

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

  int open() noexcept;

  int listen() noexcept;

  /// S31.4: the parent keeps its own bell.
  void listen_again() noexcept {
    if (!is_open) return;
    loop->poller().drop(watcher);
    if (listen() < 0) close();
  }

  void close() noexcept;

  void set_ref(bool on) noexcept {
    if (refd == on || (on && !is_open)) return;
    refd = on;
    loop->keep_alive(on);
  }

  static void rung(Handle& handle, Watcher&, unsigned, int);

  Watcher watcher;
  Function<void(int)> callback;
  bool is_open = false;
  bool refd = false;  // as in Node, a signal alone does not keep the loop alive
};

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#include <net/detail/loop/signals.ipp>

#endif
