// Anything that a program may do: on sockets, servers, tasks, timers, loops, signals, pools, lists, processes.
#include "tests/random_programs/connecting.hpp"
#include "tests/random_programs/process.hpp"

#include <csignal>

namespace programs {

/// Timers, immediates and ticks, by the loop and by the functions for this thread's loop.
static void act_on_loop(Program& program, net::Loop& loop) {
  const int ms = program.milliseconds(30);
  switch (program.below(14)) {
    case 0: loop.nextTick(happens()); break;
    case 1: program.timers.push_back(loop.setTimeout(happens(), ms)); break;
    case 2:
      if (program.timers.size() < 20) program.timers.push_back(loop.setInterval(happens(), 1 + ms));
      break;
    case 3: program.immediates.push_back(loop.setImmediate(happens())); break;
    case 4: net::nextTick(happens()); break;
    case 5: program.timers.push_back(net::setTimeout(happens(), std::chrono::milliseconds(ms))); break;
    case 6:
      if (program.timers.size() < 20) program.timers.push_back(net::setInterval(happens(), ms));
      break;
    case 7: program.immediates.push_back(net::setImmediate(happens())); break;
    case 8: loop.post(happens()); break;
    case 9: (void)loop.now(), (void)loop.alive(), (void)loop.backendHandle(), (void)loop.nextTimeout(); break;
    case 10: loop.stop(); break;
    case 11:
      // inside of it this throws; another loop of the thread turns
      attempt(program, "nested runOnce", [&] {
        const Nested nested;
        (void)loop.runOnce(program.one_in(2) ? 0 : 1);
      });
      break;
    case 12:
      if (program.loops.size() < 4) program.loops.push_back(std::make_unique<net::Loop>());
      break;
    default:
      program.require(&net::Loop::current() == program.loops.back().get(),
                      "the newest loop is the current one (S31.8)");
      break;
  }
}

static void act_on_timers(Program& program) {
  if (!program.timers.empty()) {
    const net::Timer timer = program.pick(program.timers);
    switch (program.below(7)) {
      case 0: timer.ref(); break;
      case 1: timer.unref(); break;
      case 2: (void)timer.hasRef(); break;
      case 3: timer.refresh(); break;
      case 4: timer.close(); break;
      case 5: net::clearTimeout(timer); break;
      default: net::clearInterval(timer); break;
    }
  }
  if (!program.immediates.empty()) {
    const net::Immediate immediate = program.pick(program.immediates);
    switch (program.below(5)) {
      case 0: immediate.ref(); break;
      case 1: immediate.unref(); break;
      case 2: (void)immediate.hasRef(); break;
      case 3: immediate.close(); break;
      default: net::clearImmediate(immediate); break;
    }
  }
}

/// SIGUSR1 and SIGUSR2 are ignored by this program unless somebody listens.
static void act_on_signals(Program& program) {
  const int signo = program.one_in(2) ? SIGUSR1 : SIGUSR2;
  if (!program.signals.empty()) {
    const net::Signal signal = program.pick(program.signals);
    switch (program.below(6)) {
      case 0: signal.ref(); break;
      case 1: signal.unref(); break;
      case 2: (void)signal.hasRef(); break;
      case 3:
      case 4: signal.close(); break;
      default: break;
    }
  }
  if (program.one_in(2)) {
    ::raise(signo);
  } else if (program.signals.size() < 6) {
    net::Loop& loop = program.some_loop();
    if (program.one_in(2)) {
      program.signals.push_back(loop.onSignal(signo, happens()));
    } else {
      program.signals.push_back(loop.onSignal(signo, [happen = happens()](int) { happen(); }));
    }
  } else {
    attempt(program, "onSignal", [&] { (void)program.some_loop().onSignal(SIGKILL, happens()); });
  }
}

static void act_on_block_lists(Program& program) {
  if (program.block_lists.size() < 3) program.block_lists.emplace_back();
  const net::BlockList list = program.pick(program.block_lists);
  switch (program.below(6)) {
    case 0: list.addAddress("127.0.0.9"); break;
    case 1: list.addRange("10.0.0.1", "10.0.0.9"); break;
    case 2: list.addSubnet("::1", 128, net::Family::IPv6); break;
    case 3:
      if (program.one_in(8)) list.addAddress(net::SocketAddress({.address = "127.0.0.1"}));
      break;
    case 4: list.fromJSON(list.toJSON()); break;
    default: (void)list.check("127.0.0.1"), (void)list.rules(); break;
  }
}

static void act_on_pool(Program& program) {
  if (!program.pool) return;
  switch (program.below(4)) {
    case 0: program.pool->exec([](int a) { return a; }, 5).then([happen = happens()](int) { happen(); }); break;
    case 1:
      program.pool->exec([]() -> int { throw net::Error("from a job"); })
          .then([](int) {}, [happen = happens()](const net::Error&) { happen(); });
      break;
    case 2: (void)program.pool->exec([] {}); break;
    default:  // the threads of the program may ask it, too
      if (!program.threads_run) program.pool = std::make_unique<net::WorkerPool>(1);
      break;
  }
}

static void act_on_controllers(Program& program) {
  if (program.controllers.size() < 3) program.controllers.emplace_back();
  if (!program.one_in(6)) return;
  const std::size_t at = program.below(program.controllers.size());
  const net::AbortController controller = program.controllers[at];
  program.controllers[at] = net::AbortController();
  (void)controller.signal().aborted();
  program.say("abort");
  if (program.one_in(2)) {
    controller.abort();
  } else {
    controller.abort(net::Error("enough"));
  }
}

/// What is set for the whole process; back to where it was at the end of the program.
static void act_on_defaults(Program& program) {
  if (program.with_threads) return;
  net::setDefaultAutoSelectFamily(!net::getDefaultAutoSelectFamily());
  net::setDefaultAutoSelectFamilyAttemptTimeout(10 + program.milliseconds(300));
  (void)net::getDefaultAutoSelectFamilyAttemptTimeout();
}

void fork_somehow(Program& program) { fork_here(program); }

void act(Program& program) {
  if (program.child || !program.may_step()) return;
  switch (program.below(30)) {
    case 0:
      if (program.all_sides.size() < 40) make_client(program);
      break;
    case 1:
      if (program.all_sides.size() < 40 && program.one_in(2)) wrap_descriptors(program);
      break;
    case 2:
      if (program.hosts.size() < 5) make_host(program);
      break;
    case 3:
    case 4: act_on_loop(program, program.some_loop()); break;
    case 5: act_on_timers(program); break;
    case 6:
      if (program.allowed("signal")) act_on_signals(program);
      break;
    case 7: act_on_block_lists(program); break;
    case 8: act_on_pool(program); break;
    case 9: act_on_controllers(program); break;
    case 10:
      if (program.one_in(5)) act_on_defaults(program);
      break;
    case 11:
      if (!program.questions.empty()) {
        const net::LookupCallback question = program.pick(program.questions);
        answer(program, question);
      }
      break;
    case 12:
    case 13:
      if (program.allowed("task")) make_task(program);
      break;
    case 14: destroy_task(program); break;
    case 15:
      if (program.options.forks && program.children.size() < 3 && program.one_in(12)) fork_somehow(program);
      break;
    case 16:
    case 17:
      if (!program.hosts.empty()) act_on(program, *program.pick(program.hosts));
      break;
    default:
      if (!program.sides.empty()) act_on(program, *program.pick(program.sides));
      break;
  }
}

}  // namespace programs
