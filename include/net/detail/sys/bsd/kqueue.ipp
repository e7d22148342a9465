// The bodies of kqueue.hpp. Internal.
#ifndef NET_DETAIL_SYS_BSD_KQUEUE_IPP
#define NET_DETAIL_SYS_BSD_KQUEUE_IPP

#include <net/detail/sys/bsd/kqueue.hpp>

#if NET_BODIES

#include <net/detail/base/exchange.hpp>
#include <net/detail/sys/posix/calls.hpp>
#include <net/detail/sys/posix/headers.hpp>

#if NET_HAS_KQUEUE

namespace net::inline NET_ABI::detail {

NET_API Refusal kqueue_poller::open() noexcept {
  shut();
  queue_ = ::kqueue();
  if (queue_ < 0) return {errno, "kqueue"};
  made_in_ = os::fork_count();
  ::fcntl(queue_, F_SETFD, FD_CLOEXEC);
  int failed = change(waker, EVFILT_USER, EV_ADD | EV_CLEAR, 0, &waker_place_);
  if (failed == 0) failed = watch_all();
  return failed < 0 ? Refusal{-failed, "kevent"} : Refusal{};
}

NET_API void kqueue_poller::shut() noexcept {
  count_ = 0;
  const NativeHandle queue = detail::exchange(queue_, no_handle);
  if (queue >= 0 && made_in_ == os::fork_count()) os::close_descriptor(queue);
}

NET_API int kqueue_poller::change(std::uintptr_t of, int filter, int flags, unsigned note,
                                  Registration* place) const noexcept {
  Event wanted{};
  wanted.ident = of;
  wanted.filter = static_cast<decltype(wanted.filter)>(filter);
  wanted.flags = static_cast<decltype(wanted.flags)>(flags);
  wanted.fflags = note;
  wanted.udata = reinterpret_cast<decltype(wanted.udata)>(place);
  return os::retried([&] { return ::kevent(queue_, &wanted, 1, nullptr, 0, nullptr); });
}

NET_API int kqueue_poller::watch(Watcher& watcher, unsigned mask) noexcept {
  watcher.interest = static_cast<std::uint8_t>(mask);
  if ((mask & ~unsigned{watcher.registered}) == 0 && ((watcher.registered & ~mask) & writable) == 0) return 0;
  return update(watcher);
}

NET_API int kqueue_poller::update(Watcher& watcher) noexcept {
  if (!watcher.registration && !registrations_.add(watcher)) return -ENOMEM;
  if ((watcher.registered & ~unsigned{watcher.interest}) & writable) stop_reporting(watcher, writable);
  for (const unsigned what : {readable, writable}) {
    if (((watcher.interest & ~unsigned{watcher.registered}) & what) == 0) continue;
    if (const int failed = change(watcher, what, EV_ADD); failed < 0) return failed;
    watcher.registered = static_cast<std::uint8_t>(watcher.registered | what);
  }
  return 0;
}

NET_API void kqueue_poller::stop_reporting(Watcher& watcher, unsigned what) noexcept {
  if ((watcher.registered & what) == 0) return;  // it was reported in this round, and taken out in it
  change(watcher, what, EV_DELETE);              // fails if the descriptor is closed, and with it the filter gone
  watcher.registered = static_cast<std::uint8_t>(watcher.registered & ~what);
}

NET_API void kqueue_poller::drop(Watcher& watcher) noexcept {
  watcher.interest = 0;
  stop_reporting(watcher, readable);
  stop_reporting(watcher, writable);
  if (watcher.registration) registrations_.remove(*watcher.registration, true);
}

NET_API void kqueue_poller::gone(const Registration& place, const Event& event, unsigned what) noexcept {
  if (&place == &waker_place_ || registrations_.given_up_now(place)) return;
  bool taken = false;
  registrations_.each([&](const Registration& each) {
    const Watcher& other = *each.watcher;
    taken |= static_cast<std::uintptr_t>(other.fd) == event.ident && (other.registered & what) != 0;
  });
  if (!taken) change(event.ident, what == writable ? EVFILT_WRITE : EVFILT_READ, EV_DELETE, 0, nullptr);
}

NET_API unsigned kqueue_poller::note_end(Watcher& watcher, const Event& event, unsigned what) const noexcept {
  if (event.fflags != 0) watcher.failure = static_cast<std::int16_t>(event.fflags);
  return what == readable ? what | hung_up : what;
}

NET_API void kqueue_poller::wake() noexcept { change(waker, EVFILT_USER, 0, NOTE_TRIGGER, &waker_place_); }

/// Everything that is watched, on a new queue. What cannot be watched any more fails when it is used.
NET_API int kqueue_poller::watch_all() noexcept {
  int refused = 0;
  registrations_.each([&](const Registration& each) {
    Watcher& watcher = *each.watcher;
    if (watcher.registered == 0) return;
    watcher.registered = 0;
    const int failed = update(watcher);
    if (failed == -ENOMEM) refused = failed;
    watcher.registered = watcher.interest;
  });
  return refused;
}

}  // namespace net::inline NET_ABI::detail

#endif
#endif
#endif
