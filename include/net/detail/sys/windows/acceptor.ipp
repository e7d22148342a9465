// The bodies of acceptor.hpp. Internal.
#ifndef NET_DETAIL_SYS_WINDOWS_ACCEPTOR_IPP
#define NET_DETAIL_SYS_WINDOWS_ACCEPTOR_IPP

#include <net/detail/sys/windows/acceptor.hpp>

#if NET_BODIES

#include <cerrno>
#include <new>

#include <net/detail/base/exchange.hpp>

#if defined(_WIN32)

namespace net::inline NET_ABI::detail {

NET_API int windows_acceptor::set(NativeHandle listening) noexcept {
  if (listening < 0) return static_cast<int>(listening);
  fd = listening;
  open_reserve();
  return 0;
}

NET_API void windows_acceptor::open_reserve() noexcept {
  const NativeHandle opened = os::open_socket(Family::IPv4);
  reserve_ = opened < 0 ? no_handle : opened;
}

NET_API int windows_acceptor::listen_path(std::string_view path, const PathMode& mode, int, bool*) noexcept {
  PipeName name;
  if (const int failed = name.set(path); failed < 0) return failed == -ENOENT ? -EACCES : failed;
  return serve(name, mode, true);
}

NET_API int windows_acceptor::serve(const PipeName& name, const PathMode& mode, bool first) noexcept {
  auto* const pipes = new (std::nothrow) PipeServerEntry(name, mode);
  if (!pipes) return -ENOMEM;
  const int failed = pipes->open(first);
  if (failed < 0) {
    pipes->close();
  } else {
    fd = tagged(*pipes);
  }
  return failed;
}

NET_API int windows_acceptor::listen_beside(const windows_acceptor& other, int) noexcept {
  const PipeServerEntry* const there = other.pipes();
  return there ? serve(there->name(), there->mode(), false) : set(os::duplicate(other.fd));
}

NET_API int windows_acceptor::accept(windows_channel& into) noexcept {
  if (PipeServerEntry* const pipes = this->pipes()) {
    int failed = 0;
    if (PipeEntry* const pipe = pipes->accept(failed)) into.fd = tagged(*pipe);
    return failed;
  }
  NativeHandle accepted = os::accept_from(fd);
  if (accepted == -EMFILE && reserve_ != no_handle) accepted = turn_away();
  if (reserve_ == no_handle && accepted != -EMFILE) open_reserve();
  return into.set(accepted);
}

NET_API NativeHandle windows_acceptor::turn_away() noexcept {
  os::close_socket(detail::exchange(reserve_, no_handle));
  NativeHandle accepted = os::accept_from(fd);
  for (int left = 512; accepted >= 0; accepted = os::accept_from(fd)) {
    os::close_socket(accepted);
    if (--left == 0) {
      accepted = -EAGAIN;
      break;
    }
  }
  open_reserve();
  return accepted;
}

NET_API void windows_acceptor::close() noexcept {
  if (!is_open()) return;
  if (PipeServerEntry* const pipes = this->pipes()) {
    pipes->close();
  } else {
    os::close_socket(fd);
  }
  release();
}

NET_API void windows_acceptor::release() noexcept {
  fd = no_handle;
  if (reserve_ != no_handle) os::close_socket(detail::exchange(reserve_, no_handle));
}

}  // namespace net::inline NET_ABI::detail

#endif  // _WIN32
#endif
#endif
