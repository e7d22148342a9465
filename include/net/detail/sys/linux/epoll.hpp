// Readiness by epoll(7), for Linux. Internal.
#ifndef NET_DETAIL_SYS_LINUX_EPOLL_HPP
#define NET_DETAIL_SYS_LINUX_EPOLL_HPP

#include <utility>

#include <net/detail/io/poller.hpp>
#include <net/detail/sys/posix/thread.hpp>

#if defined(__linux__)

#include <sys/epoll.h>

namespace net::inline NET_ABI::detail {

class epoll_poller {
 public:
  epoll_poller() noexcept = default;
  epoll_poller(const epoll_poller&) = delete;
  epoll_poller& operator=(const epoll_poller&) = delete;
  ~epoll_poller() { shut(); }

  Refusal open() noexcept;

  void shut() noexcept;

  /// What need not be reported any more is changed in the system only if it is reported once more: most sockets that
  /// stop reading are closed, or read on, before that. Space to write would be reported at once.
  int watch(Watcher& watcher, unsigned mask) noexcept;

  /// Closing the descriptor would take it out of epoll only if nobody else has it: a duplicate, another process.
  void drop(Watcher& watcher) noexcept;

  template <class Each>
  NET_GNU(always_inline) Refusal wait(int milliseconds, Each&& each) {
    registrations_.begin_round();
    if (stray_) [[unlikely]]
      milliseconds = wait_with_stray(milliseconds);
    count_ = ::epoll_wait(epoll_, events_, max_events, milliseconds);
    if (count_ < 0) [[unlikely]]
      return cannot_wait();
    for (int i = 0; i < count_; ++i) {
      Registration& place = *static_cast<Registration*>(events_[i].data.ptr);
      Watcher* const watcher = place.watcher;
      const unsigned happened = events_[i].events;
      unsigned what = readable;
      if (!watcher || happened != EPOLLIN || (watcher->interest & readable) == 0) [[unlikely]] {
        what = watcher ? meaning(*watcher, happened) : gone(place);
        if (what == 0) continue;
      }
      each(*watcher, what, 0);
    }
    return {};
  }

  bool has(NativeHandle fd) noexcept { return registrations_.have(fd); }
  bool hold(Watcher& watcher) noexcept { return watcher.registration || registrations_.add(watcher); }

  void wake() noexcept { waker_.wake(); }
  NativeHandle native() const noexcept { return epoll_; }

 private:
  static constexpr int max_events = 512;

  /// A signal, or it is shut; or its descriptor was closed by somebody else, and it would never wait again.
  NET_GNU(noinline) Refusal cannot_wait() const noexcept {
    if (errno == EINTR || epoll_ < 0) return {};
    return {errno, "epoll_wait"};
  }

  /// What the system's flags mean for a watcher; nothing, if it has no interest any more.
  unsigned meaning(Watcher& watcher, unsigned happened) noexcept;

  int update(Watcher& watcher) noexcept;

  static int control(int epoll, int operation, const Watcher& watcher, unsigned mask) noexcept;

  /// The waker, or an event whose watcher is gone, which says nothing. If it was not dropped in this round, its
  /// descriptor was closed behind our back while a duplicate of it lives on: no call can take that out of this epoll,
  /// so a new one replaces it.
  unsigned gone(const Registration& place) noexcept;

  void start_over() noexcept;

  /// A stray that the system lacks the means to take out would be reported all the time (S32.4). So a short wait comes
  /// after a round that has reported one. Gives what is left of the time.
  int wait_with_stray(int milliseconds) noexcept;

  /// Everything that is watched, on another epoll. What cannot be watched any more fails when it is used; if the
  /// system has no space, all of it stays on the one before.
  int watch_all(int epoll) noexcept;
  void all_watched() noexcept {
    registrations_.each([](const Registration& each) {
      if (each.watcher->registered != 0) each.watcher->registered = each.watcher->interest;
    });
  }

  NativeHandle epoll_ = no_handle;
  int count_ = 0;       // of events in this round
  bool stray_ = false;  // something is reported that nobody watches, and could not be taken out
  os::Waker waker_;
  Registration waker_place_;  // stands for no watcher
  Registrations registrations_;
  epoll_event unused_ = {};  // old kernels want one for removal too
  epoll_event events_[max_events];
};

static_assert(Poller<epoll_poller>);

}  // namespace net::inline NET_ABI::detail

#endif  // __linux__

#include <net/detail/sys/linux/epoll.ipp>

#endif
