// The bodies of options.hpp. Internal.
#ifndef NET_OPTIONS_IPP
#define NET_OPTIONS_IPP

#include <net/options.hpp>

#if NET_BODIES

namespace net::inline NET_ABI::inline NET_MACHINE {

NET_API std::string AddressInfo::toString() const {
  if (!path.empty()) return path;
  return (family == Family::IPv6 ? "[" + address + "]" : address) + ":" + std::to_string(port);
}

}  // namespace net::inline NET_ABI::inline NET_MACHINE

#endif
#endif
