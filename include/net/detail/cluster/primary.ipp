// The bodies of primary.hpp. Internal.
#ifndef NET_DETAIL_CLUSTER_PRIMARY_IPP
#define NET_DETAIL_CLUSTER_PRIMARY_IPP

#include <net/detail/cluster/primary.hpp>

#if NET_BODIES

#include <cerrno>

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

NET_API constexpr Handle::Operations ClusterState::table{
    .free = [](Handle& handle) noexcept { delete static_cast<ClusterState*>(&handle); },
    .abandon =
        [](Handle& handle) noexcept {
          auto& self = static_cast<ClusterState&>(handle);
          self.listeners.clear();
          self.workers.clear();
          self.servers.clear();
          the_one = nullptr;
          self.release();
        }};

NET_API ClusterState& ClusterState::of_process() {
  if (!the_one) {
    Loop& loop = Loop::current();
    the_one = new ClusterState(Access::core(loop), loop);
    the_one->retain();
  }
  return *the_one;
}

/// S33.5: a new process of the same program, which finds its channel by the environment.
NET_API Ref<WorkerState> ClusterState::fork(const WorkerOptions& options) {
  const Ref<WorkerState> worker(new WorkerState(*loop));
  worker->id = ++last_id;
  Program program;
  int failed = 0;
  if (options.exec.empty()) {
    failed = Processes::own_program(program);
    if (!options.args.empty()) program.arguments.erase(1, program.arguments.size());
  } else {
    program.path = options.exec;
    program.arguments.push(options.exec);
  }
  for (const std::string& each : options.args) program.arguments.push(each);
  program.variables.push("NET_CLUSTER_WORKER=" + std::to_string(worker->id));
  for (const auto& [name, value] : options.env) program.variables.push(name + "=" + value);

  if (!children_watched) {
    children = on_loop.onSignal(Processes::child_signal(), [this] { look_at_children(); });
    children_watched = true;
  }
  const auto [mine, theirs] = IpcChannel::pair(on_loop);
  if (failed == 0) failed = Processes::start_program(program, theirs.nativeHandle(), worker->process);
  worker->channel = mine;
  worker->started = failed == 0;
  theirs.disconnect().disconnect();
  workers.push(worker);
  children.ref();
  connect(*worker);
  loop->ticks().push(Tick{Ref<WorkerState>(worker), [failed](WorkerState& self) {
                            if (the_one) the_one->forked(self, failed);
                          }});
  return worker;
}

NET_API void ClusterState::forked(WorkerState& worker, int failed) {
  CallOnThrow ends([&] {
    later([who = Ref<WorkerState>(&worker), failed](ClusterState& self) { self.not_started(*who, failed); });
  });
  emit_event<cluster_fork>(worker);
  ends.passed = true;
  not_started(worker, failed);
}

/// If it could not be: 'error', and the end.
NET_API void ClusterState::not_started(WorkerState& worker, int failed) {
  if (worker.started) return;
  worker.end = {failed, 0};
  worker.ended = true;
  worker.channel->disconnect().disconnect();
  const Error error = system_failure(-failed, "spawn");
  if (!worker.emit_event<worker_error>(error)) throw_error(error);
}

NET_API void ClusterState::connect(WorkerState& worker) {
  const Ref<WorkerState> self(&worker);
  worker.channel->on<"message">([self](std::string_view bytes, const ReceivedHandle& handle) {
    if (the_one) the_one->heard(*self, bytes, handle);
  });
  worker.channel->on<"error">([](const Error&) {});  // its 'disconnect' follows
  worker.channel->on<"disconnect">([self] {
    if (the_one) the_one->gone(*self);
  });
}

NET_API void ClusterState::heard(WorkerState& worker, std::string_view bytes, const ReceivedHandle& handle) {
  const Ref<ClusterState> alive(this);
  Heard words(bytes);
  switch (words.what()) {
    case Say::online: return tell<worker_online, cluster_online>(worker);
    case Say::listen: return question(worker, words);
    case Say::listening: return listens(worker, words);
    case Say::closed:
      if (SharedServer* const server = shared(words.number())) server->leave(worker);
      return;
    case Say::back:
      if (!handle.socket()) return;
      if (SharedServer* const server = shared(words.number())) {
        server->came_back(worker, *handle.socket(), words.number() != 0);
      } else {
        handle.socket()->destroy();
      }
      return;
    case Say::space:
      if (SharedServer* const server = shared(words.number())) server->has_space(worker);
      return;
    case Say::leaving: worker.on_purpose = true; return;
    case Say::message: return message(worker, words.rest(), handle);
    default: return;
  }
}

