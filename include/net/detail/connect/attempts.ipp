// The bodies of attempts.hpp. Internal.
#ifndef NET_DETAIL_CONNECT_ATTEMPTS_IPP
#define NET_DETAIL_CONNECT_ATTEMPTS_IPP

#include <net/detail/connect/attempts.hpp>

#if NET_BODIES

#include <net/detail/base/exchange.hpp>

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

NET_API constexpr Handle::Operations ConnectAttempts::table{
    [](Handle& handle) noexcept { delete static_cast<ConnectAttempts*>(&handle); }, [](Handle&) noexcept {}};

NET_API void ConnectAttempts::end() noexcept {
  if (loop && detail::exchange(end_expected, false)) {
    loop->closing().push_expected({Ref<Handle>(static_cast<Handle*>(this)), [](Handle&) {}});
  }
  release();
}

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif
#endif
