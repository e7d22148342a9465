// What the system knows a socket by. Internal.
#ifndef NET_DETAIL_IO_NATIVE_HANDLE_HPP
#define NET_DETAIL_IO_NATIVE_HANDLE_HPP

#include <net/detail/base/abi.hpp>

namespace net::inline NET_ABI {

/// A descriptor of the system, as `nativeHandle()` and `release()` give it.
using NativeHandle = int;

namespace detail {

inline constexpr NativeHandle no_handle = -1;

/// What a descriptor from elsewhere is (S22).
enum class DescriptorKind { tcp, local, pipe, datagram, terminal, file, unknown };

}  // namespace detail
}  // namespace net::inline NET_ABI

#endif
