// One end of a named pipe, as readiness. Internal.
#ifndef NET_DETAIL_SYS_WINDOWS_PIPE_HPP
#define NET_DETAIL_SYS_WINDOWS_PIPE_HPP

#include <cstddef>
#include <cstdint>
#include <string_view>

#include <net/detail/io/channel.hpp>
#include <net/detail/sys/windows/pipe_name.hpp>
#include <net/detail/sys/windows/port.hpp>

#if defined(_WIN32)

namespace net::inline NET_ABI::detail {

/// What a pipe is asked for takes its time, and works on buffers that must stay. So each end has two of its own: one
/// that a read fills while somebody wants to read, and one that a write empties. A write counts when the system has
/// taken all of it: until then it is would_block, and whoever writes offers the same bytes again, which they do anyhow.
///
/// A pipe has no half-close. As in libuv, whoever ends stays for 50 ms of silence, so that an answer arrives; then it
/// closes, which is the end for the other side, and reads the end itself.
class PipeEntry final : public PortEntry {
 public:
  static const Operations table;

  PipeEntry() noexcept;
  /// It has the handle from now on.
  void set(win::Handle handle) noexcept { handle_ = handle; }
  /// Its port has been given the handle already.
  void associated() noexcept { associated_ = true; }
  /// 0, -EINPROGRESS while all instances are busy, which is ETIMEDOUT in the end, or another negated errno.
  int connect(const PipeName& name, std::uint64_t patience_ms = 30000) noexcept;
  int finish_connect() const noexcept { return -connect_failed_; }

  ReadResult read(std::size_t size) noexcept;
  std::ptrdiff_t write(const IoSlice* slices, std::size_t count) noexcept;
  int shutdown_write() noexcept;
  /// Nobody has it any more; what is in flight is called off.
  void close() noexcept;
  /// What it has taken and nobody has read; it takes no more before it is watched again.
  std::string_view unread() noexcept;
  /// It stays open, and nothing of it is in flight.
  win::Handle release_handle() noexcept;
  int& type_of_service() noexcept { return type_of_service_; }

 private:
  static constexpr std::size_t capacity = 65536;
  static constexpr std::uint64_t silence_ms = 50, busy_ms = 2;

  unsigned ready() const noexcept;
  void start_read() noexcept;
  void read_done(int failed, std::size_t size) noexcept;
  void write_done(int failed, std::size_t size) noexcept;
  bool can_buffer(char*& buffer) noexcept;
  bool call_off_read(std::size_t& came) noexcept;
  void listen_for_silence() noexcept;
  void on_due() noexcept;
  void cancel() noexcept;
  void close_handle() noexcept;
  ~PipeEntry();
  friend struct PipeCalls;

  win::Handle handle_ = nullptr;
  PortOperation reading_, writing_;
  char *in_ = nullptr, *out_ = nullptr;
  std::size_t in_begin_ = 0, in_end_ = 0;
  std::size_t taken_ = 0;  // of the bytes that were offered: to be told yet
  int read_failed_ = 0, write_failed_ = 0, connect_failed_ = 0;
  int type_of_service_ = 0;  // nobody's but the user's
  bool at_end_ = false;
  bool ending_ = false;
  bool connecting_ = false;
  bool associated_ = false;
  std::uint64_t gives_up_at_ = 0;
  PipeName* name_ = nullptr;  // while it connects
};

}  // namespace net::inline NET_ABI::detail

#endif  // _WIN32

#include <net/detail/sys/windows/pipe.ipp>

#endif
