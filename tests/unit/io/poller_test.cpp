#include <net/detail/io/poller.hpp>

#include <doctest/doctest.h>

#include "tests/support/least_machine.hpp"

namespace {

using net::NativeHandle;
using net::detail::Watcher;
using Least = net::detail::least_poller;

struct NoWake : Least {
  void wake() = delete;
};
struct WatchesSilently : Least {
  void watch(Watcher&, unsigned) {}
};
struct EmitsNothing : Least {
  void wait(int) {}
};
struct NativeOfNoConst : Least {
  NativeHandle native() { return -1; }
};
struct NeverOpens : Least {
  bool open() { return true; }
};
struct NeedsArguments : Least {
  explicit NeedsArguments(int) {}
};

}  // namespace

TEST_CASE("a poller watches, drops, waits, is woken, and has a descriptor; what lacks one of these is none") {
  using net::detail::Poller;
  static_assert(Poller<Least>);
  static_assert(!Poller<NoWake> && !Poller<WatchesSilently> && !Poller<EmitsNothing> && !Poller<NativeOfNoConst> &&
                !Poller<NeverOpens>);
  static_assert(!Poller<NeedsArguments> && !Poller<int>);
}

TEST_CASE("a watcher is silent, and about no descriptor, until it asks for more") {
  const Watcher watcher;
  CHECK((watcher.owner == nullptr && watcher.registration == nullptr));
  CHECK((watcher.fd == net::detail::no_handle && watcher.interest == 0 && watcher.registered == 0));
  static_assert(sizeof(Watcher) <= 16 + 2 * sizeof(NativeHandle), "it is part of every socket");
}

TEST_CASE("what is ready is said in bits that do not meet") {
  using namespace net::detail;
  static_assert((readable & writable) == 0 && (readable & hung_up) == 0 && (writable & hung_up) == 0);
  static_assert(readable != 0 && writable != 0 && hung_up != 0);
}
