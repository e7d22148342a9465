// Readiness by epoll(7), for Linux. Internal.
#ifndef NET_DETAIL_SYS_LINUX_EPOLL_HPP
#define NET_DETAIL_SYS_LINUX_EPOLL_HPP

#include <utility>

#include <net/detail/io/poller.hpp>
#include <net/detail/sys/posix/thread.hpp>

#if defined(__linux__)

namespace net::inline NET_ABI::detail {

class epoll_poller {
 public:
  epoll_poller() noexcept = default;
  epoll_poller(const epoll_poller&) = delete;
  epoll_poller& operator=(const epoll_poller&) = delete;
  ~epoll_poller() { shut(); }

  Refusal open() noexcept {
    shut();
    if (const int failed = waker_.open(); failed < 0) return {-failed, os::Waker::syscall};
    epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
    if (epoll_ < 0) return {errno, "epoll_create1"};
    if (const int failed = watch_all(epoll_); failed < 0) return {-failed, "epoll_ctl"};
    all_watched();
    return {};
  }

  void shut() noexcept {
    count_ = 0;
    stray_ = false;
    if (epoll_ >= 0) os::close_descriptor(std::exchange(epoll_, os::no_descriptor));
    waker_.close();
  }

  /// What need not be reported any more is told to the system only if it is reported once more: most sockets that
  /// stop reading are closed, or read on, before that. PageBuffer to write would be reported at once.
  int watch(Watcher& watcher, unsigned mask) noexcept {
    watcher.interest = static_cast<std::uint8_t>(mask);
    if ((mask & ~unsigned{watcher.registered}) == 0 && ((watcher.registered & ~mask) & writable) == 0) return 0;
    return update(watcher);
  }

  /// Closing the descriptor would take it out of epoll only if nobody else has it: a duplicate, another process.
  void drop(Watcher& watcher) noexcept {
    watcher.interest = 0;
    const bool gone = watcher.registered == 0 || ::epoll_ctl(epoll_, EPOLL_CTL_DEL, watcher.fd, &unused_) == 0;
    watcher.registered = 0;
    if (watcher.registration) registrations_.remove(*watcher.registration, gone);
  }

  template <class Each>
  [[gnu::always_inline]] Refusal wait(int milliseconds, Each&& each) {
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

  void wake() noexcept { waker_.wake(); }
  NativeHandle native() const noexcept { return epoll_; }

 private:
  static constexpr int max_events = 512;

  /// A signal, or it is shut; or its descriptor was closed by somebody else, and it would never wait again.
  [[gnu::noinline]] Refusal cannot_wait() const noexcept {
    if (errno == EINTR || epoll_ < 0) return {};
    return {errno, "epoll_wait"};
  }

  /// What a watcher is told of the system's flags; nothing, if it is not wanted any more.
  [[gnu::noinline]] unsigned meaning(Watcher& watcher, unsigned happened) noexcept {
    unsigned what = 0;
    if (happened & (EPOLLIN | EPOLLRDHUP | EPOLLERR | EPOLLHUP)) what |= readable;
    if (happened & (EPOLLOUT | EPOLLERR | EPOLLHUP)) what |= writable;
    if (watcher.registered != watcher.interest && (what & ~unsigned{watcher.interest}) != 0) update(watcher);
    what &= watcher.interest;
    return what != 0 && (happened & EPOLLHUP) != 0 ? what | hung_up : what;
  }

  [[gnu::noinline]] int update(Watcher& watcher) noexcept {
    const unsigned mask = watcher.interest;
    if (!watcher.registration && !registrations_.add(watcher)) return -ENOMEM;
    // an empty mask would still report errors and hang-ups for ever: silence is removal
    const int operation = mask == 0 ? EPOLL_CTL_DEL : watcher.registered == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;
    if (const int failed = control(epoll_, operation, watcher, mask); failed < 0) return failed;
    watcher.registered = static_cast<std::uint8_t>(mask);
    return 0;
  }

  static int control(int epoll, int operation, const Watcher& watcher, unsigned mask) noexcept {
    epoll_event event{};
    event.events = (mask & readable ? EPOLLIN | EPOLLRDHUP : 0u) | (mask & writable ? EPOLLOUT : 0u);
    event.data.ptr = watcher.registration;
    return ::epoll_ctl(epoll, operation, watcher.fd, &event) == 0 ? 0 : -errno;
  }

  /// The bell, or an event whose watcher is gone, which says nothing. If it was not dropped in this generation, its descriptor
  /// was closed behind our back while a duplicate of it lives on: no call can take that out of this epoll, so a new one
  /// replaces it.
  [[gnu::noinline]] unsigned gone(const Registration& place) noexcept {
    if (&place == &waker_place_) {
      waker_.drain();
      return 0;
    }
    if (!registrations_.given_up_now(place) && !stray_) start_over();
    return 0;
  }

  void start_over() noexcept {
    const int fresh = ::epoll_create1(EPOLL_CLOEXEC);
    stray_ = fresh < 0 || watch_all(fresh) < 0 ||
             // under the same number: a program that watches it from another loop goes on
             os::retried([&] { return ::dup3(fresh, epoll_, O_CLOEXEC); }) < 0;
    if (fresh >= 0) os::close_descriptor(fresh);
    if (stray_) return;
    all_watched();
    count_ = 0;  // what is ready is reported again
  }

  /// A stray that the system lacks the means to take out would be reported all the time (S32.4): a round in which it was
  /// is followed by a short wait. Gives what is left of the time.
  [[gnu::noinline]] int wait_with_stray(int milliseconds) noexcept {
    stray_ = false;
    constexpr int step = 50;
    const int wait = milliseconds >= 0 && milliseconds < step ? milliseconds : step;
    pollfd bell{waker_.descriptor(), POLLIN, 0};
    if (::poll(&bell, 1, wait) < 0) {  // not even one descriptor is allowed
      const timespec sleep{0, wait * 1000000L};
      ::nanosleep(&sleep, nullptr);
    }
    return milliseconds < 0 ? milliseconds : milliseconds - wait;
  }

  /// Everything that is watched, on another epoll. What cannot be watched any more is told so when it is used; if the
  /// system has no room, all of it stays on the one before.
  int watch_all(int epoll) noexcept {
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
  void all_watched() noexcept {
    registrations_.each([](const Registration& each) {
      if (each.watcher->registered != 0) each.watcher->registered = each.watcher->interest;
    });
  }

  NativeHandle epoll_ = os::no_descriptor;
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
#endif
