// The machine of this system, whose calls fail on order. Include this instead of <net.hpp>.
#ifndef NET_TESTS_FAILING_MACHINE_HPP
#define NET_TESTS_FAILING_MACHINE_HPP

#define NET_MACHINE NET_JOIN(failing_, NET_POLLER)

#include <net/detail/io/machine.hpp>
#include <net/detail/sys/machine.hpp>

#include <cerrno>
#include <cstddef>
#include <utility>

namespace net::detail::inline NET_MACHINE {

/// What fails, and how often: an errno and a number of calls. What was tried is counted.
struct Orders {
  struct Failure {
    int number = 0;
    std::size_t times = 0;
    std::size_t calls = 0;
    /// The negated errno of this call, or 0.
    int next() noexcept {
      ++calls;
      if (times == 0) return 0;
      --times;
      return -number;
    }
  };
  Failure accept, send, receive, watch;
  bool reserve = true;  // what the acceptors say
  std::size_t waits = 0;

  static Orders& now() {
    static Orders orders;
    return orders;
  }
};

struct failing_poller : NET_JOIN(NET_POLLER, _poller) {
  using Base = NET_JOIN(NET_POLLER, _poller);
  int watch(Watcher& watcher, unsigned mask) {
    if (mask != 0) {
      if (const int failed = Orders::now().watch.next()) return failed;
    }
    return Base::watch(watcher, mask);
  }
  template <class Each>
  net::detail::Refusal wait(int milliseconds, Each&& each) {
    ++Orders::now().waits;
    return Base::wait(milliseconds, std::forward<Each>(each));
  }
};

struct failing_channel : system_machine::Channel {
  ReadResult read(char* into, std::size_t size) noexcept {
    if (const int failed = Orders::now().receive.next()) return {failed, into};
    return system_machine::Channel::read(into, size);
  }
  std::ptrdiff_t write(const IoSlice* slices, std::size_t count) noexcept {
    if (const int failed = Orders::now().send.next()) return failed;
    return system_machine::Channel::write(slices, count);
  }
};

struct failing_acceptor : system_machine::Acceptor {
  int accept(system_machine::Channel& into) noexcept {
    if (const int failed = Orders::now().accept.next()) return failed;
    return system_machine::Acceptor::accept(into);
  }
  bool has_reserve() const noexcept { return Orders::now().reserve && system_machine::Acceptor::has_reserve(); }
};

struct Machine : system_machine {
  using Poller = failing_poller;
  using Channel = failing_channel;
  using Acceptor = failing_acceptor;
};

static_assert(CompleteMachine<Machine>);

}  // namespace net::detail::inline NET_MACHINE

#include <net.hpp>

#endif
