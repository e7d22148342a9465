// How a socket gets its connection: lookup, attempts, and the race between two families. Internal.
#ifndef NET_DETAIL_CONNECT_RACE_IPP
#define NET_DETAIL_CONNECT_RACE_IPP

#include <net/detail/connect/start.hpp>

#if NET_BODIES

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <net/detail/connect/attempts.hpp>
#include <net/detail/connect/checks.hpp>
#include <net/detail/connect/lookup.hpp>
#include <net/detail/loop/retry.hpp>
#include <net/detail/stream/state.hpp>
#include <net/detail/stream/steps.hpp>
#include <net/detail/sys/posix/address.hpp>
#include <net/options.hpp>
#include <net/socket_address.hpp>

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

/// Begins to connect; everything that the options can be blamed for was thrown before.
struct Connector {
  SocketState& self;
  ConnectAttempts& plan() const { return static_cast<ConnectAttempts&>(*self.cold->connecting); }

  /// Everything that needs memory, before anything has changed.
  Ref<ConnectAttempts> prepare(const ConnectOptions& options) const {
    Ref<ConnectAttempts> plan(new ConnectAttempts(*self.loop, {ready, stop}));
    plan->path = options.path;
    plan->host = options.host.empty() ? "localhost" : options.host;
    plan->port = options.port;
    plan->local_address = options.localAddress;
    plan->local_port = options.localPort;
    plan->by_address = options.path.empty() && isIP(plan->host) != 0;
    if (plan->by_address) add_attempt(*plan, {plan->host, family_of(plan->host)});
    plan->block_list = options.blockList;
    (void)self.ensure_cold();
    self.loop->ticks().reserve(2);
    self.expect_close();
    plan->expect_end();
    return plan;
  }

  void start(const Ref<ConnectAttempts>& plan, const ConnectOptions& options) const {
    self.retain_for_loop();
    self.has_handle = self.connecting = true;
    self.is_path = !options.path.empty();
    self.cold->connecting = plan.get();
    plan->retain();
    self.touch();
    self.recount();
    self.cold->block_list = plan->block_list;
    if (plan->by_address) {
      return self.tick([](SocketState& socket) {
        if (socket.connecting) Connector{socket}.next_attempt();
      });
    }
    // what is thrown from here on leaves connect(): then it has not begun
    struct Undo {
      SocketState& self;
      std::uint64_t generation;
      bool passed = false;
      ~Undo() {
        if (passed || !self.connecting || self.generation != generation || !self.loop) return;
        self.stop_connecting();
        self.connecting = self.has_handle = false;
        if (self.channel.is_open()) {
          self.loop->poller().drop(self.channel);
          self.channel.close();
        }
        self.recount();
        self.release_from_loop();
      }
    };
    const Ref<SocketState> alive(&self);
    Undo undo{self, self.generation};
    self.is_path ? start_path() : start_lookup(options);
    undo.passed = true;
  }

  // ── by path ──

  void start_path() const {
    const std::string path = plan().path;
    const SameConnection same(self);
    self.emit<on_attempt>(path, -1, Family::unspecified);
    if (!self.connecting || !self.cold->connecting || !same) return;
    const int result = self.channel.start_connect_path(path);
    if (result == -EINVAL && !self.channel.is_open()) {
      return give_up(address_failure(EINVAL, "connect", path, -1));
    }
    if (result == -EINPROGRESS) {
      watch(self.channel);
    } else {
      // known already, but emitted from the loop
      self.loop->next_pending({Ref<Handle>(&self), [](Handle& handle) {
                                 auto& socket = static_cast<SocketState&>(handle);
                                 if (socket.connecting && socket.cold->path_result <= 0)
                                   Connector{socket}.path_done(socket.cold->path_result);
                               }});
      self.cold->path_result = result;
    }
  }

