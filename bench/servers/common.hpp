// What every C++ server of the comparison shares: which job to do, and how the driver learns the port.
#ifndef BENCH_SERVERS_COMMON_HPP
#define BENCH_SERVERS_COMMON_HPP

#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>

// echo: send back what comes. sink: drop it. burst: 16 answers of 64 bytes to each request of 64.
// close: close each connection at once. pipe: echo through the library's own pipe, where it has one.
enum class Job { echo, sink, burst, close, pipe };

inline constexpr std::size_t message_size = 64;
inline constexpr int burst_answers = 16;
inline constexpr std::size_t usual_buffer = 64 * 1024;

inline Job job_from(int argc, char** argv) {
  const char* name = argc > 1 ? argv[1] : "";
  if (std::strcmp(name, "echo") == 0) return Job::echo;
  if (std::strcmp(name, "sink") == 0) return Job::sink;
  if (std::strcmp(name, "burst") == 0) return Job::burst;
  if (std::strcmp(name, "close") == 0) return Job::close;
  if (std::strcmp(name, "pipe") == 0) return Job::pipe;
  std::fprintf(stderr, "usage: %s echo|sink|burst|close|pipe [variant]\n", argv[0]);
  std::exit(2);
}

inline bool has_variant(int argc, char** argv, const char* name) { return argc > 2 && std::strcmp(argv[2], name) == 0; }

inline void announce(int port) {
  std::printf("%d\n", port);
  std::fflush(stdout);
}

#endif
