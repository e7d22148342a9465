// What wakes a loop for a signal. Internal; a loop itself is woken by its port.
#ifndef NET_DETAIL_SYS_WINDOWS_WAKER_HPP
#define NET_DETAIL_SYS_WINDOWS_WAKER_HPP

#include <net/detail/sys/windows/port.hpp>
#include <net/detail/sys/windows/thread.hpp>

#if defined(_WIN32)

namespace net::inline NET_ABI::detail {

/// What is readable from `wake` until `drain`, once it is watched.
struct WakerEntry : PortEntry {
  static const Operations table;

  WakerEntry() noexcept : PortEntry(table) { woken.entry = this; }

  void wake() noexcept;
  void settle() noexcept;

  os::Mutex mutex;  // wake() comes in any thread
  PortOperation woken;
  Port* at = nullptr;
  bool awake = false;
  bool posted = false;  // the port has not said so yet
};

namespace os {

/// Becomes readable when `wake` is called, from any thread.
class Waker {
 public:
  Waker() noexcept = default;
  Waker(const Waker&) = delete;
  Waker& operator=(const Waker&) = delete;
  ~Waker() { close(); }

  /// 0, or a negated errno.
  int open() noexcept;
  void close() noexcept;

  NativeHandle descriptor() const noexcept { return entry_ ? tagged(*entry_) : no_handle; }
  void wake() noexcept {
    if (entry_) entry_->wake();
  }
  void drain() noexcept;

 private:
  WakerEntry* entry_ = nullptr;
};

}  // namespace os
}  // namespace net::inline NET_ABI::detail

#endif  // _WIN32

#include <net/detail/sys/windows/waker.ipp>

#endif
