#include <net/socket.hpp>

#include <doctest/doctest.h>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>
#include <thread>

#include "tests/support/session.hpp"
#include "tests/support/skip.hpp"
#include "tests/support/support.hpp"

using namespace tests;

namespace {

struct Pair {
  int ends[2] = {-1, -1};
  Pair() { REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0); }
};

/// A bound TCP descriptor that does not listen yet.
int bound_descriptor() {
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  REQUIRE(::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  return fd;
}

}  // namespace

TEST_CASE(
    "S22.1, S22.2: a descriptor that is wrapped counts as connected, is read at once, and is closed with its socket") {
  net::Loop loop;
  const std::size_t before = open_descriptors();
  const Pair pair;
  const net::Socket left(loop, net::SocketOptions{.fd = pair.ends[0]});
  const net::Socket right(loop, net::SocketOptions{.fd = pair.ends[1]});
  Log log;
  note(left, log);
  CHECK(left.readyState() == net::ReadyState::open);
  CHECK_FALSE(left.pending());
  CHECK_FALSE(left.connecting());
  CHECK(left.nativeHandle() == pair.ends[0]);
  std::string got;
  left.on<"data">([&](net::Chunk chunk) { got += chunk.view(); });
  right.end("over a pair");
  run_to_the_end(loop);
  CHECK(got == "over a pair");
  CHECK(log.text() == "resume end prefinish finish close(false)");
  CHECK(open_descriptors() == before);
}

TEST_CASE("S22.3: a side that is switched off is closed from the start") {
  NET_NOT_ON_WINDOWS("an anonymous pipe of Windows cannot be waited for");
  net::Loop loop;
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  const net::Socket reader(loop, net::SocketOptions{.fd = ends[0], .writable = false});
  const net::Socket writer(loop, net::SocketOptions{.fd = ends[1], .readable = false});
  CHECK(reader.readyState() == net::ReadyState::readOnly);
  CHECK(writer.readyState() == net::ReadyState::writeOnly);
  std::string got;
  Log log;
  note(reader, log);
  Log of_writer;
  note(writer, of_writer);
  reader.on<"data">([&](net::Chunk chunk) { got += chunk.view(); });
  writer.end("through a pipe");
  run_to_the_end(loop);
  CHECK(got == "through a pipe");
  CHECK(log.text() == "resume end close(false)");
  CHECK(of_writer.text() == "prefinish finish close(false)");
}

TEST_CASE("S22.1: writing to a pipe that nobody reads is EPIPE, never a signal") {
  NET_NOT_ON_WINDOWS("an anonymous pipe of Windows cannot be waited for");
  net::Loop loop;
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  const net::Socket writer(loop, net::SocketOptions{.fd = ends[1], .readable = false});
  ::close(ends[0]);
  Log log;
  note(writer, log);
  writer.write("x");
  run_to_the_end(loop);
  CHECK(log.text() == "error(write EPIPE) close(true)");
}

