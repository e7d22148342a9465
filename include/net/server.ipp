// The bodies of server.hpp. Internal.
#ifndef NET_SERVER_IPP
#define NET_SERVER_IPP

#include <net/server.hpp>

#if NET_BODIES

namespace net::inline NET_ABI::inline NET_MACHINE {

NET_API Server::Server(Loop& loop, const ServerOptions& options)
    : state_(new detail::ServerState(detail::Access::core(loop), options)) {}

NET_API std::optional<AddressInfo> Server::address() const {
  if (!state_->path.empty()) return AddressInfo{{}, Family::unspecified, 0, state_->path};
  if (!state_->acceptor.is_open()) return std::nullopt;
  const detail::Endpoint end = state_->acceptor.local_end();
  return AddressInfo{detail::endpoint_text(end), end.ip.family, end.port, {}};
}

NET_API void Server::require_idle() const {
  if (!state_->loop) detail::throw_error(detail::make_error(Errc::ERR_NO_LOOP, "The loop of this server is gone"));
  if (state_->acceptor.is_open()) detail::throw_error(detail::make_error(Errc::ERR_SERVER_ALREADY_LISTEN));
}

NET_API void Server::start(const ListenOptions& options) const {
  if (options.fd < 0 && options.port == -1) {
    if (options.path.empty()) {
      detail::throw_error(
          detail::make_error(Errc::ERR_INVALID_ARG_VALUE,
                             "The argument 'options' must have the property \"port\" or \"path\". Received {}"));
    }
    if (options.path[0] == '\0' && (options.readableAll || options.writableAll)) {
      // the spelling is Node's
      detail::throw_error(
          detail::make_error(Errc::ERR_INVALID_ARG_VALUE,
                             "The argument 'options' can not set readableAll or writableAllt to true when path is "
                             "abstract unix socket. Received " +
                                 detail::escape_nul(options.path)));
    }
  } else if (options.fd < 0 && (options.port < 0 || options.port > 65535)) {
    detail::throw_error(detail::bad_port("options.port", options.port));
  }
  state_->listen(options);
}

NET_API void Server::start_at(int port, std::string_view host, int backlog) const {
  if (port < 0 || port > 65535) detail::throw_error(detail::bad_port("options.port", port));
  state_->begin({.port = port, .host = std::string(host), .backlog = backlog}, &detail::ServerState::listen_port);
}

NET_API std::vector<Socket> Server::connections() const {
  std::vector<Socket> all;
  for (const auto& state : state_->open_connections()) all.push_back(detail::Access::make<Socket>(state.get()));
  return all;
}

NET_API void stopGracefully(const Server& server, const StopOptions& options) {
  detail::Access::state(server).stop_gracefully(options.timeout);
}

NET_API std::optional<Server> Socket::server() const {
  if (!state_->server) return std::nullopt;
  return detail::Access::make<Server>(static_cast<detail::ServerState*>(state_->server.get()));
}

NET_API std::chrono::seconds Server::keepAliveInitialDelay() const {
  return std::chrono::seconds(state_->keep_alive_seconds());
}

NET_API void Server::blockList(std::optional<BlockList> list) const { state_->options.blockList = std::move(list); }

NET_API NativeHandle Server::nativeHandle() const {
  return state_->acceptor.is_open() ? state_->acceptor.native() : -1;
}

NET_API Server Server::from_state(void* state) {
  return Server(detail::Ref<detail::ServerState>(static_cast<detail::ServerState*>(state)));
}

NET_API const Server& Server::set_ref(bool on) const {
  state_->keeps_alive.refd = on;
  state_->recount();
  return *this;
}

}  // namespace net::inline NET_ABI::inline NET_MACHINE

#endif
#endif
