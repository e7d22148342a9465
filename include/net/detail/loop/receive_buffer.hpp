// What a loop reads into. It changes hands when somebody keeps what was read. Internal.
#ifndef NET_DETAIL_LOOP_RECEIVE_BUFFER_HPP
#define NET_DETAIL_LOOP_RECEIVE_BUFFER_HPP

#include <cstddef>
#include <cstdint>
#include <utility>

#include <net/detail/base/page_buffer.hpp>

namespace net::inline NET_ABI::detail {

/// One buffer, and others to take its place. Who may want to keep a large piece has it lent first: from then on keeping
/// it needs no memory. What was read into it stays as it is, whoever keeps it or has given it back, until the loop
/// reads again.
class ReceiveBuffer {
 public:
  /// In a bulk echo 128 KiB are 1.1 to 1.3 times as fast as 64; with 256 the echo gains no more, and a sink loses a
  /// fifth where it does not fit into the cache beside the kernel's own.
  static constexpr std::size_t capacity = 131072;
  /// So many may be kept at a time. What has been given back stays for the next one.
  static constexpr std::size_t most_kept = 16;

  ReceiveBuffer() = default;

  char* begin() const noexcept { return now_.begin; }
  bool holds(const char* bytes) const noexcept {
    return reinterpret_cast<std::uintptr_t>(bytes) - reinterpret_cast<std::uintptr_t>(now_.begin) < capacity;
  }

  /// False: these bytes are elsewhere, somebody has it already, or too many are kept. Throws without memory.
  bool lend(const char* bytes);
  bool lent() const noexcept { return lent_; }
  void lend_no_more() noexcept { lent_ = false; }
  /// What was lent is somebody's own now, until it is taken back.
  PageBuffer keep() noexcept;
  void take_back(PageBuffer&& kept) noexcept;

 private:
  PageBuffer now_{capacity};
  PageBuffer spare_[most_kept];
  std::size_t spares_ = 0;
  std::size_t kept_ = 0;  // those and the spare ones are never more than there may be
  bool lent_ = false;
};

}  // namespace net::inline NET_ABI::detail

#include <net/detail/loop/receive_buffer.ipp>

#endif
