#include <net/server.hpp>

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "tests/support/session.hpp"
#include "tests/support/skip.hpp"
#include "tests/support/support.hpp"

using namespace tests;

TEST_CASE_FIXTURE(NotedServer, "S9.7, S3.7: a host that nobody knows is an 'error' of the lookup, and nothing else") {
  net::Error emitted;
  server.on<"error">([&](const net::Error& error) { emitted = error; });
  server.listen(0, "no-such-name.invalid");
  run_to_the_end(loop);
  const std::string code(emitted.name());
  CHECK((code == "ENOTFOUND" || code == "EAI_AGAIN"));
  CHECK(log.text() == "error(getaddrinfo " + code + " no-such-name.invalid)");
  CHECK(emitted.syscall() == "getaddrinfo");
  CHECK(emitted.hostname() == "no-such-name.invalid");
  CHECK(emitted.port() == -1);
  CHECK(emitted.address().empty());
}

TEST_CASE("S9.12, S3.5, S3.6: a port in use is an 'error' in Node's words, and the server can listen again in it") {
  net::Loop loop;
  Log log;
  const net::Server first(loop), second(loop);
  first.listen(0, "127.0.0.1");
  int port = 0;
  first.on<"listening">([&] {
    port = first.address()->port;
    second.listen(port, "127.0.0.1", [&] { log.add("callback1"); });
    CHECK_FALSE(second.listening());
  });
  net::Error emitted;
  second.on<"error">([&](const net::Error& error) {
    emitted = error;
    CHECK_FALSE(second.listening());
    second.listen(0, [&] { log.add("callback2"); });
  });
  second.on<"close">([&] { log.add("close"); });
  second.on<"listening">([&] {
    first.close();
    second.close();
  });
  run_to_the_end(loop);
  CHECK(emitted.what() == "listen EADDRINUSE: address already in use 127.0.0.1:" + std::to_string(port));
  CHECK(emitted.code() == std::errc::address_in_use);
  CHECK(emitted.name() == "EADDRINUSE");
  CHECK(emitted.syscall() == "listen");
  CHECK(emitted.address() == "127.0.0.1");
  CHECK(emitted.port() == port);
  CHECK(emitted.number() == -EADDRINUSE);
  // S9.11: the callback of the listen that failed stays, and runs first
  CHECK(log.text() == "callback1 callback2 close");
}

TEST_CASE("S9.12: without a host the error names the unspecified address, and comes on a tick") {
  net::Loop loop;
  Log log;
  const net::Server first(loop), second(loop);
  first.listen(0);
  note(second, log);
  second.listen(first.address()->port);
  CHECK(log.text().empty());
  CHECK_FALSE(second.listening());
  first.on<"listening">([&] { first.close(); });
  const std::string at = first.address()->family == net::Family::IPv6 ? ":::" : "0.0.0.0:";
  const std::string port = std::to_string(first.address()->port);
  run_to_the_end(loop);
  CHECK(log.text() == "error(listen EADDRINUSE: address already in use " + at + port + ")");
}

TEST_CASE_FIXTURE(NotedServer, "S3.5: an address of another machine, with port 0 not shown") {
  server.listen(0, "192.0.2.1");
  run_to_the_end(loop);
  CHECK(log.text() == "error(listen EADDRNOTAVAIL: address not available 192.0.2.1)");
}

TEST_CASE("S3.18, S1.6: an 'error' of a server that nobody listens to leaves run()") {
  net::Loop loop;
  const net::Server server(loop);
  server.listen(0, "192.0.2.1");
  CHECK_THROWS_WITH_AS(loop.run(), "listen EADDRNOTAVAIL: address not available 192.0.2.1", net::Error);
  server.listen(0);
  server.close();
  run_to_the_end(loop);
}

TEST_CASE("S3.15: bad ports and options without a port are thrown") {
  net::Loop loop;
  const net::Server server(loop);
  net::Error error = error_of([&] { server.listen(65536); });
  CHECK(error.code() == net::Errc::ERR_SOCKET_BAD_PORT);
  CHECK(error.what() == std::string("options.port should be >= 0 and < 65536. Received type number (65536)."));
  CHECK(error.kind() == "RangeError");
  error = error_of([&] { server.listen(-2); });
  CHECK(error.what() == std::string("options.port should be >= 0 and < 65536. Received type number (-2)."));
  error = error_of([&] { server.listen({.port = -2}); });
  CHECK(error.code() == net::Errc::ERR_SOCKET_BAD_PORT);
  error = error_of([&] { server.listen(net::ListenOptions{}); });
  CHECK(error.code() == net::Errc::ERR_INVALID_ARG_VALUE);
  CHECK(std::string(error.what()).find("must have the property \"port\" or \"path\"") != std::string::npos);
  CHECK_FALSE(server.listening());
  run_to_the_end(loop);
}

TEST_CASE("S9.5: a host with a NUL in it is refused, not cut there") {
  net::Loop loop;
  const net::Server server(loop);
  net::Error emitted;
  server.on<"error">([&](const net::Error& error) { emitted = error; });
  server.listen(0, std::string_view("localhost\0.trusted.test", 23));
  CHECK_FALSE(emitted);
  run_to_the_end(loop);
  CHECK(emitted.code() == net::Errc::ERR_INVALID_ARG_VALUE);
  CHECK(std::string(emitted.what()) ==
        "The property 'options.host' must be a string without null bytes. Received 'localhost\\x00.trusted.test'");
}

TEST_CASE("S9.18: out of descriptors a server turns clients away, goes on, and accepts again when some are free") {
  NET_NOT_ON_WINDOWS("there is no limit of open sockets that a process could set");
  rlimit before{};
  ::getrlimit(RLIMIT_NOFILE, &before);
  net::Loop loop;
  int accepted = 0, errors = 0;
  const net::Server server(loop);
  server.listen(0);
  server.on<"error">([&] { ++errors; });
  server.on<"connection">([&](const net::Socket& socket) {
    ++accepted;
    socket.end();
  });
  loop.runOnce(0);

  // a client of the test's own, connected while there are descriptors, and then none is left
  {
    const Descriptor turned_away = connect_raw(server.address()->port);
    std::vector<Descriptor> filler;
    const rlimit low{static_cast<rlim_t>(64 + open_descriptors()), before.rlim_max};
    ::setrlimit(RLIMIT_NOFILE, &low);
    for (int fd = ::dup(0); fd >= 0; fd = ::dup(0)) filler.emplace_back(fd);
    REQUIRE(errno == EMFILE);
    char byte;
    ssize_t got = -1;
    while (got < 0) {
      loop.runOnce(0);
      got = ::recv(turned_away.get(), &byte, 1, MSG_DONTWAIT);
      if (got < 0 && errno == ECONNRESET) break;
    }
    CHECK(got <= 0);
    CHECK(accepted == 0);
    CHECK(errors == 0);
    CHECK(server.listening());
  }
  ::setrlimit(RLIMIT_NOFILE, &before);
  const Descriptor welcome = connect_raw(server.address()->port);
  run_until(loop, [&] { return accepted == 1; });
  server.close();
  ::shutdown(welcome.get(), SHUT_RDWR);
  run_to_the_end(loop);
}
