// A socket that listens, or a name of pipes. Internal.
#ifndef NET_DETAIL_SYS_WINDOWS_ACCEPTOR_HPP
#define NET_DETAIL_SYS_WINDOWS_ACCEPTOR_HPP

#include <string_view>

#include <net/detail/io/acceptor.hpp>
#include <net/detail/sys/windows/channel.hpp>
#include <net/detail/sys/windows/pipe_server.hpp>

#if defined(_WIN32)

namespace net::inline NET_ABI::detail {

/// A listening socket has another one in reserve for the time when the process has no more (S9.18).
class windows_acceptor : public Watcher {
 public:
  windows_acceptor() noexcept = default;
  windows_acceptor(const windows_acceptor&) = delete;
  windows_acceptor& operator=(const windows_acceptor&) = delete;
  ~windows_acceptor() { close(); }

  bool is_open() const noexcept { return fd != no_handle; }
  NativeHandle native() const noexcept {
    const PipeServerEntry* const pipes = this->pipes();
    return pipes ? pipes->operations->native(*pipes) : fd;
  }

  int listen(const Endpoint& at, const ListenFlags& flags) noexcept { return set(os::listen_on(at, flags)); }
  int listen_path(std::string_view path, const PathMode& mode, int backlog, bool* mode_failed = nullptr) noexcept;
  /// Of another process, which listens already; S22.7: Node takes no other one on this system.
  int listen_descriptor(NativeHandle listening, int backlog) noexcept {
    return backlog == 0 && os::listens(listening) ? set(listening) : -EINVAL;
  }
  /// For what another acceptor listens on.
  int listen_beside(const windows_acceptor& other, int backlog) noexcept;

  int accept(windows_channel& into) noexcept;
  bool has_reserve() const noexcept { return pipes() || reserve_ != no_handle; }

  void close() noexcept;
  void release() noexcept;

  int set_no_delay(bool on) noexcept {
    return pipes() ? 0 : os::set_flag(fd, win::protocol_tcp, win::option_no_delay, on);
  }
  Endpoint local_end() const noexcept { return pipes() ? Endpoint{} : os::local_end(fd); }

 private:
  PipeServerEntry* pipes() const noexcept { return static_cast<PipeServerEntry*>(entry_of(fd)); }
  int set(NativeHandle listening) noexcept;
  /// Instances of a pipe of that name; `first`: nobody else may serve it yet.
  int serve(const PipeName& name, const PathMode& mode, bool first) noexcept;
  void open_reserve() noexcept;
  /// Accepts what waits and closes it, so that those clients learn of it and the loop does not spin.
  NativeHandle turn_away() noexcept;

  NativeHandle reserve_ = no_handle;
};

static_assert(Acceptor<windows_acceptor, windows_channel>);

}  // namespace net::inline NET_ABI::detail

#endif  // _WIN32

#include <net/detail/sys/windows/acceptor.ipp>

#endif
