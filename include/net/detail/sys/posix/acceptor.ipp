// The bodies of acceptor.hpp. Internal.
#ifndef NET_DETAIL_SYS_POSIX_ACCEPTOR_IPP
#define NET_DETAIL_SYS_POSIX_ACCEPTOR_IPP

#include <net/detail/sys/posix/acceptor.hpp>

#if NET_BODIES

#include <cerrno>

#include <net/detail/base/exchange.hpp>
#include <net/detail/sys/posix/calls.hpp>
#include <net/detail/sys/posix/headers.hpp>

#if !defined(_WIN32)

namespace net::inline NET_ABI::detail {

NET_API int fd_acceptor::listen_beside(const fd_acceptor& other, int backlog) noexcept {
  const NativeHandle same = os::duplicate(other.fd);
  if (same < 0) return same;
  const int failed = listen_descriptor(same, backlog);
  if (failed < 0) os::close_descriptor(same);
  return failed;
}

NET_API int fd_acceptor::accept(fd_channel& into) noexcept { return into.set(next()); }

NET_API NativeHandle fd_acceptor::next() noexcept {
  const int accepted = os::accept_from(fd);
  if ((accepted == -EMFILE || accepted == -ENFILE) && reserve_ >= 0) return turn_away();
  if (reserve_ < 0 && accepted != -EMFILE && accepted != -ENFILE) [[unlikely]]
    reserve_ = os::open_reserve();
  return accepted;
}

NET_API void fd_acceptor::close() noexcept {
  if (is_open()) os::close_descriptor(fd);
  release();
}

NET_API void fd_acceptor::release() noexcept {
  fd = no_handle;
  if (reserve_ >= 0) os::close_descriptor(detail::exchange(reserve_, no_handle));
}

NET_API int fd_acceptor::set(int listening) noexcept {
  if (listening < 0) return listening;
  fd = listening;
  reserve_ = os::open_reserve();
  return 0;
}

NET_API NativeHandle fd_acceptor::turn_away() noexcept {
  os::close_descriptor(detail::exchange(reserve_, no_handle));
  NativeHandle accepted = os::accept_from(fd);
  for (int left = 512; accepted >= 0; accepted = os::accept_from(fd)) {
    os::close_descriptor(accepted);
    if (--left == 0) {
      accepted = -EAGAIN;
      break;
    }
  }
  reserve_ = os::open_reserve();
  return accepted;
}

}  // namespace net::inline NET_ABI::detail

#endif  // !_WIN32

#endif
#endif
