#include <net/detail/sys/windows/signals.hpp>

#if defined(_WIN32)

#include <doctest/doctest.h>

#include <cerrno>
#include <csignal>
#include <net/detail/sys/windows/port_poller.hpp>

using namespace net::detail;

TEST_CASE("a signal wakes whoever listens to it, each time; the last one puts back what was there before") {
  static int before = 0;
  std::signal(SIGTERM, [](int) { ++before; });
  port_poller poller;
  REQUIRE(poller.open().number == 0);
  os::SignalWaker one, other;
  one.signo = other.signo = SIGTERM;
  REQUIRE(os::listen_to_signal(one) == 0);
  REQUIRE(os::listen_to_signal(other) == 0);
  Watcher watcher;
  watcher.fd = one.waker.descriptor();
  REQUIRE(poller.watch(watcher, readable) == 0);
  for (int round = 0; round < 3; ++round) {
    std::raise(SIGTERM);
    int calls = 0;
    poller.wait(0, [&](Watcher&, unsigned what, int) { calls += what == readable; });
    CHECK(calls == 1);
    one.waker.drain();
  }
  os::forget_signal(other);
  poller.drop(watcher);
  os::forget_signal(one);
  one.waker.close();
  CHECK(before == 0);
  std::raise(SIGTERM);
  CHECK(before == 1);
  std::signal(SIGTERM, SIG_DFL);
}

TEST_CASE("a signal that was on its way when the last one stopped listening is that of who was there before") {
  static int before = 0;
  std::signal(SIGTERM, [](int) { ++before; });
  os::SignalWaker waker;
  waker.signo = SIGTERM;
  REQUIRE(os::listen_to_signal(waker) == 0);
  const auto on_its_way = std::signal(SIGTERM, SIG_DFL);  // what the C library calls, and it has forgotten it
  REQUIRE((on_its_way != SIG_DFL));
  os::forget_signal(waker);
  std::signal(SIGTERM, SIG_DFL);
  on_its_way(SIGTERM);
  CHECK(before == 1);
  CHECK((std::signal(SIGTERM, SIG_DFL) != on_its_way));
}

TEST_CASE("a handler that the program has set since stays when the last one stops listening") {
  static int since = 0;
  os::SignalWaker waker;
  waker.signo = SIGTERM;
  REQUIRE(os::listen_to_signal(waker) == 0);
  std::signal(SIGTERM, [](int) { ++since; });
  os::forget_signal(waker);
  std::raise(SIGTERM);
  CHECK(since == 1);
  std::signal(SIGTERM, SIG_DFL);
}

TEST_CASE("the console calls nobody when nobody listens: the program may be without the library by then") {
  const auto heard = [] { return win::SetConsoleCtrlHandler(&os::on_console, 0) != 0; };
  CHECK_FALSE(heard());
  os::SignalWaker window, session, key;
  window.signo = 1;
  session.signo = SIGTERM;
  key.signo = SIGINT;
  for (os::SignalWaker* const each : {&window, &session, &key}) REQUIRE(os::listen_to_signal(*each) == 0);
  os::forget_signal(window);
  CHECK(heard());
  REQUIRE(win::SetConsoleCtrlHandler(&os::on_console, 1));
  os::forget_signal(session);
  CHECK_FALSE(heard());
  os::forget_signal(key);
}

TEST_CASE("a number that is no signal here is EINVAL; SIGHUP is the console's alone") {
  os::SignalWaker wrong;
  for (const int number : {0, -1, 10, 99}) {
    wrong.signo = number;
    CHECK(os::listen_to_signal(wrong) == -EINVAL);
  }
  os::SignalWaker window;
  window.signo = 1;
  CHECK(os::listen_to_signal(window) == 0);
  os::forget_signal(window);
}

#endif
