// How a socket begins to connect: by path, by name, by address; and how it gives up. Internal.
#ifndef NET_DETAIL_CONNECT_CONNECTOR_IPP
#define NET_DETAIL_CONNECT_CONNECTOR_IPP

#include <net/detail/connect/connector.hpp>

#if NET_BODIES

#include <net/detail/base/exchange.hpp>

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

NET_API ConnectAttempts& Connector::attempts() const { return static_cast<ConnectAttempts&>(*self.cold->connecting); }

NET_API Ref<ConnectAttempts> Connector::prepare(const ConnectOptions& options) const {
  Ref<ConnectAttempts> attempts(new ConnectAttempts(*self.loop, {ready, stop}));
  attempts->path = options.path;
  attempts->host = options.host.empty() ? "localhost" : options.host;
  attempts->port = options.port;
  attempts->local_address = options.localAddress;
  attempts->local_port = options.localPort;
  attempts->by_address = options.path.empty() && isIP(attempts->host) != 0;
  if (attempts->by_address) add_attempt(*attempts, {attempts->host, family_of(attempts->host)});
  if (options.blockList) attempts->block_list.make(*options.blockList);
  (void)self.ensure_cold();
  self.loop->ticks().reserve(2);
  self.expect_close();
  attempts->expect_end();
  return attempts;
}

NET_API void Connector::start(const Ref<ConnectAttempts>& attempts, const ConnectOptions& options) const {
  self.retain_for_loop();
  self.phase.move_to(Phase::connecting);
  self.is_path = !options.path.empty();
  self.cold->connecting = attempts.get();
  attempts->retain();
  self.touch();
  self.recount();
  self.cold->block_list.take(attempts->block_list);
  if (attempts->by_address) {
    return self.tick([](SocketState& socket) {
      if (socket.connecting()) Connector{socket}.next_attempt();
    });
  }
  // what is thrown from here on leaves connect(): then it has not begun
  const Ref<SocketState> alive(&self);
  CallOnThrow undo([&socket = self, same = SameConnection(self)] {
    if (!socket.connecting() || !same || !socket.loop) return;
    socket.stop_connecting();
    socket.phase.move_to(Phase::idle);
    if (socket.channel.is_open()) close_watched(socket.loop, socket.channel);
    socket.recount();
    socket.release_from_loop();
  });
  self.is_path ? start_path() : start_lookup(options);
  attempts->started = true;
  undo.passed = true;
}

NET_API void Connector::start_path() const {
  const std::string path = attempts().path;
  const SameConnection same(self);
  self.emit_event<on_attempt>(path, -1, Family::unspecified);
  if (!self.connecting() || !self.cold->connecting || !same) return;
  const int result = self.channel.start_connect_path(path);
  if (result == -EINVAL && !self.channel.is_open()) {
    return give_up(address_failure(EINVAL, "connect", path, -1));
  }
  if (result == -EINPROGRESS) {
    watch(self.channel);
  } else {
    // known already, but emitted from the loop
    self.loop->pending().push({Ref<Handle>(&self), [](Handle& handle) {
                                 auto& socket = static_cast<SocketState&>(handle);
                                 if (socket.connecting() && socket.cold->path_result <= 0)
                                   Connector{socket}.path_done(socket.cold->path_result);
                               }});
    self.cold->path_result = result;
  }
}

NET_API void Connector::path_done(int result) const {
  const std::string path = attempts().path;
  if (result < 0) return single_failed(address_failure(-result, "connect", path, -1), path, -1, Family::unspecified);
  self.connected();
}

NET_API void Connector::start_lookup(const ConnectOptions& options) const {
  ConnectAttempts& p = attempts();
  p.family = options.family;
  const bool by_default = SelectionDefaults::get().on.load() != 0;
  p.selecting = options.family == Family::unspecified && options.localAddress.empty() &&
                options.autoSelectFamily.value_or(by_default);
  p.attempt_delay = options.autoSelectFamilyAttemptTimeout
                        ? static_cast<std::uint64_t>(options.autoSelectFamilyAttemptTimeout->milliseconds())
                        : static_cast<std::uint64_t>(SelectionDefaults::get().delay_ms.load());
  if (p.attempt_delay < 10) p.attempt_delay = 10;
  LookupOptions asked{p.family, options.hints, p.selecting};
  if (asked.family == Family::unspecified && asked.hints == 0) asked.hints = Machine::address_config_hint();  // S12.8
  struct Answer {
    Ref<SocketState> socket;
    SameConnection same;
    void operator()(const Error& error, std::span<const LookupAddress> addresses) const {
      const Connector connector{*socket};
      // a second answer, or one that comes when the socket has gone on, counts for nothing
      if (!socket->connecting() || !same || !connector.attempts().list.empty()) return;
      if (!connector.attempts().started) return connector.looked_up(error, addresses);
      or_give_up(*socket, [&] { connector.looked_up(error, addresses); });
    }
  };
  const Answer answer{Ref<SocketState>(&self), SameConnection(self)};
  if (options.lookup) {
    options.lookup(p.host, asked, answer);
  } else {
    look_up(*self.loop, p.host, asked, [answer](const LookupAnswer& found) {
      or_give_up(*answer.socket, [&] { answer(found.error(), found.addresses()); });
    });
  }
}

