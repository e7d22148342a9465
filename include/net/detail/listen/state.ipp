// How a server listens and closes. Internal.
#ifndef NET_DETAIL_LISTEN_STATE_IPP
#define NET_DETAIL_LISTEN_STATE_IPP

#include <net/detail/listen/state.hpp>

#if NET_BODIES

#include <net/detail/connect/lookup.hpp>

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

// The table of events, and the numbers by which they are emitted.
static_assert(ServerEvents::index<"close"> == server_close);
static_assert(ServerEvents::index<"connection"> == server_connection);
static_assert(ServerEvents::index<"error"> == server_error);
static_assert(ServerEvents::index<"listening"> == server_listening);
static_assert(ServerEvents::index<"drop"> == server_drop);

NET_API constexpr Handle::Operations ServerState::table{
    [](Handle& handle) noexcept { delete static_cast<ServerState*>(&handle); },
    [](Handle& handle) noexcept { static_cast<ServerState&>(handle).abandon(); },
    &ServerState::on_ready,
    &ServerState::connection_gone,
    nullptr,
    [](Handle& handle) noexcept {
      if (const auto& self = static_cast<ServerState&>(handle); self.acceptor.is_open()) self.remove_path();
    },
    nullptr,
    nullptr,
    [](const Handle& handle, LoopCounts& counts) noexcept {
      counts.servers += static_cast<const ServerState&>(handle).acceptor.is_open();
    }};

NET_API void ServerState::recount() noexcept {
  if (loop) keeps_alive.count(*loop, acceptor.is_open() && keeps_alive.refd);
}

NET_API void ServerState::start_over() noexcept {
  abort_watch = {};
  static_cast<Listening&>(*this) = Listening();
  ++generation;
}

/// Telling how it went, and later of the end, needs no memory.
NET_API void ServerState::reserve_one() {
  loop->ticks().reserve(3);
  if (close_expected) return;
  loop->ticks().expect();
  close_expected = true;
}

NET_API void ServerState::listen(const ListenOptions& asked) {
  begin(asked, asked.fd >= 0      ? &ServerState::listen_descriptor
               : asked.port == -1 ? &ServerState::listen_path
                                  : &ServerState::listen_port);
}

/// Whoever knows the way names it: a program that listens by port has no code of the other ways.
NET_API void ServerState::begin(const ListenOptions& asked, void (ServerState::*how)(const ListenOptions&)) {
  reserve_one();
  start_over();
  NothingOpen unless{*this};
  watch_signal(asked.signal);
  (this->*how)(asked);
  unless.passed = true;
}

/// A descriptor of its own for what another server listens on.
NET_API void ServerState::listen_as(const ServerState& other) {
  reserve_one();
  start_over();
  ipc = other.ipc;
  NothingOpen unless{*this};
  watch_signal({});
  const int failed = acceptor.listen_beside(other.acceptor, 511);
  bound(failed, "", 0);
  unless.passed = true;
}

NET_API void ServerState::listen_port(const ListenOptions& asked) {
  if (!asked.host.empty()) return look_up_host(asked);
  if (ask_elsewhere(asked)) return;
  // all addresses: one socket for both families, or IPv4 alone where IPv6 is not available (S9.4)
  Endpoint any = parse_endpoint("::", asked.port);
  const ListenFlags flags{asked.ipv6Only, asked.reusePort, backlog_of(asked)};
  int failed = acceptor.listen(any, flags);
  if (failed == -EAFNOSUPPORT || failed == -EADDRNOTAVAIL || (failed == -EINVAL && !asked.ipv6Only)) {
    any = parse_endpoint("0.0.0.0", asked.port);
    failed = acceptor.listen(any, flags);
  }
  bound(failed, to_text(any.ip), asked.port);
}

/// S22.5: until it is watched it stays with whoever has it: what fails does not close it.
NET_API void ServerState::listen_descriptor(const ListenOptions& asked) {
  struct GiveBack {
    ServerState& self;
    bool taken = false;
    ~GiveBack() {
      if (taken || !self.acceptor.is_open()) return;
      self.loop->poller().drop(self.acceptor);
      self.acceptor.release();
    }
  };
  ipc = Machine::kind_of(asked.fd) == DescriptorKind::local;
  const auto take = [&]() -> int {
    if (loop->poller().has(asked.fd)) return -EEXIST;
    GiveBack unless{*this};
    int failed = acceptor.listen_descriptor(asked.fd, backlog_of(asked));
    if (failed == 0) failed = loop->poller().watch(acceptor, readable);
    unless.taken = failed == 0;
    return failed;
  };
  bound(take(), "", 0);
}

