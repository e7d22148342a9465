#include <net/detail/sys/posix/signals.hpp>

#if !defined(_WIN32)

#include <doctest/doctest.h>

#include <poll.h>
#include <signal.h>

#include <cerrno>

using namespace net::detail;

namespace {

int own_calls = 0;

bool woken(const os::SignalWaker& waker) {
  pollfd entry{waker.waker.descriptor(), POLLIN, 0};
  return ::poll(&entry, 1, 0) == 1;
}

void (*handler_of(int signo))(int) {
  struct sigaction now{};
  ::sigaction(signo, nullptr, &now);
  return now.sa_handler;
}

}  // namespace

TEST_CASE("a signal wakes the wakers that are for it, all of them, and no others") {
  os::SignalWaker first, second, other;
  first.signo = second.signo = SIGUSR1;
  other.signo = SIGUSR2;
  for (os::SignalWaker* waker : {&first, &second, &other}) REQUIRE(os::listen_to_signal(*waker) == 0);
  ::raise(SIGUSR1);
  CHECK(woken(first));
  CHECK(woken(second));
  CHECK_FALSE(woken(other));
  first.waker.drain();
  second.waker.drain();
  os::forget_signal(first);
  ::raise(SIGUSR1);
  CHECK_FALSE(woken(first));
  CHECK(woken(second));
  os::forget_signal(second);
  os::forget_signal(second);
  os::forget_signal(other);
}

TEST_CASE("the handler that was there before is back when the last waker has gone, and not a moment earlier") {
  void (*const own)(int) = [](int) { ++own_calls; };
  struct sigaction action{}, before{};
  action.sa_handler = own;
  ::sigaction(SIGUSR1, &action, &before);
  os::SignalWaker first, second;
  first.signo = second.signo = SIGUSR1;
  REQUIRE(os::listen_to_signal(first) == 0);
  REQUIRE(os::listen_to_signal(second) == 0);
  os::forget_signal(first);
  CHECK((handler_of(SIGUSR1) != own));
  ::raise(SIGUSR1);
  CHECK(own_calls == 0);
  os::forget_signal(second);
  CHECK((handler_of(SIGUSR1) == own));
  ::raise(SIGUSR1);
  CHECK(own_calls == 1);
  ::sigaction(SIGUSR1, &before, nullptr);
}

TEST_CASE("what is no signal, or one that nobody may handle, is refused and leaves nothing behind") {
  for (const int signo : {SIGKILL, SIGSTOP, 0, NSIG + 100}) {
    os::SignalWaker waker;
    waker.signo = signo;
    CHECK(os::listen_to_signal(waker) == -EINVAL);
    os::forget_signal(waker);
  }
}

TEST_CASE("a signal's handler leaves errno as it was") {
  os::SignalWaker waker;
  waker.signo = SIGUSR1;
  REQUIRE(os::listen_to_signal(waker) == 0);
  errno = 1234;
  ::raise(SIGUSR1);
  CHECK(errno == 1234);
  os::forget_signal(waker);
}

#endif
