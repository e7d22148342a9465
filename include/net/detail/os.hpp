// The only file that includes the system's headers: its calls, with errors returned as negated errno values.
#ifndef NET_DETAIL_OS_HPP
#define NET_DETAIL_OS_HPP

#include <arpa/inet.h>
#include <fcntl.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
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
#include <cstring>
#include <string>
#include <string_view>

#include <net/detail/endpoint.hpp>
#include <net/error.hpp>

namespace net {

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
    if (result >= 0) [[likely]] return result;
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

/// A descriptor that is kept only to be given up when there are no others (S9.18).
inline int open_reserve() noexcept { return retried([] { return ::open("/dev/null", O_RDONLY | O_CLOEXEC); }); }

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
inline std::ptrdiff_t send_gathered(NativeHandle fd, const Slice* slices, std::size_t count) noexcept {
  constexpr std::size_t most = 64;
  iovec pieces[most];
  if (count > most) count = most;
  for (std::size_t i = 0; i < count; ++i) pieces[i] = {const_cast<char*>(slices[i].data), slices[i].size};
  msghdr message{};
  message.msg_iov = pieces;
  message.msg_iovlen = static_cast<decltype(message.msg_iovlen)>(count);
  return retried([&] { return ::sendmsg(fd, &message, send_flags); });
}

// ── descriptors of other kinds (S22) ───────────────────────────────────────

enum class Kind { tcp, local, pipe, datagram, terminal, file, unknown };

inline Kind kind_of(NativeHandle fd) noexcept {
  struct stat status {};
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
  return name.ss_family == AF_UNIX ? Kind::local : name.ss_family == AF_INET || name.ss_family == AF_INET6 ? Kind::tcp : Kind::unknown;
}

inline std::ptrdiff_t read_some(NativeHandle fd, void* into, std::size_t size) noexcept {
  return retried([&] { return ::read(fd, into, size); });
}

/// For what is no socket: no flag keeps SIGPIPE away there, so it is held back, and taken if it was ours.
inline std::ptrdiff_t write_gathered(NativeHandle fd, const Slice* slices, std::size_t count) noexcept {
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
  return family == Family::IPv6 ? set_flag(fd, IPPROTO_IPV6, IPV6_TCLASS, value) : set_flag(fd, IPPROTO_IP, IP_TOS, value);
}

inline int get_type_of_service(NativeHandle fd, Family family) noexcept {
  int value = 0;
  socklen_t size = sizeof value;
  const int failed = family == Family::IPv6 ? ::getsockopt(fd, IPPROTO_IPV6, IPV6_TCLASS, &value, &size)
                                            : ::getsockopt(fd, IPPROTO_IP, IP_TOS, &value, &size);
  return failed ? -errno : value;
}

// ── addresses ──────────────────────────────────────────────────────────────

/// The system's form of an address of any kind.
struct SystemAddress {
  union {
    sockaddr any;
    sockaddr_in v4;
    sockaddr_in6 v6;
    sockaddr_un local;
    sockaddr_storage room;
  };
  socklen_t size = sizeof(sockaddr_storage);

  SystemAddress() noexcept { std::memset(&room, 0, sizeof room); }

  explicit SystemAddress(const Endpoint& from) noexcept : SystemAddress() {
    if (from.ip.family == Family::IPv6) {
      v6.sin6_family = AF_INET6;
      v6.sin6_port = htons(from.port);
      v6.sin6_scope_id = from.scope;
      std::memcpy(&v6.sin6_addr, from.ip.bytes, 16);
      size = sizeof v6;
    } else {
      v4.sin_family = AF_INET;
      v4.sin_port = htons(from.port);
      std::memcpy(&v4.sin_addr, from.ip.bytes, 4);
      size = sizeof v4;
    }
  }

  /// False if the path does not fit (S23.5) or holds a NUL that is not its first byte (S23.7).
  bool set_path(std::string_view path) noexcept {
    const bool abstract = !path.empty() && path[0] == '\0';
    if (path.empty() || path.size() > sizeof local.sun_path) return false;
    if (!abstract && path.find('\0') != std::string_view::npos) return false;
    local.sun_family = AF_UNIX;
    std::memcpy(local.sun_path, path.data(), path.size());
    const std::size_t end = abstract || path.size() == sizeof local.sun_path ? path.size() : path.size() + 1;
    size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + end);
    return true;
  }