  void path_done(int result) const {
    const std::string path = plan().path;
    if (result < 0) return single_failed(address_failure(-result, "connect", path, -1), path, -1, Family::unspecified);
    self.connected();
  }

  // ── by name ──

  void start_lookup(const ConnectOptions& options) const {
    ConnectAttempts& p = plan();
    p.family = options.family;
    const bool by_default = SelectionDefaults::get().on.load() != 0;
    p.selecting = options.family == Family::unspecified && options.localAddress.empty() &&
                  options.autoSelectFamily.value_or(by_default);
    p.attempt_delay = options.autoSelectFamilyAttemptTimeout
                          ? static_cast<std::uint64_t>(options.autoSelectFamilyAttemptTimeout->milliseconds())
                          : static_cast<std::uint64_t>(SelectionDefaults::get().delay_ms.load());
    if (p.attempt_delay < 10) p.attempt_delay = 10;
    LookupOptions asked{p.family, options.hints, p.selecting};
    if (asked.family == Family::unspecified && asked.hints == 0) asked.hints = os::address_config_hint;  // S12.8
    const Ref<SocketState> socket(&self);
    const std::uint64_t generation = self.generation;
    struct Answer {
      Ref<SocketState> socket;
      std::uint64_t generation;
      void operator()(const Error& error, std::span<const LookupAddress> addresses) const {
        // a second answer, or one that comes when the socket has gone on, counts for nothing
        if (socket->connecting && socket->generation == generation && Connector{*socket}.plan().attempts.empty()) {
          Connector{*socket}.looked_up(error, addresses);
        }
      }
    };
    const Answer answer{socket, generation};
    if (options.lookup) {
      options.lookup(p.host, asked, answer);
    } else {
      look_up(*self.loop, p.host, asked, [answer](const Error& error, std::span<const LookupAddress> addresses) {
        or_give_up(*answer.socket, [&] { answer(error, addresses); });
      });
    }
  }

  void looked_up(const Error& error, std::span<const LookupAddress> addresses) const {
    const Ref<SocketState> alive(&self);
    const std::string host = plan().host;
    const std::uint64_t generation = self.generation;
    self.touch();
    if (error || addresses.empty()) {
      const Error none = error ? error : lookup_failure(Errc::ERR_LOOKUP_NOT_FOUND, host);
      self.emit<on_lookup>(none, "", Family::unspecified, host);
      return give_up_later(none);
    }
    if (!plan().selecting) addresses = addresses.first(1);
    Error invalid;
    for (const LookupAddress& found : addresses) {
      self.emit<on_lookup>(no_error(), found.address, found.family, host);
      if (!self.connecting || self.generation != generation) return;
      const Error wrong = check(found);
      if (!wrong) {
        add_attempt(plan(), found);
      } else if (!invalid) {
        invalid = wrong;
      }
    }
    if (plan().attempts.empty()) return give_up_later(invalid);
    plan().selecting = plan().attempts.size() > 1;
    if (plan().selecting) {
      self.ensure_cold().attempted.clear();
      interleave();
    }
    next_attempt();
  }

  /// S12.11: what a custom lookup may answer wrongly.
  Error check(const LookupAddress& found) const {
    if (isIP(found.address) == 0) return bad_ip(found.address);
    if (found.family == Family::IPv4 || found.family == Family::IPv6) return Error();
    return bad_family(static_cast<int>(found.family), plan().host, plan().port);
  }

  void add_attempt(ConnectAttempts& to, const LookupAddress& found) const {
    for (const Attempt* same : to.attempts) {
      if (same->address == found.address && same->family == found.family) return;
    }
    std::string address = found.address;
    self.ensure_cold().cancelled.reserve(to.attempts.size() + 1);  // calling it off needs no memory
    to.attempts.reserve(to.attempts.size() + 1);
    auto* attempt = new Attempt;
    to.attempts.push(attempt);
    attempt->channel.owner = static_cast<Handle*>(&self);
    attempt->to = os::parse_endpoint(address, to.port);
    attempt->address = std::move(address);
    attempt->family = found.family;
  }

