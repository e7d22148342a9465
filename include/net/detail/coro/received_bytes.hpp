// What a reader has received, and nobody has taken. Internal.
#ifndef NET_DETAIL_CORO_RECEIVED_BYTES_HPP
#define NET_DETAIL_CORO_RECEIVED_BYTES_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <utility>

#include <net/detail/base/page_buffer.hpp>
#include <net/detail/loop/receive_buffer.hpp>

namespace net::inline NET_ABI::detail {

/// A view of what was taken last stays valid until more is added, or `settle` is called. So the bytes are copied into
/// memory of its own. Large ones need not be: the task that gets them asks again at once, most of the time, and if it
/// does not, the buffer that they were read into becomes its own.
class ReceivedBytes {
 public:
  /// Fewer are copied: a buffer is too much to be kept for them.
  static constexpr std::size_t large = 4096;

  ReceivedBytes() noexcept = default;
  ReceivedBytes(const ReceivedBytes&) = delete;
  ReceivedBytes& operator=(const ReceivedBytes&) = delete;
  ~ReceivedBytes() {
    ::operator delete(own_);
    ::operator delete(aside_);
  }

  std::string_view rest() const noexcept { return rest_; }
  void skip(std::size_t bytes) noexcept { rest_.remove_prefix(bytes); }

  /// Copies them behind the rest.
  void add(std::string_view bytes) {
    if (!rest_.empty() || bytes.size() - 1 >= capacity_) [[unlikely]]
      return add_slowly(bytes);
    std::memmove(own_, bytes.data(), bytes.size());
    rest_ = {own_, bytes.size()};
  }

  /// The same when nobody has asked for them: views that somebody has stay valid, until `settle`.
  void add_unasked(std::string_view bytes);

  /// The rest is these bytes, where they are; there is no other. False: they cannot be kept if need be.
  bool borrow(std::string_view bytes, ReceiveBuffer& from) {
    if (!from.lend(bytes.data())) return false;
    rest_ = bytes;
    return true;
  }
  /// What of it is left moves to memory of its own; who has got views has them no more.
  void own_rest();
  /// What was borrowed stays where it is.
  void keep(ReceiveBuffer& from) noexcept { kept_ = from.keep(); }
  /// Whether it has memory for views alone.
  bool keeps() const noexcept { return aside_ || kept_.begin; }
  /// Gives back what it keeps; the rest is in memory of its own then, and nobody has views.
  void settle(ReceiveBuffer& to);
  /// The same at the end, when nobody wants the rest.
  void give_back(ReceiveBuffer& to) noexcept {
    if (kept_.begin) to.take_back(std::move(kept_));
  }

 private:
  void add_slowly(std::string_view bytes);
  bool is_own(const char* bytes) const noexcept {
    return reinterpret_cast<std::uintptr_t>(bytes) - reinterpret_cast<std::uintptr_t>(own_) < capacity_;
  }

  std::string_view rest_;
  char* own_ = nullptr;
  std::size_t capacity_ = 0;
  char* aside_ = nullptr;  // it was its own
  PageBuffer kept_;
};

}  // namespace net::inline NET_ABI::detail

#include <net/detail/coro/received_bytes.ipp>

#endif
