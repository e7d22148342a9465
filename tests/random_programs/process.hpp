// fork(): the child ends in one of the ways in which processes end, and its parent must not notice (S31.1).
#ifndef NET_TESTS_RANDOM_PROGRAMS_PROCESS_HPP
#define NET_TESTS_RANDOM_PROGRAMS_PROCESS_HPP

#include "tests/random_programs/host.hpp"
#include "tests/random_programs/program.hpp"
#include "tests/random_programs/side.hpp"

#include <dirent.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

namespace programs {

inline constexpr int child_ended_well = 37;

/// Without clang++ 20 AddressSanitizer's allocator stays locked in a child that is forked while another thread
/// allocates.
#if defined(__SANITIZE_ADDRESS__)
inline constexpr bool forks_without_threads_only = true;
#elif defined(__has_feature)
inline constexpr bool forks_without_threads_only = __has_feature(address_sanitizer);
#else
inline constexpr bool forks_without_threads_only = false;
#endif

/// In a child what was held by the stacks of threads looks as if it had leaked: they are not there.
inline bool leaks_unknown = false;

inline bool has_threads() {
  std::size_t entries = 0;  // with "." and ".."
  DIR* const directory = ::opendir("/proc/self/task");
  while (directory && ::readdir(directory)) ++entries;
  if (directory) ::closedir(directory);
  return entries != 3;
}

/// Waits for a child; it must have ended as it was meant to.
inline void wait_for_child(Program& program, int pid) {
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {}
  program.require(WIFEXITED(status) && WEXITSTATUS(status) == child_ended_well,
                  "a child ends as it was meant to: status " + std::to_string(status));
}
inline void wait_for_children(Program& program) {
  for (const int pid : program.children) wait_for_child(program, pid);
  program.children.clear();
}

/// In the child: a loop of its own needs nothing.
inline void use_a_loop_of_its_own() {
  net::Loop loop;
  bool called = false;
  loop.setImmediate([&called] { called = true; });
  loop.run();
  if (!called) ::_exit(1);
}

/// In the child: a loop of the parent's says that it cannot run here.
inline void try_the_parents_loop(Program& program) {
  try {
    for (const auto& loop : program.loops) {
      (void)loop->runOnce(0);
      ::_exit(2);
    }
  } catch (const net::Error& error) {
    if (error.code() != net::Errc::ERR_INVALID_STATE) ::_exit(3);
  }
}

/// In the child: the loops of the parent go on, without what the parent has open. False: there is something of it that
/// nobody can close here, so the child would take the parent's bytes.
inline bool take_over(Program& program) {
  if (program.unwatched > 0) return false;
  for (const auto& loop : program.loops) loop->afterFork();
  const auto sides = program.sides;
  for (const auto& side : sides) {
    if (side->lives()) side->socket->destroy();
  }
  for (const auto& host : program.hosts) {
    if (host->lives()) host->server->close();
  }
  for (int turns = 0; program.depth == 0 && turns < 10; ++turns) {
    for (const auto& loop : program.loops) {
      try {
        (void)loop->runOnce(0);
      } catch (const net::Error&) {  // that nobody listens to
      }
    }
  }
  return true;
}

/// Forks; in the child it returns where it may go on as far as nothing is left to do.
inline void fork_here(Program& program) {
  if (forks_without_threads_only && program.with_threads) return;
  const std::size_t way = program.below(8);
  const bool waits = program.below(4) > 0;
  const bool own_loop = program.one_in(3), parents_loop = program.one_in(3);
  program.say("forks, way %zu", way);
  std::fflush(nullptr);
  const bool threads = has_threads();
  const int pid = ::fork();
  if (pid < 0) return;
  if (pid > 0) {
    if (waits) {
      wait_for_child(program, pid);
    } else {
      program.children.push_back(pid);
    }
    return;
  }
  program.child = true;
  leaks_unknown = threads;
  Clock::here().child = true;
  Clock::here().max_turns = Clock::here().turns + 100;
  program.children.clear();
  if (own_loop) use_a_loop_of_its_own();
  if (parents_loop && program.depth == 0) try_the_parents_loop(program);
  switch (way) {
    case 0: ::_exit(child_ended_well);
    case 1: std::exit(child_ended_well);
    case 2:
      if (program.depth == 0) program.loops.clear();  // not from inside of one of them
      ::_exit(child_ended_well);
    case 3:
    case 4: throw ChildEnds{};  // through all frames, and main() returns
    case 5:
    case 6:
      if (!take_over(program)) ::_exit(child_ended_well);
      return;
    default: return;  // the program of the child goes on, hears nothing, and ends with its loops
  }
}

}  // namespace programs

#endif