  Endpoint endpoint() const noexcept {
    Endpoint to;
    if (any.sa_family == AF_INET6) {
      to.ip.family = Family::IPv6;
      to.port = ntohs(v6.sin6_port);
      to.scope = v6.sin6_scope_id;
      std::memcpy(to.ip.bytes, &v6.sin6_addr, 16);
    } else if (any.sa_family == AF_INET) {
      to.ip.family = Family::IPv4;
      to.port = ntohs(v4.sin_port);
      std::memcpy(to.ip.bytes, &v4.sin_addr, 4);
    }
    return to;
  }
};

inline Endpoint local_end(NativeHandle fd) noexcept {
  SystemAddress name;
  return ::getsockname(fd, &name.any, &name.size) == 0 ? name.endpoint() : Endpoint{};
}

inline Endpoint remote_end(NativeHandle fd) noexcept {
  SystemAddress name;
  return ::getpeername(fd, &name.any, &name.size) == 0 ? name.endpoint() : Endpoint{};
}

/// A socket that has no other end yet (S22.9).
inline bool unconnected(NativeHandle fd) noexcept {
  SystemAddress name;
  return ::getpeername(fd, &name.any, &name.size) != 0 && errno == ENOTCONN;
}

/// The number of an interface by its name or its decimal number, 0 if there is none.
inline std::uint32_t interface_index(std::string_view zone) noexcept {
  std::uint32_t number = 0;
  bool decimal = !zone.empty() && zone.size() < 10;
  for (const char c : zone) {
    decimal = decimal && c >= '0' && c <= '9';
    number = number * 10 + static_cast<std::uint32_t>(c - '0');
  }
  if (decimal) return number;
  char name[IF_NAMESIZE] = {};
  if (zone.empty() || zone.size() >= sizeof name) return 0;
  std::memcpy(name, zone.data(), zone.size());
  return ::if_nametoindex(name);
}

inline std::string interface_name(std::uint32_t index) {
  char name[IF_NAMESIZE] = {};
  return ::if_indextoname(index, name) ? name : std::to_string(index);
}

/// The text of the address, with the interface of a link-local one (S11.17).
inline std::string endpoint_text(const Endpoint& end) {
  std::string text = to_text(end.ip);
  const bool link_local = end.ip.family == Family::IPv6 && end.ip.bytes[0] == 0xfe && (end.ip.bytes[1] & 0xc0) == 0x80;
  if (link_local && end.scope != 0) text.append("%").append(interface_name(end.scope));
  return text;
}

/// The address that a text is, with its zone resolved; none if it is no address.
inline Endpoint parse_endpoint(std::string_view text, int port) noexcept {
  Endpoint end;
  end.ip = parse_ip(text);
  end.port = static_cast<std::uint16_t>(port);
  if (end.ip.family == Family::IPv6) end.scope = interface_index(zone_of(text));
  return end;
}

// ── connecting and listening ───────────────────────────────────────────────

inline int bind_to(NativeHandle fd, const SystemAddress& address) noexcept {
  return ::bind(fd, &address.any, address.size) == 0 ? 0 : -errno;
}

/// 0: connected; -EINPROGRESS: wait for writable; else a negated errno.
inline int connect_to(NativeHandle fd, const SystemAddress& address) noexcept {
  if (::connect(fd, &address.any, address.size) == 0) return 0;
  // an interrupted connect goes on by itself
  return errno == EINTR ? -EINPROGRESS : -errno;
}

/// A listening TCP descriptor, or a negated errno.
inline int listen_on(const Endpoint& at, const ListenFlags& flags) noexcept {
  const int fd = open_socket(at.ip.family == Family::IPv6 ? AF_INET6 : AF_INET);
  if (fd < 0) return fd;
  int failed = set_flag(fd, SOL_SOCKET, SO_REUSEADDR, 1);
  if (failed == 0 && at.ip.family == Family::IPv6) failed = set_flag(fd, IPPROTO_IPV6, IPV6_V6ONLY, flags.ipv6_only);
  if (failed == 0 && flags.reuse_port) {
#if defined(__linux__) && defined(SO_REUSEPORT)
    failed = set_flag(fd, SOL_SOCKET, SO_REUSEPORT, 1);
#else
    failed = -ENOTSUP;
#endif
  }
  if (failed == 0) failed = bind_to(fd, SystemAddress(at));
  if (failed == 0 && ::listen(fd, flags.backlog) != 0) failed = -errno;
  if (failed == 0) return fd;
  close_descriptor(fd);
  return failed;
}

