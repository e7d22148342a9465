#include <net/detail/connect/checks.hpp>

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/socket.h>

#include <string>

#include "tests/support/session.hpp"
#include "tests/support/support.hpp"

using namespace net::detail;
using tests::Descriptor;
using tests::error_of;

TEST_CASE("a port is 0 to 65535, and the message says the name and the number") {
  CHECK(require_port(0, "Port") == 0);
  CHECK(require_port(65535, "Port") == 65535);
  CHECK(std::string(error_of([] { require_port(65536, "Port"); }).what()) ==
        "Port should be >= 0 and < 65536. Received type number (65536).");
  CHECK(error_of([] { require_port(-2, "options.port"); }).name() == "ERR_SOCKET_BAD_PORT");
}

TEST_CASE("S22.4: only streams can be wrapped; what else a descriptor is stands in the message") {
  const auto refused = [](int fd) { return std::string(error_of([fd] { require_stream(fd); }).what()); };
  CHECK(error_of([] { require_stream(-1); }).name() == "ERR_OUT_OF_RANGE");
  const Descriptor datagram(::socket(AF_INET, SOCK_DGRAM, 0));
  CHECK(refused(datagram.get()) == "Unsupported fd type: UDP");
  const Descriptor file(::open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
  CHECK(refused(file.get()) == "Unsupported fd type: FILE");
  const Descriptor null(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  CHECK(refused(null.get()) == "Unsupported fd type: FILE");
  const Descriptor stream(::socket(AF_UNIX, SOCK_STREAM, 0));
  CHECK_NOTHROW(require_stream(stream.get()));
}

TEST_CASE("S3.13: what is wrong with the options is thrown: no port, a local address that is none, a delay, hints") {
  const auto code = [](const net::ConnectOptions& options) {
    return std::string(error_of([&] { require_connectable(options); }).name());
  };
  CHECK(code({}) == "ERR_MISSING_ARGS");
  CHECK(code({.port = 65536}) == "ERR_SOCKET_BAD_PORT");
  CHECK(code({.port = 1, .localAddress = "nowhere"}) == "ERR_INVALID_IP_ADDRESS");
  CHECK(code({.port = 1, .autoSelectFamilyAttemptTimeout = 0}) == "ERR_OUT_OF_RANGE");
  CHECK(code({.port = 1, .host = "a.name", .hints = 1 << 30}) == "ERR_INVALID_ARG_VALUE");
  CHECK_NOTHROW(require_connectable({.port = 1, .host = "127.0.0.1", .hints = 1 << 30}));  // nothing is looked up
  CHECK_NOTHROW(require_connectable({.port = 65536, .path = "/a/path"}));                  // a path has no port
}
