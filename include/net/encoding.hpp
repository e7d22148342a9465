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

/// Node's name of the encoding: "utf8", "utf16le", … A text that lives for ever.
constexpr std::string_view to_string(Encoding encoding) noexcept {
  constexpr std::string_view names[] = {"buffer", "utf8", "utf16le", "latin1", "ascii", "hex", "base64", "base64url"};
  return names[static_cast<std::size_t>(encoding)];
}

/// The encoding of a name as Node knows it, in any letter case: "utf8", "utf-8", "ucs2", "binary", … Empty if
/// there is none of that name (S14.20).
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

NET_API Encoding require_encoding(std::string_view name);

NET_API void append_utf8(std::string& to, std::uint32_t point);

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

NET_API std::string decode_utf8(std::string_view bytes);

NET_API std::string decode_utf16le(std::string_view bytes);

NET_API std::string encode_base64(std::string_view bytes, bool url);

/// Bytes to text, all at once.
NET_API std::string decode(std::string_view bytes, Encoding encoding);

/// The value of a digit in base64, either alphabet, or -1.
constexpr int base64_digit(char c) noexcept {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  return c == '+' || c == '-' ? 62 : c == '/' || c == '_' ? 63 : -1;
}

/// As Node reads it: either alphabet, other characters are passed over, padding ends it.
NET_API std::string decode_base64(std::string_view text);

/// Stops at the first pair that is no hex number (S15.1).
NET_API std::string decode_hex(std::string_view text);

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
NET_API std::string encode(std::string_view text, Encoding encoding);

}  // namespace detail
}  // namespace net::inline NET_ABI

#include <net/encoding.ipp>

#endif