/// Takes the file of a listening Unix socket away; abstract names have none.
inline void remove_path(std::string_view path) noexcept {
  if (path.empty() || path[0] == '\0') return;
  char name[sizeof(sockaddr_un::sun_path) + 1] = {};
  if (path.size() >= sizeof name) return;
  std::memcpy(name, path.data(), path.size());
  ::unlink(name);
}

/// A listening Unix socket, or a negated errno. ENOENT is told as EACCES, as libuv does (S23.6).
inline int listen_on_path(std::string_view path, const PathMode& mode, int backlog, bool* mode_failed = nullptr) noexcept {
  SystemAddress address;
  if (!address.set_path(path)) return -EINVAL;
  const int fd = open_socket(AF_UNIX);
  if (fd < 0) return fd;
  int failed = bind_to(fd, address);
  const bool bound = failed == 0;
  if (failed == -ENOENT) failed = -EACCES;
  if (bound && (mode.readable_all || mode.writable_all) && path[0] != '\0') {
    const mode_t bits = (mode.readable_all ? S_IRUSR | S_IRGRP | S_IROTH : 0u) | (mode.writable_all ? S_IWUSR | S_IWGRP | S_IWOTH : 0u);
    char name[sizeof(sockaddr_un::sun_path) + 1] = {};
    std::memcpy(name, path.data(), path.size());
    if (::chmod(name, bits) != 0) failed = -errno;
    if (mode_failed) *mode_failed = failed != 0;
  }
  if (failed == 0 && ::listen(fd, backlog) != 0) failed = -errno;
  if (failed == 0) return fd;
  close_descriptor(fd);
  if (bound) remove_path(path);
  return failed;
}

/// Listens on a descriptor that is bound already; 0 or a negated errno (S22.5).
inline int listen_on_descriptor(NativeHandle fd, int backlog) noexcept {
  const Kind kind = kind_of(fd);
  if (kind != Kind::tcp && kind != Kind::local) return -EINVAL;
  if (const int failed = prepare(fd); failed < 0) return failed;
  return ::listen(fd, backlog) == 0 ? 0 : -errno;
}

inline NativeHandle duplicate(NativeHandle fd) noexcept {
  return retried([&] { return ::fcntl(fd, F_DUPFD_CLOEXEC, 0); });
}

// ── waking a sleeping loop ─────────────────────────────────────────────────

/// A descriptor that becomes readable when `ring` is called, from any thread.
class Bell {
 public:
  Bell() noexcept {
#if defined(__linux__)
    ends_[0] = ends_[1] = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
#else
    if (::pipe(ends_) == 0) {
      prepare(ends_[0]);
      prepare(ends_[1]);
    }
#endif
  }
  Bell(const Bell&) = delete;
  Bell& operator=(const Bell&) = delete;
  ~Bell() {
    if (ends_[0] >= 0) ::close(ends_[0]);
    if (ends_[1] >= 0 && ends_[1] != ends_[0]) ::close(ends_[1]);
  }

  NativeHandle descriptor() const noexcept { return ends_[0]; }
  void ring() noexcept {
    const std::uint64_t one = 1;
    (void)retried([&] { return ::write(ends_[1], &one, sizeof one); });
  }
  void silence() noexcept {
    std::uint64_t rings[16];
    while (retried([&] { return ::read(ends_[0], rings, sizeof rings); }) == static_cast<ssize_t>(sizeof rings)) {
    }
  }

 private:
  int ends_[2] = {no_descriptor, no_descriptor};
};

// ── threads ────────────────────────────────────────────────────────────────

class Mutex {
 public:
  Mutex() noexcept = default;
  Mutex(const Mutex&) = delete;
  Mutex& operator=(const Mutex&) = delete;
  void lock() noexcept { ::pthread_mutex_lock(&mutex_); }
  void unlock() noexcept { ::pthread_mutex_unlock(&mutex_); }

 private:
  friend class Condition;
  pthread_mutex_t mutex_ = PTHREAD_MUTEX_INITIALIZER;
};

