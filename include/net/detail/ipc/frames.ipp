// The bodies of frames.hpp. Internal.
#ifndef NET_DETAIL_IPC_FRAMES_IPP
#define NET_DETAIL_IPC_FRAMES_IPP

#include <net/detail/ipc/frames.hpp>

#if NET_BODIES

namespace net::inline NET_ABI::detail {

NET_API void write_frame_header(const FrameHeader& header, char* into) noexcept {
  into[0] = frame_mark;
  into[1] = static_cast<char>(header.kind);
  into[2] = static_cast<char>(header.flags);
  into[3] = 0;
  const std::uint32_t first = header.kind == FrameKind::process ? header.number : header.message;
  for (unsigned i = 0; i < 4; ++i) {
    into[4 + i] = static_cast<char>(first >> (8 * i));
    into[8 + i] = static_cast<char>(header.unread >> (8 * i));
  }
}

NET_API bool read_frame_header(const char* from, FrameHeader& header) noexcept {
  const auto byte = [from](unsigned at) { return static_cast<std::uint32_t>(static_cast<unsigned char>(from[at])); };
  const auto number = [&](unsigned at) {
    return byte(at) | byte(at + 1) << 8 | byte(at + 2) << 16 | byte(at + 3) << 24;
  };
  header.kind = static_cast<FrameKind>(byte(1));
  header.flags = static_cast<std::uint8_t>(byte(2));
  const bool of_process = header.kind == FrameKind::process;
  header.message = of_process ? 0 : number(4);
  header.unread = number(8);
  header.number = of_process ? number(4) : 0;
  if (from[0] != frame_mark || from[3] != 0) return false;
  const bool empty = header.message == 0 && header.unread == 0;
  switch (header.kind) {
    case FrameKind::message:
    case FrameKind::server: return header.flags == 0 && header.unread == 0;
    case FrameKind::socket:
      return header.flags <= (flag_readable | flag_writable | flag_half_open) && header.unread <= max_unread;
    case FrameKind::taken: return header.flags == 0 && empty;
    case FrameKind::refused: return header.flags <= static_cast<std::uint8_t>(Refused::disconnected) && empty;
    case FrameKind::process: return header.flags == 0 && empty && header.number != 0;
  }
  return false;
}

}  // namespace net::inline NET_ABI::detail

#endif
#endif
