// Names, by the system's resolver. Internal.
#ifndef NET_DETAIL_SYS_POSIX_NAMES_HPP
#define NET_DETAIL_SYS_POSIX_NAMES_HPP

#include <string>

#include <net/detail/base/vec.hpp>
#include <net/detail/text/endpoint.hpp>
#include <net/error.hpp>

#if !defined(_WIN32)

namespace net::inline NET_ABI::detail::os {

/// What a failure of getaddrinfo(3) means.
NET_API Errc lookup_failure(int failed) noexcept;

/// Asks the system's resolver and waits for it. The addresses come in its order; what failed, or none.
NET_API Errc look_up(const std::string& host, Family family, int hints, Vec<Endpoint>& found);

/// The hint of S12.8: only families that this machine has.
NET_API int address_config_hint() noexcept;

/// All hints that look_up knows.
NET_API int known_hints() noexcept;

}  // namespace net::inline NET_ABI::detail::os

#endif  // !_WIN32

#include <net/detail/sys/posix/names.ipp>

#endif
