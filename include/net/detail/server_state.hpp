// What a server is made of: a listening descriptor, and the number of its connections. Internal; net::Server is its face.
#ifndef NET_DETAIL_SERVER_STATE_HPP
#define NET_DETAIL_SERVER_STATE_HPP

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include <net/detail/listeners.hpp>
#include <net/detail/loop_core.hpp>
#include <net/detail/os_address.hpp>
#include <net/detail/resolver.hpp>
#include <net/detail/retry.hpp>
#include <net/detail/socket_state.hpp>
#include <net/options.hpp>

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

/// The order of the rows in Server::Events.
enum ServerEvent : unsigned { server_close, server_connection, server_error, server_listening, server_drop };

/// What belongs to one listen(), which replaces it as a whole.
struct Listening {
  std::string path;           // kept after close() (S8.7)
  std::uint32_t made_in = 0;  // which process made it, counted in forks
  bool looking_up = false;
  bool inherits_no_delay = false;
};

struct ServerState : Handle, Listening {
  static const Operations table;
  struct NothingOpen;

  ServerState(LoopCore& core, const ServerOptions& given) : Handle(core, table), options(given) {
    acceptor.owner = static_cast<Handle*>(this);
  }

  // ── listening ──
  void listen(const ListenOptions& asked);
  void listen_on(const ListenOptions& asked);
  void listen_as(NativeHandle other);
  void start_over() noexcept;
  void make_room();
  void listen_path(const ListenOptions& asked);
  void look_up_host(const ListenOptions& asked);
  void watch_signal(const AbortSignal& signal);
  void forget_signal() noexcept;
  void set_no_delay(bool on);
  int keep_alive_seconds() const noexcept { return whole_seconds(options.keepAliveInitialDelay); }
  static int backlog_of(const ListenOptions& asked) noexcept { return asked.backlog ? asked.backlog : 511; }
  void bind(const Endpoint& at, const ListenOptions& asked);
  void bound(int failed, std::string_view address, int port);
  void opened();
  void close();
  void remove_path() const noexcept;
  void close_if_drained();
  void emit_close();
  void settle() noexcept;
  void stop_listening() noexcept;
  void abandon();

  // ── connections ──
  void accept_one();
  void cannot_accept(int number);
  void accept_again();
  void look_at_shortage() noexcept;
  void accepted(NativeHandle fd);
  bool blocks(const Machine::Channel& channel) const;
  void drop(Machine::Channel& channel);
  static void on_ready(Handle& self, Watcher&, unsigned, int) { static_cast<ServerState&>(self).accept_one(); }
  static void connection_gone(Handle& self);

  // ── what listeners are told (net/server.hpp) ──
  void tell_close();
  void tell_connection(const Ref<SocketState>& socket);
  void tell_error(const Error& error);
  void tell_listening();
  void tell_drop(const DropInfo& info);

  void tick(void (*step)(ServerState&)) {
    if (loop) loop->next_tick(OwedStep<ServerState>{Owing<ServerState>(*this), step});
  }
  template <class What>
  void tick_with(const What& what, void (*step)(ServerState&, const What&)) {
    if (loop) loop->next_tick(OwedStepWith<ServerState, What>{Owing<ServerState>(*this), step, what});
  }
  /// What keeps the loop alive: a listening descriptor that is ref'd.
  void recount() noexcept {
    const bool busy = acceptor.is_open() && wanted && loop;
    if (busy == counted || !loop) return;
    counted = busy;
    loop->keep_alive(busy);
  }

  Machine::Acceptor acceptor;
  Listeners listeners;
  ServerOptions options;
  std::size_t connections = 0;
  std::optional<std::size_t> most_connections;
  std::uint64_t round = 0;  // counts listens, so that a late lookup can tell
  std::size_t owed = 0;     // what is queued and may be told to listeners
  bool wanted : 1 = true;
  bool counted : 1 = false;
  bool holds_self : 1 = false;
  bool drop_max_connection : 1 = false;
  bool close_ticking : 1 = false;
  bool close_told : 1 = false;  // and it has not listened since
  bool shortage_told : 1 = false;
  bool close_expected : 1 = false;  // the loop has room for its 'close'
  Ref<AbortHook> abort_hook;
  Retry retry{*this, [](Handle& self) { static_cast<ServerState&>(self).accept_again(); }};  // while it cannot accept

  ~ServerState() {
    forget_signal();
    if (close_expected && loop) loop->ticks().expect_no_more();
  }
};

