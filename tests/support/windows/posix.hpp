// For the tests on Windows: the calls of POSIX that they look at the library from outside with, over Winsock. A
// descriptor is the number of a SOCKET or HANDLE; what the C library has opened keeps its own meaning.
#ifndef NET_TESTS_WINDOWS_POSIX_HPP
#define NET_TESTS_WINDOWS_POSIX_HPP

#ifndef WIN32_LEAN_AND_MEAN
#define WIN32_LEAN_AND_MEAN
#endif
#ifndef NOMINMAX
#define NOMINMAX
#endif
#include <winsock2.h>
#include <ws2tcpip.h>

#include <mstcpip.h>

#include <io.h>
#include <process.h>
#include <sys/types.h>

#include <concepts>
#include <cstddef>
#include <cstdint>

#undef near
#undef far

#undef AF_UNIX
#define AF_UNIX AF_INET  // by path there are only pipes
#define SOCK_CLOEXEC 0
#define SOCK_NONBLOCK 0x800  // for socketpair()
#define MSG_NOSIGNAL 0
#define MSG_DONTWAIT 0x1000000
#define SHUT_RD SD_RECEIVE
#define SHUT_WR SD_SEND
#define SHUT_RDWR SD_BOTH
#define F_GETFD 1
#define F_SETFD 2
#define F_GETFL 3
#define F_SETFL 4
#define FD_CLOEXEC 1
#define O_NONBLOCK 0x4000
#define O_CLOEXEC 0
#define RLIMIT_NOFILE 7
#define STDIN_FILENO 0
#define STDOUT_FILENO 1
#define STDERR_FILENO 2

using rlim_t = std::size_t;
struct rlimit {
  rlim_t rlim_cur, rlim_max;
};

extern "C" {
// in place of the C library's, which knows no sockets
int close(int fd);
int read(int fd, void* into, unsigned size);
int write(int fd, const void* from, unsigned size);
int dup(int fd);
int open(const char* path, int flags, ...);
}

struct sockaddr_un {
  unsigned short sun_family;
  char sun_path[108];
};
inline int fork() { return -1; }
inline int waitpid(int, int*, int) { return -1; }
#define WIFSIGNALED(status) false
#define WIFEXITED(status) false
#define WTERMSIG(status) 0
#define WEXITSTATUS(status) 0

int socketpair(int domain, int type, int protocol, int* pair);
int pipe(int* pair);
inline int pipe2(int* pair, int) { return pipe(pair); }
int fcntl(int fd, int command, int value = 0);
char* mkdtemp(char* pattern);
ssize_t recv_from(int fd, void* into, std::size_t size, int flags);
ssize_t send_to(int fd, const void* from, std::size_t size, int flags);
int connect_to(int fd, const sockaddr* to, int size);
/// How many sockets, pipes and files this process has open.
std::size_t open_sockets_and_pipes();

inline int poll(pollfd* of, unsigned long count, int milliseconds) { return WSAPoll(of, count, milliseconds); }
inline int getrlimit(int, rlimit* limit) { return *limit = {16384, 16384}, 0; }
inline int setrlimit(int, const rlimit*) { return -1; }
inline unsigned alarm(unsigned) { return 0; }
inline int ioctl(int fd, long request, int* value) {
  u_long number = 0;
  const int failed = ioctlsocket(static_cast<SOCKET>(fd), request, &number);
  return *value = static_cast<int>(number), failed;
}

// A better match than Winsock's own, whose parameters are others.
template <std::signed_integral Fd, class Bytes, std::integral Size>
ssize_t recv(Fd fd, Bytes* into, Size size, int flags) {
  return recv_from(static_cast<int>(fd), into, static_cast<std::size_t>(size), flags);
}
template <std::signed_integral Fd, class Bytes, std::integral Size>
ssize_t send(Fd fd, Bytes* from, Size size, int flags) {
  return send_to(static_cast<int>(fd), from, static_cast<std::size_t>(size), flags);
}
template <std::signed_integral Fd, std::integral Size>
int connect(Fd fd, const sockaddr* to, Size size) {
  return connect_to(static_cast<int>(fd), to, static_cast<int>(size));
}
template <std::signed_integral Fd, class Value, std::integral Size>
  requires(!std::same_as<Value, const char>)
int setsockopt(Fd fd, int level, int name, Value* value, Size size) {
  return setsockopt(static_cast<SOCKET>(fd), level, name, reinterpret_cast<const char*>(value), static_cast<int>(size));
}
template <std::signed_integral Fd, class Value>
  requires(!std::same_as<Value, char>)
int getsockopt(Fd fd, int level, int name, Value* value, socklen_t* size) {
  *value = {};
  return getsockopt(static_cast<SOCKET>(fd), level, name, reinterpret_cast<char*>(value), size);
}

#endif
