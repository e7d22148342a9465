#include <net/detail/sys/posix/files.hpp>

#if !defined(_WIN32)

#include <doctest/doctest.h>

#include <fcntl.h>
#include <sys/stat.h>

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

TEST_CASE("a FIFO is slow: it takes what it has space for, and an error when its reader has gone, without a signal") {
  const tests::TemporaryDirectory directory;
  const std::string path = directory.file("fifo"), plain = directory.file("f");
  REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
  CHECK(os::is_slow_path(path));
  CHECK(os::is_slow_path("/dev/null"));
  CHECK_FALSE(os::is_slow_path(plain));
  NativeHandle file = no_handle;
  REQUIRE(os::open_file(plain, {.writes = true}, file) == 0);
  CHECK_FALSE(os::is_slow_path(plain));
  CHECK_FALSE(os::is_slow_file(file));
  CHECK(os::close_file(file) == 0);
  tests::Descriptor reader(::open(path.c_str(), O_RDONLY | O_NONBLOCK));
  REQUIRE(os::open_file(path, {.writes = true}, file) == 0);
  CHECK(os::is_slow_file(file));
  const std::string bytes(10'000, 'x');
  std::size_t taken = 0;
  std::ptrdiff_t last = 0;
  while ((last = os::write_slow_file(file, bytes.data(), bytes.size())) > 0) taken += static_cast<std::size_t>(last);
  CHECK(last == -EAGAIN);
  CHECK(taken >= 512);
  reader.close();
  CHECK(os::write_slow_file(file, "x", 1) == -EPIPE);
  CHECK(os::write_file(file, "x", 1) == -EPIPE);
  CHECK(os::close_file(file) == 0);
}

#endif
