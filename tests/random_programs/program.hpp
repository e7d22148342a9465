// One random program: what it has, what it has still to do, and which rules did not hold.
#ifndef NET_TESTS_RANDOM_PROGRAMS_PROGRAM_HPP
#define NET_TESTS_RANDOM_PROGRAMS_PROGRAM_HPP

#include "tests/random_programs/machine.hpp"
#include "tests/random_programs/random.hpp"
#include "tests/random_programs/stream.hpp"

#include <cstdarg>
#include <cstdio>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace programs {

/// What a listener throws now and then.
struct Thrown {};
/// The child of a fork leaves through all of its frames.
struct ChildEnds {};

struct Options {
  std::size_t steps = 400;  // listeners and calls that do something; then the program winds down
  bool trace = false;
  bool threads = true;       // one of ten has threads
  bool all_threads = false;  // all have
  bool forks = true;
  std::vector<std::string> without;  // kinds of actions
};

struct Side;
struct Host;
struct Fiber;

/// Counts what the program's listeners hold, so that a lost cycle is seen at once.
struct Counted {
  static inline long alive = 0;
  Counted() noexcept { ++alive; }
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;
  ~Counted() { --alive; }
};

/// A callback of write(), end() or close(): it has to be called once.
struct Owed : Counted {
  int called = 0;
  bool excused = false;  // its object was released, or forgotten with its listeners
  const char* what = "";
};

struct Program {
  Program(std::uint64_t number, const Options& given, std::string where)
      : options(given), seed(number), random(number), directory(std::move(where)), steps(given.steps) {
    now = this;
  }
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;
  ~Program() { now = nullptr; }

  static inline Program* now = nullptr;

  const Options& options;
  std::uint64_t seed;
  Random random;
  std::string directory;  // for the paths of IPC servers
  std::size_t steps;
  int depth = 0;        // listeners in listeners
  bool throws = false;  // listeners throw now and then
  bool with_threads = false;
  bool threads_run = false;
  bool winding_down = false;
  bool child = false;
  std::vector<std::string> broken;

  Ledgers ledgers;
  std::vector<std::unique_ptr<net::Loop>> loops;  // in the order in which they were made
  std::vector<std::shared_ptr<Side>> sides;       // sockets whose handle is kept
  std::vector<std::weak_ptr<Side>> all_sides;
  std::vector<std::shared_ptr<Host>> hosts;
  std::vector<std::shared_ptr<Fiber>> fibers;
  std::vector<std::shared_ptr<Owed>> owed;
  std::vector<net::Timer> timers;
  std::vector<net::Immediate> immediates;
  std::vector<net::Signal> signals;
  std::vector<net::AbortController> controllers;
  std::vector<net::BlockList> block_lists;
  std::vector<net::LookupCallback> questions;  // lookups that wait for an answer
  std::unique_ptr<net::WorkerPool> pool;
  std::vector<int> children;
  std::size_t unwatched = 0;  // connections that were emitted to no listener, and sockets without a handle
  std::size_t names = 0;

  std::size_t below(std::size_t limit) { return random.below(limit); }
  bool one_in(std::size_t n) { return random.one_in(n); }
  int milliseconds(std::size_t limit) { return random.milliseconds(limit); }
  template <class List>
  auto& pick(List& list) {
    return list[below(list.size())];
  }
  /// Whether a kind of action was not left out by `--without`.
  bool allowed(const char* kind) const {
    for (const std::string& each : options.without) {
      if (each == kind) return false;
    }
    return true;
  }

  /// A path to listen on: a file of the program's directory, or on Windows a pipe with as much a name of its own.
  std::string path(const std::string& name) const {
#if defined(_WIN32)
    std::string flat = directory;
    for (char& each : flat) each = each == '/' || each == '\\' ? '-' : each;
    return R"(\\.\pipe\)" + flat + "-" + name;
#else
    return directory + "/" + name;
#endif
  }

  void require(bool holds, const std::string& rule) {
    if (holds || child) return;
    say("BROKEN: %s", rule.c_str());
    broken.push_back(rule);
  }

#if defined(_WIN32)
  [[gnu::format(gnu_printf, 2, 3)]]
#else
  [[gnu::format(printf, 2, 3)]]
#endif
  void say(const char* format, ...) const {
    if (!options.trace) return;
    std::va_list arguments;
    va_start(arguments, format);
    std::fprintf(stderr, "%s%6zu %*s", child ? "child " : "", Clock::here().turns, depth * 2, "");
    std::vfprintf(stderr, format, arguments);
    std::fputc('\n', stderr);
    va_end(arguments);
  }

  std::shared_ptr<Owed> owe(const char* what) {
    auto callback = std::make_shared<Owed>();
    callback->what = what;
    owed.push_back(callback);
    return callback;
  }
  void was_called(Owed& callback) {
    require(++callback.called == 1, std::string("a callback is called once: ") + callback.what);
  }

  net::Loop& some_loop() { return *loops[below(loops.size())]; }
  bool has_loop(const net::Loop* loop) const {
    for (const auto& each : loops) {
      if (each.get() == loop) return true;
    }
    return false;
  }

  /// A step of the program, if there is one left.
  bool may_step() {
    if (winding_down || steps == 0 || depth > 5) return false;
    --steps;
    return true;
  }
  void maybe_throw() {
    if (!throws || winding_down || !one_in(50)) return;
    say("throws");
    throw Thrown{};
  }
};

/// While a listener runs.
struct Inside {
  Program& program;
  explicit Inside(Program& p) noexcept : program(p) { ++program.depth; }
  Inside(const Inside&) = delete;
  Inside& operator=(const Inside&) = delete;
  ~Inside() { --program.depth; }
};

/// Anything may happen: on a socket, a server, a coroutine…
void act(Program& program);
void act_on(Program& program, Side& side);
void act_on(Program& program, Host& host);
// what there may be more of
void make_client(Program& program);
void make_host(Program& program);
void make_task(Program& program);
void destroy_task(Program& program);
void wrap_descriptors(Program& program);
void fork_somehow(Program& program);

/// A callback of a timer, a tick or the like: does something.
struct Happens : Counted {
  void operator()() const {
    if (!Program::now) return;
    Program& program = *Program::now;
    const Inside inside(program);
    act(program);
    program.maybe_throw();
  }
};
/// The same as something to hand over.
inline auto happens() {
  return [what = std::make_shared<Happens>()] { (*what)(); };
}

/// Calls; errors that a call may throw are part of the program.
template <class F>
void attempt(Program& program, const char* what, F&& call) {
  program.say("%s", what);
  try {
    call();
  } catch (const net::Error& error) {
    program.say("  threw %s: %s", std::string(error.name()).c_str(), error.what());
  }
}

}  // namespace programs

#endif
