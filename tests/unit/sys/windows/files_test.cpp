#include <net/detail/sys/windows/files.hpp>

#if defined(_WIN32)

#include <doctest/doctest.h>

#include <cerrno>
#include <string>

#include "tests/support/support.hpp"

using namespace net::detail;
using net::NativeHandle;

TEST_CASE("a file is made, written, closed, appended to, and read from a byte on") {
  tests::TemporaryDirectory directory;
  const std::string path = directory.file("") + "\xc3\xa4";
  NativeHandle file = no_handle;
  REQUIRE(os::open_file(path, {.writes = true}, file) == 0);
  CHECK(os::write_file(file, "hello", 5) == 5);
  CHECK(os::close_file(file) == 0);
  REQUIRE(os::open_file(path, {.writes = true, .appends = true}, file) == 0);
  CHECK(os::write_file(file, "!", 1) == 1);
  CHECK(os::close_file(file) == 0);
  REQUIRE(os::open_file(path, {.start = 2}, file) == 0);
  char bytes[8];
  CHECK(os::read_file(file, bytes, sizeof bytes) == 4);
  CHECK(std::string(bytes, 4) == "llo!");
  CHECK(os::read_file(file, bytes, sizeof bytes) == 0);
  CHECK(os::close_file(file) == 0);
}

TEST_CASE("what fails is a negated errno") {
  tests::TemporaryDirectory directory;
  const std::string path = directory.file("f");
  NativeHandle file = no_handle;
  CHECK(os::open_file(directory.file("missing"), {}, file) == -ENOENT);
  CHECK(os::open_file(std::string("a\0b", 3), {}, file) == -EINVAL);
  CHECK(os::open_file(std::string(5000, 'x'), {}, file) == -ENAMETOOLONG);
  CHECK(file == no_handle);
  REQUIRE(os::open_file(path, {.writes = true}, file) == 0);
  CHECK(os::close_file(file) == 0);
  CHECK(os::open_file(path, {.writes = true, .exclusive = true}, file) == -EEXIST);
}

#endif
