// Sockets that travel over pipes, by tickets. Internal.
#ifndef NET_DETAIL_SYS_WINDOWS_MESSAGES_HPP
#define NET_DETAIL_SYS_WINDOWS_MESSAGES_HPP

#include <cstddef>
#include <cstdint>

#include <net/detail/io/messages.hpp>
#include <net/detail/sys/windows/channel.hpp>

#if defined(_WIN32)

namespace net::inline NET_ABI::detail::os {

/// Two ends of a pipe that nobody else can open. Neither is one port's yet, and so may still become another process's.
NET_API int make_pair(NativeHandle (&ends)[2]) noexcept;

/// What Winsock says of a socket that it has duplicated for another process. That one has a handle of it from then on,
/// and keeps it until it has opened the ticket and closed what it got.
inline constexpr std::size_t ticket_size = 628;

inline std::uint32_t ticket_number() noexcept { return win::GetCurrentProcessId(); }
/// ENOTSUP for a pipe: it belongs to the port that it was given to first.
NET_API int write_ticket(NativeHandle passed, std::uint32_t process, char* into) noexcept;
/// EPROTO for what is no ticket of a socket, as far as that can be seen: it names a handle of this process.
NET_API int open_ticket(const char* from, NativeHandle& opened) noexcept;

}  // namespace net::inline NET_ABI::detail::os

#endif  // _WIN32

#include <net/detail/sys/windows/messages.ipp>

#endif
