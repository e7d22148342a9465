// Readiness by kqueue(2), for macOS and the BSDs. Internal.
#ifndef NET_DETAIL_SYS_BSD_KQUEUE_HPP
#define NET_DETAIL_SYS_BSD_KQUEUE_HPP

#include <cerrno>
#include <cstdint>

#include <net/detail/io/poller.hpp>
#include <net/detail/sys/bsd/event.hpp>
#include <net/detail/sys/posix/thread.hpp>

#if NET_HAS_KQUEUE

#include <time.h>

namespace net::inline NET_ABI::detail {

/// A watcher has a filter for each direction, and each is reported by itself. The system takes the filters of a
/// descriptor away when it is closed, whoever closes it and whatever duplicates there are.
class kqueue_poller {
 public:
  kqueue_poller() noexcept = default;
  kqueue_poller(const kqueue_poller&) = delete;
  kqueue_poller& operator=(const kqueue_poller&) = delete;
  ~kqueue_poller() { shut(); }

  Refusal open() noexcept;

  /// A child process has not got its parent's queue, so there the number is free, or somebody else's.
  void shut() noexcept;

  /// What need not be reported any more is changed in the system only if it is reported once more: most sockets that
  /// stop reading are closed, or read on, before that. Space to write would be reported at once.
  int watch(Watcher& watcher, unsigned mask) noexcept;

  void drop(Watcher& watcher) noexcept;

  template <class Each>
  Refusal wait(int milliseconds, Each&& each) {
    registrations_.begin_round();
    const timespec limit{milliseconds / 1000, milliseconds % 1000 * 1000000L};
    count_ = ::kevent(queue_, nullptr, 0, events_, max_events, milliseconds < 0 ? nullptr : &limit);
    if (count_ < 0) [[unlikely]]
      return cannot_wait();
    for (int i = 0; i < count_; ++i) {
      const Event& event = events_[i];
      Registration& place = *reinterpret_cast<Registration*>(event.udata);
      Watcher* const watcher = place.watcher;
      unsigned what = event.filter == EVFILT_WRITE ? writable : readable;
      if (!watcher || (watcher->interest & what) == 0) [[unlikely]] {
        watcher ? stop_reporting(*watcher, what) : gone(place, event, what);
        continue;
      }
      if (event.flags & EV_EOF) what = note_end(*watcher, event, what);
      each(*watcher, what, int{watcher->failure});
    }
    return {};
  }

  bool has(NativeHandle fd) noexcept { return registrations_.have(fd); }
  bool hold(Watcher& watcher) noexcept { return watcher.registration || registrations_.add(watcher); }

  void wake() noexcept;
  NativeHandle native() const noexcept { return queue_; }

 private:
  using Event = struct ::kevent;
  static constexpr int max_events = 512;

  /// A signal, or it is shut; or its descriptor was closed by somebody else, and it would never wait again.
  Refusal cannot_wait() const noexcept {
    if (errno == EINTR || queue_ < 0) return {};
    return {errno, "kevent"};
  }

  /// The queue's only user event, which wakes it.
  static constexpr std::uintptr_t waker = 0;

  /// One change of one filter: 0, or a negated errno.
  int change(std::uintptr_t of, int filter, int flags, unsigned note, Registration* place) const noexcept;
  int change(const Watcher& watcher, unsigned what, int flags) const noexcept {
    return change(static_cast<std::uintptr_t>(watcher.fd), what == writable ? EVFILT_WRITE : EVFILT_READ, flags, 0,
                  watcher.registration);
  }

  int update(Watcher& watcher) noexcept;
  void stop_reporting(Watcher& watcher, unsigned what) noexcept;

  /// The waker, a watcher that was dropped in this round, or one that died without being dropped: then its filter is
  /// still there, unless another watcher of the same descriptor has taken it over.
  void gone(const Registration& place, const Event& event, unsigned what) noexcept;

  /// The other side has ended, or the connection has failed. The system may give its error only here.
  unsigned note_end(Watcher& watcher, const Event& event, unsigned what) const noexcept;

  int watch_all() noexcept;

  NativeHandle queue_ = no_handle;
  int count_ = 0;              // of events in this round
  std::uint32_t made_in_ = 0;  // which of the processes
  Registration waker_place_;   // stands for no watcher
  Registrations registrations_;
  Event events_[max_events];
};

static_assert(Poller<kqueue_poller>);

}  // namespace net::inline NET_ABI::detail

#endif  // NET_HAS_KQUEUE

#include <net/detail/sys/bsd/kqueue.ipp>

#endif
