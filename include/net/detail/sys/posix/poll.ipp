// The bodies of poll.hpp. Internal.
#ifndef NET_DETAIL_SYS_POSIX_POLL_IPP
#define NET_DETAIL_SYS_POSIX_POLL_IPP

#include <net/detail/sys/posix/poll.hpp>

#if NET_BODIES

#include <net/detail/sys/posix/calls.hpp>
#include <net/detail/sys/posix/headers.hpp>

#if !defined(_WIN32)

namespace net::inline NET_ABI::detail {

NET_API Refusal poll_poller::open() {
  if (const int failed = waker_.open(); failed < 0) return {-failed, os::Waker::syscall};
  if (entries_.empty()) {
    // the first entry is the waker's; waiting for it needs no memory either
    ready_.reserve(4);
    entries_.push({});
    places_.push(&waker_place_);
  }
  entries_[0] = {waker_.descriptor(), POLLIN, 0};
  return {};
}

NET_API int poll_poller::watch(Watcher& watcher, unsigned mask) {
  watcher.interest = static_cast<std::uint8_t>(mask);
  if (mask == watcher.registered) return 0;
  if (mask == 0) {
    leave(watcher.registration->place);
  } else {
    if (!watcher.registration && !registrations_.add(watcher)) return -ENOMEM;
    if (watcher.registered == 0) enter(watcher);
    entries_[watcher.registration->place].events =
        static_cast<short>((mask & readable ? POLLIN : 0) | (mask & writable ? POLLOUT : 0));
  }
  watcher.registered = static_cast<std::uint8_t>(mask);
  return 0;
}

NET_API void poll_poller::drop(Watcher& watcher) noexcept {
  watcher.interest = 0;
  if (watcher.registered != 0) leave(watcher.registration->place);
  watcher.registered = 0;
  if (watcher.registration) registrations_.remove(*watcher.registration, true);
}

NET_API void poll_poller::enter(Watcher& watcher) {
  // space for everything first: what fails leaves nothing half done, and waiting needs no memory
  if (ready_.capacity() <= entries_.size()) ready_.reserve(2 * (entries_.size() + 1));
  if (places_.capacity() <= entries_.size()) places_.reserve(2 * (entries_.size() + 1));
  entries_.push({watcher.fd, 0, 0});
  places_.push(watcher.registration);
  watcher.registration->place = entries_.size() - 1;
}

NET_API void poll_poller::leave(std::size_t place) noexcept {
  entries_[place] = entries_.back();
  places_[place] = places_.back();
  places_[place]->place = place;
  entries_.pop();
  places_.pop();
}

NET_API void poll_poller::nobody(Registration& place) noexcept {
  if (&place == &waker_place_) {
    waker_.drain();
  } else if (!registrations_.given_up_now(place)) {
    leave(place.place);
  }
}

}  // namespace net::inline NET_ABI::detail

#endif  // !_WIN32

#endif
#endif
