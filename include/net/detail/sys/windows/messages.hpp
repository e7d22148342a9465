// Descriptors do not travel on Windows yet. Internal.
#ifndef NET_DETAIL_SYS_WINDOWS_MESSAGES_HPP
#define NET_DETAIL_SYS_WINDOWS_MESSAGES_HPP

#include <cerrno>
#include <cstddef>

#include <net/detail/io/messages.hpp>

#if defined(_WIN32)

namespace net::inline NET_ABI::detail::os {

inline bool passes_descriptors() noexcept { return false; }
inline int make_pair(NativeHandle (&)[2]) noexcept { return -ENOTSUP; }
inline std::ptrdiff_t send_with(NativeHandle, const IoSlice*, std::size_t, NativeHandle) noexcept { return -ENOTSUP; }
inline std::ptrdiff_t receive_with(NativeHandle, char*, std::size_t, CameDescriptors&) noexcept { return -ENOTSUP; }

}  // namespace net::inline NET_ABI::detail::os

#endif  // _WIN32

#endif
