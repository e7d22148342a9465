// The only file that includes the system's headers: its calls, with errors returned as negated errno values.
#ifndef NET_DETAIL_SYS_POSIX_CALLS_HPP
#define NET_DETAIL_SYS_POSIX_CALLS_HPP

#include <arpa/inet.h>
#include <fcntl.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#if defined(__linux__)
#include <sys/epoll.h>
#include <sys/eventfd.h>
#endif

#include <cerrno>
#include <cstddef>
#include <cstdint>

#include <net/detail/text/endpoint.hpp>

namespace net::inline NET_ABI {

/// A descriptor of the system, as `nativeHandle()` and `release()` give it.
using NativeHandle = int;

namespace detail::os {

inline constexpr NativeHandle no_descriptor = -1;

#if defined(MSG_NOSIGNAL)
inline constexpr int send_flags = MSG_NOSIGNAL;
#else
inline constexpr int send_flags = 0;  // SO_NOSIGPIPE does it there
#endif

inline bool would_block(int error) noexcept { return error == EAGAIN || error == EWOULDBLOCK; }

/// Repeats a call that a signal interrupted; its result, or the negated errno.
template <class Call>
[[gnu::always_inline]] inline auto retried(Call call) noexcept -> decltype(call()) {
  for (;;) {
    const auto result = call();
    if (result >= 0) [[likely]]
      return result;
    if (errno != EINTR) return -errno;
  }
}

/// Milliseconds of a clock that only goes forward.
inline std::uint64_t now_ms() noexcept {
  timespec t{};
  ::clock_gettime(CLOCK_MONOTONIC, &t);
  return static_cast<std::uint64_t>(t.tv_sec) * 1000u + static_cast<std::uint64_t>(t.tv_nsec) / 1000000u;
}

// ── descriptors ────────────────────────────────────────────────────────────

inline void close_descriptor(NativeHandle fd) noexcept { ::close(fd); }

inline NativeHandle duplicate(NativeHandle fd) noexcept {
  return retried([&] { return ::fcntl(fd, F_DUPFD_CLOEXEC, 0); });
}

inline int set_flag(NativeHandle fd, int level, int name, int value) noexcept {
  return ::setsockopt(fd, level, name, &value, sizeof value) == 0 ? 0 : -errno;
}

/// Non-blocking, closed on exec, and never the cause of a SIGPIPE.
inline int prepare(NativeHandle fd) noexcept {
  const int flags = ::fcntl(fd, F_GETFL);
  if (flags < 0 || ::fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0) return -errno;
  if (::fcntl(fd, F_SETFD, FD_CLOEXEC) < 0) return -errno;
#if defined(SO_NOSIGPIPE)
  set_flag(fd, SOL_SOCKET, SO_NOSIGPIPE, 1);
#endif
  return 0;
}

/// A new stream socket, or a negated errno.
inline int open_socket(int domain) noexcept {
#if defined(SOCK_NONBLOCK) && defined(SOCK_CLOEXEC)
  const int fd = ::socket(domain, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  return fd >= 0 ? fd : -errno;
#else
  const int fd = ::socket(domain, SOCK_STREAM, 0);
  if (fd < 0) return -errno;
  if (const int failed = prepare(fd); failed < 0) {
    close_descriptor(fd);
    return failed;
  }
  return fd;
#endif
}

/// The next connection that waits on a listening descriptor, or a negated errno.
inline int accept_from(NativeHandle fd) noexcept {
#if defined(__linux__)
  return retried([&] { return ::accept4(fd, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC); });
#else
  const int accepted = retried([&] { return ::accept(fd, nullptr, nullptr); });
  if (accepted >= 0) prepare(accepted);
  return accepted;
#endif
}

/// A descriptor that is kept only to be given up when there are no others (S9.18). It has a file of its own, as a
/// duplicate has not, so that it helps against ENFILE too; a socket where there is no /dev/null.
inline int open_reserve() noexcept {
  const int opened = retried([] { return ::open("/dev/null", O_RDONLY | O_CLOEXEC); });
  return opened >= 0 || opened == -EMFILE || opened == -ENFILE ? opened : open_socket(AF_UNIX);
}

/// Why nothing was moved. After a signal the poller says when to try again, as after a full buffer.
[[gnu::cold]] inline std::ptrdiff_t nothing_moved() noexcept { return errno == EINTR ? -EAGAIN : -errno; }

inline std::ptrdiff_t receive(NativeHandle fd, void* into, std::size_t size) noexcept {
  const std::ptrdiff_t got = ::recv(fd, into, size, 0);
  return got >= 0 ? got : nothing_moved();
}

inline std::ptrdiff_t send_one(NativeHandle fd, const void* from, std::size_t size) noexcept {
  const std::ptrdiff_t sent = ::send(fd, from, size, send_flags);
  return sent >= 0 ? sent : nothing_moved();
}

/// One send of up to 64 pieces; the caller sends the rest with further calls.
inline std::ptrdiff_t send_slices(NativeHandle fd, const IoSlice* slices, std::size_t count) noexcept {
  constexpr std::size_t max_slices = 64;
  iovec pieces[max_slices];
  if (count > max_slices) count = max_slices;
  for (std::size_t i = 0; i < count; ++i) pieces[i] = {const_cast<char*>(slices[i].data), slices[i].size};
  msghdr message{};
  message.msg_iov = pieces;
  message.msg_iovlen = static_cast<decltype(message.msg_iovlen)>(count);
  return retried([&] { return ::sendmsg(fd, &message, send_flags); });
}

// ── descriptors of other kinds (S22) ───────────────────────────────────────

enum class Kind { tcp, local, pipe, datagram, terminal, file, unknown };

inline Kind kind_of(NativeHandle fd) noexcept {
  struct stat status{};
  if (::fstat(fd, &status) != 0) return Kind::unknown;
  if (S_ISFIFO(status.st_mode)) return Kind::pipe;
  if (S_ISREG(status.st_mode)) return Kind::file;
  if (::isatty(fd)) return Kind::terminal;
  if (!S_ISSOCK(status.st_mode)) return Kind::unknown;
  int type = 0;
  socklen_t size = sizeof type;
  if (::getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) != 0) return Kind::unknown;
  if (type == SOCK_DGRAM) return Kind::datagram;
  if (type != SOCK_STREAM) return Kind::unknown;
  sockaddr_storage name{};
  size = sizeof name;
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&name), &size) != 0) return Kind::unknown;
  return name.ss_family == AF_UNIX                                 ? Kind::local
         : name.ss_family == AF_INET || name.ss_family == AF_INET6 ? Kind::tcp
                                                                   : Kind::unknown;
}

