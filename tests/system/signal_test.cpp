#include <net/loop.hpp>

#include <doctest/doctest.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <stdexcept>
#include <string>
#include <thread>

#include "tests/support/session.hpp"
#include "tests/support/skip.hpp"
#include "tests/support/support.hpp"

namespace {

std::atomic<int> own_handler_calls = 0;

/// What a program had for a signal before the library came, put back at the end of the scope.
class OwnHandler {
 public:
  explicit OwnHandler(int signo) : signo_(signo) {
    own_handler_calls = 0;
    before_ = ::signal(signo, note);
  }
  OwnHandler(const OwnHandler&) = delete;
  OwnHandler& operator=(const OwnHandler&) = delete;
  ~OwnHandler() { ::signal(signo_, before_); }

 private:
  static void note(int signo) {
    ::signal(signo, note);  // where it is forgotten when it is called
    ++own_handler_calls;
  }

  int signo_;
  void (*before_)(int);
};

/// To this thread, so that its handler has run when this returns, whatever other threads there are.
void send(int signo) { ::raise(signo); }

}  // namespace

TEST_SUITE_BEGIN("threads");

TEST_CASE("a signal calls back on the loop, with its number if that is wanted") {
  net::Loop loop;
  int number = 0, plain = 0;
  const net::Signal first = loop.onSignal(SIGUSR1, [&](int signo) { number = signo; });
  const net::Signal second = loop.onSignal(SIGUSR1, [&] { ++plain; });
  first.ref();
  loop.setImmediate([] { send(SIGUSR1); });
  while (number == 0 || plain == 0) loop.runOnce();
  CHECK(number == SIGUSR1);
  CHECK(plain == 1);
  first.close();
  second.close();
  CHECK_FALSE(loop.runOnce(0));
}

TEST_CASE("a signal alone does not keep the loop alive, unless it is ref'd") {
  net::Loop loop;
  const net::Signal signal = loop.onSignal(SIGUSR1, [] {});
  CHECK_FALSE(signal.hasRef());
  CHECK_FALSE(loop.alive());
  loop.run();
  signal.ref();
  CHECK(loop.alive());
  signal.unref();
  CHECK_FALSE(loop.alive());
  signal.ref();
  signal.close();
  CHECK_FALSE(signal.hasRef());
  signal.ref();
  signal.close();
  loop.run();
}

TEST_CASE("the old handler is back when the last listener of a signal is closed") {
  const OwnHandler own(SIGUSR2);
  net::Loop loop;
  int calls = 0;
  const net::Signal first = loop.onSignal(SIGUSR2, [&] { ++calls; });
  const net::Signal second = loop.onSignal(SIGUSR2, [&] { ++calls; });
  first.close();
  second.ref();
  send(SIGUSR2);
  while (calls == 0) loop.runOnce();
  CHECK(calls == 1);
  CHECK(own_handler_calls == 0);
  second.close();
  send(SIGUSR2);
  CHECK(own_handler_calls == 1);
}

TEST_CASE("a loop that goes takes its signals with it") {
  const OwnHandler own(SIGUSR2);
  const std::size_t before = tests::open_descriptors();
  {
    net::Signal outlives;
    {
      net::Loop loop;
      outlives = loop.onSignal(SIGUSR2, [] {});
    }
    outlives.close();
    outlives.ref();
    send(SIGUSR2);
    CHECK(own_handler_calls == 1);
  }
  CHECK(tests::open_descriptors() == before);
}

TEST_CASE("a callback may close its signal, and throw; the signal goes on") {
  net::Loop loop;
  int calls = 0;
  net::Signal signal = loop.onSignal(SIGUSR1, [&] {
    if (++calls == 1) throw std::runtime_error("first");
    signal.close();
  });
  signal.ref();
  send(SIGUSR1);
  CHECK_THROWS_WITH_AS(loop.run(), "first", std::runtime_error);
  send(SIGUSR1);
  loop.run();
  CHECK(calls == 2);
}

TEST_CASE("a number that is no signal, and one that cannot be listened to, throw EINVAL") {
  net::Loop loop;
  for (const int signo : {0, -1, 1000, SIGKILL}) {
    try {
      loop.onSignal(signo, [] {});
      FAIL("no error");
    } catch (const net::Error& error) {
      CHECK(error.name() == "EINVAL");
      CHECK(error.syscall() == "uv_signal_start");
    }
  }
  CHECK_FALSE(loop.alive());
}

TEST_CASE("every loop that listens is called, while listeners come and go and signals arrive") {
  NET_NOT_ON_WINDOWS("its C library forgets a handler while it calls it: a signal meanwhile ends the program");
  const OwnHandler own(SIGUSR1);  // gets those that are sent when the last listener has gone
  std::atomic<int> ready = 0, calls = 0;
  std::atomic<bool> over = false;
  const auto listening = [&] {
    net::Loop loop;
    const net::Signal signal = loop.onSignal(SIGUSR1, [&] {
      ++calls;
      signal.close();
    });
    signal.ref();
    ++ready;
    loop.run();
  };
  std::thread first(listening), second(listening);
  while (ready < 2) std::this_thread::yield();
  std::thread busy([&] {
    net::Loop loop;
    while (!over) loop.onSignal(SIGUSR1, [] {}).close();
  });
  while (calls < 2) {
    send(SIGUSR1);
    std::this_thread::yield();
  }
  over = true;
  busy.join();
  first.join();
  second.join();
  CHECK(calls == 2);
}

TEST_SUITE_END();
