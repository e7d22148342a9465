#include <net/detail/poller_epoll.hpp>

#include <doctest/doctest.h>

#include "tests/poller_contract.hpp"

using net::detail::epoll_poller;

TEST_CASE("epoll: what is ready is told as long as it is, and an empty mask is silence") {
  tests::tells_what_is_ready<epoll_poller>();
}

TEST_CASE("epoll: a hang-up is readiness, never a flag of its own, and silent when nothing is wanted") {
  tests::tells_a_hang_up_as_readiness<epoll_poller>();
}

TEST_CASE("epoll: a callback may drop what is to be told next") { tests::lets_callbacks_drop_others<epoll_poller>(); }

TEST_SUITE("threads") {
  TEST_CASE("epoll: another thread wakes it") { tests::is_woken_by_another_thread<epoll_poller>(); }
}
