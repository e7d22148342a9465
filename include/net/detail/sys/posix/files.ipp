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

NET_API std::ptrdiff_t write_file(NativeHandle file, const char* from, std::size_t size) noexcept {
  return retried([&] { return ::write(file, from, size); });
}

/// Not again after a signal: the descriptor is gone, and may be another one's already.
NET_API int close_file(NativeHandle file) noexcept { return ::close(file) == 0 || errno == EINTR ? 0 : -errno; }

}  // namespace net::inline NET_ABI::detail::os

#endif  // !_WIN32

#endif
#endif
