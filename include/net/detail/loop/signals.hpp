// Signals of the process, for the loops that ask for them. Internal; net::Signal is the face.
#ifndef NET_DETAIL_LOOP_SIGNALS_HPP
#define NET_DETAIL_LOOP_SIGNALS_HPP

#include <cerrno>
#include <utility>

#include <net/detail/base/atomic.hpp>
#include <net/detail/base/function.hpp>
#include <net/detail/io/poller.hpp>
#include <net/detail/loop/core.hpp>

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

/// One listener of a signal on one loop: a waker that the loop watches like a socket.
struct SignalState : Handle, Machine::SignalWaker {
  static const Operations table;

  SignalState(LoopCore& core, int number) noexcept : Handle(core, table) {
    signo = number;
    watcher.owner = static_cast<Handle*>(this);
  }

  int open() noexcept;

  int listen() noexcept;

  /// S31.4: the parent keeps a waker of its own.
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

  static void on_ready(Handle& handle, Watcher&, unsigned, int);

  Watcher watcher;
  Function<void(int)> callback;
  bool is_open = false;
  bool refd = false;  // as in Node, a signal alone does not keep the loop alive
};

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#include <net/detail/loop/signals.ipp>

#endif
