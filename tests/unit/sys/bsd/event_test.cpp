#include <net/detail/sys/bsd/event.hpp>

#include <doctest/doctest.h>

TEST_CASE("whether there is a kqueue is known, and it has an event that any thread may trigger") {
#if NET_HAS_KQUEUE
  static_assert(net::detail::os::poller_takes_errors);
  static_assert(EVFILT_USER != EVFILT_READ && NOTE_TRIGGER != 0);
  CHECK(::kevent(-1, nullptr, 0, nullptr, 0, nullptr) == -1);
#else
  CHECK_FALSE(net::detail::os::poller_takes_errors);
#endif
}
