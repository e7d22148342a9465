// kqueue(2) as its manual pages describe it, in terms of epoll(7) and eventfd(2): a place to test the kqueue poller
// where there is no kqueue. It shows that the poller keeps its contract with these rules. It does not show what a
// kernel of macOS or BSD does besides.
//
// EVFILT_READ and EVFILT_WRITE are level-triggered. EV_EOF comes beside unread data. An error of the socket comes with
// it in fflags, which takes SO_ERROR away: more than the systems do, so that nobody relies on it. A filter goes when
// its descriptor is closed, though a duplicate lives on. A child of fork() has no queue. EVFILT_USER is one event a
// queue, with EV_CLEAR. Other filters and flags are refused.
#include <sys/event.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <functional>
#include <map>
#include <mutex>
#include <new>
#include <utility>
#include <vector>

namespace {

/// The kernel's memory is its own: none of it is counted, or denied, by tests of what the library allocates.
template <class T>
struct OwnMemory {
  using value_type = T;
  OwnMemory() = default;
  template <class U>
  OwnMemory(const OwnMemory<U>&) {}
  T* allocate(std::size_t count) { return static_cast<T*>(std::malloc(count * sizeof(T))); }
  void deallocate(T* memory, std::size_t) { std::free(memory); }
  bool operator==(const OwnMemory&) const = default;
};
template <class T>
using Vector = std::vector<T, OwnMemory<T>>;
template <class T>
using ByDescriptor = std::map<int, T, std::less<>, OwnMemory<std::pair<const int, T>>>;

/// The filters of one descriptor in one queue.
struct Filters {
  unsigned on = 0;  // EPOLLIN and EPOLLOUT: which of the two
  void* read_data = nullptr;
  void* write_data = nullptr;
  unsigned error = 0;  // what SO_ERROR has said
};

struct Queue {
  ByDescriptor<Filters> descriptors;
  int waker = -1;  // an eventfd: the user event, if there is one
  struct kevent user{};
};

/// All queues of the process, by the descriptor of their epoll, which is that of the queue.
struct Queues {
  std::mutex mutex;
  ByDescriptor<Queue> all;
  pid_t process = ::getpid();

  static Queues& instance() {
    alignas(Queues) static char place[sizeof(Queues)];  // it lives on when exit() destroys objects
    static Queues& queues = *::new (place) Queues;
    return queues;
  }
};

int system_close(int fd) { return static_cast<int>(::syscall(SYS_close, fd)); }

/// A queue is not inherited.
const int forks = pthread_atfork([] { Queues::instance().mutex.lock(); }, [] { Queues::instance().mutex.unlock(); },
                                 [] {
                                   Queues& queues = Queues::instance();
                                   for (auto& [fd, queue] : queues.all) {
                                     system_close(fd);
                                     if (queue.waker >= 0) system_close(queue.waker);
                                   }
                                   queues.all.clear();
                                   queues.process = ::getpid();
                                   queues.mutex.unlock();
                                 });

/// Brings the epoll to what the filters want; 0 or an errno.
int control(int epoll, int fd, unsigned before, unsigned after) {
  epoll_event event{};
  event.events = after | (after & EPOLLIN ? EPOLLRDHUP : 0u);
  event.data.fd = fd;
  const int operation = after == 0 ? EPOLL_CTL_DEL : before == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;
  return ::epoll_ctl(epoll, operation, fd, &event) == 0 ? 0 : errno;
}

int change_descriptor(int epoll, Queue& queue, const struct kevent& change) {
  const int fd = static_cast<int>(change.ident);
  if (::fcntl(fd, F_GETFD) < 0) return EBADF;
  const unsigned bit = change.filter == EVFILT_READ ? unsigned{EPOLLIN} : unsigned{EPOLLOUT};
  const auto found = queue.descriptors.find(fd);
  const unsigned before = found == queue.descriptors.end() ? 0u : found->second.on;
  if (change.flags & EV_DELETE) {
    if ((before & bit) == 0) return ENOENT;
    const int failed = control(epoll, fd, before, before & ~bit);
    found->second.on = before & ~bit;
    if (found->second.on == 0) queue.descriptors.erase(found);
    return failed;
  }
  if ((change.flags & EV_ADD) == 0) return (before & bit) != 0 ? 0 : ENOENT;
  if (const int failed = control(epoll, fd, before, before | bit)) return failed;
  Filters& filters = queue.descriptors[fd];
  filters.on = before | bit;
  (bit == EPOLLIN ? filters.read_data : filters.write_data) = change.udata;
  return 0;
}

int change_user(int epoll, Queue& queue, const struct kevent& change) {
  if (change.flags & EV_ADD) {
    if ((change.flags & EV_CLEAR) == 0 || queue.waker >= 0) return EINVAL;
    queue.waker = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (queue.waker < 0) return errno;
    queue.user = change;
    if (const int failed = control(epoll, queue.waker, 0, EPOLLIN)) return failed;
  }
  if (queue.waker < 0) return ENOENT;
  if (change.flags & EV_DELETE) return EINVAL;
  const uint64_t one = 1;
  if (change.fflags & NOTE_TRIGGER) (void)!::write(queue.waker, &one, sizeof one);
  return 0;
}

int apply(int epoll, Queue& queue, const struct kevent& change) {
  constexpr unsigned known = EV_ADD | EV_DELETE | EV_CLEAR | EV_RECEIPT;
  if (change.flags & ~known) return EINVAL;
  if (change.filter == EVFILT_USER) return change_user(epoll, queue, change);
  if ((change.filter != EVFILT_READ && change.filter != EVFILT_WRITE) || (change.flags & EV_CLEAR)) return EINVAL;
  return change_descriptor(epoll, queue, change);
}

/// SO_ERROR is 0 from now on.
unsigned take_error(int fd) {
  int error = 0;
  socklen_t size = sizeof error;
  return ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 ? static_cast<unsigned>(error) : 0u;
}

/// At most two events: one for each direction.
struct kevent* tell(Queue& queue, const epoll_event& happened, struct kevent* to) {
  if (happened.data.fd == queue.waker) {
    uint64_t wakes = 0;
    (void)!::read(queue.waker, &wakes, sizeof wakes);
    *to++ = queue.user;
    return to;
  }
  const auto found = queue.descriptors.find(happened.data.fd);
  if (found == queue.descriptors.end()) return to;
  Filters& filters = found->second;
  const int fd = happened.data.fd;
  if (happened.events & EPOLLERR) filters.error = std::max(filters.error, take_error(fd));
  const bool over = (happened.events & (EPOLLERR | EPOLLHUP)) != 0;
  const auto add = [&](int filter, bool ended, int64_t data, void* udata) {
    struct kevent& event = *to++;
    event = {static_cast<uintptr_t>(fd), static_cast<short>(filter), 0, 0, data, udata};
    if (ended) event.flags = EV_EOF, event.fflags = filters.error;
  };
  if ((filters.on & EPOLLIN) && (over || (happened.events & (EPOLLIN | EPOLLRDHUP)))) {
    int bytes = 0;
    if (::ioctl(fd, FIONREAD, &bytes) != 0) bytes = 1;  // connections that wait on a listening one
    add(EVFILT_READ, over || (happened.events & EPOLLRDHUP), bytes, filters.read_data);
  }
  if ((filters.on & EPOLLOUT) && (over || (happened.events & EPOLLOUT))) {
    add(EVFILT_WRITE, over, 1, filters.write_data);
  }
  return to;
}

int in_milliseconds(const timespec* time) {
  return time ? static_cast<int>(time->tv_sec * 1000 + (time->tv_nsec + 999999) / 1000000) : -1;
}

}  // namespace

