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

/// Where each stands in the table.
enum : unsigned {
  on_close,
  on_connect,
  on_attempt,
  on_attempt_failed,
  on_attempt_timeout,
  on_data,
  on_drain,
  on_end,
  on_error,
  on_lookup,
  on_ready_event,
  on_timeout,
  on_finish,
  on_prefinish,
  on_pause,
  on_resume,
  on_readable,
  on_pipe,
  on_unpipe
};

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif
