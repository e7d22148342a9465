// Names, by the system's resolver. Internal.
#ifndef NET_DETAIL_SYS_POSIX_NAMES_HPP
#define NET_DETAIL_SYS_POSIX_NAMES_HPP

#include <cstring>
#include <string>

#include <net/detail/sys/posix/address.hpp>
#include <net/detail/sys/posix/headers.hpp>
#include <net/detail/sys/posix/system_address.hpp>
#include <net/detail/text/error_names.hpp>

namespace net::inline NET_ABI::detail::os {

/// The hint of S12.8: only families that this machine has.
inline constexpr int address_config_hint = AI_ADDRCONFIG;
inline constexpr int known_hints = AI_ADDRCONFIG | AI_ALL | AI_V4MAPPED;

/// Asks the system's resolver and waits for it. The addresses come in its order, as texts; what failed, or none.
template <class Addresses>
Errc look_up(const std::string& host, Family family, int hints, Addresses& addresses) {
  addrinfo asked{};
  asked.ai_family = family == Family::IPv4 ? AF_INET : family == Family::IPv6 ? AF_INET6 : AF_UNSPEC;
  asked.ai_socktype = SOCK_STREAM;
  asked.ai_flags = hints;
  addrinfo* found = nullptr;
  const int failed = ::getaddrinfo(host.c_str(), nullptr, &asked, &found);
  switch (failed) {
    case 0: break;
#if defined(EAI_NODATA) && EAI_NODATA != EAI_NONAME
    case EAI_NODATA:
#endif
#if defined(EAI_ADDRFAMILY)
    case EAI_ADDRFAMILY:
#endif
    case EAI_NONAME: return Errc::ERR_LOOKUP_NOT_FOUND;
    case EAI_AGAIN: return Errc::ERR_LOOKUP_TRY_AGAIN;
    case EAI_FAIL: return Errc::ERR_LOOKUP_FAILED;
    case EAI_FAMILY: return Errc::ERR_LOOKUP_BAD_FAMILY;
    case EAI_BADFLAGS: return Errc::ERR_LOOKUP_BAD_FLAGS;
    case EAI_MEMORY: return Errc::ERR_LOOKUP_NO_MEMORY;
    default: return Errc::ERR_LOOKUP_OTHER;
  }
  const struct Freed {
    addrinfo* all;
    ~Freed() { ::freeaddrinfo(all); }
  } freed{found};
  for (const addrinfo* at = found; at; at = at->ai_next) {
    if (at->ai_family != AF_INET && at->ai_family != AF_INET6) continue;
    SystemAddress address;
    std::memcpy(&address.storage, at->ai_addr, at->ai_addrlen);
    const Endpoint end = address.endpoint();
    addresses.push({endpoint_text(end), end.ip.family});
  }
  return addresses.empty() ? Errc::ERR_LOOKUP_NOT_FOUND : Errc{};
}

}  // namespace net::inline NET_ABI::detail::os

#endif
