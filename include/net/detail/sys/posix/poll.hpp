// Readiness by poll(2), wherever POSIX is: the smallest poller, and the model of one. Internal.
#ifndef NET_DETAIL_SYS_POSIX_POLL_HPP
#define NET_DETAIL_SYS_POSIX_POLL_HPP

#include <cerrno>
#include <utility>

#include <net/detail/base/cast.hpp>
#include <net/detail/base/vec.hpp>
#include <net/detail/io/poller.hpp>
#include <net/detail/sys/posix/thread.hpp>

#if !defined(_WIN32)

#include <poll.h>

namespace net::inline NET_ABI::detail {

class poll_poller {
 public:
  poll_poller() noexcept = default;
  poll_poller(const poll_poller&) = delete;
  poll_poller& operator=(const poll_poller&) = delete;

  Refusal open();

  void shut() noexcept {
    ready_.clear();
    waker_.close();
  }

  int watch(Watcher& watcher, unsigned mask);

  void drop(Watcher& watcher) noexcept;

  template <class Each>
  Refusal wait(int milliseconds, Each&& each) {
    if (waker_.descriptor() == no_handle) return {};  // it is shut
    registrations_.begin_round();
    int left = ::poll(entries_.begin(), cast<nfds_t>(entries_.size()), milliseconds);
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

  bool has(NativeHandle fd) noexcept { return registrations_.have(fd); }
  bool hold(Watcher& watcher) noexcept { return watcher.registration || registrations_.add(watcher); }

  void wake() noexcept { waker_.wake(); }
  /// There is no one descriptor that stands for all: none.
  NativeHandle native() const noexcept { return no_handle; }

 private:
  void enter(Watcher& watcher);
  void leave(std::size_t place) noexcept;
  /// The waker, a watcher that was dropped in this round, or one that died without being dropped.
  void nobody(Registration& place) noexcept;

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

#endif  // !_WIN32

#include <net/detail/sys/posix/poll.ipp>

#endif
