// What every poller must do, for the tests of each.
#ifndef NET_TESTS_POLLER_CONTRACT_HPP
#define NET_TESTS_POLLER_CONTRACT_HPP

#include <doctest/doctest.h>

#include <sys/socket.h>
#include <unistd.h>
#include <net/detail/poller.hpp>
#include <thread>

namespace tests {

/// Two sockets that are joined, and a watcher on the first one.
struct Watched {
  int ends[2] = {-1, -1};
  net::detail::Watcher watcher;

  Watched() {
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) == 0);
    watcher.fd = ends[0];
  }
  ~Watched() {
    ::close(ends[0]);
    if (ends[1] >= 0) ::close(ends[1]);
  }
  void send() { REQUIRE(::write(ends[1], "x", 1) == 1); }
};

/// What one wait tells of the watcher; 0 if nothing.
template <class Poller>
unsigned told(Poller& poller, const Watched& of, int milliseconds = 0) {
  unsigned what = 0;
  poller.wait(milliseconds, [&](net::detail::Watcher& watcher, unsigned happened, int) {
    if (&watcher == &of.watcher) what |= happened & (net::detail::readable | net::detail::writable);
  });
  return what;
}

template <class Poller>
void tells_what_is_ready() {
  using net::detail::readable;
  using net::detail::writable;
  Poller poller;
  REQUIRE(poller.good());
  Watched one;
  CHECK(poller.watch(one.watcher, readable) == 0);
  CHECK(told(poller, one) == 0);
  one.send();
  CHECK(told(poller, one) == readable);
  CHECK_MESSAGE(told(poller, one) == readable, "again, as long as it is so: level-triggered");
  poller.watch(one.watcher, readable | writable);
  CHECK(told(poller, one) == (readable | writable));
  poller.watch(one.watcher, writable);
  CHECK(told(poller, one) == writable);
  poller.watch(one.watcher, 0);
  CHECK_MESSAGE(told(poller, one) == 0, "an empty mask is silence");
  poller.drop(one.watcher);
}

template <class Poller>
void tells_a_hang_up_as_readiness() {
  Poller poller;
  Watched one;
  poller.watch(one.watcher, net::detail::readable);
  ::close(std::exchange(one.ends[1], -1));
  CHECK(told(poller, one) == net::detail::readable);
  poller.watch(one.watcher, 0);
  CHECK_MESSAGE(told(poller, one) == 0, "silence, of hang-ups too");
  poller.drop(one.watcher);
}

template <class Poller>
void lets_callbacks_drop_others() {
  Poller poller;
  Watched one, two;
  for (Watched* each : {&one, &two}) {
    poller.watch(each->watcher, net::detail::readable);
    each->send();
  }
  int calls = 0;
  poller.wait(0, [&](net::detail::Watcher& watcher, unsigned, int) {
    ++calls;
    poller.drop(&watcher == &one.watcher ? two.watcher : one.watcher, false);
  });
  CHECK_MESSAGE(calls == 1, "what was dropped in this round is not told");
  poller.drop(one.watcher, false);
  poller.drop(two.watcher, false);
}

template <class Poller>
void is_woken_by_another_thread() {
  Poller poller;
  std::thread other([&] { poller.wake(); });
  poller.wait(-1, [](net::detail::Watcher&, unsigned, int) { FAIL("nothing is watched"); });
  other.join();
  poller.wait(0, [](net::detail::Watcher&, unsigned, int) {});
}

}  // namespace tests

#endif
