#include <net/detail/io/files.hpp>

#include <doctest/doctest.h>

#include "tests/support/least_machine.hpp"

using namespace net::detail;
using net::NativeHandle;

namespace {

struct ReadsNoFiles : Machine {
  static void read_file(NativeHandle, char*, std::size_t) {}
};
struct ClosesSilently : Machine {
  static void close_file(NativeHandle) {}
};

}  // namespace

TEST_CASE("a machine opens, reads, writes and closes files, and says what failed") {
  static_assert(MachineFiles<Machine>);
  static_assert(!MachineFiles<ReadsNoFiles> && !MachineFiles<ClosesSilently> && !MachineFiles<int>);
  const FileAccess access;
  CHECK_FALSE(access.writes);
  CHECK(access.mode == 0666);
}

TEST_CASE("a file that the machine cannot open is an error of the stream") {
  net::Loop loop;
  const net::FileReader reader(loop, "any");
  CHECK_THROWS_AS(loop.run(), net::Error);
  CHECK(reader.destroyed());
}
