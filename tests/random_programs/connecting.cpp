#include "tests/random_programs/connecting.hpp"

#include "tests/random_programs/socket_listeners.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <span>

namespace programs {

Target some_target(Program& program) {
  Target target;
  if (program.hosts.empty() || program.one_in(12)) {
    if (program.one_in(3)) target.path = program.path("nobody");
    if (program.one_in(10)) target.path = program.path(std::string(200, 'l'));
    if (program.one_in(6)) target.port = 0;
    return target;
  }
  const auto address = program.pick(program.hosts)->address();
  if (!address) return target;
  target.port = address->port;
  target.path = address->path;
  return target;
}

void answer(Program& program, const net::LookupCallback& question) {
  const std::size_t kind = program.below(8);
  program.say("lookup answered, %zu", kind);
  const net::LookupAddress four{"127.0.0.1", net::Family::IPv4}, six{"::1", net::Family::IPv6};
  const net::LookupAddress nobody{"127.0.0.9", net::Family::IPv4}, none{"not an address", net::Family::IPv4};
  const net::LookupAddress odd{"127.0.0.1", net::Family::unspecified};
  switch (kind) {
    case 0: return question(net::Error("nobody knows"), {});
    case 1: return question(net::Error(), {&none, 1});
    case 2: return question(net::Error(), {&odd, 1});
    case 3: {
      const net::LookupAddress both[] = {six, four};
      return question(net::Error(), both);
    }
    case 4: {
      const net::LookupAddress several[] = {nobody, six, nobody, four};
      return question(net::Error(), several);
    }
    case 5: return question(net::Error(), {});
    default: return question(net::Error(), {&four, 1});
  }
}

/// A lookup of the program's own: it answers inside the call, later, twice, or never.
static net::Lookup some_lookup(Program& program) {
  switch (program.below(5)) {
    case 0:
      return [](std::string_view, const net::LookupOptions&, net::LookupCallback question) {
        if (!Program::now || Program::now->child) return;
        answer(*Program::now, question);
      };
    case 1:
      return [](std::string_view, const net::LookupOptions&, net::LookupCallback question) {
        if (!Program::now) return;
        net::setTimeout(
            [question] {
              if (Program::now) answer(*Program::now, question);
            },
            Program::now->milliseconds(10));
      };
    case 2:
      return [](std::string_view, const net::LookupOptions&, net::LookupCallback question) {
        if (!Program::now) return;
        answer(*Program::now, question);
        if (Program::now) answer(*Program::now, question);
      };
    default:  // when somebody thinks of it
      return [](std::string_view, const net::LookupOptions&, net::LookupCallback question) {
        if (Program::now) Program::now->questions.push_back(std::move(question));
      };
  }
}

static net::OnRead some_onread(const std::shared_ptr<Side>& side) {
  net::OnRead onread;
  side->has_onread = true;
  const auto memory = std::make_shared<std::vector<std::byte>>(64 + side->program.below(5000));
  if (side->program.one_in(2)) {
    onread.buffer = *memory;
  } else {
    onread.allocate = [memory] { return std::span<std::byte>(*memory); };
  }
  // its own: the socket keeps the callback as long as it lives
  onread.callback = [weak = std::weak_ptr<Side>(side), memory](std::size_t size, std::span<std::byte> buffer) {
    const auto self = weak.lock();
    if (!self || !Program::now || Program::now->child) return true;
    const Inside inside(self->program);
    self->program.say("%s %zu: %zu bytes in its own buffer", self->kind, self->number, size);
    self->require(size <= buffer.size(), "no more is received than the buffer has space for");
    self->counted({reinterpret_cast<const char*>(buffer.data()), size});
    if (self->socket && self->program.may_step()) act_on(self->program, *self);
    self->program.maybe_throw();
    return !self->program.one_in(4);
  };
  return onread;
}

void take_in(const std::shared_ptr<Side>& side) {
  Program& program = side->program;
  side->number = program.all_sides.size();
  program.all_sides.push_back(side);
  program.sides.push_back(side);
  program.say("%s %zu is there", side->kind, side->number);
  if (!side->out) side->begins();
  count_close(side);
  if (!program.one_in(10)) count_error(side);
  if (!side->has_onread && program.below(4) > 0) count_data(side);
  for (std::size_t n = program.below(5); n > 0; --n) {
    add_socket_ear(side, program.below(socket_events), program.below(6));
  }
  side->greet();
}

static net::SocketOptions some_socket_options(Program& program, const std::shared_ptr<Side>& side) {
  net::SocketOptions options;
  options.allowHalfOpen = program.one_in(3);
  if (program.one_in(3)) options.highWaterMark = program.below(3000);
  options.reusable = program.one_in(6);
  if (program.one_in(5)) options.onread = some_onread(side);
  if (program.one_in(8) && !program.controllers.empty()) options.signal = program.pick(program.controllers).signal();
  if (program.one_in(40)) options.signal = net::AbortSignal::timeout(program.milliseconds(30));
  return options;
}

std::shared_ptr<Side> adopt(Program& program, net::Loop& loop, net::NativeHandle fd, const char* kind, Ledger* out,
                            Received in, bool readable) {
  const auto side = std::make_shared<Side>(program, loop, kind);
  net::SocketOptions options = some_socket_options(program, side);
  options.fd = fd;
  options.readable = readable;
  const bool aborted = options.signal.aborted();
  try {
    side->socket.emplace(loop, options);
  } catch (const net::Error& error) {
    program.say("adopting threw %s", error.what());
    ::close(fd);
    return nullptr;
  }
  side->opened = true;
  if (out) side->out = out, side->in = std::move(in);
  if (aborted && side->socket->destroyed() && out) side->out = nullptr, side->in = Received();
  take_in(side);
  return side;
}

/// Both ends of a socketpair, or of a pipe.
void wrap_descriptors(Program& program) {
  int ends[2] = {-1, -1};
  net::Loop& loop = program.some_loop();
  if (program.below(3) > 0) {
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) return;
    adopt(program, loop, ends[0], "paired");
    adopt(program, program.one_in(4) ? program.some_loop() : loop, ends[1], "paired");
  } else {
    if (::pipe2(ends, O_CLOEXEC) != 0) return;
    adopt(program, loop, ends[0], "read end");
    adopt(program, loop, ends[1], "write end", nullptr, {}, program.one_in(2));
  }
}

