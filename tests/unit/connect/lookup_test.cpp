#include <net/detail/connect/lookup.hpp>

#include <doctest/doctest.h>

#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>

#include "tests/support/session.hpp"

using namespace tests;
using net::detail::look_up;

TEST_CASE("S12.24, S2.11: a literal is answered as it is, later, and a lookup keeps the loop alive") {
  net::Loop loop;
  std::string found;
  look_up(net::detail::Access::core(loop), "::1", {}, [&](const net::detail::LookupAnswer& answer) {
    CHECK_FALSE(static_cast<bool>(answer.error()));
    for (const net::LookupAddress& each : answer.addresses()) found += each.address;
  });
  CHECK(found.empty());
  CHECK(loop.alive());
  run_to_the_end(loop);
  CHECK(found == "::1");
}

TEST_CASE("S3.7: a name that nobody knows is ENOTFOUND or, without a name server, EAI_AGAIN") {
  net::Loop loop;
  net::Error failure;
  look_up(net::detail::Access::core(loop), "no.such.host.invalid", {},
          [&](const net::detail::LookupAnswer& answer) { failure = answer.error(); });
  run_to_the_end(loop);
  CHECK((failure.name() == "ENOTFOUND" || failure.name() == "EAI_AGAIN"));
  CHECK(failure.hostname() == "no.such.host.invalid");
}

TEST_CASE("a loop that goes while lookups are out leaves nothing behind") {
  for (int round = 0; round < 20; ++round) {
    net::Loop loop;
    for (int i = 0; i < 8; ++i) {
      look_up(net::detail::Access::core(loop), "127.0.0.1", {}, [](const net::detail::LookupAnswer&) {});
    }
    if (round % 2 == 0) loop.runOnce(0);
  }
}

#if defined(__GLIBC__)
TEST_CASE("S32.3: a thread that cannot be started: a lookup fails with EAGAIN, and a worker pool throws it") {
  const pid_t child = ::fork();
  if (child == 0) {
    // no stack is so large
    constexpr std::size_t most_of_all_addresses = ~(~std::size_t{0} >> 2);
    pthread_attr_t huge;
    ::pthread_attr_init(&huge);
    ::pthread_attr_setstacksize(&huge, most_of_all_addresses);
    ::pthread_setattr_default_np(&huge);
    net::Loop loop;
    net::Error failure, thrown;
    const net::Socket socket(loop);
    socket.on<"error">([&](const net::Error& error) { failure = error; });
    socket.connect({.port = 1, .host = "localhost", .family = net::Family::IPv4});
    loop.run();
    net::WorkerPool pool(1);
    thrown = error_of([&] { pool.exec([] {}); });
    loop.run();
    const bool called = failure.name() == "EAGAIN" && failure.syscall() == "getaddrinfo" && socket.destroyed();
    ::_exit(called && thrown.name() == "EAGAIN" && !loop.alive() ? 0 : 1);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
}
#endif
