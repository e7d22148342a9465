// The bodies of calls.hpp. Internal.
#ifndef NET_DETAIL_SYS_POSIX_CALLS_IPP
#define NET_DETAIL_SYS_POSIX_CALLS_IPP

#include <net/detail/sys/posix/calls.hpp>

#if NET_BODIES

#include <net/detail/sys/posix/headers.hpp>

#if !defined(_WIN32)

namespace net::inline NET_ABI::detail::os {

NET_API bool would_block(int error) noexcept {
#if EAGAIN != EWOULDBLOCK
  if (error == EWOULDBLOCK) return true;
#endif
  return error == EAGAIN;
}

NET_API std::uint64_t now_ns() noexcept {
  timespec t{};
  ::clock_gettime(CLOCK_MONOTONIC, &t);
  return static_cast<std::uint64_t>(t.tv_sec) * 1000000000u + static_cast<std::uint64_t>(t.tv_nsec);
}

NET_API void close_descriptor(NativeHandle fd) noexcept { ::close(fd); }

NET_API NativeHandle duplicate(NativeHandle fd) noexcept {
  return retried([&] { return ::fcntl(fd, F_DUPFD_CLOEXEC, 0); });
}

NET_API int set_flag(NativeHandle fd, int level, int name, int value) noexcept {
  return ::setsockopt(fd, level, name, &value, sizeof value) == 0 ? 0 : -errno;
}

NET_API int prepare(NativeHandle fd) noexcept {
  const int flags = ::fcntl(fd, F_GETFL);
  if (flags < 0) return -errno;
  if ((flags & O_NONBLOCK) == 0 && ::fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0) return -errno;
  if (::fcntl(fd, F_SETFD, FD_CLOEXEC) < 0) return -errno;
#if defined(SO_NOSIGPIPE)
  set_flag(fd, SOL_SOCKET, SO_NOSIGPIPE, 1);
#endif
  return 0;
}

NET_API int open_socket(int domain) noexcept {
#if NET_HAS_ACCEPT4
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

NET_API int accept_from(NativeHandle fd) noexcept {
#if NET_HAS_ACCEPT4
  return retried([&] { return ::accept4(fd, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC); });
#else
  const int accepted = retried([&] { return ::accept(fd, nullptr, nullptr); });
  if (accepted >= 0) prepare(accepted);
  return accepted;
#endif
}

NET_API int open_reserve() noexcept {
  const int opened = retried([] { return ::open("/dev/null", O_RDONLY | O_CLOEXEC); });
  return opened >= 0 || opened == -EMFILE || opened == -ENFILE ? opened : open_socket(AF_UNIX);
}

NET_RARE std::ptrdiff_t nothing_moved() noexcept {
#if defined(__APPLE__)
  if (errno == EPROTOTYPE) return -EPIPE;  // what it says of a connection that is just being closed
#endif
  return errno == EINTR ? -EAGAIN : -errno;
}

NET_API std::ptrdiff_t receive(NativeHandle fd, void* into, std::size_t size) noexcept {
  const std::ptrdiff_t got = ::recv(fd, into, size, 0);
  return got >= 0 ? got : nothing_moved();
}

NET_API std::ptrdiff_t send_one(NativeHandle fd, const void* from, std::size_t size) noexcept {
  const std::ptrdiff_t sent = ::send(fd, from, size, send_flags);
  return sent >= 0 ? sent : nothing_moved();
}

NET_API std::ptrdiff_t send_slices(NativeHandle fd, const IoSlice* slices, std::size_t count) noexcept {
  Pieces pieces(slices, count);
  msghdr message{};
  message.msg_iov = pieces.each;
  message.msg_iovlen = cast<decltype(message.msg_iovlen)>(pieces.count);
  return retried([&] { return ::sendmsg(fd, &message, send_flags); });
}

NET_API DescriptorKind kind_of(NativeHandle fd) noexcept {
  struct stat status{};
  if (::fstat(fd, &status) != 0) {  // a file whose size does not fit is a file
    return errno == EOVERFLOW ? DescriptorKind::file : DescriptorKind::unknown;
  }
  if (S_ISFIFO(status.st_mode)) return DescriptorKind::pipe;
  if (S_ISREG(status.st_mode)) return DescriptorKind::file;
  if (!S_ISSOCK(status.st_mode)) {
    if (::isatty(fd)) return DescriptorKind::terminal;
    return S_ISCHR(status.st_mode) ? DescriptorKind::file : DescriptorKind::unknown;  // /dev/null, as libuv guesses
  }
  int type = 0;
  socklen_t size = sizeof type;
  if (::getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) != 0) return DescriptorKind::unknown;
  if (type == SOCK_DGRAM) return DescriptorKind::datagram;
  if (type != SOCK_STREAM) return DescriptorKind::unknown;
  sockaddr_storage name{};
  size = sizeof name;
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&name), &size) != 0) return DescriptorKind::unknown;
  return name.ss_family == AF_UNIX                                 ? DescriptorKind::local
         : name.ss_family == AF_INET || name.ss_family == AF_INET6 ? DescriptorKind::tcp
                                                                   : DescriptorKind::unknown;
}

