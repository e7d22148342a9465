// How a channel sends. Internal.
#ifndef NET_DETAIL_IPC_SEND_IPP
#define NET_DETAIL_IPC_SEND_IPP

#include <net/detail/base/exchange.hpp>
#include <net/detail/ipc/state.hpp>

#if NET_BODIES

#include <cstring>
#include <utility>

#include <net/detail/ipc/handover.hpp>

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

/// What is wrong with a message before it is sent.
NET_API Error IpcState::refusal(const Outgoing& one) const {
  if (!connected() || broken) return make_error(Errc::ERR_IPC_CHANNEL_CLOSED);
  if (one.message > max_message || one.message > 0xffffffff) return system_failure(EMSGSIZE, "write");
  if (one.server) {
    if (one.server->loop != loop) return make_error(Errc::ERR_INVALID_HANDLE_TYPE);
    if (!one.server->acceptor.is_open()) return make_error(Errc::ERR_SERVER_NOT_RUNNING);
  }
  if (one.socket) {
    if (one.socket->loop != loop) return make_error(Errc::ERR_INVALID_HANDLE_TYPE);
    if (one.socket->phase != Phase::open || one.socket->errored()) return make_error(Errc::ERR_SOCKET_CLOSED);
    return handover_refusal(*one.socket);
  }
  return no_error();
}

/// Takes it, always; the result only advises. What throws has done nothing.
NET_API bool IpcState::send(std::string_view bytes, SocketState* socket, ServerState* server, bool keep_open,
                            WriteCallback callback) {
  if (!loop || loop->inert()) return false;  // the channel is the parent's (S31.1)
  OutgoingList one;
  one.push(new Outgoing);
  Outgoing& frame = *one.first();
  frame.id = ++last_id;
  frame.message = bytes.size();
  frame.socket = Ref<SocketState>(socket);
  frame.server = Ref<ServerState>(server);
  frame.keep_open = keep_open;
  loop->ticks().reserve(2);
  if (frame.error = refusal(frame); frame.error) {
    const bool too_large = frame.error.number() == -EMSGSIZE;
    frame.callback = std::move(callback);
    frame.always_emitted = too_large;
    if (!frame.callback && !too_large && !connected()) return false;  // as a write of a socket that is destroyed
    tick_done();
    done.push(one.pop());
    if (too_large) disconnect();
    return false;
  }
  frame.bytes.reserve(frame.ticket() + bytes.size());
  frame.bytes.assign(frame.ticket(), '\0').append(bytes);
  if (socket && detail::has_to_send(*socket)) {
    wait_for_socket(frame);
    frame.callback = std::move(callback);
    waiting.push(one.pop());
    recount();
    return length < mark;
  }
  frame.callback = std::move(callback);
  set_out(one);
  if (server || keep_open) {  // it may be closed in the next line, and travels all the same
    flush();
    if (Outgoing* const last = queue.last(); last && last->id == last_id && last->sent == 0) last->outlive_server();
  }
  if (length < mark) return true;
  need_drain = true;
  return false;
}

/// What the socket has still to send is sent first: an empty write, or the end of it, says when.
NET_API void IpcState::wait_for_socket(Outgoing& one) {
  WriteCallback ready(
      [self = Ref<IpcState>(this), id = one.id](const Error& error) { self->socket_is_ready(id, error); });
  SocketState& socket = *one.socket;
  socket.ending() ? socket.end(std::move(ready)) : void(socket.write({}, std::move(ready)));
}

NET_API void IpcState::socket_is_ready(std::uint64_t id, const Error& error) {
  if (!loop) return;
  OutgoingList one;
  if (Outgoing* const found = waiting.take(id)) one.push(found);
  if (one.empty()) return;  // the channel was faster
  // without memory for it the channel ends, and the callback learns of that
  CallOnThrow give_up([&] {
    if (!one.empty()) waiting.push(one.pop());
    close(no_error());
  });
  Outgoing& frame = *one.first();
  frame.error = error ? error : refusal(frame);
  if (frame.error) {
    tick_done();
    done.push(one.pop());
    recount();
    close_if_done();
  } else if (detail::has_to_send(*frame.socket)) {
    wait_for_socket(frame);
    waiting.push(one.pop());
  } else {
    set_out(one);
  }
  give_up.passed = true;
}

/// Into the queue, with what its socket has not read. What throws has done nothing.
NET_API void IpcState::set_out(OutgoingList& one) {
  Outgoing& frame = *one.first();
  if (!flush_ticking) {
    tick([](IpcState& self) {
      self.flush_ticking = false;
      self.flush();
    });
    flush_ticking = true;
  }
  if (frame.socket) {
    take_unread(*frame.socket, frame.bytes);
    frame.write_head();
    if (!frame.keep_open) {
      lay_aside(*frame.socket);
      frame.aside = true;
    }
  } else {
    frame.write_head();
  }
  length += frame.size();
  queue.push(one.pop());
  recount();
}

NET_API bool IpcState::has_to_send() const noexcept {
  if (!answers.empty()) return true;
  const Outgoing* const first = queue.first();
  if (!first || first->sent > 0 || offered || !first->carries()) return first != nullptr;
  return awaiting.size() < Answers::window && (Machine::ticket_size == 0 || other_process != 0);
}

/// All that the system takes now. Who is to be told learns it on a tick.
NET_API void IpcState::flush() {
  if (!is_open() || broken || short_now || loop->inert()) return;
  blocked = false;
  while (has_to_send()) {
    const std::ptrdiff_t sent = send_some();
    if (sent < 0) {
      cannot_send(sent);
      break;
    }
  }
  if (!is_open()) return;
  update_watch();
  if (!done.empty() || (need_drain && length == 0)) tick_done();
  close_if_done();
}

