#include <net/detail/sys/posix/machine.hpp>

#if !defined(_WIN32)

#include <doctest/doctest.h>

#include <net/detail/io/machine.hpp>

using namespace net::detail;

TEST_CASE("a POSIX machine lacks only a poller") {
  static_assert(Channel<posix_machine::Channel> && Acceptor<posix_machine::Acceptor, posix_machine::Channel>);
  static_assert(MachineThreads<posix_machine> && MachineForks<posix_machine> && MachineNames<posix_machine>);
  static_assert(MachineDescriptors<posix_machine> && MachineSignals<posix_machine>);
  static_assert(!CompleteMachine<posix_machine>);
  const auto before = posix_machine::now_ns();
  CHECK(before <= posix_machine::now_ns());
}

#endif
