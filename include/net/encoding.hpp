// Encodings of text: what bytes mean, and which bytes a text becomes.
#ifndef NET_ENCODING_HPP
#define NET_ENCODING_HPP

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <net/error.hpp>

namespace net::inline NET_ABI {

/// How bytes and text correspond; `buffer` is bytes as they are.
enum class Encoding : std::uint8_t { buffer, utf8, utf16le, latin1, ascii, hex, base64, base64url };

/// Node's name of the encoding: "utf8", "utf16le", …
constexpr std::string_view to_string(Encoding encoding) noexcept {
  constexpr std::string_view names[] = {"buffer", "utf8", "utf16le", "latin1", "ascii", "hex", "base64", "base64url"};
  return names[static_cast<std::size_t>(encoding)];
}

/// The encoding of a name as Node knows it, in any letter case: "utf8", "utf-8", "ucs2", "binary", … (S14.20).
constexpr std::optional<Encoding> parseEncoding(std::string_view name) noexcept {
  struct Row {
    std::string_view name;
    Encoding encoding;
  };
  constexpr Row rows[] = {
      {"buffer", Encoding::buffer},      {"utf8", Encoding::utf8},        {"utf-8", Encoding::utf8},
      {"utf16le", Encoding::utf16le},    {"utf-16le", Encoding::utf16le}, {"ucs2", Encoding::utf16le},
      {"ucs-2", Encoding::utf16le},      {"latin1", Encoding::latin1},    {"binary", Encoding::latin1},
      {"ascii", Encoding::ascii},        {"hex", Encoding::hex},          {"base64", Encoding::base64},
      {"base64url", Encoding::base64url}};
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  for (const Row& row : rows) {
    bool same = row.name.size() == name.size();
    for (std::size_t i = 0; same && i < name.size(); ++i) same = lower(name[i]) == row.name[i];
    if (same) return row.encoding;
  }
  return std::nullopt;
}

namespace detail {

inline Encoding require_encoding(std::string_view name) {
  const std::optional<Encoding> encoding = parseEncoding(name);
  if (!encoding) throw_error(make_error(Errc::ERR_UNKNOWN_ENCODING, "Unknown encoding: " + std::string(name)));
  return *encoding;
}

inline void append_utf8(std::string& to, std::uint32_t point) {
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

inline constexpr std::uint32_t replacement = 0xFFFD;

/// The length of a well-formed or truncated UTF-8 character at the start of `bytes`.
struct Utf8Step {
  std::size_t size;  // bytes to consume
  bool valid;        // a whole character; else one replacement character stands for them
  bool incomplete;   // more bytes could complete it
};

constexpr Utf8Step utf8_step(std::string_view bytes) noexcept {
  const auto at = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
  const unsigned first = at(0);
  if (first < 0x80) return {1, true, false};
  const std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4) return {1, false, false};
  // the second byte's range rules out overlong forms, surrogates, and what is above U+10FFFF
  const unsigned low = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
  const unsigned high = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
  for (std::size_t i = 1; i < length; ++i) {
    if (i == bytes.size()) return {i, false, true};
    if (at(i) < (i == 1 ? low : 0x80u) || at(i) > (i == 1 ? high : 0xBFu)) return {i, false, false};
  }
  return {length, true, false};
}

inline std::string decode_utf8(std::string_view bytes) {
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

inline std::string decode_utf16le(std::string_view bytes) {
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

inline std::string encode_base64(std::string_view bytes, bool url) {
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

/// Bytes to text, all at once.
inline std::string decode(std::string_view bytes, Encoding encoding) {
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

/// The value of a digit in base64, either alphabet, or -1.
constexpr int base64_digit(char c) noexcept {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  return c == '+' || c == '-' ? 62 : c == '/' || c == '_' ? 63 : -1;
}

/// As Node reads it: either alphabet, other characters are passed over, padding ends it.
inline std::string decode_base64(std::string_view text) {
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

constexpr int hex_value(char c) noexcept {
  return c >= '0' && c <= '9'   ? c - '0'
         : c >= 'a' && c <= 'f' ? c - 'a' + 10
         : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                : -1;
}

/// Stops at the first pair that is no hex number (S15.1).
inline std::string decode_hex(std::string_view text) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
    const int high = hex_value(text[i]), low = hex_value(text[i + 1]);
    if (high < 0 || low < 0) break;
    bytes.push_back(static_cast<char>(high << 4 | low));
  }
  return bytes;
}

/// The code point at the start of a text in UTF-8, and how many bytes it takes.
struct CodePoint {
  std::uint32_t value;
  std::size_t size;
};

constexpr CodePoint code_point(std::string_view text) noexcept {
  const Utf8Step step = utf8_step(text);
  const auto byte = [&](std::size_t i) { return static_cast<std::uint32_t>(static_cast<unsigned char>(text[i])); };
  if (!step.valid) return {replacement, step.size};
  if (step.size == 1) return {byte(0), 1};
  std::uint32_t value = byte(0) & (0xFFu >> (step.size + 1));
  for (std::size_t i = 1; i < step.size; ++i) value = value << 6 | (byte(i) & 0x3F);
  return {value, step.size};
}

/// Text in UTF-8 to the bytes that it is in another encoding.
inline std::string encode(std::string_view text, Encoding encoding) {
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

}  // namespace detail
}  // namespace net::inline NET_ABI

#endif
