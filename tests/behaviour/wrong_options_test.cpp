#include <net/options.hpp>

#include <doctest/doctest.h>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/session.hpp"
#include "tests/support/skip.hpp"
#include "tests/support/support.hpp"

using namespace tests;

namespace {

/// What is done wrongly, and the words of the error that comes of it, thrown or emitted.
struct Wrong {
  std::string what;
  std::string expected;
  std::function<void()> call;
};

/// Sockets and servers that note their errors.
class Bench {
 public:
  net::Loop loop;
  std::string emitted;

  void client(const net::ConnectOptions& options) {
    const net::Socket socket(loop, net::SocketOptions{.signal = options.signal});
    socket.on<"error">([this](const net::Error& error) { note(error); });
    socket.connect(options);
  }
  void server(const net::ListenOptions& options) {
    const net::Server made(loop);
    made.on<"error">([this](const net::Error& error) { note(error); });
    made.on<"listening">([made] { made.close(); });
    made.listen(options);
  }
  void note(const net::Error& error) {
    emitted = std::string(error.name()) + ": " + error.what();
    for (const net::Error& attempt : error.errors()) emitted += std::string(" [") + attempt.what() + "]";
  }

  /// Each of them a thousand times; gives what came of the last.
  std::string run(const Wrong& wrong, int rounds) {
    for (int i = 0; i < rounds; ++i) {
      emitted.clear();
      const net::Error thrown = error_of(wrong.call);
      if (thrown) {
        note(thrown);
        emitted = "thrown " + emitted;
      }
      run_to_the_end(loop);
    }
    return emitted;
  }

  void check_all(const std::vector<Wrong>& all) {
    for (const Wrong& wrong : all) {
      CAPTURE(wrong.what);
      CHECK(run(wrong, 1) == wrong.expected);
      const std::size_t before = open_descriptors();
      CHECK(run(wrong, 1000) == wrong.expected);
      CHECK(open_descriptors() == before);
    }
  }
};

int unix_socket() { return ::socket(AF_UNIX, SOCK_STREAM, 0); }

}  // namespace

