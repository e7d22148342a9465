// The machine of this system, counting: how often the poller waits, and a channel receives and sends. Include this
// instead of <net.hpp>.
#ifndef NET_TESTS_COUNTING_MACHINE_HPP
#define NET_TESTS_COUNTING_MACHINE_HPP

#define NET_MACHINE NET_JOIN(counting_, NET_POLLER)

#include <net/detail/io/machine.hpp>
#include <net/detail/sys/machine.hpp>

#include <utility>

namespace net::detail::inline NET_MACHINE {

struct Counts {
  std::size_t waits = 0, watches = 0, receives = 0, sends = 0, sent_bytes = 0;

  static Counts& so_far() {
    static Counts counts;
    return counts;
  }
  Counts operator-(const Counts& before) const {
    return {waits - before.waits, watches - before.watches, receives - before.receives, sends - before.sends,
            sent_bytes - before.sent_bytes};
  }
};

struct counting_poller : NET_JOIN(NET_POLLER, _poller) {
  int watch(Watcher& watcher, unsigned mask) {
    Counts::so_far().watches += mask != watcher.registered;
    return NET_JOIN(NET_POLLER, _poller)::watch(watcher, mask);
  }
  template <class Each>
  net::detail::Refusal wait(int milliseconds, Each&& each) {
    ++Counts::so_far().waits;
    return NET_JOIN(NET_POLLER, _poller)::wait(milliseconds, std::forward<Each>(each));
  }
};

struct counting_channel : system_machine::Channel {
  ReadResult read(char* into, std::size_t size) noexcept {
    ++Counts::so_far().receives;
    return system_machine::Channel::read(into, size);
  }
  std::ptrdiff_t write(const IoSlice* slices, std::size_t count) noexcept {
    ++Counts::so_far().sends;
    const std::ptrdiff_t sent = system_machine::Channel::write(slices, count);
    if (sent > 0) Counts::so_far().sent_bytes += static_cast<std::size_t>(sent);
    return sent;
  }
};

struct Machine : system_machine {
  using Poller = counting_poller;
  using Channel = counting_channel;
};

static_assert(CompleteMachine<Machine>);

}  // namespace net::detail::inline NET_MACHINE

#include <net.hpp>

#endif