  /// S13.5: families alternate, beginning with that of the first address; within a family the order stays.
  void interleave() const {
    Vec<Attempt*> queues[2], ordered;
    const Family first = plan().attempts[0]->family;
    for (Attempt* attempt : plan().attempts) queues[attempt->family != first].push(attempt);
    for (std::size_t i = 0; ordered.size() < plan().attempts.size(); ++i) {
      for (const auto& queue : queues) {
        if (i < queue.size()) ordered.push(queue[i]);
      }
    }
    plan().attempts = std::move(ordered);
  }

  // ── attempts ──

  /// Begins with the next address; those begun earlier go on.
  void next_attempt() const {
    const Ref<SocketState> alive(&self);
    const std::uint64_t generation = self.generation;
    if (plan().timer) self.loop->stop_timer(*plan().timer);
    while (self.connecting && self.generation == generation) {
      if (plan().next == plan().attempts.size()) return all_begun();
      Attempt& attempt = *plan().attempts[plan().next++];
      if (begin(attempt)) {
        if (self.connecting && self.generation == generation && plan().next < plan().attempts.size()) start_delay();
        return;
      }
    }
  }

  /// False: it has failed already, and the next one is due.
  bool begin(Attempt& attempt) const {
    if (const Error error = bind(attempt); error) return failed_early(attempt, error, false);
    const bool blocked = self.cold->block_list && attempt.family == attempt.to.ip.family &&
                         self.cold->block_list->check(SocketAddress(attempt.to.ip));
    const auto block_error = [&] {
      return make_error(Errc::ERR_IP_BLOCKED, "IP(" + attempt.address + ") is blocked by net.BlockList");
    };
    if (plan().selecting && blocked) return failed_early(attempt, block_error(), true);
    const SameConnection same(self);
    self.emit<on_attempt>(attempt.address, plan_port(), attempt.family);
    if (!self.connecting || !same) return true;
    if (blocked) return give_up(block_error()), true;
    if (plan().selecting) self.ensure_cold().attempted.push_back(attempted_text(attempt));
    if (const Error error = start(attempt); error) return failed_early(attempt, error, true);
    attempt.running = true;
    watch(attempt.channel);
    return true;
  }

  /// Gives what the system says at once (S12.17).
  Error start(Attempt& attempt) const {
    const int port = plan().port;
    const bool mismatch = attempt.family != attempt.to.ip.family;
    if (mismatch && !attempt.channel.is_open()) return address_failure(EINVAL, "connect", attempt.address, port);
    const int opened = open(attempt);
    const int result = opened < 0 ? opened : mismatch ? -EINVAL : attempt.channel.start_connect(attempt.to);
    if (result >= 0 || result == -EINPROGRESS || result == -ECONNREFUSED) return Error();
    const Endpoint local = opened < 0 ? Endpoint{} : attempt.channel.local_end();
    return local_failure(-result, "connect", attempt.address, port,
                         local ? to_text(local.ip) : std::string(any_of(attempt.family)), local.port, false);
  }

  static int open(Attempt& attempt) { return attempt.channel.is_open() ? 0 : attempt.channel.open(attempt.family); }
  static std::string_view any_of(Family family) noexcept { return family == Family::IPv6 ? "::" : "0.0.0.0"; }
  int plan_port() const { return plan().port; }

  std::string attempted_text(const Attempt& attempt) const {
    return attempt.address + ":" + std::to_string(plan().port);
  }

