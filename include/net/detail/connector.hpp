// How a socket gets its connection: lookup, attempts, and the race between two families. Internal.
#ifndef NET_DETAIL_CONNECTOR_HPP
#define NET_DETAIL_CONNECTOR_HPP

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <net/detail/resolver.hpp>
#include <net/detail/socket_state.hpp>
#include <net/options.hpp>
#include <net/socket_address.hpp>

namespace net::detail::inline NET_MACHINE {

/// One address that is being tried, on a descriptor of its own.
struct Attempt {
  Machine::Channel channel;
  Endpoint to;
  std::string address;
  Error error;
  bool running = false;
  bool timed_out = false;
};

/// What a socket has only while it connects.
struct Connecting {
  std::string host, path, local_address;
  int port = 0;
  int local_port = 0;
  Family family = Family::unspecified;
  bool selecting = false;           // several addresses, which race (S13)
  std::uint64_t attempt_delay = 250;
  std::optional<BlockList> block_list;
  std::vector<Attempt*> attempts;   // in order; those from `next` on have not begun
  std::size_t next = 0;
  Ref<TimerState> timer;

  Connecting() = default;
  Connecting(const Connecting&) = delete;
  Connecting& operator=(const Connecting&) = delete;
  ~Connecting() {
    for (Attempt* attempt : attempts) delete attempt;
  }
};

/// Keeps a finished plan until the turn has ended: its watchers may still be in the poller's present round.
struct Discarded : Handle {
  static const Operations table;
  Discarded(LoopCore& core, Connecting* kept) noexcept : Handle(core, table), plan(kept) {}
  ~Discarded() { delete plan; }
  Connecting* plan;
};

inline constexpr Handle::Operations Discarded::table{
    [](Handle& handle) noexcept { delete static_cast<Discarded*>(&handle); }, [](Handle&) noexcept {}};

/// S7.8, S7.9: the defaults of the process, read when connect is called.
struct SelectionDefaults {
  Atomic<int> on{1};
  Atomic<int> delay_ms{250};
  static SelectionDefaults& get() {
    static SelectionDefaults defaults;
    return defaults;
  }
};

/// S22.4, S3.14: what can be wrapped is a stream.
inline void require_stream(NativeHandle fd) {
  if (fd < 0) raise(out_of_range("fd", ">= 0 && <= 2147483647", std::to_string(fd)));
  switch (os::kind_of(fd)) {
    case os::Kind::tcp:
    case os::Kind::local:
    case os::Kind::pipe: return;
    case os::Kind::datagram: raise(coded(Errc::ERR_INVALID_FD_TYPE, "Unsupported fd type: UDP"));
    case os::Kind::terminal: raise(coded(Errc::ERR_INVALID_FD_TYPE, "Unsupported fd type: TTY"));
    case os::Kind::file: raise(coded(Errc::ERR_INVALID_FD_TYPE, "Unsupported fd type: FILE"));
    case os::Kind::unknown: raise(coded(Errc::ERR_INVALID_FD_TYPE, "Unsupported fd type: UNKNOWN"));
  }
}

inline int require_port(int port, std::string_view name) {
  if (port < 0 || port > 65535) raise(bad_port(name, port));
  return port;
}

/// "12" or "0.5": a number as JavaScript shows it.
inline std::string number_text(double value) {
  if (value != value) return "NaN";
  if (!(value < 1e15 && value > -1e15)) return value > 0 ? "Infinity" : "-Infinity";
  if (value == static_cast<double>(static_cast<long long>(value))) return std::to_string(static_cast<long long>(value));
  std::string text = std::to_string(value);
  text.erase(text.find_last_not_of('0') + 1);
  return text;
}

/// S3.13: what is wrong with the options is thrown before anything has changed.
inline void require_connectable(const ConnectOptions& options) {
  if (!options.path.empty()) return;
  if (options.port == -1) raise(coded(Errc::ERR_MISSING_ARGS));
  require_port(options.port, "Port");
  if (!options.localAddress.empty() && isIP(options.localAddress) == 0) {
    raise(coded(Errc::ERR_INVALID_IP_ADDRESS, "Invalid IP address: " + options.localAddress));
  }
  if (options.autoSelectFamilyAttemptTimeout) {
    const double ms = options.autoSelectFamilyAttemptTimeout->milliseconds();
    if (!(ms >= 1 && ms <= 2147483647.0)) {
      raise(out_of_range("options.autoSelectFamilyAttemptTimeout", ">= 1 && <= 2147483647", number_text(ms)));
    }
  }
  const bool resolves = isIP(options.host) == 0 && !options.lookup;
  if (resolves && (options.hints & ~os::known_hints) != 0) {
    raise(invalid_value("hints", "is invalid", std::to_string(options.hints)));
  }
}

/// Begins to connect; everything that the options can be blamed for was thrown before.
struct Connector {
  SocketState& self;
  Connecting& plan() const { return *self.cold->connecting; }

