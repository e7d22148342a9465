// The bodies of signals.hpp. Internal.
#ifndef NET_DETAIL_LOOP_SIGNALS_IPP
#define NET_DETAIL_LOOP_SIGNALS_IPP

#include <net/detail/loop/signals.hpp>

#if NET_BODIES

namespace net::inline NET_ABI::detail {

NET_API int SignalRegistry::add(SignalBell& bell) noexcept {
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

NET_API void SignalRegistry::remove(SignalBell& bell) noexcept {
  const Guard guard(*this);
  SignalBell** at = &first_;
  while (*at && *at != &bell) at = &(*at)->next;
  if (!*at) return;
  *at = bell.next;
  if (!listened(bell.signo)) ::sigaction(bell.signo, &before_[bell.signo], nullptr);
}

NET_API void SignalRegistry::enter(sigset_t& before) noexcept {
  sigset_t all;
  sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  while (lock_.exchange(1) != 0) {}
}

NET_API void SignalRegistry::note_forks() noexcept {
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

NET_API void SignalRegistry::on_signal(int signo) {
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

NET_API bool SignalRegistry::listened(int signo) const noexcept {
  for (const SignalBell* bell = first_; bell; bell = bell->next) {
    if (bell->signo == signo) return true;
  }
  return false;
}

}  // namespace net::inline NET_ABI::detail

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

NET_API constexpr Handle::Operations SignalState::table{
    [](Handle& handle) noexcept { delete static_cast<SignalState*>(&handle); },
    [](Handle& handle) noexcept { static_cast<SignalState&>(handle).close(); },
    &SignalState::rung,
    nullptr,
    nullptr,
    nullptr,
    [](Handle& handle) { static_cast<SignalState&>(handle).listen_again(); }};

NET_API int SignalState::open() noexcept {
  const int failed = listen();
  if (failed < 0) return failed;
  is_open = true;
  retain();
  return 0;
}

NET_API int SignalState::listen() noexcept {
  if (const int failed = SignalRegistry::instance().add(*this); failed < 0) return failed;
  watcher.fd = bell.descriptor();
  const int failed = loop->poller().watch(watcher, readable);
  if (failed < 0) {
    loop->poller().drop(watcher);
    SignalRegistry::instance().remove(*this);
  }
  return failed;
}

NET_API void SignalState::close() noexcept {
  if (!std::exchange(is_open, false)) return;
  set_ref(false);
  SignalRegistry::instance().remove(*this);
  loop->poller().drop(watcher);
  bell.close();
  callback.reset();
  release();
}

NET_API void SignalState::rung(Handle& handle, Watcher&, unsigned, int) {
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

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif
#endif