  Error bind(Attempt& attempt) const {
    const ConnectAttempts& p = plan();
    if (p.local_address.empty() && p.local_port == 0) return Error();
    const std::string address = p.local_address.empty() ? std::string(any_of(attempt.family)) : p.local_address;
    int failed = open(attempt);
    if (failed < 0) return address_failure(-failed, "bind", address, p.local_port);
    if (p.local_port < 0 || p.local_port > 65535) {
      failed = -EADDRINUSE;
    } else if (const Endpoint from = os::parse_endpoint(address, p.local_port); from.ip.family != attempt.family) {
      failed = -EINVAL;
    } else {
      failed = attempt.channel.bind(from);
    }
    return failed < 0 ? address_failure(-failed, "bind", address, p.local_port) : Error();
  }

  void watch(Machine::Channel& channel) const {
    if (const int failed = self.loop->poller().watch(channel, writable); failed < 0) {
      give_up_later(system_failure(-failed, "connect"));
    }
  }

  /// Before the connection was under way: a single attempt fails with it, a race goes on (S12.17, S13.8), without a
  /// word of an address that could not be bound to.
  bool failed_early(Attempt& attempt, const Error& error, bool emits) const {
    close(attempt);
    if (!plan().selecting) return give_up(error), true;
    attempt.error = error;
    if (emits) self.emit<on_attempt_failed>(attempt.address, plan().port, attempt.family, error);
    return false;
  }

  /// The system says how an attempt ended.
  void attempt_ready(Attempt& attempt) const {
    const int result = attempt.channel.finish_connect();
    self.touch();
    if (result == 0) return won(attempt);
    attempt.running = false;
    const ConnectAttempts& p = plan();
    const Error error = p.local_port != 0 || !p.local_address.empty()
                            ? late_failure(attempt, -result)
                            : address_failure(-result, "connect", attempt.address, p.port);
    close(attempt);
    if (!p.selecting) return single_failed(error, attempt.address, p.port, attempt.to.ip.family);
    attempt.error = error;
    const std::uint64_t generation = self.generation;
    const bool current = &attempt == p.attempts[p.next - 1];
    self.emit<on_attempt_failed>(attempt.address, p.port, attempt.to.ip.family, error);
    if (!self.connecting || self.generation != generation) return;
    if (current || plan().next == plan().attempts.size()) next_attempt();
  }

  /// S3.3: a local port was asked for, so the message names the local end.
  Error late_failure(const Attempt& attempt, int number) const {
    const ConnectAttempts& p = plan();
    if (p.local_port == 0) return address_failure(number, "connect", attempt.address, p.port);
    const std::string address = p.local_address.empty() ? std::string(any_of(attempt.to.ip.family)) : p.local_address;
    return local_failure(number, "connect", attempt.address, p.port, address, p.local_port, true);
  }

  void won(Attempt& attempt) const {
    self.loop->poller().drop(attempt.channel);
    self.channel.adopt(attempt.channel.release());
    if (const Endpoint remote = self.channel.remote_end()) {
      self.cold->remote = remote;
      self.cold->remote_known = true;
    }
    self.connected();
  }

  void close(Attempt& attempt) const {
    attempt.running = false;
    if (!attempt.channel.is_open()) return;
    self.loop->poller().drop(attempt.channel);
    attempt.channel.close();
    Retry::descriptor_freed();
  }

  // ── the race ──

  void start_delay() const {
    ConnectAttempts& p = plan();
    if (!p.timer) {
      p.timer = Ref<TimerState>(new TimerState(*self.loop));
      p.timer->refd = false;
      p.timer->callback = [socket = &self] {
        const Ref<SocketState> alive(socket);
        or_give_up(*socket, [&] { Connector{*socket}.delay_over(); });
      };
    }
    self.loop->update_time();
    self.loop->start_timer(*p.timer, p.attempt_delay, self.loop->now());
  }

  void delay_over() const {
    if (!self.connecting) return;
    Attempt& slow = *plan().attempts[plan().next - 1];
    slow.timed_out = true;
    const std::uint64_t generation = self.generation;
    self.emit<on_attempt_timeout>(slow.address, plan().port, slow.to.ip.family);
    if (self.connecting && self.generation == generation) next_attempt();
  }

