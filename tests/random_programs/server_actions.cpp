// What a random program does to a server: every member of net::Server.
#include "tests/random_programs/connecting.hpp"

namespace programs {

static void act_then(Program& program, const std::shared_ptr<Host>& host) {
  if (!program.may_step()) return;
  if (host->server && program.one_in(2)) {
    act_on(program, *host);
  } else {
    act(program);
  }
  program.maybe_throw();
}

/// A connection becomes a side of its own.
static void accept(const std::shared_ptr<Host>& host, const net::Socket& socket) {
  Program& program = host->program;
  if (program.child) return;
  const Inside inside(program);
  if (host->over) host->require(false, "no 'connection' after 'close'");
  const auto side = std::make_shared<Side>(program, *host->loop, "accepted");
  side->socket = socket;
  side->opened = true;
  take_in(side);
  if (side->socket) side->require(!socket.server() || *socket.server() == *host->server, "it knows its server");
  if (side->socket && program.may_step()) act_on(program, *side);
  program.maybe_throw();
}
static void count_connections(const std::shared_ptr<Host>& host) {
  host->hears_connection = true;
  const auto ear = std::make_shared<int>();
  host->connection_ear = ear;
  host->server->on<"connection">([host, ear](net::Socket socket) {
    if (!Program::now) return;
    // another listener may have taken it in already, or destroyed it
    if (host->server) accept(host, socket);
  });
}
static void count_closes(const std::shared_ptr<Host>& host) {
  host->hears_close = true;
  const auto ear = std::make_shared<int>();
  host->close_ear = ear;
  host->server->on<"close">([host, ear](const net::Server& self) {
    if (!Program::now || Program::now->child) return;
    const Inside inside(host->program);
    host->program.say("server %zu: closed", host->number);
    host->close_emitted(self);
    act_then(host->program, host);
  });
}

static void add_server_ear(const std::shared_ptr<Host>& host, std::size_t event, std::size_t way) {
  const auto ear = std::make_shared<Ear>();
  const net::Server server = *host->server;
  const auto hear = [host, ear](const net::Server& self) {
    if (!Program::now || Program::now->child) return;
    const Inside inside(host->program);
    host->heard(*ear, self);
    struct Broken {  // those that come after a listener that throws are not called (S1.5)
      Host& host;
      std::string_view event;
      bool passed = false;
      ~Broken() {
        if (passed) return;
        if (event == "connection") ++host.program.unwatched;
        if (event != "close") return;
        host.hears_close = false;
        host.aborts = true;
        for (const auto& callback : host.owed) callback->excused = true;
      }
    } broken{*host, ear->event};
    act_then(host->program, host);
    broken.passed = true;
  };
  with_server_event(event, [&]<net::fixed_string Name>() {
    static constexpr auto name = Name;
    ear->event = name.text;
    host->program.say("server %zu: listener of %s, way %zu", host->number, ear->event, way);
    ear->once = way == 1 || way == 3;
    switch (way) {
      case 0: server.on<Name>(hear); break;
      case 1: server.once<Name>(hear); break;
      case 2: server.prependListener<Name>(hear); break;
      case 3: server.prependOnceListener<Name>(hear); break;
      case 4: ear->token = server.addListener<Name>(hear); break;
      default: ear->token = server.addListener<Name>(hear, true); break;
    }
  });
  host->ears.push_back(ear);
}

static void remove_server_ears(Host& host, std::size_t way) {
  Program& program = host.program;
  const net::Server server = *host.server;
  if (way == 0) {
    if (host.ears.empty()) return;
    const auto ear = program.pick(host.ears);
    server.off(ear->token);
    if (ear->token.id() != 0) ear->remove();
    return;
  }
  const std::size_t event = program.below(5);
  const bool all = way == 1;
  if (all || event == 0) {
    host.hears_close = false;
    host.aborts = true;
    for (const auto& callback : host.owed) callback->excused = true;
  }
  if (all || event == 1) host.hears_connection = false, ++program.unwatched;
  if (all) {
    server.removeAllListeners();
    for (const auto& ear : host.ears) ear->remove();
    host.ears.clear();
    return;
  }
  with_server_event(event, [&]<net::fixed_string Name>() {
    static constexpr auto name = Name;
    server.removeAllListeners<Name>();
    host.require(server.listenerCount<Name>() == 0, "after removeAllListeners nobody listens");
    std::erase_if(host.ears, [](const auto& ear) {
      if (std::string_view(ear->event) != name.view()) return false;
      ear->remove();
      return true;
    });
  });
}

/// listen() in every form.
static void listen_somewhere(const std::shared_ptr<Host>& host) {
  Program& program = host->program;
  const net::Server server = *host->server;
  const std::string path = program.path("s" + std::to_string(program.names++));
  if (!server.listening() && host->close_ear.expired()) count_closes(host);  // dropped after 'close'
  if (host->connection_ear.expired()) count_connections(host);
  attempt(program, "listen", [&] {
    net::ListenOptions options;
    switch (program.below(12)) {
      case 0: server.listen(); break;
      case 1: server.listen(0, happens()); break;
      case 2: server.listen(0, "127.0.0.1"); break;
      case 3: server.listen(0, "127.0.0.1", 5, happens()); break;
      case 4: server.listen(0, 10); break;
      case 5: server.listen(path); break;
      case 6: server.listen(path, 3, happens()); break;
      case 7: {
        const auto other = program.pick(program.hosts);
        if (other == host || !other->server->listening()) return;
        server.listen(*other->server, happens());
        break;
      }
      case 8:
        options.path = path;
        options.readableAll = options.writableAll = program.one_in(2);
        server.listen(options, happens());
        break;
      case 9:
        options.port = 0;
        options.host = program.one_in(4) ? "192.0.2.1" : "127.0.0.1";  // one that is not of this machine
        options.reusePort = program.one_in(3);
        server.listen(options);
        break;
      case 10:
        options.port = 0;
        options.host = "::1";
        options.ipv6Only = program.one_in(2);
        options.exclusive = true;
        server.listen(options);
        break;
      default:
        options.port = 0;
        options.host = "127.0.0.1";
        if (!program.controllers.empty()) {
          options.signal = program.pick(program.controllers).signal();
          host->aborts = true;
        }
        server.listen(options);
        break;
    }
    host->listened();
  });
}

static void close_it(const std::shared_ptr<Host>& host) {
  Program& program = host->program;
  const net::Server server = *host->server;
  program.say("server %zu closes", host->number);
  host->asked_to_close();
  host->over = false;
  if (program.one_in(2)) {
    server.close();
    return;
  }
  const auto callback = program.owe("server close");
  if (!host->hears_close) callback->excused = true;
  host->owed.push_back(callback);
  server.close([callback](const net::Error&) {
    if (!Program::now) return;
    Program::now->was_called(*callback);
    Happens()();
  });
}

static void look(Host& host) {
  const net::Server s = *host.server;
  host.require(s.listening() == (s.nativeHandle() >= 0), "what listens has a descriptor");
  host.require(!s.listening() || s.address().has_value(), "what listens has an address");
  host.require(s == *host.server, "a copy is the same server");
  (void)s.maxConnections(), (void)s.dropMaxConnection(), (void)s.allowHalfOpen(), (void)s.pauseOnConnect();
  (void)s.noDelay(), (void)s.keepAlive(), (void)s.keepAliveInitialDelay(), (void)s.highWaterMark(), (void)s.blockList();
}

static void change_options(Program& program, const net::Server& s) {
  switch (program.below(8)) {
    case 0:
      if (program.one_in(2)) {
        s.maxConnections(program.below(3));
      } else {
        s.maxConnections(std::nullopt);
      }
      break;
    case 1: s.dropMaxConnection(program.one_in(2)); break;
    case 2: s.allowHalfOpen(program.one_in(2)); break;
    case 3: s.pauseOnConnect(program.one_in(4)); break;
    case 4: s.noDelay(program.one_in(2)); break;
    case 5: s.keepAlive(program.one_in(2)), s.keepAliveInitialDelay(program.milliseconds(5000)); break;
    case 6: s.highWaterMark(program.below(5000)); break;
    default:
      if (program.block_lists.empty() || program.one_in(2)) {
        s.blockList(std::nullopt);
      } else {
        s.blockList(program.pick(program.block_lists));
      }
      break;
  }
}

void act_on(Program& program, Host& given) {
  if (program.child || !given.lives()) return;
  const std::shared_ptr<Host> host = given.shared_from_this();
  const net::Server s = *host->server;
  switch (program.below(20)) {
    case 0:
    case 1:
    case 2:
      if (!s.listening() || program.one_in(10)) listen_somewhere(host);
      break;
    case 3:
      if (program.one_in(3)) close_it(host);
      break;
    case 4: look(*host); break;
    case 5: s.getConnections([happen = happens()](const net::Error&, std::size_t) { happen(); }); break;
    case 6: change_options(program, s); break;
    case 7: program.one_in(2) ? s.ref() : s.unref(); break;
    case 8:
    case 9: add_server_ear(host, program.below(server_events), program.below(6)); break;
    case 10:
      if (program.one_in(4)) remove_server_ears(*host, program.below(4));
      break;
    case 11:
      if (program.one_in(20)) program.say("server %zu: handle dropped", host->number), host->drop();
      break;
    case 12:
      if (!host->hears_close && program.one_in(3)) count_closes(host);
      if (host->server && !host->hears_connection && program.one_in(3)) count_connections(host);
      break;
    default: act(program); break;
  }
}

void make_host(Program& program) {
  net::Loop& loop = program.some_loop();
  const auto host = std::make_shared<Host>(program, loop);
  net::ServerOptions options;
  options.allowHalfOpen = program.one_in(3);
  if (program.one_in(3)) options.highWaterMark = program.below(3000);
  options.keepAlive = program.one_in(6);
  options.noDelay = program.one_in(4);
  options.pauseOnConnect = program.one_in(6);
  options.reusable = program.one_in(5);
  if (program.one_in(10) && !program.block_lists.empty()) options.blockList = program.pick(program.block_lists);
  switch (program.below(4)) {
    case 0: host->server.emplace(loop, options); break;
    case 1: host->server = net::createServer(loop, options); break;
    case 2:
      host->server = program.one_in(2) ? net::createServer(options) : net::createServer();
      host->loop = &net::Loop::current();
      break;
    default:
      host->server = net::createServer(loop, options, [](net::Socket) {
        try {
          Happens()();
        } catch (const Thrown&) {  // the listener that takes it in is not called then
          ++Program::now->unwatched;
          throw;
        }
      });
      break;
  }
  host->number = program.names++;
  program.hosts.push_back(host);
  program.say("server %zu is there", host->number);
  count_connections(host);
  count_closes(host);
  if (!program.one_in(10)) add_server_ear(host, 2, 0);
  for (std::size_t n = program.below(3); n > 0; --n)
    add_server_ear(host, program.below(server_events), program.below(6));
  listen_somewhere(host);
}

}  // namespace programs
