// Random programs: from a seed, a program that does anything the library allows, at any moment. See README.md.
#include "tests/random_programs/batches.hpp"
#include "tests/random_programs/run.hpp"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <thread>

namespace {

using programs::Options;

struct Arguments {
  Options options;
  std::uint64_t first = 1, count = 100, batch = 200;
  std::size_t processes = 1;
  bool one = false, reduce = false;
  std::string directory, log;      // of a process that runs a batch
  std::vector<std::string> words;  // the program, and what is to be done with each seed
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
  to.words = {texts[0]};
  for (int i = 1; i < count; ++i) {
    const std::string_view name = texts[i];
    const int begin = i;
    const auto number = [&] { return ++i < count ? std::strtoull(texts[i], nullptr, 10) : 0; };
    bool of_each = true;
    if (name == "--seed") {
      to.first = number(), to.count = 1, to.one = true, of_each = false;
    } else if (name == "--first") {
      to.first = number(), of_each = false;
    } else if (name == "--count") {
      to.count = number(), of_each = false;
    } else if (name == "--batch") {
      to.batch = number(), of_each = false;
    } else if (name == "-j") {
      to.processes = number(), of_each = false;
    } else if (name == "--steps") {
      to.options.steps = number();
    } else if (name == "--trace") {
      to.options.trace = true;
    } else if (name == "--reduce") {
      to.reduce = true, of_each = false;
    } else if (name == "--no-threads") {
      to.options.threads = false;
    } else if (name == "--all-threads") {
      to.options.all_threads = true;
    } else if (name == "--no-forks") {
      to.options.forks = false;
    } else if (name == "--without" && i + 1 < count) {
      to.options.without.emplace_back(texts[++i]);
    } else if (name == "--directory" && i + 1 < count) {
      to.directory = texts[++i];
    } else if (name == "--log" && i + 1 < count) {
      to.log = texts[++i];
    } else {
      return false;
    }
    if (of_each) to.words.insert(to.words.end(), texts + begin, texts + std::min(i + 1, count));
  }
  return to.processes > 0 && to.batch > 0;
}

/// Whether there are as many again soon: the resolver's threads may still read files for a program that has ended.
bool come_down_to(std::size_t before) {
  for (int tries = 0; tries < 5000 && programs::descriptors_of_process() != before; ++tries) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return programs::descriptors_of_process() == before;
}

/// Whether the rules held; in the child of a fork it says so by `is_child`.
bool run_one(std::uint64_t seed, const Options& options, const std::string& directory, bool& is_child) {
  programs::limit_time(120);  // a program that hangs is killed, and named
  const std::size_t before = programs::descriptors_of_process();
  std::vector<std::string> broken = programs::run_seed(seed, options, directory, is_child);
  if (is_child) return true;
  if (broken.empty() && !come_down_to(before)) broken.emplace_back("no descriptor is left open");
  programs::limit_time(0);
  for (const std::string& rule : broken) {
    std::fprintf(stderr, "seed %llu: %s\n", static_cast<unsigned long long>(seed), rule.c_str());
    break;  // what follows may follow from it
  }
  return broken.empty();
}

/// Fewer steps, in a process each, until it does not fail any more.
int reduce(const Arguments& arguments, const std::string& directory) {
  const std::string seed = std::to_string(arguments.first);
  for (std::size_t steps = 0; steps <= arguments.options.steps; ++steps) {
    std::vector<std::string> command = arguments.words;
    for (const std::string& word : {std::string("--seed"), seed, std::string("--steps"), std::to_string(steps),
                                    std::string("--directory"), directory, std::string("--log"), directory + "/log"}) {
      command.push_back(word);
    }
    const programs::Ended ended = programs::wait_for_any({programs::begin_process(command)});
    if (ended.exited && ended.status == 0) continue;
    std::printf("seed %s fails with --steps %zu\n", seed.c_str(), steps);
    return 1;
  }
  std::puts("it does not fail");
  return 0;
}

/// In a process of its own; which seed it runs is in the log, and what it says.
int run_batch(const Arguments& arguments) {
  if (!std::freopen(arguments.log.c_str(), "w", stderr)) return 3;
  std::setvbuf(stderr, nullptr, _IONBF, 0);
  const std::string place = arguments.directory + "/" + std::to_string(::getpid());
  std::filesystem::create_directories(place);
  bool held = true;
  const std::uint64_t end = arguments.first + arguments.count;
  for (std::uint64_t seed = arguments.first; seed < end; ++seed) {
    std::fprintf(stderr, "at %llu\n", static_cast<unsigned long long>(seed));
    bool is_child = false;
    held = run_one(seed, arguments.options, place, is_child) && held;
    if (is_child) return programs::child_ended_well;
  }
  std::fprintf(stderr, "at %llu\n", static_cast<unsigned long long>(end));
  return held ? 0 : programs::rules_broken;  // the leaks are looked for now
}

}  // namespace

/// Asked by the leak sanitizer before it looks.
extern "C" [[gnu::used, gnu::visibility("default")]] int __lsan_is_turned_off() { return programs::leaks_unknown; }

int main(int count, char** texts) {
  Arguments arguments;
  if (!read_arguments(count, texts, arguments)) return usage();
  ::signal(SIGUSR1, SIG_IGN);
  ::signal(SIGUSR2, SIG_IGN);
  programs::end_when_it_crashes();
  if (!arguments.log.empty()) return run_batch(arguments);
  char pattern[] = "/tmp/net-random-XXXXXX";
  if (!::mkdtemp(pattern)) return 3;
  const std::string directory = pattern;
  const int owner = ::getpid();
  long failed = 0;
  if (arguments.reduce) {
    failed = reduce(arguments, directory);
  } else if (arguments.one) {
    bool is_child = false;
    failed = run_one(arguments.first, arguments.options, directory, is_child) ? 0 : 1;
    if (is_child) return programs::child_ended_well;
  } else {
    programs::Batches batches(directory, arguments.words);
    failed = batches.run(arguments.first, arguments.count, arguments.processes, arguments.batch);
    std::printf("%lld passed, %ld failed\n", static_cast<long long>(arguments.count) - failed, failed);
  }
  if (::getpid() == owner) {
    std::error_code ignored;
    std::filesystem::remove_all(directory, ignored);
  }
  return failed == 0 ? 0 : 1;
}