  /// No address is left to begin with: when none is under way any more, all have failed (S13.12).
  void all_begun() const {
    std::vector<Error> errors;
    for (const Attempt* attempt : plan().attempts) {
      if (attempt->running) return;
      if (attempt->error) errors.push_back(attempt->error);
    }
    give_up(errors.empty() ? make_error(Errc::ERR_SOCKET_CONNECTION_TIMEOUT) : aggregate_failure(std::move(errors)));
  }

  // ── the end of it ──

  void single_failed(const Error& error, const std::string& address, int port, Family family) const {
    self.connecting = false;
    const std::string kept = address;
    self.stop_connecting();
    self.recount();
    const SameConnection same(self);
    self.emit<on_attempt_failed>(kept, port, family, error);
    if (same) self.fail(error);
  }

  void give_up(const Error& error) const { self.fail(error); }
  /// On the next tick, if the socket is still at the same connection then.
  void give_up_later(const Error& error) const {
    self.loop->next_tick([socket = Ref<SocketState>(&self), generation = self.generation, error] {
      if (socket->connecting && socket->generation == generation) Connector{*socket}.give_up(error);
    });
  }

  // ── what the socket asks of it (Connecting) ──

  static void ready(SocketState& self, Watcher& watcher) {
    const Ref<SocketState> alive(&self);
    const Connector connector{self};
    if (self.is_path) return connector.path_done(self.channel.finish_connect());
    for (Attempt* attempt : connector.plan().attempts) {
      if (&attempt->channel == &watcher) return connector.attempt_ready(*attempt);
    }
  }

  static void stop(SocketState& self) noexcept {
    LoopCore* const loop = self.loop;
    ConnectAttempts* const plan = static_cast<ConnectAttempts*>(std::exchange(self.cold->connecting, nullptr));
    self.cold->emit_cancelled = emit_cancelled;
    for (Attempt* attempt : plan->attempts) {
      if (!attempt->channel.is_open()) continue;
      if (loop) loop->poller().drop(attempt->channel);
      const bool under_way = self.connecting && plan->selecting && attempt->running && !attempt->timed_out;
      if (under_way) self.cold->cancelled.push(attempt->to);
      attempt->channel.close();
      Retry::descriptor_freed();
    }
    if (plan->timer && loop) loop->stop_timer(*plan->timer);
    plan->end();
  }

  static void emit_cancelled(SocketState& self) {
    const Endpoint to = self.cold->cancelled.back();
    self.cold->cancelled.pop();
    const std::string address = os::endpoint_text(to);
    self.emit<on_attempt_failed>(address, to.port, to.ip.family, address_failure(ECANCELED, "connect", address, to.port));
  }
};

/// Socket::connect: throws what is wrong with the options or with the socket, and begins.
NET_API void start_connecting(SocketState& state, const ConnectOptions& options) {
  require_connectable(options);
  if (!state.loop) throw_error(make_error(Errc::ERR_NO_LOOP, "The loop of this socket is gone"));
  // a wrapped descriptor of IPC that has no other end yet (S22.9)
  const bool wrapped = state.is_path && !state.connecting && state.channel.is_open() && !options.path.empty() &&
                       os::unconnected(state.channel.native());
  if (!wrapped && (state.connecting || state.has_handle)) {
    throw_error(address_failure(state.connecting ? EALREADY : EISCONN, "connect", options.host, options.port));
  }
  if (state.closing) throw_error(make_error(Errc::ERR_SOCKET_CLOSED, "Socket is closing: connect again from 'close' on"));
  const Ref<ConnectAttempts> plan = Connector{state}.prepare(options);
  if (!wrapped) {
    if (state.users_buffer) state.next_onread_buffer();
    state.undestroy();
  }
  if (options.noDelay) state.no_delay = true;
  if (options.keepAlive) state.set_keep_alive(true, options.keepAliveInitialDelay);
  Connector{state}.start(plan, options);
}

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif
#endif
