// A socket on its way to another process: laid aside, handed on, or taken back. Internal.
#ifndef NET_DETAIL_IPC_HANDOVER_HPP
#define NET_DETAIL_IPC_HANDOVER_HPP

#include <string>
#include <string_view>

#include <net/detail/stream/state.hpp>
#include <net/error.hpp>

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

/// Whether something that was written has not left yet.
NET_API bool has_to_send(SocketState& socket);

/// Why a socket that is open cannot travel: what it has received would be lost, or is too much for a frame.
NET_API Error handover_refusal(const SocketState& socket);

/// Adds to the bytes what was received and nobody has taken, as it came: what was decoded is encoded again. Throws
/// without memory, and then the socket goes on.
NET_API void take_unread(SocketState& socket, std::string& into);

/// From now on it is destroyed for its user, and nothing is emitted any more; the descriptor stays, and so does its
/// place among its server's connections.
NET_API void lay_aside(SocketState& socket) noexcept;

/// The other side has it: it is closed here, without a word to anybody. One that throws has done nothing.
NET_API void hand_on(SocketState& socket);

/// The other side will not have it: it goes on here, and what nobody has got comes first.
NET_API void take_back(SocketState& socket, std::string_view unread) noexcept;

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#include <net/detail/ipc/handover.ipp>

#endif
