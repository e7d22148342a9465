// The bodies of outgoing.hpp. Internal.
#ifndef NET_DETAIL_IPC_OUTGOING_IPP
#define NET_DETAIL_IPC_OUTGOING_IPP

#include <net/detail/ipc/outgoing.hpp>

#if NET_BODIES

#include <new>

#include <net/detail/base/exchange.hpp>

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

NET_API void Outgoing::outlive_server() noexcept {
  if (!server || beside || !server->acceptor.is_open()) return;
  beside = new (std::nothrow) Machine::Acceptor;
  if (!beside || beside->listen_beside(server->acceptor, 0) == 0) return;
  delete detail::exchange(beside, nullptr);
}

NET_API NativeHandle Outgoing::descriptor() const noexcept {
  if (beside) return beside->native();
  if (server) return server->acceptor.is_open() ? server->acceptor.native() : no_handle;
  if (!socket || !socket->channel.is_open() || socket->destroyed() != aside) return no_handle;
  return socket->channel.native();
}

NET_API void Outgoing::write_head() noexcept {
  FrameHeader header;
  header.message = static_cast<std::uint32_t>(message);
  header.unread = static_cast<std::uint32_t>(unread().size());
  if (server) header.kind = FrameKind::server;
  if (socket) {
    header.kind = FrameKind::socket;
    if (!socket->end_emitted()) header.flags |= flag_readable;
    if (!socket->ending()) header.flags |= flag_writable;
    if (socket->settings.allow_half_open) header.flags |= flag_half_open;
  }
  write_frame_header(header, head);
}

NET_API void OutgoingList::push(Outgoing* one) noexcept {
  one->next = nullptr;
  (first_ ? last_->next : first_) = one;
  last_ = one;
  ++size_;
}

NET_API Outgoing* OutgoingList::pop() noexcept {
  --size_;
  if (first_ == last_) last_ = nullptr;
  return detail::exchange(first_, first_->next);
}

NET_API Outgoing* OutgoingList::take(std::uint64_t id) noexcept {
  Outgoing* before = nullptr;
  for (Outgoing* each = first_; each; before = detail::exchange(each, each->next)) {
    if (each->id != id) continue;
    (before ? before->next : first_) = each->next;
    if (last_ == each) last_ = before;
    --size_;
    return each;
  }
  return nullptr;
}

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif
#endif
