// The calls of Winsock, with errors returned as negated errno values. Internal.
#ifndef NET_DETAIL_SYS_WINDOWS_CALLS_HPP
#define NET_DETAIL_SYS_WINDOWS_CALLS_HPP

#include <cstddef>
#include <cstdint>
#include <string_view>

#include <net/detail/io/native_handle.hpp>
#include <net/detail/sys/windows/system.hpp>
#include <net/detail/text/endpoint.hpp>

#if defined(_WIN32)

namespace net::inline NET_ABI::detail::os {

inline win::Socket socket_of(NativeHandle fd) noexcept { return static_cast<win::Socket>(fd); }
inline win::Handle handle_of(NativeHandle fd) noexcept { return reinterpret_cast<win::Handle>(fd); }

/// One call moves no more than this, so that a count fits everywhere.
inline constexpr std::size_t max_at_once = std::size_t{1} << 30;

/// Winsock wants to be started once; a negated errno if it cannot be.
NET_API int start_winsock() noexcept;

/// A text of Windows', with a NUL behind it; false if it is no UTF-8, has a NUL itself, or does not fit.
NET_API bool to_wide(std::string_view text, wchar_t* into, std::size_t capacity) noexcept;

NET_API void close_socket(NativeHandle fd) noexcept;

/// So that it never blocks, and no child inherits it; 0 or a negated errno.
NET_API int prepare(NativeHandle fd) noexcept;

/// A new stream socket, or a negated errno.
NET_API NativeHandle open_socket(Family family) noexcept;

/// The next connection that waits, or a negated errno.
NET_API NativeHandle accept_from(NativeHandle fd) noexcept;

/// A socket of its own for the same connection, or for what is listened on; or a negated errno.
NET_API NativeHandle duplicate(NativeHandle fd) noexcept;

NET_API std::ptrdiff_t receive(NativeHandle fd, char* into, std::size_t size) noexcept;

/// One send of up to `max_slices`.
NET_API std::ptrdiff_t send_slices(NativeHandle fd, const IoSlice* slices, std::size_t count) noexcept;

NET_API int shutdown_write(NativeHandle fd) noexcept;

/// The error that waits on a socket.
NET_API int pending_error(NativeHandle fd) noexcept;

/// Whether it is a socket that listens.
NET_API bool listens(NativeHandle fd) noexcept;

/// What a handle from elsewhere is (S22).
NET_API DescriptorKind kind_of(NativeHandle fd) noexcept;

// ── options ────────────────────────────────────────────────────────────────

NET_API int set_flag(NativeHandle fd, int level, int name, int value) noexcept;

/// Makes closing send a reset (S17.12).
NET_API int reset_on_close(NativeHandle fd) noexcept;

/// S18.12: a delay of 0 leaves the system's times alone; otherwise probes each second.
NET_API int set_keep_alive(NativeHandle fd, bool on, int delay_seconds) noexcept;

/// S18.16: as well as the system can; neither fails.
NET_API int set_type_of_service(NativeHandle fd, Family family, int value) noexcept;
NET_API int get_type_of_service(NativeHandle fd, Family family) noexcept;

}  // namespace net::inline NET_ABI::detail::os

#endif  // _WIN32

#include <net/detail/sys/windows/calls.ipp>

#endif
