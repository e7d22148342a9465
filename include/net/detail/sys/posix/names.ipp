// The bodies of names.hpp. Internal.
#ifndef NET_DETAIL_SYS_POSIX_NAMES_IPP
#define NET_DETAIL_SYS_POSIX_NAMES_IPP

#include <net/detail/sys/posix/names.hpp>

#if NET_BODIES

#include <cstring>

#include <net/detail/sys/posix/headers.hpp>
#include <net/detail/sys/posix/system_address.hpp>

#if !defined(_WIN32)

namespace net::inline NET_ABI::detail::os {

NET_RARE Errc lookup_failure(int failed) noexcept {
  switch (failed) {
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
}

NET_RARE Errc look_up(const std::string& host, Family family, int hints, Vec<Endpoint>& found) {
  addrinfo asked{};
  asked.ai_family = family == Family::IPv4 ? AF_INET : family == Family::IPv6 ? AF_INET6 : AF_UNSPEC;
  asked.ai_socktype = SOCK_STREAM;
  asked.ai_flags = hints;
  addrinfo* all = nullptr;
  if (const int failed = ::getaddrinfo(host.c_str(), nullptr, &asked, &all); failed != 0) return lookup_failure(failed);
  const struct Freed {
    addrinfo* all;
    ~Freed() { ::freeaddrinfo(all); }
  } freed{all};
  for (const addrinfo* at = all; at; at = at->ai_next) {
    if (at->ai_family != AF_INET && at->ai_family != AF_INET6) continue;
    SystemAddress address;
    std::memcpy(&address.storage, at->ai_addr, at->ai_addrlen);
    found.push(address.endpoint());
  }
  return found.empty() ? Errc::ERR_LOOKUP_NOT_FOUND : Errc{};
}

NET_API int address_config_hint() noexcept { return AI_ADDRCONFIG; }
NET_API int known_hints() noexcept {
  int known = AI_ADDRCONFIG;
#if defined(AI_ALL) && defined(AI_V4MAPPED)
  known |= AI_ALL | AI_V4MAPPED;
#endif
  return known;
}

}  // namespace net::inline NET_ABI::detail::os

#endif  // !_WIN32

#endif
#endif
