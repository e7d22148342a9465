// The bodies of own_side.hpp. Internal.
#ifndef NET_DETAIL_CLUSTER_OWN_SIDE_IPP
#define NET_DETAIL_CLUSTER_OWN_SIDE_IPP

#include <net/detail/cluster/own_side.hpp>

#if NET_BODIES

#include <utility>

#include <net/detail/base/exchange.hpp>
#include <net/detail/base/on_throw.hpp>
#include <net/detail/ipc/handover.hpp>

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

NET_API constexpr Handle::Operations OwnSide::table{
    .free = [](Handle& handle) noexcept { delete static_cast<OwnSide*>(&handle); },
    .abandon =
        [](Handle& handle) noexcept {
          auto& side = static_cast<OwnSide&>(handle);
          if (side.loop) side.loop->served_elsewhere = nullptr;
          side.servers.clear();
          the_one = nullptr;
          side.release();
        }};

NET_API constexpr ServedElsewhere OwnSide::hooks{
    [](ServerState& server, const ListenOptions& asked) { the_one->listen(server, asked); },
    [](ServerState&, std::uint32_t number) noexcept {
      if (the_one) the_one->left(number);
    },
    [](ServerState& server) {
      if (the_one) the_one->has_space(server);
    }};

/// The variable goes: a process that this one starts is no worker of its primary.
NET_API OwnSide* OwnSide::of_process() {
  if (role != ClusterRole::unknown) return the_one;
  role = ClusterRole::none;
  std::string id;
  if (!Processes::take_variable("NET_CLUSTER_WORKER", id)) return nullptr;
  const NativeHandle channel = Processes::given_channel();
  if (Machine::kind_of(channel) == DescriptorKind::unknown) {
    throw_error(make_error(Errc::ERR_INVALID_STATE, "NET_CLUSTER_WORKER is set, and there is no channel to a primary"));
  }
  Loop& loop = Loop::current();
  the_one = new OwnSide(Access::core(loop));
  the_one->retain();
  CallOnThrow none([] { detail::exchange(the_one, nullptr)->release(); });
  int number = 0;
  for (const char digit : id) number = number * 10 + (digit - '0');
  the_one->begin(loop, number, channel);
  none.passed = true;
  role = ClusterRole::worker;
  return the_one;
}

NET_API void OwnSide::begin(Loop& on, int id, NativeHandle channel) {
  self->id = id;
  self->process = Processes::process_id();
  self->started = true;
  self->channel = IpcChannel(Socket(on, SocketOptions{.fd = channel}));
  self->channel->on<"message">([](std::string_view bytes, const ReceivedHandle& handle) {
    if (the_one) the_one->heard(bytes, handle);
  });
  self->channel->on<"error">([](const Error&) {});  // its 'disconnect' follows
  self->channel->on<"disconnect">([] {
    if (the_one) the_one->gone();
  });
  loop->served_elsewhere = &hooks;
  self->say(Spoken(Say::online));
}

/// Those of one worker that ask for the same are told apart by a number, so that each of two that ask for any port has
/// one.
NET_API void OwnSide::listen(ServerState& server, const ListenOptions& asked) {
  Spoken wanted(Say::message);
  const std::int64_t flags =
      (asked.ipv6Only ? 1 : 0) | (asked.reusePort ? 2 : 0) | (asked.readableAll ? 4 : 0) | (asked.writableAll ? 8 : 0);
  wanted.text(asked.port == -1 ? "" : asked.host).text(asked.port == -1 ? asked.path : "").number(asked.port);
  wanted.number(asked.ipv6Only);
  std::string key;
  for (std::int64_t index = 0;; ++index) {
    Spoken one = wanted;
    key = one.number(index).bytes();
    bool taken = false;
    for (const Shared& each : servers) taken = taken || each.key == key;
    if (!taken) break;
  }
  Spoken said(Say::listen);
  said.number(++last_question).text(key).number(asked.port).number(asked.backlog).number(flags);
  said.text(asked.port == -1 ? "" : asked.host).text(asked.port == -1 ? asked.path : "");
  servers.push({Ref<ServerState>(&server), server.generation, last_question, 0, key,
                asked.port == -1     ? asked.path
                : asked.host.empty() ? "null"
                                     : asked.host,
                asked.port});
  if (!self->say(said) && !self->connected()) {
    servers.pop();
    server.looking_up = false;
    server.tick_with(
        make_error(Errc::ERR_IPC_CHANNEL_CLOSED),
        +[](ServerState& whose, const Error& error) { whose.emit_error(error); });
  }
}

NET_API std::size_t OwnSide::find(std::uint32_t number) const noexcept {
  std::size_t at = 0;
  while (at < servers.size() && (servers[at].question != 0 || servers[at].number != number)) ++at;
  return at;
}

NET_API void OwnSide::left(std::uint32_t number) noexcept {
  const std::size_t at = find(number);
  if (at == servers.size()) return;
  const Shared gone = std::move(servers[at]);
  servers.erase(at, at + 1);
  if (!self->connected()) return;
  undo_or_give_up(Access::state(*self->channel), [&] { self->say(Spoken(Say::closed).number(number)); });
}

/// S33.7: it had no space, and has again.
NET_API void OwnSide::has_space(ServerState& server) {
  for (Shared& each : servers) {
    if (each.server.get() != &server || !each.gave_back) continue;
    if (server.max_connections && server.connections >= *server.max_connections) continue;
    each.gave_back = false;
    self->say(Spoken(Say::space).number(each.number));
  }
}

