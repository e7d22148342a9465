// The events of a server. Internal; net::Server says what they mean.
#ifndef NET_DETAIL_LISTEN_EVENTS_HPP
#define NET_DETAIL_LISTEN_EVENTS_HPP

#include <net/detail/events/event.hpp>
#include <net/detail/stream/events.hpp>
#include <net/error.hpp>
#include <net/options.hpp>

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

using ServerEvents = EventTable<Event<"close">, Event<"connection", Socket>, Event<"error", const Error>,
                                Event<"listening">, Event<"drop", const DropInfo>>;

/// Where each stands in the table.
enum : unsigned { server_close, server_connection, server_error, server_listening, server_drop };

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif
