// What every poller must do, for the tests of each.
#ifndef NET_TESTS_POLLER_CONTRACT_HPP
#define NET_TESTS_POLLER_CONTRACT_HPP

#include <doctest/doctest.h>

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <net/detail/io/poller.hpp>
#include <thread>

namespace tests {

/// Two sockets that are joined, and a watcher on the first one.
struct Watched {
  int ends[2] = {-1, -1};
  net::detail::Watcher watcher;

  Watched() {
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
    watcher.fd = ends[0];
  }
  ~Watched() {
    if (ends[0] >= 0) ::close(ends[0]);
    if (ends[1] >= 0) ::close(ends[1]);
  }
  void send() { REQUIRE(::write(ends[1], "x", 1) == 1); }
};

/// What one wait reports of the watcher; 0 if nothing.
template <class Poller>
unsigned reported(Poller& poller, const Watched& of, int milliseconds = 0) {
  unsigned what = 0;
  poller.wait(milliseconds, [&](net::detail::Watcher& watcher, unsigned happened, int) {
    if (&watcher == &of.watcher) what |= happened & (net::detail::readable | net::detail::writable);
  });
  return what;
}

template <class Poller>
void reports_what_is_ready() {
  using net::detail::readable;
  using net::detail::writable;
  Poller poller;
  REQUIRE(poller.open().number == 0);
  Watched one;
  CHECK(poller.watch(one.watcher, readable) == 0);
  CHECK(reported(poller, one) == 0);
  one.send();
  CHECK(reported(poller, one) == readable);
  CHECK_MESSAGE(reported(poller, one) == readable, "again, as long as it is so: level-triggered");
  poller.watch(one.watcher, readable | writable);
  CHECK(reported(poller, one) == (readable | writable));
  poller.watch(one.watcher, writable);
  CHECK(reported(poller, one) == writable);
  poller.watch(one.watcher, 0);
  CHECK_MESSAGE(reported(poller, one) == 0, "an empty mask is silence");
  poller.drop(one.watcher);
}

template <class Poller>
void reports_a_hang_up_as_readiness() {
  Poller poller;
  REQUIRE(poller.open().number == 0);
  Watched one;
  poller.watch(one.watcher, net::detail::readable);
  ::close(std::exchange(one.ends[1], -1));
  CHECK(reported(poller, one) == net::detail::readable);
  poller.watch(one.watcher, 0);
  CHECK_MESSAGE(reported(poller, one) == 0, "silence, of hang-ups too");
  poller.drop(one.watcher);
}

template <class Poller>
void lets_callbacks_drop_others() {
  Poller poller;
  REQUIRE(poller.open().number == 0);
  Watched one, two;
  for (Watched* each : {&one, &two}) {
    poller.watch(each->watcher, net::detail::readable);
    each->send();
  }
  int calls = 0;
  poller.wait(0, [&](net::detail::Watcher& watcher, unsigned, int) {
    ++calls;
    poller.drop(&watcher == &one.watcher ? two.watcher : one.watcher);
  });
  CHECK_MESSAGE(calls == 1, "what was dropped in this round is not reported");
  poller.drop(one.watcher);
  poller.drop(two.watcher);
}

template <class Poller>
void is_woken_by_another_thread() {
  Poller poller;
  REQUIRE(poller.open().number == 0);
  std::thread other([&] { poller.wake(); });
  poller.wait(-1, [](net::detail::Watcher&, unsigned, int) { FAIL("nothing is watched"); });
  other.join();
  poller.wait(0, [](net::detail::Watcher&, unsigned, int) {});
}

/// How often a wait reports anything at all.
template <class Poller>
int calls_of(Poller& poller, int milliseconds = 0) {
  int calls = 0;
  poller.wait(milliseconds, [&](net::detail::Watcher&, unsigned, int) { ++calls; });
  return calls;
}

/// A descriptor is closed, and what it stood for lives on in a duplicate, where bytes arrive.
template <class Poller>
void is_silent_about_what_was_dropped() {
  Poller poller;
  REQUIRE(poller.open().number == 0);
  Watched other;
  poller.watch(other.watcher, net::detail::readable);
  auto* one = new Watched;
  const int duplicate = ::dup(one->ends[0]);
  poller.watch(one->watcher, net::detail::readable);
  one->send();
  CHECK(reported(poller, *one) == net::detail::readable);
  poller.drop(one->watcher);
  delete one;
  CHECK(calls_of(poller) == 0);
  other.send();
  CHECK(reported(poller, other) == net::detail::readable);
  ::close(duplicate);
  poller.drop(other.watcher);
}

/// The same, but the descriptor was closed by somebody else before it was dropped, or its watcher just died.
template <class Poller>
void recognises_what_is_gone() {
  for (const bool dropped : {true, false}) {
    CAPTURE(dropped);
    Poller poller;
    REQUIRE(poller.open().number == 0);
    Watched other;
    poller.watch(other.watcher, net::detail::readable);
    auto* one = new Watched;
    const int duplicate = ::dup(one->ends[0]);
    poller.watch(one->watcher, net::detail::readable);
    one->send();
    ::close(std::exchange(one->ends[0], -1));
    if (dropped) poller.drop(one->watcher);
    delete one;
    CHECK(calls_of(poller) == 0);
    CHECK(calls_of(poller) == 0);
    if (poller.native() >= 0) {
      pollfd own{};
      own.fd = poller.native();
      own.events = POLLIN;
      CHECK_MESSAGE(::poll(&own, 1, 0) == 0, "it does not spin: nothing is ready");
    }
    other.send();
    CHECK(reported(poller, other) == net::detail::readable);
    ::close(duplicate);
    poller.drop(other.watcher);
  }
}

/// Watchers that come and go by the hundred, all of them ready, while a round is under way.
template <class Poller>
void reports_nothing_of_another() {
  Poller poller;
  REQUIRE(poller.open().number == 0);
  constexpr std::size_t count = 300;
  Watched* all[count] = {};
  for (Watched*& each : all) {
    each = new Watched;
    poller.watch(each->watcher, net::detail::readable);
    each->send();
  }
  int wrong = 0, calls = 0;
  for (int round = 0; round < 4; ++round) {
    poller.wait(0, [&](net::detail::Watcher& watcher, unsigned, int) {
      ++calls;
      std::size_t at = 0;
      while (at < count && &all[at]->watcher != &watcher) ++at;
      if (at == count) {
        ++wrong;
        return;
      }
      // this one and the next one go, and another one comes in the place of each
      for (const std::size_t which : {at, (at + 1) % count}) {
        poller.drop(all[which]->watcher);
        delete all[which];
        all[which] = new Watched;
        poller.watch(all[which]->watcher, net::detail::readable);
        if (which != at) all[which]->send();
      }
    });
  }
  CHECK(wrong == 0);
  CHECK(calls > 0);
  for (Watched* each : all) {
    poller.drop(each->watcher);
    delete each;
  }
}

/// The number is what counts: a descriptor is had from the first interest, or from hold(), until it is dropped.
template <class Poller>
void knows_what_it_has() {
  Poller poller;
  REQUIRE(poller.open().number == 0);
  Watched watched, held;
  CHECK_FALSE(poller.has(watched.ends[0]));
  poller.watch(watched.watcher, net::detail::readable);
  CHECK(poller.hold(held.watcher));
  CHECK(poller.hold(held.watcher));
  held.send();
  CHECK_MESSAGE(reported(poller, held) == 0, "nothing is asked for");
  for (const Watched* each : {&watched, &held}) {
    CHECK(poller.has(each->ends[0]));
    CHECK_FALSE(poller.has(each->ends[1]));
  }
  poller.watch(watched.watcher, 0);
  poller.watch(held.watcher, net::detail::readable);
  CHECK(reported(poller, held) == net::detail::readable);
  for (Watched* each : {&watched, &held}) {
    CHECK_MESSAGE(poller.has(each->ends[0]), "silence changes nothing");
    poller.drop(each->watcher);
    CHECK_FALSE(poller.has(each->ends[0]));
  }
  poller.drop(held.watcher);
}

/// The parent keeps its poller in all of this; the child's, which was opened anew, reports the same.
template <class Poller>
void opens_again() {
  Poller poller;
  REQUIRE(poller.open().number == 0);
  Watched one;
  poller.watch(one.watcher, net::detail::readable);
  poller.shut();
  one.send();
  CHECK(calls_of(poller) == 0);
  REQUIRE(poller.open().number == 0);
  CHECK(reported(poller, one) == net::detail::readable);
  poller.wake();
  poller.drop(one.watcher);
  CHECK(calls_of(poller) == 0);
}

}  // namespace tests

#endif