TEST_CASE(
    "S3.13, S3.18: connect options that are wrong give Node's error, and no descriptor stays open, a thousand times "
    "each") {
  Bench bench;
  const ClosedPort closed;
  const int port = closed.number();
  const std::string number = std::to_string(port);
  const auto with = [&](std::string what, std::string expected, net::ConnectOptions options) {
    return Wrong{std::move(what), std::move(expected), [&bench, options] { bench.client(options); }};
  };
  const std::string range =
      "The value of \"options.autoSelectFamilyAttemptTimeout\" is out of range. It must be >= 1 && <= 2147483647. "
      "Received ";
  bench.check_all({
      with("neither port nor path",
           "thrown ERR_MISSING_ARGS: The \"options\" or \"port\" or \"path\" argument must be specified", {}),
      with("a port too high",
           "thrown ERR_SOCKET_BAD_PORT: Port should be >= 0 and < 65536. Received type number (65536).",
           {.port = 65536}),
      with("a negative port", "thrown ERR_SOCKET_BAD_PORT: Port should be >= 0 and < 65536. Received type number (-7).",
           {.port = -7}),
      with("a local address that is none", "thrown ERR_INVALID_IP_ADDRESS: Invalid IP address: here",
           {.port = port, .localAddress = "here"}),
      with("an attempt time of 0", "thrown ERR_OUT_OF_RANGE: " + range + "0",
           {.port = port, .autoSelectFamilyAttemptTimeout = net::Duration(0)}),
      with("a negative attempt time", "thrown ERR_OUT_OF_RANGE: " + range + "-1",
           {.port = port, .autoSelectFamilyAttemptTimeout = net::Duration(-1)}),
      with("hints that nobody knows",
           "thrown ERR_INVALID_ARG_VALUE: The argument 'hints' is invalid. Received 1073741824",
           {.port = port, .hints = 1 << 30}),
      with("port 0", "ECONNREFUSED: connect ECONNREFUSED 127.0.0.1", {.port = 0, .host = "127.0.0.1"}),
      with("nobody there", "ECONNREFUSED: connect ECONNREFUSED 127.0.0.1:" + number,
           {.port = port, .host = "127.0.0.1"}),
      with("an IPv6 local address for IPv4", "EINVAL: bind EINVAL ::1",
           {.port = port, .host = "127.0.0.1", .localAddress = "::1"}),
      with("an address of another machine", "EADDRNOTAVAIL: bind EADDRNOTAVAIL 192.0.2.1",
           {.port = port, .host = "127.0.0.1", .localAddress = "192.0.2.1"}),
      with("a local port too high", "EADDRINUSE: bind EADDRINUSE 0.0.0.0:70000",
           {.port = port, .host = "127.0.0.1", .localPort = 70000}),
      with("a lookup of nothing", "ENOTFOUND: getaddrinfo ENOTFOUND x",
           {.port = port, .host = "x", .lookup = answering({})}),
      with("a lookup of no address", "ERR_INVALID_IP_ADDRESS: Invalid IP address: there",
           {.port = port, .host = "x", .lookup = answering({{"there", net::Family::IPv4}})}),
      with("a lookup of no family", "ERR_INVALID_ADDRESS_FAMILY: Invalid address family: 5 x:" + number,
           {.port = port, .host = "x", .lookup = answering({{"127.0.0.1", static_cast<net::Family>(5)}})}),
      with("a lookup of the wrong family", "EINVAL: connect EINVAL 127.0.0.1:" + number,
           {.port = port, .host = "x", .lookup = answering({{"127.0.0.1", net::Family::IPv6}})}),
      with("two addresses that refuse",
           "ECONNREFUSED:  [connect ECONNREFUSED 127.0.0.1:" + number + "] [connect ECONNREFUSED 127.0.0.2:" + number +
               "]",
           {.port = port,
            .host = "x",
            .lookup = answering({{"127.0.0.1", net::Family::IPv4}, {"127.0.0.2", net::Family::IPv4}})}),
      with("two addresses and a local port too high",
           "EADDRINUSE:  [bind EADDRINUSE 0.0.0.0:70000] [bind EADDRINUSE 0.0.0.0:70000]",
           {.port = port,
            .host = "x",
            .localPort = 70000,
            .lookup = answering({{"127.0.0.1", net::Family::IPv4}, {"127.0.0.2", net::Family::IPv4}})}),
  });
}

TEST_CASE("S20.3, S21.2, S21.4: aborted and blocked connections leave no descriptor, a thousand times each") {
  Bench bench;
  const ClosedPort closed;
  const net::BlockList list;
  list.addSubnet("127.0.0.0", 8);
  const net::Lookup two = answering({{"127.0.0.1", net::Family::IPv4}, {"127.0.0.2", net::Family::IPv4}});
  const std::string blocked = "IP(127.0.0.1) is blocked by net.BlockList";
  const std::string second = "IP(127.0.0.2) is blocked by net.BlockList";
  const auto aborted_while = [&](const net::ConnectOptions& options) {
    const net::AbortController controller;
    net::ConnectOptions with_signal = options;
    with_signal.signal = controller.signal();
    bench.client(with_signal);
    controller.abort();
  };
  const int port = closed.number();
  bench.check_all({
      {"a blocked address", "ERR_IP_BLOCKED: " + blocked,
       [&] { bench.client({.port = port, .host = "127.0.0.1", .blockList = list}); }},
      {"all of them blocked", "ERR_IP_BLOCKED:  [" + blocked + "] [" + second + "]",
       [&] { bench.client({.port = port, .host = "x", .lookup = two, .blockList = list}); }},
      {"aborted before the attempt", "ABORT_ERR: The operation was aborted",
       [&] { aborted_while({.port = port, .host = "127.0.0.1"}); }},
      {"aborted during an attempt", "ABORT_ERR: The operation was aborted",
       [&] { aborted_while({.port = port, .host = "x", .lookup = two}); }},
      {"aborted before it was made", "ABORT_ERR: The operation was aborted",
       [&] {
         const net::AbortController controller;
         controller.abort();
         const net::Socket socket =
             net::connect(bench.loop, {.port = port, .host = "127.0.0.1", .signal = controller.signal()});
         socket.on<"error">([&](const net::Error& error) { bench.note(error); });
       }},
  });
}

