// Descriptors that travel over Unix sockets, by SCM_RIGHTS. Internal.
#ifndef NET_DETAIL_SYS_POSIX_MESSAGES_HPP
#define NET_DETAIL_SYS_POSIX_MESSAGES_HPP

#include <cstddef>

#include <net/detail/io/messages.hpp>
#include <net/detail/sys/posix/calls.hpp>

#if !defined(_WIN32)

namespace net::inline NET_ABI::detail::os {

inline bool passes_descriptors() noexcept { return true; }
NET_API int make_pair(NativeHandle (&ends)[2]) noexcept;
NET_API std::ptrdiff_t send_with(NativeHandle local, const IoSlice* slices, std::size_t count,
                                 NativeHandle passed) noexcept;
NET_API std::ptrdiff_t receive_with(NativeHandle local, char* into, std::size_t size, CameDescriptors& came) noexcept;

}  // namespace net::inline NET_ABI::detail::os

#endif  // !_WIN32

#include <net/detail/sys/posix/messages.ipp>

#endif
