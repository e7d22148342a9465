#include <net/detail/sys/posix/files.hpp>

#if !defined(_WIN32)

#include <doctest/doctest.h>

#include <fcntl.h>

#include <cerrno>
#include <string>

#include "tests/support/support.hpp"

using namespace net::detail;
using net::NativeHandle;

TEST_CASE("a file is made, written, closed, and read from a byte on; it is closed on exec") {
  tests::TemporaryDirectory directory;
  const std::string path = directory.file("f");
  NativeHandle file = no_handle;
  REQUIRE(os::open_file(path, {.writes = true}, file) == 0);
  CHECK((::fcntl(file, F_GETFD) & FD_CLOEXEC) != 0);
  CHECK(os::write_file(file, "hello", 5) == 5);
  CHECK(os::close_file(file) == 0);
  REQUIRE(os::open_file(path, {.start = 2}, file) == 0);
  char bytes[8];
  CHECK(os::read_file(file, bytes, sizeof bytes) == 3);
  CHECK(std::string(bytes, 3) == "llo");
  CHECK(os::read_file(file, bytes, sizeof bytes) == 0);
  CHECK(os::close_file(file) == 0);
}

TEST_CASE("what fails is a negated errno, and nothing stays open") {
  tests::TemporaryDirectory directory;
  NativeHandle file = no_handle;
  CHECK(os::open_file(directory.file("missing"), {}, file) == -ENOENT);
  CHECK(os::open_file("/", {.writes = true}, file) == -EISDIR);
  const std::string path = directory.file("f");
  NativeHandle made = no_handle;
  REQUIRE(os::open_file(path, {.writes = true}, made) == 0);
  CHECK(os::close_file(made) == 0);
  const int before = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  CHECK(os::close_file(before) == 0);
  CHECK(os::open_file(path, {.start = ~std::uint64_t{}}, file) == -EINVAL);
  const int after = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  CHECK(after == before);
  CHECK(os::close_file(after) == 0);
  CHECK(file == no_handle);
  CHECK(os::close_file(after) == -EBADF);
}

#endif
