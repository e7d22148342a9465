#include <net/detail/text/decoder.hpp>

#include <doctest/doctest.h>

#include <string>
#include <string_view>

#include "tests/support/session.hpp"

using namespace tests;
using net::Encoding;
using net::detail::Decode;
using net::detail::Decoder;

namespace {

/// The text of bytes that come one by one.
std::string bytewise(Encoding encoding, std::string_view bytes) {
  Decoder decoder(encoding);
  std::string text;
  for (const char& byte : bytes) text += decoder.write({&byte, 1});
  return text + decoder.end();
}

constexpr std::string_view bad = "\xEF\xBF\xBD";

std::string times(std::string_view text, int count) {
  std::string all;
  while (count-- > 0) all += text;
  return all;
}

}  // namespace

TEST_CASE("S14.23: each maximal invalid part of UTF-8 is one replacement character") {
  const auto decoded = [](std::string_view bytes) {
    CHECK(bytewise(Encoding::utf8, bytes) == net::detail::decode(bytes, Encoding::utf8));
    return bytewise(Encoding::utf8, bytes);
  };
  CHECK(decoded("\xFF") == times(bad, 1));
  CHECK(decoded("\xE2\x28") == std::string(bad) + "(");
  CHECK(decoded("\xED\xA0\x80") == times(bad, 3));
  CHECK(decoded("\xC0\x80") == times(bad, 2));
  CHECK(decoded("\xF5\x80\x80\x80") == times(bad, 4));
  CHECK(decoded("\xE2\x82"
                "A") == std::string(bad) + "A");
  CHECK(decoded("\xF0\x9F\x98") == times(bad, 1));
  CHECK(decoded("\xEF\xBB\xBFx") == "\xEF\xBB\xBFx");
  CHECK(decoded("a\u20AC\U0001F600z") == "a\u20AC\U0001F600z");
}

TEST_CASE("S14.22: nothing is emitted before a character is whole") {
  Decoder decoder(Encoding::utf8);
  CHECK(decoder.write("\xF0\x9F") == "");
  CHECK(decoder.write("\x98") == "");
  CHECK(decoder.write("\x80!") == "\U0001F600!");
  CHECK(decoder.end() == "");
}

TEST_CASE("S14.24: UTF-16 keeps pairs together and drops an odd byte at the end") {
  const std::string_view face("\x3D\xD8\x00\xDE", 4);
  CHECK(bytewise(Encoding::utf16le, face) == "\U0001F600");
  CHECK(bytewise(Encoding::utf16le, std::string_view("a\0b\0c", 5)) == "ab");
  CHECK_MESSAGE(bytewise(Encoding::utf16le, std::string_view("\x3D\xD8", 2)) == bad, "a lone high surrogate");
}

TEST_CASE("S14.25: base64 in groups of three, hex in pairs, latin1 and ascii by the byte") {
  CHECK(bytewise(Encoding::base64, "foobar!?>") == "Zm9vYmFyIT8+");
  CHECK(bytewise(Encoding::base64, "fooba") == "Zm9vYmE=");
  CHECK(bytewise(Encoding::base64, "foob") == "Zm9vYg==");
  CHECK(bytewise(Encoding::base64url, "\xFB\xFF") == "-_8");
  CHECK(bytewise(Encoding::hex, "\x01\xAB") == "01ab");
  CHECK(bytewise(Encoding::latin1, "\xE9") == "\u00E9");
  CHECK(bytewise(Encoding::ascii, "\xE9") == "i");
}

TEST_CASE("S15.1: text becomes the bytes of an encoding") {
  using net::detail::encode;
  CHECK(encode("\u00E9\u20AC", Encoding::latin1) == "\xE9\xAC");
  CHECK(encode("a\U0001F600", Encoding::utf16le) == std::string("a\0\x3D\xD8\x00\xDE", 6));
  CHECK(encode("01aBzz", Encoding::hex) == "\x01\xAB");
  CHECK_MESSAGE(encode("abc", Encoding::hex) == "\xAB", "an odd digit is ignored");
  CHECK(encode("Zm9v YmE=", Encoding::base64) == "fooba");
  CHECK(encode("-_8", Encoding::base64) == "\xFB\xFF");
}

