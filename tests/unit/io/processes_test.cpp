#include <net/detail/io/processes.hpp>

#include <doctest/doctest.h>

#include <net/detail/sys/processes.hpp>

using namespace net::detail;

static_assert(MachineProcesses<Processes>);

namespace {

struct NoSignals : Processes {
  static void send_signal(std::int64_t, int);
};

}  // namespace

TEST_CASE("what starts no program, or sends no signal, is no machine's processes") {
  CHECK_FALSE(MachineProcesses<int>);
  CHECK_FALSE(MachineProcesses<NoSignals>);
  CHECK(ProcessEnd{}.code == 0);
}