inline constexpr Handle::Operations ServerState::table{
    [](Handle& handle) noexcept { delete static_cast<ServerState*>(&handle); },
    [](Handle& handle) noexcept { static_cast<ServerState&>(handle).abandon(); }, &ServerState::on_ready,
    &ServerState::connection_gone,
    nullptr,
    [](Handle& handle) noexcept {
      if (const auto& self = static_cast<ServerState&>(handle); self.acceptor.is_open()) self.remove_path();
    }};

// ── listening ──────────────────────────────────────────────────────────────

/// A listen() that throws leaves nothing open.
struct ServerState::NothingOpen {
  ServerState& self;
  bool passed = false;
  ~NothingOpen() {
    if (passed) return;
    self.stop_listening();
    self.forget_signal();
  }
};

inline void ServerState::start_over() noexcept {
  forget_signal();
  static_cast<Listening&>(*this) = Listening();
  ++round;
}

/// Telling how it went, and later of the end, needs no memory.
inline void ServerState::make_room() {
  loop->ticks().reserve(3);
  if (close_expected) return;
  loop->ticks().expect();
  close_expected = true;
}

inline void ServerState::listen(const ListenOptions& asked) {
  make_room();
  start_over();
  NothingOpen unless{*this};
  watch_signal(asked.signal);
  listen_on(asked);
  unless.passed = true;
}

/// A descriptor of its own for what another server listens on.
inline void ServerState::listen_as(NativeHandle other) {
  start_over();
  const NativeHandle fd = os::duplicate(other);
  const int failed = fd < 0 ? fd : acceptor.listen_descriptor(fd, 511);
  if (failed < 0 && fd >= 0) os::close_descriptor(fd);
  NothingOpen unless{*this};
  bound(failed, "", 0);
  unless.passed = true;
}

inline void ServerState::listen_on(const ListenOptions& asked) {
  if (asked.fd >= 0) return bound(acceptor.listen_descriptor(asked.fd, backlog_of(asked)), "", 0);
  if (asked.port == -1) return listen_path(asked);
  if (!asked.host.empty()) return look_up_host(asked);
  // all addresses: one socket for both families, or IPv4 alone where IPv6 is not available (S9.4)
  Endpoint any = os::parse_endpoint("::", asked.port);
  const ListenFlags flags{asked.ipv6Only, asked.reusePort, backlog_of(asked)};
  int failed = acceptor.listen(any, flags);
  if (failed == -EAFNOSUPPORT || failed == -EADDRNOTAVAIL || (failed == -EINVAL && !asked.ipv6Only)) {
    any = os::parse_endpoint("0.0.0.0", asked.port);
    failed = acceptor.listen(any, flags);
  }
  bound(failed, to_text(any.ip), asked.port);
}

/// S23.2: the file is there when listen() returns.
inline void ServerState::listen_path(const ListenOptions& asked) {
  path = asked.path;
  made_in = os::generation().load();
  const PathMode mode{asked.readableAll, asked.writableAll};
  bool mode_failed = false;
  const int failed = acceptor.listen_path(path, mode, backlog_of(asked), &mode_failed);
  if (mode_failed) raise(system_failure(-failed, "uv_pipe_chmod"));  // S23.11
  bound(failed, path, -1);
}

/// S20.7: aborting closes the server; an aborted one closes on the next tick.
inline void ServerState::watch_signal(const AbortSignal& signal) {
  if (!signal) return;
  if (signal.aborted()) {
    tick([](ServerState& self) { self.close(); });
    return;
  }
  abort_hook = Ref<AbortHook>(new AbortHook(*loop));
  abort_hook->callback = [this](const Error&) { close(); };
  if (signal.state()->attach(*abort_hook)) return;
  abort_hook = {};
  tick([](ServerState& self) { self.close(); });
}

inline void ServerState::forget_signal() noexcept {
  if (abort_hook) std::exchange(abort_hook, {})->detach();
}

