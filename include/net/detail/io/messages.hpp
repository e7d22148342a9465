// Bytes that carry descriptors from one process to another. Internal.
#ifndef NET_DETAIL_IO_MESSAGES_HPP
#define NET_DETAIL_IO_MESSAGES_HPP

#include <concepts>
#include <cstddef>
#include <cstdint>

#include <net/detail/io/channel.hpp>

namespace net::inline NET_ABI::detail {

/// The descriptors that came with what was received; they are the receiver's, and closed on exec.
struct CameDescriptors {
  NativeHandle first = no_handle;
  bool more = false;  // others came with it, which are closed already
  bool lost = false;  // one came for which this process had no descriptor left

  bool any() const noexcept { return first != no_handle || more || lost; }
};

/// The contract. Nothing blocks; errors are negated errno values, as a channel's. On one machine a descriptor travels
/// beside the bytes, with the first one of what is sent; it is the sender's still, and one call brings those of one
/// call at most. On another one there is a ticket among the bytes, for one process, which opens its own by it, once:
/// there only bytes are sent and received. What a read has under way there comes although the channel can send no more.
template <class M>
concept MachineMessages = requires(typename M::Channel& channel, const IoSlice* slices, char* into, const char* from,
                                   std::size_t size, std::uint32_t number, NativeHandle passed, NativeHandle& opened,
                                   CameDescriptors& came, NativeHandle (&ends)[2]) {
  { M::make_pair(ends) } -> std::same_as<int>;                                      // connected to each other
  { M::send_with(channel, slices, size, passed) } -> std::same_as<std::ptrdiff_t>;  // no_handle: bytes alone
  { M::receive_with(channel, into, size, came) } -> std::same_as<ReadResult>;
  { M::ticket_size } -> std::convertible_to<std::size_t>;          // 0: there are none, and the others fail
  { M::ticket_number() } -> std::same_as<std::uint32_t>;           // of this process
  { M::write_ticket(passed, number, into) } -> std::same_as<int>;  // for the process of that number
  { M::open_ticket(from, opened) } -> std::same_as<int>;           // what it opens is this process's
};

}  // namespace net::inline NET_ABI::detail

#endif