class Locked {
 public:
  explicit Locked(Mutex& mutex) noexcept : mutex_(mutex) { mutex_.lock(); }
  Locked(const Locked&) = delete;
  Locked& operator=(const Locked&) = delete;
  ~Locked() { mutex_.unlock(); }

 private:
  Mutex& mutex_;
};

class Condition {
 public:
  Condition() noexcept = default;
  Condition(const Condition&) = delete;
  Condition& operator=(const Condition&) = delete;
  void wait(Mutex& mutex) noexcept { ::pthread_cond_wait(&condition_, &mutex.mutex_); }
  void wake_one() noexcept { ::pthread_cond_signal(&condition_); }
  void wake_all() noexcept { ::pthread_cond_broadcast(&condition_); }

 private:
  pthread_cond_t condition_ = PTHREAD_COND_INITIALIZER;
};

/// A thread that is joined or detached before this object goes.
class Thread {
 public:
  bool start(void (*work)(void*), void* argument) {
    struct Start {
      void (*work)(void*);
      void* argument;
    };
    auto* start = new Start{work, argument};
    const int failed = ::pthread_create(&thread_, nullptr, [](void* given) -> void* {
      const Start now = *static_cast<Start*>(given);
      delete static_cast<Start*>(given);
      now.work(now.argument);
      return nullptr;
    }, start);
    if (failed) delete start;
    return failed == 0;
  }
  void join() noexcept { ::pthread_join(thread_, nullptr); }
  void detach() noexcept { ::pthread_detach(thread_); }

 private:
  pthread_t thread_{};
};

/// Starts a thread that nobody joins.
inline bool start_thread(void (*work)(void*), void* argument) {
  Thread thread;
  if (!thread.start(work, argument)) return false;
  thread.detach();
  return true;
}

/// How many threads can run at the same time, at least 1.
inline std::size_t processors() noexcept {
  const long count = ::sysconf(_SC_NPROCESSORS_ONLN);
  return count > 0 ? static_cast<std::size_t>(count) : 1;
}

// ── names ──────────────────────────────────────────────────────────────────

/// Asks the system's resolver and waits for it. The addresses come in its order, as texts; what failed, or none.
template <class Addresses>
Errc look_up(const std::string& host, Family family, int hints, Addresses& addresses) {
  addrinfo wanted{};
  wanted.ai_family = family == Family::IPv4 ? AF_INET : family == Family::IPv6 ? AF_INET6 : AF_UNSPEC;
  wanted.ai_socktype = SOCK_STREAM;
  wanted.ai_flags = hints;
  addrinfo* found = nullptr;
  const int failed = ::getaddrinfo(host.c_str(), nullptr, &wanted, &found);
  switch (failed) {
    case 0: break;
#if defined(EAI_NODATA) && EAI_NODATA != EAI_NONAME
    case EAI_NODATA:
#endif
#if defined(EAI_ADDRFAMILY)
    case EAI_ADDRFAMILY:
#endif
    case EAI_NONAME: return Errc::ERR_LOOKUP_NOT_FOUND;
    case EAI_AGAIN: return Errc::ERR_LOOKUP_TRY_AGAIN;
    case EAI_FAIL: return Errc::ERR_LOOKUP_FAILED;
    case EAI_FAMILY: return Errc::ERR_LOOKUP_BAD_FAMILY;
    case EAI_BADFLAGS: return Errc::ERR_LOOKUP_BAD_FLAGS;
    case EAI_MEMORY: return Errc::ERR_LOOKUP_NO_MEMORY;
    default: return Errc::ERR_LOOKUP_OTHER;
  }
  for (const addrinfo* at = found; at; at = at->ai_next) {
    if (at->ai_family != AF_INET && at->ai_family != AF_INET6) continue;
    SystemAddress address;
    std::memcpy(&address.room, at->ai_addr, at->ai_addrlen);
    const Endpoint end = address.endpoint();
    addresses.push({endpoint_text(end), end.ip.family});
  }
  ::freeaddrinfo(found);
  return addresses.empty() ? Errc::ERR_LOOKUP_NOT_FOUND : Errc{};
}

/// The hint of S12.8: only families that this machine has.
inline constexpr int hint_address_config = AI_ADDRCONFIG;
inline constexpr int known_hints = AI_ADDRCONFIG | AI_ALL | AI_V4MAPPED;

}  // namespace detail::os
}  // namespace net

#endif
