// The bodies of endpoint_text.hpp. Internal.
#ifndef NET_DETAIL_SYS_ENDPOINT_TEXT_IPP
#define NET_DETAIL_SYS_ENDPOINT_TEXT_IPP

#include <net/detail/sys/endpoint_text.hpp>

#if NET_BODIES

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

NET_API std::string endpoint_text(const Endpoint& end) {
  std::string text = to_text(end.ip);
  if (is_link_local(end.ip) && end.scope != 0) text.append("%").append(Machine::interface_name(end.scope));
  return text;
}

NET_API Endpoint parse_endpoint(std::string_view text, int port) noexcept {
  Endpoint end;
  end.ip = parse_ip(text);
  end.port = static_cast<std::uint16_t>(port);
  if (end.ip.family == Family::IPv6) end.scope = Machine::interface_index(zone_of(text));
  return end;
}

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif
#endif
