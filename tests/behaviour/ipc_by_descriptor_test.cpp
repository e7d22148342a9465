#include <net/server.hpp>

#include <doctest/doctest.h>

#include <sys/socket.h>
#include <sys/un.h>

#include <filesystem>
#include <string>

#include "tests/support/session.hpp"
#include "tests/support/skip.hpp"
#include "tests/support/support.hpp"

using namespace tests;

namespace {

/// A descriptor that is bound to a path, and does not listen yet.
int bound_to(const std::string& path) {
  const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  REQUIRE(path.size() < sizeof address.sun_path);
  path.copy(address.sun_path, path.size());
  REQUIRE(::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  return fd;
}

}  // namespace

TEST_CASE("S17.15, S23.12: a connection is IPC however its server came to listen on a Unix socket") {
  NET_NOT_ON_WINDOWS("S22.7: there is no listening on a descriptor there, as in Node");
  net::Loop loop;
  const TemporaryDirectory directory;
  const std::string path = directory.file("s");
  const net::Server server(loop, {.keepAlive = true, .noDelay = true}), other(loop);
  bool reached = false;
  server.on<"connection">([&](const net::Socket& socket) {
    reached = true;
    server.close();
    CHECK(socket.remoteAddress().empty());
    socket.setTypeOfService(16);
    CHECK(socket.getTypeOfService() == 16);
    CHECK(error_of([&] { socket.resetAndDestroy(); }).code() == net::Errc::ERR_INVALID_HANDLE_TYPE);
    CHECK_FALSE(socket.destroyed());
    socket.end();
  });
  SUBCASE("by path") { server.listen(path); }
  SUBCASE("by descriptor") { server.listen({.fd = bound_to(path)}); }
  SUBCASE("by what another one listens on") {
    other.listen(path);
    server.listen(other);
  }
  SUBCASE("by what another one listens on by descriptor") {
    other.listen({.fd = bound_to(path)});
    server.listen(other);
  }
  const std::string moved = directory.file("moved");
  std::filesystem::rename(path, moved);  // closing the other one removes the path
  other.close();
  net::Socket(loop).connect(moved).resume();
  run_to_the_end(loop);
  CHECK(reached);
}

TEST_CASE("S17.15, S22.5: a server that has listened on a Unix descriptor and then on a port has TCP connections") {
  NET_NOT_ON_WINDOWS("S22.7: there is no listening on a descriptor there, as in Node");
  net::Loop loop;
  const TemporaryDirectory directory;
  const net::Server server(loop, {.reusable = true});
  server.listen({.fd = bound_to(directory.file("s"))});
  server.close();
  int ended = 0;
  server.on<"connection">([&](const net::Socket& socket) {
    CHECK_FALSE(socket.remoteAddress().empty());
    socket.resetAndDestroy();
    server.close();
    ++ended;
  });
  run_to_the_end(loop);
  server.listen(0);
  const net::Socket client = client_of(loop, server);
  client.on<"error">([](const net::Error&) {});
  client.resume();
  run_to_the_end(loop);
  CHECK(ended == 1);
}
