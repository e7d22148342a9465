// The bodies of handover.hpp. Internal.
#ifndef NET_DETAIL_IPC_HANDOVER_IPP
#define NET_DETAIL_IPC_HANDOVER_IPP

#include <net/detail/ipc/handover.hpp>

#if NET_BODIES

#include <net/detail/base/exchange.hpp>
#include <net/detail/base/on_throw.hpp>
#include <net/detail/ipc/frames.hpp>
#include <net/detail/loop/retry.hpp>
#include <net/detail/text/decoder.hpp>

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

NET_API bool has_to_send(SocketState& socket) {
  if (socket.loop->batched_by(socket)) socket.loop->flush_batch();
  const bool ends = socket.ending() && !socket.finished();
  return socket.writing() || socket.write_length > 0 || ends;
}

NET_API Error handover_refusal(const SocketState& socket) {
  if (socket.reader_note == ReaderNote::holds_bytes || socket.reader_note == ReaderNote::holds_part) {
    return make_error(Errc::ERR_INVALID_STATE,
                      "A reader holds bytes of the socket that nobody has taken: let it go first");
  }
  // what is decoded may be twice as long as it came; and a listener may hold what was received last
  const std::size_t most = (max_unread - 2 * LoopCore::receive_capacity) / (socket.decodes ? 2 : 1);
  if (socket.read_length() <= most) return no_error();
  return make_error(Errc::ERR_INVALID_STATE, "The socket has received more than can travel with it: read it first");
}

NET_API void take_unread(SocketState& socket, std::string& into) {
  // what was moved to the buffer, and stays there for want of memory, flows as before
  CallOnThrow flows(
      [&] { undo_or_give_up(socket, [&] { socket.tick_always([](SocketState& self) { self.flow(); }); }); });
  socket.keep_unread();
  if (socket.decodes) {
    std::string text;
    for (std::size_t i = 0; socket.buffer && i < socket.buffer->pieces.size(); ++i) {
      text += socket.buffer->pieces[i].view();
    }
    std::string bytes = encode(text, socket.cold->encoding);
    bytes += socket.cold->decode({}, Decode::undone);
    into += bytes;
    flows.passed = true;
    delete detail::exchange(socket.buffer, nullptr);
    return;
  }
  into.reserve(into.size() + socket.read_length());
  flows.passed = true;
  if (!socket.buffer) return;
  for (; !socket.buffer->pieces.empty(); (void)socket.buffer->pieces.pop_front()) {
    const ReadBuffer::Piece& piece = socket.buffer->pieces.first();
    into.append(piece.bytes, piece.begin);
  }
  delete detail::exchange(socket.buffer, nullptr);
}

NET_API void lay_aside(SocketState& socket) noexcept {
  socket.released = socket.close_ticked = true;
  socket.phase.move_to(Phase::closing);
  socket.read_interest = false;
  (void)socket.loop->poller().watch(socket.channel, 0);
  socket.recount();
}

NET_API void hand_on(SocketState& socket) {
  if (!socket.loop || !socket.channel.is_open()) return;
  const Ref<SocketState> alive(&socket);
  socket.close_later(SocketState::close_released);
  ++socket.owed;
  ++socket.generation;
  socket.close_channel();
  socket.phase.move_to(Phase::closed);
  socket.stop_idle();
  if (socket.cold) socket.cold->abort_watch = {};
  undo_or_give_up(socket, [&] { socket.leave_server(); });
}

NET_API void take_back(SocketState& socket, std::string_view unread) noexcept {
  if (!socket.loop || !socket.channel.is_open()) return;
  socket.phase = Position<Phase>(Phase::open);
  socket.released = socket.close_ticked = socket.reading = false;
  const Ref<SocketState> alive(&socket);
  undo_or_give_up(socket, [&] {
    const std::string text = socket.decodes ? socket.cold->decode(unread, Decode::piece) : std::string();
    if (socket.decodes) unread = text;
    if (!unread.empty()) {
      if (!socket.buffer) socket.buffer = new ReadBuffer;
      socket.buffer->push_front(unread);
    }
    if (socket.timed) socket.set_timeout(socket.cold->idle_length);
    if (!socket.never_read && !socket.ended()) socket.read_zero();
    if (socket.unwanted) return socket.destroy(socket.cold ? socket.cold->unwanted : no_error());
    socket.tick_always([](SocketState& self) {
      if (self.read_length() > 0 && self.flow_state != Flow::flowing) self.emit_readable();
      self.flow();
      self.maybe_finish();
    });
  });
}

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif
#endif