NET_API void ClusterState::listens(WorkerState& worker, Heard& words) {
  if (!shared(words.number())) return;
  AddressInfo at;
  at.family = static_cast<Family>(words.number());
  at.port = static_cast<std::uint16_t>(words.number());
  at.address = words.text();
  at.path = words.text();
  tell<worker_listening, cluster_listening>(worker, at);
}

/// S33.6: who asks for the same gets the same.
NET_API void ClusterState::question(WorkerState& worker, Heard& words) {
  const std::int64_t number = words.number();
  const std::string key(words.text());
  for (std::size_t i = servers.size(); i > 0; --i) {
    if (servers[i - 1]->closed) servers.erase(i - 1, i);
  }
  for (const Ref<SharedServer>& each : servers) {
    if (each->key == key) return each->ask(worker, number);
  }
  ListenOptions asked;
  asked.port = static_cast<int>(words.number());
  asked.backlog = static_cast<int>(words.number());
  const std::int64_t flags = words.number();
  asked.ipv6Only = (flags & 1) != 0;
  asked.reusePort = (flags & 2) != 0;
  asked.readableAll = (flags & 4) != 0;
  asked.writableAll = (flags & 8) != 0;
  asked.host = words.text();
  asked.path = words.text();
  const Ref<SharedServer> server(new SharedServer(*loop, on_loop, policy == SchedulingPolicy::rr, ++last_number, key));
  servers.push(server);
  server->ask(worker, number);
#if defined(__cpp_exceptions)
  try {
    server->start(asked);
  } catch (const Error& error) {  // what is wrong with a path is thrown
    server->closed = true;
    server->answer_all(error.number() != 0 ? -error.number() : EINVAL);
  }
#else
  server->start(asked);
#endif
}

/// What nobody listens to is thrown away, and a handle with it closed.
NET_API void ClusterState::message(WorkerState& worker, std::string_view bytes, const ReceivedHandle& handle) {
  const bool one = worker.emit_event<worker_message>(bytes, handle);
  const bool all = emit_event<cluster_message>(worker, bytes, handle);
  if (one || all) return;
  if (handle.socket()) handle.socket()->destroy();
  if (handle.server()) handle.server()->close();
}

NET_API SharedServer* ClusterState::shared(std::int64_t number) noexcept {
  for (const Ref<SharedServer>& each : servers) {
    if (each->number == number && !each->closed) return each.get();
  }
  return nullptr;
}

/// Its channel has ended, and with it what it listened on.
NET_API void ClusterState::gone(WorkerState& worker) {
  const Ref<ClusterState> alive(this);
  const Ref<WorkerState> who(&worker);
  worker.disconnected = true;
  for (std::size_t i = servers.size(); i > 0; --i) {
    const Ref<SharedServer> server = servers[i - 1];
    server->leave(worker);
    server->hand_out();
  }
  CallOnThrow exits([&] { later([who](ClusterState& self) { self.exit_if_over(*who); }); });
  tell<worker_disconnect, cluster_disconnect>(worker);
  exits.passed = true;
  exit_if_over(worker);
}

/// One signal may stand for many children.
NET_API void ClusterState::look_at_children() {
  const Ref<ClusterState> alive(this);
  CallOnThrow again([this] { later([](ClusterState& self) { self.look_at_children(); }); });
  Vec<Ref<WorkerState>> all;
  for (const Ref<WorkerState>& each : workers) all.push(each);
  for (const Ref<WorkerState>& each : all) {
    if (!each->started || each->ended) continue;
    if (Processes::ended(each->process, each->end) == 0) continue;
    each->ended = true;
    if (each->disconnected) {
      exit_if_over(*each);
    } else {
      // what it said last is read before its end is; a child of its own may hold the channel open
      const Ref<TimerState> late(new TimerState(*loop));
      late->callback = [who = each] {
        if (!who->disconnected && who->channel) who->channel->disconnect().disconnect();
      };
      loop->start_timer(*late, 1000, loop->now());
    }
  }
  again.passed = true;
}

/// 'exit' comes last, once.
NET_API void ClusterState::exit_if_over(WorkerState& worker) {
  if (!worker.ended || !worker.disconnected || worker.exit_emitted) return;
  const Ref<WorkerState> who(&worker);
  worker.exit_emitted = true;
  for (std::size_t i = 0; i < workers.size(); ++i) {
    if (workers[i].get() != &worker) continue;
    workers.erase(i, i + 1);
    break;
  }
  if (workers.empty()) children.unref();
  struct Forget {
    WorkerState& worker;
    ~Forget() { worker.listeners.clear(); }
  } const forget{worker};
  tell<worker_exit, cluster_exit>(worker, worker.end.code, worker.end.signal);
}

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif
#endif