NET_API void OwnSide::heard(std::string_view bytes, const ReceivedHandle& handle) {
  const Ref<OwnSide> alive(this);
  Heard words(bytes);
  switch (words.what()) {
    case Say::answer: return answered(words, handle);
    case Say::connection:
      if (handle.socket()) given(words.number(), *handle.socket());
      return;
    case Say::leave: return disconnect();
    case Say::message: return message(words.rest(), handle);
    default: return;
  }
}

NET_API void OwnSide::answered(Heard& words, const ReceivedHandle& handle) {
  const std::int64_t question = words.number();
  const auto failed = static_cast<int>(words.number());
  const auto number = static_cast<std::uint32_t>(words.number());
  const bool accepts = words.number() != 0;
  std::size_t at = 0;
  while (at < servers.size() && servers[at].question != question) ++at;
  if (at == servers.size()) return;
  const Ref<ServerState> server = servers[at].server;
  const bool wanted = server->loop && server->looking_up && server->generation == servers[at].asked_in;
  if (failed != 0 || !handle.server() || !wanted) {
    const Shared gone = std::move(servers[at]);
    servers.erase(at, at + 1);
    if (handle.server()) {
      handle.server()->close();
      self->say(Spoken(Say::closed).number(number));
    }
    if (wanted) server->refused_elsewhere(address_failure(failed, "bind", gone.address, gone.port));
    return;
  }
  servers[at].question = 0;
  servers[at].number = number;
  server->opened_elsewhere(Access::state(*handle.server()), number, accepts);
  handle.server()->close();
  // after its own 'listening', as in Node
  loop->ticks().push(Tick{Ref<OwnSide>(this), [server, number](OwnSide& side) { side.listens(*server, number); }});
}

NET_API void OwnSide::listens(ServerState& server, std::uint32_t number) {
  if (!server.acceptor.is_open() || server.elsewhere != number) return;
  const std::optional<AddressInfo> is = Access::make<Server>(&server).address();
  Spoken said(Say::listening);
  said.number(number).number(is ? static_cast<std::int64_t>(is->family) : 0).number(is ? is->port : 0);
  said.text(is ? is->address : "").text(is ? is->path : "");
  self->say(said);
}

NET_API void OwnSide::given(std::int64_t number, const Socket& socket) {
  const std::size_t at = find(static_cast<std::uint32_t>(number));
  if (at == servers.size()) return give_back(number, socket, false);
  ServerState& server = *servers[at].server;
  const bool full = server.max_connections && server.connections >= *server.max_connections;
  if (full && !server.drop_max_connection) {
    servers[at].gave_back = true;
    return give_back(number, socket, true);
  }
  const Ref<ServerState> alive(&server);
  std::string received;  // by who had it before
  take_unread(Access::state(socket), received);
  const NativeHandle descriptor = socket.release();
  if (descriptor != no_handle) server.take(descriptor, received);
}

/// A primary that has no descriptor left for it, or no memory, is asked again.
NET_API void OwnSide::give_back(std::int64_t number, const Socket& socket, bool for_want_of_space) {
  Access::state(socket).errors_heard = true;
  if (!self->connected()) return void(socket.destroy());
  Spoken said(Say::back);
  said.number(number).number(for_want_of_space);
  self->channel->send(said.bytes(), socket, {}, [=](const Error& error) {
    if (!error) return;
    if (!the_one || !the_one->self->connected() || socket.destroyed()) return void(socket.destroy());
    const Ref<TimerState> again(new TimerState(*the_one->loop));
    again->callback = [=] { the_one ? the_one->give_back(number, socket, for_want_of_space) : void(socket.destroy()); };
    the_one->loop->start_timer(*again, 100, the_one->loop->now());
  });
}

NET_API void OwnSide::message(std::string_view bytes, const ReceivedHandle& handle) {
  if (self->emit_event<worker_message>(bytes, handle)) return;
  if (handle.socket()) handle.socket()->destroy();
  if (handle.server()) handle.server()->close();
}

/// S33.5: its servers close, and then the channel.
NET_API void OwnSide::disconnect() {
  const Ref<OwnSide> alive(this);
  if (!self->connected()) return;
  self->on_purpose = true;
  self->say(Spoken(Say::leaving));
  while (!servers.empty()) {
    const Ref<ServerState> server = servers.back().server;
    if (servers.back().question == 0) {
      server->close();
      continue;
    }
    const bool wanted = server->loop && server->looking_up && server->generation == servers.back().asked_in;
    servers.pop();
    if (wanted) server->close();
  }
  self->channel->disconnect();
}

/// As in Node a worker whose primary is gone ends its process.
NET_API void OwnSide::gone() {
  const Ref<OwnSide> alive(this);
  loop->served_elsewhere = nullptr;
  self->disconnected = true;
  CallOnThrow ends([&] {
    if (loop)
      undo_or_give_up(*this, [&] { loop->ticks().push(Step<OwnSide>{alive, [](OwnSide& side) { side.end(); }}); });
  });
  self->emit_event<worker_disconnect>();
  ends.passed = true;
  end();
}

NET_API void OwnSide::end() {
  self->listeners.clear();
  if (!self->on_purpose) Processes::end_process(0);
}

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif
#endif
