#include <net/detail/sys/windows/waker.hpp>

#if defined(_WIN32)

#include <doctest/doctest.h>

#include <net/detail/sys/windows/port_poller.hpp>
#include <thread>

using namespace net::detail;

namespace {

int calls_of(port_poller& poller, int milliseconds = 0) {
  int calls = 0;
  poller.wait(milliseconds, [&](Watcher&, unsigned, int) { ++calls; });
  return calls;
}

}  // namespace

TEST_CASE("a waker that was woken is readable until it is drained, however often it was woken") {
  port_poller poller;
  REQUIRE(poller.open().number == 0);
  os::Waker waker;
  CHECK(waker.descriptor() == no_handle);
  REQUIRE(waker.open() == 0);
  Watcher watcher;
  watcher.fd = waker.descriptor();
  waker.wake();
  REQUIRE(poller.watch(watcher, readable) == 0);
  CHECK_MESSAGE(calls_of(poller) == 1, "also of what was before it was watched");
  waker.drain();
  CHECK(calls_of(poller) == 0);
  for (int i = 0; i < 100; ++i) waker.wake();
  CHECK(calls_of(poller) == 1);
  CHECK(calls_of(poller) == 1);
  waker.drain();
  waker.drain();
  CHECK(calls_of(poller) == 0);
  waker.wake();
  poller.drop(watcher);
  waker.close();
  CHECK(calls_of(poller) == 0);
}

TEST_SUITE("threads") {
  TEST_CASE("a waker wakes a poller from another thread") {
    port_poller poller;
    REQUIRE(poller.open().number == 0);
    os::Waker waker;
    REQUIRE(waker.open() == 0);
    Watcher watcher;
    watcher.fd = waker.descriptor();
    REQUIRE(poller.watch(watcher, readable) == 0);
    std::thread other([&] { waker.wake(); });
    CHECK(calls_of(poller, -1) == 1);
    other.join();
    poller.drop(watcher);
  }
}

#endif