inline std::ptrdiff_t read_some(NativeHandle fd, void* into, std::size_t size) noexcept {
  return retried([&] { return ::read(fd, into, size); });
}

/// For what is no socket: no flag keeps SIGPIPE away there, so it is held back, and taken if it was ours.
inline std::ptrdiff_t write_slices(NativeHandle fd, const IoSlice* slices, std::size_t count) noexcept {
  iovec pieces[64];
  if (count > 64) count = 64;
  for (std::size_t i = 0; i < count; ++i) pieces[i] = {const_cast<char*>(slices[i].data), slices[i].size};
  sigset_t broken, before, waiting;
  ::sigemptyset(&broken);
  ::sigaddset(&broken, SIGPIPE);
  ::sigpending(&waiting);
  ::pthread_sigmask(SIG_BLOCK, &broken, &before);
  const std::ptrdiff_t sent = retried([&] { return ::writev(fd, pieces, static_cast<int>(count)); });
  if (sent == -EPIPE && !::sigismember(&waiting, SIGPIPE)) {
    int signal = 0;
    ::sigpending(&waiting);
    if (::sigismember(&waiting, SIGPIPE)) ::sigwait(&broken, &signal);
  }
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return sent;
}

inline int shutdown_write(NativeHandle fd) noexcept { return ::shutdown(fd, SHUT_WR) == 0 ? 0 : -errno; }

/// The error that waits on a socket; reading it takes it away.
inline int pending_error(NativeHandle fd) noexcept {
  int error = 0;
  socklen_t size = sizeof error;
  return ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 ? error : errno;
}

/// Makes close() send a reset (S17.12).
inline int reset_on_close(NativeHandle fd) noexcept {
  const linger now{1, 0};
  return ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now) == 0 ? 0 : -errno;
}

// ── options ────────────────────────────────────────────────────────────────

inline int set_no_delay(NativeHandle fd, bool on) noexcept { return set_flag(fd, IPPROTO_TCP, TCP_NODELAY, on); }

/// S18.12: a delay of 0 leaves the system's times alone; otherwise probes each second, ten of them.
inline int set_keep_alive(NativeHandle fd, bool on, int delay_seconds) noexcept {
  if (const int failed = set_flag(fd, SOL_SOCKET, SO_KEEPALIVE, on); failed < 0) return failed;
  if (!on || delay_seconds < 1) return 0;
#if defined(TCP_KEEPIDLE)
  if (const int failed = set_flag(fd, IPPROTO_TCP, TCP_KEEPIDLE, delay_seconds); failed < 0) return failed;
#elif defined(TCP_KEEPALIVE)
  if (const int failed = set_flag(fd, IPPROTO_TCP, TCP_KEEPALIVE, delay_seconds); failed < 0) return failed;
#endif
#if defined(TCP_KEEPINTVL) && defined(TCP_KEEPCNT)
  if (const int failed = set_flag(fd, IPPROTO_TCP, TCP_KEEPINTVL, 1); failed < 0) return failed;
  return set_flag(fd, IPPROTO_TCP, TCP_KEEPCNT, 10);
#else
  return 0;
#endif
}

inline int set_type_of_service(NativeHandle fd, Family family, int value) noexcept {
  return family == Family::IPv6 ? set_flag(fd, IPPROTO_IPV6, IPV6_TCLASS, value)
                                : set_flag(fd, IPPROTO_IP, IP_TOS, value);
}

inline int get_type_of_service(NativeHandle fd, Family family) noexcept {
  int value = 0;
  socklen_t size = sizeof value;
  const int failed = family == Family::IPv6 ? ::getsockopt(fd, IPPROTO_IPV6, IPV6_TCLASS, &value, &size)
                                            : ::getsockopt(fd, IPPROTO_IP, IP_TOS, &value, &size);
  return failed ? -errno : value;
}

}  // namespace detail::os
}  // namespace net::inline NET_ABI

#endif