static net::ConnectOptions some_connect_options(Program& program, const Target& target) {
  net::ConnectOptions options;
  options.port = target.port;
  options.path = target.path;
  options.host = program.one_in(8) ? "::1" : program.one_in(30) ? "127.0.0.7" : "127.0.0.1";
  if (program.one_in(4)) options.host = "somewhere.test", options.lookup = some_lookup(program);
  if (program.with_threads && program.one_in(12)) options.host = "localhost", options.lookup = {};
  if (program.one_in(8)) options.localAddress = program.one_in(4) ? "192.0.2.1" : "127.0.0.1";
  if (program.one_in(60)) options.localPort = 1 + program.milliseconds(70000);
  if (program.one_in(8)) options.family = program.one_in(3) ? net::Family::IPv6 : net::Family::IPv4;
  options.noDelay = program.one_in(5);
  options.keepAlive = program.one_in(5);
  if (program.one_in(6)) options.autoSelectFamily = program.one_in(2);
  if (program.one_in(6)) options.autoSelectFamilyAttemptTimeout = program.milliseconds(300);
  if (program.one_in(12) && !program.block_lists.empty()) options.blockList = program.pick(program.block_lists);
  if (program.one_in(8)) options.timeout = program.milliseconds(60);
  return options;
}

void connect_somewhere(const std::shared_ptr<Side>& side) {
  Program& program = side->program;
  const Target target = some_target(program);
  const net::Socket s = *side->socket;
  side->notice_dropped_listeners();
  if (!side->hears_close && !side->lost_close && program.below(4) > 0) count_close_again(side);
  if (!side->hears_error && program.below(4) > 0) count_error(side);
  if (!side->counts_data && !side->has_onread && program.one_in(2)) count_data(side);
  program.say("%s %zu connects to %d %s", side->kind, side->number, target.port, target.path.c_str());
  attempt(program, "connect", [&] {
    side->connects([&] {
      switch (program.below(5)) {
        case 0: s.connect(some_connect_options(program, target), happens()); break;
        case 1:
          if (target.path.empty()) {
            s.connect(target.port, "127.0.0.1", happens());
          } else {
            s.connect(target.path, happens());
          }
          break;
        case 2:
          if (target.path.empty()) {
            s.connect(target.port, "127.0.0.1");
          } else {
            s.connect(target.path);
          }
          break;
        case 3:
          if (program.with_threads && target.path.empty()) {
            s.connect(target.port, happens());  // localhost: the resolver's threads
            break;
          }
          [[fallthrough]];
        default: s.connect(some_connect_options(program, target)); break;
      }
    });
  });
}

/// A new socket, connected or not, made in one of the ways.
void make_client(Program& program) {
  net::Loop& loop = program.some_loop();
  const auto side = std::make_shared<Side>(program, loop, "client");
  const Target target = some_target(program);
  if (program.below(3) > 0) {
    side->socket.emplace(loop, some_socket_options(program, side));
    if (side->socket->destroyed()) side->opened = true;
    take_in(side);
    if (program.below(8) > 0 && side->socket) connect_somewhere(side);
    return;
  }
  net::ConnectOptions options = some_connect_options(program, target);
  options.allowHalfOpen = program.one_in(3);
  options.reusable = program.one_in(6);
  if (program.one_in(4)) options.onread = some_onread(side);
  if (program.one_in(8) && !program.controllers.empty()) options.signal = program.pick(program.controllers).signal();
  const bool simple = options.lookup || options.onread.callback || !target.path.empty();  // what only options can say
  attempt(program, "createConnection", [&] {
    switch (simple ? 0 : program.below(5)) {
      case 0: side->socket = net::createConnection(loop, options, happens()); break;
      case 1: side->socket = net::connect(loop, options); break;
      case 2: side->socket = net::createConnection(loop, target.port, "127.0.0.1"); break;
      case 3: side->socket = net::connect(loop, target.port, "127.0.0.1", happens()); break;
      default:
        side->socket = net::createConnection(options);
        side->loop = &net::Loop::current();
        break;
    }
  });
  if (!side->socket) return;
  side->opened = true;
  take_in(side);
}

}  // namespace programs
