// Readiness by a completion port, for Windows: of sockets, pipes and wakers together. Internal.
#ifndef NET_DETAIL_SYS_WINDOWS_PORT_POLLER_HPP
#define NET_DETAIL_SYS_WINDOWS_PORT_POLLER_HPP

#include <net/detail/io/poller.hpp>
#include <net/detail/sys/windows/afd.hpp>
#include <net/detail/sys/windows/port.hpp>

#if defined(_WIN32)

namespace net::inline NET_ABI::detail {

/// A completion port tells what is done, and not what could be done. So each watcher has an entry of the port's, which
/// asks the system before the loop waits: whether the socket is ready, or for bytes of the pipe. What it learns stays
/// ready until it is used.
class port_poller {
 public:
  port_poller() noexcept = default;
  port_poller(const port_poller&) = delete;
  port_poller& operator=(const port_poller&) = delete;
  ~port_poller() { shut(); }

  Refusal open() noexcept;
  void shut() noexcept;

  int watch(Watcher& watcher, unsigned mask);
  void drop(Watcher& watcher) noexcept;
  bool hold(Watcher& watcher) noexcept;
  bool has(NativeHandle fd) noexcept;

  template <class Each>
  Refusal wait(int milliseconds, Each&& each) {
    registrations_.begin_round();
    if (const Refusal refused = port_.collect(milliseconds); refused.number != 0) return refused;
    unsigned what = 0;
    while (PortEntry* const entry = port_.next_ready(what)) each(*entry->registration->watcher, what, 0);
    return {};
  }

  void wake() noexcept { port_.wake(); }
  /// No descriptor stands for all: none.
  NativeHandle native() const noexcept { return no_handle; }

 private:
  static PortEntry* entry_of_place(const Registration& place) noexcept {
    return reinterpret_cast<PortEntry*>(place.place);
  }
  /// The entry by which the port knows it; a negated errno if there can be none.
  int enter(Watcher& watcher);
  int enter_socket(Watcher& watcher);
  int enter_entry(Watcher& watcher, PortEntry& entry) noexcept;
  bool add(Watcher& watcher) noexcept;
  void leave(Registration& place) noexcept;

  AfdDevices devices_;
  Port port_;
  Registrations registrations_;
};

static_assert(Poller<port_poller>);

}  // namespace net::inline NET_ABI::detail

#endif  // _WIN32

#include <net/detail/sys/windows/port_poller.ipp>

#endif