TEST_CASE("S14.20-S14.22: a socket with an encoding emits whole characters, and the rest before 'end'") {
  net::Loop loop;
  const OneConnection one(loop);
  Log log;
  one.server.on<"connection">([&](net::Socket socket) {
    CHECK_FALSE(socket.readableEncoding().has_value());
    socket.setEncoding(Encoding::utf8);
    CHECK(*socket.readableEncoding() == Encoding::utf8);
    socket.on<"data">([&](net::Chunk text) { log.add(text); });
    socket.on<"end">([&] { log.add("end"); });
  });
  const net::Socket client = client_of(loop, one.server);
  client.write("\xE2\x82");
  loop.setTimeout([client] { client.write("\xAC"); }, 5);
  loop.setTimeout([client] { client.end("\xF0\x9F"); }, 10);
  run_to_the_end(loop);
  CHECK(log.text() == "\u20AC " + std::string(bad) + " end");
}

TEST_CASE("S14.20: an encoding may be given by Node's name, in any letter case; an unknown one is thrown") {
  net::Loop loop;
  const net::Socket socket(loop);
  CHECK(*socket.setEncoding("UCS-2").readableEncoding() == Encoding::utf16le);
  CHECK(*socket.setEncoding("binary").readableEncoding() == Encoding::latin1);
  const net::Error error = error_of([&] { socket.setEncoding("utf7"); });
  CHECK(error.code() == net::Errc::ERR_UNKNOWN_ENCODING);
  CHECK(std::string(error.what()) == "Unknown encoding: utf7");
  CHECK_FALSE(net::parseEncoding("utf").has_value());
  static_assert(net::parseEncoding("Base64URL") == Encoding::base64url);
}

TEST_CASE("S14.11: bytes that are put back come first; after 'end' that destroys the socket") {
  net::Loop loop;
  const OneConnection one(loop);
  Log log;
  one.server.on<"connection">([&](net::Socket socket) {
    note(socket, log);
    socket.on<"readable">([&, socket] {
      const auto head = socket.read(2);
      if (!head || log.has("put")) {
        if (const auto rest = socket.read()) log.add(*head + *rest);
        return;
      }
      log.add("put");
      socket.unshift("");
      socket.unshift(*head);
      CHECK(socket.readableLength() == 4);
      log.add(*socket.read());
    });
    socket.on<"end">([socket] { socket.unshift("late"); });
  });
  const net::Socket client = client_of(loop, one.server);
  client.resume();
  client.end("abcd");
  run_to_the_end(loop);
  CHECK(log.text() == "put abcd end error(stream.unshift() after end event) close(true)");
}

TEST_CASE("S14.21: what is buffered is decoded at once") {
  net::Loop loop;
  const OneConnection one(loop);
  std::string got;
  one.server.on<"connection">([&](net::Socket socket) {
    socket.on<"readable">([&, socket] {
      if (socket.readableLength() == 0) return;
      CHECK(socket.readableLength() == 2);
      socket.setEncoding(Encoding::hex);
      CHECK(socket.readableLength() == 4);
      got = *socket.read();
    });
  });
  const net::Socket client = client_of(loop, one.server);
  client.end("\x0F\xF0");
  client.resume();
  run_to_the_end(loop);
  CHECK(got == "0ff0");
}

TEST_CASE("S33.2: what was kept back can be had as it came, once, and the decoder begins anew") {
  Decoder decoder(Encoding::utf8);
  CHECK(decoder.ask("a\xE2\x82", Decode::piece) == "a");
  CHECK(decoder.ask({}, Decode::undone) == "\xE2\x82");
  CHECK(decoder.ask({}, Decode::undone).empty());
  CHECK(decoder.ask("b", Decode::piece) == "b");
  CHECK(decoder.ask({}, Decode::end).empty());
}