  void start(const ConnectOptions& options) const {
    self.hold();
    self.has_handle = self.connecting = true;
    self.is_path = !options.path.empty();
    auto* plan = new Connecting;
    self.more().connecting = plan;
    plan->path = options.path;
    plan->host = options.host.empty() ? "localhost" : options.host;
    plan->port = options.port;
    plan->local_address = options.localAddress;
    plan->local_port = options.localPort;
    plan->block_list = options.blockList;
    self.touch();
    self.recount();
    if (self.is_path) return start_path();
    if (isIP(plan->host) != 0) {
      add_attempt(plan->host);
      return later([](const Connector& connector) { connector.next_attempt(); });
    }
    start_lookup(options);
  }

  // ── by path ──

  void start_path() const {
    const std::string path = plan().path;
    self.tell_attempt(path, -1, Family::unspecified);
    if (!self.connecting || !self.cold->connecting) return;
    const int result = self.channel.start_connect_path(path);
    if (result == -EINVAL && !self.channel.is_open()) {
      return give_up(address_failure(EINVAL, "connect", path, -1));
    }
    if (result == -EINPROGRESS) {
      watch(self.channel);
    } else {
      // known already, but told from the loop
      self.loop->next_pending({Ref<Handle>(&self), [](Handle& handle) {
        auto& socket = static_cast<SocketState&>(handle);
        if (socket.connecting && socket.is_path) Connector{socket}.path_done(socket.cold->path_result);
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
    Connecting& p = plan();
    p.family = options.family;
    const bool by_default = SelectionDefaults::get().on.load() != 0;
    p.selecting = options.family == Family::unspecified && options.localAddress.empty() &&
                  options.autoSelectFamily.value_or(by_default);
    p.attempt_delay = options.autoSelectFamilyAttemptTimeout
                          ? static_cast<std::uint64_t>(options.autoSelectFamilyAttemptTimeout->milliseconds())
                          : static_cast<std::uint64_t>(SelectionDefaults::get().delay_ms.load());
    if (p.attempt_delay < 10) p.attempt_delay = 10;
    LookupOptions asked{p.family, options.hints, p.selecting};
    if (asked.family == Family::unspecified && asked.hints == 0) asked.hints = os::hint_address_config;  // S12.8
    const Ref<SocketState> socket(&self);
    const std::uint32_t round = self.round;
    const auto answer = [socket, round](const Error& error, std::span<const LookupAddress> addresses) {
      // a second answer, or one that comes when the socket has gone on, counts for nothing
      if (socket->connecting && socket->round == round && socket->cold->connecting->attempts.empty()) {
        Connector{*socket}.looked_up(error, addresses);
      }
    };
    if (options.lookup) {
      options.lookup(p.host, asked, answer);
    } else {
      look_up(*self.loop, p.host, asked, [answer](const Error& error, const std::vector<LookupAddress>& addresses) {
        answer(error, addresses);
      });
    }
  }

  void looked_up(const Error& error, std::span<const LookupAddress> addresses) const {
    const Ref<SocketState> alive(&self);
    const std::string host = plan().host;
    const std::uint32_t round = self.round;
    self.touch();
    if (error || addresses.empty()) {
      const Error none = error ? error : lookup_failure(Errc::ERR_LOOKUP_NOT_FOUND, host);
      self.tell_lookup(none, "", Family::unspecified, host);
      return give_up_later(none);
    }
    if (!plan().selecting) addresses = addresses.first(1);
    Error invalid;
    for (const LookupAddress& found : addresses) {
      self.tell_lookup(no_error(), found.address, found.family, host);
      if (!self.connecting || self.round != round) return;
      const Error wrong = check(found);
      if (!wrong) {
        add_attempt(found.address);
      } else if (!invalid) {
        invalid = wrong;
      }
    }
    if (plan().attempts.empty()) return give_up_later(invalid);
    plan().selecting = plan().attempts.size() > 1;
    if (plan().selecting) interleave();
    next_attempt();
  }

  /// S12.11: what a custom lookup may answer wrongly.
  Error check(const LookupAddress& found) const {
    if (isIP(found.address) == 0) return coded(Errc::ERR_INVALID_IP_ADDRESS, "Invalid IP address: " + found.address);
    if (found.family == Family::IPv4 || found.family == Family::IPv6) return Error();
    return coded(Errc::ERR_INVALID_ADDRESS_FAMILY,
                 "Invalid address family: " + std::to_string(static_cast<int>(found.family)) + " " +
                     with_port(plan().host, plan().port));
  }

  void add_attempt(std::string_view address) const {
    for (const Attempt* known : plan().attempts) {
      if (known->address == address) return;
    }
    auto* attempt = new Attempt;
    attempt->channel.owner = static_cast<Handle*>(&self);
    attempt->to = os::parse_endpoint(address, plan().port);
    attempt->address = address;
    plan().attempts.push_back(attempt);
  }

  /// S13.5: families alternate, beginning with that of the first address; within a family the order stays.
  void interleave() const {
    std::vector<Attempt*> queues[2], ordered;
    const Family first = plan().attempts.front()->to.ip.family;
    for (Attempt* attempt : plan().attempts) queues[attempt->to.ip.family != first].push_back(attempt);
    for (std::size_t i = 0; ordered.size() < plan().attempts.size(); ++i) {
      for (const auto& queue : queues) {
        if (i < queue.size()) ordered.push_back(queue[i]);
      }
    }
    plan().attempts = std::move(ordered);
  }

  // ── attempts ──

  /// Begins with the next address; those begun earlier go on.
  void next_attempt() const {
    const Ref<SocketState> alive(&self);
    const std::uint32_t round = self.round;
    if (plan().timer) self.loop->stop_timer(*plan().timer);
    while (self.connecting && self.round == round) {
      if (plan().next == plan().attempts.size()) return all_begun();
      Attempt& attempt = *plan().attempts[plan().next++];
      if (begin(attempt)) {
        if (self.connecting && self.round == round && plan().next < plan().attempts.size()) start_delay();
        return;
      }
    }
  }

  /// False: it has failed already, and the next one is due.
  bool begin(Attempt& attempt) const {
    const Family family = attempt.to.ip.family;
    const bool blocked = plan().block_list && plan().block_list->check(SocketAddress(attempt.to.ip));
    const Error block_error = coded(Errc::ERR_IP_BLOCKED, "IP(" + attempt.address + ") is blocked by net.BlockList");
    if (plan().selecting && blocked) return failed_early(attempt, block_error);
    if (const int failed = attempt.channel.open(family); failed < 0) {
      return failed_early(attempt, local_failure(-failed, "connect", attempt.address, plan().port, any_of(family), 0, false));
    }
    if (const Error error = bind(attempt); error) return failed_early(attempt, error);
    self.tell_attempt(attempt.address, plan_port(), family);
    if (!self.connecting) return true;
    if (blocked) return give_up(block_error), true;
    if (plan().selecting) self.more().attempted.push_back(attempted_text(attempt));
    const int result = attempt.channel.start_connect(attempt.to);
    if (result < 0 && result != -EINPROGRESS && result != -ECONNREFUSED) {
      const Endpoint local = attempt.channel.local_end();
      return failed_early(attempt, local_failure(-result, "connect", attempt.address, plan().port,
                                                 local ? to_text(local.ip) : std::string(any_of(family)), local.port, false));
    }
    attempt.running = true;
    watch(attempt.channel);
    return true;
  }

  static std::string_view any_of(Family family) noexcept { return family == Family::IPv6 ? "::" : "0.0.0.0"; }
  int plan_port() const { return plan().port; }

  std::string attempted_text(const Attempt& attempt) const { return attempt.address + ":" + std::to_string(plan().port); }

  Error bind(Attempt& attempt) const {
    const Connecting& p = plan();
    if (p.local_address.empty() && p.local_port == 0) return Error();
    const Family family = attempt.to.ip.family;
    const std::string address = p.local_address.empty() ? std::string(any_of(family)) : p.local_address;
    int failed = 0;
    if (p.local_port < 0 || p.local_port > 65535) {
      failed = -EADDRINUSE;
    } else if (const Endpoint from = os::parse_endpoint(address, p.local_port); from.ip.family != family) {
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

  /// Before the connection was under way: a single attempt fails with it, a race goes on (S12.17, S13.8).
  bool failed_early(Attempt& attempt, const Error& error) const {
    close(attempt);
    if (!plan().selecting) return give_up(error), true;
    attempt.error = error;
    self.tell_attempt_failed(attempt.address, plan().port, attempt.to.ip.family, error);
    return false;
  }

  /// The system says how an attempt ended.
  void attempt_ready(Attempt& attempt) const {
    const int result = attempt.channel.finish_connect();
    self.touch();
    if (result == 0) return won(attempt);
    attempt.running = false;
    const Connecting& p = plan();
    const Error error = p.local_port != 0 || !p.local_address.empty() ? late_failure(attempt, -result)
                                            : address_failure(-result, "connect", attempt.address, p.port);
    close(attempt);
    if (!p.selecting) return single_failed(error, attempt.address, p.port, attempt.to.ip.family);
    attempt.error = error;
    const std::uint32_t round = self.round;
    const bool current = &attempt == p.attempts[p.next - 1];
    self.tell_attempt_failed(attempt.address, p.port, attempt.to.ip.family, error);
    if (!self.connecting || self.round != round) return;
    if (current || plan().next == plan().attempts.size()) next_attempt();
  }

  /// S3.3: a local port was asked for, so the message names the local end.
  Error late_failure(const Attempt& attempt, int number) const {
    const Connecting& p = plan();
    if (p.local_port == 0) return address_failure(number, "connect", attempt.address, p.port);
    const std::string address = p.local_address.empty() ? std::string(any_of(attempt.to.ip.family)) : p.local_address;
    return local_failure(number, "connect", attempt.address, p.port, address, p.local_port, true);
  }

  void won(Attempt& attempt) const {
    self.loop->poller().drop(attempt.channel, false);
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
  }

  // ── the race ──

  void start_delay() const {
    Connecting& p = plan();
    if (!p.timer) {
      p.timer = Ref<TimerState>(new TimerState(*self.loop));
      p.timer->wanted = false;
      p.timer->callback = [socket = &self] { Connector{*socket}.delay_over(); };
    }
    self.loop->update_time();
    self.loop->start_timer(*p.timer, p.attempt_delay, self.loop->now());
  }

  void delay_over() const {
    if (!self.connecting) return;
    Attempt& slow = *plan().attempts[plan().next - 1];
    slow.timed_out = true;
    const std::uint32_t round = self.round;
    self.tell_attempt_timeout(slow.address, plan().port, slow.to.ip.family);
    if (self.connecting && self.round == round) next_attempt();
  }

  /// No address is left to begin with: when none is under way any more, all have failed (S13.12).
  void all_begun() const {
    std::vector<Error> errors;
    for (const Attempt* attempt : plan().attempts) {
      if (attempt->running) return;
      if (attempt->error) errors.push_back(attempt->error);
    }
    give_up(errors.empty() ? coded(Errc::ERR_SOCKET_CONNECTION_TIMEOUT) : aggregate_failure(std::move(errors)));
  }

  // ── the end of it ──

  void single_failed(const Error& error, const std::string& address, int port, Family family) const {
    self.connecting = false;
    const std::string kept = address;
    self.stop_connecting();
    self.recount();
    self.tell_attempt_failed(kept, port, family, error);
    self.fail(error);
  }

  void give_up(const Error& error) const { self.fail(error); }
  void give_up_later(const Error& error) const {
    later([error](const Connector& connector) { connector.give_up(error); });
  }

  /// On the next tick, if the socket is still at the same connection then.
  template <class F>
  void later(F&& f) const {
    self.tick([round = self.round, f = std::forward<F>(f)](SocketState& socket) {
      if (socket.connecting && socket.round == round) f(Connector{socket});
    });
  }
};

/// The poller says that an attempt has ended.
[[gnu::noinline]] inline void SocketState::connect_ready(Watcher& watcher) {
  const Ref<SocketState> alive(this);
  if (is_path) return Connector{*this}.path_done(channel.finish_connect());
  for (Attempt* attempt : cold->connecting->attempts) {
    if (&attempt->channel == &watcher) return Connector{*this}.attempt_ready(*attempt);
  }
}

/// S12.15: one callback, so that ticks queued in 'connect' run after 'ready'.
inline void SocketState::connected() {
  connecting = false;
  stop_connecting();
  touch();
  apply_options();
  OnThrow again{*this, [](SocketState& self) { self.tick([](SocketState& socket) { socket.catch_up_connected(); }); }};
  tell_connect();
  start_if_asked();
  tell_ready();
  again.passed = true;
  begin_reading();
}

inline void SocketState::start_if_asked() {
  if (!read_when_connected) return;
  read_when_connected = false;
  if (!destroyed) start_reading();
}

/// A listener of 'connect' threw: what was to happen behind it happens now.
inline void SocketState::catch_up_connected() {
  start_if_asked();
  begin_reading();
  // a callback of what is sent now may throw too
  OnThrow again{*this, [](SocketState& self) { self.tick([](SocketState& socket) { socket.catch_up_connected(); }); }};
  if (wait_connect) send_pending_connect();
  if (resetting) reset_and_destroy();
  if (final_called && !shutting_down && !prefinished && !destroyed) call_final();
  again.passed = true;
}

inline void SocketState::begin_reading() {
  if (destroyed) return;
  if (!is_paused()) read_nothing();
  update_watch();
}

/// Closes all attempts but the one that won; what it takes to connect is needed no more.
inline void SocketState::stop_connecting() noexcept {
  if (!cold || !cold->connecting) return;
  Connecting* plan = std::exchange(cold->connecting, nullptr);
  for (Attempt* attempt : plan->attempts) {
    if (!attempt->channel.is_open()) continue;
    if (loop) loop->poller().drop(attempt->channel);
    if (connecting && plan->selecting && attempt->running && !attempt->timed_out) cold->cancelled.push_back(attempt->to);
    attempt->channel.close();
  }
  if (plan->timer && loop) loop->stop_timer(*plan->timer);
  if (!loop) {
    delete plan;
    return;
  }
  // its watchers may still be in the poller's present round
  loop->next_close({Ref<Handle>(new Discarded(*loop, plan)), [](Handle&) {}});
}

}  // namespace net::detail::inline NET_MACHINE

#endif
