// How messages between processes are cut out of a stream of bytes: docs/ipc-frames.md says it for others. Internal.
#ifndef NET_DETAIL_IPC_FRAMES_HPP
#define NET_DETAIL_IPC_FRAMES_HPP

#include <cstddef>
#include <cstdint>

#include <net/detail/base/abi.hpp>

namespace net::inline NET_ABI::detail {

enum class FrameKind : std::uint8_t {
  message = 1,
  socket,   // a message, and a socket with it
  server,   // a message, and what listens
  taken,    // answers `socket` or `server`, in their order: this side has it
  refused,  // alike: it has not, and `flags` says why
  process,  // for which process tickets are made, where there are some
};

/// Why a handle was refused.
enum class Refused : std::uint8_t { no_descriptors, no_memory, disconnected };

/// What a sent socket is, in the flags of its frame.
inline constexpr std::uint8_t flag_readable = 1;
inline constexpr std::uint8_t flag_writable = 2;
inline constexpr std::uint8_t flag_half_open = 4;

struct FrameHeader {
  FrameKind kind = FrameKind::message;
  std::uint8_t flags = 0;
  std::uint32_t message = 0;  // bytes of it
  std::uint32_t unread = 0;   // bytes behind it, which the socket has received
  std::uint32_t number = 0;   // of the process
};

inline constexpr std::size_t frame_header_size = 12;
inline constexpr char frame_mark = '\x9e';  // no text begins with it

/// What a socket may bring along that nobody has read.
inline constexpr std::size_t max_unread = std::size_t{16} << 20;

constexpr bool carries_handle(FrameKind kind) noexcept {
  return kind == FrameKind::socket || kind == FrameKind::server;
}

NET_API void write_frame_header(const FrameHeader& header, char* into) noexcept;

/// False: no sender writes that.
NET_API bool read_frame_header(const char* from, FrameHeader& header) noexcept;

}  // namespace net::inline NET_ABI::detail

#include <net/detail/ipc/frames.ipp>

#endif
