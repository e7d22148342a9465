#include <net/detail/sys/posix/poll.hpp>

#if !defined(_WIN32)

#include <doctest/doctest.h>

#include "tests/support/poller_contract.hpp"

using net::detail::poll_poller;

TEST_CASE("poll: what is ready is reported as long as it is, and an empty mask is silence") {
  tests::reports_what_is_ready<poll_poller>();
}

TEST_CASE("poll: a hang-up is readiness, never a flag of its own, and silent when the interest is 0") {
  tests::reports_a_hang_up_as_readiness<poll_poller>();
}

TEST_CASE("poll: a callback may drop what is to be reported next") { tests::lets_callbacks_drop_others<poll_poller>(); }

TEST_CASE("poll: nothing is reported of a descriptor that was dropped, though a duplicate of it lives on") {
  tests::is_silent_about_what_was_dropped<poll_poller>();
}

TEST_CASE("poll: what was closed behind its back, or died undropped, is recognised as gone, and nothing spins") {
  tests::recognises_what_is_gone<poll_poller>();
}

TEST_CASE("poll: a watcher gets no report of another one that was there before, also within one round") {
  tests::reports_nothing_of_another<poll_poller>();
}

TEST_CASE("poll: it knows which descriptors it has, from the first interest until they are dropped") {
  tests::knows_what_it_has<poll_poller>();
}

TEST_CASE("poll: it can be shut, and opened again for what is watched") { tests::opens_again<poll_poller>(); }

TEST_SUITE("threads") {
  TEST_CASE("poll: another thread wakes it") { tests::is_woken_by_another_thread<poll_poller>(); }
}

#endif
