// The bodies of connect.hpp. Internal.
#ifndef NET_CONNECT_IPP
#define NET_CONNECT_IPP

#include <net/connect.hpp>

#if NET_BODIES

namespace net::inline NET_ABI::inline NET_MACHINE {

NET_API bool getDefaultAutoSelectFamily() { return detail::SelectionDefaults::get().on.load() != 0; }

NET_API void setDefaultAutoSelectFamily(bool on) { detail::SelectionDefaults::get().on.store(on); }

NET_API std::chrono::milliseconds getDefaultAutoSelectFamilyAttemptTimeout() {
  return std::chrono::milliseconds(detail::SelectionDefaults::get().delay_ms.load());
}

NET_API void setDefaultAutoSelectFamilyAttemptTimeout(Duration delay) {
  detail::require_attempt_timeout(delay, "value");
  const double ms = delay.milliseconds();
  detail::SelectionDefaults::get().delay_ms.store(ms < 10 ? 10 : static_cast<int>(ms));
}

}  // namespace net::inline NET_ABI::inline NET_MACHINE

#endif
#endif
