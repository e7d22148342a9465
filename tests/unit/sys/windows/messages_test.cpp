#include <net/detail/sys/windows/messages.hpp>

#if defined(_WIN32)

#include <doctest/doctest.h>

#include <cerrno>
#include <string>

#include "tests/support/support.hpp"
#include "tests/support/windows/pumped.hpp"

using namespace net::detail;
using net::NativeHandle;

TEST_CASE("S33.1: a pair are two ends of a pipe that nobody else has, and neither belongs to a port yet") {
  for (int i = 0; i < 3; ++i) {
    NativeHandle ends[2] = {no_handle, no_handle};
    REQUIRE(os::make_pair(ends) == 0);
    tests::Pumped one, other;
    windows_channel near, far;
    CHECK_FALSE(near.adopt_connected(ends[0]));
    CHECK_FALSE(far.adopt_connected(ends[1]));
    one.until(near, writable);
    other.until(far, writable);
    const IoSlice slice{"hello", 5};
    CHECK(far.write(&slice, 1) == 5);
    one.until(near, readable);
    CHECK(near.read(nullptr, 100).view() == "hello");
    other.poller.drop(far);
    far.close();
    one.until(near, readable);
    CHECK(near.read(nullptr, 100).size == 0);
    one.poller.drop(near);
  }
}

TEST_CASE("S33.4: a ticket opens a socket that is the same one; a pipe has none, and what is none opens nothing") {
  int ends[2] = {-1, -1};
  REQUIRE(::socketpair(AF_INET, SOCK_STREAM, 0, ends) == 0);
  const tests::Descriptor far(ends[1]);
  const std::size_t before = tests::open_descriptors();
  tests::Descriptor near(ends[0]);
  char ticket[os::ticket_size] = {};
  NativeHandle opened = no_handle;
  CHECK(os::open_ticket(ticket, opened) == -EPROTO);
  REQUIRE(os::write_ticket(near.get(), os::ticket_number(), ticket) == 0);
  REQUIRE(os::open_ticket(ticket, opened) == 0);
  near.close();
  CHECK(tests::open_descriptors() == before);
  const std::string text = "through the other one";
  tests::send_raw(tests::Descriptor(static_cast<int>(opened)), text);
  char bytes[100];
  CHECK(std::string(bytes, static_cast<std::size_t>(::recv(far.get(), bytes, sizeof bytes, 0))) == text);
  CHECK(::recv(far.get(), bytes, sizeof bytes, 0) == 0);

  NativeHandle pipes[2] = {no_handle, no_handle};
  REQUIRE(os::make_pair(pipes) == 0);
  CHECK(os::write_ticket(pipes[0], os::ticket_number(), ticket) == -ENOTSUP);
  for (const NativeHandle each : pipes) win::CloseHandle(os::handle_of(each));
}

#endif
