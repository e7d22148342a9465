// The bodies of posix.hpp.
#include "tests/support/windows/posix.hpp"

#include <windows.h>

#include <fcntl.h>

#include <cerrno>
#include <cstring>
#include <cwchar>
#include <filesystem>

namespace {

const int winsock_started = [] {
  WSADATA data;
  return WSAStartup(MAKEWORD(2, 2), &data);
}();

HANDLE handle_of(int fd) { return reinterpret_cast<HANDLE>(static_cast<INT_PTR>(fd)); }

bool is_socket(int fd) {
  int type = 0, size = sizeof type;
  return fd >= 0 &&
         getsockopt(static_cast<SOCKET>(fd), SOL_SOCKET, SO_TYPE, reinterpret_cast<char*>(&type), &size) == 0;
}

/// As pipe() and open() make them; nothing of the C library's has a number as high as a handle's.
bool is_handle(int fd) { return fd > 32 && GetFileType(handle_of(fd)) != FILE_TYPE_UNKNOWN; }

int failed() {
  const int code = WSAGetLastError();
  errno = code == WSAEWOULDBLOCK    ? EAGAIN
          : code == WSAECONNRESET   ? ECONNRESET
          : code == WSAENOTSOCK     ? ENOTSOCK
          : code == WSAECONNREFUSED ? ECONNREFUSED
          : code == WSAEADDRINUSE   ? EADDRINUSE
                                    : EINVAL;
  return -1;
}

/// One receive or send that does not wait, whatever the socket does otherwise.
template <class Call>
ssize_t without_waiting(int fd, int flags, Call call) {
  if (!(flags & MSG_DONTWAIT)) return call();
  u_long on = 1;
  ioctlsocket(static_cast<SOCKET>(fd), FIONBIO, &on);
  return call();
}

}  // namespace

extern "C" {

int close(int fd) {
  if (is_socket(fd)) return closesocket(static_cast<SOCKET>(fd));
  if (is_handle(fd)) return CloseHandle(handle_of(fd)) ? 0 : -1;
  return _close(fd);
}

int read(int fd, void* into, unsigned size) {
  if (is_socket(fd)) return static_cast<int>(recv_from(fd, into, size, 0));
  if (!is_handle(fd)) return _read(fd, into, size);
  DWORD got = 0;
  return ReadFile(handle_of(fd), into, size, &got, nullptr) ? static_cast<int>(got) : 0;
}

int write(int fd, const void* from, unsigned size) {
  if (is_socket(fd)) return static_cast<int>(send_to(fd, from, size, 0));
  if (!is_handle(fd)) return _write(fd, from, size);
  DWORD put = 0;
  return WriteFile(handle_of(fd), from, size, &put, nullptr) ? static_cast<int>(put) : -1;
}

int dup(int fd) {
  if (!is_socket(fd) && !is_handle(fd)) return _dup(fd);
  HANDLE same = nullptr;
  const HANDLE self = GetCurrentProcess();
  if (!DuplicateHandle(self, handle_of(fd), self, &same, 0, FALSE, DUPLICATE_SAME_ACCESS)) return -1;
  return static_cast<int>(reinterpret_cast<INT_PTR>(same));
}

int open(const char* path, int flags, ...) {
  wchar_t own[MAX_PATH] = L"NUL";
  if (std::strcmp(path, "/proc/self/exe") == 0) {
    GetSystemDirectoryW(own, MAX_PATH - 16);  // some program's file
    std::wcscat(own, L"\\kernel32.dll");
  } else if (std::strcmp(path, "/dev/null") != 0) {
    std::wcsncpy(own, std::filesystem::path(path).c_str(), MAX_PATH - 1);
  }
  const bool writes = (flags & (_O_WRONLY | _O_RDWR)) != 0;
  const HANDLE opened =
      CreateFileW(own, GENERIC_READ | (writes ? GENERIC_WRITE : 0), FILE_SHARE_READ | FILE_SHARE_WRITE, nullptr,
                  flags & _O_CREAT ? OPEN_ALWAYS : OPEN_EXISTING, 0, nullptr);
  return opened == INVALID_HANDLE_VALUE ? -1 : static_cast<int>(reinterpret_cast<INT_PTR>(opened));
}

}  // extern "C"

