#include <net/detail/sys/windows/machine.hpp>

#if defined(_WIN32)

#include <doctest/doctest.h>

#include <net/detail/io/machine.hpp>
#include <net/detail/sys/windows/port_poller.hpp>

using namespace net::detail;

namespace {

struct OnPort : windows_machine {
  using Poller = port_poller;
};

}  // namespace

TEST_CASE("with a poller it is all that this library asks of a system") {
  static_assert(CompleteMachine<OnPort>);
  CHECK(OnPort::processors() >= 1);
  CHECK_MESSAGE(OnPort::address_config_hint() == 0, "S26: Node asks for none on Windows");
  OnPort::remove_path("there is no file to remove");
}

#endif
