// Readiness by poll(2), wherever POSIX is: the smallest poller, and the model of one. Internal.
#ifndef NET_DETAIL_POLLER_POLL_HPP
#define NET_DETAIL_POLLER_POLL_HPP

#include <utility>

#include <net/detail/list.hpp>
#include <net/detail/os_thread.hpp>
#include <net/detail/poller.hpp>

namespace net::inline NET_ABI::detail {

class poll_poller {
 public:
  poll_poller() {
    bell_watcher_.fd = bell_.descriptor();
    watch(bell_watcher_, readable);
  }
  poll_poller(const poll_poller&) = delete;
  poll_poller& operator=(const poll_poller&) = delete;

  bool good() const noexcept { return bell_.descriptor() >= 0; }

  int watch(Watcher& watcher, unsigned mask) {
    watcher.wanted = static_cast<std::uint8_t>(mask);
    if (mask == watcher.known) return 0;
    if (mask == 0) {
      leave(watcher);
    } else {
      if (watcher.known == 0) enter(watcher);
      entries_[watcher.slot].events =
          static_cast<short>((mask & readable ? POLLIN : 0) | (mask & writable ? POLLOUT : 0));
    }
    watcher.known = static_cast<std::uint8_t>(mask);
    return 0;
  }

  void drop(Watcher& watcher, bool = true) { watch(watcher, 0); }

  template <class Each>
  void wait(int milliseconds, Each&& each) {
    int left = ::poll(entries_.begin(), static_cast<nfds_t>(entries_.size()), milliseconds);
    // callbacks add and drop entries: work on a copy of what is ready, by owner
    ready_.clear();
    for (std::size_t i = 0; left > 0 && i < entries_.size(); ++i) {
      if (entries_[i].revents == 0) continue;
      --left;
      ready_.push({owners_[i], entries_[i].revents});
    }
    for (const auto& [watcher, happened] : ready_) {
      unsigned what = 0;
      if (happened & (POLLIN | POLLERR | POLLHUP | POLLNVAL)) what |= readable;
      if (happened & (POLLOUT | POLLERR | POLLHUP | POLLNVAL)) what |= writable;
      what &= watcher->wanted;
      if (what == 0) continue;
      if (happened & POLLHUP) what |= hung_up;
      if (watcher == &bell_watcher_) {
        bell_.silence();
      } else {
        each(*watcher, what, 0);
      }
    }
  }

  void wake() noexcept { bell_.ring(); }
  /// There is no one descriptor that stands for all: none.
  NativeHandle native() const noexcept { return os::no_descriptor; }

 private:
  void enter(Watcher& watcher) {
    watcher.slot = static_cast<std::uint32_t>(entries_.size());
    entries_.push({watcher.fd, 0, 0});
    owners_.push(&watcher);
  }
  void leave(Watcher& watcher) {
    entries_[watcher.slot] = entries_.back();
    owners_[watcher.slot] = owners_.back();
    owners_[watcher.slot]->slot = watcher.slot;
    entries_.pop();
    owners_.pop();
  }

  struct Ready {
    Watcher* watcher;
    short happened;
  };

  os::Bell bell_;
  Watcher bell_watcher_;
  List<pollfd> entries_;
  List<Watcher*> owners_;
  List<Ready> ready_;
};

static_assert(Poller<poll_poller>);

}  // namespace net::inline NET_ABI::detail

#endif
