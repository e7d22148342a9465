// Bytes to and from one peer, non-blocking: what a socket moves its data through. Internal.
#ifndef NET_DETAIL_IO_CHANNEL_HPP
#define NET_DETAIL_IO_CHANNEL_HPP

#include <cerrno>
#include <concepts>
#include <cstddef>
#include <string_view>
#include <utility>

#include <net/detail/io/poller.hpp>
#include <net/detail/sys/posix/address.hpp>
#include <net/detail/text/endpoint.hpp>

namespace net::inline NET_ABI::detail {

/// What `try_read` and `try_write` return: bytes moved (0 from `try_read` is the end of the stream), or a
/// negated errno, of which this one means "wait until the poller says so".
inline constexpr std::ptrdiff_t would_block = -EAGAIN;

/// The system has no memory for it at the moment (S32.2): it means "later" too, but the poller may say "now" all the time.
constexpr bool short_of_memory(std::ptrdiff_t result) noexcept { return result == -ENOBUFS || result == -ENOMEM; }
constexpr bool means_later(std::ptrdiff_t result) noexcept { return result == would_block || short_of_memory(result); }

/// The contract. Nothing blocks, nothing throws; errors are negated errno values. `start_connect` gives 0,
/// or -EINPROGRESS: then the channel becomes writable and `finish_connect` tells how it went.
template <class C>
concept Channel = std::derived_from<C, Watcher> &&
                  requires(C channel, const C& fixed, void* into, std::size_t size, const IoSlice* slices,
                           const Endpoint& to, std::string_view path, bool on, int number) {
                    { channel.open(Family::IPv6) } -> std::same_as<int>;
                    { channel.bind(to) } -> std::same_as<int>;
                    { channel.start_connect(to) } -> std::same_as<int>;
                    { channel.start_connect_path(path) } -> std::same_as<int>;
                    { channel.finish_connect() } -> std::same_as<int>;
                    { channel.try_read(into, size) } -> std::same_as<std::ptrdiff_t>;
                    { channel.try_write(slices, size) } -> std::same_as<std::ptrdiff_t>;
                    { channel.shutdown_write() } -> std::same_as<int>;
                    { channel.reset_on_close() } -> std::same_as<int>;
                    { channel.close() };
                    { channel.release() } -> std::same_as<NativeHandle>;
                    { fixed.is_open() } -> std::same_as<bool>;
                    { fixed.local_end() } -> std::same_as<Endpoint>;
                    { fixed.remote_end() } -> std::same_as<Endpoint>;
                    { channel.set_no_delay(on) } -> std::same_as<int>;
                    { channel.set_keep_alive(on, number) } -> std::same_as<int>;
                  };

/// A descriptor: TCP and Unix sockets, on every system. The owner watches it, and drops it before `close`.
class fd_channel : public Watcher {
 public:
  fd_channel() noexcept = default;
  explicit fd_channel(NativeHandle descriptor) noexcept { set(descriptor); }
  fd_channel(const fd_channel&) = delete;
  fd_channel& operator=(const fd_channel&) = delete;
  ~fd_channel() { close(); }

  bool is_open() const noexcept { return fd != os::no_descriptor; }
  NativeHandle native() const noexcept { return fd; }

  int open(Family family) noexcept { return set(os::open_socket(family == Family::IPv6 ? AF_INET6 : AF_INET)); }
  int adopt(NativeHandle descriptor) noexcept { return set(descriptor); }
  /// A descriptor from elsewhere, which is prepared; true if it is TCP. What is no socket is moved with read(2) and
  /// write(2).
  bool adopt_connected(NativeHandle descriptor) noexcept {
    const os::Kind kind = os::kind_of(descriptor);
    set(descriptor, kind == os::Kind::pipe);
    return kind == os::Kind::tcp;
  }
  void close() noexcept {
    if (is_open()) os::close_descriptor(release());
  }
  NativeHandle release() noexcept { return std::exchange(fd, os::no_descriptor); }

  int bind(const Endpoint& to) noexcept {
    if (const int failed = os::set_flag(fd, SOL_SOCKET, SO_REUSEADDR, 1); failed < 0) return failed;
    return os::bind_to(fd, os::SystemAddress(to));
  }
  int start_connect(const Endpoint& to) noexcept { return os::connect_to(fd, os::SystemAddress(to)); }
  int start_connect_path(std::string_view path) noexcept;
  int finish_connect() noexcept { return -os::pending_error(fd); }

  std::ptrdiff_t try_read(void* into, std::size_t size) noexcept {
    return not_socket_ ? os::read_some(fd, into, size) : os::receive(fd, into, size);
  }
  std::ptrdiff_t try_write(const IoSlice* slices, std::size_t count) noexcept;
  int shutdown_write() noexcept { return not_socket_ ? 0 : os::shutdown_write(fd); }
  int reset_on_close() noexcept { return os::reset_on_close(fd); }

  Endpoint local_end() const noexcept { return os::local_end(fd); }
  Endpoint remote_end() const noexcept { return os::remote_end(fd); }

  int set_no_delay(bool on) noexcept { return os::set_no_delay(fd, on); }
  int set_keep_alive(bool on, int seconds) noexcept { return os::set_keep_alive(fd, on, seconds); }
  int set_type_of_service(int value) noexcept { return os::set_type_of_service(fd, local_end().ip.family, value); }
  int get_type_of_service() const noexcept { return os::get_type_of_service(fd, local_end().ip.family); }

 private:
  bool not_socket_ = false;

  /// The only way in, so that nothing of an earlier descriptor stays.
  int set(int descriptor, bool not_socket = false) noexcept;
};

static_assert(Channel<fd_channel>);

}  // namespace net::inline NET_ABI::detail

#include <net/detail/io/channel.ipp>

#endif
