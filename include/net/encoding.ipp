// The bodies of encoding.hpp. Internal.
#ifndef NET_ENCODING_IPP
#define NET_ENCODING_IPP

#include <net/encoding.hpp>

#if NET_BODIES

#include <net/detail/text/ip_grammar.hpp>

namespace net::inline NET_ABI::detail {

NET_API Encoding require_encoding(std::string_view name) {
  const std::optional<Encoding> encoding = parseEncoding(name);
  if (!encoding) throw_error(make_error(Errc::ERR_UNKNOWN_ENCODING, "Unknown encoding: " + std::string(name)));
  return *encoding;
}

NET_API void append_utf8(std::string& to, std::uint32_t point) {
  const auto put = [&](std::uint32_t byte) { to.push_back(static_cast<char>(byte)); };
  if (point < 0x80) {
    put(point);
  } else if (point < 0x800) {
    put(0xC0 | point >> 6), put(0x80 | (point & 0x3F));
  } else if (point < 0x10000) {
    put(0xE0 | point >> 12), put(0x80 | (point >> 6 & 0x3F)), put(0x80 | (point & 0x3F));
  } else {
    put(0xF0 | point >> 18), put(0x80 | (point >> 12 & 0x3F)), put(0x80 | (point >> 6 & 0x3F)),
        put(0x80 | (point & 0x3F));
  }
}

NET_API std::string decode_utf8(std::string_view bytes) {
  std::string text;
  text.reserve(bytes.size());
  while (!bytes.empty()) {
    const Utf8Step step = utf8_step(bytes);
    if (step.valid) {
      text.append(bytes.substr(0, step.size));
    } else {
      append_utf8(text, replacement);
    }
    bytes.remove_prefix(step.size);
  }
  return text;
}

NET_API std::string decode_utf16le(std::string_view bytes) {
  std::string text;
  const auto unit = [&](std::size_t i) -> std::uint32_t {
    return static_cast<unsigned char>(bytes[i]) | static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[i + 1]))
                                                      << 8;
  };
  for (std::size_t i = 0; i + 1 < bytes.size(); i += 2) {
    std::uint32_t point = unit(i);
    if (point >= 0xD800 && point < 0xDC00 && i + 3 < bytes.size() && unit(i + 2) >= 0xDC00 && unit(i + 2) < 0xE000) {
      point = 0x10000 + ((point - 0xD800) << 10) + (unit(i + 2) - 0xDC00);
      i += 2;
    } else if (point >= 0xD800 && point < 0xE000) {
      point = replacement;
    }
    append_utf8(text, point);
  }
  return text;
}

NET_API std::string encode_base64(std::string_view bytes, bool url) {
  const std::string_view digits = url ? "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
                                      : "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t count = bytes.size() - i < 3 ? bytes.size() - i : 3;
    std::uint32_t group = 0;
    for (std::size_t k = 0; k < 3; ++k)
      group = group << 8 | (k < count ? static_cast<unsigned char>(bytes[i + k]) : 0u);
    for (std::size_t k = 0; k < 4; ++k) {
      if (k <= count) {
        text.push_back(digits[group >> (18 - 6 * k) & 63]);
      } else if (!url) {
        text.push_back('=');
      }
    }
  }
  return text;
}

NET_API std::string decode(std::string_view bytes, Encoding encoding) {
  std::string text;
  switch (encoding) {
    case Encoding::buffer: return std::string(bytes);
    case Encoding::utf8: return decode_utf8(bytes);
    case Encoding::utf16le: return decode_utf16le(bytes);
    case Encoding::latin1:
      for (const char c : bytes) append_utf8(text, static_cast<unsigned char>(c));
      return text;
    case Encoding::ascii:
      for (const char c : bytes) text.push_back(static_cast<char>(c & 0x7F));
      return text;
    case Encoding::hex:
      for (const char c : bytes) {
        text.push_back("0123456789abcdef"[static_cast<unsigned char>(c) >> 4]);
        text.push_back("0123456789abcdef"[static_cast<unsigned char>(c) & 15]);
      }
      return text;
    case Encoding::base64:
    case Encoding::base64url: return encode_base64(bytes, encoding == Encoding::base64url);
  }
  return text;
}

NET_API std::string decode_base64(std::string_view text) {
  std::string bytes;
  std::uint32_t group = 0;
  int bits = 0;
  for (const char c : text) {
    if (c == '=') break;
    const int digit = base64_digit(c);
    if (digit < 0) continue;
    group = group << 6 | static_cast<std::uint32_t>(digit);
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    bytes.push_back(static_cast<char>(group >> bits & 0xFF));
  }
  return bytes;
}

NET_API std::string decode_hex(std::string_view text) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
    const unsigned high = hex_digit(text[i]), low = hex_digit(text[i + 1]);
    if (high == not_a_digit || low == not_a_digit) break;
    bytes.push_back(static_cast<char>(high << 4 | low));
  }
  return bytes;
}

NET_API std::string encode(std::string_view text, Encoding encoding) {
  std::string bytes;
  switch (encoding) {
    case Encoding::buffer:
    case Encoding::utf8: return std::string(text);
    case Encoding::hex: return decode_hex(text);
    case Encoding::base64:
    case Encoding::base64url: return decode_base64(text);
    default: break;
  }
  while (!text.empty()) {
    const CodePoint point = code_point(text);
    text.remove_prefix(point.size);
    const std::uint32_t high = point.value >= 0x10000 ? 0xD800 + ((point.value - 0x10000) >> 10) : point.value;
    const auto put = [&](std::uint32_t unit) {
      bytes.push_back(static_cast<char>(unit & 0xFF));
      if (encoding == Encoding::utf16le) bytes.push_back(static_cast<char>(unit >> 8 & 0xFF));
    };
    put(high);
    if (point.value >= 0x10000) put(0xDC00 + ((point.value - 0x10000) & 0x3FF));
  }
  return bytes;
}

}  // namespace net::inline NET_ABI::detail

#endif
#endif
