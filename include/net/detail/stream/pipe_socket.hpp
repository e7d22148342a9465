// pipe() and unpipe() of a socket: what may be a destination, and what one that is a socket emits. Internal.
#ifndef NET_DETAIL_STREAM_PIPE_SOCKET_HPP
#define NET_DETAIL_STREAM_PIPE_SOCKET_HPP

#include <type_traits>

#include <net/detail/stream/events.hpp>
#include <net/detail/stream/pipe.hpp>
#include <net/detail/stream/pipe_link.hpp>
#include <net/detail/stream/state.hpp>
#include <net/emitter.hpp>
#include <net/options.hpp>

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

/// What a socket emits when it is a destination.
struct EmitsPipe {
  template <class Socket>
  static void piped(const Socket& to, const Socket& source) {
    (void)Access::state(to).template emit_event<on_pipe>(Access::state(source));
  }
  template <class Socket>
  static void unpiped(const Socket& to, const Socket& source) {
    (void)Access::state(to).template emit_event<on_unpipe>(Access::state(source));
  }
  template <class Socket>
  static bool to_close(const Socket& to) noexcept {
    return Access::state(to).kept_by_loop;
  }
  template <class Socket>
  static bool to_drain(const Socket& to) noexcept {
    return Access::state(to).need_drain;
  }
  template <class Socket>
  static bool given_away(const Socket& to) noexcept {
    return Access::state(to).released;
  }
};

template <class Socket, class Destination>
using DestinationEvents = std::conditional_t<std::is_same_v<Destination, Socket>, EmitsPipe, EmitsNothing>;

template <class Socket, class Destination>
void pipe_socket(const Socket& source, Destination& destination, PipeOptions options) {
  constexpr bool writable = Writable<Destination>;
  static_assert(
      writable,
      "pipe() takes a net::Writable: a socket, or a copyable handle with write(Chunk) that gives a bool, end(), "
      "addListener<Name>(listener) of 'drain', 'finish', 'close' and 'error', off(what that gives), "
      "listenerCount<\"error\">() and writableNeedDrain()");
  if constexpr (writable) {
    Access::state(source).require_no_idle_reader();
    start_pipe<DestinationEvents<Socket, Destination>>(source, destination, options);
  }
}

template <class Socket, class Destination>
void unpipe_socket(const Socket& source, const Destination& destination) {
  static_assert(Writable<Destination>, "unpipe() takes what was given to pipe(), a net::Writable");
  if constexpr (Writable<Destination>) {
    if (Access::state(source).cold) unpipe_from<DestinationEvents<Socket, Destination>>(source, destination);
  }
}

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif
