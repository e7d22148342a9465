// Frames out of what arrives, however it is cut, and the descriptors that belong to them. Internal.
#ifndef NET_DETAIL_IPC_FRAME_READER_HPP
#define NET_DETAIL_IPC_FRAME_READER_HPP

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <net/detail/base/exchange.hpp>
#include <net/detail/io/messages.hpp>
#include <net/detail/ipc/frames.hpp>

namespace net::inline NET_ABI::detail {

/// One frame; its texts are valid until the reader is fed again.
struct ReadFrame {
  FrameHeader header;
  std::string_view ticket;  // of the handle that it carries, where there are tickets
  std::string_view message;
  std::string_view unread;
};

/// It keeps what is not a whole frame yet: never more than one frame of the largest size, and what came in one piece
/// with it. It closes no descriptor: whoever has it does.
class FrameReader {
 public:
  enum class Step : std::uint8_t { frame, more, rubbish, too_large };

  /// 0: handles come as descriptors, and there are no tickets.
  explicit FrameReader(std::size_t ticket_size = 0) noexcept : ticket_size_(ticket_size) {}

  /// What one call has received, and what came with it. False: nobody asked for these descriptors; then `came` is not
  /// taken. Throws without memory; then the descriptor is here, to be closed.
  bool feed(std::string_view bytes, const CameDescriptors& came);

  /// The next frame; of more than `max_message` bytes it is too large. `rubbish` is final.
  Step next(std::size_t max_message, ReadFrame& frame) noexcept;

  /// The descriptor of the frame that `next` gave last; no_handle if it was lost.
  NativeHandle take_descriptor() noexcept { return detail::exchange(descriptor_, no_handle); }
  /// One after the other, all that it has.
  NativeHandle take_any_descriptor() noexcept;
  /// The ticket of a frame that has begun and is not whole yet; empty if there is none. What comes after is no frame
  /// any more.
  std::string_view take_any_ticket() noexcept;
  /// Bytes that wait for the rest of their frame.
  std::size_t waiting() const noexcept { return bytes_.size() - begin_; }
  void clear() noexcept;

 private:
  Step begin_frame(std::size_t max_message) noexcept;

  std::size_t ticket_of(FrameKind kind) const noexcept { return carries_handle(kind) ? ticket_size_ : 0; }

  std::size_t ticket_size_;
  std::string bytes_;
  std::size_t begin_ = 0;  // what is before it was given
  FrameHeader header_;
  NativeHandle descriptor_ = no_handle;       // of that frame
  NativeHandle next_descriptor_ = no_handle;  // of one whose header is not there yet
  bool has_header_ = false;                   // of the frame that begins there
  bool came_ = false;                         // a descriptor, or a lost one, waits for a header
};

}  // namespace net::inline NET_ABI::detail

#include <net/detail/ipc/frame_reader.ipp>

#endif