NET_API std::ptrdiff_t read_some(NativeHandle fd, void* into, std::size_t size) noexcept {
  return retried([&] { return ::read(fd, into, size); });
}

NET_API std::ptrdiff_t write_slices(NativeHandle fd, const IoSlice* slices, std::size_t count) noexcept {
  const Pieces pieces(slices, count);
  std::size_t whole = 0;
  for (std::size_t i = 0; i < pieces.count; ++i) whole += slices[i].size;
  sigset_t broken, before, waiting;
  (void)sigemptyset(&broken);  // macros on some systems
  (void)sigaddset(&broken, SIGPIPE);
  ::sigpending(&waiting);
  ::pthread_sigmask(SIG_BLOCK, &broken, &before);
  const std::ptrdiff_t sent = retried([&] { return ::writev(fd, pieces.each, static_cast<int>(pieces.count)); });
  // one that waited for space when the reader went counts what it had written, and signals all the same
  const bool signaled = sent == -EPIPE || (sent >= 0 && static_cast<std::size_t>(sent) < whole);
  if (signaled && !sigismember(&waiting, SIGPIPE)) {
    int signal = 0;
    ::sigpending(&waiting);
    if (sigismember(&waiting, SIGPIPE)) ::sigwait(&broken, &signal);
  }
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return sent;
}

NET_API int shutdown_write(NativeHandle fd) noexcept { return ::shutdown(fd, SHUT_WR) == 0 ? 0 : -errno; }

NET_API int pending_error(NativeHandle fd) noexcept {
  int error = 0;
  socklen_t size = sizeof error;
  return ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 ? error : errno;
}

NET_API int reset_on_close(NativeHandle fd) noexcept {
  const linger now{1, 0};
  return ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now) == 0 ? 0 : -errno;
}

NET_API int set_no_delay(NativeHandle fd, bool on) noexcept { return set_flag(fd, IPPROTO_TCP, TCP_NODELAY, on); }

NET_API int set_keep_alive(NativeHandle fd, bool on, int delay_seconds) noexcept {
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

NET_API int set_type_of_service(NativeHandle fd, Family family, int value) noexcept {
  return family == Family::IPv6 ? set_flag(fd, IPPROTO_IPV6, IPV6_TCLASS, value)
                                : set_flag(fd, IPPROTO_IP, IP_TOS, value);
}

NET_API int get_type_of_service(NativeHandle fd, Family family) noexcept {
  int value = 0;
  socklen_t size = sizeof value;
  const int failed = family == Family::IPv6 ? ::getsockopt(fd, IPPROTO_IPV6, IPV6_TCLASS, &value, &size)
                                            : ::getsockopt(fd, IPPROTO_IP, IP_TOS, &value, &size);
  return failed ? -errno : value;
}

}  // namespace net::inline NET_ABI::detail::os

#endif  // !_WIN32

#endif
#endif
