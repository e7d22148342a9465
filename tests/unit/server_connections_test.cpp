#include <net/server.hpp>

#include <doctest/doctest.h>

#include <netinet/tcp.h>

#include <optional>
#include <string>
#include <vector>

#include "tests/support/session.hpp"
#include "tests/support/support.hpp"

using namespace tests;

namespace {

int flag_of(int fd, int level, int name) {
  int value = -1;
  socklen_t size = sizeof value;
  ::getsockopt(fd, level, name, &value, &size);
  return value;
}

}  // namespace

TEST_CASE("S9.16: an accepted socket is open and gets no 'connect'; nothing is emitted before the listener returns") {
  net::Loop loop;
  Log log;
  const OneConnection one(loop);
  const int port = one.port();
  one.server.on<"connection">([&](const net::Socket& socket) {
    log.add(net::to_string(socket.readyState()));
    CHECK_FALSE(socket.connecting());
    CHECK_FALSE(socket.pending());
    CHECK(socket.bytesRead() == 0);
    CHECK(socket.localPort() == port);
    note(socket, log);
    socket.on<"data">([&](net::Chunk chunk) { log.add(chunk); });
    log.add("returns");
  });
  const net::Socket client = client_of(loop, one.server);
  client.end("hello");
  run_to_the_end(loop);
  CHECK(log.text() == "open returns resume hello end prefinish finish close(false)");
}

TEST_CASE("S8.10: getConnections counts on the next tick what is not destroyed") {
  net::Loop loop;
  Log log;
  const OneConnection one(loop);
  const auto count = [&] {
    one.server.getConnections([&](const net::Error& error, std::size_t open) {
      CHECK_FALSE(error);
      log.add(std::to_string(open));
    });
  };
  count();
  CHECK(log.text().empty());
  one.server.on<"connection">([&](const net::Socket& socket) {
    count();
    loop.setImmediate([&, socket] {
      socket.destroy();
      count();
    });
  });
  client_of(loop, one.server).on<"error">([] {});
  run_to_the_end(loop);
  CHECK(log.text() == "0 1 0");
}

TEST_CASE("S8.4, S9.19: beyond maxConnections 'drop' carries both ends, and the client sees an end") {
  net::Loop loop;
  Log log;
  const net::Server server(loop);
  server.listen(0);
  server.maxConnections(1);
  CHECK(server.maxConnections() == std::size_t{1});
  std::vector<net::Socket> accepted;
  server.on<"connection">([&](const net::Socket& socket) { accepted.push_back(socket); });
  const net::Socket first = client_of(loop, server);
  net::Socket second(loop);
  int dropped = 0, port_of_second = 0;
  second.on<"connect">([&] { port_of_second = second.localPort(); });
  server.on<"drop">([&](const net::DropInfo& info) {
    log.add("drop");
    CHECK(info.localPort == server.address()->port);
    dropped = info.remotePort;
    CHECK(info.localFamily == server.address()->family);
    CHECK(info.remoteFamily == info.localFamily);
    CHECK(info.remoteAddress.find("127.0.0.1") != std::string::npos);
    CHECK(info.localAddress.find("127.0.0.1") != std::string::npos);
    server.close();
    accepted.front().end();
  });
  first.on<"connect">([&] {
    second.connect(server.address()->port, "127.0.0.1");
    note(second, log);
  });
  run_to_the_end(loop);
  CHECK(accepted.size() == 1);
  CHECK(dropped == port_of_second);
  CHECK(log.count("drop") == 1);
  CHECK(log.has("connect ready"));
  CHECK(log.has("end prefinish finish close(false)"));
}

TEST_CASE_FIXTURE(NotedServer, "S8.4: maxConnections 0 drops every connection, empty none") {
  server.listen(0);
  server.maxConnections(0);
  server.dropMaxConnection(true);  // S8.5: kept, and without effect
  CHECK(server.dropMaxConnection());
  const net::Socket first = client_of(loop, server);
  first.on<"close">([&] {
    server.maxConnections(std::nullopt);
    client_of(loop, server);
  });
  server.on<"connection">([&](const net::Socket& socket) {
    socket.end();
    server.close();
  });
  run_to_the_end(loop);
  CHECK(log.text() == "listening drop connection close");
}

TEST_CASE("S9.20: accepted connections do not depend on the server: they outlive it") {
  net::Loop loop;
  std::string heard;
  {
    const net::Server server(loop);
    server.listen(0);
    server.on<"connection">([server](const net::Socket& socket) {
      server.close();
      socket.on<"data">([socket](net::Chunk chunk) { socket.end(chunk.view()); });
    });
    const net::Socket client = client_of(loop, server);
    client.write("echo");
    client.on<"data">([&](net::Chunk chunk) { heard += chunk; });
  }
  run_to_the_end(loop);
  CHECK(heard == "echo");
}

