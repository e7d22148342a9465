#include <net/detail/sys/linux/epoll.hpp>

#if !defined(_WIN32)

#include <doctest/doctest.h>

#include <sys/resource.h>

#include "tests/support/poller_contract.hpp"

#if defined(__linux__)

using net::detail::epoll_poller;

namespace {

/// While it lives the process gets no more descriptors: none below the limit is free.
struct NoDescriptors {
  rlimit before{};
  NoDescriptors() {
    REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
    const int free = ::dup(0);
    REQUIRE(free >= 0);
    ::close(free);
    set(static_cast<rlim_t>(free));
    REQUIRE(::dup(0) == -1);
  }
  NoDescriptors(const NoDescriptors&) = delete;
  NoDescriptors& operator=(const NoDescriptors&) = delete;
  ~NoDescriptors() { set(before.rlim_cur); }
  void set(rlim_t most) const {
    const rlimit limit{most, before.rlim_max};
    ::setrlimit(RLIMIT_NOFILE, &limit);
  }
};

}  // namespace

TEST_CASE("epoll: what is ready is reported as long as it is, and an empty mask is silence") {
  tests::reports_what_is_ready<epoll_poller>();
}

TEST_CASE("epoll: a hang-up is readiness, never a flag of its own, and silent when the interest is 0") {
  tests::reports_a_hang_up_as_readiness<epoll_poller>();
}

TEST_CASE("epoll: a callback may drop what is to be reported next") {
  tests::lets_callbacks_drop_others<epoll_poller>();
}

TEST_CASE("epoll: nothing is reported of a descriptor that was dropped, though a duplicate of it lives on") {
  tests::is_silent_about_what_was_dropped<epoll_poller>();
}

TEST_CASE("epoll: what was closed behind its back, or died undropped, is recognised as gone, and nothing spins") {
  tests::recognises_what_is_gone<epoll_poller>();
}

TEST_CASE(
    "S32.4: epoll: what cannot be taken out for want of descriptors makes no loop spin, and others are reported "
    "meanwhile") {
  epoll_poller poller;
  REQUIRE(poller.open().number == 0);
  tests::Watched other;
  poller.watch(other.watcher, net::detail::readable);
  auto* one = new tests::Watched;
  const int duplicate = ::dup(one->ends[0]);
  poller.watch(one->watcher, net::detail::readable);
  one->send();
  ::close(std::exchange(one->ends[0], -1));
  delete one;
  // judged when there are descriptors again: the sanitizers need some
  std::uint64_t began = 0, ended = 0;
  unsigned before = 0, after = 0, woken = 0;
  {
    const NoDescriptors none;
    began = net::detail::os::now_ns() / 1000000;
    for (int turns = 0; turns < 5; ++turns) before |= tests::reported(poller, other, -1);
    ended = net::detail::os::now_ns() / 1000000;
    (void)!::write(other.ends[1], "x", 1);
    after = tests::reported(poller, other);
    poller.wake();
    woken = tests::reported(poller, other, -1);
  }
  CHECK(before == 0);
  CHECK_MESSAGE(ended - began >= 4 * 40, "it waits between two rounds");
  CHECK(after == net::detail::readable);
  CHECK(woken == net::detail::readable);
  poller.wait(0, [](net::detail::Watcher&, unsigned, int) {});
  char byte;
  REQUIRE(::read(other.ends[0], &byte, 1) == 1);
  pollfd own{poller.native(), POLLIN, 0};
  CHECK_MESSAGE(::poll(&own, 1, 0) == 0, "with descriptors again nothing is left of it");
  ::close(duplicate);
  poller.drop(other.watcher);
}

TEST_CASE("epoll: a watcher gets no report of another one that was there before, also within one round") {
  tests::reports_nothing_of_another<epoll_poller>();
}

TEST_CASE("epoll: it knows which descriptors it has, from the first interest until they are dropped") {
  tests::knows_what_it_has<epoll_poller>();
}

TEST_CASE("epoll: it can be shut, and opened again for what is watched") { tests::opens_again<epoll_poller>(); }

TEST_SUITE("threads") {
  TEST_CASE("epoll: another thread wakes it") { tests::is_woken_by_another_thread<epoll_poller>(); }
}

#else

TEST_CASE("epoll: nothing of it is there where the system is not Linux") {
  MESSAGE("skipped: this system has no epoll");
}

#endif

#endif
