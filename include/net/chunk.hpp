// What a 'data' listener gets: a view of received bytes.
#ifndef NET_CHUNK_HPP
#define NET_CHUNK_HPP

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include <net/encoding.hpp>

namespace net::inline NET_ABI {

/// Received bytes. A view, valid until the listener returns: copy what you keep (`toString()`, `std::string(chunk)`).
class Chunk {
 public:
  constexpr Chunk() noexcept = default;                                ///< no bytes
  constexpr Chunk(std::string_view bytes) noexcept : bytes_(bytes) {}  ///< a view of these

  /// The same bytes; each of these is valid as long as the chunk is.
  constexpr std::string_view view() const noexcept { return bytes_; }
  std::span<const std::byte> bytes() const noexcept {
    return {reinterpret_cast<const std::byte*>(bytes_.data()), bytes_.size()};
  }

  /// As those of a `std::string_view`.
  constexpr const char* data() const noexcept { return bytes_.data(); }
  constexpr std::size_t size() const noexcept { return bytes_.size(); }
  constexpr bool empty() const noexcept { return bytes_.empty(); }
  constexpr const char* begin() const noexcept { return bytes_.data(); }
  constexpr const char* end() const noexcept { return bytes_.data() + bytes_.size(); }
  constexpr operator std::string_view() const noexcept { return bytes_; }  ///< the same as `view()`

  /// The bytes as text in UTF-8, as Node's `buffer.toString(encoding)` shows them. A copy, to keep.
  std::string toString(Encoding encoding = Encoding::utf8) const { return detail::decode(bytes_, encoding); }

 private:
  std::string_view bytes_;
};

/// The bytes, on whatever takes text.
template <class Stream>
auto operator<<(Stream& to, const Chunk& chunk) -> decltype(to << chunk.view()) {
  return to << chunk.view();
}

}  // namespace net::inline NET_ABI

#endif