TEST_CASE("S21.6: a client that is gone before it can be asked for its address does not pass a block list") {
  net::Loop loop;
  net::BlockList list;
  list.addAddress("192.0.2.1");
  const net::Server server(loop, {.blockList = list});
  Log log;
  note(server, log);
  server.listen(0);
  {
    const Descriptor client = connect_raw(server.address()->port);
    const linger now{1, 0};
    ::setsockopt(client.get(), SOL_SOCKET, SO_LINGER, &now, sizeof now);
    send_raw(client, "evil");
  }
  const Descriptor allowed = connect_raw(server.address()->port);
  server.on<"connection">([&](const net::Socket& socket) { socket.destroy(), server.close(); });
  run_to_the_end(loop);
  CHECK(log.text() == "listening connection close");
}

TEST_CASE("S21.6: a server on a path has no addresses to block") {
  net::Loop loop;
  const TemporaryDirectory directory;
  net::BlockList list;
  list.addSubnet("0.0.0.0", 0);
  const net::Server server(loop, {.blockList = list});
  server.listen(directory.socket("s"));
  int connections = 0;
  server.on<"connection">([&](const net::Socket& socket) { ++connections, socket.destroy(), server.close(); });
  net::connect(loop, directory.socket("s")).on<"error">([] {});
  run_to_the_end(loop);
  CHECK(connections == 1);
}

TEST_CASE("S8 options: allowHalfOpen, highWaterMark, noDelay and keepAlive are given to accepted sockets") {
  net::Loop loop;
  const OneConnection one(loop, {.allowHalfOpen = true,
                                 .highWaterMark = 1234,
                                 .keepAlive = true,
                                 .keepAliveInitialDelay = std::chrono::milliseconds(5500),
                                 .noDelay = true});
  one.server.on<"connection">([](const net::Socket& socket) {
    CHECK(socket.allowHalfOpen());
    CHECK(socket.readableHighWaterMark() == 1234);
    CHECK(socket.writableHighWaterMark() == 1234);
    CHECK(flag_of(socket.nativeHandle(), IPPROTO_TCP, TCP_NODELAY) != 0);
    CHECK(flag_of(socket.nativeHandle(), SOL_SOCKET, SO_KEEPALIVE) != 0);
#if defined(_WIN32)  // where they are set, and cannot be asked for
#elif defined(TCP_KEEPIDLE)
    CHECK(flag_of(socket.nativeHandle(), IPPROTO_TCP, TCP_KEEPIDLE) == 5);
#elif defined(TCP_KEEPALIVE)  // of macOS
    CHECK(flag_of(socket.nativeHandle(), IPPROTO_TCP, TCP_KEEPALIVE) == 5);
#endif
#if defined(TCP_KEEPINTVL) && defined(TCP_KEEPCNT) && !defined(_WIN32)  // OpenBSD has none of them
    CHECK(flag_of(socket.nativeHandle(), IPPROTO_TCP, TCP_KEEPINTVL) == 1);
    CHECK(flag_of(socket.nativeHandle(), IPPROTO_TCP, TCP_KEEPCNT) == 10);
#endif
    socket.end();
  });
  client_of(loop, one.server);
  run_to_the_end(loop);
}

TEST_CASE("S14.17: pauseOnConnect reads nothing until resume(), and a 'data' listener alone does not start it") {
  net::Loop loop;
  Log log;
  const OneConnection one(loop, {.pauseOnConnect = true});
  one.server.on<"connection">([&](const net::Socket& socket) {
    CHECK(socket.isPaused());
    socket.on<"data">([&](net::Chunk chunk) { log.add(chunk); });
    socket.on<"end">([&] { log.add("end"); });
    loop.setTimeout(
        [&, socket] {
          CHECK(socket.bytesRead() == 0);
          log.add("resume");
          socket.resume();
        },
        5);
  });
  const net::Socket client = client_of(loop, one.server);
  client.end("hello");
  run_to_the_end(loop);
  CHECK(log.text() == "resume hello end");
}

TEST_CASE("S9.1: an address in TIME_WAIT can be listened on again at once") {
  net::Loop loop;
  int port = 0;
  int heard = 0;
  for (int round = 0; round < 2; ++round) {
    const net::Server server(loop);
    server.listen(port);
    REQUIRE(server.listening());
    port = server.address()->port;
    server.on<"connection">([&](const net::Socket& socket) {
      ++heard;
      server.close();
      socket.end("the server ends first");
    });
    client_of(loop, server).resume();
    run_to_the_end(loop);
  }
  CHECK(heard == 2);
}
