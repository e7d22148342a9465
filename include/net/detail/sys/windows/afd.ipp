// The bodies of afd.hpp. Internal.
#ifndef NET_DETAIL_SYS_WINDOWS_AFD_IPP
#define NET_DETAIL_SYS_WINDOWS_AFD_IPP

#include <net/detail/sys/windows/afd.hpp>

#if NET_BODIES

#include <cerrno>

#include <net/detail/base/exchange.hpp>
#include <net/detail/sys/windows/errors.hpp>

#if defined(_WIN32)

namespace net::inline NET_ABI::detail {

// The events of the driver.
inline constexpr win::Word afd_receive = 1, afd_send = 4, afd_disconnect = 8, afd_abort = 0x10, afd_local_close = 0x20;
inline constexpr win::Word afd_accept = 0x80, afd_connect_fail = 0x100;

/// \Device\Afd is no file that CreateFileW would open.
NET_API win::Handle open_afd() noexcept {
  using Create = std::int32_t(__stdcall*)(win::Handle*, win::Word, const win::ObjectAttributes*, win::StatusBlock*,
                                          std::int64_t*, win::Word, win::Word, win::Word, win::Word, void*, win::Word);
  static const auto create = reinterpret_cast<Create>(
      reinterpret_cast<void*>(win::GetProcAddress(win::GetModuleHandleW(L"ntdll.dll"), "NtCreateFile")));
  static constexpr wchar_t path[] = L"\\Device\\Afd\\net.hpp";
  const win::UnicodeString name{sizeof path - sizeof(wchar_t), sizeof path, path};
  const win::ObjectAttributes attributes{sizeof attributes, nullptr, &name, 0, nullptr, nullptr};
  constexpr win::Word shared = 3, open = 1;
  win::StatusBlock status{};
  win::Handle device = nullptr;
  if (!create ||
      create(&device, win::synchronize, &attributes, &status, nullptr, 0, shared, open, 0, nullptr, 0) != 0) {
    return nullptr;
  }
  return device;
}

NET_API AfdDevice* AfdDevices::take(Port& port, int& failed) {
  for (AfdDevice* device = first_; device; device = device->next) {
    if (device->sockets < AfdDevice::max_sockets) return ++device->sockets, device;
  }
  auto* const device = new AfdDevice;
  device->handle = open_afd();
  if (!device->handle) {
    delete device;
    failed = -EMFILE;
    return nullptr;
  }
  failed = port.associate(device->handle, win::skip_event);
  if (failed < 0) {
    win::CloseHandle(device->handle);
    delete device;
    return nullptr;
  }
  device->sockets = 1;
  device->next = detail::exchange(first_, device);
  return device;
}

NET_API void AfdDevices::close() noexcept {
  while (AfdDevice* const device = first_) {
    first_ = device->next;
    win::CloseHandle(device->handle);
    delete device;
  }
}

NET_API AfdEntry::AfdEntry(win::Socket watched, AfdDevice& on) noexcept
    : PortEntry(table), socket(watched), base(watched), device(on) {
  poll.entry = this;
  // what other programs have put between us and the driver is left out
  win::Word size = 0;
  win::Socket below = 0;
  if (win::WSAIoctl(socket, win::control_base_handle, nullptr, 0, &below, sizeof below, &size, nullptr, nullptr) == 0) {
    base = below;
  }
}

NET_API win::Word AfdEntry::wanted(unsigned interest) noexcept {
  win::Word events = 0;
  if (interest & readable) events |= afd_receive | afd_accept | afd_disconnect;
  if (interest & writable) events |= afd_send;
  return events != 0 ? events | afd_abort | afd_connect_fail | afd_local_close : 0;
}

NET_API void AfdEntry::cancel() noexcept {
  if (poll.in_flight) win::CancelIoEx(device.handle, win::as<::_OVERLAPPED>(&poll.overlapped));
}

NET_API unsigned AfdEntry::prepare() noexcept {
  ready &= interest();
  if (ready != 0) return ready;
  const win::Word events = wanted(interest());
  if (events == 0 || poll.in_flight) return 0;
  info = {INT64_MAX, 1, 0, reinterpret_cast<win::Handle>(base), events, 0};
  win::Word size = 0;
  if (!win::DeviceIoControl(device.handle, win::control_afd_poll, &info, sizeof info, &info, sizeof info, &size,
                            poll.begin()) &&
      os::last_error() != -EAGAIN) {
    return ready = interest();  // no socket, or none any more: whoever uses it is told so
  }
  asked = events;
  port->began(poll);
  return 0;
}

NET_API void AfdEntry::done(int failed) noexcept {
  if (failed == ECANCELED || !registration) return;
  if (failed != 0) {
    ready = readable | writable;
    return;
  }
  const win::Word events = info.count > 0 ? info.events : 0;
  if (events & afd_local_close) return;  // somebody else has closed it: silence, as of any number without a socket
  if (events & (afd_receive | afd_accept | afd_disconnect)) ready |= readable;
  if (events & afd_send) ready |= writable;
  if (events & (afd_abort | afd_connect_fail)) ready |= readable | writable;
}

NET_API constexpr PortEntry::Operations AfdEntry::table{
    [](PortEntry& entry) noexcept { return static_cast<AfdEntry&>(entry).prepare(); },
    [](PortEntry& entry) noexcept { return detail::exchange(static_cast<AfdEntry&>(entry).ready, 0u); },
    [](PortEntry& entry, PortOperation&, int failed, std::size_t) noexcept {
      static_cast<AfdEntry&>(entry).done(failed);
    },
    nullptr,
    [](PortEntry&) noexcept { return 0; },
    [](PortEntry& entry) noexcept { static_cast<AfdEntry&>(entry).cancel(); },
    [](const PortEntry& entry) noexcept {
      return static_cast<NativeHandle>(static_cast<const AfdEntry&>(entry).socket);
    },
    [](PortEntry& entry) noexcept {
      auto& self = static_cast<AfdEntry&>(entry);
      --self.device.sockets;
      delete &self;
    }};

}  // namespace net::inline NET_ABI::detail

#endif  // _WIN32
#endif
#endif