TEST_CASE("S22.4, S3.14: what is no open stream is thrown, and stays open") {
  net::Loop loop;
  const auto wrap = [&](int fd) { return error_of([&] { net::Socket(loop, net::SocketOptions{.fd = fd}); }); };
  CHECK(std::string(wrap(-5).what()) ==
        "The value of \"fd\" is out of range. It must be >= 0 && <= 2147483647. Received -5");
  CHECK(std::string(wrap(1000000).what()) == "Unsupported fd type: UNKNOWN");
  const TemporaryDirectory directory;
  const Descriptor file(::open(directory.file("f").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  CHECK(std::string(wrap(file.get()).what()) == "Unsupported fd type: FILE");
  CHECK(::fcntl(file.get(), F_GETFD) >= 0);
  const Descriptor datagram(::socket(AF_INET, SOCK_DGRAM, 0));
  CHECK(wrap(datagram.get()).code() == net::Errc::ERR_INVALID_FD_TYPE);
}

TEST_CASE("S22.9: a wrapped Unix socket that has no other end yet connects to a path, once") {
  NET_NOT_ON_WINDOWS("S22.7: a path is no socket there");
  net::Loop loop;
  const TemporaryDirectory directory;
  const net::Server server(loop);
  server.listen(directory.socket("s"));
  server.once<"connection">([&](const net::Socket& socket) {
    socket.end("welcome");
    server.close();
  });
  const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
  const net::Socket client(loop, net::SocketOptions{.fd = fd});
  Log log;
  note(client, log);
  std::string got;
  client.on<"data">([&](net::Chunk chunk) { got += chunk.view(); });
  client.connect(directory.socket("s"), [&] { CHECK(client.nativeHandle() == fd); });
  CHECK(error_of([&] { client.connect(directory.socket("s")); }).code() == std::errc::connection_already_in_progress);
  run_to_the_end(loop);
  CHECK(got == "welcome");
  CHECK(log.has("attempt"));
  CHECK(log.has("connect ready"));
  const Pair pair;
  const net::Socket connected(loop, net::SocketOptions{.fd = pair.ends[0]});
  CHECK(error_of([&] { connected.connect(directory.socket("s")); }).code() == std::errc::already_connected);
  connected.destroy();
  ::close(pair.ends[1]);
  run_to_the_end(loop);
}

TEST_CASE("S22.5: a server listens on a descriptor that is bound, and never throws for a bad one") {
  NET_NOT_ON_WINDOWS("S22.7: there is no listening on a descriptor there, as in Node");
  net::Loop loop;
  const int fd = bound_descriptor();
  const net::Server server(loop);
  Log log;
  note(server, log);
  server.listen({.fd = fd});
  CHECK(server.listening());
  CHECK(server.address()->address == "127.0.0.1");
  const net::Socket client = client_of(loop, server);
  server.on<"connection">([server](net::Socket socket) {
    server.close();
    socket.end();
  });
  run_to_the_end(loop);
  CHECK(client.destroyed());
  CHECK(log.text() == "listening connection close");

  const net::Server failing(loop, net::ServerOptions{.reusable = true});
  Log errors;
  note(failing, errors);
  failing.listen({.fd = 1000000});
  run_to_the_end(loop);
  CHECK(errors.text() == "error(listen EINVAL: invalid argument)");
  CHECK_MESSAGE(error_of([&] { failing.listen({.fd = -1}); }).code() == net::Errc::ERR_INVALID_ARG_VALUE,
                "-1 is no descriptor");
}

TEST_CASE("S22.6: two servers listen on one address when one is given the other") {
  net::Loop loop;
  const net::Server first(loop);
  first.listen(0);
  const net::Server second(loop);
  second.listen(first);
  CHECK(second.address()->port == first.address()->port);
  const int port = second.address()->port;
  first.close();
  const net::Socket client(loop);
  bool reached = false;
  second.on<"connection">([&](net::Socket socket) {
    reached = true;
    second.close();
    socket.end();
  });
  client.connect(port, "127.0.0.1");
  run_to_the_end(loop);
  CHECK(reached);
}

TEST_CASE("release() takes a socket out of the loop, open and without a word; another one goes on with it") {
  net::Loop loop;
  const net::Server server(loop, net::ServerOptions{.pauseOnConnect = true});
  server.listen(0);
  Log log;
  std::string got;
  std::size_t count = 9;
  server.on<"connection">([&](net::Socket socket) {
    note(socket, log);
    const net::NativeHandle fd = socket.release();
    CHECK(fd >= 0);
    CHECK(socket.destroyed());
    CHECK(socket.nativeHandle() == -1);
    CHECK(socket.release() == -1);
    server.getConnections([&](const net::Error&, std::size_t connections) { count = connections; });
    const net::Socket again(loop, net::SocketOptions{.fd = fd});
    again.on<"data">([&got, again](net::Chunk chunk) {
      got += chunk.view();
      again.end("back");
    });
    server.close();
  });
  const net::Socket client = client_of(loop, server);
  std::string answer;
  client.on<"data">([&](net::Chunk chunk) { answer += chunk.view(); });
  client.end("there");
  run_to_the_end(loop);
  CHECK(got == "there");
  CHECK(answer == "back");
  CHECK(log.text().empty());
  CHECK_MESSAGE(count == 0, "the server does not count it any more");
}

TEST_CASE("release() with bytes that still wait throws, and the socket goes on") {
  net::Loop loop;
  const OneConnection one(loop);
  const net::Socket client = client_of(loop, one.server);
  one.server.on<"connection">([](net::Socket socket) { socket.resume(); });
  client.once<"connect">([&] {
    while (client.write(std::string(1 << 20, 'x'))) {}
    CHECK(client.writableLength() > 0);
    CHECK(error_of([&] { (void)client.release(); }).code() == net::Errc::ERR_INVALID_STATE);
    client.end();
  });
  run_to_the_end(loop);
  CHECK(client.writableFinished());
}

TEST_CASE("wrapping, listening by descriptor and releasing leave no descriptor, a thousand times each") {
  net::Loop loop;
  const std::size_t before = open_descriptors();
  for (int round = 0; round < scaled(1000); ++round) {
    const Pair pair;
    const net::Socket left(loop, net::SocketOptions{.fd = pair.ends[0]});
    const net::Socket right(loop, net::SocketOptions{.fd = pair.ends[1]});
    const net::NativeHandle fd = right.release();
    const net::Socket again(loop, net::SocketOptions{.fd = fd});
    again.destroy();
#if !defined(_WIN32)
    const net::Server server(loop);
    server.listen({.fd = bound_descriptor()});
    server.close();
#endif
    run_to_the_end(loop);
    CHECK(error_of([&] { net::Socket(loop, net::SocketOptions{.fd = 1000000}); }));
  }
  CHECK(open_descriptors() == before);
}

TEST_SUITE("threads") {
  TEST_CASE("a released socket goes on in another loop on another thread") {
    net::Loop loop;
    const net::Server server(loop, net::ServerOptions{.pauseOnConnect = true});
    server.listen(0);
    std::thread worker;
    server.on<"connection">([&](net::Socket socket) {
      worker = std::thread([fd = socket.release()] {
        net::Loop own;
        const net::Socket moved(net::SocketOptions{.fd = fd});
        moved.pipe(moved);
        own.run();
      });
      server.close();
    });
    const net::Socket client = client_of(loop, server);
    std::string answer;
    client.on<"data">([&](net::Chunk chunk) { answer += chunk.view(); });
    client.end("echo me");
    run_to_the_end(loop);
    worker.join();
    CHECK(answer == "echo me");
  }
}
