// The errors of Windows, as the errno values that every machine answers with. Internal.
#ifndef NET_DETAIL_SYS_WINDOWS_ERRORS_HPP
#define NET_DETAIL_SYS_WINDOWS_ERRORS_HPP

#include <net/detail/base/abi.hpp>

#if defined(_WIN32)

namespace net::inline NET_ABI::detail::os {

/// What an error of Windows or of Winsock means, as libuv has it; EIO for one that nobody expects.
NET_API int errno_of(unsigned long code) noexcept;

/// The same, negated, of what failed last: of Windows, and of Winsock.
NET_API int last_error() noexcept;
NET_API int last_socket_error() noexcept;

/// The same of a status that a completed operation carries; 0 for success.
NET_API int status_error(unsigned long status) noexcept;

}  // namespace net::inline NET_ABI::detail::os

#endif  // _WIN32

#include <net/detail/sys/windows/errors.ipp>

#endif
