// The bodies of socket.hpp. Internal.
#ifndef NET_SOCKET_IPP
#define NET_SOCKET_IPP

#include <net/socket.hpp>

#if NET_BODIES

namespace net::inline NET_ABI::inline NET_MACHINE {

NET_API Socket::Socket(Loop& loop, const SocketOptions& options)
    : state_(new detail::SocketState(detail::Access::core(loop))) {
  state_->set_up(options);
}

NET_API const Socket& Socket::start_at(int port, std::string_view host) const {
  detail::start_connecting(*state_, {.port = detail::explicit_port(port), .host = std::string(host)});
  return *this;
}

NET_API std::optional<AddressInfo> Socket::address() const {
  const detail::Endpoint end = local();
  if (!end) return std::nullopt;
  return AddressInfo{detail::endpoint_text(end), end.ip.family, end.port, {}};
}

NET_API std::optional<std::string> Socket::take(std::size_t n, bool all) const {
  std::string piece;
  if (state_->users_buffer && state_->phase == detail::Phase::open && !state_->ended())
    state_->watch_readable();  // S25.5
  if (!state_->loop) return std::nullopt;
  state_->loop->ticks().reserve(2);  // what follows needs no memory
  if (!state_->read_piece(n, all, piece)) return std::nullopt;
  return piece;
}

NET_API bool Socket::write(std::string_view text, Encoding encoding) const {
  return state_->write(detail::source_of(detail::encode(text, encoding)), {});
}

NET_API const Socket& Socket::unshift(std::string_view bytes) const {
  if (state_->loop) state_->unshift(bytes);
  return *this;
}

NET_API std::optional<Encoding> Socket::readableEncoding() const {
  if (!state_->decodes) return std::nullopt;
  return state_->cold->encoding;
}

NET_API const Socket& Socket::unpipe() const {
  if (state_->cold) detail::unpipe_all(*this);
  return *this;
}

NET_API const Socket& Socket::setTimeout(Duration idle) const {
  detail::require_timeout(idle, 1.7976931348623157e308);  // all that is finite: it counts as 2^31-1 (S18.8)
  if (!state_->destroyed() && state_->loop) state_->set_timeout(idle.milliseconds());
  return *this;
}

NET_API std::optional<std::chrono::milliseconds> Socket::timeout() const {
  if (!state_->cold || state_->cold->idle_length < 0) return std::nullopt;
  const double ms = state_->cold->idle_length;
  return ms < 9e18 ? std::chrono::milliseconds(static_cast<std::int64_t>(ms)) : (std::chrono::milliseconds::max)();
}

NET_API std::vector<std::string> Socket::autoSelectFamilyAttemptedAddresses() const {
  return state_->cold && state_->cold->attempted ? *state_->cold->attempted : std::vector<std::string>{};
}

NET_API std::optional<BlockList> Socket::blockList() const {
  if (!state_->cold || !state_->cold->block_list) return std::nullopt;
  return *state_->cold->block_list;
}

NET_API std::uint64_t Socket::bytesWritten() const {
  const std::size_t handed = state_->backlog && state_->request != detail::WriteRequest::awaits_connection
                                 ? state_->backlog->in_flight_length
                                 : 0;
  return state_->bytes_sent + (state_->write_length - handed);
}

NET_API ReadyState Socket::readyState() const {
  if (connecting()) return ReadyState::opening;
  if (readable()) return writable() ? ReadyState::open : ReadyState::readOnly;
  return writable() ? ReadyState::writeOnly : ReadyState::closed;
}

NET_API bool Socket::readable() const {
  return !state_->destroyed() && !state_->end_emitted() && state_->failure != detail::Failure::emitted;
}

NET_API std::optional<bool> Socket::readableFlowing() const {
  if (state_->flow_state == detail::Flow::unset) return std::nullopt;
  return state_->flow_state == detail::Flow::flowing;
}

NET_API const Socket& Socket::set_ref(bool on) const {
  state_->keeps_alive.refd = on;
  state_->recount();
  return *this;
}

NET_API Socket Socket::from_state(void* state) {
  return Socket(detail::Ref<detail::SocketState>(static_cast<detail::SocketState*>(state)));
}

NET_API detail::Endpoint Socket::local() const {
  return state_->channel.is_open() && !state_->connecting() ? state_->channel.local_end() : detail::Endpoint{};
}

}  // namespace net::inline NET_ABI::inline NET_MACHINE

#endif
#endif
