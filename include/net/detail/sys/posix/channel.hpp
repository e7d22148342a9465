// A descriptor that is connected, or connects: TCP, Unix sockets, and whatever else one may be. Internal.
#ifndef NET_DETAIL_SYS_POSIX_CHANNEL_HPP
#define NET_DETAIL_SYS_POSIX_CHANNEL_HPP

#include <cstddef>
#include <string_view>

#include <net/detail/base/exchange.hpp>
#include <net/detail/io/channel.hpp>
#include <net/detail/sys/bsd/event.hpp>
#include <net/detail/sys/posix/address.hpp>
#include <net/detail/sys/posix/calls.hpp>

#if !defined(_WIN32)

namespace net::inline NET_ABI::detail {

/// A descriptor: TCP and Unix sockets, on every system. The owner watches it, and drops it before `close`.
class fd_channel : public Watcher {
 public:
  fd_channel() noexcept = default;
  explicit fd_channel(NativeHandle descriptor) noexcept { set(descriptor); }
  fd_channel(const fd_channel&) = delete;
  fd_channel& operator=(const fd_channel&) = delete;
  ~fd_channel() { close(); }

  bool is_open() const noexcept { return fd != no_handle; }
  NativeHandle native() const noexcept { return fd; }

  int open(Family family) noexcept;
  void take_over(fd_channel& other) noexcept { set(other.release(), other.not_socket_); }
  /// A descriptor from elsewhere, which is prepared; true if it is TCP. What is no socket is moved with read(2) and
  /// write(2).
  bool adopt_connected(NativeHandle descriptor) noexcept {
    const DescriptorKind kind = os::kind_of(descriptor);
    set(descriptor, kind == DescriptorKind::pipe);
    return kind == DescriptorKind::tcp;
  }
  void close() noexcept {
    if (is_open()) os::close_descriptor(release());
  }
  NativeHandle release() noexcept { return detail::exchange(fd, no_handle); }
  /// What it reads is in the hands of whoever asked at once.
  std::string_view unread() noexcept { return {}; }

  int bind(const Endpoint& to) noexcept;
  int start_connect(const Endpoint& to) noexcept;
  int start_connect_path(std::string_view path) noexcept;
  int finish_connect() noexcept {
    const int failed = os::pending_error(fd);
    return failed != 0 || !os::poller_takes_errors ? -failed : -int{failure};
  }

  ReadResult read(char* into, std::size_t size) noexcept {
    const std::ptrdiff_t got = not_socket_ ? os::read_some(fd, into, size) : os::receive(fd, into, size);
    if constexpr (os::poller_takes_errors) {
      if (got == 0 && failure != 0) return {-failure, into};
    }
    return {got, into};
  }
  std::ptrdiff_t write(const IoSlice* slices, std::size_t count) noexcept;
  int shutdown_write() noexcept { return not_socket_ ? 0 : os::shutdown_write(fd); }
  int reset_on_close() noexcept { return os::reset_on_close(fd); }

  bool is_unconnected() const noexcept { return is_open() && os::unconnected(fd); }
  Endpoint local_end() const noexcept { return os::local_end(fd); }
  Endpoint remote_end() const noexcept { return os::remote_end(fd); }

  int set_no_delay(bool on) noexcept { return os::set_no_delay(fd, on); }
  int set_keep_alive(bool on, int seconds) noexcept { return os::set_keep_alive(fd, on, seconds); }
  int set_type_of_service(int value) noexcept { return os::set_type_of_service(fd, local_end().ip.family, value); }
  int get_type_of_service() const noexcept { return os::get_type_of_service(fd, local_end().ip.family); }

 private:
  bool not_socket_ = false;

  friend class fd_acceptor;

  /// The only way in, so that nothing of an earlier descriptor stays. 0, or the negated errno that it is given.
  int set(int descriptor, bool not_socket = false) noexcept;
};

static_assert(Channel<fd_channel>);

}  // namespace net::inline NET_ABI::detail

#endif  // !_WIN32

#include <net/detail/sys/posix/channel.ipp>

#endif
