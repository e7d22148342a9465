#include <net/detail/sys/posix/headers.hpp>

#if !defined(_WIN32)

#include <doctest/doctest.h>

#include <cerrno>

TEST_CASE("the flags of a send keep SIGPIPE away where the system has one that does") {
  int ends[2];
  REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
  ::close(ends[1]);
#if defined(MSG_NOSIGNAL)
  CHECK(::send(ends[0], "x", 1, net::detail::os::send_flags) == -1);
  CHECK(errno == EPIPE);
#else
  CHECK(net::detail::os::send_flags == 0);
#endif
  ::close(ends[0]);
}

#endif
