// The load generator: one thread over raw epoll, cheap enough that the server is the one that is measured.
#include <sys/resource.h>
#include <memory>
#include <string_view>

#include "crowd.hpp"
#include "ping_pong.hpp"
#include "stream.hpp"
#include "visits.hpp"

namespace {

constexpr const char* usage =
    "usage: load ping-pong|stream|sink|connect|leave|visit|crowd port=P [pid=P] [connections=N] "
    "[size=BYTES]\n"
    "  [in-flight=N] [answers=N] [seconds=S] [warm-up=S] [count=N] [greet=1]\n";

struct CommandLine {
  Options options;
  bool greet = false;
};

CommandLine parse(int argc, char** argv) {
  CommandLine line;
  Options& options = line.options;
  if (argc < 2) std::fputs(usage, stderr), std::exit(2);
  options.load = argv[1];
  for (int i = 2; i < argc; ++i) {
    const std::string_view text = argv[i];
    const std::size_t split = text.find('=');
    const std::string_view name = text.substr(0, split);
    const char* value = split == text.npos ? "" : argv[i] + split + 1;
    const auto number = std::strtoull(value, nullptr, 10);
    if (name == "port")
      options.port = static_cast<int>(number);
    else if (name == "pid")
      options.pid = static_cast<int>(number);
    else if (name == "connections")
      options.connections = static_cast<int>(number);
    else if (name == "size")
      options.size = number;
    else if (name == "in-flight")
      options.in_flight = number;
    else if (name == "answers")
      options.answers = number;
    else if (name == "seconds")
      options.seconds = std::strtod(value, nullptr);
    else if (name == "warm-up")
      options.warm_up = std::strtod(value, nullptr);
    else if (name == "count")
      options.count = number;
    else if (name == "greet")
      line.greet = number != 0;
    else
      std::fputs(usage, stderr), std::exit(2);
  }
  return line;
}

Result run(const Options& options) {
  const std::string_view load = options.load;
  if (load == "ping-pong") return std::make_unique<PingPong>(options)->run();
  if (load == "stream") return std::make_unique<Stream>(options, true)->run();
  if (load == "sink") return std::make_unique<Stream>(options, false)->run();
  if (load == "connect") return std::make_unique<Visits>(options, false, false)->run();
  if (load == "leave") return std::make_unique<Visits>(options, true, false)->run();
  if (load == "visit") return std::make_unique<Visits>(options, true, true)->run();
  std::fputs(usage, stderr);
  std::exit(2);
}

// Says `ready` when all are connected, and holds them until its input ends.
int hold_crowd(const Options& options, bool greet) {
  const Crowd crowd(options.port, options.connections, greet);
  std::puts("ready");
  std::fflush(stdout);
  char byte;
  while (read(STDIN_FILENO, &byte, 1) > 0) {}
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const CommandLine line = parse(argc, argv);
  const Options& options = line.options;
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  alarm(longest_seconds + static_cast<unsigned>(options.seconds + options.warm_up));
  if (std::string_view(options.load) == "crowd") return hold_crowd(options, line.greet);
  const Result result = run(options);
  std::printf("{\"seconds\": %.6f, \"server_cpu\": %.9f, \"done\": %llu, \"bytes\": %llu}\n", result.seconds,
              result.server_cpu, static_cast<unsigned long long>(result.done),
              static_cast<unsigned long long>(result.bytes));
}
