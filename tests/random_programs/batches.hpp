// Many seeds, some processes: a crash ends one process, is reported with its seed, and the rest goes on.
#ifndef NET_TESTS_RANDOM_PROGRAMS_BATCHES_HPP
#define NET_TESTS_RANDOM_PROGRAMS_BATCHES_HPP

#include "tests/random_programs/processes.hpp"

#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace programs {

/// How a batch ends in which rules did not hold. The sanitizers end with 1, 23 or 66.
inline constexpr int rules_broken = 42;

/// One process that runs a batch.
struct Worker {
  Process process = -1;
  std::uint64_t first = 0, end = 0;
  std::string log;  // what it says, and which seed it runs
};

/// Lines of a worker's log: `at N` before each seed, `seed N: why` after one whose rules did not hold.
template <class Each>
void each_line(const std::string& path, Each&& each) {
  std::FILE* const log = std::fopen(path.c_str(), "r");
  char line[1000];
  while (log && std::fgets(line, sizeof line, log)) each(std::string_view(line));
  if (log) std::fclose(log);
}

class Batches {
 public:
  /// `command`: this program with its options, which runs a batch when it is told a log.
  Batches(std::string directory, std::vector<std::string> command)
      : directory_(std::move(directory)), command_(std::move(command)) {}

  /// Runs them; how many seeds failed.
  long run(std::uint64_t first, std::uint64_t count, std::size_t processes, std::uint64_t size) {
    std::vector<Worker> workers(processes);
    for (std::size_t i = 0; i < processes; ++i) workers[i].log = directory_ + "/log" + std::to_string(i);
    std::uint64_t next = first;
    const std::uint64_t end = first + count;
    const auto start_next = [&](Worker& worker) {
      if (!again_.empty()) {  // one alone, to find whose leak it was
        const std::uint64_t seed = again_.back();
        again_.pop_back();
        return start(worker, seed, seed + 1);
      }
      if (next >= end) return;
      const std::uint64_t stop = next + size < end ? next + size : end;
      start(worker, std::exchange(next, stop), stop);
    };
    for (Worker& worker : workers) start_next(worker);
    for (;;) {
      std::vector<Process> running;
      for (const Worker& worker : workers) running.push_back(worker.process);
      const Ended one = wait_for_any(running);
      if (one.process < 0) break;
      for (Worker& worker : workers) {
        if (worker.process != one.process) continue;
        worker.process = -1;
        const std::uint64_t rest = ended(worker, one);
        if (rest < worker.end) {
          start(worker, rest, worker.end);
        } else {
          start_next(worker);
        }
      }
    }
    return failed_;
  }

 private:
  void start(Worker& worker, std::uint64_t first, std::uint64_t end) {
    std::fflush(nullptr);
    std::remove(worker.log.c_str());
    worker.first = first;
    worker.end = end;
    std::vector<std::string> command = command_;
    for (const std::string& word :
         {std::string("--first"), std::to_string(first), std::string("--count"), std::to_string(end - first),
          std::string("--directory"), directory_, std::string("--log"), worker.log}) {
      command.push_back(word);
    }
    worker.process = begin_process(command);
    if (worker.process >= 0) return;
    failed_ += static_cast<long>(end - first);
    std::printf("seeds from %llu on: no process runs them\n", static_cast<unsigned long long>(first));
  }

  /// Reports what went wrong; the seed with which the rest of the batch begins.
  std::uint64_t ended(Worker& worker, const Ended& how) {
    if (how.exited && how.status == 0) return worker.end;
    std::uint64_t at = worker.first;
    each_line(worker.log, [&](std::string_view line) {
      if (line.starts_with("at ")) at = std::strtoull(line.data() + 3, nullptr, 10);
    });
    const long reported = report_rules(worker.log);
    failed_ += reported;
    if (at >= worker.end) {  // all ran: rules that did not hold are in the log, or something leaked
      const bool leaks = !how.exited || how.status != rules_broken;
      if (leaks && worker.end - worker.first > 1) {
        for (std::uint64_t seed = worker.first; seed < worker.end; ++seed) again_.push_back(seed);
        failed_ -= reported;  // they are reported again
      } else if (leaks) {
        report(worker, worker.first, "ended with a report");
      }
      return worker.end;
    }
    report(worker, at, (how.exited ? "ended with status " : "died of signal ") + std::to_string(how.status));
    return at + 1;
  }

  void report(const Worker& worker, std::uint64_t seed, const std::string& how) {
    ++failed_;
    std::printf("seed %llu: %s\n", static_cast<unsigned long long>(seed), how.c_str());
    int lines = 0;
    each_line(worker.log, [&](std::string_view line) {
      if (!line.starts_with("seed ") && !line.starts_with("at ") && lines++ < 60) std::fputs(line.data(), stdout);
    });
    std::fflush(stdout);
  }
  /// The lines of seeds whose rules did not hold.
  static long report_rules(const std::string& path) {
    long reported = 0;
    each_line(path, [&](std::string_view line) {
      if (line.starts_with("seed ")) std::fputs(line.data(), stdout), ++reported;
    });
    std::fflush(stdout);
    return reported;
  }

  std::string directory_;
  std::vector<std::string> command_;
  std::vector<std::uint64_t> again_;
  long failed_ = 0;
};

}  // namespace programs

#endif
