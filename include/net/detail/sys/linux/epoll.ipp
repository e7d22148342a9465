// The bodies of epoll.hpp. Internal.
#ifndef NET_DETAIL_SYS_LINUX_EPOLL_IPP
#define NET_DETAIL_SYS_LINUX_EPOLL_IPP

#include <net/detail/sys/linux/epoll.hpp>

#if NET_BODIES

#include <net/detail/base/exchange.hpp>
#include <net/detail/sys/posix/calls.hpp>
#include <net/detail/sys/posix/headers.hpp>

#if defined(__linux__)

namespace net::inline NET_ABI::detail {

NET_API Refusal epoll_poller::open() noexcept {
  shut();
  if (const int failed = waker_.open(); failed < 0) return {-failed, os::Waker::syscall};
  epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
  if (epoll_ < 0) return {errno, "epoll_create1"};
  if (const int failed = watch_all(epoll_); failed < 0) return {-failed, "epoll_ctl"};
  all_watched();
  return {};
}

NET_API void epoll_poller::shut() noexcept {
  count_ = 0;
  stray_ = false;
  if (epoll_ >= 0) os::close_descriptor(detail::exchange(epoll_, no_handle));
  waker_.close();
}

NET_API int epoll_poller::watch(Watcher& watcher, unsigned mask) noexcept {
  watcher.interest = static_cast<std::uint8_t>(mask);
  if ((mask & ~unsigned{watcher.registered}) == 0 && ((watcher.registered & ~mask) & writable) == 0) return 0;
  return update(watcher);
}

NET_API void epoll_poller::drop(Watcher& watcher) noexcept {
  watcher.interest = 0;
  const bool gone = watcher.registered == 0 || ::epoll_ctl(epoll_, EPOLL_CTL_DEL, watcher.fd, &unused_) == 0;
  watcher.registered = 0;
  if (watcher.registration) registrations_.remove(*watcher.registration, gone);
}

NET_GNU(noinline) NET_API unsigned epoll_poller::meaning(Watcher& watcher, unsigned happened) noexcept {
  unsigned what = 0;
  if (happened & (EPOLLIN | EPOLLRDHUP | EPOLLERR | EPOLLHUP)) what |= readable;
  if (happened & (EPOLLOUT | EPOLLERR | EPOLLHUP)) what |= writable;
  if (watcher.registered != watcher.interest && (what & ~unsigned{watcher.interest}) != 0) update(watcher);
  what &= watcher.interest;
  return what != 0 && (happened & EPOLLHUP) != 0 ? what | hung_up : what;
}

NET_GNU(noinline) NET_API int epoll_poller::update(Watcher& watcher) noexcept {
  const unsigned mask = watcher.interest;
  if (!watcher.registration && !registrations_.add(watcher)) return -ENOMEM;
  // an empty mask would still report errors and hang-ups for ever: silence is removal
  const int operation = mask == 0 ? EPOLL_CTL_DEL : watcher.registered == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;
  if (const int failed = control(epoll_, operation, watcher, mask); failed < 0) return failed;
  watcher.registered = static_cast<std::uint8_t>(mask);
  return 0;
}

NET_API int epoll_poller::control(int epoll, int operation, const Watcher& watcher, unsigned mask) noexcept {
  epoll_event event{};
  event.events = (mask & readable ? EPOLLIN | EPOLLRDHUP : 0u) | (mask & writable ? EPOLLOUT : 0u);
  event.data.ptr = watcher.registration;
  return ::epoll_ctl(epoll, operation, watcher.fd, &event) == 0 ? 0 : -errno;
}

NET_GNU(noinline) NET_API unsigned epoll_poller::gone(const Registration& place) noexcept {
  if (&place == &waker_place_) {
    waker_.drain();
    return 0;
  }
  if (!registrations_.given_up_now(place) && !stray_) start_over();
  return 0;
}

NET_API void epoll_poller::start_over() noexcept {
  const int fresh = ::epoll_create1(EPOLL_CLOEXEC);
  stray_ = fresh < 0 || watch_all(fresh) < 0 ||
           // under the same number: a program that watches it from another loop goes on
           os::retried([&] { return ::dup3(fresh, epoll_, O_CLOEXEC); }) < 0;
  if (fresh >= 0) os::close_descriptor(fresh);
  if (stray_) return;
  all_watched();
  count_ = 0;  // what is ready is reported again
}

NET_GNU(noinline) NET_API int epoll_poller::wait_with_stray(int milliseconds) noexcept {
  stray_ = false;
  constexpr int step = 50;
  const int wait = milliseconds >= 0 && milliseconds < step ? milliseconds : step;
  pollfd waker{waker_.descriptor(), POLLIN, 0};
  if (::poll(&waker, 1, wait) < 0) {  // not even one descriptor is allowed
    const timespec sleep{0, wait * 1000000L};
    ::nanosleep(&sleep, nullptr);
  }
  return milliseconds < 0 ? milliseconds : milliseconds - wait;
}

NET_API int epoll_poller::watch_all(int epoll) noexcept {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.ptr = &waker_place_;
  if (::epoll_ctl(epoll, EPOLL_CTL_ADD, waker_.descriptor(), &event) != 0) return -errno;
  int refused = 0;
  registrations_.each([&](const Registration& each) {
    const Watcher& watcher = *each.watcher;
    if (watcher.registered == 0 || watcher.interest == 0 || refused < 0) return;
    const int failed = control(epoll, EPOLL_CTL_ADD, watcher, watcher.interest);
    if (failed == -ENOSPC || failed == -ENOMEM) refused = failed;
  });
  return refused;
}

}  // namespace net::inline NET_ABI::detail

#endif  // __linux__
#endif
#endif
