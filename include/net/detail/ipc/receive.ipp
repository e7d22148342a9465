// How a channel receives. Internal.
#ifndef NET_DETAIL_IPC_RECEIVE_IPP
#define NET_DETAIL_IPC_RECEIVE_IPP

#include <net/detail/ipc/state.hpp>

#if NET_BODIES

#include <utility>

#include <net/detail/ipc/handover.hpp>

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

/// A descriptor that came, until somebody has it.
struct CameHere {
  NativeHandle fd;
  explicit CameHere(NativeHandle descriptor) noexcept : fd(descriptor) {}
  CameHere(const CameHere&) = delete;
  CameHere& operator=(const CameHere&) = delete;
  ~CameHere() {
    if (fd != no_handle) (void)Machine::close_file(fd);
  }
};

NET_API void IpcState::on_ready(Handle& handle, Watcher&, unsigned what, int) {
  auto& self = static_cast<IpcState&>(handle);
  if (what & writable) self.flush();
  if (what & readable) self.receive();
}

/// Bounded: no channel may starve the rest.
NET_API void IpcState::receive() {
  for (int reads = 32; reads > 0 && is_open(); --reads) {
    if (loop->inert()) return;
    CameDescriptors with;
    const std::ptrdiff_t got =
        Machine::receive_with(channel.native(), loop->receive_buffer(), LoopCore::receive_capacity, with);
    CameHere first(with.first);
    if (got <= 0) {
      if (got == would_block) return broken ? close(no_error()) : void();
      if (short_of_memory(got)) {
        wait_for_system();
        return update_watch();
      }
      // a process that dies with something unread is a reset here: it is gone, no more
      const bool gone = got == 0 || got == -ECONNRESET || got == -EPIPE;
      return close(gone ? no_error() : system_failure(static_cast<int>(-got), "read"));
    }
    const auto size = static_cast<std::size_t>(got);
    if (!reader.feed({loop->receive_buffer(), size}, with)) return close(system_failure(EPROTO, "read"));
    first.fd = no_handle;
    parse();
    if (size < LoopCore::receive_capacity && !with.any() && !broken) return;
    if (!is_open()) return;
    loop->flush_batch();
    loop->drain_ticks();  // S2.2: before the next message
  }
  if (broken && is_open()) loop->pending().push({Ref<Handle>(this), job_of<&IpcState::receive>});
}

/// What has come, frame by frame. A listener that throws does not hold up what comes behind.
NET_API void IpcState::parse() {
  CallOnThrow again([this] {
    if (!loop || !is_open()) return;
    undo_or_give_up(*this, [this] { loop->pending().push({Ref<Handle>(this), job_of<&IpcState::parse>}); });
  });
  for (bool first = true;; first = false) {
    if (!first) {  // S2.2: before the next message is taken, which they may keep from coming
      loop->flush_batch();
      loop->drain_ticks();
    }
    if (!is_open()) break;
    ReadFrame frame;
    const FrameReader::Step step = reader.next(max_message, frame);
    if (step == FrameReader::Step::more) break;
    if (step != FrameReader::Step::frame) {
      close(system_failure(step == FrameReader::Step::rubbish ? EPROTO : EMSGSIZE, "read"));
      break;
    }
    take(frame);
  }
  again.passed = true;
}

NET_API void IpcState::take(const ReadFrame& frame) {
  switch (frame.header.kind) {
    case FrameKind::message: return emit_message(frame.message, {});
    case FrameKind::socket:
    case FrameKind::server: return came(frame, reader.take_descriptor());
    case FrameKind::taken:
    case FrameKind::refused: return answered(frame);
  }
}

/// The other side has the oldest of what was sent to it, or not.
NET_API void IpcState::answered(const ReadFrame& frame) {
  if (awaiting.empty()) return close(system_failure(EPROTO, "read"));
  Outgoing& one = *awaiting.first();
  if (frame.header.kind == FrameKind::refused) {
    const auto why = static_cast<Refused>(frame.header.flags);
    one.error = why == Refused::no_descriptors ? system_failure(EMFILE, "recvmsg")
                : why == Refused::no_memory    ? system_failure(ENOMEM, "recvmsg")
                                               : make_error(Errc::ERR_IPC_CHANNEL_CLOSED);
  }
  tick_done();
  if (one.aside) {
    one.error ? take_back(*one.socket, std::string_view(one.bytes).substr(one.message)) : hand_on(*one.socket);
    one.aside = false;
  }
  done.push(awaiting.pop());
  flush();  // there may be place for the next one
  recount();
}

NET_API void IpcState::answer(FrameKind kind, Refused why) {
  if (!answers.push(kind, why)) return close(system_failure(EPROTO, "read"));
  flush();
}

/// A message with a handle. It is answered before it is emitted: whatever the listeners do, this side has it.
NET_API void IpcState::came(const ReadFrame& frame, NativeHandle descriptor) {
  CameHere fd(descriptor);
  if (disconnecting) return answer(FrameKind::refused, Refused::disconnected);
  if (fd.fd == no_handle) return answer(FrameKind::refused, Refused::no_descriptors);
  if (!listeners.has(ipc_message)) return answer(FrameKind::taken);
  const DescriptorKind kind = Machine::kind_of(fd.fd);
  const bool stream = kind == DescriptorKind::tcp || kind == DescriptorKind::local;
  if (frame.header.kind == FrameKind::server) {
    const Ref<ServerState> server(new ServerState(*loop, ServerOptions{}));
    server->reserve_one();
    if (!stream || server->acceptor.listen_descriptor(fd.fd, 0) < 0) return close(system_failure(EPROTO, "read"));
    fd.fd = no_handle;
    server->ipc = kind == DescriptorKind::local;
    if (loop->poller().watch(server->acceptor, readable) < 0) {
      server->stop_listening();
      return answer(FrameKind::refused, Refused::no_memory);
    }
    server->opened();
    answer(FrameKind::taken);
    return emit_message(frame.message, ReceivedHandle(Access::make<Server>(server.get())));
  }
  if ((!stream && kind != DescriptorKind::pipe) || Machine::prepare(fd.fd) < 0) {
    return close(system_failure(EPROTO, "read"));
  }
  const Ref<SocketState> socket(new SocketState(*loop));
  socket->settings.allow_half_open = (frame.header.flags & flag_half_open) != 0;
  socket->expect_close();
  if (!frame.unread.empty()) socket->buffer_bytes(std::string(frame.unread));
  CallOnThrow give_back([&] { socket->give_descriptor_back(); });
  socket->adopt_descriptor(fd.fd, (frame.header.flags & flag_readable) != 0, (frame.header.flags & flag_writable) != 0);
  give_back.passed = true;
  fd.fd = no_handle;
  answer(FrameKind::taken);
  emit_message(frame.message, ReceivedHandle(Access::make<Socket>(socket.get())));
}

NET_API void IpcState::emit_message(std::string_view bytes, const ReceivedHandle& handle) {
  if (!disconnecting) emit_event<ipc_message>(bytes, handle);
}

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif
#endif
