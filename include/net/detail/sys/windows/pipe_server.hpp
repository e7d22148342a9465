// A name that is listened on: instances of a pipe that wait for clients. Internal.
#ifndef NET_DETAIL_SYS_WINDOWS_PIPE_SERVER_HPP
#define NET_DETAIL_SYS_WINDOWS_PIPE_SERVER_HPP

#include <cstdint>

#include <net/detail/sys/windows/pipe.hpp>

#if defined(_WIN32)

namespace net::inline NET_ABI::detail {

/// As many as libuv has wait at the same time. When one has a client, the next is made before it is handed out, so that
/// the name is never gone while it is served.
class PipeServerEntry final : public PortEntry {
 public:
  static const Operations table;

  PipeServerEntry(const PipeName& name, const PathMode& mode) noexcept;

  /// 0 or a negated errno; `first`: nobody else may serve the name yet.
  int open(bool first) noexcept;
  /// A client's pipe, attached to this port; null and a negated errno if there is none.
  PipeEntry* accept(int& failed) noexcept;
  /// Nobody has it any more.
  void close() noexcept;
  const PipeName& name() const noexcept { return name_; }
  const PathMode& mode() const noexcept { return mode_; }

 private:
  struct Instance {
    PortOperation connecting;
    win::Handle handle = nullptr;
    bool connected = false;
  };
  static constexpr int instances = 4;
  static constexpr std::uint64_t retry_ms = 50;  // when the system had none

  void make(Instance& instance) noexcept;
  void await(Instance& instance) noexcept;
  void cancel() noexcept;
  void close_handles() noexcept;
  ~PipeServerEntry() { close_handles(); }
  friend struct PipeServerCalls;

  PipeName name_;
  PathMode mode_;
  Instance instances_[instances];
  bool closed_ = false;
};

}  // namespace net::inline NET_ABI::detail

#endif  // _WIN32

#include <net/detail/sys/windows/pipe_server.ipp>

#endif
