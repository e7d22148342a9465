#include <net/detail/sys/windows/address.hpp>

#if defined(_WIN32)

#include <doctest/doctest.h>

#include <net/detail/sys/windows/calls.hpp>

#include "tests/support/endpoints.hpp"
#include "tests/support/support.hpp"

using namespace net::detail;
using net::NativeHandle;

TEST_CASE("an endpoint goes through the system's form unchanged") {
  for (const char* const text : {"127.0.0.1", "::1", "1.2.3.4", "fe80::1"}) {
    Endpoint from = tests::at(text, 0x1234);
    from.scope = from.ip.family == net::Family::IPv6 ? 7 : 0;
    const Endpoint to = os::SystemAddress(from).endpoint();
    CHECK(to_text(to.ip) == text);
    CHECK(to.port == 0x1234);
    CHECK(to.scope == from.scope);
  }
  CHECK_FALSE(os::SystemAddress().endpoint());
}

TEST_CASE("interfaces are known by number alone, as in Node") {
  CHECK(os::interface_index("12") == 12);
  CHECK(os::interface_index("eth0") == 0);
  CHECK(os::interface_index("") == 0);
  CHECK(os::interface_index("12345678901") == 0);
  CHECK(os::interface_name(12) == "12");
}

TEST_CASE(
    "S9.1, S26: an address is listened on once, and again at once when that is over; a shared port there is not") {
  const NativeHandle first = os::listen_on(tests::at("127.0.0.1", 0), {});
  REQUIRE(first > 0);
  const Endpoint at = os::local_end(first);
  CHECK(at.port > 0);
  CHECK(os::listen_on(at, {}) == -EADDRINUSE);
  os::close_socket(first);
  const NativeHandle again = os::listen_on(at, {});
  CHECK(again > 0);
  os::close_socket(again);
  CHECK(os::listen_on(at, {.reuse_port = true}) == -ENOTSUP);
  CHECK(os::listen_on(tests::at("1.2.3.4", 0), {}) == -EADDRNOTAVAIL);
}

TEST_CASE("a socket without another end is known as one") {
  const NativeHandle fd = os::open_socket(net::Family::IPv4);
  REQUIRE(fd > 0);
  CHECK(os::unconnected(fd));
  CHECK_FALSE(os::remote_end(fd));
  os::close_socket(fd);
}

#endif
