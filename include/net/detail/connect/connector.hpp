// What takes a socket from its options to an open channel, step by step. Internal.
#ifndef NET_DETAIL_CONNECT_CONNECTOR_HPP
#define NET_DETAIL_CONNECT_CONNECTOR_HPP

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
#include <net/detail/sys/endpoint_text.hpp>
#include <net/options.hpp>
#include <net/socket_address.hpp>

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

/// Begins to connect; everything that the options can be blamed for was thrown before.
struct Connector {
  SocketState& self;
  ConnectAttempts& attempts() const;

  /// Everything that needs memory, before anything has changed.
  Ref<ConnectAttempts> prepare(const ConnectOptions& options) const;

  void start(const Ref<ConnectAttempts>& attempts, const ConnectOptions& options) const;

  // ── by path ──

  void start_path() const;

  void path_done(int result) const;

  // ── by name ──

  void start_lookup(const ConnectOptions& options) const;

  void looked_up(const Error& error, std::span<const LookupAddress> addresses) const;

  /// S12.11: what a custom lookup may answer wrongly.
  Error mistake_of(const LookupAddress& found) const;

  void add_attempt(ConnectAttempts& to, const LookupAddress& found) const;

  /// S13.5: families alternate, beginning with that of the first address; within a family the order stays.
  void interleave() const;

  // ── attempts ──

  /// Begins with the next address; those begun earlier go on.
  void next_attempt() const;

  /// False: it has failed already, and the next one is due.
  bool begin(Attempt& attempt) const;

  /// Gives what the system says at once (S12.17).
  Error start(Attempt& attempt) const;

  static int open(Attempt& attempt);
  static std::string_view any_of(Family family) noexcept;
  int remote_port() const;

  std::string attempted_text(const Attempt& attempt) const;

  Error bind(Attempt& attempt) const;

  void watch(Machine::Channel& channel) const;

  /// Before the connection was under way: a single attempt fails with it, a race goes on (S12.17, S13.8), without a
  /// word of an address that could not be bound to.
  bool failed_early(Attempt& attempt, const Error& error, bool emits) const;

  /// The system says how an attempt ended.
  void attempt_ready(Attempt& attempt) const;

  /// S3.3: a local port was asked for, so the message names the local end.
  Error late_failure(const Attempt& attempt, int number) const;

  void won(Attempt& attempt) const;

  void close(Attempt& attempt) const;

  // ── the race ──

  void start_delay() const;

  void delay_over() const;

  /// No address is left to begin with: when none is under way any more, all have failed (S13.12).
  void all_begun() const;

  // ── the end of it ──

  void single_failed(const Error& error, const std::string& address, int port, Family family) const;

  void give_up(const Error& error) const;
  /// On the next tick, if the socket is still at the same connection then.
  void give_up_later(const Error& error) const;

  // ── what the socket asks of it (Connecting) ──

  static void ready(SocketState& self, Watcher& watcher);

  static void stop(SocketState& self) noexcept;

  static void emit_cancelled(SocketState& self);
};

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#include <net/detail/connect/connector.ipp>
#include <net/detail/connect/race.ipp>

#endif
