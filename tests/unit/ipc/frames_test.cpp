#include <net/detail/ipc/frames.hpp>

#include <doctest/doctest.h>

#include <cstring>

using namespace net::detail;

TEST_CASE("a header is twelve bytes, little-endian, and reads back") {
  char bytes[frame_header_size];
  write_frame_header({FrameKind::socket, flag_readable | flag_half_open, 0x01020304, 0x0000fffe}, bytes);
  CHECK(std::memcmp(bytes, "\x9e\x02\x05\x00\x04\x03\x02\x01\xfe\xff\x00\x00", frame_header_size) == 0);
  FrameHeader header;
  REQUIRE(read_frame_header(bytes, header));
  CHECK(header.kind == FrameKind::socket);
  CHECK(header.flags == 5);
  CHECK(header.message == 0x01020304);
  CHECK(header.unread == 0xfffe);
  CHECK(carries_handle(FrameKind::socket));
  CHECK(carries_handle(FrameKind::server));
  CHECK_FALSE(carries_handle(FrameKind::taken));
  write_frame_header({FrameKind::process, 0, 0, 0, 0x12345678}, bytes);
  CHECK(std::memcmp(bytes, "\x9e\x06\x00\x00\x78\x56\x34\x12\x00\x00\x00\x00", frame_header_size) == 0);
  REQUIRE(read_frame_header(bytes, header));
  CHECK((header.number == 0x12345678 && header.message == 0));
}

TEST_CASE("S33.4: what no sender writes is no header") {
  const auto reads = [](const FrameHeader& from) {
    char bytes[frame_header_size];
    write_frame_header(from, bytes);
    FrameHeader header;
    return read_frame_header(bytes, header);
  };
  CHECK(reads({FrameKind::message, 0, 0xffffffff, 0}));
  CHECK(reads({FrameKind::socket, 7, 5, max_unread}));
  CHECK(reads({FrameKind::server, 0, 5, 0}));
  CHECK(reads({FrameKind::taken, 0, 0, 0}));
  CHECK(reads({FrameKind::refused, 2, 0, 0}));
  CHECK(reads({FrameKind::process, 0, 0, 0, 1}));
  CHECK_FALSE(reads({FrameKind::message, 1, 0, 0}));
  CHECK_FALSE(reads({FrameKind::message, 0, 0, 1}));
  CHECK_FALSE(reads({FrameKind::socket, 8, 0, 0}));
  CHECK_FALSE(reads({FrameKind::socket, 0, 0, max_unread + 1}));
  CHECK_FALSE(reads({FrameKind::server, 0, 0, 1}));
  CHECK_FALSE(reads({FrameKind::taken, 1, 0, 0}));
  CHECK_FALSE(reads({FrameKind::taken, 0, 1, 0}));
  CHECK_FALSE(reads({FrameKind::refused, 3, 0, 0}));
  CHECK_FALSE(reads({static_cast<FrameKind>(0), 0, 0, 0}));
  CHECK_FALSE(reads({FrameKind::process, 1, 0, 0, 1}));
  CHECK_FALSE(reads({FrameKind::process, 0, 0, 1, 1}));
  CHECK_FALSE(reads({FrameKind::process, 0, 0, 0, 0}));
  CHECK_FALSE(reads({static_cast<FrameKind>(7), 0, 0, 0}));
}
