// The bodies of ip_address.hpp. Internal.
#ifndef NET_DETAIL_TEXT_IP_ADDRESS_IPP
#define NET_DETAIL_TEXT_IP_ADDRESS_IPP

#include <net/detail/text/ip_address.hpp>

#if NET_BODIES

namespace net::inline NET_ABI::detail {

NET_API std::string to_text(const IpAddress& ip) {
  if (!ip) return {};
  IpText text;
  write_ip(text, ip);
  return std::string(text.view());
}

[[noreturn]] NET_API void throw_bad_family(Family family) {
  throw_error(invalid_value("options.family", "is invalid", std::to_string(static_cast<int>(family))));
}

}  // namespace net::inline NET_ABI::detail

#endif
#endif