/// S23.2: the file is there when listen() returns.
NET_API void ServerState::listen_path(const ListenOptions& asked) {
  if (ask_elsewhere(asked)) return;
  path = asked.path;
  ipc = true;
  made_in = Machine::fork_count();
  const PathMode mode{asked.readableAll, asked.writableAll};
  bool mode_failed = false;
  const int failed = acceptor.listen_path(path, mode, backlog_of(asked), &mode_failed);
  if (mode_failed) throw_error(system_failure(-failed, "uv_pipe_chmod"));  // S23.11
  bound(failed, path, -1);
}

/// S20.7: aborting closes the server; an aborted one closes on the next tick. It may have a signal of its own.
NET_API void ServerState::watch_signal(const AbortSignal& given) {
  if (!given && !options.signal) return;
  Ref<AbortState> signal(&Access::state(given ? given : options.signal));
  if (given && options.signal) signal = signal->either(Access::state(options.signal));
  abort_watch =
      signal->attach(*loop, {[](void* self, const Error&) { static_cast<ServerState*>(self)->close(); }, this});
  if (!abort_watch) tick(step_of<&ServerState::close>);
}

/// Even an IP literal is looked up first (S9.5); the answer binds one address (S9.6).
NET_API void ServerState::look_up_host(const ListenOptions& asked) {
  if (has_nul(asked.host)) {
    // like a name that is not found
    return tick_with(nul_in_host(asked.host), +[](ServerState& self, const Error& error) { self.emit_error(error); });
  }
  pending = asked;
  pending.signal = {};  // it is watched already
  looking_up = true;
  // a literal is known, but answered on a tick; it keeps the loop alive no longer than that
  if (isIP(pending.host) != 0) return tick(step_of<&ServerState::host_known>, generation);
  detail::look_up(*loop, pending.host, {Family::unspecified, Machine::address_config_hint(), true},
                  [self = Ref<ServerState>(this), of = generation](const LookupAnswer& found) {
                    if (self->generation == of) self->host_answered(found);
                  });
}

NET_API void ServerState::host_known() {
  if (!looking_up) return;
  looking_up = false;
  bind(parse_endpoint(pending.host, pending.port));
}

NET_API void ServerState::host_answered(const LookupAnswer& found) {
  if (!looking_up) return;
  looking_up = false;
  const Owing<ServerState> owing(*this);
  if (const Error error = found.error()) return emit_error(error);
  bind(parse_endpoint(first_usable(found.addresses()).address, pending.port));
}

/// S9.6: not one that is of use on its link alone, unless there is no other.
NET_API const LookupAddress& ServerState::first_usable(std::span<const LookupAddress> addresses) noexcept {
  for (const LookupAddress& found : addresses) {
    if (!is_link_local(parse_ip(found.address))) return found;
  }
  return addresses.front();
}

NET_API void ServerState::bind(const Endpoint& at) {
  pending.host = endpoint_text(at);
  if (ask_elsewhere(pending)) return;
  loop->ticks().reserve(1);  // telling how it went needs no memory
  const ListenFlags flags{pending.ipv6Only, pending.reusePort, backlog_of(pending)};
  bound(acceptor.listen(at, flags), pending.host, pending.port);
}

/// The events come on the next tick, how ever it went (S9.2, S9.12).
NET_API void ServerState::bound(int failed, std::string_view address, int port) {
  {
    NothingOpen unless{*this};  // a poller without memory throws
    if (failed == 0) failed = loop->poller().watch(acceptor, accepts ? readable : 0u);
    unless.passed = true;
  }
  if (failed == 0) return opened();
  stop_listening();  // its file too, if it was only not watched
  tick_with(
      listen_failure(-failed, address, port), +[](ServerState& self, const Error& error) { self.emit_error(error); });
}

/// S33.6: in a worker of a cluster the primary listens, unless the server wants a port of its own.
NET_API bool ServerState::ask_elsewhere(const ListenOptions& asked) {
  if (!loop->served_elsewhere || asked.exclusive || asked.reusePort) return false;
  looking_up = true;
  if (asked.port == -1) path = asked.path, made_in = not_made_here;
  loop->served_elsewhere->listen(*this, asked);
  return true;
}

