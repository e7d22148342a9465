// For tests of channels on Windows: a poller, and waiting until a channel has something to say.
#ifndef NET_TESTS_WINDOWS_PUMPED_HPP
#define NET_TESTS_WINDOWS_PUMPED_HPP

#include <doctest/doctest.h>

#include <net/detail/sys/windows/port_poller.hpp>

namespace tests {

struct Pumped {
  Pumped() { REQUIRE(poller.open().number == 0); }

  /// Waits until the watcher is reported as this.
  void until(net::detail::Watcher& watcher, unsigned what) {
    REQUIRE(poller.watch(watcher, what) == 0);
    for (bool found = false; !found;) {
      poller.wait(-1, [&](net::detail::Watcher& which, unsigned happened, int) {
        found |= &which == &watcher && (happened & what) != 0;
      });
    }
    poller.watch(watcher, 0);
  }
  bool reported(net::detail::Watcher& watcher, unsigned what, int milliseconds = 0) {
    REQUIRE(poller.watch(watcher, what) == 0);
    bool found = false;
    poller.wait(milliseconds, [&](net::detail::Watcher& which, unsigned, int) { found |= &which == &watcher; });
    poller.watch(watcher, 0);
    return found;
  }

  net::detail::port_poller poller;
};

}  // namespace tests

#endif
