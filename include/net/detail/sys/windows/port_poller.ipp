// The bodies of port_poller.hpp. Internal.
#ifndef NET_DETAIL_SYS_WINDOWS_PORT_POLLER_IPP
#define NET_DETAIL_SYS_WINDOWS_PORT_POLLER_IPP

#include <net/detail/sys/windows/port_poller.hpp>

#if NET_BODIES

#include <cerrno>
#include <utility>

#include <net/detail/sys/windows/calls.hpp>

#if defined(_WIN32)

namespace net::inline NET_ABI::detail {

NET_API Refusal port_poller::open() noexcept {
  shut();
  if (const int failed = os::start_winsock(); failed < 0) return {-failed, "WSAStartup"};
  if (const Refusal refused = port_.open(); refused.number != 0) return refused;
  registrations_.each([this](Registration& place) {
    if (place.watcher->interest != 0) watch(*place.watcher, place.watcher->interest);
  });
  return {};
}

NET_API void port_poller::shut() noexcept {
  registrations_.each([this](Registration& place) {
    leave(place);
    place.watcher->registered = 0;
  });
  port_.shut();
  devices_.close();
}

NET_API bool port_poller::add(Watcher& watcher) noexcept {
  if (watcher.registration) return true;
  if (!registrations_.add(watcher)) return false;
  watcher.registration->place = 0;
  return true;
}

NET_API bool port_poller::hold(Watcher& watcher) noexcept {
  if (!add(watcher)) return false;
  PortEntry* const entry = entry_of(watcher.fd);
  return !entry || enter_entry(watcher, *entry) == 0;
}

NET_API int port_poller::watch(Watcher& watcher, unsigned mask) {
  watcher.interest = static_cast<std::uint8_t>(mask);
  if (!port_.is_open()) return 0;
  if (mask != 0) {
    if (!add(watcher)) return -ENOMEM;
    if (const int failed = enter(watcher); failed < 0) return failed;
    port_.queue(*entry_of_place(*watcher.registration));
  }
  watcher.registered = static_cast<std::uint8_t>(mask);
  return 0;
}

NET_API int port_poller::enter(Watcher& watcher) {
  PortEntry* const entry = entry_of(watcher.fd);
  return entry ? enter_entry(watcher, *entry) : enter_socket(watcher);
}

NET_API int port_poller::enter_entry(Watcher& watcher, PortEntry& entry) noexcept {
  Registration& place = *watcher.registration;
  if (const int failed = port_.attach(entry); failed < 0) return failed;
  if (place.place == 0) entry.retain();
  entry.registration = &place;
  place.place = reinterpret_cast<std::size_t>(&entry);
  return 0;
}

/// What has no memory throws, and has changed nothing.
NET_API int port_poller::enter_socket(Watcher& watcher) {
  Registration& place = *watcher.registration;
  if (place.place != 0 && !static_cast<AfdEntry*>(entry_of_place(place))->asks_too_little()) return 0;
  struct Taken {
    AfdDevice* device;
    ~Taken() {
      if (device) --device->sockets;
    }
  };
  int failed = 0;
  Taken taken{devices_.take(port_, failed)};
  if (!taken.device) return failed;
  auto* const entry = new AfdEntry(os::socket_of(watcher.fd), *taken.device);
  taken.device = nullptr;  // it is the entry's
  if ((failed = port_.attach(*entry)) < 0) return entry->release(), failed;
  leave(place);  // what was asked before is answered to nobody; the new one asks for all of it
  entry->registration = &place;
  place.place = reinterpret_cast<std::size_t>(entry);
  return 0;
}

/// What is in flight for a socket is of no use any more; a pipe is its channel's, and goes on.
NET_API void port_poller::leave(Registration& place) noexcept {
  PortEntry* const entry = entry_of_place(place);
  place.place = 0;
  if (!entry) return;
  entry->registration = nullptr;
  if (entry->operations == &AfdEntry::table) entry->operations->cancel(*entry);
  entry->release();
}

NET_API void port_poller::drop(Watcher& watcher) noexcept {
  watcher.interest = watcher.registered = 0;
  if (!watcher.registration) return;
  leave(*watcher.registration);
  registrations_.remove(*watcher.registration, true);
}

NET_API bool port_poller::has(NativeHandle fd) noexcept {
  bool found = false;
  registrations_.each([&](const Registration& place) {
    const PortEntry* const entry = entry_of(place.watcher->fd);
    found |= (entry ? entry->operations->native(*entry) : place.watcher->fd) == fd;
  });
  return found;
}

}  // namespace net::inline NET_ABI::detail

#endif  // _WIN32
#endif
#endif
