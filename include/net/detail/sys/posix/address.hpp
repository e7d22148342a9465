// Addresses in the system's form, what is done with them, and names. Internal.
#ifndef NET_DETAIL_SYS_POSIX_ADDRESS_HPP
#define NET_DETAIL_SYS_POSIX_ADDRESS_HPP

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include <net/detail/sys/posix/calls.hpp>
#include <net/detail/text/endpoint.hpp>
#include <net/error.hpp>

namespace net::inline NET_ABI::detail::os {

/// The system's form of an address of any kind.
struct SystemAddress {
  union {
    sockaddr any;
    sockaddr_in v4;
    sockaddr_in6 v6;
    sockaddr_un local;
    sockaddr_storage storage;
  };
  socklen_t size = sizeof(sockaddr_storage);

  SystemAddress() noexcept { std::memset(&storage, 0, sizeof storage); }

  explicit SystemAddress(const Endpoint& from) noexcept;

  /// False if the path does not fit (S23.5) or holds a NUL that is not its first byte (S23.7).
  bool set_path(std::string_view path) noexcept;

  Endpoint endpoint() const noexcept;
};

NET_API Endpoint local_end(NativeHandle fd) noexcept;

NET_API Endpoint remote_end(NativeHandle fd) noexcept;

/// A socket that has no other end yet (S22.9).
NET_API bool unconnected(NativeHandle fd) noexcept;

/// The number of an interface by its name or its decimal number, 0 if there is none.
NET_API std::uint32_t interface_index(std::string_view zone) noexcept;

NET_API std::string interface_name(std::uint32_t index);

/// The text of the address, with the interface of a link-local one (S11.17).
NET_API std::string endpoint_text(const Endpoint& end);

/// The address that a text is, with its zone resolved; none if it is no address.
NET_API Endpoint parse_endpoint(std::string_view text, int port) noexcept;

// ── connecting and listening ───────────────────────────────────────────────

NET_API int bind_to(NativeHandle fd, const SystemAddress& address) noexcept;

/// 0: connected; -EINPROGRESS: wait for writable; else a negated errno.
NET_API int connect_to(NativeHandle fd, const SystemAddress& address) noexcept;

/// A listening TCP descriptor, or a negated errno.
NET_API int listen_on(const Endpoint& at, const ListenFlags& flags) noexcept;

/// Takes the file of a listening Unix socket away; abstract names have none.
NET_API void remove_path(std::string_view path) noexcept;

/// A listening Unix socket, or a negated errno. ENOENT is told as EACCES, as libuv does (S23.6).
NET_API int listen_on_path(std::string_view path, const PathMode& mode, int backlog,
                          bool* mode_failed = nullptr) noexcept;

/// Listens on a descriptor that is bound already; 0 or a negated errno (S22.5).
NET_API int listen_on_descriptor(NativeHandle fd, int backlog) noexcept;

// ── names ──────────────────────────────────────────────────────────────────

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

/// The hint of S12.8: only families that this machine has.
inline constexpr int hint_address_config = AI_ADDRCONFIG;
inline constexpr int known_hints = AI_ADDRCONFIG | AI_ALL | AI_V4MAPPED;

}  // namespace net::inline NET_ABI::detail::os

#include <net/detail/sys/posix/address.ipp>

#endif
