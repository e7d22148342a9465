// Many seeds, some processes: a crash ends one process, is reported with its seed, and the rest goes on.
#ifndef NET_TESTS_RANDOM_PROGRAMS_BATCHES_HPP
#define NET_TESTS_RANDOM_PROGRAMS_BATCHES_HPP

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace programs {

/// How a batch ends in which rules did not hold. The sanitizers end with 1, 23 or 66.
inline constexpr int rules_broken = 42;

/// One process that runs a batch.
struct Worker {
  int pid = -1;
  std::uint64_t first = 0, end = 0;
  std::uint64_t* at = nullptr;  // which seed it runs; shared with it
  std::string log;
};

class Batches {
 public:
  /// `run(seed)`: whether its rules held. It is called in the processes.
  Batches(std::string directory, std::function<bool(std::uint64_t)> run)
      : directory_(std::move(directory)), run_(std::move(run)) {}

  /// Runs them; how many seeds failed. In a process that was forked by a program it gives -1.
  long run(std::uint64_t first, std::uint64_t count, std::size_t processes, std::uint64_t size) {
    std::vector<Worker> workers(processes);
    for (std::size_t i = 0; i < processes; ++i) {
      workers[i].at = static_cast<std::uint64_t*>(
          ::mmap(nullptr, sizeof(std::uint64_t), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
      workers[i].log = directory_ + "/log" + std::to_string(i);
    }
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
      int status = 0;
      const int pid = ::waitpid(-1, &status, 0);
      if (pid < 0) break;
      for (Worker& worker : workers) {
        if (worker.pid != pid) continue;
        worker.pid = -1;
        const std::uint64_t rest = ended(worker, status);
        if (rest < worker.end) {
          start(worker, rest, worker.end);
        } else {
          start_next(worker);
        }
      }
    }
    for (Worker& worker : workers) ::munmap(worker.at, sizeof(std::uint64_t));
    return failed_;
  }

 private:
  void start(Worker& worker, std::uint64_t first, std::uint64_t end) {
    std::fflush(nullptr);
    worker.first = first;
    worker.end = end;
    *worker.at = first;
    worker.pid = ::fork();
    if (worker.pid != 0) return;
    if (!std::freopen(worker.log.c_str(), "w", stderr)) ::_exit(3);
    bool held = true;
    for (; *worker.at < end; ++*worker.at) held = run_(*worker.at) && held;
    std::exit(held ? 0 : rules_broken);  // the leaks are looked for now
  }

  /// Reports what went wrong; the seed with which the rest of the batch begins.
  std::uint64_t ended(Worker& worker, int status) {
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return worker.end;
    const std::uint64_t at = *worker.at;
    if (at >= worker.end) {  // all ran: rules that did not hold are in the log, or something leaked
      const long reported = report_rules(worker.log);
      failed_ += reported;
      const bool leaks = !WIFEXITED(status) || WEXITSTATUS(status) != rules_broken;
      if (leaks && worker.end - worker.first > 1) {
        for (std::uint64_t seed = worker.first; seed < worker.end; ++seed) again_.push_back(seed);
        failed_ -= reported;  // they are reported again
      } else if (leaks) {
        report(worker, worker.first, "ended with a report");
      }
      return worker.end;
    }
    failed_ += report_rules(worker.log);
    const std::string how = WIFSIGNALED(status) ? "died of signal " + std::to_string(WTERMSIG(status))
                                                : "ended with status " + std::to_string(WEXITSTATUS(status));
    report(worker, at, how);
    return at + 1;
  }

  void report(const Worker& worker, std::uint64_t seed, const std::string& how) {
    ++failed_;
    std::printf("seed %llu: %s\n", static_cast<unsigned long long>(seed), how.c_str());
    std::FILE* const log = std::fopen(worker.log.c_str(), "r");
    char line[1000];
    int lines = 0;
    while (log && std::fgets(line, sizeof line, log)) {
      if (std::string(line).rfind("seed ", 0) != 0 && lines++ < 60) std::fputs(line, stdout);
    }
    if (log) std::fclose(log);
    std::fflush(stdout);
  }
  /// The lines of seeds whose rules did not hold.
  static long report_rules(const std::string& path) {
    std::FILE* const log = std::fopen(path.c_str(), "r");
    char line[1000];
    long reported = 0;
    while (log && std::fgets(line, sizeof line, log)) {
      if (std::string(line).rfind("seed ", 0) == 0) std::fputs(line, stdout), ++reported;
    }
    if (log) std::fclose(log);
    std::fflush(stdout);
    return reported;
  }

  std::string directory_;
  std::function<bool(std::uint64_t)> run_;
  std::vector<std::uint64_t> again_;
  long failed_ = 0;
};

}  // namespace programs

#endif
