// Bytes to text, piece by piece: characters that are split over pieces come out whole. Internal.
#ifndef NET_DETAIL_TEXT_DECODER_HPP
#define NET_DETAIL_TEXT_DECODER_HPP

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <net/detail/base/exchange.hpp>
#include <net/encoding.hpp>

namespace net::inline NET_ABI::detail {

/// What is asked of a decoder.
enum class Decode : std::uint8_t {
  piece,  // more bytes
  end,    // what was kept back, as text
  undone  // what was kept back, as it came: somebody else goes on
};

/// S14.22: keeps the bytes of an incomplete character back until the next piece, or the end, comes.
class Decoder {
 public:
  explicit Decoder(Encoding encoding) noexcept : encoding_(encoding) {}

  Encoding encoding() const noexcept { return encoding_; }

  std::string write(std::string_view piece) {
    std::string bytes = detail::exchange(kept_, {});
    bytes.append(piece);
    const std::size_t back = incomplete(bytes);
    kept_.assign(bytes, bytes.size() - back, back);
    bytes.resize(bytes.size() - back);
    return decode(bytes, encoding_);
  }

  /// What was kept back, as far as it means anything.
  std::string end() {
    std::string bytes = detail::exchange(kept_, {});
    if (encoding_ == Encoding::utf16le) bytes.resize(bytes.size() / 2 * 2);
    return decode(bytes, encoding_);
  }

  std::string ask(std::string_view piece, Decode what) {
    return what == Decode::piece ? write(piece) : what == Decode::end ? end() : detail::exchange(kept_, {});
  }

 private:
  /// How many bytes at the end are the beginning of something.
  std::size_t incomplete(std::string_view bytes) const noexcept {
    switch (encoding_) {
      case Encoding::utf8: return incomplete_utf8(bytes);
      case Encoding::utf16le: {
        const std::size_t odd = bytes.size() % 2;
        const std::size_t even = bytes.size() - odd;
        // a high surrogate waits for the low one
        const bool high = even >= 2 && (static_cast<unsigned char>(bytes[even - 1]) & 0xFC) == 0xD8;
        return odd + (high ? 2 : 0);
      }
      case Encoding::base64:
      case Encoding::base64url: return bytes.size() % 3;
      default: return 0;
    }
  }

  static std::size_t incomplete_utf8(std::string_view bytes) noexcept {
    for (std::size_t back = 1; back <= 3 && back <= bytes.size(); ++back) {
      const auto byte = static_cast<unsigned char>(bytes[bytes.size() - back]);
      if ((byte & 0xC0) == 0x80) continue;
      const Utf8Step step = utf8_step(bytes.substr(bytes.size() - back));
      return step.incomplete && step.size == back ? back : 0;
    }
    return 0;
  }

  Encoding encoding_;
  std::string kept_;
};

}  // namespace net::inline NET_ABI::detail

#endif