NET_API void Connector::looked_up(const Error& error, std::span<const LookupAddress> addresses) const {
  const Ref<SocketState> alive(&self);
  const std::string host = attempts().host;
  const SameConnection same(self);
  self.touch();
  if (error || addresses.empty()) {
    const Error none = error ? error : lookup_failure(Errc::ERR_LOOKUP_NOT_FOUND, host);
    self.emit_event<on_lookup>(none, "", Family::unspecified, host);
    return give_up_later(none);
  }
  if (!attempts().selecting) addresses = addresses.first(1);
  Error invalid;
  for (const LookupAddress& found : addresses) {
    self.emit_event<on_lookup>(no_error(), found.address, found.family, host);
    if (!self.connecting() || !same) return;
    const Error wrong = mistake_of(found);
    if (!wrong) {
      add_attempt(attempts(), found);
    } else if (!invalid) {
      invalid = wrong;
    }
  }
  if (attempts().list.empty()) return give_up_later(invalid);
  attempts().selecting = attempts().list.size() > 1;
  if (attempts().selecting) {
    self.ensure_cold().attempted.make();
    interleave();
  }
  next_attempt();
}

NET_API Error Connector::mistake_of(const LookupAddress& found) const {
  if (isIP(found.address) == 0) return bad_ip(found.address);
  if (found.family == Family::IPv4 || found.family == Family::IPv6) return Error();
  return bad_family(static_cast<int>(found.family), attempts().host, attempts().port);
}

NET_API void Connector::add_attempt(ConnectAttempts& to, const LookupAddress& found) const {
  for (const Attempt* same : to.list) {
    if (same->address == found.address && same->family == found.family) return;
  }
  std::string address = found.address;
  self.ensure_cold().cancelled.reserve(to.list.size() + 1);  // calling it off needs no memory
  to.list.reserve(to.list.size() + 1);
  auto* attempt = new Attempt;
  to.list.push(attempt);
  attempt->channel.owner = static_cast<Handle*>(&self);
  attempt->to = parse_endpoint(address, to.port);
  attempt->address = std::move(address);
  attempt->family = found.family;
}

NET_API void Connector::interleave() const {
  Vec<Attempt*> queues[2], ordered;
  const Family first = attempts().list[0]->family;
  for (Attempt* attempt : attempts().list) queues[attempt->family != first].push(attempt);
  for (std::size_t i = 0; ordered.size() < attempts().list.size(); ++i) {
    for (const auto& queue : queues) {
      if (i < queue.size()) ordered.push(queue[i]);
    }
  }
  attempts().list = std::move(ordered);
}

NET_API void Connector::single_failed(const Error& error, const std::string& address, int port, Family family) const {
  self.phase.move_to(Phase::open);  // as in Node, until it is destroyed
  const std::string kept = address;
  self.stop_connecting();
  self.recount();
  const SameConnection same(self);
  self.emit_event<on_attempt_failed>(kept, port, family, error);
  if (same) self.fail(error);
}

NET_API void Connector::give_up(const Error& error) const { self.fail(error); }

NET_API void Connector::give_up_later(const Error& error) const { self.tick_with<&SocketState::connect_failed>(error); }

NET_API void Connector::ready(SocketState& self, Watcher& watcher) {
  const Ref<SocketState> alive(&self);
  const Connector connector{self};
  if (self.is_path) return connector.path_done(self.channel.finish_connect());
  for (Attempt* attempt : connector.attempts().list) {
    if (&attempt->channel == &watcher) return connector.attempt_ready(*attempt);
  }
}

NET_API void Connector::stop(SocketState& self) noexcept {
  LoopCore* const loop = self.loop;
  ConnectAttempts* const attempts = static_cast<ConnectAttempts*>(detail::exchange(self.cold->connecting, nullptr));
  self.cold->emit_cancelled = emit_cancelled;
  for (Attempt* attempt : attempts->list) {
    if (!attempt->channel.is_open()) continue;
    const bool called_off = self.connecting() && attempts->selecting && attempt->phase == AttemptPhase::running;
    if (called_off) self.cold->cancelled.push(attempt->to);
    close_watched(loop, attempt->channel);
  }
  if (attempts->timer && loop) loop->stop_timer(*attempts->timer);
  attempts->end();
}

NET_API void Connector::emit_cancelled(SocketState& self) {
  const Endpoint to = self.cold->cancelled.back();
  self.cold->cancelled.pop();
  const std::string address = endpoint_text(to);
  self.emit_event<on_attempt_failed>(address, to.port, to.ip.family,
                                     address_failure(ECANCELED, "connect", address, to.port));
}

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif
#endif
