// Random programs: from a seed, a program that does anything the library allows, at any moment. See README.md.
#include "tests/random_programs/batches.hpp"
#include "tests/random_programs/run.hpp"

#include <dirent.h>
#include <signal.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>

namespace {

using programs::Options;

struct Arguments {
  Options options;
  std::uint64_t first = 1, count = 100, batch = 200;
  std::size_t processes = 1;
  bool one = false, reduce = false;
};

int usage() {
  std::fputs(
      "usage: random_programs [--seed N [--trace] [--reduce]] [--first N --count M [-j K] [--batch B]]\n"
      "       [--steps N] [--no-threads | --all-threads] [--no-forks] [--without pipe|reader|acceptor|task|signal]…\n",
      stderr);
  return 2;
}

/// False: usage.
bool read_arguments(int count, char** texts, Arguments& to) {
  for (int i = 1; i < count; ++i) {
    const std::string_view name = texts[i];
    const auto number = [&] { return ++i < count ? std::strtoull(texts[i], nullptr, 10) : 0; };
    if (name == "--seed") {
      to.first = number(), to.count = 1, to.one = true;
    } else if (name == "--first") {
      to.first = number();
    } else if (name == "--count") {
      to.count = number();
    } else if (name == "--batch") {
      to.batch = number();
    } else if (name == "-j") {
      to.processes = number();
    } else if (name == "--steps") {
      to.options.steps = number();
    } else if (name == "--trace") {
      to.options.trace = true;
    } else if (name == "--reduce") {
      to.reduce = true;
    } else if (name == "--no-threads") {
      to.options.threads = false;
    } else if (name == "--all-threads") {
      to.options.all_threads = true;
    } else if (name == "--no-forks") {
      to.options.forks = false;
    } else if (name == "--without" && i + 1 < count) {
      to.options.without.emplace_back(texts[++i]);
    } else {
      return false;
    }
  }
  return to.processes > 0 && to.batch > 0;
}

std::size_t open_descriptors() {
  std::size_t count = 0;
  DIR* const directory = ::opendir("/proc/self/fd");
  while (directory && ::readdir(directory)) ++count;
  if (directory) ::closedir(directory);
  return count;
}

/// Whether there are as many again soon: the resolver's threads may still read files for a program that has ended.
bool come_down_to(std::size_t before) {
  for (int tries = 0; tries < 5000 && open_descriptors() != before; ++tries) ::usleep(1000);
  return open_descriptors() == before;
}

/// Whether the rules held; in the child of a fork it says so by `is_child`.
bool run_one(std::uint64_t seed, const Options& options, const std::string& directory, bool& is_child) {
  ::alarm(120);  // a program that hangs is killed, and named
  const std::size_t before = open_descriptors();
  std::vector<std::string> broken = programs::run_seed(seed, options, directory, is_child);
  if (is_child) return true;
  if (broken.empty() && !come_down_to(before)) broken.emplace_back("no descriptor is left open");
  ::alarm(0);
  for (const std::string& rule : broken) {
    std::fprintf(stderr, "seed %llu: %s\n", static_cast<unsigned long long>(seed), rule.c_str());
    break;  // what follows may follow from it
  }
  return broken.empty();
}

/// Fewer steps, in a process each, until it does not fail any more.
int reduce(const Arguments& arguments, const std::string& directory) {
  for (std::size_t steps = 0; steps <= arguments.options.steps; ++steps) {
    Options options = arguments.options;
    options.steps = steps;
    std::fflush(nullptr);
    const int pid = ::fork();
    if (pid == 0) {
      if (!std::freopen("/dev/null", "w", stderr)) ::_exit(3);
      bool is_child = false;
      const bool held = run_one(arguments.first, options, directory, is_child);
      std::exit(is_child ? programs::child_ended_well : held ? 0 : 1);
    }
    int status = 0;
    ::waitpid(pid, &status, 0);
    if (status == 0) continue;
    std::printf("seed %llu fails with --steps %zu\n", static_cast<unsigned long long>(arguments.first), steps);
    return 1;
  }
  std::puts("it does not fail");
  return 0;
}

}  // namespace

/// Asked by the leak sanitizer before it looks.
extern "C" [[gnu::used, gnu::visibility("default")]] int __lsan_is_turned_off() { return programs::leaks_unknown; }

int main(int count, char** texts) {
  Arguments arguments;
  if (!read_arguments(count, texts, arguments)) return usage();
  ::signal(SIGUSR1, SIG_IGN);
  ::signal(SIGUSR2, SIG_IGN);
  char pattern[] = "/tmp/net-random-XXXXXX";
  if (!::mkdtemp(pattern)) return 3;
  const std::string directory = pattern;
  const int owner = ::getpid();
  bool is_child = false;
  long failed = 0;
  if (arguments.reduce) {
    failed = reduce(arguments, directory);
  } else if (arguments.one) {
    failed = run_one(arguments.first, arguments.options, directory, is_child) ? 0 : 1;
    if (is_child) return programs::child_ended_well;
  } else {
    programs::Batches batches(directory, [&](std::uint64_t seed) {
      const std::string place = directory + "/" + std::to_string(::getpid());
      std::filesystem::create_directories(place);
      const bool held = run_one(seed, arguments.options, place, is_child);
      if (is_child) std::exit(programs::child_ended_well);
      return held;
    });
    failed = batches.run(arguments.first, arguments.count, arguments.processes, arguments.batch);
    std::printf("%lld passed, %ld failed\n", static_cast<long long>(arguments.count) - failed, failed);
  }
  if (::getpid() == owner) {
    std::error_code ignored;
    std::filesystem::remove_all(directory, ignored);
  }
  return failed == 0 ? 0 : 1;
}
