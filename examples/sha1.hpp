// SHA-1, which the handshake of WebSocket asks for. Good for nothing else any more.
#ifndef EXAMPLES_SHA1_HPP
#define EXAMPLES_SHA1_HPP

#include <array>
#include <bit>
#include <cstdint>
#include <string>

/// A number in so many bytes, as a network sends it.
inline std::string big_endian(std::uint64_t number, int bytes) {
  std::string text;
  while (bytes-- > 0) text += static_cast<char>(number >> 8 * bytes);
  return text;
}

/// The digest: 20 bytes.
inline std::string sha1(std::string text) {
  const std::string bits = big_endian(8 * text.size(), 8);
  text += '\x80';
  text.resize((text.size() + 71) / 64 * 64 - 8);
  text += bits;
  std::array<std::uint32_t, 5> sum{0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476, 0xC3D2E1F0};
  for (std::size_t block = 0; block < text.size(); block += 64) {
    std::array<std::uint32_t, 80> w{};
    for (std::size_t i = 0; i < 64; ++i) w[i / 4] = w[i / 4] << 8 | static_cast<unsigned char>(text[block + i]);
    for (std::size_t i = 16; i < 80; ++i) w[i] = std::rotl(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
    auto [a, b, c, d, e] = sum;
    for (std::size_t i = 0; i < 80; ++i) {
      const std::uint32_t f = i < 20 ? (b & c) | (~b & d) : i >= 40 && i < 60 ? (b & c) | (d & (b | c)) : b ^ c ^ d;
      const std::uint32_t k = i < 20 ? 0x5A827999 : i < 40 ? 0x6ED9EBA1 : i < 60 ? 0x8F1BBCDC : 0xCA62C1D6;
      const std::uint32_t next = std::rotl(a, 5) + f + e + k + w[i];
      e = d, d = c, c = std::rotl(b, 30), b = a, a = next;
    }
    sum = {sum[0] + a, sum[1] + b, sum[2] + c, sum[3] + d, sum[4] + e};
  }
  std::string digest;
  for (const std::uint32_t part : sum) digest += big_endian(part, 4);
  return digest;
}

#endif
