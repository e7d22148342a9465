#include <net/detail/connect/start.hpp>

#include <doctest/doctest.h>

#include <string>
#include <string_view>

#include "tests/support/session.hpp"

using namespace tests;

TEST_CASE("S3.13: wrong options are thrown, and leave the socket as it was") {
  net::Loop loop;
  const net::Socket socket(loop);
  const auto thrown = [&](const net::ConnectOptions& options) {
    const net::Error error = error_of([&] { socket.connect(options); });
    return std::string(error.name()) + ": " + error.what();
  };
  CHECK(thrown({.host = "127.0.0.1"}) ==
        "ERR_MISSING_ARGS: The \"options\" or \"port\" or \"path\" argument must be specified");
  CHECK(thrown({.port = 65536}) ==
        "ERR_SOCKET_BAD_PORT: Port should be >= 0 and < 65536. Received type number (65536).");
  CHECK(thrown({.port = -2}) == "ERR_SOCKET_BAD_PORT: Port should be >= 0 and < 65536. Received type number (-2).");
  CHECK(thrown({.port = 1, .localAddress = "localhost"}) == "ERR_INVALID_IP_ADDRESS: Invalid IP address: localhost");
  CHECK(thrown({.port = 1, .autoSelectFamilyAttemptTimeout = net::Duration(0)}) ==
        "ERR_OUT_OF_RANGE: The value of \"options.autoSelectFamilyAttemptTimeout\" is out of range. It must be >= 1 && "
        "<= 2147483647. Received 0");
  CHECK(thrown({.port = 1, .hints = 1 << 30}) ==
        "ERR_INVALID_ARG_VALUE: The argument 'hints' is invalid. Received 1073741824");
  CHECK(error_of([&] { socket.connect(65536, "127.0.0.1"); }).kind() == "RangeError");
  CHECK(error_of([&] { net::connect(loop, {.port = -2}); }).code() == net::Errc::ERR_SOCKET_BAD_PORT);
  CHECK_FALSE(socket.connecting());
  CHECK(socket.pending());
  CHECK(socket.readyState() == net::ReadyState::open);
  run_to_the_end(loop);
}

TEST_CASE("S7.2, S7.3, S7.5: the forms of connect: options, port and host, port alone, a text that is a number") {
  net::Loop loop;
  const net::Server server(loop);
  server.listen(0);
  const int port = server.address()->port;
  int accepted = 0, connected = 0;
  server.on<"connection">([&](const net::Socket& socket) {
    socket.end();
    if (++accepted == 14) server.close();
  });
  const auto count = [&] { ++connected; };
  net::connect(loop, {.port = port, .host = "127.0.0.1"}, count);
  net::createConnection(loop, {.port = port, .host = "127.0.0.1"}, count);
  net::connect(port, "127.0.0.1", count);
  net::createConnection(port, "127.0.0.1", count);
  net::connect(loop, port, "127.0.0.1", count);
  net::connect(port, count);
  const std::string text = std::to_string(port);
  net::connect(text, count);
  net::connect(text, "127.0.0.1", count);
  net::connect(loop, text, "127.0.0.1", count);
  net::createConnection(text, std::string("localhost"), count);
  net::connect(text, "127.0.0.1").on<"connect">(count);
  net::Socket().connect(text, "127.0.0.1", count);
  net::Socket().connect(text, "127.0.0.1", nullptr).on<"connect">(count);
  net::ConnectOptions options;
  options.port = port;
  net::connect(options, count);
  run_to_the_end(loop);
  CHECK(connected == 14);
  for (const char* bad : {"", " ", "70000"}) {
    CHECK(error_of([&] { net::connect(bad); }).code() == net::Errc::ERR_SOCKET_BAD_PORT);
    CHECK(error_of([&] { net::connect(bad, "127.0.0.1", count); }).code() == net::Errc::ERR_SOCKET_BAD_PORT);
  }
  Log log;
  const net::Socket path = net::connect("/nowhere/at/all", "127.0.0.1");
  note(path, log);
  run_to_the_end(loop);
  CHECK_MESSAGE(log.has("error(connect ENOENT /nowhere/at/all)"), "a path has no host");
}

TEST_CASE("S12.3: connecting what is connecting or connected is refused, and disturbs nothing") {
  net::Loop loop;
  const OneConnection one(loop);
  one.server.on<"connection">([](const net::Socket& socket) { socket.end("fine"); });
  const int port = one.port();
  const net::Socket client = client_of(loop, one.server);
  CHECK(error_of([&] { client.connect(port, "127.0.0.1"); }).name() == "EALREADY");
  std::string heard;
  client.on<"connect">([&] { CHECK(error_of([&] { client.connect(port, "127.0.0.1"); }).name() == "EISCONN"); });
  client.on<"data">([&](net::Chunk chunk) { heard += chunk; });
  run_to_the_end(loop);
  CHECK(heard == "fine");
}

TEST_CASE("S3.13: a host with a NUL in it is refused, not cut there") {
  net::Loop loop;
  const net::Socket socket(loop);
  for (const std::string_view host :
       {std::string_view("localhost\0.trusted.test", 23), std::string_view("127.0.0.1\0x", 11)}) {
    const net::Error error = error_of([&] { socket.connect(1, host); });
    CHECK(error.code() == net::Errc::ERR_INVALID_ARG_VALUE);
    CHECK(error.kind() == "TypeError");
  }
  CHECK(std::string(error_of([&] { socket.connect(1, std::string_view("a\0b", 3)); }).what()) ==
        "The property 'options.host' must be a string without null bytes. Received 'a\\x00b'");
  const auto from = error_of(
      [&] { socket.connect({.port = 1, .host = "127.0.0.1", .localAddress = std::string("127.0.0.1\0x", 11)}); });
  CHECK(std::string(from.what()) == "Invalid IP address: 127.0.0.1\\0x");
  CHECK(socket.readyState() == net::ReadyState::open);
  CHECK_FALSE(socket.connecting());
  CHECK(net::isIP(std::string_view("127.0.0.1\0", 10)) == 0);
  CHECK(net::isIP(std::string_view("fe80::1%a\0b", 11)) == 0);
  CHECK(error_of([&] { net::SocketAddress({.address = std::string("127.0.0.1\0x", 11)}); }).name() ==
        "ERR_INVALID_ADDRESS");
  net::BlockList list;
  CHECK(error_of([&] { list.addAddress(std::string_view("127.0.0.1\0x", 11)); }).name() == "ERR_INVALID_ADDRESS");
  run_to_the_end(loop);
}
