// Descriptors that travel over Unix sockets, by SCM_RIGHTS. Internal.
#ifndef NET_DETAIL_SYS_POSIX_MESSAGES_HPP
#define NET_DETAIL_SYS_POSIX_MESSAGES_HPP

#include <cerrno>
#include <cstddef>
#include <cstdint>

#include <net/detail/io/messages.hpp>
#include <net/detail/sys/posix/calls.hpp>

#if !defined(_WIN32)

namespace net::inline NET_ABI::detail::os {

/// There are no tickets.
inline constexpr std::size_t ticket_size = 0;
inline std::uint32_t ticket_number() noexcept { return 0; }
inline int write_ticket(NativeHandle, std::uint32_t, char*) noexcept { return -ENOTSUP; }
inline int open_ticket(const char*, NativeHandle&) noexcept { return -ENOTSUP; }

NET_API int make_pair(NativeHandle (&ends)[2]) noexcept;
NET_API std::ptrdiff_t send_with(NativeHandle local, const IoSlice* slices, std::size_t count,
                                 NativeHandle passed) noexcept;
NET_API std::ptrdiff_t receive_with(NativeHandle local, char* into, std::size_t size, CameDescriptors& came) noexcept;

}  // namespace net::inline NET_ABI::detail::os

#endif  // !_WIN32

#include <net/detail/sys/posix/messages.ipp>

#endif