ssize_t recv_from(int fd, void* into, std::size_t size, int flags) {
  return without_waiting(fd, flags, [&]() -> ssize_t {
    const int got =
        ::recv(static_cast<SOCKET>(fd), static_cast<char*>(into), static_cast<int>(size), flags & ~MSG_DONTWAIT);
    return got >= 0 ? got : failed();
  });
}

ssize_t send_to(int fd, const void* from, std::size_t size, int flags) {
  return without_waiting(fd, flags, [&]() -> ssize_t {
    const int sent = ::send(static_cast<SOCKET>(fd), static_cast<const char*>(from), static_cast<int>(size), 0);
    return sent >= 0 ? sent : failed();
  });
}

int connect_to(int fd, const sockaddr* to, int size) {
  return connect(static_cast<SOCKET>(fd), to, size) == 0 ? 0 : failed();
}

/// There are none on Windows, or only ones of TCP.
int socketpair(int, int type, int, int* pair) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  int size = sizeof address;
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  const SOCKET listener = socket(AF_INET, SOCK_STREAM, 0), one = socket(AF_INET, SOCK_STREAM, 0);
  if (bind(listener, generic, size) != 0 || listen(listener, 1) != 0 || getsockname(listener, generic, &size) != 0 ||
      connect(one, generic, size) != 0) {
    return failed();
  }
  const SOCKET two = accept(listener, nullptr, nullptr);
  closesocket(listener);
  const BOOL now = TRUE;
  for (const SOCKET each : {one, two}) {
    setsockopt(each, IPPROTO_TCP, TCP_NODELAY, reinterpret_cast<const char*>(&now), sizeof now);
    u_long on = (type & SOCK_NONBLOCK) != 0;
    ioctlsocket(each, FIONBIO, &on);
  }
  pair[0] = static_cast<int>(one);
  pair[1] = static_cast<int>(two);
  return 0;
}

int pipe(int* pair) {
  HANDLE ends[2] = {};
  if (!CreatePipe(&ends[0], &ends[1], nullptr, 65536)) return -1;
  for (int i = 0; i < 2; ++i) pair[i] = static_cast<int>(reinterpret_cast<INT_PTR>(ends[i]));
  return 0;
}

int fcntl(int fd, int command, int value) {
  DWORD flags = 0;
  u_long on = (value & O_NONBLOCK) != 0;
  switch (command) {
    case F_GETFD:
      if (!GetHandleInformation(handle_of(fd), &flags)) return -1;
      return flags & HANDLE_FLAG_INHERIT ? 0 : FD_CLOEXEC;
    case F_SETFL: return ioctlsocket(static_cast<SOCKET>(fd), FIONBIO, &on);
    default: return 0;
  }
}

/// Numbers of processes come again, so a directory of that name may have been left behind.
char* mkdtemp(char* pattern) {
  static long count = 0;
  char* const at = pattern + std::strlen(pattern) - 6;
  for (int tries = 0; tries < 100; ++tries) {
    long number = static_cast<long>(GetCurrentProcessId()) * 1000 + InterlockedIncrement(&count);
    for (int i = 5; i >= 0; --i, number /= 10) at[i] = static_cast<char>('0' + number % 10);
    std::error_code failed;
    if (std::filesystem::create_directories(pattern, failed)) return pattern;
  }
  return nullptr;
}

std::size_t open_sockets_and_pipes() {
  std::size_t open = 0;
  int free = 0;  // in a row: the lowest numbers are given out first, and asking takes its time
  for (int handle = 4; handle < 65536 && free < 256; handle += 4, ++free) {
    DWORD flags = 0;
    if (!GetHandleInformation(handle_of(handle), &flags)) continue;
    free = 0;
    const DWORD type = GetFileType(handle_of(handle));
    open += type == FILE_TYPE_PIPE || type == FILE_TYPE_DISK || is_socket(handle);
  }
  return open;
}
