// A descriptor that listens. Internal.
#ifndef NET_DETAIL_SYS_POSIX_ACCEPTOR_HPP
#define NET_DETAIL_SYS_POSIX_ACCEPTOR_HPP

#include <cstddef>
#include <string_view>
#include <utility>

#include <net/detail/io/acceptor.hpp>
#include <net/detail/sys/posix/address.hpp>
#include <net/detail/sys/posix/calls.hpp>
#include <net/detail/sys/posix/channel.hpp>

#if !defined(_WIN32)

namespace net::inline NET_ABI::detail {

/// A listening descriptor, with one in reserve for the time when the process has no more (S9.18).
class fd_acceptor : public Watcher {
 public:
  fd_acceptor() noexcept = default;
  fd_acceptor(const fd_acceptor&) = delete;
  fd_acceptor& operator=(const fd_acceptor&) = delete;
  ~fd_acceptor() { close(); }

  bool is_open() const noexcept { return fd != no_handle; }
  NativeHandle native() const noexcept { return fd; }

  int listen(const Endpoint& at, const ListenFlags& flags) noexcept { return set(os::listen_on(at, flags)); }

  int listen_path(std::string_view path, const PathMode& mode, int backlog, bool* mode_failed = nullptr) noexcept {
    return set(os::listen_on_path(path, mode, backlog, mode_failed));
  }
  int listen_descriptor(NativeHandle descriptor, int backlog) noexcept {
    const int failed = os::listen_on_descriptor(descriptor, backlog);
    return failed < 0 ? failed : set(descriptor);
  }

  /// A descriptor of its own for what another acceptor listens on.
  int listen_beside(const fd_acceptor& other, int backlog) noexcept;

  int accept(fd_channel& into) noexcept;
  /// Whether it can turn clients away when the process has run out of descriptors.
  bool has_reserve() const noexcept { return reserve_ >= 0; }

  void close() noexcept;
  void release() noexcept;

  /// Accepted connections inherit it, which saves a call for each.
  int set_no_delay(bool on) noexcept { return os::set_no_delay(fd, on); }
  Endpoint local_end() const noexcept { return os::local_end(fd); }

 private:
  int set(int listening) noexcept;

  /// The next connection's descriptor, or a negated errno.
  NativeHandle next() noexcept;
  /// Accepts what waits and closes it, so that those clients learn of it and the loop does not spin.
  NativeHandle turn_away() noexcept;

  NativeHandle reserve_ = no_handle;
};

static_assert(Acceptor<fd_acceptor, fd_channel>);

}  // namespace net::inline NET_ABI::detail

#endif  // !_WIN32

#include <net/detail/sys/posix/acceptor.ipp>

#endif
