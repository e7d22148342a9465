// The bodies of pipe_server.hpp. Internal.
#ifndef NET_DETAIL_SYS_WINDOWS_PIPE_SERVER_IPP
#define NET_DETAIL_SYS_WINDOWS_PIPE_SERVER_IPP

#include <net/detail/sys/windows/pipe_server.hpp>

#if NET_BODIES

#include <cerrno>
#include <new>

#include <net/detail/base/exchange.hpp>
#include <net/detail/sys/windows/errors.hpp>

#if defined(_WIN32)

namespace net::inline NET_ABI::detail {

NET_API PipeServerEntry::PipeServerEntry(const PipeName& name, const PathMode& mode) noexcept
    : PortEntry(table), name_(name), mode_(mode) {
  for (Instance& each : instances_) each.connecting.entry = this;
}

NET_API int PipeServerEntry::open(bool first) noexcept {
  if (first && pipe_exists(name_)) return -EADDRINUSE;
  int failed = 0;
  instances_[0].handle = make_pipe(name_, mode_, first, failed);
  if (failed == -EPERM || failed == -EBUSY) failed = first ? -EADDRINUSE : -EACCES;
  return failed == -ENOENT ? -EACCES : failed;
}

NET_API void PipeServerEntry::make(Instance& instance) noexcept {
  int failed = 0;
  instance.handle = make_pipe(name_, mode_, false, failed);
  if (instance.handle && port->associate(instance.handle, win::skip_port_on_success | win::skip_event) < 0) {
    win::CloseHandle(detail::exchange(instance.handle, nullptr));
  }
}

NET_API void PipeServerEntry::await(Instance& instance) noexcept {
  if (instance.connected || instance.connecting.in_flight) return;
  if (!instance.handle) make(instance);
  if (!instance.handle) return;  // tried again after a while
  if (win::ConnectNamedPipe(instance.handle, instance.connecting.begin())) {
    instance.connected = true;
    return;
  }
  constexpr win::Word pending = 997, there_already = 535, gone_again = 232;
  const win::Word failed = win::GetLastError();
  if (failed == pending) return port->began(instance.connecting);
  if (failed == there_already || failed == gone_again) {
    instance.connected = true;  // who is gone may have left something to read
  } else {
    win::CloseHandle(detail::exchange(instance.handle, nullptr));
  }
}

NET_API PipeEntry* PipeServerEntry::accept(int& failed) noexcept {
  failed = would_block;
  if (!port) return nullptr;
  for (Instance& each : instances_) {
    if (!each.connected) continue;
    auto* const pipe = new (std::nothrow) PipeEntry;
    if (!pipe) return failed = -ENOMEM, nullptr;
    pipe->set(detail::exchange(each.handle, nullptr));
    each.connected = false;
    await(each);
    pipe->associated();
    failed = port->attach(*pipe);
    if (failed == 0) return pipe;
    pipe->close();
    return nullptr;
  }
  return nullptr;
}

NET_API void PipeServerEntry::cancel() noexcept {
  for (Instance& each : instances_) {
    if (each.connecting.in_flight) win::CancelIoEx(each.handle, win::as<::_OVERLAPPED>(&each.connecting.overlapped));
  }
}

NET_API void PipeServerEntry::close_handles() noexcept {
  for (Instance& each : instances_) {
    if (each.handle) win::CloseHandle(detail::exchange(each.handle, nullptr));
    each.connected = false;
  }
}

NET_API void PipeServerEntry::close() noexcept {
  closed_ = true;
  Port::forget_due(*this);
  cancel();
  close_handles();
  release();
}

struct PipeServerCalls {
  static unsigned prepare(PortEntry& entry) noexcept {
    auto& self = static_cast<PipeServerEntry&>(entry);
    if (!self.closed_) {
      bool lacks = false;
      for (auto& each : self.instances_) {
        self.await(each);
        lacks |= !each.handle;
      }
      if (lacks) self.port->set_due(self, PipeServerEntry::retry_ms);
    }
    return take(entry) & self.interest();
  }
  static unsigned take(PortEntry& entry) noexcept {
    for (const auto& each : static_cast<PipeServerEntry&>(entry).instances_) {
      if (each.connected) return readable;
    }
    return 0;
  }
  static void done(PortEntry& entry, PortOperation& operation, int failed, std::size_t) noexcept {
    auto& self = static_cast<PipeServerEntry&>(entry);
    if (self.closed_) return;
    for (auto& each : self.instances_) {
      if (&each.connecting != &operation) continue;
      if (failed == 0 || failed == EPIPE) {
        each.connected = true;
      } else if (each.handle) {
        win::CloseHandle(detail::exchange(each.handle, nullptr));
      }
    }
  }
  /// Whatever is due is prepared anyhow.
  static void due(PortEntry&) noexcept {}
  static int attached(PortEntry& entry) noexcept {
    auto& self = static_cast<PipeServerEntry&>(entry);
    return self.port->associate(self.instances_[0].handle, win::skip_port_on_success | win::skip_event);
  }
  static void cancel(PortEntry& entry) noexcept { static_cast<PipeServerEntry&>(entry).cancel(); }
  static NativeHandle native(const PortEntry& entry) noexcept {
    const win::Handle handle = static_cast<const PipeServerEntry&>(entry).instances_[0].handle;
    return handle ? reinterpret_cast<NativeHandle>(handle) : no_handle;
  }
  static void free(PortEntry& entry) noexcept { delete static_cast<PipeServerEntry*>(&entry); }
};

NET_API constexpr PortEntry::Operations PipeServerEntry::table{
    &PipeServerCalls::prepare,  &PipeServerCalls::take,   &PipeServerCalls::done,   &PipeServerCalls::due,
    &PipeServerCalls::attached, &PipeServerCalls::cancel, &PipeServerCalls::native, &PipeServerCalls::free};

}  // namespace net::inline NET_ABI::detail

#endif  // _WIN32
#endif
#endif
