// Attempts, and the race between them. Internal.
#ifndef NET_DETAIL_CONNECT_RACE_IPP
#define NET_DETAIL_CONNECT_RACE_IPP

#include <net/detail/connect/connector.hpp>

#if NET_BODIES

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

NET_API void Connector::next_attempt() const {
  const Ref<SocketState> alive(&self);
  const SameConnection same(self);
  if (attempts().timer) self.loop->stop_timer(*attempts().timer);
  while (self.connecting() && same) {
    if (attempts().begun == attempts().list.size()) return all_begun();
    Attempt& attempt = *attempts().list[attempts().begun++];
    if (begin(attempt)) {
      if (self.connecting() && same && attempts().begun < attempts().list.size()) start_delay();
      return;
    }
  }
}

NET_API bool Connector::begin(Attempt& attempt) const {
  if (const Error error = bind(attempt); error) return failed_early(attempt, error, false);
  const bool blocked = self.cold->block_list && attempt.family == attempt.to.ip.family &&
                       (self.cold->block_list->check)(SocketAddress(attempt.to.ip));
  const auto block_error = [&] {
    return make_error(Errc::ERR_IP_BLOCKED, "IP(" + attempt.address + ") is blocked by net.BlockList");
  };
  if (attempts().selecting && blocked) return failed_early(attempt, block_error(), true);
  const SameConnection same(self);
  self.emit_event<on_attempt>(attempt.address, remote_port(), attempt.family);
  if (!self.connecting() || !same) return true;
  if (blocked) return give_up(block_error()), true;
  if (attempts().selecting) self.ensure_cold().attempted.push_back(attempted_text(attempt));
  if (const Error error = start(attempt); error) return failed_early(attempt, error, true);
  attempt.phase.move_to(AttemptPhase::running);
  watch(attempt.channel);
  return true;
}

NET_API Error Connector::start(Attempt& attempt) const {
  const int port = attempts().port;
  const bool mismatch = attempt.family != attempt.to.ip.family;
  if (mismatch && !attempt.channel.is_open()) return address_failure(EINVAL, "connect", attempt.address, port);
  const int opened = open(attempt);
  const int result = opened < 0 ? opened : mismatch ? -EINVAL : attempt.channel.start_connect(attempt.to);
  if (result >= 0 || result == -EINPROGRESS || result == -ECONNREFUSED) return Error();
  const Endpoint local = opened < 0 ? Endpoint{} : attempt.channel.local_end();
  return local_failure(-result, "connect", attempt.address, port,
                       local ? to_text(local.ip) : std::string(any_of(attempt.family)), local.port, false);
}

NET_API int Connector::open(Attempt& attempt) {
  return attempt.channel.is_open() ? 0 : attempt.channel.open(attempt.family);
}

NET_API std::string_view Connector::any_of(Family family) noexcept { return family == Family::IPv6 ? "::" : "0.0.0.0"; }

NET_API int Connector::remote_port() const { return attempts().port; }

NET_API std::string Connector::attempted_text(const Attempt& attempt) const {
  return attempt.address + ":" + std::to_string(attempts().port);
}

NET_API Error Connector::bind(Attempt& attempt) const {
  const ConnectAttempts& p = attempts();
  if (p.local_address.empty() && p.local_port == 0) return Error();
  const std::string address = p.local_address.empty() ? std::string(any_of(attempt.family)) : p.local_address;
  int failed = open(attempt);
  if (failed < 0) return address_failure(-failed, "bind", address, p.local_port);
  if (p.local_port < 0 || p.local_port > 65535) {
    failed = -EADDRINUSE;
  } else if (const Endpoint from = parse_endpoint(address, p.local_port); from.ip.family != attempt.family) {
    failed = -EINVAL;
  } else {
    failed = attempt.channel.bind(from);
  }
  return failed < 0 ? address_failure(-failed, "bind", address, p.local_port) : Error();
}

NET_API void Connector::watch(Machine::Channel& channel) const {
  if (const int failed = self.loop->poller().watch(channel, writable); failed < 0) {
    give_up_later(system_failure(-failed, "connect"));
  }
}

NET_API bool Connector::failed_early(Attempt& attempt, const Error& error, bool emits) const {
  close(attempt);
  if (!attempts().selecting) return give_up(error), true;
  attempt.error = error;
  if (emits) self.emit_event<on_attempt_failed>(attempt.address, attempts().port, attempt.family, error);
  return false;
}

NET_API void Connector::attempt_ready(Attempt& attempt) const {
  const int result = attempt.channel.finish_connect();
  self.touch();
  if (result == 0) return won(attempt);
  attempt.phase.move_to(AttemptPhase::over);
  const ConnectAttempts& p = attempts();
  const Error error = p.local_port != 0 || !p.local_address.empty()
                          ? late_failure(attempt, -result)
                          : address_failure(-result, "connect", attempt.address, p.port);
  close(attempt);
  if (!p.selecting) return single_failed(error, attempt.address, p.port, attempt.to.ip.family);
  attempt.error = error;
  const SameConnection same(self);
  const bool current = &attempt == p.list[p.begun - 1];
  self.emit_event<on_attempt_failed>(attempt.address, p.port, attempt.to.ip.family, error);
  if (!self.connecting() || !same) return;
  if (current || attempts().begun == attempts().list.size()) next_attempt();
}

NET_API Error Connector::late_failure(const Attempt& attempt, int number) const {
  const ConnectAttempts& p = attempts();
  if (p.local_port == 0) return address_failure(number, "connect", attempt.address, p.port);
  const std::string address = p.local_address.empty() ? std::string(any_of(attempt.to.ip.family)) : p.local_address;
  return local_failure(number, "connect", attempt.address, p.port, address, p.local_port, true);
}

NET_API void Connector::won(Attempt& attempt) const {
  self.loop->poller().drop(attempt.channel);
  self.channel.take_over(attempt.channel);
  if (const Endpoint remote = self.channel.remote_end()) {
    self.cold->remote = remote;
    self.cold->remote_known = true;
  }
  self.connected();
}

NET_API void Connector::close(Attempt& attempt) const {
  attempt.phase.move_to(AttemptPhase::over);
  if (attempt.channel.is_open()) close_watched(self.loop, attempt.channel);
}

NET_API void Connector::start_delay() const {
  ConnectAttempts& p = attempts();
  if (!p.timer) {
    p.timer = TimerState::of(self, [](Handle& socket) { Connector{static_cast<SocketState&>(socket)}.delay_over(); });
  }
  self.loop->update_time();
  self.loop->start_timer(*p.timer, p.attempt_delay, self.loop->now());
}

NET_API void Connector::delay_over() const {
  if (!self.connecting()) return;
  Attempt& slow = *attempts().list[attempts().begun - 1];
  if (slow.phase == AttemptPhase::running) slow.phase.move_to(AttemptPhase::slow);
  const SameConnection same(self);
  self.emit_event<on_attempt_timeout>(slow.address, attempts().port, slow.to.ip.family);
  if (self.connecting() && same) next_attempt();
}

NET_API void Connector::all_begun() const {
  Vec<Error> errors;
  for (const Attempt* attempt : attempts().list) {
    if (attempt->is_under_way()) return;
    if (attempt->error) errors.push(attempt->error);
  }
  give_up(errors.empty() ? make_error(Errc::ERR_SOCKET_CONNECTION_TIMEOUT) : aggregate_failure(std::move(errors)));
}

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif
#endif
