// Readiness of sockets: what select() itself asks the system's socket driver for, as an operation of a port. Internal.
#ifndef NET_DETAIL_SYS_WINDOWS_AFD_HPP
#define NET_DETAIL_SYS_WINDOWS_AFD_HPP

#include <net/detail/sys/windows/port.hpp>

#if defined(_WIN32)

namespace net::inline NET_ABI::detail {

/// A handle of the driver's. Some sockets share one: with very many on one the driver becomes slow.
struct AfdDevice {
  static constexpr int max_sockets = 32;

  win::Handle handle = nullptr;
  int sockets = 0;
  AfdDevice* next = nullptr;
};

/// The devices of one port.
class AfdDevices {
 public:
  AfdDevices() noexcept = default;
  AfdDevices(const AfdDevices&) = delete;
  AfdDevices& operator=(const AfdDevices&) = delete;
  ~AfdDevices() { close(); }

  /// One with space for a socket more, which has it now; null, and a negated errno, if there is none.
  AfdDevice* take(Port& port, int& failed);
  void close() noexcept;

 private:
  AfdDevice* first_ = nullptr;
};

/// One socket that is watched. The driver answers once: what is awaited still is asked for again before the next wait.
struct AfdEntry : PortEntry {
  static const Operations table;

  AfdEntry(win::Socket watched, AfdDevice& on) noexcept;

  /// What is in flight asks for less than what is awaited now: it is answered too late.
  bool asks_too_little() const noexcept { return poll.in_flight && (wanted(interest()) & ~asked) != 0; }
  unsigned prepare() noexcept;
  void done(int failed) noexcept;
  void cancel() noexcept;

  static win::Word wanted(unsigned interest) noexcept;

  win::Socket socket, base;
  AfdDevice& device;
  win::AfdPoll info{};
  PortOperation poll;
  win::Word asked = 0;
  unsigned ready = 0;
};

}  // namespace net::inline NET_ABI::detail

#endif  // _WIN32

#include <net/detail/sys/windows/afd.ipp>

#endif
