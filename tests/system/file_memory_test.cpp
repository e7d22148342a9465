#include <net/file.hpp>

#include <doctest/doctest.h>

#include <sys/stat.h>
#include <unistd.h>

#include <cstdint>
#include <fstream>
#include <net/server.hpp>
#include <string>

#include "tests/support/session.hpp"
#include "tests/support/skip.hpp"
#include "tests/support/support.hpp"

using namespace tests;

namespace {

constexpr std::uint64_t gibibyte = std::uint64_t{1} << 30;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool sanitized = true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
constexpr bool sanitized = true;
#else
constexpr bool sanitized = false;
#endif
#else
constexpr bool sanitized = false;
#endif

/// The most memory that this process had since `forget_peak`, in KiB.
long peak_memory() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmHWM:")) return std::stol(line.substr(6));
  }
  return 0;
}
bool forget_peak() { return static_cast<bool>(std::ofstream("/proc/self/clear_refs") << "5" << std::flush); }

}  // namespace

TEST_CASE("a file of 1 GiB goes through a socket with less than 8 MiB of memory, though its client is slow at first") {
  if (!forget_peak()) return skip_here("this system does not tell how much memory a process had");
  if (sanitized) return skip_here("a sanitizer keeps what was freed");
  const long before = peak_memory();
  net::Loop loop;
  TemporaryDirectory directory;
  const std::string path = directory.file("large");
  std::ofstream(path).close();
  REQUIRE(::truncate(path.c_str(), static_cast<off_t>(gibibyte)) == 0);
  const net::Server server(loop);
  server.on<"connection">([&](const net::Socket& socket) {
    net::FileReader(loop, path).pipe(socket);
    server.close();
  });
  server.listen(0);
  const net::Socket client(loop);
  std::uint64_t got = 0;
  client.on<"data">([&](net::Chunk chunk) {
    if (got == 0) {
      client.pause();
      loop.setTimeout([&] { client.resume(); }, 50);
    }
    got += chunk.size();
  });
  client.connect(server.address()->port, "127.0.0.1");
  run_to_the_end(loop);
  CHECK(got == gibibyte);
  const long used = peak_memory() - before;
  CHECK(used < 8 << 10);
  MESSAGE("KiB of memory for 1 GiB: ", used);
}
