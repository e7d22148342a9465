// Bytes that carry descriptors from one process to another. Internal.
#ifndef NET_DETAIL_IO_MESSAGES_HPP
#define NET_DETAIL_IO_MESSAGES_HPP

#include <concepts>
#include <cstddef>

#include <net/detail/io/native_handle.hpp>
#include <net/detail/text/endpoint.hpp>

namespace net::inline NET_ABI::detail {

/// The descriptors that came with what was received; they are the receiver's, and closed on exec.
struct CameDescriptors {
  NativeHandle first = no_handle;
  bool more = false;  // others came with it, which are closed already
  bool lost = false;  // one came for which this process had no room

  bool any() const noexcept { return first != no_handle || more || lost; }
};

/// The contract. Nothing blocks; errors are negated errno values, as a channel's. A descriptor travels with the first byte
/// of what is sent, is the sender's still, and one call brings those of one call at most.
template <class M>
concept MachineMessages = requires(NativeHandle local, const IoSlice* slices, char* into, std::size_t size,
                                   NativeHandle passed, CameDescriptors& came, NativeHandle (&ends)[2]) {
  { M::passes_descriptors() } -> std::same_as<bool>;                              // false: the others fail
  { M::make_pair(ends) } -> std::same_as<int>;                                    // connected to each other
  { M::send_with(local, slices, size, passed) } -> std::same_as<std::ptrdiff_t>;  // no_handle: bytes alone
  { M::receive_with(local, into, size, came) } -> std::same_as<std::ptrdiff_t>;
};

}  // namespace net::inline NET_ABI::detail

#endif
