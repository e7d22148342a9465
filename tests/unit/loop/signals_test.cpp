#include <net/detail/loop/signals.hpp>

#include <doctest/doctest.h>

#include <poll.h>

using namespace net::detail;

namespace {

int own_calls = 0;

bool rings(const os::SignalWaker& bell) {
  pollfd entry{bell.waker.descriptor(), POLLIN, 0};
  return ::poll(&entry, 1, 0) == 1;
}

void (*handler_of(int signo))(int) {
  struct sigaction now{};
  ::sigaction(signo, nullptr, &now);
  return now.sa_handler;
}

}  // namespace

TEST_CASE("a signal rings the bells that are for it, all of them, and no others") {
  os::SignalRegistry& registry = os::SignalRegistry::instance();
  os::SignalWaker first, second, other;
  first.signo = second.signo = SIGUSR1;
  other.signo = SIGUSR2;
  for (os::SignalWaker* bell : {&first, &second, &other}) REQUIRE(registry.add(*bell) == 0);
  ::raise(SIGUSR1);
  CHECK(rings(first));
  CHECK(rings(second));
  CHECK_FALSE(rings(other));
  first.waker.drain();
  second.waker.drain();
  registry.remove(first);
  ::raise(SIGUSR1);
  CHECK_FALSE(rings(first));
  CHECK(rings(second));
  registry.remove(second);
  registry.remove(second);
  registry.remove(other);
}

TEST_CASE("the handler that was there before is back when the last bell has gone, and not a moment earlier") {
  void (*const own)(int) = [](int) { ++own_calls; };
  struct sigaction action{}, before{};
  action.sa_handler = own;
  ::sigaction(SIGUSR1, &action, &before);
  os::SignalWaker first, second;
  first.signo = second.signo = SIGUSR1;
  os::SignalRegistry& registry = os::SignalRegistry::instance();
  REQUIRE(registry.add(first) == 0);
  REQUIRE(registry.add(second) == 0);
  registry.remove(first);
  CHECK((handler_of(SIGUSR1) != own));
  ::raise(SIGUSR1);
  CHECK(own_calls == 0);
  registry.remove(second);
  CHECK((handler_of(SIGUSR1) == own));
  ::raise(SIGUSR1);
  CHECK(own_calls == 1);
  ::sigaction(SIGUSR1, &before, nullptr);
}

TEST_CASE("what is no signal, or one that nobody may handle, is refused and leaves nothing behind") {
  os::SignalRegistry& registry = os::SignalRegistry::instance();
  for (const int signo : {SIGKILL, SIGSTOP, 0, NSIG + 100}) {
    os::SignalWaker bell;
    bell.signo = signo;
    CHECK(registry.add(bell) == -EINVAL);
    registry.remove(bell);
  }
}

TEST_CASE("a signal's handler leaves errno as it was") {
  os::SignalWaker bell;
  bell.signo = SIGUSR1;
  REQUIRE(os::SignalRegistry::instance().add(bell) == 0);
  errno = 1234;
  ::raise(SIGUSR1);
  CHECK(errno == 1234);
  os::SignalRegistry::instance().remove(bell);
}

TEST_CASE("a listener of a signal is told its number from the loop, and may close itself meanwhile") {
  LoopCore loop;
  const Ref<SignalState> state(new SignalState(loop, SIGUSR1));
  int told = 0;
  state->callback = [&](int signo) {
    told += signo;
    state->close();
  };
  REQUIRE(state->open() == 0);
  CHECK_MESSAGE(!loop.alive(), "it keeps no loop alive");
  state->set_ref(true);
  state->set_ref(true);
  CHECK(loop.alive());
  ::raise(SIGUSR1);
  CHECK(told == 0);
  loop.run();
  CHECK(told == SIGUSR1);
  CHECK_FALSE(loop.alive());
  CHECK(state->owners == 1);
  state->close();
}
