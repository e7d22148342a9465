// The bodies of files.hpp. Internal.
#ifndef NET_DETAIL_SYS_POSIX_FILES_IPP
#define NET_DETAIL_SYS_POSIX_FILES_IPP

#include <net/detail/sys/posix/files.hpp>

#if NET_BODIES

#include <net/detail/sys/posix/headers.hpp>

#if !defined(_WIN32)

namespace net::inline NET_ABI::detail::os {

NET_API int open_file(const std::string& path, const FileAccess& access, NativeHandle& opened) noexcept {
  int flags = O_CLOEXEC | O_NOCTTY;
#if defined(O_LARGEFILE)
  flags |= O_LARGEFILE;  // more than 2 GiB, where a program is of 32 bits
#endif
  if (access.writes) flags |= O_WRONLY | O_CREAT | (access.appends ? O_APPEND : 0);
  if (access.writes && !access.appends && access.start == 0) flags |= O_TRUNC;
  if (access.exclusive) flags |= O_EXCL;
  const int fd = retried([&] { return ::open(path.c_str(), flags, static_cast<mode_t>(access.mode)); });
  if (fd < 0) return fd;
  if (access.start > 0 && ::lseek(fd, static_cast<off_t>(access.start), SEEK_SET) < 0) {
    const int failed = -errno;
    close_descriptor(fd);
    return failed;
  }
  opened = fd;
  return 0;
}

NET_API std::ptrdiff_t read_file(NativeHandle file, char* into, std::size_t size) noexcept {
  return retried([&] { return ::read(file, into, size); });
}

/// A file may be a FIFO whose reader has gone: no SIGPIPE comes out.
NET_API std::ptrdiff_t write_file(NativeHandle file, const char* from, std::size_t size) noexcept {
  const IoSlice bytes{from, size};
  return write_slices(file, &bytes, 1);
}

/// Not again after a signal: the descriptor is gone, and may be another one's already.
NET_API int close_file(NativeHandle file) noexcept { return ::close(file) == 0 || errno == EINTR ? 0 : -errno; }

inline bool is_quick(const struct stat& status) noexcept { return S_ISREG(status.st_mode) || S_ISBLK(status.st_mode); }

/// What is not there yet becomes a file.
NET_API bool is_slow_path(const std::string& path) noexcept {
  struct stat status{};
  return ::stat(path.c_str(), &status) == 0 && !is_quick(status);
}

NET_API bool is_slow_file(NativeHandle file) noexcept {
  struct stat status{};
  return ::fstat(file, &status) != 0 || !is_quick(status);
}

/// A pipe that is writable takes so much at once, and others who have it are not made to mind O_NONBLOCK.
NET_API std::ptrdiff_t write_slow_file(NativeHandle file, const char* from, std::size_t size) noexcept {
  constexpr std::size_t taken = 512;  // of every POSIX system
  pollfd asked{file, POLLOUT, 0};
  if (retried([&] { return ::poll(&asked, 1, 0); }) <= 0) return -EAGAIN;
  return write_file(file, from, size < taken ? size : taken);
}

}  // namespace net::inline NET_ABI::detail::os

#endif  // !_WIN32

#endif
#endif