int kqueue() {
  const int epoll = ::epoll_create1(EPOLL_CLOEXEC);
  if (epoll < 0) return -1;
  Queues& queues = Queues::instance();
  const std::lock_guard locked(queues.mutex);
  queues.all[epoll] = Queue();
  return epoll;
}

int kevent(int fd, const struct kevent* changes, int change_count, struct kevent* events, int event_count,
           const timespec* timeout) {
  Queues& queues = Queues::instance();
  int told = 0;
  {
    const std::lock_guard locked(queues.mutex);
    const auto found = queues.all.find(fd);
    if (found == queues.all.end()) return errno = EBADF, -1;
    for (int i = 0; i < change_count; ++i) {
      const int failed = apply(fd, found->second, changes[i]);
      if (failed == 0 && (changes[i].flags & EV_RECEIPT) == 0) continue;
      if (told == event_count) {
        if (failed == 0) continue;
        return errno = failed, -1;
      }
      events[told] = changes[i];
      events[told].flags = EV_ERROR;
      events[told++].data = failed;
    }
  }
  if (told > 0 || event_count == 0) return told;
  Vector<epoll_event> happened(static_cast<std::size_t>(std::max(event_count / 2, 1)));
  const int count = ::epoll_wait(fd, happened.data(), static_cast<int>(happened.size()), in_milliseconds(timeout));
  if (count < 0 && errno == EINVAL) errno = EBADF;  // it is no queue any more
  if (count < 0) return -1;
  const std::lock_guard locked(queues.mutex);
  const auto found = queues.all.find(fd);
  if (found == queues.all.end()) return errno = EBADF, -1;
  Vector<struct kevent> all(happened.size() * 2);
  struct kevent* end = all.data();
  for (int i = 0; i < count; ++i) end = tell(found->second, happened[static_cast<std::size_t>(i)], end);
  told = static_cast<int>(std::min<std::ptrdiff_t>(end - all.data(), event_count));
  std::copy_n(all.data(), told, events);
  return told;
}

/// Takes the place of the C library's: a descriptor that is closed takes its filters along.
extern "C" int close(int fd) {
  Queues& queues = Queues::instance();
  if (queues.process != ::getpid()) return system_close(fd);  // a child of vfork()
  const std::lock_guard locked(queues.mutex);
  if (const auto own = queues.all.find(fd); own != queues.all.end()) {
    if (own->second.waker >= 0) system_close(own->second.waker);
    queues.all.erase(own);
  }
  for (auto& [epoll, queue] : queues.all) {
    const auto found = queue.descriptors.find(fd);
    if (found == queue.descriptors.end()) continue;
    control(epoll, fd, found->second.on, 0);
    queue.descriptors.erase(found);
  }
  return system_close(fd);
}
