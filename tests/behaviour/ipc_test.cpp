#include <net/server.hpp>

#include <doctest/doctest.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cerrno>

#include <filesystem>
#include <fstream>
#include <string>

#include "tests/support/session.hpp"
#include "tests/support/skip.hpp"
#include "tests/support/support.hpp"

using namespace tests;

#if defined(__GLIBC__)
static int refused_mode = 0;  // what chmod() fails with instead of changing a mode

/// In place of the system's: as root nothing is refused.
extern "C" int chmod(const char* path, mode_t mode) noexcept {
  if (refused_mode == 0) return ::fchmodat(AT_FDCWD, path, mode, 0);
  errno = refused_mode;
  return -1;
}
#endif

namespace {

mode_t mode_of(const std::string& path) {
  struct stat status{};
  return ::stat(path.c_str(), &status) == 0 ? status.st_mode & 0777u : 0;
}

/// Echoes one text over a path and ends; returns what came back.
std::string echo_over(net::Loop& loop, const std::string& path) {
  const net::Server server(loop);
  server.on<"connection">([server](net::Socket socket) {
    server.close();
    socket.pipe(socket);
  });
  server.listen(path);
  const net::Socket client(loop);
  std::string got;
  client.on<"data">([&got](net::Chunk chunk) { got += chunk.view(); });
  client.connect(path);
  client.end("there and back");
  run_to_the_end(loop);
  return got;
}

}  // namespace

TEST_CASE(
    "S23.1, S23.2: a path is a Unix socket whose file is there when listen() returns and gone when close() does") {
  net::Loop loop;
  const TemporaryDirectory directory;
  const std::string path = directory.socket("s");
  const net::Server server(loop);
  Log log;
  note(server, log);
  server.listen(path);
  const bool has_file = path[0] == '/';  // a pipe of Windows' has none
  CHECK(std::filesystem::is_socket(path) == has_file);
  CHECK(server.listening());
  CHECK(server.address()->path == path);
  server.close();
  CHECK_FALSE(std::filesystem::exists(path));
  run_to_the_end(loop);
  CHECK(log.text() == "close");
  CHECK_MESSAGE(server.address()->path == path, "S8.7: the path survives close()");
}

TEST_CASE("S23.12: bytes go over a path as over TCP") {
  net::Loop loop;
  const TemporaryDirectory directory;
  CHECK(echo_over(loop, directory.socket("s")) == "there and back");
}

#if defined(__linux__)
TEST_CASE("S23.8: an abstract name has no file and may hold any bytes") {
  net::Loop loop;
  const std::string name = std::string("\0net-test-", 10) + std::to_string(::getpid()) + std::string("\0x", 2);
  CHECK(echo_over(loop, name) == "there and back");
  const net::Server server(loop);
  server.listen(name);
  CHECK(server.address()->path == name);
  server.close();
  const net::Socket client(loop);
  Log log;
  note(client, log);
  client.connect(name);
  run_to_the_end(loop);
  CHECK(client.errored().name() == "ECONNREFUSED");
  CHECK(client.errored().address() == name);
}

TEST_CASE("S23.7, S23.8: a NUL of a path is seen in messages as \\0, and is itself in address()") {
  net::Loop loop;
  const std::string name = std::string("\0net-test-", 10) + std::to_string(::getpid());
  const std::string shown = "\\0" + name.substr(1);
  const net::Socket client(loop);
  Log log;
  note(client, log);
  client.connect(name);
  run_to_the_end(loop);
  CHECK(log.text() == "attempt failed error(connect ECONNREFUSED " + shown + ") close(true)");
  CHECK(client.errored().address() == name);

  const net::Server server(loop), second(loop);
  Log errors;
  note(second, errors);
  server.listen(name);
  second.listen(name);
  server.close();
  run_to_the_end(loop);
  CHECK(errors.text() == "error(listen EADDRINUSE: address already in use " + shown + ")");
  const net::Error error = error_of([&] { server.listen({.path = name, .readableAll = true}); });
  CHECK(std::string_view(error.what()).ends_with("Received " + shown));
}
#endif

TEST_CASE("S23.3: a path that exists is in use, whatever it is") {
  NET_NOT_ON_WINDOWS("a name of pipes is in use only while it is served");
  net::Loop loop;
  const TemporaryDirectory directory;
  const std::string path = directory.socket("s");
  std::ofstream(path) << "a plain file";
  const net::Server server(loop);
  Log log;
  note(server, log);
  server.listen(path);
  run_to_the_end(loop);
  CHECK(log.text() == "error(listen EADDRINUSE: address already in use " + path + ")");
  CHECK_MESSAGE(std::filesystem::is_regular_file(path), "nothing is removed before listening, nor after failing");
  CHECK_MESSAGE(server.address()->path == path, "S8.7: also after a failed listen");
}

