// The bodies of frame_reader.hpp. Internal.
#ifndef NET_DETAIL_IPC_FRAME_READER_IPP
#define NET_DETAIL_IPC_FRAME_READER_IPP

#include <net/detail/ipc/frame_reader.hpp>

#if NET_BODIES

#include <net/detail/base/exchange.hpp>

namespace net::inline NET_ABI::detail {

NET_API bool FrameReader::feed(std::string_view bytes, const CameDescriptors& came) {
  if (came.any()) {
    if (came.more || came_) return false;  // one at a time
    came_ = true;
    next_descriptor_ = came.first;
  }
  constexpr std::size_t kept_capacity = 131072;
  if (begin_ == bytes_.size()) {
    bytes_.clear();
    if (bytes_.capacity() > kept_capacity) std::string().swap(bytes_);
    begin_ = 0;
  } else if (begin_ >= bytes_.size() / 2) {
    bytes_.erase(0, detail::exchange(begin_, 0));
  }
  bytes_.append(bytes);
  return true;
}

NET_API FrameReader::Step FrameReader::begin_frame(std::size_t max_message) noexcept {
  // a descriptor comes with the first byte of its header
  if (waiting() == 0 && came_) return Step::rubbish;
  if (waiting() < frame_header_size) return Step::more;
  if (!read_frame_header(bytes_.data() + begin_, header_)) return Step::rubbish;
  if (header_.message > max_message) return Step::too_large;
  if (header_.kind == FrameKind::process && ticket_size_ == 0) return Step::rubbish;
  if (waiting() < frame_header_size + ticket_of(header_.kind)) return Step::more;
  if (carries_handle(header_.kind) && ticket_size_ == 0) {
    if (!detail::exchange(came_, false)) return Step::rubbish;
    descriptor_ = detail::exchange(next_descriptor_, no_handle);
  }
  has_header_ = true;
  return Step::frame;
}

NET_API FrameReader::Step FrameReader::next(std::size_t max_message, ReadFrame& frame) noexcept {
  if (!has_header_) {
    if (const Step step = begin_frame(max_message); step != Step::frame) return step;
  }
  const std::size_t ticket = ticket_of(header_.kind);
  const std::size_t size = frame_header_size + ticket + header_.message + header_.unread;
  if (waiting() < size) {
    // it came with these bytes, and no header of its own begins in them
    return came_ ? Step::rubbish : Step::more;
  }
  const std::string_view all = std::string_view(bytes_).substr(begin_, size).substr(frame_header_size);
  frame = {header_, all.substr(0, ticket), all.substr(ticket, header_.message), all.substr(ticket + header_.message)};
  begin_ += size;
  has_header_ = false;
  return Step::frame;
}

NET_API NativeHandle FrameReader::take_any_descriptor() noexcept {
  return descriptor_ != no_handle ? take_descriptor() : detail::exchange(next_descriptor_, no_handle);
}

NET_API std::string_view FrameReader::take_any_ticket() noexcept {
  if (!detail::exchange(has_header_, false)) return {};
  return std::string_view(bytes_).substr(begin_ + frame_header_size, ticket_of(header_.kind));
}

NET_API void FrameReader::clear() noexcept {
  std::string().swap(bytes_);
  begin_ = 0;
  has_header_ = came_ = false;
}

}  // namespace net::inline NET_ABI::detail

#endif
#endif
