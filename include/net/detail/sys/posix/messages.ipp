// The bodies of messages.hpp. Internal.
#ifndef NET_DETAIL_SYS_POSIX_MESSAGES_IPP
#define NET_DETAIL_SYS_POSIX_MESSAGES_IPP

#include <net/detail/sys/posix/messages.hpp>

#if NET_BODIES

#include <cstring>

#include <net/detail/sys/posix/headers.hpp>

#if !defined(_WIN32)

namespace net::inline NET_ABI::detail::os {

NET_API int make_pair(NativeHandle (&ends)[2]) noexcept {
#if NET_HAS_ACCEPT4
  return ::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) == 0 ? 0 : -errno;
#else
  if (::socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0) return -errno;
  int failed = prepare(ends[0]);
  if (failed == 0) failed = prepare(ends[1]);
  if (failed == 0) return 0;
  for (const NativeHandle end : ends) close_descriptor(end);
  return failed;
#endif
}

/// Too many descriptors of this user's are under way: that passes, as a shortage of memory does.
NET_API std::ptrdiff_t send_with(NativeHandle local, const IoSlice* slices, std::size_t count,
                                 NativeHandle passed) noexcept {
  if (passed == no_handle)
    return count == 1 ? send_one(local, slices->data, slices->size) : send_slices(local, slices, count);
  Pieces pieces(slices, count);
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof passed)] = {};
  msghdr message{};
  message.msg_iov = pieces.each;
  message.msg_iovlen = cast<decltype(message.msg_iovlen)>(pieces.count);
  message.msg_control = control;
  message.msg_controllen = cast<decltype(message.msg_controllen)>(sizeof control);
  cmsghdr* const rights = CMSG_FIRSTHDR(&message);
  rights->cmsg_level = SOL_SOCKET;
  rights->cmsg_type = SCM_RIGHTS;
  rights->cmsg_len = cast<decltype(rights->cmsg_len)>(CMSG_LEN(sizeof passed));
  std::memcpy(CMSG_DATA(rights), &passed, sizeof passed);
  const std::ptrdiff_t sent = retried([&] { return ::sendmsg(local, &message, send_flags); });
  return sent == -ETOOMANYREFS ? -ENOBUFS : sent;
}

/// There is space for all that one call can bring, so that none stays open unseen: all but the first are closed.
NET_API std::ptrdiff_t receive_with(NativeHandle local, char* into, std::size_t size, CameDescriptors& came) noexcept {
  constexpr std::size_t max_descriptors = 253;  // of Linux's; others pass fewer
  alignas(cmsghdr) char control[CMSG_SPACE(max_descriptors * sizeof(int))];
  iovec piece{into, size};
  msghdr message{};
  message.msg_iov = &piece;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = cast<decltype(message.msg_controllen)>(sizeof control);
#if defined(MSG_CMSG_CLOEXEC)
  const std::ptrdiff_t got = ::recvmsg(local, &message, MSG_CMSG_CLOEXEC);
#else
  const std::ptrdiff_t got = ::recvmsg(local, &message, 0);
#endif
  if (got < 0) return nothing_moved();
  came.lost = (message.msg_flags & MSG_CTRUNC) != 0;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wsign-compare"  // in musl's CMSG_NXTHDR
  for (cmsghdr* each = CMSG_FIRSTHDR(&message); each; each = CMSG_NXTHDR(&message, each)) {
#pragma GCC diagnostic pop
    if (each->cmsg_level != SOL_SOCKET || each->cmsg_type != SCM_RIGHTS) continue;
    const std::size_t count = (each->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count; ++i) {
      int fd = no_handle;
      std::memcpy(&fd, CMSG_DATA(each) + i * sizeof fd, sizeof fd);
#if !defined(MSG_CMSG_CLOEXEC)
      (void)::fcntl(fd, F_SETFD, FD_CLOEXEC);
#endif
      if (came.first == no_handle) {
        came.first = fd;
      } else {
        came.more = true;
        close_descriptor(fd);
      }
    }
  }
  return got;
}

}  // namespace net::inline NET_ABI::detail::os

#endif  // !_WIN32

#endif
#endif
