#include <net/detail/resolver.hpp>

#include <doctest/doctest.h>

#include <string>

#include "tests/session.hpp"

using namespace tests;
using net::detail::look_up;

TEST_CASE("S12.24, S2.11: a literal is answered as it is, later, and a lookup keeps the loop alive") {
  net::Loop loop;
  std::string found;
  look_up(loop.core(), "::1", {}, [&](const net::Error& error, std::span<const net::LookupAddress> addresses) {
    CHECK_FALSE(static_cast<bool>(error));
    for (const net::LookupAddress& each : addresses) found += each.address;
  });
  CHECK(found.empty());
  CHECK(loop.alive());
  run_to_the_end(loop);
  CHECK(found == "::1");
}

TEST_CASE("S3.7: a name that nobody knows is ENOTFOUND or, without a name server, EAI_AGAIN") {
  net::Loop loop;
  net::Error failure;
  look_up(loop.core(), "no.such.host.invalid", {},
          [&](const net::Error& error, std::span<const net::LookupAddress>) { failure = error; });
  run_to_the_end(loop);
  CHECK((failure.name() == "ENOTFOUND" || failure.name() == "EAI_AGAIN"));
  CHECK(failure.hostname() == "no.such.host.invalid");
}

TEST_CASE("a loop that goes while lookups are out leaves nothing behind") {
  for (int round = 0; round < 20; ++round) {
    net::Loop loop;
    for (int i = 0; i < 8; ++i) {
      look_up(loop.core(), "127.0.0.1", {}, [](const net::Error&, std::span<const net::LookupAddress>) {});
    }
    if (round % 2 == 0) loop.runOnce(0);
  }
}
