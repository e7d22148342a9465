// The bodies of names.hpp. Internal.
#ifndef NET_DETAIL_SYS_WINDOWS_NAMES_IPP
#define NET_DETAIL_SYS_WINDOWS_NAMES_IPP

#include <net/detail/sys/windows/names.hpp>

#if NET_BODIES

#include <cstring>

#include <net/detail/sys/windows/address.hpp>

#if defined(_WIN32)

namespace net::inline NET_ABI::detail::os {

NET_API Errc lookup_failure(int failed) noexcept {
  switch (failed) {
    case 11001:                                     // no such host
    case 11004:                                     // no address of that kind
    case 10108: return Errc::ERR_LOOKUP_NOT_FOUND;  // no such service
    case 11002: return Errc::ERR_LOOKUP_TRY_AGAIN;
    case 11003: return Errc::ERR_LOOKUP_FAILED;
    case 10047: return Errc::ERR_LOOKUP_BAD_FAMILY;
    case 10022: return Errc::ERR_LOOKUP_BAD_FLAGS;
    case 8: return Errc::ERR_LOOKUP_NO_MEMORY;
    case -9: return Errc::ERR_LOOKUP_NOT_FOUND;  // Wine's word for an address of the other family
    default: return Errc::ERR_LOOKUP_OTHER;
  }
}

NET_API Errc look_up(const std::string& host, Family family, int hints, Vec<Endpoint>& found) {
  if (host.empty()) return Errc::ERR_LOOKUP_NOT_FOUND;  // for Windows that would be this machine
  wchar_t name[1024];                                   // a name that does not fit is nobody's
  if (start_winsock() < 0) return Errc::ERR_LOOKUP_OTHER;
  if (!to_wide(host, name, sizeof name / sizeof name[0])) return Errc::ERR_LOOKUP_NOT_FOUND;
  win::AddressInfo asked{};
  asked.family = family == Family::IPv4 ? win::family_ip4 : family == Family::IPv6 ? win::family_ip6 : 0;
  asked.type = win::type_stream;
  asked.flags = hints;
  ::addrinfoW* all = nullptr;
  const int failed = win::GetAddrInfoW(name, nullptr, win::as<const ::addrinfoW>(&asked), &all);
  if (failed != 0) return lookup_failure(failed);
  const struct Freed {
    ::addrinfoW* all;
    ~Freed() { win::FreeAddrInfoW(all); }
  } freed{all};
  for (const auto* at = win::as<const win::AddressInfo>(all); at; at = at->next) {
    SystemAddress address;
    if (at->size > sizeof address.bytes) continue;
    std::memcpy(address.bytes, at->address, at->size);
    if (const Endpoint end = address.endpoint()) found.push(end);
  }
  return found.empty() ? Errc::ERR_LOOKUP_NOT_FOUND : Errc{};
}

NET_API int address_config_hint() noexcept { return 0; }
NET_API int known_hints() noexcept { return 0x400 | 0x100 | 0x800; }  // ADDRCONFIG, ALL, V4MAPPED

}  // namespace net::inline NET_ABI::detail::os

#endif  // _WIN32
#endif
#endif
