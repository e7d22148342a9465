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
    if (fd == no_handle) return;
    Machine::Channel unwanted;
    (void)unwanted.adopt_connected(fd);
    if (!unwanted.is_open()) (void)Machine::close_file(fd);  // there was no memory for it
  }
};

NET_API void IpcState::on_ready(Handle& handle, Watcher&, unsigned what, int) {
  auto& self = static_cast<IpcState&>(handle);
  if (what & writable) self.flush();
  if (what & readable) self.receive();
}

/// Around what may resume a task.
struct Parsing {
  IpcState& self;
  explicit Parsing(IpcState& state) noexcept : self(state) { ++self.parsing; }
  Parsing(const Parsing&) = delete;
  Parsing& operator=(const Parsing&) = delete;
  ~Parsing() {
    if (--self.parsing == 0) self.look_who_reads();
  }
};

/// Bounded: no channel may starve the rest.
NET_API void IpcState::receive() {
  const Parsing here(*this);
  if (unparsed) parse();  // the end must not overtake it
  for (int left = 32; left > 0 && is_open() && reads(); --left) {
    if (loop->inert()) return;
    CameDescriptors with;
    const ReadResult read = Machine::receive_with(channel, loop->receive_buffer(), LoopCore::receive_capacity, with);
    const std::ptrdiff_t got = read.size;
    CameHere first(with.first);
    if (got <= 0) {
      if (got == would_block) return broken && Machine::ticket_size == 0 ? close(no_error()) : void();
      if (short_of_memory(got)) {
        wait_for_system();
        return update_watch();
      }
      // a process that dies with something unread is a reset here: it is gone, no more
      const bool gone = got == 0 || got == -ECONNRESET || got == -EPIPE;
      return close(gone ? no_error() : system_failure(static_cast<int>(-got), "read"));
    }
    const auto size = static_cast<std::size_t>(got);
    arrived = read.view();
    const bool belongs = reader.feed(arrived, with);
    arrived = {};
    if (!belongs) return close(system_failure(EPROTO, "read"));
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
  const Parsing here(*this);
  unparsed = false;
  CallOnThrow again([this] {
    if (!loop || !is_open()) return;
    unparsed = true;
    undo_or_give_up(*this, [this] { loop->pending().push({Ref<Handle>(this), job_of<&IpcState::parse>}); });
  });
  wake_receiver();  // if a listener kept it from what came before
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
    case FrameKind::process: other_process = frame.header.number; return flush();
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
    one.error ? take_back(*one.socket, one.unread()) : hand_on(*one.socket);
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

/// What somebody has here already is nobody else's, whatever a ticket says.
NET_API int IpcState::open_ticket(std::string_view ticket, NativeHandle& opened) {
  NativeHandle named = no_handle;
  const int failed = Machine::open_ticket(ticket.data(), named);
  if (failed < 0) return failed;
  if (loop->poller().has(named)) return -EPROTO;
  opened = named;
  return 0;
}

/// A message with a handle. It is answered before it is emitted: whatever the listeners do, this side has it.
NET_API void IpcState::came(const ReadFrame& frame, NativeHandle descriptor) {
  CameHere fd(descriptor);
  if (!frame.ticket.empty()) {
    const int failed = open_ticket(frame.ticket, fd.fd);
    if (failed == -EMFILE) return answer(FrameKind::refused, Refused::no_descriptors);
    if (short_of_memory(failed)) return answer(FrameKind::refused, Refused::no_memory);
    if (failed < 0) return close(system_failure(EPROTO, "read"));
  }
  if (disconnecting) return answer(FrameKind::refused, Refused::disconnected);
  if (fd.fd == no_handle) return answer(FrameKind::refused, Refused::no_descriptors);
  if (!listeners.has(ipc_message) && !pulled) return answer(FrameKind::taken);
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

/// What has come and nobody has got.
NET_API void IpcState::close_what_came() noexcept {
  for (NativeHandle fd; (fd = reader.take_any_descriptor()) != no_handle;) const CameHere unwanted(fd);
  if constexpr (Machine::ticket_size != 0) {
    if (!is_open()) return;
#if defined(__cpp_exceptions)
    try {
      close_unopened();
    } catch (...) {}  // without memory they stay
#else
    close_unopened();
#endif
  }
}

/// A ticket that nobody opens would keep its socket open, so what is on its way is looked at too, as far as it has
/// come. In a copy: a listener may be looking at the frame that came last.
NET_API void IpcState::close_unopened() {
  const auto close_one = [this](std::string_view ticket) {
    CameHere unwanted(no_handle);
    if (!ticket.empty()) (void)open_ticket(ticket, unwanted.fd);
  };
  FrameReader rest(reader);
  CameDescriptors none;
  (void)rest.feed(arrived, none);
  for (int reads = 32; reads > 0; --reads) {
    const ReadResult read = Machine::receive_with(channel, loop->receive_buffer(), LoopCore::receive_capacity, none);
    (void)rest.feed(read.size > 0 ? read.view() : channel.unread(), none);
    ReadFrame frame;
    while (rest.next(0xffffffff, frame) == FrameReader::Step::frame) close_one(frame.ticket);
    if (read.size <= 0) break;
  }
  close_one(rest.take_any_ticket());
}

NET_API void IpcState::emit_message(std::string_view bytes, const ReceivedHandle& handle) {
  if (disconnecting) return;
  hold_message(bytes, handle);
  emit_event<ipc_message>(bytes, handle);
  wake_receiver();
}

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif
#endif
