// Readiness by epoll(7), for Linux. Internal.
#ifndef NET_DETAIL_POLLER_EPOLL_HPP
#define NET_DETAIL_POLLER_EPOLL_HPP

#include <net/detail/os_thread.hpp>
#include <net/detail/poller.hpp>

#if defined(__linux__)

namespace net::inline NET_ABI::detail {

class epoll_poller {
 public:
  epoll_poller() noexcept : epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
    bell_watcher_.fd = bell_.descriptor();
    watch(bell_watcher_, readable);
    note_forks();
  }
  epoll_poller(const epoll_poller&) = delete;
  epoll_poller& operator=(const epoll_poller&) = delete;
  ~epoll_poller() {
    if (epoll_ >= 0) os::close_descriptor(epoll_);
  }

  bool good() const noexcept { return epoll_ >= 0 && bell_.descriptor() >= 0; }

  /// What need not be reported any more is told to the system only if it is reported once more: most sockets that
  /// stop reading are closed, or read on, before that. Room to write would be reported at once.
  int watch(Watcher& watcher, unsigned mask) noexcept {
    watcher.wanted = static_cast<std::uint8_t>(mask);
    if ((mask & ~unsigned{watcher.known}) == 0 && ((watcher.known & ~mask) & writable) == 0) return 0;
    return tell(watcher);
  }

  /// Closing a descriptor takes it out of epoll, unless a child process holds it too: then only this does.
  void drop(Watcher& watcher, bool closing = true) noexcept {
    watcher.wanted = 0;
    if (watcher.known != 0 && (!closing || forked().load() != 0)) tell(watcher);
    watcher.known = 0;
  }

  template <class Each>
  [[gnu::always_inline]] void wait(int milliseconds, Each&& each) {
    const int count = ::epoll_wait(epoll_, events_, most, milliseconds);
    for (int i = 0; i < count; ++i) {
      Watcher& watcher = *static_cast<Watcher*>(events_[i].data.ptr);
      const unsigned happened = events_[i].events;
      unsigned what = readable;
      if (happened != EPOLLIN || (watcher.wanted & readable) == 0) [[unlikely]] {
        what = meaning(watcher, happened);
        if (what == 0) continue;
      }
      if (&watcher == &bell_watcher_) {
        bell_.silence();
      } else {
        each(watcher, what, 0);
      }
    }
  }

  void wake() noexcept { bell_.ring(); }
  NativeHandle native() const noexcept { return epoll_; }

 private:
  static constexpr int most = 512;

  static Atomic<int>& forked() noexcept {
    static Atomic<int> flag{0};
    return flag;
  }
  static void note_forks() noexcept {
    static const int registered = ::pthread_atfork(nullptr, [] { forked().store(1); }, nullptr);
    (void)registered;
  }

  /// What a watcher is told of the system's flags; nothing, if an earlier callback of this round has dropped it.
  [[gnu::noinline]] unsigned meaning(Watcher& watcher, unsigned happened) noexcept {
    unsigned what = 0;
    if (happened & (EPOLLIN | EPOLLRDHUP | EPOLLERR | EPOLLHUP)) what |= readable;
    if (happened & (EPOLLOUT | EPOLLERR | EPOLLHUP)) what |= writable;
    if (watcher.known != watcher.wanted && (what & ~unsigned{watcher.wanted}) != 0) tell(watcher);
    what &= watcher.wanted;
    return what != 0 && (happened & EPOLLHUP) != 0 ? what | hung_up : what;
  }

  [[gnu::noinline]] int tell(Watcher& watcher) noexcept {
    const unsigned mask = watcher.wanted;
    epoll_event event{};
    event.events = (mask & readable ? EPOLLIN | EPOLLRDHUP : 0u) | (mask & writable ? EPOLLOUT : 0u);
    event.data.ptr = &watcher;
    // an empty mask would still report errors and hang-ups for ever: silence is removal
    const int operation = mask == 0 ? EPOLL_CTL_DEL : watcher.known == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;
    if (::epoll_ctl(epoll_, operation, watcher.fd, &event) != 0) return -errno;
    watcher.known = static_cast<std::uint8_t>(mask);
    return 0;
  }

  NativeHandle epoll_;
  os::Bell bell_;
  Watcher bell_watcher_;
  epoll_event events_[most];
};

static_assert(Poller<epoll_poller>);

}  // namespace net::inline NET_ABI::detail

#endif  // __linux__
#endif
