#include <net/detail/sys/windows/errors.hpp>

#if defined(_WIN32)

#include <doctest/doctest.h>

#include <cerrno>
#include <net/detail/sys/windows/system.hpp>

using namespace net::detail;

TEST_CASE("S26: the errors of Windows and of Winsock are the errno values that other systems give") {
  CHECK(os::errno_of(10061) == ECONNREFUSED);
  CHECK(os::errno_of(1225) == ECONNREFUSED);
  CHECK(os::errno_of(10054) == ECONNRESET);
  CHECK_MESSAGE(os::errno_of(10052) == ECONNRESET, "keep-alive had no answer");
  CHECK(os::errno_of(10035) == EAGAIN);
  CHECK(os::errno_of(997) == EAGAIN);
  CHECK(os::errno_of(109) == EPIPE);
  CHECK(os::errno_of(2) == ENOENT);
  CHECK(os::errno_of(267) == ENOENT);
  CHECK(os::errno_of(231) == EBUSY);
  CHECK(os::errno_of(1314) == EPERM);
  CHECK(os::errno_of(740) == EACCES);
  CHECK(os::errno_of(2250) == ENOTCONN);
  CHECK(os::errno_of(1460) == ETIMEDOUT);
  CHECK(os::errno_of(122) == EINVAL);
  CHECK(os::errno_of(19) == EROFS);
  CHECK(os::errno_of(39) == ENOSPC);
  CHECK(os::errno_of(10048) == EADDRINUSE);
  CHECK_MESSAGE(os::errno_of(4711) == EIO, "what nobody expects");
}

TEST_CASE("a status is an error too, or none") {
  CHECK(os::status_error(0) == 0);
  CHECK(os::status_error(0xc0000120) == ECANCELED);
  CHECK(os::status_error(0xc000014b) == EPIPE);
  CHECK(os::status_error(0xc0000236) == ECONNREFUSED);
}

TEST_CASE("what failed last is negated") {
  CHECK_FALSE(win::CloseHandle(nullptr));
  CHECK(os::last_error() == -EBADF);
}

#endif