/// The answer: a descriptor of its own of what another server listens on.
NET_API void ServerState::opened_elsewhere(const ServerState& other, std::uint32_t number, bool accepting) {
  const Owing<ServerState> owing(*this);
  looking_up = false;
  ipc = other.ipc;
  elsewhere = number;
  accepts = accepting;
  loop->ticks().reserve(1);
  bound(acceptor.listen_beside(other.acceptor, 0), "", 0);
}

NET_API void ServerState::refused_elsewhere(const Error& why) {
  const Owing<ServerState> owing(*this);
  looking_up = false;
  emit_error(why);
}

/// A connection is gone, or more are allowed.
NET_API void ServerState::space_changed() {
  if (elsewhere && loop && loop->served_elsewhere) loop->served_elsewhere->has_space(*this);
}

NET_API void ServerState::opened() {
  if (!kept_by_loop) {
    kept_by_loop = true;
    retain();
  }
  if (closing == ServerClose::emitted || closing == ServerClose::over) closing.move_to(ServerClose::none);
  shortage_emitted = false;
  retry.forget_delay();
  if (options.noDelay) set_no_delay(true);
  recount();
  tick(step_of<&ServerState::emit_listening>, generation);
}

NET_API void ServerState::emit_listening() {
  if (acceptor.is_open()) emit_event<server_listening>();
}

/// What is set on the listening descriptor is inherited: one call less a connection.
NET_API void ServerState::set_no_delay(bool on) {
  options.noDelay = on;
  if (acceptor.is_open() && !ipc) inherits_no_delay = acceptor.set_no_delay(on) == 0 && on;
}

/// Stops listening at once; 'close' when the last connection is gone too (S9.13, S9.14).
NET_API void ServerState::close() {
  looking_up = false;
  stop_listening();
  close_if_drained();
}

/// A close() that throws, for want of memory, has done nothing, and its callback is not called.
NET_API void ServerState::reserve_close() {
  if (loop) loop->ticks().reserve(1);
}

NET_API void ServerState::stop_listening() noexcept {
  retry.stop();
  if (elsewhere && loop->served_elsewhere) loop->served_elsewhere->left(*this, elsewhere);
  elsewhere = 0;
  if (!acceptor.is_open()) return;
  close_watched(loop, acceptor);
  remove_path();
  recount();
}

/// The file is removed by the process that made it: after a fork() the parent still listens there.
NET_API void ServerState::remove_path() const noexcept {
  if (!path.empty() && made_in == Machine::fork_count()) Machine::remove_path(path);
}

NET_API void ServerState::close_if_drained() {
  if (acceptor.is_open() || connections > 0 || closing == ServerClose::ticking || !loop) return;
  CurrentStep<ServerState> step{Owing<ServerState>(*this), step_of<&ServerState::emit_close>, any_generation};
  if (close_expected) {
    close_expected = false;
    loop->ticks().push_expected(std::move(step));
  } else {
    loop->ticks().push(std::move(step));
  }
  closing.move_to(ServerClose::ticking);
}

NET_API void ServerState::emit_close() {
  struct Emitted {
    ServerState& self;
    Ref<ServerState> alive;
    ~Emitted() {
      if (self.acceptor.is_open() || self.looking_up || !self.kept_by_loop) return;
      self.kept_by_loop = false;
      self.release();
    }
  } const emitted{*this, Ref<ServerState>(this)};
  closing.move_to(acceptor.is_open() ? ServerClose::none : ServerClose::emitted);
  emit_event<server_close>();
}

/// When nothing is owed any more after 'close' the listeners go, and with them every cycle, unless it is used again.
/// Those that are added later stay, as in Node.
NET_API void ServerState::settle() noexcept {
  if (--owed > 0 || closing != ServerClose::emitted || acceptor.is_open() || looking_up) return;
  abort_watch = {};
  if (options.reusable) return;
  closing.move_to(ServerClose::over);
  listeners.clear();
}

NET_API void ServerState::abandon() {
  do {
    stop_listening();
    abort_watch = {};
    listeners.clear();
    if (!kept_by_loop) return;
    kept_by_loop = false;
    release();
  } while (acceptor.is_open());  // a listener that died has opened it again
}

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif
#endif
