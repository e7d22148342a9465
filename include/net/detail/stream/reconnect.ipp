// How a socket begins anew: what belongs to the old connection stays behind. Internal.
#ifndef NET_DETAIL_STREAM_RECONNECT_IPP
#define NET_DETAIL_STREAM_RECONNECT_IPP

#include <net/detail/base/exchange.hpp>
#include <net/detail/stream/state.hpp>

#if NET_BODIES

#include <string>
#include <utility>

#include <net/detail/base/on_throw.hpp>
#include <net/detail/loop/retry.hpp>

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

/// S12.21: a new connection finds everything as new, except what is named here and what is no part of a connection.
NET_API void SocketState::undestroy() {
  ColdConnection fresh;  // what needs memory comes first
  leave_writes_behind();
  for (unsigned which = 0; which < own_count; ++which) {
    if (which != own_read) drop_own(static_cast<OwnListener>(which));
  }
  if (released) delete detail::exchange(buffer, nullptr);
  count_bytes();
  static_cast<Connection&>(*this) = Connection();
  static_cast<ReadGate&>(*this) = {.flow_state = flow_state,
                                   .users_buffer = users_buffer,
                                   .decodes = decodes,
                                   .timed = timed,
                                   .by_buffer = by_buffer};
  static_cast<WriteGate&>(*this) = {.corked = corked};
  if (cold) static_cast<ColdConnection&>(*cold) = std::move(fresh);
  ++generation;
}

/// Writes and ends whose callbacks had not been called when their connection made way for another one. They are called
/// on a tick, and do nothing to the new connection, unless they were made for it: before the first connect() (S15.14).
struct LeftWrites {
  std::size_t owners = 0;
  Ref<SocketState> socket;
  Backlog* backlog = nullptr;
  Queue<WriteCallback> ends;
  Error in_flight, buffered, ended;
  bool finishes = false;
  bool fails = false;
  std::uint64_t generation = 0;  // of the connection that follows

  ~LeftWrites() { delete backlog; }
  void retain() noexcept { ++owners; }
  void release() noexcept {
    if (--owners == 0) delete this;
  }

  /// Whoever throws does not hold up the others, with or without memory.
  static void settle(LeftWrites& self) {
    Place<Callback> place(self.socket->loop->ticks());  // from which this step has just come
    CallOnThrow again([&] { place.push(self.step()); });
    if (self.backlog) {
      call_all(self.backlog->done, no_error());
      call_all(self.backlog->in_flight, self.in_flight);
      call_all(self.backlog->buffered, self.buffered);
    }
    while (!self.ends.empty()) {
      const WriteCallback callback = self.ends.pop_front();
      callback(self.ended);
    }
    SocketState& socket = *self.socket;
    if (detail::exchange(self.finishes, false)) socket.emit_event<on_finish>();
    again.passed = true;
    if (self.fails && socket.generation == self.generation) {
      or_give_up(socket, [&] { socket.fail(self.in_flight); });
    }
  }
  Callback step() noexcept {
    return [left = Ref<LeftWrites>(this)] { settle(*left); };
  }

 private:
  static void call_all(WriteQueue& queue, const Error& error) {
    while (!queue.empty()) {
      const WriteCallback callback = std::move(queue.first()->callback);
      queue.pop();
      if (callback) callback(error);
    }
  }
};

NET_API void SocketState::leave_writes_behind() {
  const bool flying = backlog && !backlog->in_flight.empty();
  const bool waits =
      flying || (backlog && !backlog->done.empty()) || owes_callbacks() || write_end == WriteEnd::prefinished;
  if (waits) {
    const Ref<LeftWrites> left(new LeftWrites);
    left->socket = Ref<SocketState>(this);
    loop->ticks().reserve(1);
    if (flying) {
      left->in_flight = request == WriteRequest::awaits_connection
                            ? make_error(Errc::ERR_SOCKET_CLOSED_BEFORE_CONNECTION)
                            : error_or(Errc::ERR_SOCKET_CLOSED);
      left->buffered = left->ended = left->in_flight;
    } else {
      left->buffered = error_or(Errc::ERR_STREAM_DESTROYED);
      left->ended = errored() ? cold->errored : write_end >= WriteEnd::prefinished ? no_error() : end_after_destroy();
    }
    left->finishes = write_end == WriteEnd::prefinished && !channel.is_open();
    left->fails = flying && !destroyed();
    left->generation = generation + 1;
    // nothing needs memory any more
    left->backlog = detail::exchange(backlog, nullptr);
    if (cold) left->ends.swap(cold->finish_callbacks);
    loop->ticks().push(left->step());
  }
  delete detail::exchange(backlog, nullptr);
}

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif
#endif
