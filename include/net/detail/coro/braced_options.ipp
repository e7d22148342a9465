// The bodies of braced_options.hpp. Internal.
#ifndef NET_DETAIL_CORO_BRACED_OPTIONS_IPP
#define NET_DETAIL_CORO_BRACED_OPTIONS_IPP

#include <net/detail/coro/braced_options.hpp>

#if NET_BODIES

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

NET_API BracedConnectOptions::operator ConnectOptions() const {
  return {.port = port,
          .host = std::string(host),
          .path = std::string(path),
          .localAddress = std::string(localAddress),
          .localPort = localPort,
          .family = family,
          .hints = hints,
          .lookup = lookup.copy(),
          .noDelay = noDelay,
          .keepAlive = keepAlive,
          .keepAliveInitialDelay = keepAliveInitialDelay,
          .autoSelectFamily = autoSelectFamily,
          .autoSelectFamilyAttemptTimeout = autoSelectFamilyAttemptTimeout,
          .blockList = blockList.copy(),
          .timeout = timeout,
          .allowHalfOpen = allowHalfOpen,
          .onread = onread,
          .signal = signal.copy(),
          .reusable = reusable};
}

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif
#endif
