// The bodies of waker.hpp. Internal.
#ifndef NET_DETAIL_SYS_WINDOWS_WAKER_IPP
#define NET_DETAIL_SYS_WINDOWS_WAKER_IPP

#include <net/detail/sys/windows/waker.hpp>

#if NET_BODIES

#include <cerrno>
#include <new>

#include <net/detail/base/exchange.hpp>
#include <net/detail/base/lock_guard.hpp>

#if defined(_WIN32)

namespace net::inline NET_ABI::detail {

NET_API void WakerEntry::wake() noexcept {
  const LockGuard locked(mutex);
  if (detail::exchange(awake, true) || !at || detail::exchange(posted, true)) return;
  at->post(woken);
}

/// The port must not be told any more.
NET_API void WakerEntry::settle() noexcept {
  const LockGuard locked(mutex);
  at = nullptr;
}

NET_API constexpr PortEntry::Operations WakerEntry::table{
    [](PortEntry& entry) noexcept {
      auto& self = static_cast<WakerEntry&>(entry);
      const LockGuard locked(self.mutex);
      return self.awake ? self.interest() & readable : 0u;
    },
    [](PortEntry& entry) noexcept {
      auto& self = static_cast<WakerEntry&>(entry);
      const LockGuard locked(self.mutex);
      return self.awake ? readable : 0u;
    },
    [](PortEntry& entry, PortOperation&, int, std::size_t) noexcept {
      auto& self = static_cast<WakerEntry&>(entry);
      const LockGuard locked(self.mutex);
      self.posted = false;
    },
    nullptr,
    [](PortEntry& entry) noexcept {
      auto& self = static_cast<WakerEntry&>(entry);
      const LockGuard locked(self.mutex);
      self.at = self.port;
      return 0;
    },
    [](PortEntry& entry) noexcept { static_cast<WakerEntry&>(entry).settle(); },
    [](const PortEntry&) noexcept { return no_handle; },
    [](PortEntry& entry) noexcept { delete static_cast<WakerEntry*>(&entry); }};

namespace os {

NET_API int Waker::open() noexcept {
  close();
  entry_ = new (std::nothrow) WakerEntry;
  return entry_ ? 0 : -ENOMEM;
}

NET_API void Waker::close() noexcept {
  if (!entry_) return;
  entry_->settle();
  detail::exchange(entry_, nullptr)->release();
}

NET_API void Waker::drain() noexcept {
  if (!entry_) return;
  const LockGuard locked(entry_->mutex);
  entry_->awake = false;
}

}  // namespace os
}  // namespace net::inline NET_ABI::detail

#endif  // _WIN32
#endif
#endif
