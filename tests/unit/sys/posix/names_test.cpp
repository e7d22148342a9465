#include <net/detail/sys/posix/names.hpp>

#if !defined(_WIN32)

#include <doctest/doctest.h>

#include <net/detail/text/ip_address.hpp>

using namespace net::detail;
using net::Errc;
using net::Family;

TEST_CASE("the system's resolver answers a literal with itself, and with nothing of the other family") {
  Vec<Endpoint> found;
  CHECK(os::look_up("127.0.0.1", Family::unspecified, 0, found) == Errc{});
  REQUIRE(found.size() == 1);
  CHECK(to_text(found[0].ip) == "127.0.0.1");
  CHECK(found[0].ip.family == Family::IPv4);
  Vec<Endpoint> none;
  CHECK(os::look_up("127.0.0.1", Family::IPv6, 0, none) != Errc{});
  CHECK(none.empty());
}

TEST_CASE("S3.7: the system's resolver says why it found nothing") {
  Vec<Endpoint> none;
  const Errc unknown = os::look_up("no.such.host.invalid", Family::unspecified, 0, none);
  CHECK((unknown == Errc::ERR_LOOKUP_NOT_FOUND || unknown == Errc::ERR_LOOKUP_TRY_AGAIN));
  CHECK(os::look_up("localhost", Family::unspecified, 1 << 30, none) == Errc::ERR_LOOKUP_BAD_FLAGS);
  CHECK(none.empty());
}

#endif
