// The events of a channel between processes. Internal; net::IpcChannel says what they mean.
#ifndef NET_DETAIL_IPC_EVENTS_HPP
#define NET_DETAIL_IPC_EVENTS_HPP

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <net/detail/events/event.hpp>
#include <net/error.hpp>
#include <net/server.hpp>
#include <net/socket.hpp>

namespace net::inline NET_ABI::inline NET_MACHINE {

/// What came with a message: nothing, a socket or a server. Whoever gets it may keep it, or let it go: what nobody
/// closes stays open, as a connection that was accepted does.
class ReceivedHandle {
 public:
  ReceivedHandle() noexcept = default;                                             ///< nothing came
  explicit ReceivedHandle(Socket socket) noexcept : socket_(std::move(socket)) {}  ///< a socket
  explicit ReceivedHandle(Server server) noexcept : server_(std::move(server)) {}  ///< a server

  /// The socket, if it is one; what it had received and nobody had read is its first 'data'.
  const std::optional<Socket>& socket() const noexcept { return socket_; }
  /// The server, if it is one. It listens; 'connection' comes as soon as there is somebody.
  const std::optional<Server>& server() const noexcept { return server_; }
  /// Whether anything came.
  explicit operator bool() const noexcept { return socket_ || server_; }

 private:
  std::optional<Socket> socket_;
  std::optional<Server> server_;
};

/// What a task receives by `IpcChannel::receive`: one message, and what came with it.
struct IpcMessage {
  std::string bytes;      ///< yours
  ReceivedHandle handle;  ///< nothing, a socket or a server
};

}  // namespace net::inline NET_ABI::inline NET_MACHINE

namespace net::inline NET_ABI::detail {

template <>
struct HandlesWithin<ReceivedHandle> {
  template <class Each>
  static void each(const ReceivedHandle& received, const Each& each) {
    if (received.socket()) each(*received.socket());
    if (received.server()) each(*received.server());
  }
};

}  // namespace net::inline NET_ABI::detail

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

using IpcEvents = EventTable<Event<"message", std::string_view, const ReceivedHandle>, Event<"error", const Error>,
                             Event<"disconnect">, Event<"drain">>;
enum : unsigned { ipc_message, ipc_error, ipc_disconnect, ipc_drain };

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif
