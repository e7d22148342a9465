// Tasks that wait for everything there is, and are destroyed at random.
#include "tests/random_programs/connecting.hpp"
#include "tests/random_programs/fiber.hpp"
#include "tests/random_programs/socket_listeners.hpp"

namespace programs {

/// The time in which code of a task runs.
struct Awake {
  Fiber& fiber;
  explicit Awake(Fiber& f) noexcept : fiber(f) { fiber.running = true; }
  Awake(const Awake&) = delete;
  Awake& operator=(const Awake&) = delete;
  ~Awake() { fiber.running = false; }
};

/// What happens between two waits.
static void wakes(const std::shared_ptr<Fiber>& fiber, const char* what) {
  if (!Program::now || Program::now->child) return;
  Program& program = *Program::now;
  const Awake awake(*fiber);
  const Inside inside(program);
  program.say("task goes on: %s", what);
  if (program.may_step()) act(program);
  program.maybe_throw();
}

/// The same with a socket that nobody watches if an exception ends the task now.
static void wakes_connected(const std::shared_ptr<Fiber>& fiber) {
  if (!Program::now) return;
  Program& program = *Program::now;
  ++program.unwatched;
  wakes(fiber, "connected");
  --program.unwatched;
}

template <net::fixed_string Name>
static net::Task<> wait_for_socket(std::shared_ptr<Fiber> fiber, net::Socket socket) {
  co_await net::once<Name>(socket);
  wakes(fiber, Name.text);
}
template <net::fixed_string Name>
static net::Task<> wait_for_server(std::shared_ptr<Fiber> fiber, net::Server server) {
  co_await net::once<Name>(server);
  wakes(fiber, Name.text);
}

/// Reads a socket in pieces, lines and whole, and holds what it gets against what its side counts.
static net::Task<> read_it(std::shared_ptr<Fiber> fiber, std::shared_ptr<Side> side, std::size_t rounds) {
  Program& program = side->program;
  const struct Reading {
    int& readers;
    explicit Reading(int& count) : readers(count) { ++readers; }
    Reading(const Reading&) = delete;
    Reading& operator=(const Reading&) = delete;
    ~Reading() { --readers; }
  } reading(side->readers);
  std::optional<net::Reader> reader;
  {
    const Awake awake(*fiber);
    reader.emplace(*side->socket);
  }
  for (; rounds > 0 && program.random.below(20) > 0; --rounds) {
    std::optional<net::Chunk> chunk;
    const std::size_t amount = 1 + program.below(500);
    switch (program.below(3)) {
      case 0: chunk = co_await reader->next(); break;
      case 1:
        chunk = co_await reader->readView(amount);
        if (chunk) side->require(chunk->size() == amount, "Reader::readView gives so many bytes");
        break;
      default:
        chunk = co_await reader->readLineView(amount);
        if (chunk) side->require(chunk->size() <= amount, "Reader::readLineView gives no more than its limit");
        break;
    }
    if (!chunk) break;
    wakes(fiber, "Reader");
  }
  const Awake awake(*fiber);
  reader.reset();
}

static net::Task<> accept_some(std::shared_ptr<Fiber> fiber, std::shared_ptr<Host> host, std::size_t rounds) {
  std::optional<net::Acceptor> acceptor;
  acceptor.emplace(*host->server);
  for (; rounds > 0; --rounds) {
    const std::optional<net::Socket> socket = co_await acceptor->next();
    if (!socket) break;
    if (socket->listenerCount<"close">() == 0) ++host->program.unwatched;
    wakes(fiber, "Acceptor");
  }
  const Awake awake(*fiber);
  acceptor.reset();
}

static net::Task<> write_some(std::shared_ptr<Fiber> fiber, std::shared_ptr<Side> side, std::size_t rounds) {
  for (; rounds > 0 && side->socket; --rounds) {
    Program& program = side->program;
    const std::string bytes = side->out->next(program.below(30000));
    if (side->out->written == 0) break;
    if (side->socket->writable()) side->out->accepted(bytes.size());
    const net::Socket socket = *side->socket;
    fiber->running = true;
    auto writing = net::write(socket, bytes);
    fiber->running = false;
    co_await writing;
    wakes(fiber, "write");
  }
}

static net::Task<> connect_somewhere(std::shared_ptr<Fiber> fiber, net::Loop* loop, Target target, std::size_t form) {
  net::ConnectOptions options;
  options.port = target.port;
  options.path = target.path;
  options.host = "127.0.0.1";
  fiber->running = true;
  if (form == 0) {
    auto connecting = net::connected(*loop, options);
    fiber->running = false;
    const net::Socket socket = co_await connecting;
    wakes_connected(fiber);
    socket.destroy();
  } else if (target.path.empty()) {
    auto connecting = net::connected(target.port, "127.0.0.1");
    fiber->running = false;
    const net::Socket socket = co_await connecting;
    wakes_connected(fiber);
    socket.end();
    socket.resume();
  } else {
    auto connecting = net::connected(target.path);
    fiber->running = false;
    const net::Socket socket = co_await connecting;
    wakes_connected(fiber);
    socket.resetAndDestroy();  // throws: it is a path
  }
}

static net::Task<> sleep_a_while(std::shared_ptr<Fiber> fiber, int length) {
  co_await net::sleep(length);
  wakes(fiber, "sleep");
}
static net::Task<int> give(int value) { co_return value; }
static net::Task<> call_others(std::shared_ptr<Fiber> fiber) {
  (void)co_await give(1);
  co_await sleep_a_while(fiber, 2);
  (void)co_await give(2);
  wakes(fiber, "a task in a task");
}
static net::Task<> wait_for_job(std::shared_ptr<Fiber> fiber, net::Job<int> job) {
  (void)co_await job;
  wakes(fiber, "job");
}

/// What a fiber runs: the task is a part of its frame.
struct Start {
  using promise_type = Fiber::promise_type;
  std::coroutine_handle<promise_type> frame;
  Start(std::coroutine_handle<promise_type> of) noexcept : frame(of) {}
};
static Start run_task(net::Task<> task) { co_await task; }

/// Starts a task, on its own or as one that is destroyed some time.
static void start_task(Program& program, const std::shared_ptr<Fiber>& fiber, net::Loop& loop, net::Task<> task) {
  if (program.one_in(4)) {
    program.one_in(2) ? net::spawn(loop, std::move(task)) : net::spawn(std::move(task));
    return;
  }
  program.fibers.push_back(fiber);
  fiber->frame = run_task(std::move(task)).frame;
  fiber->frame.resume();
}

void make_task(Program& program) {
  const auto fiber = std::make_shared<Fiber>();
  net::Loop& loop = program.some_loop();
  const auto start = [&](net::Task<> task) { start_task(program, fiber, loop, std::move(task)); };
  const std::size_t kind = program.below(9);
  if (kind < 4 && program.sides.empty()) return;
  if (kind > 3 && kind < 6 && program.hosts.empty()) return;
  const auto side = program.sides.empty() ? nullptr : program.pick(program.sides);
  const auto host = program.hosts.empty() ? nullptr : program.pick(program.hosts);
  program.say("task of kind %zu", kind);
  switch (kind) {
    case 0:
      return with_socket_event(program.below(socket_events), [&]<net::fixed_string Name>() {
        if (Name.view() == "data" && !side->counts_data) side->incomplete();
        start(wait_for_socket<Name>(fiber, *side->socket));
      });
    case 1:
    case 2:
      if (!side->counts_data) side->incomplete();
      if (!program.allowed("reader")) return;
      return start(read_it(fiber, side, 1 + program.below(6)));
    case 3: return start(write_some(fiber, side, 1 + program.below(4)));
    case 4:
      return with_server_event(program.below(5),
                               [&]<net::fixed_string Name>() { start(wait_for_server<Name>(fiber, *host->server)); });
    case 5:
      if (!program.allowed("acceptor")) return;
      return start(accept_some(fiber, host, 1 + program.below(3)));
    case 6: return start(connect_somewhere(fiber, &loop, some_target(program), program.below(3)));
    case 7: return start(program.one_in(2) ? sleep_a_while(fiber, program.milliseconds(20)) : call_others(fiber));
    default:
      if (!program.pool) return;
      return start(wait_for_job(fiber, program.pool->exec([] { return 7; })));
  }
}

/// Destroys one where it stands.
void destroy_task(Program& program) {
  if (program.fibers.empty()) return;
  const std::size_t at = program.below(program.fibers.size());
  const std::shared_ptr<Fiber> fiber = program.fibers[at];
  if (fiber->running) return;
  program.say("task destroyed");
  program.fibers.erase(program.fibers.begin() + static_cast<std::ptrdiff_t>(at));
  std::exchange(fiber->frame, {}).destroy();
}

}  // namespace programs