TEST_CASE("S23.4: connecting to no file, a plain file or a stale socket fails from the loop") {
  net::Loop loop;
  const TemporaryDirectory directory;
  const auto failure = [&](const std::string& path) {
    const net::Socket client(loop);
    Log log;
    note(client, log);
    client.connect(path);
    CHECK(client.connecting());
    run_to_the_end(loop);
    return log.text();
  };
  const std::string absent = directory.socket("absent");
  CHECK(failure(absent) == "attempt failed error(connect ENOENT " + absent + ") close(true)");
  const std::string plain = directory.file("plain");
  std::ofstream(plain) << "x";
  const std::string code = failure(plain);
#if defined(_WIN32)
  CHECK(code.find("ENOENT " + plain) != std::string::npos);
#else
  CHECK(
      (code.find("ECONNREFUSED " + plain) != std::string::npos || code.find("ENOTSOCK " + plain) != std::string::npos));
  const std::string stale = directory.file("stale");
  {
    const Descriptor left(::socket(AF_UNIX, SOCK_STREAM, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    stale.copy(address.sun_path, sizeof address.sun_path - 1);
    REQUIRE(::bind(left.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  }
  CHECK(failure(stale) == "attempt failed error(connect ECONNREFUSED " + stale + ") close(true)");
#endif
}

TEST_CASE("S12.14: the attempt at a path is emitted inside connect(), to listeners that were there before") {
  net::Loop loop;
  const net::Socket client(loop);
  Log log;
  client.on<"connectionAttempt">([&](std::string_view path, int port, net::Family) {
    log.add(path);
    CHECK(port == -1);
  });
  client.on<"error">([] {});
  client.connect("/nowhere/at/all");
  CHECK(log.text() == "/nowhere/at/all");
  run_to_the_end(loop);
}

#if !defined(_WIN32)
TEST_CASE("S23.5: a path may fill sun_path; one byte more is EINVAL on both sides") {
  net::Loop loop;
  const TemporaryDirectory directory;
  const std::size_t capacity = sizeof(sockaddr_un::sun_path);
  const std::string prefix = directory.file("");
  const std::string longest = prefix + std::string(capacity - prefix.size(), 'n');
  CHECK(echo_over(loop, longest) == "there and back");
  const std::string too_long = longest + "n";
  const net::Server server(loop);
  Log log;
  note(server, log);
  server.listen(too_long);
  run_to_the_end(loop);
  CHECK(log.text() == "error(listen EINVAL: invalid argument " + too_long + ")");
  const net::Socket client(loop);
  Log events;
  note(client, events);
  client.connect(too_long);
  CHECK_MESSAGE(client.readyState() == net::ReadyState::closed, "S12.17: known inside connect()");
  run_to_the_end(loop);
  CHECK(events.text() == "attempt error(connect EINVAL " + too_long + ") close(true)");
}
#endif

TEST_CASE("S23.6: a directory that does not exist is reported as EACCES") {
  net::Loop loop;
  const net::Server server(loop);
  Log log;
  note(server, log);
  server.listen("/blah/xx");
  run_to_the_end(loop);
  CHECK(log.text() == "error(listen EACCES: permission denied /blah/xx)");
}

TEST_CASE("S23.7: a NUL inside a path is EINVAL") {
  net::Loop loop;
  const std::string path("/tmp/a\0b", 8);
  const net::Server server(loop);
  net::Error failure;
  server.on<"error">([&](const net::Error& error) { failure = error; });
  server.listen(path);
  run_to_the_end(loop);
  CHECK(failure.name() == "EINVAL");
  const net::Socket client(loop);
  client.on<"error">([&](const net::Error& error) { failure = error; });
  failure = {};
  client.connect(path);
  run_to_the_end(loop);
  CHECK(failure.name() == "EINVAL");
}

TEST_CASE("S3.15, S7.5, S23.9: an empty path, and modes of an abstract name, are thrown") {
  net::Loop loop;
  const net::Server server(loop);
  CHECK(error_of([&] { server.listen(net::ListenOptions{}); }).code() == net::Errc::ERR_INVALID_ARG_VALUE);
  CHECK(error_of([&] { server.listen({.path = ""}); }).code() == net::Errc::ERR_INVALID_ARG_VALUE);
  CHECK(error_of([&] { server.listen(""); }).code() == net::Errc::ERR_SOCKET_BAD_PORT);
  const net::Error error = error_of([&] { server.listen({.path = std::string("\0x", 2), .writableAll = true}); });
  CHECK(error.code() == net::Errc::ERR_INVALID_ARG_VALUE);
  CHECK(std::string_view(error.what()).find("writableAllt to true") != std::string_view::npos);
  CHECK_FALSE(server.listening());
}

TEST_CASE("S23.10: readableAll and writableAll set the mode exactly") {
  NET_NOT_ON_WINDOWS("a pipe has an access list, which unit/sys/windows/pipe_name sets");
  net::Loop loop;
  const TemporaryDirectory directory;
  const auto mode = [&](bool readable, bool writable) {
    const net::Server server(loop);
    const std::string path = directory.socket("m");
    server.listen({.path = path, .readableAll = readable, .writableAll = writable});
    const mode_t bits = mode_of(path);
    server.close();
    run_to_the_end(loop);
    return bits;
  };
  CHECK(mode(true, false) == 0444);
  CHECK(mode(false, true) == 0222);
  CHECK(mode(true, true) == 0666);
}

#if defined(__GLIBC__)
TEST_CASE("S23.11: a mode that cannot be set is thrown, and neither a file nor a descriptor is left") {
  net::Loop loop;
  const TemporaryDirectory directory;
  const std::string path = directory.socket("m");
  const net::Server server(loop, net::ServerOptions{.reusable = true});
  server.on<"error">([](const net::Error& error) { FAIL(error.what()); });
  const std::size_t before = open_descriptors();
  for (int round = 0; round < 1000; ++round) {
    refused_mode = EPERM;
    const net::Error error = error_of([&] { server.listen({.path = path, .writableAll = true}); });
    refused_mode = 0;
    REQUIRE(std::string(error.what()) == "uv_pipe_chmod EPERM");
    CHECK(error.syscall() == "uv_pipe_chmod");
    CHECK_FALSE(server.listening());
    CHECK_FALSE(std::filesystem::exists(path));
    run_to_the_end(loop);
  }
  CHECK(open_descriptors() == before);
  server.listen({.path = path, .writableAll = true});
  CHECK(mode_of(path) == 0222);
  server.close();
  run_to_the_end(loop);
}
#endif

TEST_CASE("S23.12: addresses of an IPC socket are empty, and TCP's options do nothing to it") {
  net::Loop loop;
  const TemporaryDirectory directory;
  const net::Server server(loop);
  const net::Socket client(loop);
  server.on<"connection">([&](net::Socket socket) {
    server.close();
    CHECK_FALSE(socket.address().has_value());
    CHECK(socket.remoteAddress().empty());
    CHECK(socket.localPort() == 0);
    socket.setNoDelay(true).setKeepAlive(true, 5000).setTypeOfService(16);
    CHECK(socket.getTypeOfService() == 16);
    const net::Error error = error_of([&] { socket.resetAndDestroy(); });
    CHECK_MESSAGE(error.code() == net::Errc::ERR_INVALID_HANDLE_TYPE, "S17.15");
    CHECK_FALSE(socket.destroyed());
    socket.end();
  });
  server.listen(directory.socket("s"));
  client.connect(directory.socket("s"));
  run_to_the_end(loop);
  CHECK(client.destroyed());
}

TEST_CASE("S9.19, S23.12: a path server that drops emits it too") {
  net::Loop loop;
  const TemporaryDirectory directory;
  const net::Server server(loop);
  server.maxConnections(0);
  Log log;
  note(server, log);
  server.on<"drop">([server] { server.close(); });
  server.listen(directory.socket("s"));
  const net::Socket client(loop);
  note(client, log);
  client.connect(directory.socket("s"));
  client.resume();
  run_to_the_end(loop);
  CHECK(log.has("drop"));
  CHECK(log.has("close(false)"));
}

TEST_CASE("S23.2: a thousand servers on paths leave no descriptor and no file") {
  net::Loop loop;
  const TemporaryDirectory directory;
  const std::string path = directory.socket("s");
  CHECK(echo_over(loop, path) == "there and back");
  const std::size_t before = open_descriptors();
  for (int round = 0; round < scaled(1000); ++round) REQUIRE(echo_over(loop, path) == "there and back");
  CHECK(open_descriptors() == before);
  CHECK(std::filesystem::is_empty(directory.path()));
}
