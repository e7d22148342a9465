// Addresses of sockets, and what listens on one. Internal.
#ifndef NET_DETAIL_SYS_POSIX_ADDRESS_HPP
#define NET_DETAIL_SYS_POSIX_ADDRESS_HPP

#include <cstdint>
#include <string>
#include <string_view>

#include <net/detail/sys/posix/calls.hpp>
#include <net/detail/text/endpoint.hpp>

#if !defined(_WIN32)

namespace net::inline NET_ABI::detail::os {

NET_API Endpoint local_end(NativeHandle fd) noexcept;

NET_API Endpoint remote_end(NativeHandle fd) noexcept;

/// A socket that has no other end yet (S22.9).
NET_API bool unconnected(NativeHandle fd) noexcept;

/// The number of an interface by its name or its decimal number, 0 if there is none.
NET_API std::uint32_t interface_index(std::string_view zone) noexcept;

NET_API std::string interface_name(std::uint32_t index);

// ── connecting and listening ───────────────────────────────────────────────

/// A listening TCP descriptor, or a negated errno.
NET_API int listen_on(const Endpoint& at, const ListenFlags& flags) noexcept;

/// Takes the file of a listening Unix socket away; abstract names have none.
NET_API void remove_path(std::string_view path) noexcept;

/// A listening Unix socket, or a negated errno. ENOENT becomes EACCES, as libuv does (S23.6).
NET_API int listen_on_path(std::string_view path, const PathMode& mode, int backlog,
                           bool* mode_failed = nullptr) noexcept;

/// Listens on a descriptor that is bound already; 0 or a negated errno (S22.5). With a backlog of 0 one that listens
/// stays as it is, and any other one is EINVAL.
NET_API int listen_on_descriptor(NativeHandle fd, int backlog) noexcept;

}  // namespace net::inline NET_ABI::detail::os

#endif  // !_WIN32

#include <net/detail/sys/posix/address.ipp>

#endif
