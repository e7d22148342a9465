// What all loads share: connecting, the bytes that are sent and how those that come back are checked.
#ifndef BENCH_LOAD_WIRE_HPP
#define BENCH_LOAD_WIRE_HPP

#include <arpa/inet.h>
#include <dirent.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

[[noreturn]] inline void die(const char* what) {
  std::perror(what);
  std::exit(1);
}

[[noreturn]] inline void wrong(const char* what) {
  std::fprintf(stderr, "wrong answer: %s\n", what);
  std::exit(1);
}

// How long a load may take, and wait for one event: for servers that hang, not for machines that are busy.
inline constexpr unsigned longest_seconds = 3600;
inline constexpr int patience_ms = 600'000;

struct Options {
  const char* load = "";
  int port = 0;
  int pid = 0;  // the server's: its CPU time is read
  int connections = 1;
  std::size_t size = 64;
  std::size_t in_flight = 1;
  std::size_t answers = 1;  // to each message
  double seconds = 1;
  double warm_up = 0;
  std::uint64_t count = 0;  // of messages or connections; 0: as many as `seconds` allows
};

struct Result {
  double seconds = 0;
  double server_cpu = 0;  // seconds
  std::uint64_t done = 0;
  std::uint64_t bytes = 0;
};

inline double now() {
  timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

// CPU seconds of all threads of a process, to the nanosecond.
inline double cpu_of(int pid) {
  if (pid == 0) return 0;
  char path[320];
  std::snprintf(path, sizeof path, "/proc/%d/task", pid);
  DIR* tasks = opendir(path);
  if (tasks == nullptr) return 0;
  double total = 0;
  while (const dirent* entry = readdir(tasks)) {
    if (entry->d_name[0] == '.') continue;
    std::snprintf(path, sizeof path, "/proc/%d/task/%s/schedstat", pid, entry->d_name);
    std::FILE* file = std::fopen(path, "r");
    double nanoseconds = 0;
    if (file != nullptr && std::fscanf(file, "%lf", &nanoseconds) == 1) total += 1e-9 * nanoseconds;
    if (file != nullptr) std::fclose(file);
  }
  closedir(tasks);
  return total;
}

// Byte i of every stream is i % 251, so that lost, doubled and swapped pieces show.
inline constexpr std::size_t pattern_period = 251;
inline constexpr std::size_t pattern_longest = 256 * 1024;

struct Pattern {
  Pattern() {
    for (std::size_t i = 0; i < sizeof bytes; ++i) bytes[i] = static_cast<char>(i % pattern_period);
  }
  const char* at(std::uint64_t position) const { return bytes + position % pattern_period; }
  char bytes[pattern_longest + pattern_period];
};

inline const Pattern pattern;

// The first and the last byte always, the whole of every 16th piece.
inline void check(const char* data, std::size_t size, std::uint64_t position) {
  static unsigned pieces = 0;
  const char* expected = pattern.at(position);
  if (data[0] != expected[0] || data[size - 1] != expected[size - 1]) wrong("another byte than sent");
  if (pieces++ % 16 == 0 && std::memcmp(data, expected, size) != 0) wrong("other bytes than sent");
}

// A blocking connect, which on loopback returns at once; all traffic after it uses MSG_DONTWAIT. With
// `spread`, the source address changes, so that ports in TIME_WAIT do not run out.
inline int connect_to(int port, bool spread = false) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) die("socket");
  const int one = 1;
  sockaddr_in address{};
  address.sin_family = AF_INET;
  if (spread) {
    static std::uint32_t turn = 0;
    setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1 + turn++ % 200);
    if (bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) die("bind");
  }
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) die("connect");
  return fd;
}

inline void watch(int poller, int operation, int fd, std::uint32_t events, std::uint32_t slot) {
  epoll_event event{};
  event.events = events;
  event.data.u32 = slot;
  if (epoll_ctl(poller, operation, fd, &event) != 0) die("epoll_ctl");
}

// Time and the server's CPU from `start` to `stop`, after a warm-up that is not counted.
class Stopwatch {
 public:
  explicit Stopwatch(const Options& options) : options_(options), started_(now()) {
    running_ = options.warm_up <= 0;
    if (running_) start(0, 0);
  }

  // Returns true when the time is over.
  bool over(std::uint64_t done, std::uint64_t bytes) {
    const double time = now();
    if (!running_) {
      if (time - started_ >= options_.warm_up) start(done, bytes);
      return false;
    }
    return options_.count == 0 && time - started_ >= options_.seconds;
  }

  Result stop(std::uint64_t done, std::uint64_t bytes) const {
    return {now() - started_, cpu_of(options_.pid) - cpu_, done - done_, bytes - bytes_};
  }

 private:
  void start(std::uint64_t done, std::uint64_t bytes) {
    running_ = true;
    done_ = done;
    bytes_ = bytes;
    cpu_ = cpu_of(options_.pid);
    started_ = now();
  }

  const Options& options_;
  bool running_ = false;
  double started_;
  double cpu_ = 0;
  std::uint64_t done_ = 0;
  std::uint64_t bytes_ = 0;
};

#endif
