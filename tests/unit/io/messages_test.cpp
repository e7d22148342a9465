#include <net/detail/io/messages.hpp>

#include <doctest/doctest.h>

#include "tests/support/least_machine.hpp"

using namespace net::detail;
using net::NativeHandle;

namespace {

struct ReceivesSilently : Machine {
  static void receive_with(Channel&, char*, std::size_t, CameDescriptors&) {}
};
struct MakesNoTickets : Machine {
  static void write_ticket(NativeHandle, std::uint32_t, char*) {}
};
struct MakesNoPairs : Machine {
  static void make_pair(NativeHandle (&)[2]) {}
};

}  // namespace

TEST_CASE("a machine passes descriptors beside its bytes, or makes tickets that are among them") {
  static_assert(MachineMessages<Machine>);
  static_assert(!MachineMessages<ReceivesSilently> && !MachineMessages<MakesNoPairs> &&
                !MachineMessages<MakesNoTickets> && !MachineMessages<int>);
  CameDescriptors came;
  CHECK_FALSE(came.any());
  came.lost = true;
  CHECK(came.any());
}

TEST_CASE("a pair that the machine cannot make is an error, and leaves nothing") {
  net::Loop loop;
  CHECK_THROWS_AS((void)net::IpcChannel::pair(loop), net::Error);
  CHECK_FALSE(loop.alive());
}