/// Even an IP literal is looked up first (S9.5); the answer binds one address (S9.6).
inline void ServerState::look_up_host(const ListenOptions& asked) {
  if (has_nul(asked.host)) {
    // like a name that is not found
    return tick_with(
        nul_in_host(asked.host), +[](ServerState& self, const Error& error) { self.tell_error(error); });
  }
  looking_up = true;
  const auto answered = [this, asked_in = round, asked, alive = Ref<ServerState>(this)](
                            const Error& error, std::span<const LookupAddress> addresses) {
    if (!looking_up || round != asked_in) return;
    looking_up = false;
    const Owing<ServerState> told(*this);
    if (error) {
      tell_error(error);
      return;
    }
    const LookupAddress* chosen = nullptr;
    for (const LookupAddress& found : addresses) {
      const IpAddress ip = parse_ip(found.address);
      const bool link_local = ip.family == Family::IPv6 && ip.bytes[0] == 0xfe && (ip.bytes[1] & 0xc0) == 0x80;
      if (!link_local) {
        chosen = &found;
        break;
      }
    }
    if (!chosen) chosen = &addresses.front();
    bind(os::parse_endpoint(chosen->address, asked.port), asked);
  };
  if (isIP(asked.host) != 0) {
    // known, but answered on a tick; it keeps the loop alive no longer than that
    loop->next_tick([answered, host = asked.host] {
      const LookupAddress itself{host, family_of(host)};
      answered(no_error(), {&itself, 1});
    });
  } else {
    detail::look_up(*loop, asked.host, {Family::unspecified, os::hint_address_config, true}, answered);
  }
}

inline void ServerState::bind(const Endpoint& at, const ListenOptions& asked) {
  const ListenFlags flags{asked.ipv6Only, asked.reusePort, backlog_of(asked)};
  bound(acceptor.listen(at, flags), os::endpoint_text(at), asked.port);
}

/// The events come on the next tick, how ever it went (S9.2, S9.12).
inline void ServerState::bound(int failed, std::string_view address, int port) {
  if (failed == 0) failed = loop->poller().watch(acceptor, readable);
  if (failed == 0) return opened();
  stop_listening();  // its file too, if it was only not watched
  tick_with(
      listen_failure(-failed, address, port), +[](ServerState& self, const Error& error) { self.tell_error(error); });
}

inline void ServerState::opened() {
  if (!holds_self) {
    holds_self = true;
    retain();
  }
  close_told = shortage_told = false;
  retry.forget_delay();
  if (options.noDelay) set_no_delay(true);
  recount();
  tick_with(
      round, +[](ServerState& self, const std::uint64_t& asked) {
        if (self.acceptor.is_open() && self.round == asked) self.tell_listening();
      });
}

/// What is set on the listening descriptor is inherited: one call less a connection.
inline void ServerState::set_no_delay(bool on) {
  options.noDelay = on;
  if (acceptor.is_open() && path.empty()) inherits_no_delay = acceptor.set_no_delay(on) == 0 && on;
}

// ── closing ────────────────────────────────────────────────────────────────

/// Stops listening at once; 'close' when the last connection is gone too (S9.13, S9.14).
inline void ServerState::close() {
  looking_up = false;
  stop_listening();
  close_if_drained();
}

inline void ServerState::stop_listening() noexcept {
  retry.stop();
  if (!acceptor.is_open()) return;
  loop->poller().drop(acceptor);
  acceptor.close();
  remove_path();
  Retry::descriptor_freed();
  recount();
}

/// The file is removed by the process that made it: after a fork() the parent still listens there.
inline void ServerState::remove_path() const noexcept {
  if (!path.empty() && made_in == os::generation().load()) os::remove_path(path);
}

inline void ServerState::close_if_drained() {
  if (acceptor.is_open() || connections > 0 || close_ticking || !loop) return;
  OwedStep<ServerState> step{Owing<ServerState>(*this), [](ServerState& self) {
                               self.close_ticking = false;
                               self.emit_close();
                             }};
  if (close_expected) {
    close_expected = false;
    loop->ticks().push_expected(std::move(step));
  } else {
    loop->next_tick(std::move(step));
  }
  close_ticking = true;
}

inline void ServerState::emit_close() {
  struct Told {
    ServerState& self;
    Ref<ServerState> alive;
    ~Told() {
      if (self.acceptor.is_open() || self.looking_up || !self.holds_self) return;
      self.holds_self = false;
      self.release();
    }
  } const told{*this, Ref<ServerState>(this)};
  close_told = !acceptor.is_open();
  tell_close();
}

/// When nothing is owed any more after 'close' the listeners go, and with them every cycle, unless it is used again.
inline void ServerState::settle() noexcept {
  if (--owed > 0 || !close_told || acceptor.is_open() || looking_up) return;
  forget_signal();
  if (!options.reusable) listeners.clear();
}

inline void ServerState::connection_gone(Handle& handle) {
  auto& self = static_cast<ServerState&>(handle);
  --self.connections;
  self.close_if_drained();
}

inline void ServerState::abandon() {
  stop_listening();
  abort_hook = {};
  listeners.clear();
  if (!holds_self) return;
  holds_self = false;
  release();
}

