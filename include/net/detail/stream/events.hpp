// The events of a socket. Internal; net::Socket says what they mean.
#ifndef NET_DETAIL_STREAM_EVENTS_HPP
#define NET_DETAIL_STREAM_EVENTS_HPP

#include <string_view>

#include <net/chunk.hpp>
#include <net/detail/events/event.hpp>
#include <net/detail/sys/machine.hpp>
#include <net/error.hpp>

namespace net::inline NET_ABI::inline NET_MACHINE {
class Socket;
}

namespace net::inline NET_ABI::detail {

inline namespace NET_MACHINE {
struct SocketState;
}

template <>
struct Carried<Socket> {
  using type = const SocketState&;
};

}  // namespace net::inline NET_ABI::detail

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

using SocketEvents =
    EventTable<Event<"close", bool>, Event<"connect">, Event<"connectionAttempt", std::string_view, int, Family>,
               Event<"connectionAttemptFailed", std::string_view, int, Family, const Error>,
               Event<"connectionAttemptTimeout", std::string_view, int, Family>, Event<"data", Chunk>, Event<"drain">,
               Event<"end">, Event<"error", const Error>,
               Event<"lookup", const Error, std::string_view, Family, std::string_view>, Event<"ready">,
               Event<"timeout">, Event<"finish">, Event<"prefinish">, Event<"pause">, Event<"resume">,
               Event<"readable">, Event<"pipe", Socket>, Event<"unpipe", Socket>>;

inline constexpr unsigned on_close = SocketEvents::index<"close">;
inline constexpr unsigned on_connect = SocketEvents::index<"connect">;
inline constexpr unsigned on_attempt = SocketEvents::index<"connectionAttempt">;
inline constexpr unsigned on_attempt_failed = SocketEvents::index<"connectionAttemptFailed">;
inline constexpr unsigned on_attempt_timeout = SocketEvents::index<"connectionAttemptTimeout">;
inline constexpr unsigned on_data = SocketEvents::index<"data">;
inline constexpr unsigned on_drain = SocketEvents::index<"drain">;
inline constexpr unsigned on_end = SocketEvents::index<"end">;
inline constexpr unsigned on_error = SocketEvents::index<"error">;
inline constexpr unsigned on_lookup = SocketEvents::index<"lookup">;
inline constexpr unsigned on_ready_event = SocketEvents::index<"ready">;
inline constexpr unsigned on_timeout = SocketEvents::index<"timeout">;
inline constexpr unsigned on_finish = SocketEvents::index<"finish">;
inline constexpr unsigned on_prefinish = SocketEvents::index<"prefinish">;
inline constexpr unsigned on_pause = SocketEvents::index<"pause">;
inline constexpr unsigned on_resume = SocketEvents::index<"resume">;
inline constexpr unsigned on_readable = SocketEvents::index<"readable">;
inline constexpr unsigned on_pipe = SocketEvents::index<"pipe">;
inline constexpr unsigned on_unpipe = SocketEvents::index<"unpipe">;

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif
