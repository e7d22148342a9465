#include <net/detail/sys/windows/calls.hpp>

#if defined(_WIN32)

#include <doctest/doctest.h>

#include <sys/socket.h>
#include <string>

#include "tests/support/support.hpp"

using namespace net::detail;
using tests::Descriptor;

TEST_CASE("a text becomes one of Windows' if it is UTF-8, has no NUL and fits") {
  wchar_t into[8];
  REQUIRE(os::to_wide("p\xc3\xa4x", into, 8));
  CHECK(std::wstring(into) == L"p\u00e4x");
  REQUIRE(os::to_wide("", into, 8));
  CHECK(into[0] == 0);
  CHECK(os::to_wide("1234567", into, 8));
  CHECK_FALSE(os::to_wide("12345678", into, 8));
  CHECK_FALSE(os::to_wide("\xff", into, 8));
  CHECK_FALSE(os::to_wide(std::string_view("a\0b", 3), into, 8));
}

TEST_CASE("a handle from elsewhere is known for what it is") {
  int pair[2];
  REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
  const Descriptor one(pair[0]), other(pair[1]), datagram(::socket(AF_INET, SOCK_DGRAM, 0));
  CHECK(os::kind_of(one.get()) == DescriptorKind::tcp);
  CHECK(os::kind_of(datagram.get()) == DescriptorKind::datagram);
  CHECK(os::kind_of(-1) == DescriptorKind::unknown);
  CHECK(os::kind_of(123456788) == DescriptorKind::unknown);
  REQUIRE(::pipe(pair) == 0);
  const Descriptor from(pair[0]), to(pair[1]);
  CHECK(os::kind_of(from.get()) == DescriptorKind::local);
}

TEST_CASE("bytes go out in pieces; nothing to read is EAGAIN, a half-close the end, a reset ECONNRESET") {
  int pair[2];
  REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
  Descriptor one(pair[0]);
  const Descriptor other(pair[1]);
  REQUIRE(os::prepare(other.get()) == 0);
  char buffer[16];
  CHECK(os::receive(other.get(), buffer, sizeof buffer) == -EAGAIN);
  const IoSlice slices[] = {{"ab", 2}, {"", 0}, {"cde", 3}};
  CHECK(os::send_slices(one.get(), slices, 3) == 5);
  const auto received = [&] {
    std::ptrdiff_t got = -EAGAIN;
    while (got == -EAGAIN) got = os::receive(other.get(), buffer, sizeof buffer);
    return got;
  };
  CHECK(received() == 5);
  CHECK(std::string_view(buffer, 5) == "abcde");
  CHECK(os::shutdown_write(one.get()) == 0);
  CHECK(received() == 0);
  CHECK(os::reset_on_close(one.get()) == 0);
  REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair) == 0);
  Descriptor resets(pair[0]);
  const Descriptor is_reset(pair[1]);
  CHECK(os::reset_on_close(resets.get()) == 0);
  resets.close();
  std::ptrdiff_t got = -EAGAIN;
  while (got == -EAGAIN) got = os::receive(is_reset.get(), buffer, sizeof buffer);
  CHECK(got == -ECONNRESET);
}

TEST_CASE("S18.16: the type of service is what Windows makes of it, and never an error") {
  for (const auto family : {net::Family::IPv4, net::Family::IPv6}) {
    const Descriptor socket(static_cast<int>(os::open_socket(family)));
    CHECK(os::set_type_of_service(socket.get(), family, 16) == 0);
    CHECK(os::get_type_of_service(socket.get(), family) >= 0);
    CHECK(os::set_type_of_service(socket.get(), family, 255) == 0);
  }
}

TEST_CASE("options are set; a duplicate is a socket of its own") {
  int pair[2];
  REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
  const Descriptor one(pair[0]), other(pair[1]);
  CHECK(os::set_flag(one.get(), IPPROTO_TCP, TCP_NODELAY, 1) == 0);
  CHECK(os::set_keep_alive(one.get(), true, 60) == 0);
  CHECK(os::set_keep_alive(one.get(), false, 60) == 0);
  CHECK(os::pending_error(one.get()) == 0);
  const Descriptor same(static_cast<int>(os::duplicate(one.get())));
  CHECK(same.get() != one.get());
  CHECK(os::duplicate(-1) < 0);
}

#endif
