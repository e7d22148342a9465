// What the system knows a socket by. Internal.
#ifndef NET_DETAIL_IO_NATIVE_HANDLE_HPP
#define NET_DETAIL_IO_NATIVE_HANDLE_HPP

#include <cstdint>

#include <net/detail/base/abi.hpp>

namespace net::inline NET_ABI {

/// What the system knows a socket by, as `nativeHandle()` and `release()` give it: a descriptor; on Windows a SOCKET,
/// or the HANDLE of a named pipe. -1 is none.
#if defined(_WIN32)
using NativeHandle = std::intptr_t;
#else
using NativeHandle = int;
#endif

namespace detail {

inline constexpr NativeHandle no_handle = -1;

/// What a descriptor from elsewhere is (S22).
enum class DescriptorKind { tcp, local, pipe, datagram, terminal, file, unknown };

}  // namespace detail
}  // namespace net::inline NET_ABI

#endif
