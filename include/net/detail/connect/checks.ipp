// The bodies of checks.hpp. Internal.
#ifndef NET_DETAIL_CONNECT_CHECKS_IPP
#define NET_DETAIL_CONNECT_CHECKS_IPP

#include <net/detail/connect/checks.hpp>

#if NET_BODIES

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

NET_API void require_stream(NativeHandle fd) {
  if (fd < 0) throw_error(out_of_range("fd", ">= 0 && <= 2147483647", std::to_string(fd)));
  switch (Machine::kind_of(fd)) {
    case DescriptorKind::tcp:
    case DescriptorKind::local:
    case DescriptorKind::pipe: return;
    case DescriptorKind::datagram: throw_error(make_error(Errc::ERR_INVALID_FD_TYPE, "Unsupported fd type: UDP"));
    case DescriptorKind::terminal: throw_error(make_error(Errc::ERR_INVALID_FD_TYPE, "Unsupported fd type: TTY"));
    case DescriptorKind::file: throw_error(make_error(Errc::ERR_INVALID_FD_TYPE, "Unsupported fd type: FILE"));
    case DescriptorKind::unknown: throw_error(make_error(Errc::ERR_INVALID_FD_TYPE, "Unsupported fd type: UNKNOWN"));
  }
}

NET_API int require_port(int port, std::string_view name) {
  if (port < 0 || port > 65535) throw_error(bad_port(name, port));
  return port;
}

NET_API void require_attempt_timeout(Duration delay, std::string_view name) {
  const double ms = delay.milliseconds();
  if (!(ms >= 1 && ms <= 2147483647.0)) throw_error(out_of_range(name, ">= 1 && <= 2147483647", number_text(ms)));
}

NET_API void require_connectable(const ConnectOptions& options) {
  if (!options.path.empty()) return;
  if (options.port == -1) throw_error(make_error(Errc::ERR_MISSING_ARGS));
  require_port(options.port, "Port");
  if (!options.localAddress.empty() && isIP(options.localAddress) == 0) {
    throw_error(bad_ip(options.localAddress));
  }
  if (has_nul(options.host)) throw_error(nul_in_host(options.host));
  if (options.autoSelectFamilyAttemptTimeout) {
    require_attempt_timeout(*options.autoSelectFamilyAttemptTimeout, "options.autoSelectFamilyAttemptTimeout");
  }
  const bool resolves = isIP(options.host) == 0 && !options.lookup;
  if (resolves && (options.hints & ~Machine::known_hints()) != 0) {
    throw_error(invalid_value("hints", "is invalid", std::to_string(options.hints)));
  }
}

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif
#endif
