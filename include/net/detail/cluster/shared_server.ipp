// The bodies of shared_server.hpp. Internal.
#ifndef NET_DETAIL_CLUSTER_SHARED_SERVER_IPP
#define NET_DETAIL_CLUSTER_SHARED_SERVER_IPP

#include <net/detail/cluster/shared_server.hpp>

#if NET_BODIES

#include <cerrno>
#include <utility>

#include <net/detail/base/exchange.hpp>

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

NET_API constexpr Handle::Operations SharedServer::table{
    .free = [](Handle& handle) noexcept { delete static_cast<SharedServer*>(&handle); },
    .abandon =
        [](Handle& handle) noexcept {
          auto& self = static_cast<SharedServer&>(handle);
          self.closed = true;
          self.questions.clear();
          self.members.clear();
          self.waiting.clear();
        }};

NET_API SharedServer::SharedServer(LoopCore& core, Loop& on, bool in_turn, std::int64_t its_number, std::string asked)
    : Handle(core, table),
      server(on, ServerOptions{.allowHalfOpen = true, .pauseOnConnect = true}),
      key(std::move(asked)),
      number(its_number),
      round_robin(in_turn) {}

/// The listeners keep it until the server has closed. What keeps the primary alive are its workers.
NET_API void SharedServer::start(const ListenOptions& asked) {
  const Ref<SharedServer> self(this);
  server.unref();
  server.on<"listening">([self] {
    self->ready = true;
    self->answer_all(0);
    self->hand_out();
  });
  server.on<"error">([self](const Error& error) {
    if (self->ready) return;  // a client that could not be accepted: the next one can
    self->closed = true;
    self->answer_all(-error.number());
    self->server.close();
  });
  server.on<"connection">([self](const Socket& socket) { self->arrived(socket); });
  server.listen(asked);
}

NET_API void SharedServer::ask(WorkerState& worker, std::int64_t question) {
  const Question one{Ref<WorkerState>(&worker), question};
  if (ready) {
    answer(one, 0);
    hand_out();
  } else {
    questions.push(one);
  }
}

NET_API void SharedServer::answer_all(int failed) {
  Vec<Question> all;
  all.swap(questions);
  for (const Question& each : all) answer(each, failed);
  if (failed == 0 && members.empty()) close();
}

NET_API void SharedServer::answer(const Question& question, int failed) {
  const WorkerState& worker = *question.worker;
  if (!worker.connected()) return;
  Spoken said(Say::answer);
  said.number(question.number).number(failed).number(number).number(!round_robin);
  if (failed != 0) {
    worker.say(said);
    return;
  }
  members.push({question.worker});
  worker.channel->send(said.bytes(), server, {}, [self = Ref<SharedServer>(this), question](const Error& error) {
    if (error) self->not_answered(question, error);
  });
}

/// The worker has no descriptor left for it, or no memory, or on this system no other process can have it: its `listen`
/// fails with that.
NET_API void SharedServer::not_answered(const Question& question, const Error& error) {
  leave(*question.worker);
  answer(question, error.number() < 0 ? -error.number() : ECONNRESET);
}

NET_API void SharedServer::accept(bool on) noexcept {
  ServerState& state = Access::state(server);
  if (!state.acceptor.is_open()) return;
  (void)state.loop->poller().watch(state.acceptor, on ? readable : 0u);
}

NET_API void SharedServer::arrived(const Socket& socket) {
  waiting.push(socket);
  hand_out();
}

/// One that a worker had no space for, or that came when its server had just closed. It is not read here.
NET_API void SharedServer::came_back(WorkerState& worker, const Socket& socket, bool for_want_of_space) {
  SocketState& state = Access::state(socket);
  state.errors_heard = true;
  state.flow_state = Flow::paused;
  state.read_interest = false;
  (void)state.loop->poller().watch(state.channel, 0);
  if (Member* const whose = member(worker); whose && for_want_of_space) whose->full = true;
  waiting.insert(0, socket);
  hand_out();
}

NET_API void SharedServer::has_space(WorkerState& worker) {
  if (Member* const whose = member(worker)) whose->full = false;
  hand_out();
}

/// Of those who have the fewest on their way the one whose turn it is; null if nobody can take one.
NET_API SharedServer::Member* SharedServer::next_in_turn() noexcept {
  Member* best = nullptr;
  for (Member& each : members) {
    if (each.full || each.under_way == max_under_way || !each.worker->connected()) continue;
    if (!best || each.under_way < best->under_way) best = &each;
  }
  return best;
}

/// S33.6: in turn, to whoever has space.
NET_API void SharedServer::hand_out() {
  if (closed || !ready) return;
  while (!waiting.empty()) {
    Member* const turn = next_in_turn();
    if (!turn) break;
    const Socket socket = waiting[0];
    waiting.erase(0, 1);
    if (socket.destroyed()) continue;
    ++turn->under_way;
    const Ref<WorkerState> worker = turn->worker;
    to_the_end(*worker);
    worker->channel->send(Spoken(Say::connection).number(number).bytes(), socket, {},
                          [self = Ref<SharedServer>(this), worker, socket](const Error& error) {
                            self->handed_over(*worker, socket, error);
                          });
  }
  accept(round_robin && waiting.empty());
}

/// S33.8: what a worker has not taken goes to another one.
NET_API void SharedServer::handed_over(WorkerState& worker, const Socket& socket, const Error& error) {
  if (closed) {
    socket.destroy();
    return;
  }
  if (Member* const whose = member(worker); whose && whose->under_way > 0) --whose->under_way;
  if (error && !socket.destroyed()) {
    waiting.insert(0, socket);
    // its process has no descriptor left, or no memory: it is asked again when some time has passed
    if (Member* const whose = member(worker); whose && worker.connected()) {
      whose->full = true;
      const Ref<SharedServer> self(this);
      const Ref<TimerState> again(new TimerState(*loop));
      again->refd = false;
      again->callback = [self, who = Ref<WorkerState>(&worker)] { self->has_space(*who); };
      loop->start_timer(*again, 100, loop->now());
    }
  }
  hand_out();
}

NET_API SharedServer::Member* SharedServer::member(const WorkerState& worker) noexcept {
  for (Member& each : members) {
    if (each.worker.get() == &worker) return &each;
  }
  return nullptr;
}

NET_API void SharedServer::to_the_end(const WorkerState& worker) {
  for (std::size_t i = 0; i < members.size(); ++i) {
    if (members[i].worker.get() != &worker) continue;
    Member last = std::move(members[i]);
    members.erase(i, i + 1);
    members.push(std::move(last));
    return;
  }
}

/// S33.8: when no worker listens any more the primary does not either.
NET_API void SharedServer::leave(WorkerState& worker) {
  for (std::size_t i = members.size(); i > 0; --i) {
    if (members[i - 1].worker.get() == &worker) members.erase(i - 1, i);
  }
  for (std::size_t i = questions.size(); i > 0; --i) {
    if (questions[i - 1].worker.get() == &worker) questions.erase(i - 1, i);
  }
  if (!of_use()) close();
}

NET_API void SharedServer::close() {
  if (detail::exchange(closed, true)) return;
  const Ref<SharedServer> alive(this);
  Vec<Socket> nobodys;
  nobodys.swap(waiting);
  for (const Socket& each : nobodys) each.destroy();
  server.close();
}

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif
#endif
