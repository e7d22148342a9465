#include <net/reader.hpp>

#include <doctest/doctest.h>

#include <string>
#include <string_view>

#include "tests/support/reading.hpp"

using namespace tests;
using namespace std::string_literals;

TEST_CASE("S34.4: results of a reader stay right however long they are kept") {
  serve(
      [](net::Socket socket) -> net::Task<> {
        net::Reader reader(socket);
        const auto name = co_await reader.readLine(100);
        const auto word = co_await reader.read(40);
        const auto last = co_await reader.readUntil(";", 100);
        CHECK(name.value() == "alice");
        CHECK(word.value() == std::string(40, 'x'));
        CHECK(last.value() == "the end");
      },
      {"alice\n", std::string(40, 'x'), "the end;"});
}

TEST_CASE("S34.4: readUntil finds its delimiter however it comes in pieces, and takes it away") {
  serve(
      [](net::Socket socket) -> net::Task<> {
        net::Reader reader(socket);
        CHECK((co_await reader.readUntil("\r\n\r\n", 100)).value() == "head\r\nmore\r");
        CHECK((co_await reader.readUntilView("ab", 100)).value().view() == "a");
        CHECK((co_await reader.readUntil("ab", 100)).value().empty());
        CHECK(co_await error_name(reader.readUntil("ab", 100)) == "ERR_STREAM_PREMATURE_CLOSE");
        CHECK((co_await reader.next()).value().view() == "rest");
        CHECK_FALSE(co_await reader.readUntil("ab", 100));
      },
      {"head\r\nmo", "re\r\r", "\n\r", "\na", "aba", "b", "rest"});
}

TEST_CASE("S34.4: numbers come in either order of their bytes") {
  serve(
      [](net::Socket socket) -> net::Task<> {
        net::Reader reader(socket);
        CHECK(co_await reader.readUint8() == 1);
        CHECK(co_await reader.readUint16() == 0x0203);
        CHECK(co_await reader.readUint16(net::Endian::little) == 0x0504);
        CHECK(co_await reader.readUint32() == 0x06070809u);
        CHECK(co_await reader.readUint32(net::Endian::little) == 0xffffff0au);
        CHECK(co_await reader.readUint64() == 0x0102030405060708u);
        CHECK(co_await reader.readUint64(net::Endian::little) == 0x0807060504030201u);
        CHECK_FALSE(co_await reader.readUint8());
      },
      {"\x01\x02", "\x03\x04\x05\x06\x07\x08\x09\x0a\xff\xff\xff"s + "\x01\x02\x03\x04\x05\x06\x07\x08",
       "\x01\x02\x03\x04\x05\x06\x07\x08"});
}

TEST_CASE("S34.4: readPrefixed gives messages with their length in front; one that is too long stays where it is") {
  serve(
      [](net::Socket socket) -> net::Task<> {
        net::Reader reader(socket);
        CHECK((co_await reader.readPrefixed(2, net::Endian::big, 100)).value() == "abc");
        CHECK((co_await reader.readPrefixedView(1, net::Endian::big, 100)).value().empty());
        CHECK(co_await error_name(reader.readPrefixed(4, net::Endian::little, 4)) == "EMSGSIZE");
        CHECK((co_await reader.readPrefixed(4, net::Endian::little, 5)).value() == "hello");
        CHECK(co_await error_name(reader.readPrefixed(1, net::Endian::big, 100)) == "ERR_STREAM_PREMATURE_CLOSE");
      },
      {"\0\x03"
       "a"s,
       "bc\0\x05\0"s, "\0\0hel"s, "lo\x09tail"});
}

TEST_CASE("S34.4: what makes no sense is refused") {
  serve(
      [](net::Socket socket) -> net::Task<> {
        net::Reader reader(socket);
        CHECK_THROWS_AS((void)reader.readUntil("", 1), net::Error);
        CHECK_THROWS_AS((void)reader.readPrefixed(0, net::Endian::big, 1), net::Error);
        CHECK_THROWS_AS((void)reader.readPrefixed(9, net::Endian::big, 1), net::Error);
        co_return;
      },
      {});
}

TEST_CASE("S34.5: a socket that is destroyed while a task waits throws ERR_STREAM_PREMATURE_CLOSE, never the end") {
  serve(
      [](net::Socket socket) -> net::Task<> {
        net::Reader reader(socket);
        net::setTimeout([socket] { socket.destroy(); }, 1);
        CHECK(co_await error_name(reader.next()) == "ERR_STREAM_PREMATURE_CLOSE");
        CHECK(co_await error_name(net::Reader(socket).next()) == "ERR_STREAM_PREMATURE_CLOSE");
      },
      {}, false);
}
