// The machine of this system with a clock that stands still while there is something to do: timers cost no time, and
// a seed replays. Include this instead of <net.hpp>.
#ifndef NET_TESTS_RANDOM_PROGRAMS_MACHINE_HPP
#define NET_TESTS_RANDOM_PROGRAMS_MACHINE_HPP

#define NET_MACHINE NET_JOIN(random_, NET_POLLER)

#include <net/detail/sys/machine.hpp>
#include <net/detail/sys/poller.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace programs {

/// A loop waits for ever, and nothing comes any more.
struct Idle {};
/// A loop has turned so often that it will not end.
struct Spins {};

/// The time of one thread.
struct Clock {
  std::uint64_t now = 1000000;
  std::size_t turns = 0;
  std::size_t turn = 0;  // the one that is under way; after a nested run of another loop it is the outer one again
  std::size_t max_turns = static_cast<std::size_t>(-1);
  bool others = false;  // other threads or processes have a say: time passes really, too
  bool child = false;   // of a fork: it may leave whatever is open

  static Clock& here() noexcept {
    static thread_local Clock clock;
    return clock;
  }
  /// How long something may take that comes over the loopback, or from another thread, on a machine that is busy. Too
  /// short a time is no harm before the program is to end.
  int patience = 3;
  int now_patience() const noexcept { return child ? 20 : others && patience < 20 ? 20 : patience; }
};

/// Another loop turns inside of a listener.
struct Nested {
  std::size_t outer = Clock::here().turn;
  Nested() = default;
  Nested(const Nested&) = delete;
  Nested& operator=(const Nested&) = delete;
  ~Nested() { Clock::here().turn = outer; }
};

}  // namespace programs

namespace net::detail::inline NET_MACHINE {

/// The real poller; only the waiting is different.
class random_poller : public NET_JOIN(NET_POLLER, _poller) {
  using Real = NET_JOIN(NET_POLLER, _poller);

 public:
  void wake() noexcept {
    rings_.fetch_add(1);
    Real::wake();
  }

  template <class Each>
  void wait(int milliseconds, Each&& each) {
    programs::Clock& clock = programs::Clock::here();
    clock.turn = ++clock.turns;
    if (clock.turns > clock.max_turns) throw programs::Spins{};
    const std::uint64_t before = os::now_ns();
    bool any = wait_really(0, each);
    if (any || milliseconds == 0) return;
    if (milliseconds < 0) {
      const int patience = clock.now_patience();
      any = wait_really(patience, each);
      const bool over = os::now_ns() - before >= static_cast<std::uint64_t>(patience) * 1000000u;
      if (!any && over) throw programs::Idle{};
      return;
    }
    if (clock.others && clock.turns % 8 == 0) any = wait_really(1, each);
    if (!any) clock.now += static_cast<std::uint64_t>(milliseconds);
  }

 private:
  template <class Each>
  bool wait_really(int milliseconds, Each& each) {
    bool any = false;
    Real::wait(milliseconds, [&](Watcher& watcher, unsigned what, int error) {
      any = true;
      each(watcher, what, error);
    });
    const unsigned rung = rings_.load();
    return std::exchange(seen_, rung) != rung || any;
  }

  std::atomic<unsigned> rings_{0};
  unsigned seen_ = 0;
};

struct Machine : system_machine {
  using Poller = random_poller;
  static std::uint64_t now_ns() noexcept { return programs::Clock::here().now * 1000000u; }
};

}  // namespace net::detail::inline NET_MACHINE

#include <net.hpp>

#endif
