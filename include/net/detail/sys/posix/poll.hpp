// Readiness by poll(2), wherever POSIX is: the smallest poller, and the model of one. Internal.
#ifndef NET_DETAIL_SYS_POSIX_POLL_HPP
#define NET_DETAIL_SYS_POSIX_POLL_HPP

#include <utility>

#include <net/detail/base/vec.hpp>
#include <net/detail/io/poller.hpp>
#include <net/detail/sys/posix/thread.hpp>

namespace net::inline NET_ABI::detail {

class poll_poller {
 public:
  poll_poller() noexcept = default;
  poll_poller(const poll_poller&) = delete;
  poll_poller& operator=(const poll_poller&) = delete;

  Refusal open() {
    if (const int failed = waker_.open(); failed < 0) return {-failed, os::Waker::syscall};
    if (entries_.empty()) {
      // the first entry is the bell's
      entries_.push({});
      places_.push(&waker_place_);
    }
    entries_[0] = {waker_.descriptor(), POLLIN, 0};
    return {};
  }

  void shut() noexcept {
    ready_.clear();
    waker_.close();
  }

  int watch(Watcher& watcher, unsigned mask) {
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

  void drop(Watcher& watcher) noexcept {
    watcher.interest = 0;
    if (watcher.registered != 0) leave(watcher.registration->place);
    watcher.registered = 0;
    if (watcher.registration) registrations_.remove(*watcher.registration, true);
  }

  template <class Each>
  Refusal wait(int milliseconds, Each&& each) {
    if (waker_.descriptor() == os::no_descriptor) return {};  // it is shut
    registrations_.begin_round();
    int left = ::poll(entries_.begin(), static_cast<nfds_t>(entries_.size()), milliseconds);
    if (left < 0 && errno != EINTR) return {errno, "poll"};
    // callbacks add and drop entries: work on a copy of what is ready, by place
    ready_.clear();
    for (std::size_t i = 0; left > 0 && i < entries_.size(); ++i) {
      if (entries_[i].revents == 0) continue;
      --left;
      ready_.push({places_[i], entries_[i].revents});
    }
    for (std::size_t i = 0; i < ready_.size(); ++i) {
      const auto [place, happened] = ready_[i];
      Watcher* const watcher = place->watcher;
      if (!watcher) {
        nobody(*place);
        continue;
      }
      unsigned what = 0;
      if (happened & (POLLIN | POLLERR | POLLHUP | POLLNVAL)) what |= readable;
      if (happened & (POLLOUT | POLLERR | POLLHUP | POLLNVAL)) what |= writable;
      what &= watcher->interest;
      if (what == 0) continue;
      if (happened & POLLHUP) what |= hung_up;
      each(*watcher, what, 0);
    }
    return {};
  }

  void wake() noexcept { waker_.wake(); }
  /// There is no one descriptor that stands for all: none.
  NativeHandle native() const noexcept { return os::no_descriptor; }

 private:
  void enter(Watcher& watcher) {
    // room for everything first: what fails leaves nothing half done, and waiting needs no memory
    if (ready_.capacity() <= entries_.size()) ready_.reserve(2 * (entries_.size() + 1));
    if (places_.capacity() <= entries_.size()) places_.reserve(2 * (entries_.size() + 1));
    entries_.push({watcher.fd, 0, 0});
    places_.push(watcher.registration);
    watcher.registration->place = entries_.size() - 1;
  }
  void leave(std::size_t place) noexcept {
    entries_[place] = entries_.back();
    places_[place] = places_.back();
    places_[place]->place = place;
    entries_.pop();
    places_.pop();
  }
  /// The bell, a watcher that was dropped in this generation, or one that died without being dropped.
  void nobody(Registration& place) noexcept {
    if (&place == &waker_place_) {
      waker_.drain();
    } else if (!registrations_.given_up_now(place)) {
      leave(place.place);
    }
  }

  struct Ready {
    Registration* place;
    short happened;
  };

  os::Waker waker_;
  Registration waker_place_;  // stands for no watcher
  Registrations registrations_;
  Vec<pollfd> entries_;
  Vec<Registration*> places_;
  Vec<Ready> ready_;
};

static_assert(Poller<poll_poller>);

}  // namespace net::inline NET_ABI::detail

#endif
