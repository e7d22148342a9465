#include <net/detail/sys/windows/afd.hpp>

#if defined(_WIN32)

#include <doctest/doctest.h>

#include <sys/socket.h>
#include <vector>

#include "tests/support/support.hpp"

using namespace net::detail;

TEST_CASE("a device takes a number of sockets, and then there is another one") {
  Port port;
  AfdDevices devices;
  REQUIRE(port.open().number == 0);
  int failed = 0;
  AfdDevice* const first = devices.take(port, failed);
  REQUIRE(first != nullptr);
  for (int i = 1; i < AfdDevice::max_sockets; ++i) CHECK(devices.take(port, failed) == first);
  CHECK(devices.take(port, failed) != first);
}

TEST_CASE("a socket's readiness is asked for once for what is awaited, and no more than that") {
  Port port;
  AfdDevices devices;
  REQUIRE(port.open().number == 0);
  int failed = 0, pair[2];
  REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair) == 0);
  const tests::Descriptor one(pair[0]), other(pair[1]);
  Watcher watcher;
  Registration place{&watcher};
  auto* const entry = new AfdEntry(static_cast<win::Socket>(one.get()), *devices.take(port, failed));
  REQUIRE(port.attach(*entry) == 0);
  entry->registration = &place;
  CHECK(entry->prepare() == 0);
  CHECK_FALSE(entry->poll.in_flight);
  watcher.interest = readable;
  CHECK(entry->prepare() == 0);
  CHECK(entry->poll.in_flight);
  CHECK_FALSE(entry->asks_too_little());
  watcher.interest = readable | writable;
  CHECK(entry->asks_too_little());
  watcher.interest = readable;
  tests::send_raw(other, "x");
  unsigned what = 0;
  while (!port.next_ready(what)) REQUIRE(port.collect(1000).number == 0);
  CHECK(what == readable);
  watcher.interest = 0;
  entry->registration = nullptr;
  entry->cancel();
  entry->release();
  port.shut();
}

#endif
