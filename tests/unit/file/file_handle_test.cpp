#include <net/detail/file/file_handle.hpp>

#include <doctest/doctest.h>

#include <cerrno>
#include <string>
#include <utility>

#include "tests/support/skip.hpp"
#include "tests/support/support.hpp"

using namespace net::detail;

TEST_CASE("an open file is closed by whoever has it") {
  tests::TemporaryDirectory directory;
  const std::string path = directory.file("f");
  FileHandle file;
  CHECK_FALSE(file);
  REQUIRE(file.open(path, {.writes = true}) == 0);
  FileHandle moved(std::move(file));
  CHECK(moved);
  CHECK(moved.write("hello") == 0);
  CHECK(moved.close() == 0);
  CHECK(moved.close() == 0);
  CHECK_FALSE(moved);
}

TEST_CASE("what cannot be written whole is an error") {
  NET_NOT_ON_WINDOWS("there is no /dev/full");
  FileHandle full;
  REQUIRE(full.open("/dev/full", {.writes = true}) == 0);
  CHECK(full.write("x") == -ENOSPC);
}

TEST_CASE("a buffer goes along whole") {
  FileBuffer buffer(16);
  char* const bytes = buffer.bytes();
  FileBuffer other(std::move(buffer));
  CHECK(other.bytes() == bytes);
  CHECK(other.size() == 16);
  CHECK(buffer.bytes() == nullptr);
  buffer = std::move(other);
  CHECK(buffer.bytes() == bytes);
}