// ── connections ────────────────────────────────────────────────────────────

/// One a wake-up: asking whether there is another costs more than being woken again.
inline void ServerState::accept_one() {
  const NativeHandle fd = acceptor.try_accept();
  if (fd >= 0) return accepted(fd);
  // a client that has gone already: the next one is another matter
  if (fd == would_block || fd == -EINTR || fd == -ECONNABORTED) return;
  cannot_accept(-fd);
}

/// What the poller would report again at once is left alone for a while (S32.1, S32.2), and told once; other failures
/// are of one client.
[[gnu::cold]] inline void ServerState::cannot_accept(int number) {
  const bool no_memory = short_of_memory(-number);
  const bool lasting = number == EMFILE || number == ENFILE || number == EBADF || number == EINVAL ||
                       number == ENOTSOCK || number == EOPNOTSUPP;
  if (no_memory || lasting) {
    no_memory ? retry.after(10) : retry.when_descriptor_freed();
    loop->poller().watch(acceptor, 0);
    if (no_memory || shortage_told) return;
    shortage_told = true;
  }
  tell_error(system_failure(number, "accept"));
}

/// The listening descriptor is watched again only when it is of use.
inline void ServerState::accept_again() {
  if (!acceptor.is_open()) return;
  const Ref<ServerState> alive(this);
  const NativeHandle fd = acceptor.try_accept();
  if (fd < 0 && fd != would_block && fd != -EINTR && fd != -ECONNABORTED) return cannot_accept(-fd);
  if (loop->poller().watch(acceptor, readable) < 0) {
    retry.when_descriptor_freed();
  } else {
    retry.forget_delay();
  }
  if (fd >= 0) return accepted(fd);
  look_at_shortage();
}

/// The next shortage is told again when there is a reserve once more; until then it is still the same one.
inline void ServerState::look_at_shortage() noexcept {
  shortage_told = [](const auto& accepts) {
    if constexpr (requires { accepts.has_reserve(); }) return !accepts.has_reserve();
    return false;  // a machine that knows of none
  }(acceptor);
}

/// Whether the block list turns it away. A client that is gone cannot be asked for, and is not let through (S21.6).
inline bool ServerState::blocks(const Machine::Channel& channel) const {
  if (!options.blockList) return false;
  const Endpoint remote = channel.remote_end();
  return remote ? options.blockList->check(SocketAddress(remote.ip)) : static_cast<bool>(acceptor.local_end());
}

inline void ServerState::accepted(NativeHandle fd) {
  if (shortage_told) [[unlikely]]
    look_at_shortage();
  struct Owned {
    NativeHandle fd;
    ~Owned() {
      if (fd >= 0) os::close_descriptor(fd);
    }
  } owned{fd};  // if there is no memory for more
  const Ref<SocketState> socket(new SocketState(*loop));
  SocketState& state = *socket;
  state.channel.adopt(std::exchange(owned.fd, os::no_descriptor));
  if (most_connections && connections >= *most_connections) return drop(state.channel);
  if (blocks(state.channel)) return;
  state.has_handle = true;
  state.is_path = !path.empty();
  state.allow_half_open = options.allowHalfOpen;
  state.read_mark = state.write_mark = options.highWaterMark;
  state.no_delay = options.noDelay;
  if (options.noDelay && !inherits_no_delay && !state.is_path) state.channel.set_no_delay(true);
  if (options.keepAlive) {
    const int seconds = keep_alive_seconds();
    state.keep_alive = true;
    if (seconds != 0) state.more().keep_alive_seconds = seconds;
    if (!state.is_path) state.channel.set_keep_alive(true, seconds);
  }
  state.expect_close();
  state.hold();
  state.server = Ref<Handle>(this);
  state.of_server = true;
  ++connections;
  or_give_up(state, [&] {
    if (options.pauseOnConnect) {
      state.flow_state = Flow::paused;
    } else {
      state.first_read();  // reading starts before the event; nothing is told before the listener returns (S9.16)
    }
    tell_connection(socket);
  });
  if (!state.kernel_reading || !loop) return;
  loop->ask_first(socket, [](Handle& self) { return static_cast<SocketState&>(self).brought_something(); });
}

inline void ServerState::drop(Machine::Channel& channel) {
  const Endpoint local = channel.local_end(), remote = channel.remote_end();
  tell_drop({os::endpoint_text(local), local.port, local.ip.family, os::endpoint_text(remote), remote.port,
             remote.ip.family});
}

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif
