// What a 'data' listener gets: a view of received bytes.
#ifndef NET_CHUNK_HPP
#define NET_CHUNK_HPP

#include <concepts>
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

  /// As those of a `std::string_view`.
  constexpr std::size_t length() const noexcept { return bytes_.size(); }
  constexpr char operator[](std::size_t at) const noexcept { return bytes_[at]; }
  /// Where the text or the byte is found; `std::string_view::npos`: nowhere.
  template <class Text>
  constexpr std::size_t find(const Text& text, std::size_t from = 0) const noexcept {
    return bytes_.find(text, from);
  }
  /// Whether the bytes begin with it, or end with it.
  template <class Text>
  constexpr bool starts_with(const Text& text) const noexcept {
    return bytes_.starts_with(text);
  }
  template <class Text>
  constexpr bool ends_with(const Text& text) const noexcept {
    return bytes_.ends_with(text);
  }
  /// A part of the view.
  constexpr std::string_view substr(std::size_t from, std::size_t count = std::string_view::npos) const {
    return bytes_.substr(from, count);
  }

  /// The bytes as text in UTF-8, as Node's `buffer.toString(encoding)` shows them. A copy, to keep.
  std::string toString(Encoding encoding = Encoding::utf8) const { return detail::decode(bytes_, encoding); }
  /// The same by Node's name of it, "utf8", "hex", …; throws `ERR_UNKNOWN_ENCODING`.
  std::string toString(std::string_view encoding) const { return toString(detail::require_encoding(encoding)); }

  /// Whether the bytes are those.
  template <std::convertible_to<std::string_view> Text>
    requires(!std::same_as<Text, Chunk>)
  friend constexpr bool operator==(const Chunk& chunk, const Text& text) noexcept {
    return chunk.view() == std::string_view(text);
  }
  friend constexpr bool operator==(const Chunk& a, const Chunk& b) noexcept { return a.view() == b.view(); }

  /// A copy of the bytes with other text: `"you said " + chunk`.
  template <std::convertible_to<std::string_view> Text>
  friend std::string operator+(const Chunk& chunk, const Text& text) {
    return std::string(chunk.view()).append(std::string_view(text));
  }
  template <std::convertible_to<std::string_view> Text>
    requires(!std::same_as<Text, Chunk>)
  friend std::string operator+(const Text& text, const Chunk& chunk) {
    return std::string(std::string_view(text)).append(chunk.view());
  }

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
