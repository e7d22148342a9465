// Runs the program of one seed from its beginning to its end, and holds what has to be true then.
#ifndef NET_TESTS_RANDOM_PROGRAMS_RUN_HPP
#define NET_TESTS_RANDOM_PROGRAMS_RUN_HPP

#include "tests/random_programs/fiber.hpp"
#include "tests/random_programs/host.hpp"
#include "tests/random_programs/process.hpp"
#include "tests/random_programs/side.hpp"
#include "tests/random_programs/threads.hpp"

#include <algorithm>
#include <optional>

namespace programs {

/// How a turn of the program went.
enum class Turn { over, goes_on, idle };

/// Runs what there is, and survives what listeners throw.
inline Turn run_loops(Program& program) {
  try {
    bool alive = false;
    if (program.loops.size() == 1) {
      program.loops.front()->run();
      alive = program.loops.front()->alive();
    } else {
      for (std::size_t i = 0; i < program.loops.size(); ++i) {
        // one that waits for ever would keep the others waiting
        (void)program.loops[i]->runOnce(1 + program.milliseconds(10));  // false for a stop() too
        alive = program.loops[i]->alive() || alive;
      }
    }
    return alive ? Turn::goes_on : Turn::over;
  } catch (const Thrown&) {
    return Turn::goes_on;
  } catch (const net::Error& error) {
    program.say("out of run(): %s", error.what());
    return Turn::goes_on;
  } catch (const Idle&) {
    return Turn::idle;
  }
}

/// Turns until nothing is left to do; false if that takes too long.
inline bool run_to_the_end(Program& program, std::size_t max_turns) {
  Clock& clock = Clock::here();
  clock.max_turns = clock.turns + max_turns;
  std::size_t rounds = 0, idle = 0;
  try {
    while (!program.child && rounds++ < max_turns) {
      const std::uint64_t before = clock.now;
      const Turn turn = run_loops(program);
      if (turn == Turn::idle) return false;
      if (turn == Turn::over) return true;
      // several loops that only wait let the time go on, and nothing comes
      idle = program.loops.size() > 1 && clock.now > before + 2000 ? idle + 1 : 0;
      if (program.steps == 0 && !program.winding_down) return false;
    }
  } catch (const Spins&) {}
  return false;
}

/// The program comes to its end in the way programs do: everything is ended and goes on.
inline void wind_down(Program& program) {
  program.winding_down = true;
  program.say("winds down");
  for (const net::Timer& timer : program.timers) timer.close();
  for (const net::Immediate& immediate : program.immediates) immediate.close();
  for (const net::Signal& signal : program.signals) signal.unref();
  program.questions.clear();
  const auto sides = program.sides;
  for (const auto& side : sides) {
    if (!side->lives()) continue;
    const net::Socket s = *side->socket;
    try {
      s.unpipe();
    } catch (const Thrown&) {}
    side->spoil_pipes();
    if (!side->counts_data) side->incomplete();
    s.resume();
    while (s.writableCorked() > 0) s.uncork();
    s.end();
  }
  for (const auto& host : program.hosts) {
    if (!host->lives()) continue;
    host->asked_to_close();
    host->over = false;
    host->server->close();
  }
}

/// What is still there after that goes now: who does not read, and who nobody reads.
inline void destroy_all(Program& program) {
  program.say("destroys all");
  const auto sides = program.sides;
  for (const auto& side : sides) {
    if (!side->lives()) continue;
    side->opened = true;
    side->socket->destroy();
  }
}

inline void check_the_end(Program& program, bool ended) {
  // a connection without a handle may wait for ever: nobody is there to end it
  program.require(ended || program.unwatched > 0, "the loops end when everything is closed");
  for (const auto& side : program.sides) side->check_the_end();
  for (const auto& host : program.hosts) {
    if (program.unwatched == 0) host->check_the_end();
  }
  for (const auto& side : program.sides) {
    if (!side->lives() || !side->hears_close || side->lost_close || side->released) continue;
    for (const auto& callback : side->owed) {
      program.require(callback->called == 1 || callback->excused, std::string("a callback is called: ") +
                                                                      callback->what + " of " + side->kind + " " +
                                                                      std::to_string(side->number));
    }
  }
}

/// Loops go in any order, and handles may outlive them.
inline void release_from_loop(Program& program) {
  while (!program.loops.empty()) {
    program.loops.erase(program.loops.begin() + static_cast<std::ptrdiff_t>(program.below(program.loops.size())));
    if (!program.loops.empty() && !program.child) {
      program.require(&net::Loop::current() == program.loops.back().get(), "the newest loop that is left is current");
    }
  }
}

inline void run_program(Program& program) {
  program.throws = program.one_in(4);
  program.with_threads = program.options.threads && (program.one_in(10) || program.options.all_threads);
  program.loops.push_back(std::make_unique<net::Loop>());
  if (program.one_in(8)) program.loops.push_back(std::make_unique<net::Loop>());
  if (program.one_in(3)) program.controllers.resize(1 + program.below(2));
  if (program.with_threads) program.pool = std::make_unique<net::WorkerPool>(1 + program.below(2));
  bool ended = false;
  {
    std::optional<Threads> threads;
    if (program.with_threads && (program.one_in(2) || program.options.all_threads)) threads.emplace(program);
    const auto begin = [&program](void (*step)(Program&), std::size_t times) {
      Clock::here().max_turns = static_cast<std::size_t>(-1);
      for (; times > 0 && !program.child; --times) {
        try {
          step(program);
        } catch (const Thrown&) {  // of a listener that is called inside a call
        }
      }
    };
    begin(make_host, 1 + program.below(3));
    begin(make_client, 1 + program.below(3));
    begin(wrap_descriptors, program.below(2));
    begin(act, program.below(10));
    // when nothing happens any more, something is done again
    for (std::size_t rounds = 2 + program.below(12); rounds > 0 && !program.child; --rounds) {
      (void)run_to_the_end(program, 1000);
      if (program.steps == 0) break;
      begin(act, 1 + program.below(8));
    }
    if (program.child) return;
    wind_down(program);
#if defined(_WIN32)
    if (program.unwatched == 0) Clock::here().patience = 100;  // who ends a pipe waits for 50 ms of silence
#endif
    (void)run_to_the_end(program, 3000);
    if (program.child) return;
  }
  wait_for_children(program);
  destroy_all(program);
  // a thread that looks a name up, or has a job, is in no hurry on a busy machine
  Clock::here().others = true;
  if (program.unwatched == 0) Clock::here().patience = 1000;
  ended = run_to_the_end(program, 5000);
  if (program.child) return;
  check_the_end(program, ended);
}

/// Everything that the program holds, in an order of its own.
inline void end_program(Program& program) {
  const bool first = program.one_in(2);
  const auto destroy_fibers = [&program] {
    for (const auto& fiber : program.fibers) {
      if (fiber->frame) std::exchange(fiber->frame, {}).destroy();
    }
    program.fibers.clear();
  };
  if (first) destroy_fibers();
  if (program.one_in(2)) program.pool.reset();
  release_from_loop(program);
  destroy_fibers();
  program.pool.reset();
  program.questions.clear();
  program.sides.clear();
  program.hosts.clear();
  program.timers.clear();
  program.immediates.clear();
  program.signals.clear();
  program.owed.clear();
}

/// The rules that did not hold.
inline std::vector<std::string> run_seed(std::uint64_t seed, const Options& options, const std::string& directory,
                                         bool& is_child) {
  const long before = Counted::alive;
  std::vector<std::string> broken;
  Clock& clock = Clock::here();
  clock = Clock();
  {
    Program program(seed, options, directory);
    try {
      run_program(program);
    } catch (const ChildEnds&) {
    } catch (const Thrown&) {
      program.require(false, "what a listener throws leaves run() only");
    }
    end_program(program);
    is_child = program.child;
    broken = program.broken;
    const auto expired = [](const auto& each) { return each.expired(); };
    if (!is_child && !std::all_of(program.all_sides.begin(), program.all_sides.end(), expired)) {
      broken.emplace_back("no listener outlives its loop");
    }
  }
  if (!is_child && broken.empty() && Counted::alive != before) broken.emplace_back("nothing of a program outlives it");
  Counted::alive = before;
  net::setDefaultAutoSelectFamily(true);
  net::setDefaultAutoSelectFamilyAttemptTimeout(250);
  return broken;
}

}  // namespace programs

#endif
