// A socket or a pipe that is connected, or connects. Internal.
#ifndef NET_DETAIL_SYS_WINDOWS_CHANNEL_HPP
#define NET_DETAIL_SYS_WINDOWS_CHANNEL_HPP

#include <cstddef>
#include <string_view>

#include <net/detail/base/exchange.hpp>
#include <net/detail/io/channel.hpp>
#include <net/detail/sys/windows/address.hpp>
#include <net/detail/sys/windows/calls.hpp>
#include <net/detail/sys/windows/pipe.hpp>

#if defined(_WIN32)

namespace net::inline NET_ABI::detail {

/// TCP by a socket of Winsock's, which reads and writes without waiting as on every other system; a path by a named
/// pipe. The owner watches it, and drops it before `close`.
class windows_channel : public Watcher {
 public:
  windows_channel() noexcept = default;
  windows_channel(const windows_channel&) = delete;
  windows_channel& operator=(const windows_channel&) = delete;
  ~windows_channel() { close(); }

  bool is_open() const noexcept { return fd != no_handle; }
  NativeHandle native() const noexcept {
    const PipeEntry* const pipe = this->pipe();
    return pipe ? pipe->operations->native(*pipe) : fd;
  }

  int open(Family family) noexcept { return set(os::open_socket(family)); }
  void take_over(windows_channel& other) noexcept { fd = detail::exchange(other.fd, no_handle); }
  /// A handle from elsewhere, which is prepared; true if it is TCP.
  bool adopt_connected(NativeHandle handle) noexcept;
  void close() noexcept;
  NativeHandle release() noexcept;
  std::string_view unread() noexcept { return pipe() ? pipe()->unread() : std::string_view(); }

  int bind(const Endpoint& to) noexcept { return os::bind_to(fd, to); }
  int start_connect(const Endpoint& to) noexcept { return os::connect_to(fd, to); }
  int start_connect_path(std::string_view path) noexcept;
  int finish_connect() noexcept { return pipe() ? pipe()->finish_connect() : -os::pending_error(fd); }

  ReadResult read(char* into, std::size_t size) noexcept {
    if (PipeEntry* const pipe = this->pipe()) return pipe->read(size);
    return {os::receive(fd, into, size), into};
  }
  std::ptrdiff_t write(const IoSlice* slices, std::size_t count) noexcept {
    return pipe() ? pipe()->write(slices, count) : os::send_slices(fd, slices, count);
  }
  int shutdown_write() noexcept { return pipe() ? pipe()->shutdown_write() : os::shutdown_write(fd); }
  int reset_on_close() noexcept { return pipe() ? 0 : os::reset_on_close(fd); }

  bool is_unconnected() const noexcept { return is_open() && !pipe() && os::unconnected(fd); }
  Endpoint local_end() const noexcept { return pipe() ? Endpoint{} : os::local_end(fd); }
  Endpoint remote_end() const noexcept { return pipe() ? Endpoint{} : os::remote_end(fd); }

  int set_no_delay(bool on) noexcept {
    return pipe() ? 0 : os::set_flag(fd, win::protocol_tcp, win::option_no_delay, on);
  }
  int set_keep_alive(bool on, int seconds) noexcept { return pipe() ? 0 : os::set_keep_alive(fd, on, seconds); }
  int set_type_of_service(int value) noexcept;
  int get_type_of_service() const noexcept;

 private:
  friend class windows_acceptor;

  PipeEntry* pipe() const noexcept { return static_cast<PipeEntry*>(entry_of(fd)); }
  /// 0, or the negated errno that it is given.
  int set(NativeHandle opened) noexcept { return opened < 0 ? static_cast<int>(opened) : (fd = opened, 0); }
};

static_assert(Channel<windows_channel>);

}  // namespace net::inline NET_ABI::detail

#endif  // _WIN32

#include <net/detail/sys/windows/channel.ipp>

#endif