TEST_CASE(
    "S3.15, S9.12: listen options that are wrong give Node's error, and no descriptor stays open, a thousand times "
    "each") {
  Bench bench;
  const TemporaryDirectory directory;
  const net::Server taken(bench.loop);
  taken.listen({.port = 0, .host = "127.0.0.1"});
  taken.unref();
  bench.loop.runOnce();
  REQUIRE(taken.listening());
  const int port = taken.address()->port;
  const std::string long_path = directory.file(std::string(120, 'x'));
  const std::string plain = directory.file("plain");
  ::close(::open(plain.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  const Descriptor file(::open(plain.c_str(), O_RDONLY | O_CLOEXEC));
  const auto with = [&](std::string what, std::string expected, net::ListenOptions options) {
    return Wrong{std::move(what), std::move(expected), [&bench, options] { bench.server(options); }};
  };
  const std::string missing =
      "thrown ERR_INVALID_ARG_VALUE: The argument 'options' must have the property \"port\" or \"path\". Received {}";
  bench.check_all({
      with("neither port nor path", missing, {}),
      with("a descriptor of -1", missing, {.fd = -1}),
      with("a port too high",
           "thrown ERR_SOCKET_BAD_PORT: options.port should be >= 0 and < 65536. Received type number (65536).",
           {.port = 65536}),
      with("a negative port",
           "thrown ERR_SOCKET_BAD_PORT: options.port should be >= 0 and < 65536. Received type number (-2).",
           {.port = -2}),
      with("modes of an abstract name",
           "thrown ERR_INVALID_ARG_VALUE: The argument 'options' can not set readableAll or writableAllt to true when "
           "path is abstract unix "
           "socket. Received \\0x",
           {.path = std::string("\0x", 2), .readableAll = true}),
      with("a port in use", "EADDRINUSE: listen EADDRINUSE: address already in use 127.0.0.1:" + std::to_string(port),
           {.port = port, .host = "127.0.0.1"}),
      with("an address of another machine", "EADDRNOTAVAIL: listen EADDRNOTAVAIL: address not available 192.0.2.1",
           {.port = 0, .host = "192.0.2.1"}),
#if defined(_WIN32)
      with("a path that is no pipe's name", "EACCES: listen EACCES: permission denied " + plain, {.path = plain}),
#else
      with("a path too long", "EINVAL: listen EINVAL: invalid argument " + long_path, {.path = long_path}),
      with("a path too long, with modes", "EINVAL: listen EINVAL: invalid argument " + long_path,
           {.path = long_path, .readableAll = true}),
      with("a path that exists", "EADDRINUSE: listen EADDRINUSE: address already in use " + plain, {.path = plain}),
#endif
      with("no such directory", "EACCES: listen EACCES: permission denied /no/such", {.path = "/no/such"}),
      with("a NUL in a path", "EINVAL: listen EINVAL: invalid argument /a\\0b", {.path = std::string("/a\0b", 4)}),
      with("a descriptor that is not open", "EINVAL: listen EINVAL: invalid argument", {.fd = 1000000}),
      with("a descriptor of a file", "EINVAL: listen EINVAL: invalid argument", {.fd = file.get()}),
      {"listening already",
       "thrown ERR_SERVER_ALREADY_LISTEN: Listen method has been called more than once without closing.",
       [&] { taken.listen(0); }},
      {"an aborted signal", "",
       [&] {
         const net::AbortController controller;
         controller.abort();
         bench.server({.port = 0, .signal = controller.signal()});
       }},
  });
  taken.close();
  run_to_the_end(bench.loop);
}

TEST_CASE(
    "S3.14, S22.4, S23.4: wrong descriptors and paths give Node's error, and no descriptor stays open, a thousand "
    "times each") {
  NET_NOT_ON_WINDOWS("paths are pipes there, and descriptors no files: unit/sys/windows has their errors");
  Bench bench;
  const TemporaryDirectory directory;
  const std::string none = directory.file("none"), plain = directory.file("plain"),
                    long_path = directory.file(std::string(120, 'x'));
  const Descriptor file(::open(plain.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  const Descriptor datagram(::socket(AF_INET, SOCK_DGRAM, 0));
  const auto wrapped = [&](int fd) { return [&bench, fd] { net::Socket(bench.loop, net::SocketOptions{.fd = fd}); }; };
  const auto path = [&](std::string to) { return [&bench, to] { bench.client({.path = to}); }; };
  bench.check_all({
      {"negative",
       "thrown ERR_OUT_OF_RANGE: The value of \"fd\" is out of range. It must be >= 0 && <= 2147483647. Received -2",
       wrapped(-2)},
      {"not open", "thrown ERR_INVALID_FD_TYPE: Unsupported fd type: UNKNOWN", wrapped(1000000)},
      {"a file", "thrown ERR_INVALID_FD_TYPE: Unsupported fd type: FILE", wrapped(file.get())},
      {"a datagram socket", "thrown ERR_INVALID_FD_TYPE: Unsupported fd type: UDP", wrapped(datagram.get())},
      {"one without another end is read", "EINVAL: read EINVAL",
       [&] {
         const net::Socket socket(bench.loop, net::SocketOptions{.fd = unix_socket()});
         socket.on<"error">([&](const net::Error& error) { bench.note(error); });
       }},
      {"one without another end connects to nobody", "ENOENT: connect ENOENT " + none,
       [&] {
         const net::Socket socket(bench.loop, net::SocketOptions{.fd = unix_socket()});
         socket.on<"error">([&](const net::Error& error) { bench.note(error); });
         socket.connect(none);
       }},
      {"no such path", "ENOENT: connect ENOENT " + none, path(none)},
      {"a plain file", "ECONNREFUSED: connect ECONNREFUSED " + plain, path(plain)},
      {"a path too long", "EINVAL: connect EINVAL " + long_path, path(long_path)},
      {"a NUL in a path", "EINVAL: connect EINVAL /a\\0b", path(std::string("/a\0b", 4))},
      {"a reset of an IPC socket", "thrown ERR_INVALID_HANDLE_TYPE: This handle type cannot be sent",
       [&] {
         int ends[2];
         REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
         ::close(ends[1]);
         const net::Socket socket(bench.loop, net::SocketOptions{.fd = ends[0]});
         socket.resetAndDestroy();
       }},
      {"a negative timeout",
       "thrown ERR_OUT_OF_RANGE: The value of \"msecs\" is out of range. It must be a non-negative finite number. "
       "Received -1",
       [&] { net::Socket(bench.loop).setTimeout(-1); }},
      {"a type of service beyond a byte",
       "thrown ERR_OUT_OF_RANGE: The value of \"tos\" is out of range. It must be >= 0 && <= 255. Received 256",
       [&] { net::Socket(bench.loop).setTypeOfService(256); }},
      {"a reset of a new socket", "ERR_SOCKET_CLOSED: Socket is closed",
       [&] {
         const net::Socket socket(bench.loop);
         socket.on<"error">([&](const net::Error& error) { bench.note(error); });
         socket.resetAndDestroy();
       }},
  });
}
