#include <net/encoding.hpp>

#include <doctest/doctest.h>

#include <string>
#include <string_view>

using namespace net::detail;
using namespace std::string_view_literals;
using net::Encoding;
using net::parseEncoding;

namespace {

constexpr Encoding all[] = {Encoding::buffer, Encoding::utf8, Encoding::utf16le, Encoding::latin1,
                            Encoding::ascii,  Encoding::hex,  Encoding::base64,  Encoding::base64url};

constexpr bool names_read_back() {
  for (const Encoding encoding : all) {
    if (parseEncoding(to_string(encoding)) != encoding) return false;
  }
  return true;
}

std::string hex(std::string_view bytes) { return decode(bytes, Encoding::hex); }

}  // namespace

TEST_CASE("S14.20: an encoding has Node's names, in any letter case, and its own name reads back") {
  static_assert(names_read_back());
  static_assert(parseEncoding("UTF-8") == Encoding::utf8 && parseEncoding("Ucs2") == Encoding::utf16le);
  static_assert(parseEncoding("ucs-2") == Encoding::utf16le && parseEncoding("UTF-16LE") == Encoding::utf16le);
  static_assert(parseEncoding("binary") == Encoding::latin1 && parseEncoding("BASE64URL") == Encoding::base64url);
  static_assert(!parseEncoding("") && !parseEncoding("utf") && !parseEncoding("utf88") && !parseEncoding("utf16be"));
  static_assert(!parseEncoding("hex ") && !parseEncoding("latin-1") && !parseEncoding("base64\0"sv));
  net::Error error;
  try {
    (void)require_encoding("klingon");
  } catch (const net::Error& thrown) {
    error = thrown;
  }
  CHECK(error.name() == "ERR_UNKNOWN_ENCODING");
  CHECK(error.what() == "Unknown encoding: klingon"sv);
  CHECK(require_encoding("Hex") == Encoding::hex);
}

TEST_CASE(
    "S14.23: a step of UTF-8 is a character, or what cannot become one; overlong forms and surrogates "
    "cannot") {
  const auto is = [](std::string_view bytes, std::size_t size, bool valid, bool incomplete = false) {
    const Utf8Step step = utf8_step(bytes);
    return step.size == size && step.valid == valid && step.incomplete == incomplete;
  };
  CHECK(is("a", 1, true));
  CHECK(is("\x7F\x80", 1, true));
  CHECK(is("\xC2\x80", 2, true));
  CHECK(is("\xE0\xA0\x80", 3, true));
  CHECK(is("\xF0\x90\x80\x80", 4, true));
  CHECK(is("\xF4\x8F\xBF\xBF", 4, true));
  CHECK_MESSAGE(is("\xC1\xBF", 1, false), "overlong");
  CHECK_MESSAGE(is("\xE0\x9F\xBF", 1, false), "overlong");
  CHECK_MESSAGE(is("\xF0\x8F\xBF\xBF", 1, false), "overlong");
  CHECK_MESSAGE(is("\xED\xA0\x80", 1, false), "a surrogate");
  CHECK_MESSAGE(is("\xF4\x90\x80\x80", 1, false), "above U+10FFFF");
  CHECK(is("\x80", 1, false));
  CHECK(is("\xF0\x9F\x98(", 3, false));
  CHECK(is("\xE2\x82", 2, false, true));
  CHECK(is("\xF0", 1, false, true));
}

TEST_CASE("S15.1: hexadecimal text ends at the first pair that is none, base64 at '='; both take what Node takes") {
  CHECK(hex(encode("abc", Encoding::hex)) == "ab");
  CHECK(hex(encode("0g11", Encoding::hex)) == "");
  CHECK(hex(encode("ABCDEF", Encoding::hex)) == "abcdef");
  CHECK(hex(encode("a", Encoding::hex)) == "");
  // {text, what Node makes of it, in both alphabets}
  constexpr std::string_view rows[][2] = {
      {"YQ==YQ==", "61"}, {"=YQ", ""},   {"Y", ""},   {"YW", "61"},     {"YWJ", "6162"},  {"Y W\nJ j", "616263"},
      {"-_+/", "fbffbf"}, {"YQ=", "61"}, {"Y=Q", ""}, {"YQ==\n", "61"}, {"YQ*Q", "6104"}, {"\u00E9\u20ACQQ", "41"}};
  for (const auto& row : rows) {
    const std::string_view text = row[0], bytes = row[1];
    CAPTURE(text);
    CHECK(hex(encode(text, Encoding::base64)) == bytes);
    CHECK(hex(encode(text, Encoding::base64url)) == bytes);
  }
}

TEST_CASE("S15.1: latin1 and ascii keep the low byte of each UTF-16 unit, utf16le both") {
  const std::string_view text = "\u00E9\u20ACa\U0001F600";
  CHECK(hex(encode(text, Encoding::latin1)) == "e9ac613d00");
  CHECK(hex(encode(text, Encoding::ascii)) == "e9ac613d00");
  CHECK(hex(encode(text, Encoding::utf16le)) == "e900ac2061003dd800de");
  CHECK(encode(text, Encoding::utf8) == text);
  CHECK(encode("\xFF\x00"sv, Encoding::buffer) == "\xFF\x00"sv);
}

TEST_CASE("S14.24: a surrogate without its other half is one replacement character, a byte too many is dropped") {
  CHECK(decode(decode_hex("3dd800de3dd841003d"), Encoding::utf16le) == "\U0001F600\uFFFDA");
  CHECK(decode(decode_hex("00de3dd8"), Encoding::utf16le) == "\uFFFD\uFFFD");
  CHECK(decode("x", Encoding::utf16le) == "");
}

TEST_CASE("S14.25: bytes come back from hex and base64, whatever they are and however many") {
  std::string bytes;
  for (int i = 0; i < 256; ++i) {
    bytes.push_back(static_cast<char>(i * 37));
    for (const Encoding encoding : {Encoding::hex, Encoding::base64, Encoding::base64url}) {
      CHECK(encode(decode(bytes, encoding), encoding) == bytes);
    }
    CHECK(encode(decode(bytes, Encoding::latin1), Encoding::latin1) == bytes);
  }
  CHECK(decode("\xFF\xFE\xFD", Encoding::base64url) == "__79");
  CHECK(decode("\xFF", Encoding::base64url) == "_w");
  CHECK(decode("\xFF", Encoding::base64) == "/w==");
}
