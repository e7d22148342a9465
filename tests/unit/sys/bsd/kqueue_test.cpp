#include <net/detail/sys/bsd/kqueue.hpp>

#include <doctest/doctest.h>

#include "tests/support/poller_contract.hpp"

#if NET_HAS_KQUEUE

#include <net/detail/sys/posix/acceptor.hpp>
#include <net/detail/sys/posix/channel.hpp>

#include "tests/support/endpoints.hpp"
#include "tests/support/support.hpp"

using namespace net::detail;

TEST_CASE("kqueue: what is ready is reported as long as it is, and an empty mask is silence") {
  tests::reports_what_is_ready<kqueue_poller>();
}

TEST_CASE("kqueue: a hang-up is readiness, never a flag of its own, and silent when the interest is 0") {
  tests::reports_a_hang_up_as_readiness<kqueue_poller>();
}

TEST_CASE("kqueue: a callback may drop what is to be reported next") {
  tests::lets_callbacks_drop_others<kqueue_poller>();
}

TEST_CASE("kqueue: nothing is reported of a descriptor that was dropped, though a duplicate of it lives on") {
  tests::is_silent_about_what_was_dropped<kqueue_poller>();
}

TEST_CASE("kqueue: what was closed behind its back, or died undropped, is recognised as gone, and nothing spins") {
  tests::recognises_what_is_gone<kqueue_poller>();
}

TEST_CASE("kqueue: a watcher that died undropped, while its descriptor is open, is not reported, and nothing spins") {
  kqueue_poller poller;
  REQUIRE(poller.open().number == 0);
  tests::Watched other;
  {
    Watcher dies;
    dies.fd = other.ends[0];
    REQUIRE(poller.watch(dies, readable | writable) == 0);
  }
  other.send();
  CHECK(tests::calls_of(poller) == 0);
  CHECK(tests::calls_of(poller) == 0);
  pollfd own{poller.native(), POLLIN, 0};
  CHECK_MESSAGE(::poll(&own, 1, 0) == 0, "its filters are gone");
  {
    Watcher dies;
    dies.fd = other.ends[0];
    REQUIRE(poller.watch(dies, readable) == 0);
  }
  REQUIRE(poller.watch(other.watcher, readable) == 0);
  CHECK_MESSAGE(tests::reported(poller, other) == readable, "the one who took the filter over has it");
  CHECK(tests::reported(poller, other) == readable);
  poller.drop(other.watcher);
}

TEST_CASE("kqueue: a watcher gets no report of another one that was there before, also within one round") {
  tests::reports_nothing_of_another<kqueue_poller>();
}

TEST_CASE("kqueue: it knows which descriptors it has, from the first interest until they are dropped") {
  tests::knows_what_it_has<kqueue_poller>();
}

TEST_CASE("kqueue: it can be shut, and opened again for what is watched") { tests::opens_again<kqueue_poller>(); }

TEST_CASE("kqueue: the end of the other side is a hint beside what stands before it") {
  kqueue_poller poller;
  REQUIRE(poller.open().number == 0);
  tests::Watched one;
  one.send();
  REQUIRE(poller.watch(one.watcher, readable) == 0);
  unsigned seen = 0;
  const auto note = [&](Watcher&, unsigned what, int) { seen = what; };
  poller.wait(0, note);
  CHECK(seen == readable);
  ::close(std::exchange(one.ends[1], -1));
  poller.wait(0, note);
  CHECK(seen == (readable | hung_up));
  char bytes[2];
  CHECK(::read(one.ends[0], bytes, 2) == 1);
  CHECK(::read(one.ends[0], bytes, 2) == 0);
  poller.drop(one.watcher);
}

TEST_CASE("kqueue: a connection that fails is reported with its error, which finish_connect still knows") {
  const tests::ClosedPort closed;
  kqueue_poller poller;
  REQUIRE(poller.open().number == 0);
  fd_channel client;
  REQUIRE(client.open(net::Family::IPv4) == 0);
  if (client.start_connect(tests::at("127.0.0.1", closed.number())) == -EINPROGRESS) {
    REQUIRE(poller.watch(client, writable) == 0);
    int error = 0;
    poller.wait(-1, [&](Watcher&, unsigned what, int number) {
      CHECK(what == writable);
      error = number;
    });
    CHECK(error == ECONNREFUSED);
    CHECK(client.finish_connect() == -ECONNREFUSED);
    poller.drop(client);
  }
}

TEST_CASE("kqueue: a reset is what reading says, though the poller was given the error") {
  kqueue_poller poller;
  REQUIRE(poller.open().number == 0);
  fd_acceptor acceptor;
  REQUIRE(acceptor.listen(tests::at("127.0.0.1", 0), {}) == 0);
  fd_channel client, peer;
  REQUIRE(client.open(net::Family::IPv4) == 0);
  client.start_connect(acceptor.local_end());
  REQUIRE(poller.watch(acceptor, readable) == 0);
  poller.wait(-1, [](Watcher&, unsigned, int) {});
  REQUIRE(acceptor.accept(peer) == 0);
  REQUIRE(poller.watch(client, readable) == 0);
  peer.reset_on_close();
  peer.close();
  int error = 0;
  poller.wait(-1, [&](Watcher& watcher, unsigned, int number) { error = &watcher == &client ? number : error; });
  CHECK(error == ECONNRESET);
  char bytes[2];
  CHECK(client.read(bytes, 2).size == -ECONNRESET);
  poller.drop(client);
  poller.drop(acceptor);
}

TEST_SUITE("threads") {
  TEST_CASE("kqueue: another thread wakes it") { tests::is_woken_by_another_thread<kqueue_poller>(); }
}

#else

TEST_CASE("kqueue: nothing of it is there where the system has none") {
  MESSAGE("skipped: this system has no kqueue; `tests/run kqueue` tests the poller over a stand-in");
}

#endif
