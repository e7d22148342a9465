#include <net/detail/sys/poller.hpp>

#include <doctest/doctest.h>

using namespace net::detail;

TEST_CASE("the poller that was asked for is there, and keeps the contract") {
  static_assert(Poller<NET_JOIN(NET_POLLER, _poller)>);
  CHECK((NET_JOIN(NET_POLLER_IS_, NET_POLLER) >= 1 && NET_JOIN(NET_POLLER_IS_, NET_POLLER) <= 3));
}
