#include <net/detail/sys/posix/system_address.hpp>

#if !defined(_WIN32)

#include <doctest/doctest.h>

#include <sys/un.h>

#include <cstddef>
#include <net/detail/sys/posix/address.hpp>
#include <string>
#include <string_view>

#include "tests/support/endpoints.hpp"

using namespace net::detail;
using namespace std::string_view_literals;

TEST_CASE("an address goes to the system's form and back, with its port and its interface") {
  for (const std::string_view text : {"1.2.3.4"sv, "::1"sv, "2001:db8::ffff"sv}) {
    const Endpoint end = os::SystemAddress(tests::at(text, 65535)).endpoint();
    CHECK(to_text(end.ip) == text);
    CHECK(end.port == 65535);
  }
  Endpoint local = tests::at("fe80::1", 80);
  local.scope = 7;
  CHECK(os::SystemAddress(local).endpoint().scope == 7);
}

TEST_CASE(
    "S23.5, S23.7: a path fits with or without its last NUL; one inside is none, save at the front of an "
    "abstract name") {
  os::SystemAddress address;
  const std::size_t most = sizeof(sockaddr_un::sun_path);
  CHECK(address.set_path(std::string(most, 'p')));
  CHECK(address.size == sizeof(sockaddr_un));
  CHECK_FALSE(address.set_path(std::string(most + 1, 'p')));
  CHECK_FALSE(address.set_path(""));
  CHECK_FALSE(address.set_path("a\0b"sv));
#if defined(__linux__)
  CHECK(address.set_path("\0a\0b"sv));
  CHECK_MESSAGE(address.size == offsetof(sockaddr_un, sun_path) + 4, "no NUL is added to it");
#else
  CHECK_FALSE_MESSAGE(address.set_path("\0a\0b"sv), "only Linux has abstract names");
#endif
  CHECK(address.set_path("ab"));
  CHECK(address.size == offsetof(sockaddr_un, sun_path) + 3);
  CHECK_FALSE(address.endpoint());
}

#endif