/// One call. Answers go between two frames; a frame with a handle is the first of its call, as the descriptor travels
/// with its first byte.
NET_API std::ptrdiff_t IpcState::send_some() noexcept {
  const bool inside_frame = !queue.empty() && (queue.first()->sent > 0 || offered);
  if (!inside_frame && !answers.empty()) {
    const IoSlice slice = answers.slice();
    const std::ptrdiff_t sent = Machine::send_with(channel, &slice, 1, no_handle);
    if (sent > 0) answers.consume(static_cast<std::size_t>(sent));
    return sent == 0 ? would_block : sent;
  }
  IoSlice slices[max_slices];
  NativeHandle passed = no_handle;
  const std::ptrdiff_t count = gather(slices, passed);
  if (count <= 0) return count;
  const std::ptrdiff_t sent = Machine::send_with(channel, slices, static_cast<std::size_t>(count), passed);
  offered = sent == 0 || sent == would_block;
  if (sent <= 0) return sent == 0 ? would_block : sent;
  consume(static_cast<std::size_t>(sent));
  return sent;
}

/// How many pieces, or why the first one cannot be sent.
NET_API std::ptrdiff_t IpcState::gather(IoSlice* slices, NativeHandle& passed) noexcept {
  std::ptrdiff_t count = 0;
  for (Outgoing* each = queue.first(); each && count < 63; each = each->next) {
    if (each->carries() && each->sent == 0) {
      if (count > 0) break;
      if (const std::ptrdiff_t failed = take_along(*each, passed); failed < 0) return failed;
    }
    const std::size_t behind_head = each->sent < frame_header_size ? 0 : each->sent - frame_header_size;
    if (each->sent < frame_header_size) slices[count++] = {each->head + each->sent, frame_header_size - each->sent};
    if (each->bytes.size() > behind_head) {
      slices[count++] = {each->bytes.data() + behind_head, each->bytes.size() - behind_head};
    }
  }
  return count;
}

/// A ticket is made when its frame is on its way, once: what was closed before does not travel.
NET_API std::ptrdiff_t IpcState::take_along(Outgoing& one, NativeHandle& passed) noexcept {
  if (one.has_ticket) return 0;
  const NativeHandle descriptor = one.descriptor();
  if (descriptor == no_handle) return -EBADF;
  if constexpr (Machine::ticket_size == 0) {
    passed = descriptor;
    return 0;
  } else {
    const int failed = Machine::write_ticket(descriptor, other_process, one.bytes.data());
    one.has_ticket = failed == 0;
    return failed;
  }
}

NET_API void IpcState::consume(std::size_t bytes) noexcept {
  length -= bytes;
  while (bytes > 0) {
    Outgoing& first = *queue.first();
    const std::size_t left = first.size() - first.sent;
    if (bytes < left) return void(first.sent += bytes);
    bytes -= left;
    first.sent += left;
    Outgoing* const gone = queue.pop();
    if (gone->carries()) {
      awaiting.push(gone);
    } else if (gone->callback) {
      done.push(gone);
    } else {
      delete gone;
    }
  }
}

/// The first one is not sent; those behind it are.
NET_API void IpcState::finish_first(const Error& error) {
  Outgoing& first = *queue.first();
  tick_done();
  first.error = error;
  length -= first.size();
  if (detail::exchange(first.aside, false)) take_back(*first.socket, first.unread());
  done.push(queue.pop());
}

NET_API void IpcState::cannot_send(std::ptrdiff_t result) {
  if (result == would_block) return void(blocked = true);
  if (short_of_memory(result)) return wait_for_system();
  const bool of_handle = !queue.empty() && queue.first()->carries() && queue.first()->sent == 0;
  if (of_handle && answers.empty() && result != -EPIPE && result != -ECONNRESET && result != -ENOTCONN) {
    const Outgoing& first = *queue.first();
    finish_first(first.descriptor() != no_handle ? system_failure(static_cast<int>(-result), "write")
                 : first.server                  ? make_error(Errc::ERR_SERVER_NOT_RUNNING)
                                                 : make_error(Errc::ERR_SOCKET_CLOSED));
    blocked = true;  // the poller says when to go on: at once
    return;
  }
  // what has come before it broke is still read: it may be the answer to what was sent
  loop->pending().push({Ref<Handle>(this), job_of<&IpcState::receive>});
  broken = true;
}

/// At the end of the process or of the loop: as far as the system takes it now.
NET_API void IpcState::hand_over() noexcept {
  if (!is_open() || broken || !loop || loop->inert()) return;
  while (has_to_send() && send_some() >= 0) {}
}

NET_API void IpcState::tick_done() {
  if (done_ticking) return;
  tick([](IpcState& self) {
    self.done_ticking = false;
    self.call_done();
  });
  done_ticking = true;
}

/// Callbacks, in order, and 'drain'. An exception does not swallow what comes behind it.
NET_API void IpcState::call_done() {
  CallOnThrow again([this] {
    if (!done.empty() && loop) undo_or_give_up(*this, [this] { tick_done(); });
  });
  while (!done.empty()) {
    OutgoingList one;
    one.push(done.pop());
    const Outgoing& frame = *one.first();
    if (frame.callback) frame.callback(frame.error);
    if (frame.error && (!frame.callback || frame.always_emitted) && !over) emit_error(frame.error);
  }
  again.passed = true;
  if (!need_drain || length > 0 || !connected()) return;
  need_drain = false;
  emit_event<ipc_drain>();
}

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif
#endif
